/*
 * Files are opened when they are needed, and only those of requests that are being sent stay
 * open. Nothing is added to a file of an earlier life, so that what was wrong with its end stays
 * where it was.
 */

#include "agent/component/common/otelcol_export/disk_private.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/component/common/otelcol_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct list *disk_link(struct disk *d)
{
	return &d->link;
}

struct disk *disk_from_link(struct list *link)
{
	return container_of(link, struct disk, link);
}

struct disk *disk_of(const struct disk_place *at)
{
	return at->segment->disk;
}

/* ---- opening ---- */

static void on_segment(struct disk *d, const char *name, void *owner)
{
	struct segment *g = segment_new(d, strtoull(name, NULL, 16));

	(void)owner;
	g->size = disk_size_of(d, name);
	d->storage->used += g->size;
	if (g->number >= d->next)
		d->next = g->number + 1;
}

static void on_aside(struct disk *d, const char *name, void *owner)
{
	(void)owner;
	d->storage->used += disk_size_of(d, name);
	if (strtoull(name, NULL, 16) >= d->next)
		d->next = strtoull(name, NULL, 16) + 1;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = (*(struct segment *const *)a)->number;
	uint64_t y = (*(struct segment *const *)b)->number;

	return x < y ? -1 : x > y;
}

static void sort_segments(struct disk *d)
{
	struct {
		struct segment **p;
		size_t n, cap;
	} all = {0};

	LIST_EACH (g, &d->segments, struct segment, link) {
		list_remove(&g->link);
		*vec_add(&all) = g;
	}
	if (all.n > 0)
		qsort(all.p, all.n, sizeof(*all.p), by_number);
	for (size_t i = 0; i < all.n; i++)
		list_add_last(&d->segments, &all.p[i]->link);
	free(all.p);
}

static bool make_folder(struct disk *d, struct err *e)
{
	if (mkdir(d->path, d->storage->mode) == -1 && errno != EEXIST)
		return err_set(e, "cannot make %s: %s", d->path, strerror(errno));
	d->dir = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir == -1)
		return err_set(e, "cannot open %s: %s", d->path, strerror(errno));
	d->lock = openat(d->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock == -1)
		return err_set(e,
			"cannot write in %s: %s (a folder that a reload names first is closed by "
			"the sandbox until a restart)",
			d->path, strerror(errno));
	if (flock(d->lock, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, "%s is in use by another process", d->path);
	return true;
}

struct disk *disk_open(
	struct storage *s, struct str name, enum signal_kind kind, const char *id, struct err *e)
{
	struct disk *d = mem_new(struct disk, 1);
	struct buf path = {0};

	buf_printf(&path, "%s/" STR_FMT "%c", s->directory, STR_ARG(name), 0);
	d->path = path.p;
	d->storage = storage_hold(s);
	d->id = id;
	d->kind = kind;
	d->dir = d->lock = -1;
	d->next = 1;
	list_init(&d->link);
	list_init(&d->segments);
	if (!make_folder(d, e)) {
		disk_close(d);
		return NULL;
	}
	if (!disk_each_file(d, "queue", on_segment, NULL) ||
		!disk_each_file(d, "corrupt", on_aside, NULL)) {
		err_set(e, "cannot read %s: %s", d->path, strerror(errno));
		disk_close(d);
		return NULL;
	}
	sort_segments(d);
	return d;
}

void disk_close(struct disk *d)
{
	if (!d)
		return;
	if (d->writing && d->writing->waiting == 0)
		segment_end(d->writing);
	LIST_EACH (g, &d->segments, struct segment, link)
		segment_free(g);
	list_remove(&d->link);
	if (d->dir != -1)
		close(d->dir);
	if (d->lock != -1)
		close(d->lock);
	storage_release(d->storage);
	free(d->path);
	free(d);
}

bool disk_is_at(const struct disk *d, const struct storage *s)
{
	size_t n = strlen(s->directory);

	return strncmp(d->path, s->directory, n) == 0 && d->path[n] == '/' &&
	       !strchr(d->path + n + 1, '/');
}

bool disk_rename(struct disk *d, struct str name, struct err *e)
{
	struct buf path = {0};

	buf_printf(&path, "%s/" STR_FMT "%c", d->storage->directory, STR_ARG(name), 0);
	if (rename(d->path, path.p) == -1) {
		err_set(e, "%s to %s: %s", d->path, path.p, strerror(errno));
		buf_fini(&path);
		return false;
	}
	free(d->path);
	d->path = path.p;
	d->is_named = false;
	return true;
}

