/* The flags as text: --help, docs/cli.md. */

#include "agent/options_private.h"

#include "agent/base/buf.h"

void options_print_commands(struct buf *out, unsigned of)
{
	bool any = false;

	for (size_t i = 0; i < options_n_commands; i++) {
		if (!(of & 1u << options_commands[i].command))
			continue;
		buf_printf(out, "%s%s", any ? ", " : "", options_commands[i].name);
		any = true;
	}
}

static void print_name(struct buf *out, const struct flag *f)
{
	buf_printf(out, "--%s", f->name);
	if (f->type == FLAG_WORD)
		buf_printf(out, "[=%s]", f->words[1]);
	else if (options_value_of(f))
		buf_printf(out, "=%s", f->def[0] ? f->def : options_value_of(f));
}

void options_print_flags(struct buf *out, enum command c)
{
	size_t column = 0;

	for (size_t i = 0; i < options_n_flags; i++) {
		if (!(options_flags[i].commands & 1u << c) || options_is_ignored(&options_flags[i]))
			continue;
		buf_printf(out, "  ");
		print_name(out, &options_flags[i]);
		buf_printf(out, "\n      %s\n", options_flags[i].help);
	}
	if (!(c == COMMAND_RUN || c == COMMAND_VALIDATE))
		return;
	buf_printf(out, "\nAlloy's flags that are taken and have no effect here:\n ");
	for (size_t i = 0; i < options_n_flags; i++) {
		const struct flag *f = &options_flags[i];

		if (!(f->commands & 1u << c) || !options_is_ignored(f))
			continue;
		if (column + strlen(f->name) > 86) {
			buf_printf(out, "\n ");
			column = 0;
		}
		buf_printf(out, " --%s", f->name);
		column += strlen(f->name) + 3;
	}
	buf_printf(out, "\n");
}

void options_print_markdown(struct buf *out)
{
	buf_printf(out, "| flag | of | default | what it does |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < options_n_flags; i++) {
		const struct flag *f = &options_flags[i];

		if (options_is_ignored(f))
			continue;
		buf_printf(out, "| `--%s", f->name);
		if (f->type == FLAG_WORD)
			buf_printf(out, "[=%s]", f->words[1]);
		buf_printf(out, "` | ");
		options_print_commands(out, f->commands);
		buf_printf(out, " | ");
		if (f->def[0])
			buf_printf(out, "`%s`", f->def);
		buf_printf(out, " | %s |\n", f->help);
	}
	buf_printf(out, "\nFlags of Alloy that are taken and have no effect here, so that its "
			"manifests work unchanged:\n\n");
	for (size_t i = 0; i < options_n_flags; i++)
		if (options_is_ignored(&options_flags[i]))
			buf_printf(out, "- `--%s`\n", options_flags[i].name);
}
