#include "agent/component/common/tls_server_args.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/loop/file.h"

enum {
	MAX_PEM = 1 << 20,
};

const char *const tls_client_auth_types[] = {"NoClientCert", "RequestClientCert",
	"RequireAnyClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert", NULL};

bool tls_server_args_check(const struct tls_server_args *t, struct diags *d)
{
	bool ok = true;

	if (!t)
		return true;
	if (t->cert_pem.n > 0 && t->cert_file.n > 0)
		ok = diag_error(d, t->at, "cert_pem and cert_file are mutually exclusive");
	if (t->key_pem.n > 0 && t->key_file.n > 0)
		ok = diag_error(d, t->at, "key_pem and key_file are mutually exclusive");
	if (t->client_ca_pem.n > 0 && t->client_ca_file.n > 0)
		ok = diag_error(
			d, t->at, "client_ca_pem and client_ca_file are mutually exclusive");
	return ok;
}

bool tls_read_pem(
	struct arena *a, struct str pem, struct str file, struct str *out, struct err *e)
{
	struct buf text = {0};
	int error;

	*out = pem;
	if (pem.n > 0 || file.n == 0)
		return true;
	error = file_read(file.p, &text, MAX_PEM);
	if (error == 0)
		*out = arena_str(a, buf_str(&text));
	buf_fini(&text);
	if (error != 0)
		return err_set(e, "cannot read " STR_FMT ": %s", STR_ARG(file), strerror(error));
	return out->n > 0 || err_set(e, STR_FMT ": it is empty", STR_ARG(file));
}

static bool asks_clients(const struct tls_server_args *t)
{
	return str_is(t->client_auth_type, "RequireAndVerifyClientCert") ||
	       str_is(t->client_auth_type, "RequireAnyClientCert");
}

bool tls_server_args_read(const struct tls_server_args *t, struct arena *a,
	struct tls_server_pem *out, struct err *e)
{
	*out = (struct tls_server_pem){0};
	if (!t)
		return true;
	if (!tls_read_pem(a, t->cert_pem, t->cert_file, &out->cert, e) ||
		!tls_read_pem(a, t->key_pem, t->key_file, &out->key, e))
		return err_wrap(e, "tls");
	if (out->cert.n == 0 || out->key.n == 0)
		return err_set(e, "tls: a certificate and its key are needed: cert_file and "
				  "key_file");
	if (!asks_clients(t))
		return true;
	if (!tls_read_pem(a, t->client_ca_pem, t->client_ca_file, &out->client_ca, e))
		return err_wrap(e, "tls");
	return out->client_ca.n > 0 ||
	       err_set(e, "tls: client_auth_type = \"" STR_FMT "\" needs a client_ca_file",
		       STR_ARG(t->client_auth_type));
}
