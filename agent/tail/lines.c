/*
 * From bytes to entries. A line is a view into the block that was read; only the pieces of
 * a record in several parts are copied, until its last one comes.
 */
#include "agent/tail/tail.h"

#include "agent/base/metric.h"
#include "proto/cri/docker.h"

static void push(struct tail *t, struct str line, int64_t time, struct ack *ack)
{
	struct entry e = {.labels = t->labels, .time = time, .line = line, .ack = ack};

	receivers_push(&t->source->to, &e);
}

static void flush(struct tail *t, struct open_record *r)
{
	if (!r->join.is_open)
		return;
	push(t, join_pending(&r->join), r->join.time, r->join.ack);
	join_clear(&r->join);
}

void lines_flush(struct tail *t)
{
	flush(t, &t->records[0]);
	flush(t, &t->records[1]);
}

bool lines_are_open(const struct tail *t)
{
	return t->records[0].join.is_open || t->records[1].join.is_open;
}

void lines_forget(struct tail *t)
{
	for (size_t i = 0; i < 2; i++) {
		struct open_record *r = &t->records[i];

		if (!r->join.is_open)
			continue;
		if (r->start < r->file->rewind)
			r->file->rewind = r->start;
		join_clear(&r->join);
	}
}

struct record {
	uint64_t start; /* in the file */
	struct str content;
	int64_t time;
	bool is_partial;
	bool is_stderr;
};

/* A piece that is not the last one. */
static void add_piece(
	struct tail *t, struct open_record *o, const struct record *r, struct chunk *c)
{
	if (!o->join.is_open) {
		o->file = c->file;
		o->start = r->start;
	}
	join_add(&o->join, r->content, r->time, &c->ack);
	t->join_since = loop_now(t->tailer->loop);
}

static void push_record(struct tail *t, const struct record *r, struct chunk *c)
{
	struct open_record *o = &t->records[r->is_stderr];
	int64_t time;
	struct str whole;

	if (o->join.is_open && o->join.text.n + r->content.n > MAX_LINE) {
		metric_add(t->tailer->m_split, 1);
		flush(t, o);
	}
	if (r->is_partial) {
		add_piece(t, o, r, c);
	} else if (!o->join.is_open) {
		push(t, r->content, r->time, &c->ack);
	} else {
		whole = join_end(&o->join, r->content, &time, &c->ack);
		push(t, whole, time, &c->ack);
		join_clear(&o->join);
	}
}

/* now is the time of reading, for lines that have none. */
static void push_container_line(struct tail *t, struct str line, int64_t now, struct chunk *c)
{
	struct tailer *owner = t->tailer;
	struct record r = {.start = c->start + (uint64_t)(line.p - owner->chunk)};
	struct docker_line d;
	struct cri_line cri;

	if (cri_parse(&owner->clock, line, &cri)) {
		r.content = cri.content;
		r.time = cri.has_time ? cri.time : now;
		r.is_partial = cri.is_partial;
		r.is_stderr = cri.is_stderr;
	} else if (line.n && line.p[0] == '{' && docker_parse(line, &owner->docker, &d)) {
		r.content = d.content;
		r.time = d.has_time ? d.time : now;
		r.is_partial = d.is_partial;
		r.is_stderr = str_is(d.stream, "stderr");
	} else {
		metric_add(owner->m_malformed, 1);
		push(t, line, now, &c->ack);
		return;
	}
	push_record(t, &r, c);
}

static void push_line(struct tail *t, struct str line, int64_t now, struct chunk *c)
{
	if (t->source->format == TAIL_CONTAINER) {
		push_container_line(t, line, now, c);
		return;
	}
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	push(t, line, now, &c->ack);
}

void lines_push(struct tail *t, struct str bytes, struct chunk *c)
{
	int64_t now = loop_wall(t->tailer->loop);
	const char *end = bytes.p + bytes.n;
	size_t lines = 0;

	t->tailer->chunk = bytes.p;
	for (const char *p = bytes.p; p < end; lines++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		push_line(t, (struct str){p, (size_t)(newline - p)}, now, c);
		p = newline + 1;
	}
	if (t->m_lines)
		metric_add(t->m_lines, (double)lines);
}

void lines_push_rest(struct tail *t, struct str line, struct chunk *c)
{
	t->tailer->chunk = line.p;
	push_line(t, line, loop_wall(t->tailer->loop), c);
	if (t->m_lines)
		metric_add(t->m_lines, 1);
}
