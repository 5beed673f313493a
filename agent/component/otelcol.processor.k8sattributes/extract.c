/*
 * A table of names and how each is made of a pod. Nothing but pods is watched, so a deployment's
 * name comes from its ReplicaSet's: without the pod-template-hash behind the last dash.
 */

#include "agent/component/otelcol.processor.k8sattributes/extract.h"

#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/flow/expand.h"
#include "agent/flow/regex.h"

#define OTEL_ANNOTATION "resource.opentelemetry.io/"

struct extract_rule {
	const struct k8s_field_args *args;
	bool is_annotation;
	struct regex *re; /* NULL: args->key */
	struct expand name;
};

struct known {
	const struct pod *pod;
	const struct pod_container *container; /* NULL: not known which */
	struct arena *arena;
};

static struct str owner_name(const struct pod *p, const char *kind)
{
	for (size_t i = 0; i < p->n_owners; i++)
		if (str_is(p->owners[i].kind, kind))
			return p->owners[i].name;
	return (struct str){0};
}

static struct str owner_uid(const struct pod *p, const char *kind)
{
	for (size_t i = 0; i < p->n_owners; i++)
		if (str_is(p->owners[i].kind, kind))
			return p->owners[i].uid;
	return (struct str){0};
}

/* Where the last dash is; n if there is none. */
static size_t last_dash(struct str s)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != '-')
		i--;
	return i == 0 ? s.n : i - 1;
}

/* The pod template's hash: a 32-bit number's decimal digits, each as a safe letter (Kubernetes:
 * k8s.io/apimachinery/pkg/util/rand, SafeEncodeString). */
static bool is_hash(struct str s)
{
	if (s.n == 0 || s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return true;
}

/* What stands before the last dash, if what is behind it is so. */
static struct str without_suffix(struct str s, bool (*is_suffix)(struct str))
{
	size_t dash = last_dash(s);

	return dash < s.n && is_suffix(str_from_at(s, dash + 1)) ? str_head(s, dash)
								 : (struct str){0};
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static struct str deployment(const struct known *s)
{
	return without_suffix(owner_name(s->pod, "ReplicaSet"), is_hash);
}

static struct str cronjob(const struct known *s)
{
	return without_suffix(owner_name(s->pod, "Job"), is_digits);
}

/* clang-format off */
#define OWNER(id, kind) \
	static struct str id##_name(const struct known *s) { return owner_name(s->pod, kind); } \
	static struct str id##_uid(const struct known *s) { return owner_uid(s->pod, kind); }
OWNER(replicaset, "ReplicaSet")
OWNER(daemonset, "DaemonSet")
OWNER(statefulset, "StatefulSet")
OWNER(job, "Job")

static struct str pod_name(const struct known *s) { return s->pod->name; }
static struct str pod_uid(const struct known *s) { return s->pod->uid; }
static struct str pod_ip(const struct known *s) { return s->pod->ip; }
static struct str namespace(const struct known *s) { return s->pod->namespace; }
static struct str node(const struct known *s) { return s->pod->node; }
/* clang-format on */

static struct str start_time(const struct known *s)
{
	char text[TIMESTAMP_SIZE];

	return s->pod->created ? arena_str(s->arena, timestamp_format(text, s->pod->created))
			       : (struct str){0};
}

static struct str container_name(const struct known *s)
{
	return s->container ? s->container->name : (struct str){0};
}

/* "containerd://abc" */
static struct str container_id(const struct known *s)
{
	ptrdiff_t at = s->container ? str_find(s->container->id, STR("://")) : -1;

	return at >= 0 ? str_from_at(s->container->id, (size_t)at + 3) : (struct str){0};
}

/* "registry:5000/a/b:1.2@sha256:…": the name, and the tag if there is one. */
static struct str split_image(struct str image, struct str *tag)
{
	struct str digest;
	size_t i;

	str_cut(image, '@', &image, &digest);
	i = image.n;
	*tag = (struct str){0};
	while (i > 0 && image.p[i - 1] != '/' && image.p[i - 1] != ':')
		i--;
	if (i == 0 || image.p[i - 1] == '/')
		return image;
	*tag = str_from_at(image, i);
	return str_head(image, i - 1);
}

static struct str image_name(const struct known *s)
{
	struct str tag;

	return s->container ? split_image(s->container->image, &tag) : (struct str){0};
}

static struct str image_tag(const struct known *s)
{
	struct str tag = {0};

	if (s->container)
		split_image(s->container->image, &tag);
	return tag;
}

static struct str first_of(const struct str *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].n > 0)
			return v[i];
	return (struct str){0};
}

