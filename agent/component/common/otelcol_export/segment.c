/* The files of a queue on disk: their names, which of them are open, and their end. */

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_export/disk_private.h"
#include "agent/component/common/otelcol_storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SEGMENT = 8 << 20,       /* a file this long is not continued */
	SEGMENT_EMPTY = 1 << 20, /* nor one this long of which nothing waits */
	KEEP_CORRUPT = 4,
	NUMBER = 16, /* hex digits of a file's name */
};

void segment_name(const struct segment *g, const char *ending, char name[SEGMENT_NAME_MAX])
{
	snprintf(name, SEGMENT_NAME_MAX, "%016llx.%s", (unsigned long long)g->number, ending);
}

void segment_close(struct segment *g)
{
	if (g->fd != -1)
		close(g->fd);
	g->fd = -1;
}

bool segment_open(struct segment *g)
{
	struct disk *d = g->disk;
	char name[SEGMENT_NAME_MAX];

	if (d->last && d->last != g && d->last != d->writing && d->last != d->reading)
		segment_close(d->last);
	d->last = g;
	if (g->fd != -1)
		return true;
	segment_name(g, "queue", name);
	g->fd = openat(g->disk->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return g->fd != -1;
}

struct segment *segment_new(struct disk *d, uint64_t number)
{
	struct segment *g = mem_new(struct segment, 1);

	g->disk = d;
	g->number = number;
	g->fd = -1;
	list_add_last(&d->segments, &g->link);
	return g;
}

void segment_free(struct segment *g)
{
	struct disk *d = g->disk;

	must(g->held == 0);
	segment_close(g);
	if (d->writing == g)
		d->writing = NULL;
	if (d->reading == g)
		d->reading = NULL;
	if (d->last == g)
		d->last = NULL;
	list_remove(&g->link);
	free(g);
}

static int is_name(const char *name, const char *ending)
{
	return strlen(name) > NUMBER && strspn(name, "0123456789abcdef") == NUMBER &&
	       name[NUMBER] == '.' && strcmp(name + NUMBER + 1, ending) == 0;
}

uint64_t disk_size_of(const struct disk *d, const char *name)
{
	struct stat st;

	return fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0
		       ? (uint64_t)st.st_size
		       : 0;
}

bool disk_each_file(struct disk *d, const char *ending,
	void (*found)(struct disk *d, const char *name, void *owner), void *owner)
{
	int fd = openat(d->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!folder) {
		if (fd != -1)
			close(fd);
		return false;
	}
	while ((e = readdir(folder)))
		if (is_name(e->d_name, ending))
			found(d, e->d_name, owner);
	closedir(folder);
	return true;
}

struct oldest {
	size_t n;
	char name[SEGMENT_NAME_MAX];
};

static void on_corrupt(struct disk *d, const char *name, void *owner)
{
	struct oldest *o = owner;

	(void)d;
	if (o->n++ == 0 || strcmp(name, o->name) < 0)
		snprintf(o->name, sizeof(o->name), "%s", name);
}

bool disk_drop_corrupt(struct disk *d, size_t keep)
{
	struct oldest o = {0};
	uint64_t size;

	if (!disk_each_file(d, "corrupt", on_corrupt, &o) || o.n <= keep)
		return false;
	size = disk_size_of(d, o.name);
	if (unlinkat(d->dir, o.name, 0) == -1)
		return false;
	d->storage->used -= size < d->storage->used ? size : d->storage->used;
	return true;
}

void segment_end(struct segment *g)
{
	struct disk *d = g->disk;
	char name[SEGMENT_NAME_MAX], aside[SEGMENT_NAME_MAX];

	must(g->waiting == 0);
	segment_name(g, "queue", name);
	segment_name(g, "corrupt", aside);
	if (g->is_bad && renameat(d->dir, name, d->dir, aside) == 0) {
		log_warn(d->id, "a file of the queue that could not be read whole was set aside",
			KV("folder", (const char *)d->path), KV("file", aside),
			KV("hint", "all else in it has been sent; remove it, or keep it to look "
				   "into what the disk did"));
		while (disk_drop_corrupt(d, KEEP_CORRUPT))
			;
	} else if (unlinkat(d->dir, name, 0) == 0 || errno == ENOENT) {
		d->storage->used -= g->size < d->storage->used ? g->size : d->storage->used;
	} else {
		log_warn(d->id, "a file of the queue cannot be removed",
			KV("folder", (const char *)d->path), KV("file", name),
			KV("err", strerror(errno)),
			KV("hint", "it has been sent, and is sent again after a restart"));
	}
	segment_free(g);
}

uint64_t segment_limit(const struct disk *d)
{
	return d->storage->max_size / 8 < SEGMENT ? d->storage->max_size / 8 : SEGMENT;
}

void segment_settle(struct segment *g)
{
	if (g->waiting > 0 || !g->is_read)
		return;
	if (g != g->disk->writing || g->size >= SEGMENT_EMPTY)
		segment_end(g);
}
