/* One file that has had a tail's name: its descriptor, its chunks, its position. */
#include "agent/tail/tail.h"

#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct tail_file *file_new(struct tail *t, int fd, struct tail_name *name)
{
	struct tail_file *f = mem_new(struct tail_file, 1);

	f->tail = t;
	f->fd = fd;
	f->state = FILE_READING;
	f->changed = loop_now(t->tailer->loop);
	f->rewind = UINT64_MAX;
	list_init(&f->in_name);
	list_add_last(&t->files, &f->link);
	file_set_name(f, name);
	file_identify(fd, "", &f->id);
	return f;
}

void file_close(struct tail_file *f)
{
	bool has_name;

	if (f->fd == -1)
		return;
	file_size(f, &has_name);
	f->deleted = !has_name;
	if (f->gz)
		gz_close(f->gz);
	else
		close(f->fd);
	f->gz = NULL;
	f->fd = -1;
	file_set_name(f, NULL);
}

/* What is not settled stays so: its position has not moved. */
void file_free(struct tail_file *f)
{
	struct chunk *next;

	file_close(f);
	for (struct chunk *c = f->first; c; c = next) {
		next = c->next;
		ack_abandon(&c->ack);
		free(c);
	}
	file_set_name(f, NULL);
	list_remove(&f->link);
	free(f);
}

void file_set_name(struct tail_file *f, struct tail_name *name)
{
	struct tail_name *old = f->name;

	dir_unmove(f);
	list_remove(&f->in_name);
	f->name = name;
	if (name)
		list_add_last(&name->files, &f->in_name);
	if (old && old != name)
		dir_name_release(old);
}

void file_set_state(struct tail_file *f, enum file_state next)
{
	struct tailer *t = f->tail->tailer;

	if (f->state == next)
		return;
	f->changed = loop_now(t->loop);
	switch (next) {
	case FILE_READING: /* it has the tail's name after all, or again */
		break;
	case FILE_ENDING:
		if (f->state == FILE_READING)
			metric_add(t->m_rotations, 1);
		f->closed = false;
		f->ended = f->changed;
		tailer_held(t);
		break;
	case FILE_DRAINED:
		break;
	}
	f->state = next;
}

uint64_t file_size(const struct tail_file *f, bool *has_name)
{
	struct stat st;

	*has_name = f->fd != -1;
	if (f->fd == -1)
		return 0;
	if (fstat(f->fd, &st) == -1)
		return f->offset;
	*has_name = st.st_nlink > 0;
	return f->gz ? f->offset : (uint64_t)st.st_size; /* what is compressed does not grow */
}

bool file_has_ended(const struct tail_file *f)
{
	struct stat st;

	if (f->state != FILE_READING || f->fd == -1 || fstat(f->fd, &st) == -1 ||
		(uint64_t)st.st_size > f->offset)
		return false;
	return f->closed || file_age(&st) > RECORD_WAIT;
}

/* Of what is there, read or not, so that the file is known also when it is compressed before a
 * line of it was read. What has been written to a log does not change. */
void file_hash_head(struct tail_file *f)
{
	char head[POSITION_HEAD];
	ssize_t got;

	if (f->head_n == sizeof(head) || f->fd == -1 || f->gz)
		return;
	got = pread(f->fd, head, sizeof(head), 0);
	if (got <= (ssize_t)f->head_n)
		return;
	f->head_n = (uint32_t)got;
	f->head_hash = str_hash((struct str){head, (size_t)got});
}

bool file_has_head(const struct tail_file *f, int fd)
{
	char head[POSITION_HEAD];
	ssize_t n = pread(fd, head, f->head_n, 0);

	return n == (ssize_t)f->head_n &&
	       (n == 0 || str_hash((struct str){head, (size_t)n}) == f->head_hash);
}

bool file_is_settled(const struct tail_file *f)
{
	return f->state == FILE_DRAINED && !f->first && f->rewind == UINT64_MAX;
}