static struct str service_name(const struct known *s)
{
	const struct str v[] = {
		pod_pairs_find(&s->pod->labels, STR("app.kubernetes.io/instance")),
		pod_pairs_find(&s->pod->labels, STR("app.kubernetes.io/name")),
		deployment(s),
		replicaset_name(s),
		statefulset_name(s),
		daemonset_name(s),
		cronjob(s),
		job_name(s),
		s->pod->name,
	};

	return first_of(v, sizeof(v) / sizeof(*v));
}

static struct str service_version(const struct known *s)
{
	struct str label = pod_pairs_find(&s->pod->labels, STR("app.kubernetes.io/version"));

	return label.n ? label : image_tag(s);
}

static struct str service_instance(const struct known *s)
{
	if (!s->container)
		return (struct str){0};
	return arena_printf(s->arena, STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(s->pod->namespace),
		STR_ARG(s->pod->name), STR_ARG(s->container->name));
}

static const struct {
	const char *name;
	struct str (*make)(const struct known *s); /* NULL: never known */
} fields[] = {
	{"container.id", container_id},
	{"container.image.name", image_name},
	{"container.image.repo_digests", NULL},
	{"container.image.tag", image_tag},
	{"k8s.cluster.uid", NULL},
	{"k8s.container.name", container_name},
	{"k8s.cronjob.name", cronjob},
	{"k8s.cronjob.uid", NULL},
	{"k8s.daemonset.name", daemonset_name},
	{"k8s.daemonset.uid", daemonset_uid},
	{"k8s.deployment.name", deployment},
	{"k8s.deployment.uid", NULL},
	{"k8s.job.name", job_name},
	{"k8s.job.uid", job_uid},
	{"k8s.namespace.name", namespace},
	{"k8s.node.name", node},
	{"k8s.node.uid", NULL},
	{"k8s.pod.hostname", pod_name},
	{"k8s.pod.ip", pod_ip},
	{"k8s.pod.name", pod_name},
	{"k8s.pod.start_time", start_time},
	{"k8s.pod.uid", pod_uid},
	{"k8s.replicaset.name", replicaset_name},
	{"k8s.replicaset.uid", replicaset_uid},
	{"k8s.statefulset.name", statefulset_name},
	{"k8s.statefulset.uid", statefulset_uid},
	{"service.instance.id", service_instance},
	{"service.name", service_name},
	{"service.namespace", namespace},
	{"service.version", service_version},
};

enum extract_known extract_knows(struct str metadata)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (str_is(metadata, fields[i].name))
			return fields[i].make ? EXTRACT_YES : EXTRACT_NEVER;
	return EXTRACT_UNKNOWN;
}

static struct str make_field(const struct known *s, struct str name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i].make && str_is(name, fields[i].name))
			return fields[i].make(s);
	return (struct str){0};
}

struct str extract_field(const struct pod *p, struct str name, struct arena *a)
{
	return make_field(&(struct known){p, NULL, a}, name);
}

static bool init_rules(
	struct extract *x, const struct arg_blocks *v, bool is_annotation, struct err *e)
{
	const struct k8s_field_args *f = v->p;

