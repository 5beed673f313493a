/* GnuTLS and not OpenSSL, as libmicrohttpd has brought it already. */

#include "agent/loop/tls_server.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

/* TLS 1.2 at least, as Go's servers have it, and RFC 9113 9.2. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls_keys {
	size_t refs;
	struct tls_pem pem;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
};

struct tls_session {
	struct tls_keys *keys;
	gnutls_session_t session;
};

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

static bool load(struct tls_keys *k, struct err *e)
{
	gnutls_datum_t cert = datum(k->pem.cert);
	gnutls_datum_t key = datum(k->pem.key);
	gnutls_datum_t ca;
	int r = gnutls_certificate_allocate_credentials(&k->credentials);

	if (r < 0 || gnutls_priority_init(&k->priorities, PRIORITIES, NULL) < 0)
		mem_out(sizeof(*k));
	r = gnutls_certificate_set_x509_key_mem(k->credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (r < 0)
		return err_set(e, "the certificate or its key cannot be used: %s",
			gnutls_strerror(r));
	if (!k->pem.client_ca)
		return true;
	ca = datum(k->pem.client_ca);
	r = gnutls_certificate_set_x509_trust_mem(k->credentials, &ca, GNUTLS_X509_FMT_PEM);
	return r > 0 || err_set(e, "the CA of the clients cannot be used: %s",
				r < 0 ? gnutls_strerror(r) : "it holds no certificate");
}

struct tls_keys *tls_keys_new(
	struct str cert_pem, struct str key_pem, struct str client_ca_pem, struct err *e)
{
	struct tls_keys *k = mem_new(struct tls_keys, 1);

	k->refs = 1;
	k->pem.cert = mem_text(cert_pem);
	k->pem.key = mem_text(key_pem);
	if (client_ca_pem.n)
		k->pem.client_ca = mem_text(client_ca_pem);
	if (load(k, e))
		return k;
	tls_keys_release(k);
	return NULL;
}

void tls_keys_release(struct tls_keys *k)
{
	if (!k || --k->refs > 0)
		return;
	gnutls_certificate_free_credentials(k->credentials);
	gnutls_priority_deinit(k->priorities);
	free(k->pem.cert);
	free(k->pem.key);
	free(k->pem.client_ca);
	free(k);
}

struct tls_pem tls_keys_pem(const struct tls_keys *k)
{
	return k->pem;
}

bool tls_keys_ask_clients(const struct tls_keys *k)
{
	return k->pem.client_ca;
}

struct tls_session *tls_session_new(struct tls_keys *k, int fd, const char *alpn)
{
	const gnutls_datum_t protocol = datum(alpn ? alpn : "");
	struct tls_session *t = mem_new(struct tls_session, 1);

	if (gnutls_init(&t->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
		mem_out(sizeof(*t));
	t->keys = k;
	k->refs++;
	gnutls_priority_set(t->session, k->priorities);
	gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, k->credentials);
	if (alpn)
		gnutls_alpn_set_protocols(t->session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
	if (k->pem.client_ca) {
		gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert(t->session, NULL, 0);
	}
	gnutls_transport_set_int(t->session, fd);
	gnutls_handshake_set_timeout(t->session, 0);
	return t;
}

void tls_session_free(struct tls_session *t)
{
	if (!t)
		return;
	gnutls_deinit(t->session);
	tls_keys_release(t->keys);
	free(t);
}

enum tls_result tls_session_handshake(struct tls_session *t, bool *wants_write)
{
	int r;

	do {
		r = gnutls_handshake(t->session);
	} while (r == GNUTLS_E_WARNING_ALERT_RECEIVED);
	*wants_write = gnutls_record_get_direction(t->session) == 1;
	if (r == GNUTLS_E_SUCCESS)
		return TLS_DONE;
	if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
		return TLS_AGAIN;
	gnutls_alert_send_appropriate(t->session, r);
	return TLS_FAILED;
}

bool tls_session_has_http2(const struct tls_session *t)
{
	gnutls_datum_t chosen = {0};

	return gnutls_alpn_get_selected_protocol(t->session, &chosen) == 0 && chosen.size == 2 &&
	       memcmp(chosen.data, "h2", 2) == 0;
}

static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	errno = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? EAGAIN : EPIPE;
	if (n == GNUTLS_E_WARNING_ALERT_RECEIVED)
		errno = EAGAIN;
	return -1;
}

ssize_t tls_session_read(struct tls_session *t, void *to, size_t n)
{
	return result(gnutls_record_recv(t->session, to, n));
}

ssize_t tls_session_write(struct tls_session *t, const void *p, size_t n)
{
	return result(gnutls_record_send(t->session, p, n));
}

void tls_session_bye(struct tls_session *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
}
