#pragma once

/*
 * The block `tls` of the servers that are Alloy's own (http, loki.source.api): a certificate and
 * its key, and whether clients must show one of theirs. The owner embeds the struct and puts the
 * rows into its table: TLS_SERVER_ARGS(owner, field).
 */

#include "agent/graph/arg.h"

struct arena;
struct err;

struct tls_server_args {
	struct range at;
	struct str cert_pem, cert_file;
	struct str key_pem, key_file;
	struct str client_ca_pem, client_ca_file;
	struct str client_auth_type;
	struct arg_strs cipher_suites;
	struct str min_version;
};

extern const char *const tls_client_auth_types[];

/* clang-format off */
#define TLS_SERVER_ARGS(owner, field) \
	ARG_PLACE(owner, field.at), \
	ARG_NAMED(owner, "cert_pem", field.cert_pem, .type = ARG_STR, \
		.help = "Certificate of the server as text."), \
	ARG_NAMED(owner, "cert_file", field.cert_file, .type = ARG_STR, \
		.help = "Certificate of the server in a file."), \
	ARG_NAMED(owner, "key_pem", field.key_pem, .type = ARG_SECRET, \
		.help = "Its key as text."), \
	ARG_NAMED(owner, "key_file", field.key_file, .type = ARG_STR, \
		.help = "Its key in a file."), \
	ARG_NAMED(owner, "client_ca_pem", field.client_ca_pem, .type = ARG_STR, \
		.help = "CA of clients as text."), \
	ARG_NAMED(owner, "client_ca_file", field.client_ca_file, .type = ARG_STR, \
		.help = "CA of clients in a file."), \
	ARG_NAMED(owner, "client_auth_type", field.client_auth_type, .type = ARG_STR, \
		.def = "NoClientCert", .one_of = tls_client_auth_types, \
		.help = "Whether clients must show a certificate."), \
	ARG_NAMED(owner, "cipher_suites", field.cipher_suites, .type = ARG_STRS, \
		.flags = ARG_NO_EFFECT, .help = "Ciphers."), \
	ARG_NAMED(owner, "min_version", field.min_version, .type = ARG_STR, \
		.flags = ARG_NO_EFFECT, .help = "Oldest version of TLS.")
/* clang-format on */

/* NULL, the block is not written, is fine. */
bool tls_server_args_check(const struct tls_server_args *t, struct diags *d);

/* What the server needs: all empty without the block; client_ca empty: clients need none. */
struct tls_server_pem {
	struct str cert;
	struct str key;
	struct str client_ca;
};

/* Reads the files; the texts are in a, or the arguments'. False: one cannot be read, or is
 * missing. */
bool tls_server_args_read(const struct tls_server_args *t, struct arena *a,
	struct tls_server_pem *out, struct err *e);

/* pem itself or, if that is empty, what is in the file; both empty is fine, an empty file is
 * not. */
bool tls_read_pem(
	struct arena *a, struct str pem, struct str file, struct str *out, struct err *e);
