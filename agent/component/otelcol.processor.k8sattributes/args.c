/* The tables. Where Alloy watches the pods of the whole cluster unless a filter says otherwise,
 * here it is those of the own node: an agent on each node sees the senders of its node. */

#include "agent/component/otelcol.processor.k8sattributes/args.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/otelcol.processor.k8sattributes/extract.h"
#include "agent/flow/regex.h"

enum {
	MAX_SOURCES = 4,
};

static const char *const froms[] = {
	"pod", "namespace", "node", "deployment", "statefulset", "daemonset", "job", NULL};
static const char *const ops[] = {"equals", "not-equals", "exists", "does-not-exist", NULL};
static const char *const auth_types[] = {"none", "serviceAccount", "kubeConfig", "tls", NULL};
static const char *const source_froms[] = {"connection", "resource_attribute", NULL};

static const struct arg field_args[] = {
	ARG_PLACE(k8s_field_args, at),
	ARG(k8s_field_args, tag_name, .type = ARG_STR,
		.help = "Name of the attribute; $1 is key_regex's first group."),
	ARG(k8s_field_args, key, .type = ARG_STR,
		.help = "The label's or annotation's name, exactly."),
	ARG(k8s_field_args, key_regex, .type = ARG_STR, .help = "Names that match it whole."),
	ARG(k8s_field_args, from, .type = ARG_STR, .def = "pod", .one_of = froms,
		.help = "Whose it is; only pod has values here."),
	ARGS_END,
};

static const struct arg extract_args[] = {
	ARG_PLACE(k8s_extract_args, at),
	ARG(k8s_extract_args, metadata, .type = ARG_STRS,
		.def = "[\"k8s.namespace.name\", \"k8s.pod.name\", \"k8s.pod.uid\", "
		       "\"k8s.pod.start_time\", "
		       "\"k8s.deployment.name\", \"k8s.node.name\", \"container.image.name\", "
		       "\"container.image.tag\"]",
		.help = "Metadata of the pod to add."),
	ARG(k8s_extract_args, label, .type = ARG_BLOCK, .flags = ARG_REPEATED, .block = field_args,
		.size = sizeof(struct k8s_field_args), .help = "A label to add."),
	ARG(k8s_extract_args, annotation, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = field_args, .size = sizeof(struct k8s_field_args),
		.help = "An annotation to add."),
	ARG(k8s_extract_args, otel_annotations, .type = ARG_BOOL,
		.help = "Annotations resource.opentelemetry.io/NAME become the attribute NAME."),
	ARG(k8s_extract_args, deployment_name_from_replicaset, .type = ARG_BOOL, .def = "true",
		.help = "It always is: other kinds are not watched."),
	ARGS_END,
};

static const struct arg pair_args[] = {
	ARG_PLACE(k8s_filter_pair, at),
	ARG(k8s_filter_pair, key, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "Its name."),
	ARG(k8s_filter_pair, value, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "Its value."),
	ARG(k8s_filter_pair, op, .type = ARG_STR, .def = "equals", .one_of = ops,
		.help = "equals, not-equals, exists or does-not-exist."),
	ARGS_END,
};

static const struct arg filter_args[] = {
	ARG_PLACE(k8s_filter_args, at),
	ARG(k8s_filter_args, node, .type = ARG_STR,
		.help = "Pods of this node; not given: of the own one."),
	ARG(k8s_filter_args, namespace, .type = ARG_STR, .help = "Pods of this namespace."),
	ARG(k8s_filter_args, field, .type = ARG_BLOCK, .flags = ARG_REPEATED, .block = pair_args,
		.size = sizeof(struct k8s_filter_pair), .help = "Pods of which this field is so."),
	ARG(k8s_filter_args, label, .type = ARG_BLOCK, .flags = ARG_REPEATED, .block = pair_args,
		.size = sizeof(struct k8s_filter_pair), .help = "Pods of which this label is so."),
	ARGS_END,
};

