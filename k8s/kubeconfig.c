/*
 * A kubeconfig file. It is YAML, of which only plain values are looked at; libyaml makes a tree of
 * nodes, and what is wanted is found by its path. Plug-ins that are programs (exec) are refused:
 * this agent starts no other programs.
 */

#include "k8s/kubeconfig.h"

#include "agent/base/base64.h"
#include "agent/base/err.h"
#include "k8s/config.h"

#include <yaml.h>

static yaml_node_t *member(yaml_document_t *d, yaml_node_t *map, const char *name)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
		p++) {
		yaml_node_t *key = yaml_document_get_node(d, p->key);

		if (key && key->type == YAML_SCALAR_NODE &&
			key->data.scalar.length == strlen(name) &&
			memcmp(key->data.scalar.value, name, strlen(name)) == 0)
			return yaml_document_get_node(d, p->value);
	}
	return NULL;
}

/* A plain value; empty if there is none. A view into the document. */
static struct str text_of(yaml_document_t *d, yaml_node_t *map, const char *name)
{
	yaml_node_t *n = member(d, map, name);

	if (!n || n->type != YAML_SCALAR_NODE)
		return (struct str){0};
	return (struct str){(const char *)n->data.scalar.value, n->data.scalar.length};
}

/* The item of a list of {name: …, <inner>: {…}} that has this name: its inner part. */
static yaml_node_t *named(yaml_document_t *d, const char *list, struct str name, const char *inner)
{
	yaml_node_t *n = member(d, yaml_document_get_root_node(d), list);

	if (!n || n->type != YAML_SEQUENCE_NODE)
		return NULL;
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
		i++) {
		yaml_node_t *item = yaml_document_get_node(d, *i);

		if (str_eq(text_of(d, item, "name"), name))
			return member(d, item, inner);
	}
	return NULL;
}

struct reader {
	struct k8s_config *c;
	yaml_document_t *d;
	struct str dir;
};

/* The name of a file, from the kubeconfig's folder on. */
static struct str read_path(struct reader *r, yaml_node_t *map, const char *name)
{
	struct str path = text_of(r->d, map, name);

	if (path.n == 0)
		return (struct str){0};
	if (path.p[0] == '/')
		return arena_str(&r->c->arena, path);
	return arena_printf(&r->c->arena, STR_FMT "/" STR_FMT, STR_ARG(r->dir), STR_ARG(path));
}

static bool read_data(struct reader *r, yaml_node_t *map, const char *name, struct str *out,
	struct err *e)
{
	struct str text = text_of(r->d, map, name);

	struct buf b = {0};
	bool ok;

	if (text.n == 0)
		return true;
	ok = base64_decode(&b, text, BASE64_STANDARD, NULL);
	*out = arena_str(&r->c->arena, buf_str(&b));
	buf_fini(&b);
	return ok || err_set(e, "%s is not base64", name);
}

static bool read_cluster(struct reader *r, yaml_node_t *n, struct err *e)
{
	struct http_settings *h = &r->c->http;
	struct str server = text_of(r->d, n, "server");

	while (str_ends(server, "/"))
		server.n--;
	if (!str_starts(server, "https://") && !str_starts(server, "http://"))
		return err_set(e, "server \"" STR_FMT "\" is no http:// or https:// address",
			STR_ARG(server));
	r->c->server = arena_str(&r->c->arena, server);
	if (!read_data(r, n, "certificate-authority-data", &h->ca_pem, e))
		return false;
	if (h->ca_pem.n == 0)
		h->ca_file = read_path(r, n, "certificate-authority");
	h->insecure_skip_verify = str_is(text_of(r->d, n, "insecure-skip-tls-verify"), "true");
	h->server_name = arena_str(&r->c->arena, text_of(r->d, n, "tls-server-name"));
	h->proxy_url = arena_str(&r->c->arena, text_of(r->d, n, "proxy-url"));
	h->proxy_from_environment = h->proxy_url.n == 0;
	return true;
}

static bool read_user(struct reader *r, yaml_node_t *n, struct err *e)
{
	struct http_settings *h = &r->c->http;
	struct arena *a = &r->c->arena;

	if (member(r->d, n, "exec") || member(r->d, n, "auth-provider"))
		return err_set(e,
			"credentials come from a program (exec), which is not started here: "
			"use token, tokenFile or a client certificate");
	if (!read_data(r, n, "client-certificate-data", &h->cert_pem, e) ||
		!read_data(r, n, "client-key-data", &h->key_pem, e))
		return false;
	if (h->cert_pem.n == 0)
		h->cert_file = read_path(r, n, "client-certificate");
	if (h->key_pem.n == 0)
		h->key_file = read_path(r, n, "client-key");
	h->bearer_token_file = read_path(r, n, "tokenFile");
	if (h->bearer_token_file.n == 0)
		h->bearer_token = arena_str(a, text_of(r->d, n, "token"));
	h->basic_username = arena_str(a, text_of(r->d, n, "username"));
	h->basic_password = arena_str(a, text_of(r->d, n, "password"));
	return true;
}

static bool read_document(struct reader *r, struct err *e)
{
	yaml_node_t *root = yaml_document_get_root_node(r->d);
	struct str current = text_of(r->d, root, "current-context");
	yaml_node_t *context, *cluster, *user;
	struct str name;

	if (current.n == 0)
		return err_set(e, "it has no current-context");
	context = named(r->d, "contexts", current, "context");
	if (!context)
		return err_set(e, "there is no context \"" STR_FMT "\"", STR_ARG(current));
	name = text_of(r->d, context, "cluster");
	cluster = named(r->d, "clusters", name, "cluster");
	if (!cluster)
		return err_set(e, "there is no cluster \"" STR_FMT "\"", STR_ARG(name));
	if (!read_cluster(r, cluster, e))
		return err_wrap(e, "cluster \"" STR_FMT "\"", STR_ARG(name));
	r->c->namespace = arena_str(&r->c->arena, text_of(r->d, context, "namespace"));
	name = text_of(r->d, context, "user");
	if (name.n == 0)
		return true;
	user = named(r->d, "users", name, "user");
	if (!user)
		return err_set(e, "there is no user \"" STR_FMT "\"", STR_ARG(name));
	if (!read_user(r, user, e))
		return err_wrap(e, "user \"" STR_FMT "\"", STR_ARG(name));
	return true;
}

bool kubeconfig_read(struct k8s_config *c, struct str text, struct str dir, struct err *e)
{
	yaml_parser_t parser;
	yaml_document_t document;
	struct reader r = {c, &document, dir};
	bool ok;

	if (!yaml_parser_initialize(&parser))
		return err_set(e, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	if (!yaml_parser_load(&parser, &document)) {
		err_set(e, "line %zu: %s", parser.problem_mark.line + 1,
			parser.problem ? parser.problem : "not valid YAML");
		yaml_parser_delete(&parser);
		return false;
	}
	ok = read_document(&r, e);
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return ok;
}