void disk_set_storage(struct disk *d, struct storage *s)
{
	uint64_t mine = 0;

	if (d->storage == s)
		return;
	LIST_EACH (g, &d->segments, struct segment, link)
		mine += g->size;
	d->storage->used -= mine < d->storage->used ? mine : d->storage->used;
	s->used += mine;
	storage_release(d->storage);
	d->storage = storage_hold(s);
}

/* ---- what an earlier life left ---- */

static void count(struct metric *m)
{
	if (m)
		metric_add(m, 1);
}

static bool begin_scan(struct disk *d)
{
	if (d->is_known)
		return false;
	LIST_EACH (g, &d->segments, struct segment, link) {
		if (g->is_read)
			continue;
		if (!segment_open(g)) {
			log_error(d->id, "a file of the queue cannot be opened",
				KV("folder", (const char *)d->path), KV("err", strerror(errno)),
				KV("hint", "what is in it is tried again after a restart"));
			count(d->storage->damaged);
			g->is_read = true; /* it stays, but is no use now */
			g->waiting++;
			continue;
		}
		d->reading = g;
		d->scan = (struct record_scan){.fd = g->fd, .size = g->size};
		return true;
	}
	d->is_known = true;
	return false;
}

static void say_damaged(struct disk *d, const struct segment *g, uint64_t from, uint64_t to)
{
	log_error(d->id, "a part of the queue on disk cannot be read; the rest is sent",
		KV("folder", (const char *)d->path), KV("file_number", (int64_t)g->number),
		KV("from", (int64_t)from), KV("to", (int64_t)to),
		KV("hint", "the file is kept as .corrupt; look at the disk's health, and whether "
			   "something else writes there"));
}

static void on_cut(struct disk *d, uint64_t from, uint64_t to)
{
	count(d->storage->cut);
	log_warn(d->id, "the last request in a file of the queue is not whole: its writing was "
			"cut short",
		KV("folder", (const char *)d->path), KV("bytes", (int64_t)(to - from)),
		KV("hint", d->storage->fsync ? "its sender was not told that it was taken"
					     : "after a loss of power set fsync = true"));
}

static void end_scan(struct disk *d)
{
	struct segment *g = d->reading;

	g->is_read = true;
	d->reading = NULL;
	segment_close(g);
	segment_settle(g);
}

bool disk_next(struct disk *d, struct record *r, struct disk_place *at)
{
	uint64_t from, to;

	while (d->reading || begin_scan(d)) {
		struct segment *g = d->reading;

		switch (record_next(&d->scan, r, &from, &to)) {
		case RECORD_FOUND:
			if (r->is_done)
				break;
			if (r->kind != d->kind) {
				g->is_bad = true;
				count(d->storage->damaged);
				break;
			}
			g->waiting++;
			g->held++;
			*at = (struct disk_place){g, from};
			return true;
		case RECORD_DAMAGED:
			g->is_bad = true;
			count(d->storage->damaged);
			say_damaged(d, g, from, to);
			break;
		case RECORD_CUT:
			on_cut(d, from, to);
			break;
		case RECORD_UNREADABLE:
			g->is_bad = true;
			count(d->storage->damaged);
			say_damaged(d, g, from, g->size);
			end_scan(d);
			break;
		case RECORD_END:
			end_scan(d);
			break;
		}
	}
	return false;
}

bool disk_is_empty(const struct disk *d)
{
	LIST_EACH (g, &d->segments, const struct segment, link)
		if (g->waiting > 0 || !g->is_read)
			return false;
	return true;
}

/* ---- what comes ---- */

