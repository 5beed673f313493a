/*
 * stage.multiline: a line that matches firstline and those behind it that do not are one
 * entry, with the labels, time and extracted values of the first.
 *
 * Each label set has a block of its own. What comes before the first match of a set passes
 * unchanged; after one, lines that come late (behind max_wait_time or max_lines) make a block
 * with the values of the first line before, as in Alloy. A block holds the acks of its lines.
 */
#include "agent/base/err.h"
#include "agent/base/list.h"
#include "agent/base/log.h"
#include "agent/base/map.h"
#include "agent/base/vec.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/held.h"
#include "agent/flow/budget.h"
#include "agent/flow/join.h"
#include "agent/flow/regex.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

#define STREAMS_MAX 2000 /* one more, and the quietest is forgotten */
#define WISHES_MAX 500   /* expressions of pods */
#define GIVE_UPS_MAX 10
#define BLOCK_MAX ((size_t)2 << 20) /* bytes; longer ones are passed on in parts */

struct multiline_args {
	struct str firstline;
	uint64_t max_lines;
	int64_t max_wait_time;
	bool trim_newlines;
};

static const struct arg multiline_args[] = {
	ARG(multiline_args, firstline, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "RE2 regular expression that matches the first line of a block."),
	ARG(multiline_args, max_lines, .type = ARG_UINT, .def = "128",
		.help = "A block of so many lines is passed on; 0 is no limit."),
	ARG(multiline_args, max_wait_time, .type = ARG_DURATION, .def = "3s",
		.help = "A block that nothing was added to for so long is passed on."),
	ARG(multiline_args, trim_newlines, .type = ARG_BOOL, .def = "true",
		.help = "Whether CR and LF at the end of a line are left out."),
	ARGS_END,
};

struct block {
	struct list link;         /* multiline.order */
	const struct labels *key; /* borrowed of first */
	struct held first;        /* without its line */
	struct join join;         /* the lines, and their acks */
	uint64_t lines;           /* 0: nothing is held */
	int64_t touched;          /* on the loop's clock */
};

struct multiline {
	struct stage base;
	const struct multiline_args *args;
	struct regex *regex;
	struct map wishes; /* of pods: their text and the expression */
	struct timer idle;
	struct map blocks; /* by the pointer of the label set */
	struct list order; /* the same, the one that began last at the end: they leave so */
	struct block *last;
	struct work out; /* one block is passed on at a time */
};

static bool multiline_check(const void *args, struct range at, struct diags *d)
{
	const struct multiline_args *a = args;
	bool ok = true;

	if (a->max_wait_time <= 0)
		ok = diag_error(d, at, "max_wait_time must be greater than 0");
	if (a->firstline.n == 0)
		ok = diag_error(d, at,
			"multiline stage config must define `firstline` regular expression");
	return regex_arg_check("firstline", a->firstline, at, d) && ok;
}

static struct process *process_of(const struct multiline *m)
{
	return m->base.in->process;
}

/* Pushes on what the block holds; the values of its first line stay. */
static void give(struct multiline *m, struct block *b)
{
	size_t bytes = b->join.text.n;

	if (b->lines == 0)
		return;
	b->lines = 0;
	held_restore(&b->first, &m->out, loop_scratch(process_of(m)->loop));
	m->out.e.line = join_pending(&b->join);
	m->out.e.ack = b->join.ack;
	pipeline_emit(&m->base, &m->out);
	join_clear(&b->join);
	budget_return(process_of(m)->budget, bytes);
}

static void block_free(struct block *b)
{
	held_fini(&b->first);
	buf_fini(&b->join.text);
	free(b);
}

static void on_idle(struct timer *t)
{
	struct multiline *m = container_of(t, struct multiline, idle);
	struct budget *budget = process_of(m)->budget;
	struct loop *loop = process_of(m)->loop;
	int64_t now = loop_now(loop);
	int64_t next = INT64_MAX;
	size_t held = 0;

	MAP_EACH(slot, &m->blocks)
	held += ((struct block *)slot->value)->join.text.n;
	LIST_EACH (b, &m->order, struct block, link) {
		int64_t left;

		if (b->lines == 0)
			continue;
		if (held < budget->limit / 2 && ack_has_more(b->join.ack))
			b->touched = now; /* the rest waits in its file, and that for its turn */
		left = b->touched + m->args->max_wait_time - now;
		if (left <= 0)
			give(m, b);
		else if (left < next)
			next = left;
	}
	if (next != INT64_MAX)
		timer_set(&m->idle, loop, next);
}

/* A pod's own first line (--kubernetes.pod-annotations): each is compiled once. One that is wrong,
 * or gives up too often, is not heeded. */
