/*
 * The stages that Alloy has and this program does not: those for the Windows event log, and the
 * one for MaxMind's databases. Their attributes are known, so that a configuration gets one error a
 * stage and not one for each attribute.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/component/loki.process/stages.h"

/* Where the attributes go; nobody looks at them. */
struct ignored {
	struct value value;
};

#define IGNORE(text) ARG_NAMED(ignored, text, value, .type = ARG_ANY)

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

static const struct arg windowsevent_args[] = {
	IGNORE("drop_invalid_labels"),
	IGNORE("overwrite_existing"),
	IGNORE("source"),
	ARGS_END,
};

static bool refuse(const char *name, struct range at, struct diags *d)
{
	diag_error(d, at, "%s is not supported", name);
	diag_hint(d, "take the block out of the configuration");
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
MISSING(windowsevent, "Parses messages of the Windows event log.")
/* clang-format on */
