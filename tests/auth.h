#pragma once

/* For tests of otelcol.auth.*: `test.auth "x" { auth = ... }` takes the handler, and
 * auth_settings() says what it adds to a client. */

#include "agent/component/common/auth_handler.h"
#include "agent/loop/http_client.h"
#include "tests/otelcol.h"

static struct auth_handler *auth_seen;

struct auth_user_args {
	struct auth_handler *auth;
};

static inline bool auth_user_update(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)e;
	auth_seen = ((const struct auth_user_args *)args)->auth;
	return true;
}

static const struct arg auth_user_args[] = {
	ARG(auth_user_args, auth, .type = ARG_CAPSULE, .capsule = &capsule_handler,
		.help = "Taken."),
	ARGS_END,
};
static const struct component_type auth_user = {
	.name = "test.auth",
	.help = "Takes a handler.",
	.stability = STABILITY_GA,
	.args = auth_user_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct auth_user_args),
	.start = auth_user_update,
	.update = auth_user_update,
	.stop = component_stopped,
};

static inline bool auth_admits(struct str authorization, const char **challenge)
{
	struct in6_addr peer = {0};

	return auth_seen->admits(auth_seen, authorization, &peer, challenge) == AUTH_ADMITTED;
}

static inline void auth_secret(struct buf *out, struct str text, struct str file)
{
	buf_printf(out, STR_FMT "%s" STR_FMT " ", STR_ARG(text), file.n ? "@" : "", STR_ARG(file));
}

/* "name: value" of each header, then basic user:password+file; or "! " and the error. */
static inline void auth_settings(struct buf *out)
{
	struct http_header before[] = {{STR("X"), STR("1")}};
	struct http_settings s = {.headers = before, .n_headers = 1};
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	buf_clear(out);
	if (!auth_seen->apply) {
		buf_add_str(out, STR("none"));
	} else if (!auth_seen->apply(auth_seen, &a, &s, &e)) {
		buf_printf(out, "! %s", e.text);
	} else {
		for (size_t i = 0; i < s.n_headers; i++)
			buf_printf(out, STR_FMT ": " STR_FMT "\n", STR_ARG(s.headers[i].name),
				STR_ARG(s.headers[i].value));
		if (s.basic_username.n)
			buf_printf(out, "basic " STR_FMT ":" STR_FMT "+" STR_FMT "\n",
				STR_ARG(s.basic_username), STR_ARG(s.basic_password),
				STR_ARG(s.basic_password_file));
		if (s.oauth2) {
			buf_printf(out, "oauth2 " STR_FMT " ", STR_ARG(s.oauth2->token_url));
			auth_secret(out, s.oauth2->client_id, s.oauth2->client_id_file);
			auth_secret(out, s.oauth2->client_secret, s.oauth2->client_secret_file);
			buf_printf(out, "[" STR_FMT "]", STR_ARG(s.oauth2->scopes));
			for (size_t i = 0; i < s.oauth2->n_params; i++)
				buf_printf(out, " " STR_FMT "=" STR_FMT,
					STR_ARG(s.oauth2->params[i].name),
					STR_ARG(s.oauth2->params[i].value));
			buf_add_str(out, s.oauth2->http->insecure_skip_verify ? STR(" insecure\n")
									      : STR("\n"));
		}
	}
	arena_fini(&a);
}

static inline bool auth_load(struct harness *h, const char *block)
{
	struct buf text = {0};
	bool ok;
	struct str type = str_head(str_from(block), strcspn(block, " "));

	buf_printf(&text, "%s\ntest.auth \"x\" {\n auth = " STR_FMT ".a.handler\n}\n%c", block,
		STR_ARG(type), 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}
