/*
 * loki.echo: writes each entry it gets to the agent's log, and no further. An entry is settled at
 * once: there is nobody to wait for. For people who look at what a pipeline makes; what a
 * loki.write would send is shown by --dry-run.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/flow/entry.h"
#include "agent/graph/component.h"

struct loki_echo {
	struct component base;
	struct receiver receiver;
	struct buf labels;
	struct buf meta;
};

static const struct arg echo_args[] = {ARGS_END};

struct echo_args {
	char none;
};

static void print_meta(struct buf *out, const struct entry *e)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < e->n_meta; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_json(out, e->meta[i].name);
		buf_add_char(out, ':');
		buf_add_json(out, e->meta[i].value);
	}
	buf_add_char(out, '}');
}

static void on_push(struct receiver *r, const struct entry *e)
{
	struct loki_echo *c = container_of(r, struct loki_echo, receiver);
	char time[TIMESTAMP_SIZE];

	if (!log_is_on(LOG_INFO))
		return;
	buf_clear(&c->labels);
	buf_clear(&c->meta);
	labels_print(&c->labels, e->labels);
	print_meta(&c->meta, e);
	log_info(c->base.id, "received log entry", KV("entry", e->line),
		KV("entry_timestamp", timestamp_format(time, e->time)),
		KV("labels", buf_str(&c->labels)), KV("structured_metadata", buf_str(&c->meta)));
}

static bool loki_echo_start(struct component *c, const void *args, struct err *e)
{
	struct loki_echo *echo = container_of(c, struct loki_echo, base);

	(void)args;
	(void)e;
	echo->receiver.push = on_push;
	echo->receiver.id = c->id;
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &echo->receiver));
	return true;
}

static bool loki_echo_update(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

static void loki_echo_stop(struct component *c)
{
	struct loki_echo *echo = container_of(c, struct loki_echo, base);

	buf_fini(&echo->labels);
	buf_fini(&echo->meta);
	component_stopped(c);
}

static const struct export_field exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Where entries are pushed to."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type loki_echo = {
	.name = "loki.echo",
	.help = "Writes the entries it gets to the agent's log.",
	.stability = STABILITY_GA,
	.args = echo_args,
	.size = sizeof(struct loki_echo),
	.args_size = sizeof(struct echo_args),
	.exports = exports,
	.start = loki_echo_start,
	.update = loki_echo_update,
	.stop = loki_echo_stop,
};
