/*
 * From a file's bytes to chunks of lines: what is there is read in blocks, cut at the last newline,
 * and handed on in chunks, each of which is acknowledged by itself. Nothing is copied: the lines
 * are parts of the block.
 */
#include "agent/tail/tail.h"

#include "agent/base/mem.h"
#include "agent/base/metric.h"

#include <errno.h>
#include <unistd.h>

static ssize_t read_block(struct tail_file *f, size_t n)
{
	struct tailer *t = f->tail->tailer;
	ssize_t got;

	if (t->block_n < n) {
		t->block = mem_resize(t->block, n);
		t->block_n = n;
	}
	do {
		got = f->gz ? gz_read(f->gz, t->block, n, f->offset)
			    : pread(f->fd, t->block, n, (off_t)f->offset);
	} while (got == -1 && errno == EINTR);
	return got;
}

static void push_chunk(struct tail_file *f, struct str bytes, bool whole_lines)
{
	struct chunk *c = chunk_new(f, f->offset + bytes.n); /* from f->offset on */
	struct tail *t = f->tail;

	f->offset += bytes.n;
	if (whole_lines)
		lines_push(t, bytes, c);
	else
		lines_push_rest(t, bytes, c);
	ack_release(&c->ack);
}

/* The lines at the head of bytes that are acknowledged together. */
static size_t chunk_size(struct str bytes)
{
	const char *end;

	if (bytes.n <= CHUNK)
		return bytes.n;
	end = memrchr(bytes.p, '\n', CHUNK);
	if (!end)
		end = memchr(bytes.p + CHUNK, '\n', bytes.n - CHUNK);
	return end ? (size_t)(end - bytes.p) + 1 : bytes.n;
}

static void push_bytes(struct tail_file *f, struct str bytes, bool whole_lines)
{
	struct tail *t = f->tail;

	f->changed = loop_now(t->tailer->loop);
	if (t->m_bytes)
		metric_add(t->m_bytes, (double)bytes.n);
	while (bytes.n > 0) {
		size_t n = whole_lines ? chunk_size(bytes) : bytes.n;

		push_chunk(f, str_head(bytes, n), whole_lines);
		bytes = str_from_at(bytes, n);
	}
}

/* A file that has its turn only to end a record ends with it: false, the other lines are read
 * again. */
static bool push_lines(struct tail_file *f, struct str bytes)
{
	struct tail *t = f->tail;
	bool all = !t->goes_on || t->origin.open == 0;

	t->goes_on = false;
	if (all)
		push_bytes(f, bytes, true);
	while (!all && bytes.n > 0 && t->origin.open > 0) {
		size_t n = chunk_size(bytes);

		push_bytes(f, str_head(bytes, n), true);
		bytes = str_from_at(bytes, n);
	}
	return all || bytes.n == 0;
}

/* One block of whole lines. A line longer than a block is read again in a larger one. */
enum got file_read_lines(struct tail_file *f)
{
	size_t want = BLOCK;
	ssize_t got;
	const char *end;

	for (;;) {
		got = read_block(f, want);
		if (got == -1)
			return GOT_ERROR;
		end = got ? memrchr(f->tail->tailer->block, '\n', (size_t)got) : NULL;
		if (end || (size_t)got < want || want >= MAX_LINE)
			break;
		want *= 2;
	}
	if (end) {
		size_t n = (size_t)(end - f->tail->tailer->block) + 1;

		if (!push_lines(f, (struct str){f->tail->tailer->block, n}))
			return GOT_MORE;
	} else if ((size_t)got == want) {
		metric_add(f->tail->tailer->m_split, 1);
		push_bytes(f, (struct str){f->tail->tailer->block, (size_t)got}, false);
	}
	return (size_t)got == want ? GOT_MORE : GOT_ALL;
}

/* The bytes behind the last newline of a file that nobody writes any more; and before them, what
 * was written after all since it was read. False and errno: they cannot be read. */
bool file_read_rest(struct tail_file *f)
{
	ssize_t got = read_block(f, MAX_LINE);
	struct str bytes = {f->tail->tailer->block, got > 0 ? (size_t)got : 0};
	const char *end = bytes.n ? memrchr(bytes.p, '\n', bytes.n) : NULL;
	size_t lines = end ? (size_t)(end - bytes.p) + 1 : 0;

	if (lines > 0)
		push_bytes(f, str_head(bytes, lines), true);
	if (bytes.n > lines)
		push_bytes(f, str_from_at(bytes, lines), false);
	return got != -1;
}
