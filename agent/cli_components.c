/*
 * docs/components/NAME.md, from the tables that decode the arguments: a name, a default or a
 * sentence is written once, there. `invar docs-components FOLDER` writes all of them.
 */

#include "agent/cli.h"

#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "agent/loop/file.h"
#include "agent/registry.h"

#include <stdio.h>

#define DEEP 12 /* blocks in blocks; some tables hold themselves: stage.match */

static const char *const stability[] = {
	[STABILITY_EXPERIMENTAL] = "experimental (needs `--stability.level=experimental`)",
	[STABILITY_PUBLIC_PREVIEW] = "public preview (needs `--stability.level=public-preview`)",
	[STABILITY_GA] = "generally available",
};

struct page {
	struct buf *out;
	const struct arg *path[DEEP]; /* tables around this one */
	size_t depth;
	char name[512]; /* of the block, with those around it */
};

/* A | ends a cell. */
static void add_cell(struct buf *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '|')
			buf_add_char(out, '\\');
		buf_add_char(out, *text == '\n' ? ' ' : *text);
	}
}

static void add_type(struct buf *out, const struct arg *a)
{
	buf_printf(out, "`%s%s", a->type == ARG_CAPSULES ? "list(" : "",
		a->capsule ? a->capsule->name : cli_type_word(a->type));
	buf_printf(out, "%s`", a->type == ARG_CAPSULES ? ")" : "");
}

static void add_words(struct buf *out, const struct arg *a)
{
	for (size_t i = 0; a->one_of && a->one_of[i]; i++)
		buf_printf(out, "%s`%s`", i ? ", " : " One of ", a->one_of[i]);
	if (a->one_of)
		buf_add_char(out, '.');
}

static void add_note(struct buf *out, const struct arg *a)
{
	if (a->flags & ARG_NO_EFFECT)
		buf_printf(out, " Accepted; it has no effect here.");
	if (a->flags & ARG_NOT_YET)
		buf_printf(out, " Alloy's; it is refused here.");
}

static bool is_block(const struct arg *a)
{
	return a->type == ARG_BLOCK || a->type == ARG_CHOICE || a->type == ARG_AT;
}

static void add_attributes(struct page *p, const struct arg *table)
{
	bool any = false;

	for (const struct arg *a = table; a && a->type != ARG_END; a++) {
		if (is_block(a))
			continue;
		if (!any)
			buf_printf(p->out, "| argument | type | default | what it is |\n"
					   "| --- | --- | --- | --- |\n");
		any = true;
		buf_printf(p->out, "| `%s` | ", a->name);
		add_type(p->out, a);
		buf_printf(p->out, " | ");
		if (a->flags & ARG_REQUIRED)
			buf_printf(p->out, "required");
		else if (a->def && a->def[0]) {
			buf_printf(p->out, "`");
			add_cell(p->out, a->def);
			buf_printf(p->out, "`");
		}
		buf_printf(p->out, " | ");
		add_cell(p->out, a->help);
		add_words(p->out, a);
		add_note(p->out, a);
		buf_printf(p->out, " |\n");
	}
	if (any)
		buf_add_char(p->out, '\n');
}

static void add_body(struct page *p, const struct arg *table);

static bool is_around(const struct page *p, const struct arg *table)
{
	for (size_t i = 0; i < p->depth; i++)
		if (p->path[i] == table)
			return true;
	return p->depth == DEEP;
}

static void add_block(struct page *p, const char *name, const char *help, const struct arg *table,
	unsigned flags)
{
	size_t n = strlen(p->name);

	snprintf(p->name + n, sizeof(p->name) - n, "%s%s", n ? " > " : "", name);
	buf_printf(p->out, "### `%s`\n\n", p->name);
	if (help)
		buf_printf(p->out, "%s ", help);
	buf_printf(p->out, "%s%s%s%s\n\n", flags & ARG_REQUIRED ? "Required. " : "",
		flags & ARG_REPEATED ? "May be given more than once. " : "",
		flags & ARG_NO_EFFECT ? "Accepted; it has no effect here. " : "",
		flags & ARG_NOT_YET ? "Alloy's; it is refused here. " : "");
	while (p->out->n > 2 && p->out->p[p->out->n - 3] == ' ') { /* before the empty line */
		p->out->p[p->out->n - 3] = '\n';
		p->out->n--;
	}
	if (table && is_around(p, table))
		buf_printf(p->out, "Holds the same blocks as the one that it is in.\n\n");
	else if (table)
		add_body(p, table);
	p->name[n] = 0;
}

