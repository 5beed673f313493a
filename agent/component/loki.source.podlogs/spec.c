/* An object that cannot be used is left out, with a word in the log: it is somebody else's, and
 * must not stop the others. */

#include "agent/component/loki.source.podlogs/spec.h"

#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "k8s/json.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	MAX_RULES = 1000,
};

static struct str lower(struct arena *a, struct str s)
{
	char *p = arena_new(a, char, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] | (ascii_is_upper(s.p[i]) ? 0x20 : 0));
	return (struct str){p, s.n};
}

/* null is what is not there. */
static bool is_of(struct json *j, char type)
{
	char is = json_peek(j);

	return is == type || is == 'n';
}

static void read_sources(struct arena *a, struct json *j, struct relabel_rule *r)
{
	struct str *v = arena_new(a, struct str, json_count(j) + 1);

	r->n_sources = 0;
	for (json_enter_array(j); json_next_item(j);)
		v[r->n_sources++] = json_str(j, a);
	r->sources = v;
}

/* What is empty is not there, for Alloy too: a replacement "" is the default. */
static void read_text(struct arena *a, struct json *j, struct str *out)
{
	struct str s = json_str(j, a);

	if (s.n > 0)
		*out = s;
}

/* Names are those of the Prometheus operator; an action may be "Replace" there. */
static bool read_rule(struct arena *a, struct json *j, struct relabel_rule *r, struct err *e)
{
	struct str action = STR("replace");
	struct str key;
	int64_t n = 0;

	*r = (struct relabel_rule){
		.separator = STR(RELABEL_SEPARATOR),
		.regex = STR(RELABEL_REGEX),
		.replacement = STR(RELABEL_REPLACEMENT),
	};
	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "sourceLabels")) {
			read_sources(a, j, r);
		} else if (str_is(key, "separator")) {
			read_text(a, j, &r->separator);
		} else if (str_is(key, "targetLabel")) {
			read_text(a, j, &r->target);
		} else if (str_is(key, "regex")) {
			read_text(a, j, &r->regex);
		} else if (str_is(key, "replacement")) {
			read_text(a, j, &r->replacement);
		} else if (str_is(key, "action")) {
			read_text(a, j, &action);
		} else if (str_is(key, "modulus")) {
			n = json_int(j);
		} else {
			json_skip(j);
		}
	}
	if (n < 0)
		return err_set(e, "modulus must not be negative, got %" PRId64, n);
	r->modulus = (uint64_t)n;
	action = lower(a, action);
	for (int i = 0; i < RELABEL_ACTIONS; i++) {
		r->action = (enum relabel_action)i;
		if (str_is(action, relabel_action_names[i]))
			return true;
	}
	return err_set(e, "unknown relabel action \"" STR_FMT "\"", STR_ARG(str_head(action, 100)));
}

/* A labelmap may take any label, but most of them say that they are after a pod's. */
static bool reads_namespaces(const struct relabel_rule *r)
{
	if (r->action == RELABEL_LABELMAP)
		return !str_starts(r->regex, "__meta_kubernetes_pod");
	for (size_t i = 0; i < r->n_sources; i++)
		if (str_starts(r->sources[i], "__meta_kubernetes_namespace_"))
			return true;
	return false;
}

static bool read_rules(struct podlogs_spec *s, struct json *j, struct err *e)
{
	size_t n = json_count(j);
	struct relabel_rule *v;

	if (!is_of(j, '['))
		return err_set(e, "relabelings: not an array");
	if (n > MAX_RULES)
		return err_set(e, "more than %d relabelings", MAX_RULES);
	v = arena_new(&s->arena, struct relabel_rule, n + 1);
	n = 0;
	for (json_enter_array(j); json_next_item(j); n++) {
		if (!read_rule(&s->arena, j, &v[n], e))
			return err_wrap(e, "relabelings");
		s->reads_namespaces |= reads_namespaces(&v[n]);
	}
	relabel_rules_release(s->rules); /* written twice: the last counts */
	s->rules = relabel_rules_new(v, n, e);
	return s->rules || err_wrap(e, "relabelings");
}

/* What cannot be read as a selector must not select everything. */
static bool read_selector(struct podlogs_spec *s, struct json *j, struct label_selector *out,
	const char *name, struct err *e)
{
	if (!is_of(j, '{'))
		return err_set(e, "%s: not an object", name);
	return label_selector_read(&s->arena, j, out, e) || err_wrap(e, "%s", name);
}

static bool read_spec(struct podlogs_spec *s, struct json *j, struct err *e)
{
	struct str key;
	bool ok = is_of(j, '{') || err_set(e, "spec: not an object");

	if (!ok)
		return false;
	for (json_enter_object(j); ok && json_next_key(j, &key);) {
		if (str_is(key, "selector"))
			ok = read_selector(s, j, &s->pods, "selector", e);
		else if (str_is(key, "namespaceSelector"))
			ok = read_selector(s, j, &s->namespaces, "namespaceSelector", e);
		else if (str_is(key, "relabelings"))
			ok = read_rules(s, j, e);
		else
			json_skip(j);
	}
	return ok;
}

static void drop(void *extra)
{
	struct podlogs_spec *s = extra;

	relabel_rules_release(s->rules);
	arena_fini(&s->arena);
	free(s);
}

/* ---- labels ---- */

static void put_pairs(struct arena *a, struct pod_target *t, const struct pod_pairs *v,
	const char *prefix, const char *present)
{
	for (size_t i = 0; i < v->n; i++) {
		t->v[t->n++] = (struct pod_label){
			pod_targets_label_name(a, prefix, v->p[i].name), v->p[i].value};
		t->v[t->n++] = (struct pod_label){
			pod_targets_label_name(a, present, v->p[i].name), STR("true")};
	}
}

static void put_labels(struct arena *a, const struct object_head *h, struct pod_targets *out)
{
	struct pod_target *t = arena_new(a, struct pod_target, 1);

	t->v = arena_new(a, struct pod_label, 2 * (h->labels.n + h->annotations.n) + 2);
	t->v[t->n++] = (struct pod_label){STR("__meta_kubernetes_podlogs_namespace"), h->namespace};
	t->v[t->n++] = (struct pod_label){STR("__meta_kubernetes_podlogs_name"), h->name};
	put_pairs(a, t, &h->labels, "__meta_kubernetes_podlogs_label_",
		"__meta_kubernetes_podlogs_labelpresent_");
	put_pairs(a, t, &h->annotations, "__meta_kubernetes_podlogs_annotation_",
		"__meta_kubernetes_podlogs_annotationpresent_");
	out->p = t;
	out->n = out->cap = 1;
}

static bool read_object(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct podlogs_spec *s = mem_new(struct podlogs_spec, 1);
	struct json j;
	struct str key;
	struct err e = {""};
	bool ok = true;

	arena_init(&s->arena, 0);
	j = json_from(arena_str(&s->arena, json)); /* the spec has views of it */
	for (json_enter_object(&j); ok && json_next_key(&j, &key);) {
		if (str_is(key, "spec"))
			ok = read_spec(s, &j, &e);
		else
			json_skip(&j);
	}
	if (ok && !json_is_done(&j))
		ok = err_set(&e, "it is not well-formed JSON");
	if (!ok) {
		log_warn(NULL, "a PodLogs object cannot be used", KV("namespace", h->namespace),
			KV("name", h->name), KV("err", (const char *)e.text));
		drop(s);
		return false;
	}
	put_labels(a, h, out);
	*extra = s;
	return true;
}

const struct object_reader podlogs_reader = {read_object, drop};
