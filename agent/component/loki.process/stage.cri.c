/*
 * stage.cri: one line of a CRI container log (proto/cri/cri.h). Sets the line, the time and
 * the label stream; lines that came in pieces are joined. What is not of this form passes
 * unchanged.
 */
#include "agent/component/loki.process/partials.h"
#include "proto/cri/cri.h"

struct cri_args {
	int64_t max_partial_lines;
	uint64_t max_partial_line_size;
	bool max_partial_line_size_truncate;
};

static const struct arg cri_args[] = {
	ARG(cri_args, max_partial_lines, .type = ARG_INT, .def = "1000",
		.help = "How many lines may be incomplete at a time; with one more, the one that "
			"has waited longest is passed on."),
	ARG(cri_args, max_partial_line_size, .type = ARG_UINT,
		.help = "Longest line that is joined from pieces, in bytes; 0 is no limit."),
	ARG(cri_args, max_partial_line_size_truncate, .type = ARG_BOOL,
		.help = "Whether a joined line is cut to max_partial_line_size."),
	ARGS_END,
};

struct cri {
	struct stage base;
	struct cri_clock clock;
	struct partials partials;
	struct memo memo; /* the set with the label stream; the tag is is_stderr */
};

static void extract_unfinished(struct work *w)
{
	extracted_set(&w->x, STR("flags"), STR("P"));
	extracted_set(&w->x, STR("stream"), labels_find(w->e.labels, STR("stream")));
	extracted_set(&w->x, STR("content"), w->e.line);
}

static bool cri_check(const void *args, struct range at, struct diags *d)
{
	const struct cri_args *a = args;

	if (a->max_partial_lines <= 0)
		return diag_error(d, at, "max_partial_lines must be greater than 0");
	return true;
}

static bool cri_init(struct stage *s, const void *args, struct err *e)
{
	const struct cri_args *a = args;
	struct cri *c = container_of(s, struct cri, base);

	(void)e;
	partials_init(&c->partials, s);
	c->partials.max = (size_t)a->max_partial_lines;
	c->partials.max_size = a->max_partial_line_size_truncate ? a->max_partial_line_size : 0;
	c->partials.extract = extract_unfinished;
	return true;
}

static void set_stream(struct cri *c, struct work *w, const struct cri_line *l)
{
	struct memo_slot *m = memo_slot(&c->memo, w->e.labels, l->is_stderr);

	if (!memo_knows(m, w->e.labels, l->is_stderr))
		memo_set(m, w->e.labels, l->is_stderr,
			labels_with(w->e.labels, STR("stream"), l->stream));
	w->e.labels = m->out;
}

static bool cri_run(struct stage *s, struct work *w)
{
	struct cri *c = container_of(s, struct cri, base);
	struct cri_line l;

	if (!cri_parse(&c->clock, w->e.line, &l))
		return true;
	w->e.line = l.content;
	if (l.has_time)
		w->e.time = l.time;
	set_stream(c, w, &l);
	if (s->in->process->uses_extracted) {
		extracted_set(&w->x, STR("flags"), l.is_partial ? STR("P") : STR("F"));
		extracted_set(&w->x, STR("stream"), l.stream);
		extracted_set(&w->x, STR("content"), l.content);
		extracted_set(&w->x, STR("time"), l.time_text);
	}
	if (l.is_partial) {
		partials_add(&c->partials, w);
		return false;
	}
	return c->partials.open.n == 0 || partials_end(&c->partials, w);
}

static void cri_take_over(struct stage *s, struct stage *old)
{
	partials_take_over(&container_of(s, struct cri, base)->partials,
		&container_of(old, struct cri, base)->partials);
}

static void cri_leave(struct stage *s)
{
	partials_leave(&container_of(s, struct cri, base)->partials);
}

static void cri_fini(struct stage *s)
{
	struct cri *c = container_of(s, struct cri, base);

	partials_fini(&c->partials);
	memo_clear(&c->memo);
}

static const struct stage_ops cri_ops = {
	.size = sizeof(struct cri),
	.check = cri_check,
	.init = cri_init,
	.run = cri_run,
	.take_over = cri_take_over,
	.leave = cri_leave,
	.fini = cri_fini,
};

const struct arg_choice_type stage_cri = {
	.name = "stage.cri",
	.help = "Parses lines in the format of CRI container logs.",
	.args = cri_args,
	.size = sizeof(struct cri_args),
	.ops = &cri_ops,
};
