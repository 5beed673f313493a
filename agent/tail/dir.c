/*
 * The folders in which tails live. An event names a file of a folder; the names that matter
 * are in a map, so that a folder with a thousand logs costs one look-up an event. The two
 * ends of a rename carry the same cookie: so a file keeps being known under its new name,
 * and the closing by its last writer is seen.
 */
#include "agent/tail/tail.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"

#include <errno.h>
#include <stdlib.h>

static void wake(struct tail_name *n)
{
	LIST_EACH (f, &n->files, struct tail_file, in_name)
		tailer_ready(f->tail);
}

static void look(struct tail_name *n)
{
	LIST_EACH (t, &n->tails, struct tail, in_name)
		tail_look(t);
	LIST_EACH (t, &n->links, struct tail, in_link_name)
		tail_look(t);
}

/* Files of this name have none now, or their new name comes with the same cookie. */
static void on_gone(struct tail_dir *d, struct tail_name *n, uint32_t cookie)
{
	LIST_EACH (f, &n->files, struct tail_file, in_name) {
		bool closed = f->closed;

		if (f->state == FILE_READING) {
			file_set_state(f, FILE_ENDING);
			f->closed = cookie == 0 && closed; /* deleted after its writer closed it */
		}
		tailer_ready(f->tail);
		file_set_name(f, NULL);
		if (cookie) {
			f->cookie = cookie;
			f->moved_in = d;
			list_add_last(&d->moved, &f->in_name);
		}
	}
}

static void on_renamed_here(struct tail_dir *d, struct tail_name *n, uint32_t cookie)
{
	LIST_EACH (f, &d->moved, struct tail_file, in_name) {
		if (f->cookie != cookie)
			continue;
		file_set_name(f, n);
	}
}

static bool expects(struct tail_dir *d, uint32_t cookie)
{
	LIST_EACH (f, &d->moved, struct tail_file, in_name) {
		if (cookie && f->cookie == cookie)
			return true;
	}
	return false;
}

static struct tail_name *name_in(struct tail_dir *d, struct str name)
{
	struct tail_name *n = map_find(&d->names, name);

	if (n)
		return n;
	n = mem_new(struct tail_name, 1);
	n->dir = d;
	n->name = mem_new(char, name.n + 1);
	memcpy(n->name, name.p, name.n);
	list_init(&n->tails);
	list_init(&n->links);
	list_init(&n->files);
	map_set(&d->names, name, n);
	return n;
}

/* The folder is gone, or events were lost: every tail in it looks for itself. Not while the names
 * are walked through, as that may change them. */
static void look_everywhere(struct tail_dir *d, bool gone)
{
	struct {
		struct tail **p;
		size_t n;
		size_t cap;
	} tails = {0};

	for (size_t i = 0; i < d->names.cap; i++) {
		struct tail_name *n = d->names.slots[i].value;

		if (!d->names.slots[i].key.p)
			continue;
		wake(n);
		LIST_EACH (t, &n->links, struct tail, in_link_name)
			*vec_add(&tails) = t;
		LIST_EACH (t, &n->tails, struct tail, in_name)
			*vec_add(&tails) = t;
	}
	for (size_t i = 0; i < tails.n; i++) {
		struct tail *t = tails.p[i];

		if (gone) {
			t->retry_at = loop_now(t->tailer->loop) + RETRY;
		} else {
			tail_reconcile(t);
			if (t->link_name) /* it may lead elsewhere now */
				tail_look(t);
		}
		tailer_ready(t);
	}
	free(tails.p);
}

/* Something was given a rotated name: of two rotations between two looks, the file in the
 * middle is known by this alone. */
static void on_sibling(struct tail_dir *d, struct str name)
{
	struct tail_name *base;
	struct str cut;

	if (str_ends(name, ".gz") ||
		(!is_rotated_name(name, &cut) && !is_numbered_name(name, &cut)))
		return;
	base = map_find(&d->names, cut);
	if (!base)
		return;
	base->held++;
	LIST_EACH (t, &base->tails, struct tail, in_name)
		tail_reconcile(t);
	base->held--;
	dir_name_release(base);
}

static void on_event(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct tail_dir *d = container_of(w, struct tail_dir, watch);
	struct tail_name *n;

	if (events & (NOTIFY_OVERFLOW | NOTIFY_SELF_GONE)) {
		look_everywhere(d, events & NOTIFY_SELF_GONE);
		return;
	}
	n = map_find(&d->names, name);
	if (!n && (events & NOTIFY_CREATE) && expects(d, cookie))
		n = name_in(d, name);
	if (!n && (events & NOTIFY_CREATE))
		on_sibling(d, name);
	if (!n)
		return;
	n->held++;
	if (events & NOTIFY_GONE)
		on_gone(d, n, cookie);
	if (events & NOTIFY_CREATE) {
		on_renamed_here(d, n, cookie);
		on_sibling(d, name);
	}
	if (events & NOTIFY_CREATE)
		look(n);
	LIST_EACH (f, &n->files, struct tail_file, in_name) {
		if (events & NOTIFY_CLOSE_WRITE)
			f->closed = true;
		else if (events & NOTIFY_MODIFY)
			f->closed = false;
	}
	wake(n);
	n->held--;
	dir_name_release(n);
}

static struct tail_dir *dir_open(struct tailer *t, struct str path)
{
	struct tail_dir *d = map_find(&t->dirs, path);

	if (d && d->watch.dir)
		return d;
	if (!d) {
		d = mem_new(struct tail_dir, 1);
		d->tailer = t;
		d->path = mem_new(char, path.n + 1);
		memcpy(d->path, path.p, path.n);
		d->watch.changed = on_event;
		list_init(&d->moved);
	}
	if (notify_start(t->set.notify, &d->watch, d->path) == -1) {
		if (d->names.n == 0) {
			map_fini(&d->names);
			free(d->path);
			free(d);
		}
		return NULL;
	}
	map_set(&t->dirs, path, d);
	return d;
}

struct tail_name *dir_name(struct tailer *t, struct str path)
{
	struct str folder = STR(".");
	struct tail_dir *d;
	size_t slash = path.n;

	while (slash > 0 && path.p[slash - 1] != '/')
		slash--;
	if (slash == path.n) {
		errno = ENOENT;
		return NULL;
	}
	if (slash > 0)
		folder = slash == 1 ? STR("/") : str_head(path, slash - 1);
	d = dir_open(t, folder);
	return d ? name_in(d, str_from_at(path, slash)) : NULL;
}

static void try_free(struct tail_dir *d)
{
	if (d->names.n > 0 || !list_is_empty(&d->moved))
		return;
	notify_stop(&d->watch);
	map_remove(&d->tailer->dirs, str_from(d->path));
	map_fini(&d->names);
	free(d->path);
	free(d);
}

void dir_name_release(struct tail_name *n)
{
	struct tail_dir *d = n->dir;

	if (n->held || !list_is_empty(&n->tails) || !list_is_empty(&n->files) ||
		!list_is_empty(&n->links))
		return;
	map_remove(&d->names, str_from(n->name));
	free(n->name);
	free(n);
	try_free(d);
}

void dir_unmove(struct tail_file *f)
{
	struct tail_dir *d = f->moved_in;

	if (!d)
		return;
	list_remove(&f->in_name);
	f->moved_in = NULL;
	f->cookie = 0;
	try_free(d);
}
