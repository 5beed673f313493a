/*
 * stage.pattern: what stands between the fixed texts of a pattern becomes extracted values,
 * and labels (Loki: pkg/logql/log/pattern). `<name>` is a capture, `<_>` one without a name; all
 * else is text. When a text is not found, the capture before it is the rest of the line and
 * the later ones are not set.
 */
#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "agent/component/loki.process/input.h"

#define CAPTURES_MAX 64 /* they are numbered by the bits of a word */

struct pattern_args {
	struct str pattern;
	struct str source;
	bool labels_from_groups;
};

static const struct arg pattern_args[] = {
	ARG(pattern_args, pattern, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "LogQL pattern: <name> is a capture, <_> one without a name."),
	ARG(pattern_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is parsed; the line by default."),
	ARG(pattern_args, labels_from_groups, .type = ARG_BOOL,
		.help = "Whether captures become labels too."),
	ARGS_END,
};

/* A capture and the text behind it; the first of a pattern may have no capture. */
struct part {
	struct str capture; /* p NULL: none; empty: without a name */
	struct str text;
};

struct parts {
	struct part p[CAPTURES_MAX * 2 + 1];
	size_t n;
	size_t named;
};

struct pattern {
	struct stage base;
	struct parts parts;
	struct str source;
	bool makes_labels;
	struct memo memo;
};

static bool is_name_char(char c)
{
	return c == '_' || ascii_is_alnum(c);
}

/* Bytes of the capture that s begins with; 0: it begins with none. */
static size_t capture_length(struct str s)
{
	size_t n = 1;

	if (s.n < 3 || s.p[0] != '<' || ascii_is_digit(s.p[1]))
		return 0;
	while (n < s.n && is_name_char(s.p[n]))
		n++;
	return n > 1 && n < s.n && s.p[n] == '>' ? n + 1 : 0;
}

static bool add_capture(struct parts *to, struct str name, struct err *e)
{
	bool has_name = !str_is(name, "_");

	if (to->n > 1 && to->p[to->n - 1].text.n == 0)
		return err_set(e, "found consecutive capture: invalid expression");
	for (size_t i = 1; has_name && i < to->n; i++) {
		if (str_eq(to->p[i].capture, name))
			return err_set(e,
				"duplicate capture name (" STR_FMT "): invalid expression",
				STR_ARG(name));
	}
	if (to->n == sizeof(to->p) / sizeof(to->p[0]) || to->named == CAPTURES_MAX)
		return err_set(e, "too many captures");
	to->named += has_name;
	to->p[to->n++].capture = has_name ? name : STR("");
	return true;
}

/* The texts are views of s. */
static bool parse(struct str s, struct parts *to, struct err *e)
{
	*to = (struct parts){.n = 1};
	for (size_t i = 0; i < s.n;) {
		size_t n = capture_length(str_from_at(s, i));
		struct str *text = &to->p[to->n - 1].text;

		if (n == 0) {
			*text = (struct str){text->n ? text->p : s.p + i, text->n + 1};
			i++;
			continue;
		}
		if (!add_capture(to, str_head(str_from_at(s, i + 1), n - 2), e))
			return false;
		i += n;
	}
	return to->named > 0 || err_set(e, "at least one capture is required");
}

static bool pattern_check(const void *args, struct range at, struct diags *d)
{
	const struct pattern_args *a = args;
	bool ok = input_check(a->source, at, d);
	struct parts parts;
	struct err e;

	if (a->pattern.n == 0)
		return diag_error(d, at, "pattern is required");
	if (parse(a->pattern, &parts, &e))
		return ok;
	return diag_error(d, at, "failed to parse pattern: %s", e.text);
}

static bool pattern_uses_extracted(const void *args)
{
	const struct pattern_args *a = args;

	return a->source.n > 0;
}

static bool pattern_init(struct stage *s, const void *args, struct err *e)
{
	const struct pattern_args *a = args;
	struct pattern *p = container_of(s, struct pattern, base);

	p->source = a->source;
	p->makes_labels = a->labels_from_groups;
	return parse(a->pattern, &p->parts, e);
}

/* How many captures with a name were set, in order. */
static size_t match(const struct parts *parts, struct str in, struct label *out)
{
	struct str first = parts->p[0].text;
	size_t n = 0;

	if (in.n == 0 || !str_eq(str_head(in, first.n), first))
		return 0;
	in = str_from_at(in, first.n);
	for (size_t i = 1; i < parts->n; i++) {
		const struct part *p = &parts->p[i];
		ptrdiff_t end = p->text.n ? str_find(in, p->text) : -1;

		if (p->capture.n)
			out[n++] = (struct label){
				p->capture, end < 0 ? in : str_head(in, (size_t)end)};
		if (end < 0)
			break;
		in = str_from_at(in, (size_t)end + p->text.n);
	}
	return n;
}

static void make_labels(struct pattern *p, struct work *w, struct label *found, size_t n)
{
	uint64_t names = 0;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!utf8_is_valid(found[i].value))
			continue;
		names |= UINT64_C(1) << i;
		found[k++] = found[i];
	}
	if (k > 0)
		w->e.labels = memo_change(&p->memo, w->e.labels, names, found, k);
}

static bool pattern_run(struct stage *s, struct work *w)
{
	struct pattern *p = container_of(s, struct pattern, base);
	struct label found[CAPTURES_MAX];
	struct str text;
	size_t n;

	if (!input_find(w, p->source, &text))
		return true;
	n = match(&p->parts, text, found);
	for (size_t i = 0; i < n && s->in->process->uses_extracted; i++)
		extracted_set(&w->x, found[i].name, found[i].value);
	if (p->makes_labels)
		make_labels(p, w, found, n);
	return true;
}

static void pattern_fini(struct stage *s)
{
	memo_clear(&container_of(s, struct pattern, base)->memo);
}

static const struct stage_ops pattern_ops = {
	.size = sizeof(struct pattern),
	.uses_extracted = pattern_uses_extracted,
	.check = pattern_check,
	.init = pattern_init,
	.run = pattern_run,
	.fini = pattern_fini,
};

const struct arg_choice_type stage_pattern = {
	.name = "stage.pattern",
	.help = "Extracts values by a LogQL pattern.",
	.args = pattern_args,
	.size = sizeof(struct pattern_args),
	.ops = &pattern_ops,
};
