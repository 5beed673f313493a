/*
 * The stages that Alloy has and this program does not have yet. Their attributes are known,
 * so that a configuration gets one error a stage and not one for each attribute.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/component/loki.process/stages.h"

#define SUPPORTED \
	"stage.cri, decolorize, docker, drop, json, label_drop, label_keep, labels, logfmt, " \
	"match, output, regex, sampling, static_labels, structured_metadata, tenant, timestamp " \
	"and truncate are supported"

/* Where the attributes go; nobody looks at them. */
struct ignored {
	struct value value;
	struct arg_blocks blocks;
};

#define IGNORE(text) ARG_NAMED(ignored, text, value, .type = ARG_ANY)
#define IGNORE_BLOCK(text) \
	ARG_NAMED(ignored, text, blocks, .type = ARG_BLOCK, .flags = ARG_REPEATED)

static const struct arg eventlogmessage_args[] = {
	IGNORE("drop_invalid_labels"),
	IGNORE("overwrite_existing"),
	IGNORE("source"),
	ARGS_END,
};

static const struct arg geoip_args[] = {
	IGNORE("custom_lookups"),
	IGNORE("db"),
	IGNORE("db_type"),
	IGNORE("source"),
	ARGS_END,
};

static const struct arg limit_args[] = {
	IGNORE("burst"),
	IGNORE("by_label_name"),
	IGNORE("drop"),
	IGNORE("max_distinct_labels"),
	IGNORE("rate"),
	ARGS_END,
};

static const struct arg luhn_args[] = {
	IGNORE("delimiters"),
	IGNORE("min_length"),
	IGNORE("replacement"),
	IGNORE("skip_regex"),
	IGNORE("source"),
	ARGS_END,
};

static const struct arg metrics_args[] = {
	IGNORE_BLOCK("metric.counter"),
	IGNORE_BLOCK("metric.gauge"),
	IGNORE_BLOCK("metric.histogram"),
	ARGS_END,
};

static const struct arg multiline_args[] = {
	IGNORE("firstline"),
	IGNORE("max_lines"),
	IGNORE("max_wait_time"),
	IGNORE("trim_newlines"),
	ARGS_END,
};

static const struct arg pack_args[] = {
	IGNORE("ingest_timestamp"),
	IGNORE("labels"),
	ARGS_END,
};

static const struct arg pattern_args[] = {
	IGNORE("labels_from_groups"),
	IGNORE("pattern"),
	IGNORE("source"),
	ARGS_END,
};

static const struct arg replace_args[] = {
	IGNORE("expression"),
	IGNORE("replace"),
	IGNORE("source"),
	ARGS_END,
};

static const struct arg split_json_args[] = {
	IGNORE("source"),
	ARGS_END,
};

static const struct arg structured_metadata_drop_args[] = {
	IGNORE("values"),
	ARGS_END,
};

static const struct arg template_args[] = {
	IGNORE("source"),
	IGNORE("template"),
	ARGS_END,
};

static const struct arg windowsevent_args[] = {
	IGNORE("drop_invalid_labels"),
	IGNORE("overwrite_existing"),
	IGNORE("source"),
	ARGS_END,
};

static bool refuse(const char *name, struct range at, struct diags *d)
{
	diag_error(d, at, "%s is not supported yet", name);
	diag_hint(d, SUPPORTED);
	return false;
}

/* check() is not told which stage it is, so each has one of its own. */
#define MISSING(id, sentence) \
	static bool id##_check(const void *args, struct range at, struct diags *d) \
	{ \
		(void)args; \
		return refuse("stage." #id, at, d); \
	} \
	static const struct stage_ops id##_ops = { \
		.size = sizeof(struct stage), .check = id##_check}; \
	const struct arg_choice_type stage_##id = { \
		.name = "stage." #id, \
		.help = sentence, \
		.args = id##_args, \
		.size = sizeof(struct ignored), \
		.ops = &id##_ops, \
	};

/* clang-format off */
MISSING(eventlogmessage, "Parses messages of the Windows event log.")
MISSING(geoip, "Looks up where an address is.")
MISSING(limit, "Limits the rate of entries.")
MISSING(luhn, "Redacts card numbers.")
MISSING(metrics, "Makes metrics of entries.")
MISSING(multiline, "Joins lines to entries.")
MISSING(pack, "Packs labels into the line.")
MISSING(pattern, "Extracts values by a LogQL pattern.")
MISSING(replace, "Replaces parts of the line.")
MISSING(split_json, "Makes entries of the elements of a JSON array.")
MISSING(structured_metadata_drop, "Drops structured metadata.")
MISSING(template, "Sets an extracted value by a Go template.")
MISSING(windowsevent, "Parses messages of the Windows event log.")
/* clang-format on */
