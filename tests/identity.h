#pragma once

/* Certificates and keys made on the spot, as PEM text. */

#include "tests/test.h"

#include <gnutls/x509.h>
#include <time.h>

#define GNUTLS_OK(x) assert_int_equal((x), GNUTLS_E_SUCCESS)

struct identity {
	char cert[4096];
	char key[4096];
	gnutls_x509_crt_t c;
	gnutls_x509_privkey_t k;
};

/* Signed by ca; by itself if that is NULL. */
static inline void identity_make(struct identity *id, const char *name, const struct identity *by)
{
	size_t size = sizeof(id->cert) - 1;

	GNUTLS_OK(gnutls_x509_privkey_init(&id->k));
	GNUTLS_OK(gnutls_x509_privkey_generate(id->k, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	GNUTLS_OK(gnutls_x509_crt_init(&id->c));
	GNUTLS_OK(gnutls_x509_crt_set_version(id->c, 3));
	GNUTLS_OK(gnutls_x509_crt_set_serial(id->c, by ? "\2" : "\1", 1));
	GNUTLS_OK(gnutls_x509_crt_set_activation_time(id->c, time(NULL) - 3600));
	GNUTLS_OK(gnutls_x509_crt_set_expiration_time(id->c, time(NULL) + 3600));
	GNUTLS_OK(gnutls_x509_crt_set_dn_by_oid(id->c, GNUTLS_OID_X520_COMMON_NAME, 0, name,
		(unsigned)strlen(name)));
	GNUTLS_OK(gnutls_x509_crt_set_key(id->c, id->k));
	GNUTLS_OK(gnutls_x509_crt_set_basic_constraints(id->c, by == NULL, -1));
	if (!by)
		GNUTLS_OK(gnutls_x509_crt_set_key_usage(id->c, GNUTLS_KEY_KEY_CERT_SIGN));
	GNUTLS_OK(gnutls_x509_crt_set_subject_alt_name(id->c, GNUTLS_SAN_DNSNAME, name,
		(unsigned)strlen(name), GNUTLS_FSAN_SET));
	by = by ? by : id;
	GNUTLS_OK(gnutls_x509_crt_sign2(id->c, by->c, by->k, GNUTLS_DIG_SHA256, 0));
	GNUTLS_OK(gnutls_x509_crt_export(id->c, GNUTLS_X509_FMT_PEM, id->cert, &size));
	size = sizeof(id->key) - 1;
	GNUTLS_OK(gnutls_x509_privkey_export(id->k, GNUTLS_X509_FMT_PEM, id->key, &size));
}

static inline void identity_free(struct identity *id)
{
	gnutls_x509_crt_deinit(id->c);
	gnutls_x509_privkey_deinit(id->k);
}
