/*
 * Configurations as the program takes them: from a path, or built in. The hash says whether
 * a changed file is a changed configuration; it goes by content, not by time.
 */

#include "agent/source.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/default_config.h"
#include "agent/flow/sha256.h"
#include "agent/registry.h"

#include <stdlib.h>
#include <unistd.h>

#define PRINTED_MAX 200 /* diagnostics; nobody reads more at once */
#define COUNTED_MIN 20  /* so many are counted at the end; of fewer the text is Alloy's */

/* A line that ends with "// with NAME" wants NAME in the environment. */
static bool is_wanted(struct str line)
{
	ptrdiff_t at = str_find(line, STR("// with "));
	char name[64];
	const char *v;

	if (at == -1 || str_starts(line, "//"))
		return true;
	line = str_from_at(line, (size_t)at + 8);
	if (line.n >= sizeof(name))
		return true;
	memcpy(name, line.p, line.n);
	name[line.n] = 0;
	v = getenv(name);
	return v && *v;
}

static void print_part(struct buf *out, struct str text)
{
	struct str line;

	while (str_cut(text, '\n', &line, &text)) {
		if (!is_wanted(line))
			continue;
		buf_add_str(out, line);
		buf_add_char(out, '\n');
	}
}

void source_print_default(struct buf *out, bool with_otlp)
{
	print_part(out, (struct str){default_config, default_config_size});
	if (with_otlp)
		print_part(out, (struct str){default_config_otlp, default_config_otlp_size});
}

static bool parse_default(struct source_set *s, bool with_otlp, struct diags *d)
{
	struct buf all = {0};
	bool ok;

	source_print_default(&all, with_otlp);
	ok = config_parse(s->arena, STR("default-config"), buf_str(&all), &s->config, d);
	buf_fini(&all);
	return ok;
}

static void hash(struct source_set *s)
{
	struct buf all = {0};

	for (size_t i = 0; i < s->config.n; i++) {
		const struct source *src = s->config.files[i]->source;

		s->hash = s->hash * 31 + str_hash(src->name);
		s->hash = s->hash * 31 + str_hash(src->text);
		buf_add_str(&all, src->text);
	}
	sha256_hex(buf_str(&all), s->sha256);
	buf_fini(&all);
}

bool source_read(struct source_set *s, const char *path, bool with_otlp, struct diags *d)
{
	bool ok;

	*s = (struct source_set){.arena = mem_new(struct arena, 1)};
	arena_init(s->arena, 0);
	ok = path ? config_read(s->arena, path, &s->config, d) : parse_default(s, with_otlp, d);
	hash(s);
	return ok;
}

void source_fini(struct source_set *s)
{
	if (s->arena) {
		arena_fini(s->arena);
		free(s->arena);
	}
	*s = (struct source_set){0};
}

void source_print(FILE *out, const struct diags *d)
{
	struct diags first = *d;
	struct buf b = {0};

	if (first.n > PRINTED_MAX)
		first.n = PRINTED_MAX;
	diags_print(&b, &first, isatty(fileno(out)) && !getenv("NO_COLOR"));
	if (d->n > first.n)
		buf_printf(&b, "\nand %zu more\n", d->n - first.n);
	if (d->n >= COUNTED_MIN)
		buf_printf(&b, "\nerrors: %zu, warnings: %zu\n", d->errors, d->n - d->errors);
	if (b.n > 0)
		fwrite(b.p, 1, b.n, out);
	fflush(out);
	buf_fini(&b);
}

static void print_left_out(FILE *out, const struct plan *p)
{
	if (p->n_left_out > 0)
		fprintf(out, "Left out, not supported here or only for what is not:\n");
	for (size_t i = 0; i < p->n_left_out; i++) {
		const struct left_out *it = &p->left_out[i];
		size_t line, column;

		range_position(it->at, &line, &column);
		fprintf(out, "  " STR_FMT ":%zu: " STR_FMT ": " STR_FMT "\n",
			STR_ARG(it->at.file->name), line, STR_ARG(it->id), STR_ARG(it->why));
	}
}

/* What was read, with what was said of it so far. Frees s. */
static bool validate(struct source_set *s, bool is_read, const struct plan_settings *set,
	struct diags *d, FILE *out)
{
	struct plan *p = NULL;

	if (is_read)
		p = plan_new(s->arena, set, s->config.files, s->config.n, d);
	source_print(out, d);
	if (p) {
		print_left_out(out, p);
		plan_fini(p);
	}
	source_fini(s);
	return d->errors == 0;
}

bool source_validate(const char *path, const struct plan_settings *set, FILE *out)
{
	struct source_set s;
	struct arena texts;
	struct diags d;
	bool ok;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	ok = source_read(&s, path, true, &d);
	ok = validate(&s, ok, set, &d, out);
	diags_fini(&d);
	arena_fini(&texts);
	return ok;
}

bool source_validate_text(struct str name, struct str text, const struct plan_settings *set,
	FILE *out)
{
	struct source_set s = {.arena = mem_new(struct arena, 1)};
	struct arena texts;
	struct diags d;
	bool ok;

	arena_init(s.arena, 0);
	arena_init(&texts, 0);
	diags_init(&d, &texts);
	ok = config_parse(s.arena, name, text, &s.config, &d);
	ok = validate(&s, ok, set, &d, out);
	diags_fini(&d);
	arena_fini(&texts);
	return ok;
}
