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

static void flush(struct tail *t, struct join *j)
{
	if (!j->is_open)
		return;
	push(t, join_pending(j), j->time, j->ack);
	join_clear(j);
}

bool lines_are_open(const struct tail *t)
{
	return t->records[0].is_open || t->records[1].is_open;
}

/* Nothing is open any more: the last chunk need not wait for the next one. */
static void let_go(struct tail *t)
{
	struct ack *a = t->open_ack;

	t->open_ack = NULL;
	if (a)
		ack_release(a);
}

void lines_flush(struct tail *t)
{
	flush(t, &t->records[0]);
	flush(t, &t->records[1]);
	let_go(t);
}

void lines_forget(struct tail *t)
{
	if (!lines_are_open(t))
		return;
	if (t->open_start < t->open_file->rewind)
		t->open_file->rewind = t->open_start;
	join_clear(&t->records[0]);
	join_clear(&t->records[1]);
	let_go(t);
}

/*
 * The pieces of both streams are mixed. Whoever reads again must not begin between two pieces, also
 * if that record has been delivered and only one of the other stream is open: so a chunk that
 * ends while a record is open is settled only with the next one.
 */
static void begin_chunk(struct tail *t, struct chunk *c)
{
	if (t->open_ack)
		ack_chain(&c->ack, t->open_ack);
	t->open_ack = NULL;
}

static void end_chunk(struct tail *t, struct chunk *c)
{
	if (!lines_are_open(t))
		return;
	ack_hold(&c->ack);
	t->open_ack = &c->ack;
}

struct record {
	uint64_t start; /* in the file */
	struct str content;
	int64_t time;
	bool is_partial;
	bool is_stderr;
};

/* A piece that is not the last one. */
static void add_piece(struct tail *t, struct join *j, const struct record *r, struct chunk *c)
{
	if (!lines_are_open(t)) {
		t->open_file = c->file;
		t->open_start = r->start;
	}
	join_add(j, r->content, r->time, &c->ack);
	t->join_since = loop_now(t->tailer->loop);
	t->join_looked = false;
}

static void push_record(struct tail *t, const struct record *r, struct chunk *c)
{
	struct join *j = &t->records[r->is_stderr];
	int64_t time;
	struct str whole;

	if (j->is_open && j->text.n + r->content.n > MAX_LINE) {
		metric_add(t->tailer->m_split, 1);
		flush(t, j);
	}
	if (r->is_partial) {
		add_piece(t, j, r, c);
	} else if (!j->is_open) {
		push(t, r->content, r->time, &c->ack);
	} else {
		whole = join_end(j, r->content, &time, &c->ack);
		push(t, whole, time, &c->ack);
		join_clear(j);
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
	begin_chunk(t, c);
	for (const char *p = bytes.p; p < end; lines++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		push_line(t, (struct str){p, (size_t)(newline - p)}, now, c);
		p = newline + 1;
	}
	end_chunk(t, c);
	if (t->m_lines)
		metric_add(t->m_lines, (double)lines);
}

void lines_push_rest(struct tail *t, struct str line, struct chunk *c)
{
	t->tailer->chunk = line.p;
	begin_chunk(t, c);
	push_line(t, line, loop_wall(t->tailer->loop), c);
	end_chunk(t, c);
	if (t->m_lines)
		metric_add(t->m_lines, 1);
}