static void add_blocks(struct page *p, const struct arg *table)
{
	for (const struct arg *a = table; a && a->type != ARG_END; a++) {
		if (a->type == ARG_BLOCK)
			add_block(p, a->name, a->help, a->block, a->flags);
		for (size_t i = 0; a->type == ARG_CHOICE && a->choices[i]; i++)
			add_block(p, a->choices[i]->name, a->choices[i]->help, a->choices[i]->args,
				ARG_REPEATED);
	}
}

static void add_body(struct page *p, const struct arg *table)
{
	p->path[p->depth++] = table;
	add_attributes(p, table);
	add_blocks(p, table);
	p->depth--;
}

static void add_exports(struct buf *out, const struct component_type *t)
{
	if (!t->exports || !t->exports[0].name)
		return;
	buf_printf(out, "## Exports\n\n| field | type | what it is |\n| --- | --- | --- |\n");
	for (const struct export_field *f = t->exports; f->name; f++) {
		buf_printf(out, "| `%s` | `%s` | ", f->name,
			f->capsule ? f->capsule->name : cli_type_word(f->type));
		add_cell(out, f->help);
		buf_printf(out, " |\n");
	}
	buf_add_char(out, '\n');
}

static void print_page(struct buf *out, const struct component_type *t)
{
	struct page p = {.out = out};

	buf_printf(out, "<!-- Made by `invar docs-components` from the argument tables; not to "
			"be edited by hand. -->\n# %s\n\n%s\n\n",
		t->name, t->help);
	buf_printf(out, "Stability: %s.\n\n", stability[t->stability]);
	if (t->is_config && !t->is_labeled)
		buf_printf(out, "    %s { … }\n\n", t->name);
	else
		buf_printf(out, "    %s \"LABEL\" { … }\n\n", t->name);
	buf_printf(out, "## Arguments and blocks\n\n");
	if (!t->args || t->args->type == ARG_END)
		buf_printf(out, "None.\n\n");
	else
		add_body(&p, t->args);
	add_exports(out, t);
	while (out->n > 1 && out->p[out->n - 2] == '\n')
		out->n--;
}

static void print_index(struct buf *out)
{
	buf_printf(out, "<!-- Made by `invar docs-components`; not to be edited by hand. -->\n"
			"# Components\n\nWhat each block takes and exports. `invar help NAME` "
			"says the same.\n\n| block | what it does |\n| --- | --- |\n");
	for (const struct component_type *const *t = registry; *t; t++)
		buf_printf(out, "| [`%s`](%s.md) | %s |\n", (*t)->name, (*t)->name, (*t)->help);
	buf_printf(out, "\n`declare`, `argument`, `export` and `foreach` are in "
			"[modules](../modules.md).\n");
}

static bool write_page(const char *folder, const char *name, struct buf *text)
{
	char path[4096];
	int error;

	snprintf(path, sizeof(path), "%s/%s.md", folder, name);
	error = file_replace(path, buf_str(text));
	buf_fini(text);
	if (error)
		fprintf(stderr, "Error: cannot write %s: %s\n", path, strerror(error));
	return error == 0;
}

int cli_write_components(const char *folder)
{
	struct buf b = {0};
	bool ok;

	print_index(&b);
	ok = write_page(folder, "README", &b);
	for (const struct component_type *const *t = registry; ok && *t; t++) {
		print_page(&b, *t);
		ok = write_page(folder, (*t)->name, &b);
	}
	return ok ? 0 : 1;
}
