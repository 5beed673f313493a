/*
 * logging: level, form and further destinations of the agent's own log lines.
 *
 * write_to gets the lines at the end of the turn in which they were written, from a bounded buffer:
 * a line may come from anywhere, from the middle of a receiver too. What does not fit is left out
 * there; stderr has it all the same.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/flow/entry.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"

#include <unistd.h>

#define HELD_MAX (64 << 10)

struct logging_args {
	struct str level;
	struct str format;
	struct str destination;
	struct arg_capsules write_to;
};

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};
static const char *const destinations[] = {"stderr", NULL};

static const struct arg logging_args[] = {
	ARG(logging_args, level, .type = ARG_STR, .def = "info", .one_of = levels,
		.help = "Least level that is written."),
	ARG(logging_args, format, .type = ARG_STR, .def = "logfmt", .one_of = formats,
		.help = "Form of the lines."),
	ARG(logging_args, destination, .type = ARG_STR, .def = "stderr", .one_of = destinations,
		.help = "Where lines go."),
	ARG(logging_args, write_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.help = "Receivers that get the lines, too."),
	ARGS_END,
};

struct logging {
	struct component base;
	struct task push;
	struct buf held; /* whole lines */
	struct receivers to;
};

static struct logging *current; /* the log has one writer */

static void write_stderr(struct str line)
{
	while (line.n > 0) {
		ssize_t n = write(STDERR_FILENO, line.p, line.n);

		if (n <= 0)
			return;
		line = str_from_at(line, (size_t)n);
	}
}

static void write_line(struct str line)
{
	struct logging *l = current;

	write_stderr(line);
	if (!l || l->to.n == 0 || l->held.n + line.n > HELD_MAX)
		return;
	buf_add_str(&l->held, line);
	task_defer(&l->push, l->base.loop);
}

static void push_line(struct logging *l, struct str line)
{
	struct label component = {STR("component"), STR("alloy")};
	const struct labels *labels = labels_intern(&component, 1);
	struct entry e = {.labels = labels, .time = loop_wall(l->base.loop), .line = line};

	receivers_push(&l->to, &e);
	labels_release(labels);
}

/* Pushing may write lines, too; they wait for the next turn. */
static void on_push(struct task *t)
{
	struct logging *l = container_of(t, struct logging, push);
	struct buf lines = l->held;
	struct str rest = buf_str(&lines), line;

	l->held = (struct buf){0};
	while (str_cut(rest, '\n', &line, &rest))
		push_line(l, line);
	buf_fini(&lines);
}

static enum log_level level_of(struct str word)
{
	if (str_is(word, "error"))
		return LOG_ERROR;
	if (str_is(word, "warn"))
		return LOG_WARN;
	return str_is(word, "debug") ? LOG_DEBUG : LOG_INFO;
}

static bool logging_take(struct component *c, const void *args, struct err *e)
{
	struct logging *l = container_of(c, struct logging, base);
	const struct logging_args *a = args;

	(void)e;
	l->push.run = on_push;
	l->to = (struct receivers){(struct receiver *const *)(const void *)a->write_to.p,
		a->write_to.n};
	current = l;
	log_set(level_of(a->level), str_is(a->format, "json") ? LOG_JSON : LOG_LOGFMT);
	log_set_writer(a->write_to.n > 0 ? write_line : NULL);
	return true;
}

static void logging_stop(struct component *c)
{
	struct logging *l = container_of(c, struct logging, base);

	if (current == l) {
		current = NULL;
		log_set_writer(NULL);
		log_set(LOG_INFO, LOG_LOGFMT);
	}
	task_cancel(&l->push);
	on_push(&l->push);
	buf_fini(&l->held);
	component_stopped(c);
}

const struct component_type logging = {
	.name = "logging",
	.help = "The agent's own log lines.",
	.stability = STABILITY_GA,
	.is_config = true,
	.args = logging_args,
	.size = sizeof(struct logging),
	.args_size = sizeof(struct logging_args),
	.start = logging_take,
	.update = logging_take,
	.stop = logging_stop,
};