static bool waits_for_older(const struct tail_file *f)
{
	for (struct list *l = f->link.prev; l != &f->tail->files; l = l->prev) {
		if (!file_is_settled(container_of(l, struct tail_file, link)))
			return true;
	}
	return false;
}

struct position *file_position(const struct tail_file *f)
{
	struct position *p = mem_new(struct position, 1);
	const char *base = strrchr(f->tail->path, '/');

	p->key = mem_text(str_from(f->tail->key));
	p->name = mem_text(str_from(f->name ? f->name->name : base ? base + 1
								   : f->tail->path));
	p->device = f->id.device;
	p->inode = f->id.inode;
	p->born = f->id.born;
	p->head_n = f->head_n;
	p->head_hash = f->head_hash;
	p->offset = f->acked < f->rewind ? f->acked : f->rewind;
	if (waits_for_older(f) && f->begin < p->offset)
		p->offset = f->begin;
	return p;
}

/* Settled chunks at the front move the position; one in the middle waits for those before. */
static void on_settled(struct ack *a)
{
	struct chunk *c = container_of(a, struct chunk, ack);
	struct tail_file *f = c->file;
	struct tail *t = f->tail;

	c->settled = true;
	if (a->failed) {
		if (c->start < f->rewind)
			f->rewind = c->start;
		f->failed = t->failed = true;
	}
	if (c != f->first)
		return;
	while (f->first && f->first->settled) {
		c = f->first;
		f->acked = c->end;
		f->first = c->next;
		if (!f->first)
			f->last = NULL;
		free(c);
	}
	tailer_changed(t->tailer);
	if (t->failed || (f->state == FILE_DRAINED && !f->first))
		tailer_ready(t);
	tail_try_free(t);
}

/* Nothing is read further: what is behind the lines that come again has to come after them. */
static void on_failing(struct ack *a)
{
	container_of(a, struct chunk, ack)->file->tail->failed = true;
}

struct chunk *chunk_new(struct tail_file *f, uint64_t end)
{
	struct chunk *c = mem_new(struct chunk, 1);

	ack_init(&c->ack, on_settled);
	c->ack.failing = on_failing;
	c->ack.origin = &f->tail->origin;
	c->file = f;
	c->ack.last_chance = f->tail->tailer->set.once != NULL;
	c->start = f->offset;
	c->end = end;
	if (f->last)
		f->last->next = c;
	else
		f->first = c;
	f->last = c;
	return c;
}

/* Some lines after the record's beginning may have been sent: they are sent again. */
void file_rewind(struct tail_file *f)
{
	if (f->rewind < f->offset)
		f->offset = f->rewind;
	f->rewind = UINT64_MAX;
}

void file_read_again(struct tail_file *f, bool after_older)
{
	bool closed = f->closed;
	uint64_t to = f->rewind < f->offset ? f->rewind : f->offset;

	if (after_older && f->begin < to)
		to = f->begin;
	f->offset = f->acked = to;
	f->rewind = UINT64_MAX;
	f->failed = false;
	if (f->gz)
		gz_rewind(f->gz);
	if (f->state == FILE_DRAINED)
		file_set_state(f, FILE_ENDING);
	f->closed = closed;
}

/* A compressed file has the position's head; of one that is not known it is taken here. */
int file_start_gz(struct tail_file *f, const struct position *known)
{
	char head[POSITION_HEAD];
	ssize_t n;

	f->gz = gz_open(f->fd);
	if (!f->gz) {
		f->fd = -1;
		return -1;
	}
	f->closed = true; /* nobody writes it any more */
	if (known) {
		f->head_n = known->head_n;
		f->head_hash = known->head_hash;
		return 0;
	}
	n = gz_read(f->gz, head, sizeof(head), 0);
	if (n == -1 && errno != EBADMSG) { /* what is broken is said when its turn comes */
		int error = errno;

		file_close(f);
		errno = error;
		return -1;
	}
	if (n > 0) {
		f->head_n = (uint32_t)n;
		f->head_hash = str_hash((struct str){head, (size_t)n});
	}
	return 0;
}