static struct regex *regex_for(struct multiline *m, const struct labels *labels)
{
	struct str text = labels_find(labels, STR("__pod_multiline__"));
	struct regex *re;
	struct err e;

	if (text.n == 0)
		return m->regex;
	re = map_find(&m->wishes, text);
	if (!re && m->wishes.n < WISHES_MAX) {
		re = regex_new(text, 0, &e);
		if (!re) {
			log_warn(process_of(m)->id, "a pod's expression for multiline is wrong",
				KV("expression", text), KV("err", (const char *)e.text),
				KV("hint", "correct its annotation; firstline is used"));
			re = regex_new(m->args->firstline, 0, &e);
		}
		if (re)
			map_set(&m->wishes, text, re);
	}
	return re && regex_gave_up(re) < GIVE_UPS_MAX ? re : m->regex;
}

static bool multiline_init(struct stage *s, const void *args, struct err *e)
{
	struct multiline *m = container_of(s, struct multiline, base);

	m->args = args;
	m->idle.fire = on_idle;
	list_init(&m->order);
	m->regex = regex_new(m->args->firstline, 0, e);
	return m->regex != NULL;
}

static void forget_quietest(struct multiline *m)
{
	struct block *quietest = NULL;

	MAP_EACH(slot, &m->blocks)
	{
		struct block *b = slot->value;

		if (!quietest || b->touched < quietest->touched)
			quietest = b;
	}
	if (!quietest)
		return;
	give(m, quietest);
	map_remove(&m->blocks, (struct str){(const char *)&quietest->key, sizeof(quietest->key)});
	if (m->last == quietest)
		m->last = NULL;
	list_remove(&quietest->link);
	block_free(quietest);
}

/* NULL: this set has had no first line yet. */
static struct block *find(struct multiline *m, const struct labels *key)
{
	if (!m->last || m->last->key != key)
		m->last = map_find(&m->blocks, (struct str){(const char *)&key, sizeof(key)});
	return m->last;
}

static struct block *begin(struct multiline *m, struct block *b, const struct work *w)
{
	if (!b) {
		if (m->blocks.n >= STREAMS_MAX)
			forget_quietest(m);
		b = mem_new(struct block, 1);
		list_init(&b->link);
		b->key = w->e.labels;
		map_set(&m->blocks, (struct str){(const char *)&b->key, sizeof(b->key)}, b);
		m->last = b;
	}
	give(m, b);
	list_remove(&b->link);
	list_add_last(&m->order, &b->link);
	held_keep(&b->first, w, (struct str){0});
	return b;
}

static void add(struct multiline *m, struct block *b, const struct work *w)
{
	struct process *p = process_of(m);
	struct str line = w->e.line;
	size_t before;

	while (m->args->trim_newlines && line.n > 0 &&
		(line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (b->lines > 0 && b->join.text.n + line.n >= BLOCK_MAX)
		give(m, b);
	before = b->join.text.n;
	if (before > 0)
		join_add(&b->join, STR("\n"), w->e.time, NULL);
	join_add(&b->join, line, w->e.time, w->e.ack);
	budget_charge(p->budget, b->join.text.n - before);
	b->touched = loop_now(p->loop);
	if (++b->lines == m->args->max_lines)
		give(m, b);
	else if (!timer_is_set(&m->idle))
		timer_set(&m->idle, p->loop, m->args->max_wait_time);
}

static bool multiline_run(struct stage *s, struct work *w)
{
	struct multiline *m = container_of(s, struct multiline, base);
	struct block *b = find(m, w->e.labels);

	if (regex_match(regex_for(m, w->e.labels), w->e.line))
		b = begin(m, b, w);
	else if (!b)
		return true;
	add(m, b, w);
	return false;
}

static void multiline_leave(struct stage *s)
{
	struct multiline *m = container_of(s, struct multiline, base);

	timer_clear(&m->idle);
	LIST_EACH (b, &m->order, struct block, link)
		give(m, b);
}

static void multiline_fini(struct stage *s)
{
	struct multiline *m = container_of(s, struct multiline, base);

	timer_clear(&m->idle);
	MAP_EACH(slot, &m->blocks)
	block_free(slot->value);
	work_fini(&m->out);
	map_fini(&m->blocks);
	MAP_EACH(slot, &m->wishes)
	regex_free(slot->value);
	map_fini(&m->wishes);
	regex_free(m->regex);
}

static const struct stage_ops multiline_ops = {
	.size = sizeof(struct multiline),
	.check = multiline_check,
	.init = multiline_init,
	.run = multiline_run,
	.leave = multiline_leave,
	.fini = multiline_fini,
};

const struct arg_choice_type stage_multiline = {
	.name = "stage.multiline",
	.help = "Joins lines to entries.",
	.args = multiline_args,
	.size = sizeof(struct multiline_args),
	.ops = &multiline_ops,
};
