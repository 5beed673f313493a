/* --extra-args: the flags that Promtail was started with, as far as they change its file. */

#include "agent/convert/private.h"

static void add(struct conversion *out, struct arena *a, enum convert_level level, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
static void add(struct conversion *out, struct arena *a, enum convert_level level, const char *fmt,
	...)
{
	va_list ap;

	va_start(ap, fmt);
	conversion_add(out, a, level, NULL, fmt, ap);
	va_end(ap);
}

static void read_one(struct arena *a, struct str word, struct convert_flags *flags,
	struct conversion *out)
{
	struct str name, value;

	if (!str_starts(word, "-")) {
		add(out, a, CONVERT_CRITICAL, "extra arguments: \"" STR_FMT "\" is no flag",
			STR_ARG(str_head(word, 100)));
		return;
	}
	word = str_from_at(word, str_starts(word, "--") ? 2 : 1);
	if (!str_cut(word, '=', &name, &value)) {
		name = word;
		value = STR("true");
	}
	if (str_is(name, "config.expand-env"))
		flags->expand_env = str_is(value, "true");
	else if (str_is(name, "client.external-labels"))
		flags->external_labels = value;
	else if (str_is(name, "positions.file"))
		flags->positions = value;
	else if (!str_is(name, "config.file"))
		add(out, a, CONVERT_ERROR,
			"extra arguments: -" STR_FMT
			" is not converted; write it into the file (-config.expand-env, "
			"-client.external-labels and -positions.file are)",
			STR_ARG(str_head(name, 100)));
}

void convert_flags_read(struct arena *a, struct str args, struct convert_flags *flags,
	struct conversion *out)
{
	struct str word;

	*flags = (struct convert_flags){0};
	while ((args = str_trim(args)).n) {
		if (!str_cut(args, ' ', &word, &args)) {
			word = args;
			args = STR("");
		}
		read_one(a, word, flags, out);
	}
}
