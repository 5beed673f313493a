/*
 * `invar fmt`: reads a file or standard input, prints it formatted, writes it anew, or says
 * whether it is.
 */

#include "agent/cli.h"

#include "agent/base/buf.h"
#include "agent/config/print.h"
#include "agent/config/read.h"
#include "agent/config/token.h"
#include "agent/options.h"
#include "agent/source.h"

#include <stdio.h>

static int emit(const struct options *o, const struct source *src, struct str made, unsigned mode)
{
	bool is_same = str_eq(src->text, made);

	if (o->test && !is_same)
		fprintf(stderr, "Error: " STR_FMT " is not formatted; invar fmt -w does it\n",
			STR_ARG(src->name));
	if (o->test)
		return is_same ? 0 : 1;
	if (o->write)
		return is_same || cli_replace_file(o->path, made, mode) ? 0 : 1;
	return cli_print(made) ? 0 : 1;
}

static int format(const struct options *o, const struct source *src, unsigned mode)
{
	struct buf made = {0};
	struct arena texts;
	struct diags d;
	int result = 1;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	if (source_check(src, &d) && source_format(src, &made, &d))
		result = emit(o, src, buf_str(&made), mode);
	source_print(stderr, &d);
	buf_fini(&made);
	diags_fini(&d);
	arena_fini(&texts);
	return result;
}

static int usage(const char *why)
{
	fprintf(stderr, "invar: %s\n", why);
	return 2;
}

int cli_fmt(const struct options *o)
{
	bool is_stdin = !o->path || strcmp(o->path, "-") == 0;
	struct buf text = {0};
	unsigned mode = 0;
	int result = 1;

	if (o->write && o->test)
		return usage("--write and --test exclude each other");
	if (o->write && is_stdin)
		return usage("--write wants a PATH: standard input cannot be written");
	if (!is_stdin && cli_is_folder(o->path))
		return usage("fmt wants a file, not a folder");
	if (cli_read_file(o->path, SOURCE_MAX, &text, &mode)) {
		struct source src = {str_from(is_stdin ? "<stdin>" : o->path), buf_str(&text)};

		result = format(o, &src, mode);
	}
	buf_fini(&text);
	return result;
}
