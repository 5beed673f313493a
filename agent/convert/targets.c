/*
 * What a job finds its files by: a discovery component each, and the static targets as they are.
 * What asks other systems than Kubernetes is refused, with the way round.
 */

#include "agent/convert/private.h"

static const struct key namespace_keys[] = {
	KEY("names", KEY_TEXTS),
	KEY("own_namespace", KEY_BOOL),
	KEYS_END,
};

static const struct key selector_keys[] = {
	KEY("role", KEY_LOWER, .is_required = true),
	KEY("label", KEY_TEXT),
	KEY("field", KEY_TEXT),
	KEYS_END,
};

static const struct key metadata_keys[] = {
	KEY("node", KEY_BOOL),
	KEY("namespace", KEY_BOOL),
	KEYS_END,
};

static void put_role(struct converter *c, struct yaml_node *n)
{
	static const char *const roles[] = {"pod", "node", "service"};

	if (!want_kind(c, n, YAML_TEXT, "role"))
		return;
	for (size_t i = 0; i < 3; i++) {
		if (!str_eq_nocase(n->text, str_from(roles[i])))
			continue;
		emit(c, "role = \"%s\"\n", roles[i]);
		return;
	}
	say(c, CONVERT_ERROR, n,
		"role \"" STR_FMT "\" is not supported; logs are found by pod, node and service",
		STR_ARG(str_head(n->text, 100)));
}

static const struct key kubernetes_keys[] = {
	KEY("api_server", KEY_TEXT),
	KEY("role", KEY_RUN, .run = put_role, .is_required = true),
	KEY("kubeconfig_file", KEY_TEXT),
	{.kind = KEY_MORE, .keys = http_keys},
	KEY("namespaces", KEY_BLOCK, .keys = namespace_keys),
	KEY("selectors", KEY_BLOCKS, .keys = selector_keys),
	KEY("attach_metadata", KEY_BLOCK, .keys = metadata_keys),
	KEYS_END,
};

static const struct key file_keys[] = {
	KEY("files", KEY_TEXTS, .is_required = true),
	KEY("refresh_interval", KEY_DURATION),
	KEYS_END,
};

static const struct key static_keys[] = {
	KEY("targets", KEY_ELSEWHERE),
	KEY("labels", KEY_ELSEWHERE),
	KEYS_END,
};

#define BLOCKS_MAX 200 /* of a kind in a job */

struct found {
	struct buf exprs; /* a line each */
	size_t n;
};

static void add_blocks(struct converter *c, const struct yaml_node *job, const char *name,
	const char *component, const struct key *keys, struct str label, struct found *f)
{
	const struct yaml_node *list = yaml_find(job, name);

	if (yaml_is_null(list) || !want_kind(c, list, YAML_LIST, name))
		return;
	if (list->n > BLOCKS_MAX)
		say(c, CONVERT_ERROR, list, "%s: only the first %d are converted", name,
			BLOCKS_MAX);
	for (size_t i = 0; i < list->n && i < BLOCKS_MAX; i++) {
		struct str one = new_label(c, component, label);

		emit_open(c, component, one);
		convert_keys(c, list->items[i], keys, name);
		emit_close(c);
		buf_printf(&f->exprs, "%s." STR_FMT ".targets,\n", component, STR_ARG(one));
		f->n++;
	}
}

/* What is written from at on, taken out again. */
static void take_back(struct converter *c, size_t at, struct buf *out)
{
	buf_add(out, c->out.p + at, c->out.n - at);
	c->out.n = at;
}

static void put_static(struct converter *c, const struct yaml_node *labels, struct str address)
{
	emit(c, "{\n");
	emit_entry(c, STR("__address__"), address);
	for (size_t i = 0; labels && i < labels->n && !is_full(c); i++)
		emit_pair(c, &labels->pairs[i], "labels");
	emit(c, "}, ");
}

/* Promtail has its files by __path__; the targets are "localhost", or left out. */
static void put_group(struct converter *c, const struct yaml_node *group)
{
	const struct yaml_node *targets = yaml_find(group, "targets");
	const struct yaml_node *labels = yaml_find(group, "labels");

	convert_keys(c, group, static_keys, "static_configs");
	if (group->kind != YAML_MAP)
		return;
	if (yaml_is_null(labels) || !want_kind(c, labels, YAML_MAP, "labels"))
		labels = NULL;
	if (yaml_is_null(targets) || !want_kind(c, targets, YAML_LIST, "targets") ||
		targets->n == 0) {
		put_static(c, labels, STR("localhost"));
		return;
	}
	for (size_t i = 0; i < targets->n && !is_full(c); i++) {
		if (want_kind(c, targets->items[i], YAML_TEXT, "targets"))
			put_static(c, labels, targets->items[i]->text);
	}
}

static void add_static(struct converter *c, const struct yaml_node *job, struct found *f)
{
	const struct yaml_node *list = yaml_find(job, "static_configs");
	size_t before = c->out.n;

	if (yaml_is_null(list) || !want_kind(c, list, YAML_LIST, "static_configs") || list->n == 0)
		return;
	emit(c, "[");
	for (size_t i = 0; i < list->n; i++)
		put_group(c, list->items[i]);
	emit(c, "],\n");
	take_back(c, before, &f->exprs);
	f->n++;
}

/* One is written as it is, several are put together. */
struct str convert_targets(struct converter *c, const struct yaml_node *job, struct str label)
{
	struct found f = {0};
	struct str all = STR("");

	add_blocks(c, job, "file_sd_configs", "discovery.file", file_keys, label, &f);
	add_blocks(c, job, "kubernetes_sd_configs", "discovery.kubernetes", kubernetes_keys, label,
		&f);
	add_static(c, job, &f);
	if (f.n == 1 && f.exprs.n > 2) /* without its comma */
		all = arena_printf(c->a, STR_FMT, (int)f.exprs.n - 2, f.exprs.p);
	else if (f.n > 1)
		all = arena_printf(c->a, "array.concat(\n" STR_FMT ")",
			STR_ARG(buf_str(&f.exprs)));
	buf_fini(&f.exprs);
	return all;
}
