/*
 * stage.docker: one line of Docker's json-file driver (proto/cri/docker.h). Sets the line,
 * the time and the label stream. What is not of this form passes unchanged.
 *
 * Two things are otherwise than in Alloy: the newline at the end of "log" is not part of the
 * line, and a line of which Docker made pieces (over 16 KiB) is joined as stage.cri does it.
 */
#include "agent/base/buf.h"
#include "agent/component/loki.process/partials.h"
#include "proto/cri/docker.h"

static const struct arg docker_args[] = {ARGS_END};

struct docker {
	struct stage base;
	struct buf scratch;
	struct partials partials;
	struct memo memo;
};

static void extract_unfinished(struct work *w)
{
	extracted_set(&w->x, STR("stream"), labels_find(w->e.labels, STR("stream")));
	extracted_set(&w->x, STR("output"), w->e.line);
}

static bool docker_init(struct stage *s, const void *args, struct err *e)
{
	struct docker *k = container_of(s, struct docker, base);

	(void)args;
	(void)e;
	partials_init(&k->partials, s);
	k->partials.max = PARTIALS_MAX;
	k->partials.extract = extract_unfinished;
	return true;
}

static bool docker_run(struct stage *s, struct work *w)
{
	struct docker *k = container_of(s, struct docker, base);
	struct docker_line l;

	if (!docker_parse(w->e.line, &k->scratch, &l))
		return true;
	w->e.line = l.content;
	if (l.has_time)
		w->e.time = l.time;
	w->e.labels = memo_change(&k->memo, w->e.labels, 0,
		&(struct label){STR("stream"), l.stream}, 1);
	if (s->in->process->uses_extracted) {
		extracted_set(&w->x, STR("output"), l.content);
		extracted_set(&w->x, STR("stream"), l.stream);
		extracted_set(&w->x, STR("timestamp"), l.time_text);
	}
	if (l.is_partial) {
		partials_add(&k->partials, w);
		return false;
	}
	return k->partials.open.n == 0 || partials_end(&k->partials, w);
}

static void docker_take_over(struct stage *s, struct stage *old)
{
	partials_take_over(&container_of(s, struct docker, base)->partials,
		&container_of(old, struct docker, base)->partials);
}

static void docker_leave(struct stage *s)
{
	partials_leave(&container_of(s, struct docker, base)->partials);
}

static void docker_fini(struct stage *s)
{
	struct docker *k = container_of(s, struct docker, base);

	partials_fini(&k->partials);
	memo_clear(&k->memo);
	buf_fini(&k->scratch);
}

static const struct stage_ops docker_ops = {
	.size = sizeof(struct docker),
	.init = docker_init,
	.run = docker_run,
	.take_over = docker_take_over,
	.leave = docker_leave,
	.fini = docker_fini,
};

const struct arg_choice_type stage_docker = {
	.name = "stage.docker",
	.help = "Parses lines in the format of Docker's json-file log driver.",
	.args = docker_args,
	.size = 1,
	.ops = &docker_ops,
};