static bool begin_segment(struct disk *d, struct err *e)
{
	struct segment *g = segment_new(d, d->next++);
	char name[SEGMENT_NAME_MAX];

	g->is_read = true;
	segment_name(g, "queue", name);
	g->fd = openat(
		d->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (g->fd == -1) {
		err_set(e, "cannot make %s/%s: %s", d->path, name, strerror(errno));
		segment_free(g);
		return false;
	}
	d->is_named = false;
	d->writing = g;
	return true;
}

/* A file of which a loss of power leaves the bytes but not the name is lost, too; so is one in a
 * folder that has lost its name. */
static bool sync_names(struct disk *d)
{
	int up;

	if (d->is_named)
		return true;
	up = openat(d->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d->is_named = up != -1 && fsync(up) == 0 && fsync(d->dir) == 0;
	if (up != -1)
		close(up);
	return d->is_named;
}

/* The file is not continued. */
static void end_writing(struct disk *d)
{
	struct segment *g = d->writing;

	d->writing = NULL;
	if (!g)
		return;
	segment_close(g);
	segment_settle(g);
}

static int write_all(int fd, struct iovec *v, int n_v, uint64_t at)
{
	int i = 0;

	while (i < n_v) {
		ssize_t n = pwritev(fd, v + i, n_v - i, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno;
		if (n == 0 && v[i].iov_len > 0)
			return EIO;
		at += (uint64_t)n;
		while (i < n_v && (size_t)n >= v[i].iov_len)
			n -= (ssize_t)v[i++].iov_len;
		if (i < n_v) {
			v[i].iov_base = (char *)v[i].iov_base + n;
			v[i].iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Room is made of what is of no use: a file of which all has been sent, then what was set aside.
 * A request that is larger than all the room is kept when it is alone. */
static bool has_room(struct disk *d, uint64_t n, struct err *e)
{
	const struct storage *s = d->storage;

	if (s->used + n > s->max_size && d->writing && d->writing->waiting == 0)
		end_writing(d);
	while (s->used + n > s->max_size && s->used > 0)
		if (!disk_drop_corrupt(d, 0))
			return err_set(e, "the queues take %llu bytes of the %llu of max_size",
				(unsigned long long)s->used, (unsigned long long)s->max_size);
	return true;
}

static void say_sick(struct disk *d, const struct err *e)
{
	if (!d->is_sick)
		log_error(d->id, "a request cannot be kept on disk",
			KV("err", e->text), KV("folder", (const char *)d->path),
			KV("hint", d->storage->full));
	d->is_sick = true;
}

static bool append(struct disk *d, const struct record *r, struct str client, struct str body,
	struct err *e)
{
	char head[RECORD_HEAD];
	struct iovec v[] = {
		{head, RECORD_HEAD},
		{(char *)(uintptr_t)client.p, client.n},
		{(char *)(uintptr_t)body.p, body.n},
	};
	struct segment *g;
	int error;

	must(r->n == client.n + body.n);
	if (!has_room(d, RECORD_HEAD + r->n, e))
		return false;
	if (d->writing && d->writing->size >= segment_limit(d))
		end_writing(d);
	if (!d->writing && !begin_segment(d, e))
		return false;
	g = d->writing;
	if (!segment_open(g))
		return err_set(e, "%s", strerror(errno));
	record_encode(r, head);
	error = write_all(g->fd, v, 3, g->size);
	if (error == 0 && d->storage->fsync && (fdatasync(g->fd) == -1 || !sync_names(d)))
		error = errno;
	if (error == 0)
		return true;
	err_set(e, "%s", strerror(error));
	if (ftruncate(g->fd, (off_t)g->size) == -1)
		g->is_bad = true;
	end_writing(d);
	return false;
}

bool disk_append(struct disk *d, const struct record *r, struct str client, struct str body,
	struct disk_place *at, struct err *e)
{
	struct segment *g;

	if (!append(d, r, client, body, e)) {
		say_sick(d, e);
		return false;
	}
	if (d->is_sick)
		log_info(d->id, "requests can be kept on disk again",
			KV("folder", (const char *)d->path));
	d->is_sick = false;
	g = d->writing;
	*at = (struct disk_place){g, g->size};
	g->size += RECORD_HEAD + r->n;
	d->storage->used += RECORD_HEAD + r->n;
	g->waiting++;
	g->held++;
	return true;
}

/* ---- what goes ---- */

static bool read_all(int fd, char *out, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, (off_t)at);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return true;
}

char *disk_read(const struct disk_place *at, uint32_t n)
{
	struct segment *g = at->segment;
	char *p = mem_alloc(1, RECORD_HEAD + (size_t)n);
	struct record r;

	if (segment_open(g) && read_all(g->fd, p, RECORD_HEAD + (size_t)n, at->at) &&
		record_parse(p, &r) && r.n == n &&
		r.body_crc == record_crc(STR(""), (struct str){p + RECORD_HEAD, n}))
		return p;
	free(p);
	g->is_bad = true;
	count(g->disk->storage->damaged);
	say_damaged(g->disk, g, at->at, at->at + RECORD_HEAD + n);
	return NULL;
}

void disk_leave(const struct disk_place *at)
{
	struct segment *g = at->segment;

	must(g->held > 0);
	g->held--;
}

void disk_done(const struct disk_place *at)
{
	struct segment *g = at->segment;

	must(g->held > 0 && g->waiting > 0);
	g->held--;
	g->waiting--;
	if (g->waiting > 0 || g == g->disk->writing || !g->is_read) {
		/* If this fails it is sent again after a restart, and that is all. */
		if (!segment_open(g) || pwrite(g->fd, "d", 1, (off_t)(at->at + RECORD_STATE)) != 1)
			log_debug(g->disk->id, "a request cannot be marked as done",
				KV("err", strerror(errno)));
	}
	segment_settle(g);
}

void disk_rest(struct disk *d)
{
	if (d->writing && d->writing->waiting == 0)
		end_writing(d);
}
