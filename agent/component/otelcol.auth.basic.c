/*
 * otelcol.auth.basic: a user's name and password, which exporters send, or which a receiver checks
 * against a list.
 *
 * Both forms of Alloy are taken: username and password at the top (deprecated there), and the
 * blocks client_auth and htpasswd. Of htpasswd's hashes those of crypt(3) and plain text are
 * checked; the ones that were good once are remembered, for bcrypt is slow on purpose.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/component/otelcol.auth.basic/htpasswd.h"
#include "agent/loop/file.h"
#include "agent/loop/http_client.h"

enum {
	MAX_FILE = 1 << 20,
};

struct basic_client {
	struct range at;
	struct str username;
	struct str username_file;
	struct str password;
	struct str password_file;
};

struct basic_htpasswd {
	struct range at;
	struct str file;
	struct str inline_;
};

struct basic_args {
	struct range at;
	struct str username;
	struct str password;
	struct basic_client *client_auth;
	struct basic_htpasswd *htpasswd;
	struct otelcol_debug_metrics *debug_metrics;
};

struct basic {
	struct component base;
	const struct basic_args *args;
	struct auth_handler handler;
	struct htpasswd users;
};

static const struct arg client_auth_args[] = {
	ARG_PLACE(basic_client, at),
	ARG(basic_client, username, .type = ARG_STR, .help = "The user's name."),
	ARG(basic_client, username_file, .type = ARG_STR,
		.help = "File that holds the name; it wins over username."),
	ARG(basic_client, password, .type = ARG_SECRET, .help = "The password."),
	ARG(basic_client, password_file, .type = ARG_STR,
		.help = "File that holds the password; it wins over password."),
	ARGS_END,
};

static const struct arg htpasswd_args[] = {
	ARG_PLACE(basic_htpasswd, at),
	ARG(basic_htpasswd, file, .type = ARG_STR, .help = "A file as htpasswd makes it."),
	ARG_NAMED(basic_htpasswd, "inline", inline_, .type = ARG_STR,
		.help = "The same as text; it wins over the file."),
	ARGS_END,
};

static const struct arg basic_args[] = {
	ARG_PLACE(basic_args, at),
	ARG(basic_args, username, .type = ARG_STR,
		.help = "The user's name; deprecated, see client_auth."),
	ARG(basic_args, password, .type = ARG_SECRET,
		.help = "The password; deprecated, see client_auth."),
	ARG(basic_args, client_auth, .type = ARG_BLOCK, .block = client_auth_args,
		.size = sizeof(struct basic_client), .help = "Credentials that exporters send."),
	ARG(basic_args, htpasswd, .type = ARG_BLOCK, .block = htpasswd_args,
		.size = sizeof(struct basic_htpasswd), .help = "Who may send to a receiver."),
	ARG(basic_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

/* The text of a file, without white space around it, in a. */
static bool read_file(struct arena *a, struct str path, struct str *out, struct err *e)
{
	struct buf text = {0};
	int error = file_read(path.p, &text, MAX_FILE);

	if (error == 0)
		*out = arena_str(a, str_trim(buf_str(&text)));
	buf_fini(&text);
	return error == 0 ||
	       err_set(e, "cannot read " STR_FMT ": %s", STR_ARG(path), strerror(error));
}

static bool basic_apply(
	struct auth_handler *h, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct basic_args *b = container_of(h, struct basic, handler)->args;
	const struct basic_client *c = b->client_auth;

	if (!c && b->username.n == 0 && b->password.n == 0)
		return err_set(e, "%s has no client_auth", h->id);
	s->basic_username = c ? c->username : b->username;
	s->basic_password = c ? c->password : b->password;
	if (!c)
		return true;
	s->basic_password_file = c->password_file;
	if (c->password_file.n)
		s->basic_password = (struct str){0};
	return c->username_file.n == 0 || read_file(a, c->username_file, &s->basic_username, e);
}

static enum admission basic_admits(struct auth_handler *h, struct str authorization,
	const struct in6_addr *peer, const char **challenge)
{
	struct basic *b = container_of(h, struct basic, handler);

	*challenge = "Basic realm=\"otlp\"";
	return htpasswd_admits(&b->users, authorization, peer);
}

static void basic_describe(struct auth_handler *h, struct str authorization, struct buf *pairs)
{
	(void)h;
	htpasswd_describe(authorization, pairs);
}

static bool load_users(struct basic *b, const struct basic_htpasswd *h, struct err *e)
{
	struct arena scratch;
	struct str text = {0};
	bool ok = true;

	arena_init(&scratch, 0);
	if (h && h->inline_.n)
		text = h->inline_;
	else if (h && h->file.n)
		ok = read_file(&scratch, h->file, &text, e);
	if (ok)
		htpasswd_set(&b->users, text);
	arena_fini(&scratch);
	return ok;
}

static bool otelcol_auth_basic_update(struct component *c, const void *args, struct err *e)
{
	struct basic *b = container_of(c, struct basic, base);
	const struct basic_args *a = args;

	if (!load_users(b, a->htpasswd, e))
		return false;
	b->args = a;
	b->handler.apply = a->client_auth || a->username.n || a->password.n ? basic_apply : NULL;
	b->handler.admits = a->htpasswd ? basic_admits : NULL;
	b->handler.describe = a->htpasswd ? basic_describe : NULL;
	b->handler.version++;
	return true;
}

static bool otelcol_auth_basic_start(struct component *c, const void *args, struct err *e)
{
	struct basic *b = container_of(c, struct basic, base);

	b->handler.id = c->id;
	htpasswd_init(&b->users, c->loop, c->id);
	if (!otelcol_auth_basic_update(c, args, e)) {
		htpasswd_fini(&b->users);
		return false;
	}
	component_export(c, "handler", value_capsule(&capsule_handler, &b->handler));
	return true;
}

static void otelcol_auth_basic_stop(struct component *c)
{
	htpasswd_fini(&container_of(c, struct basic, base)->users);
	component_stopped(c);
}

static bool basic_check(const void *args, struct diags *d)
{
	const struct basic_args *a = args;
	const struct basic_client *c = a->client_auth;
	bool ok = true;

	if (!c && !a->htpasswd && a->username.n == 0 && a->password.n == 0)
		return diag_error(
			d, a->at, "no credentials source provided: set client_auth or htpasswd");
	if (c && c->username.n == 0 && c->username_file.n == 0)
		ok = diag_error(d, c->at, "username or username_file is missing");
	if (c && c->password.n == 0 && c->password_file.n == 0)
		ok = diag_error(d, c->at, "password or password_file is missing");
	if (a->htpasswd && a->htpasswd->file.n == 0 && a->htpasswd->inline_.n == 0)
		ok = diag_error(d, a->htpasswd->at, "file or inline is missing");
	return ok;
}

static const struct export_field exports[] = {
	{"handler", ARG_CAPSULE, &capsule_handler, "For the auth argument of others."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_auth_basic = {
	.name = "otelcol.auth.basic",
	.help = "Authenticates requests with a user's name and password.",
	.stability = STABILITY_GA,
	.args = basic_args,
	.size = sizeof(struct basic),
	.args_size = sizeof(struct basic_args),
	.exports = exports,
	.check = basic_check,
	.start = otelcol_auth_basic_start,
	.update = otelcol_auth_basic_update,
	.stop = otelcol_auth_basic_stop,
};