static const struct arg source_args[] = {
	ARG_PLACE(k8s_source_args, at),
	ARG(k8s_source_args, from, .type = ARG_STR, .flags = ARG_REQUIRED, .one_of = source_froms,
		.help = "connection: the sender's address; resource_attribute: an attribute it "
			"sent."),
	ARG(k8s_source_args, name, .type = ARG_STR, .help = "The attribute's name."),
	ARGS_END,
};

static const struct arg association_args[] = {
	ARG_PLACE(k8s_association_args, at),
	ARG(k8s_association_args, source, .type = ARG_BLOCK, .flags = ARG_REPEATED | ARG_REQUIRED,
		.block = source_args, .size = sizeof(struct k8s_source_args),
		.help = "What must be there, and be the pod's."),
	ARGS_END,
};

static const struct arg exclude_pod_args[] = {
	ARG_PLACE(k8s_exclude_pod, at),
	ARG(k8s_exclude_pod, name, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "A regular expression."),
	ARGS_END,
};

static const struct arg exclude_args[] = {
	ARG(k8s_exclude_args, pod, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = exclude_pod_args, .size = sizeof(struct k8s_exclude_pod),
		.help = "Pods with such names are not looked at."),
	ARGS_END,
};

const struct arg k8sattributes_args[] = {
	ARG_PLACE(k8sattributes_args, at),
	ARG(k8sattributes_args, auth_type, .type = ARG_STR, .def = "serviceAccount",
		.one_of = auth_types,
		.help = "How to reach the API server: serviceAccount, kubeConfig, or none: no pods "
			"are known."),
	ARG(k8sattributes_args, passthrough, .type = ARG_BOOL,
		.help = "Only adds k8s.pod.ip, the sender's address."),
	ARG(k8sattributes_args, wait_for_metadata, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Data never waits for metadata here."),
	ARG(k8sattributes_args, wait_for_metadata_timeout, .type = ARG_DURATION,
		.flags = ARG_NO_EFFECT, .def = "10s",
		.help = "Data never waits for metadata here."),
	ARG(k8sattributes_args, watch_sync_period, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "5m", .help = "A watch needs no resync."),
	ARG(k8sattributes_args, pod_delete_grace_period, .type = ARG_DURATION,
		.flags = ARG_NO_EFFECT, .def = "120s",
		.help = "Deleted pods are known for 120s more."),
	ARG(k8sattributes_args, extract, .type = ARG_BLOCK, .flags = ARG_ALWAYS,
		.block = extract_args, .size = sizeof(struct k8s_extract_args),
		.help = "What to add."),
	ARG(k8sattributes_args, filter, .type = ARG_BLOCK, .block = filter_args,
		.size = sizeof(struct k8s_filter_args), .help = "Which pods are watched."),
	ARG(k8sattributes_args, pod_association, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = association_args, .size = sizeof(struct k8s_association_args),
		.help = "How a sender's pod is found; tried in order."),
	ARG(k8sattributes_args, exclude, .type = ARG_BLOCK, .block = exclude_args,
		.size = sizeof(struct k8s_exclude_args), .help = "Which pods are not looked at."),
	ARG(k8sattributes_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(k8sattributes_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool check_fields(const struct arg_blocks *v, struct diags *d)
{
	const struct k8s_field_args *f = v->p;
	bool ok = true;

	for (size_t i = 0; i < v->n; i++) {
		if (f[i].key.n && f[i].key_regex.n)
			ok = diag_error(d, f[i].at,
				"Out of Key or KeyRegex only one option is expected to be "
				"configured at a time: key and key_regex are");
		else if (!f[i].key.n && !f[i].key_regex.n)
			ok = diag_error(d, f[i].at, "key or key_regex is missing");
		else if (f[i].key_regex.n)
			ok = regex_arg_check("key_regex", f[i].key_regex, f[i].at, d) && ok;
		if (!str_is(f[i].from, "pod"))
			diag_warning(d, f[i].at,
				"only labels and annotations of pods are known here; from = "
				"\"" STR_FMT "\" adds nothing",
				STR_ARG(f[i].from));
	}
	return ok;
}

static bool check_extract(const struct k8s_extract_args *x, struct diags *d)
{
	bool ok = check_fields(&x->label, d);

	ok = check_fields(&x->annotation, d) && ok;
	for (size_t i = 0; i < x->metadata.n; i++) {
		switch (extract_knows(x->metadata.p[i])) {
		case EXTRACT_UNKNOWN:
			ok = diag_error(d, x->at.file ? x->at : (struct range){0},
				"metadata: \"" STR_FMT "\" is not a supported metadata field",
				STR_ARG(x->metadata.p[i]));
			break;
		case EXTRACT_NEVER:
			diag_warning(d, x->at,
				"\"" STR_FMT "\" is not known here: only pods are watched",
				STR_ARG(x->metadata.p[i]));
			break;
		case EXTRACT_YES:
			break;
		}
	}
	return ok;
}

static bool check_association(const struct k8s_association_args *v, struct diags *d)
{
	const struct k8s_source_args *s = v->source.p;
	bool ok = true;

	if (v->source.n > MAX_SOURCES)
		return diag_error(
			d, v->at, "too many association sources. limit is %d", MAX_SOURCES);
	for (size_t i = 0; i < v->source.n; i++) {
		if (str_is(s[i].from, "connection") && s[i].name.n)
			ok = diag_error(d, s[i].at, "a source from the connection has no name");
		if (str_is(s[i].from, "resource_attribute") && !s[i].name.n)
			ok = diag_error(
				d, s[i].at, "a source from a resource attribute needs its name");
	}
	return ok;
}

bool k8sattributes_check(const void *args, struct diags *d)
{
	const struct k8sattributes_args *a = args;
	const struct k8s_association_args *v = a->pod_association.p;
	const struct k8s_exclude_pod *p = a->exclude ? a->exclude->pod.p : NULL;
	bool ok = otelcol_output_check(a->output, d);

	ok = check_extract(a->extract, d) && ok;
	for (size_t i = 0; i < a->pod_association.n; i++)
		ok = check_association(&v[i], d) && ok;
	for (size_t i = 0; p && i < a->exclude->pod.n; i++)
		ok = regex_arg_check("name", p[i].name, p[i].at, d) && ok;
	if (str_is(a->auth_type, "tls"))
		return diag_error(d, a->at,
			"auth_type \"tls\" is not supported; use serviceAccount or kubeConfig");
	return ok;
}

static void add_pair(struct buf *out, const struct k8s_filter_pair *p)
{
	if (out->n > 0)
		buf_add_char(out, ',');
	if (str_is(p->op, "exists"))
		buf_add_str(out, p->key);
	else if (str_is(p->op, "does-not-exist"))
		buf_printf(out, "!" STR_FMT, STR_ARG(p->key));
	else
		buf_printf(out, STR_FMT "%s" STR_FMT, STR_ARG(p->key),
			str_is(p->op, "equals") ? "=" : "!=", STR_ARG(p->value));
}

void k8s_filter_selectors(
	const struct k8s_filter_args *f, struct str node, struct buf *fields, struct buf *labels)
{
	if (f && f->node.n > 0)
		node = f->node;
	if (node.n > 0)
		buf_printf(fields, "spec.nodeName=" STR_FMT, STR_ARG(node));
	for (size_t i = 0; f && i < f->field.n; i++)
		add_pair(fields, &((const struct k8s_filter_pair *)f->field.p)[i]);
	for (size_t i = 0; f && i < f->label.n; i++)
		add_pair(labels, &((const struct k8s_filter_pair *)f->label.p)[i]);
}
