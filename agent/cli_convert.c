/*
 * `invar convert`: another program's configuration in, this one's out. The result is looked at
 * as `invar validate` would, so that what is given is what runs; what it finds is reported beside
 * the rest, and ends nothing: a person has the text then, and sees where to go on.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/cli.h"
#include "agent/config/read.h"
#include "agent/convert/convert.h"
#include "agent/options.h"
#include "agent/registry.h"
#include "agent/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *summary(enum convert_level level, bool bypass)
{
	if (level == CONVERT_CRITICAL)
		return "There is no configuration, because of critical issues.";
	if (level == CONVERT_ERROR && !bypass)
		return "There is no configuration, because of errors. With --bypass-errors there "
		       "is one that leaves these parts out; it does less than Promtail did.";
	if (level == CONVERT_ERROR)
		return "The configuration leaves out what the errors name.";
	if (level == CONVERT_WARNING)
		return "The configuration is complete; read the warnings before it is used.";
	return "The configuration is complete.";
}

static bool write_report(const struct options *o, const struct conversion *c, const char *name)
{
	struct buf b = {0};
	bool ok;

	conversion_print(&b, c, name, CONVERT_INFO);
	buf_printf(&b, "%s%s\n", b.n ? "\n" : "", summary(conversion_level(c), o->bypass_errors));
	ok = cli_replace_file(o->report, buf_str(&b), 0644);
	buf_fini(&b);
	return ok;
}

static bool has_result(const struct options *o, const struct conversion *c)
{
	enum convert_level worst = conversion_level(c);

	return worst < CONVERT_ERROR || (worst == CONVERT_ERROR && o->bypass_errors);
}

static bool is_right(const struct options *o, const struct conversion *c, bool has_variables)
{
	const struct plan_settings set = {.types = registry_types(),
		.stability = options_stability(o),
		.terse = true};

	if (source_validate_text(STR("the result"), buf_str(&c->text), &set, stderr))
		return true;
	fprintf(stderr, "%s\n",
		has_variables ? "This is without the variables that Promtail had; set them, and "
				"run invar validate"
			      : "Error: the result is not right yet");
	return has_variables;
}

static int finish(const struct options *o, const struct conversion *c, const char *name,
	bool has_variables)
{
	struct buf b = {0};
	bool ok;

	if (o->report && !write_report(o, c, name))
		return 1;
	conversion_print(&b, c, name, CONVERT_WARNING);
	if (!has_result(o, c))
		buf_printf(&b, "Error: %s\n", summary(conversion_level(c), o->bypass_errors));
	fwrite(b.p, 1, b.n, stderr);
	buf_fini(&b);
	if (!has_result(o, c))
		return 1;
	ok = is_right(o, c, has_variables);
	if (o->output ? !cli_replace_file(o->output, buf_str(&c->text), 0644)
		      : !cli_print(buf_str(&c->text)))
		return 1;
	return ok ? 0 : 1;
}

int cli_convert(const struct options *o)
{
	const char *name = o->path && strcmp(o->path, "-") != 0 ? o->path : "<stdin>";
	struct conversion result = {0};
	struct convert_flags flags;
	struct buf text = {0};
	struct arena a;
	unsigned mode;
	int status = 1;

	arena_init(&a, 0);
	convert_flags_read(&a, str_from(o->extra_args), &flags, &result);
	if (cli_read_file(o->path, CONVERT_INPUT_MAX, &text, &mode)) {
		convert_promtail(&a, buf_str(&text), &flags, &result);
		status = finish(o, &result, name, flags.expand_env);
	}
	buf_fini(&text);
	conversion_fini(&result);
	arena_fini(&a);
	return status;
}