	for (size_t i = 0; i < v->n; i++) {
		struct extract_rule *r = &x->rules[x->n_rules];

		if (!str_is(f[i].from, "pod"))
			continue;
		*r = (struct extract_rule){.args = &f[i], .is_annotation = is_annotation};
		if (f[i].key_regex.n) {
			r->re = regex_new(f[i].key_regex, REGEX_WHOLE, e);
			if (!r->re)
				return false;
			expand_init(&r->name, &x->arena, r->re, f[i].tag_name);
		}
		x->n_rules++;
	}
	return true;
}

bool extract_init(struct extract *x, const struct k8s_extract_args *args, struct err *e)
{
	*x = (struct extract){.args = args};
	arena_init(&x->arena, 0);
	x->rules = arena_new(
		&x->arena, struct extract_rule, args->label.n + args->annotation.n + 1);
	if (init_rules(x, &args->label, false, e) && init_rules(x, &args->annotation, true, e))
		return true;
	extract_fini(x);
	return false;
}

void extract_fini(struct extract *x)
{
	for (size_t i = 0; i < x->n_rules; i++)
		regex_free(x->rules[i].re);
	arena_fini(&x->arena);
	*x = (struct extract){0};
}

/* The container that the sender says it is, or the only one. */
static const struct pod_container *find_container(const struct pod *p, const struct otlp_part *part)
{
	struct str id = otlp_attr_find(part, STR("container.id"));
	struct str name = otlp_attr_find(part, STR("k8s.container.name"));
	const struct pod_container *only = NULL;
	size_t n = 0;

	if (name.n > 0)
		return pod_find_container(p, name);
	for (size_t i = 0; i < p->n_containers; i++) {
		const struct pod_container *c = &p->containers[i];

		if (id.n > 0 && c->id.n > id.n && str_eq(str_from_at(c->id, c->id.n - id.n), id))
			return c;
		if (c->kind == POD_CONTAINER) {
			only = c;
			n++;
		}
	}
	return id.n == 0 && n == 1 ? only : NULL;
}

static size_t add(struct otlp_attr *out, size_t n, struct str key, struct str value)
{
	if (n == EXTRACT_MAX || key.n == 0 || value.n == 0)
		return n;
	for (size_t i = 0; i < n; i++)
		if (str_eq(out[i].key, key))
			return n;
	out[n] = (struct otlp_attr){key, value};
	return n + 1;
}

static struct str default_name(const struct extract_rule *r, struct str key, struct arena *a)
{
	return arena_printf(a, "k8s.pod.%s." STR_FMT, r->is_annotation ? "annotations" : "labels",
		STR_ARG(key));
}

static size_t run_rule(const struct extract_rule *r, const struct pod *p, struct arena *a,
	struct otlp_attr *out, size_t n)
{
	const struct pod_pairs *v = r->is_annotation ? &p->annotations : &p->labels;

	if (!r->re)
		return add(out, n,
			r->args->tag_name.n ? r->args->tag_name : default_name(r, r->args->key, a),
			pod_pairs_find(v, r->args->key));
	for (size_t i = 0; i < v->n; i++) {
		struct str name;

		if (!regex_match(r->re, v->p[i].name))
			continue;
		name = r->args->tag_name.n ? expand_run(&r->name, r->re, a)
					   : default_name(r, v->p[i].name, a);
		n = add(out, n, name, v->p[i].value);
	}
	return n;
}

size_t extract_run(struct extract *x, const struct pod *p, const struct otlp_part *part,
	struct arena *a, struct otlp_attr *out)
{
	struct known s = {p, find_container(p, part), a};
	size_t n = 0;

	for (size_t i = 0; x->args->otel_annotations && i < p->annotations.n; i++)
		if (str_starts(p->annotations.p[i].name, OTEL_ANNOTATION))
			n = add(out, n,
				str_from_at(p->annotations.p[i].name, sizeof(OTEL_ANNOTATION) - 1),
				p->annotations.p[i].value);
	for (size_t i = 0; i < x->args->metadata.n; i++)
		n = add(out, n, x->args->metadata.p[i], make_field(&s, x->args->metadata.p[i]));
	for (size_t i = 0; i < x->n_rules; i++)
		n = run_rule(&x->rules[i], p, a, out, n);
	return n;
}
