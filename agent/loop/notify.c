/*
 * inotify: one instance, one wd a directory, any number of watchers on it.
 *
 * What was read is first turned into a list of items, and then delivered: a run of writes
 * to one file is one call, and a watcher may stop and start watches while it is called,
 * because an item names its directory by wd and the wd is looked up when its turn comes.
 */

#include "agent/loop/notify.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Not IN_EXCL_UNLINK: a container that still writes to a file which was deleted under it is to be
 * heard until it closes it. Not IN_DONT_FOLLOW: /var/log/pods is a link to a data disk on
 * many nodes. Not IN_OPEN, IN_ACCESS, IN_ATTRIB, IN_CLOSE_NOWRITE: kubelet and log readers
 * cause these all the time.
 */
#define MASK \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define BUFFER_SIZE ((size_t)64 * 1024)
#define ITEMS_MAX (BUFFER_SIZE / sizeof(struct inotify_event))
#define BUCKETS 512

static const struct metric_family events_family = {
	.name = "invar_notify_events_total",
	.kind = METRIC_COUNTER,
	.help = "Events read from inotify.",
};
static const struct metric_family overflows_family = {
	.name = "invar_notify_overflows_total",
	.kind = METRIC_COUNTER,
	.help = "Times the kernel's event queue ran over; every directory was looked at anew.",
};
static const struct metric_family watches_family = {
	.name = "invar_notify_watches",
	.kind = METRIC_GAUGE,
	.help = "Directories watched by inotify.",
};
static const struct metric_family polled_family = {
	.name = "invar_notify_polled_directories",
	.kind = METRIC_GAUGE,
	.help = "Directories looked at periodically, because inotify had no watch for them.",
};

struct notify_dir {
	struct notify *notify;
	struct list link;    /* in a bucket, or in polled */
	struct list all;     /* in all */
	struct list watches; /* of struct notify_watch */
	int wd;              /* -1: polled */
	bool is_busy;        /* its watchers are being called; it is not freed meanwhile */
	uint64_t batch;      /* items[last] is of this batch, and our last one */
	size_t last;
	char *path;
	dev_t dev;
	ino_t ino;
};

struct item {
	int wd;
	unsigned events;
	uint32_t cookie;
	struct str name;
};

struct notify {
	struct loop *loop;
	int fd; /* -1: the system has no instance left; everything is polled */
	struct fd_watch ready;
	struct timer pause; /* set after a read, see NOTIFY_INTERVAL */
	struct timer poll;
	struct list buckets[BUCKETS]; /* by wd */
	struct list polled;
	struct list all;
	uint64_t batch;
	size_t n_polled;
	struct item *items;
	size_t n_items;
	char *buffer;
	struct metric *events;
	struct metric *overflows;
	struct metric *watches;
	struct metric *polled_directories;
};

static struct list *bucket(struct notify *n, int wd)
{
	return &n->buckets[(unsigned)wd % BUCKETS];
}

static struct notify_dir *find_dir(struct notify *n, int wd)
{
	LIST_EACH (d, bucket(n, wd), struct notify_dir, link)
		if (d->wd == wd)
			return d;
	return NULL;
}

static void free_dir(struct notify_dir *d)
{
	must(list_is_empty(&d->watches));
	list_remove(&d->link);
	list_remove(&d->all);
	free(d->path);
	free(d);
}

/* Takes the directory from the table it is in; its watch in the kernel may have ended already. */
static void forget_dir(struct notify_dir *d)
{
	struct notify *n = d->notify;

	list_remove(&d->link);
	if (d->wd == -1) {
		metric_set(n->polled_directories, (double)--n->n_polled);
		if (n->n_polled == 0)
			timer_clear(&n->poll);
		return;
	}
	inotify_rm_watch(n->fd, d->wd);
	metric_add(n->watches, -1);
	d->wd = -1;
}

static void drop_if_unused(struct notify_dir *d)
{
	if (d->is_busy || !list_is_empty(&d->watches))
		return;
	if (!list_is_empty(&d->link))
		forget_dir(d);
	free_dir(d);
}

/* Calls every watcher that is there now. Each of them may stop or start any watch. */
static void deliver(struct notify_dir *d, unsigned events, struct str name, uint32_t cookie)
{
	struct list todo;

	must(!d->is_busy && !list_is_empty(&d->watches));
	d->is_busy = true;
	list_add_first(&d->watches, &todo);
	list_remove(&d->watches);
	while (!list_is_empty(&todo)) {
		struct notify_watch *w = container_of(todo.next, struct notify_watch, link);

		list_remove(&w->link);
		if (events & NOTIFY_SELF_GONE)
			w->dir = NULL;
		else
			list_add_last(&d->watches, &w->link);
		w->changed(w, events, name, cookie);
	}
	d->is_busy = false;
	drop_if_unused(d);
}

static void self_gone(struct notify_dir *d)
{
	forget_dir(d);
	deliver(d, NOTIFY_SELF_GONE, (struct str){"", 0}, 0);
}

static void deliver_overflow(struct notify *n, struct list *dirs)
{
	struct list todo;

	if (list_is_empty(dirs))
		return;
	list_add_first(dirs, &todo);
	list_remove(dirs);
	while (!list_is_empty(&todo)) {
		struct notify_dir *d = container_of(todo.next, struct notify_dir, all);

		list_remove(&d->all);
		list_add_last(&n->all, &d->all);
		deliver(d, NOTIFY_OVERFLOW, (struct str){"", 0}, 0);
	}
}

static unsigned events_of(uint32_t mask)
{
	unsigned events = 0;

	if (mask & IN_MODIFY)
		events |= NOTIFY_MODIFY;
	if (mask & IN_CLOSE_WRITE)
		events |= NOTIFY_CLOSE_WRITE;
	if (mask & (IN_CREATE | IN_MOVED_TO))
		events |= NOTIFY_CREATE;
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		events |= NOTIFY_GONE;
	if (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
		events |= NOTIFY_SELF_GONE;
	if (mask & IN_Q_OVERFLOW)
		events |= NOTIFY_OVERFLOW;
	return events;
}

/*
 * May next be part of what last already says? Writes may join anything but a GONE of the same name;
 * GONE and CREATE begin a new item, so that their order is kept.
 */
static bool joins(const struct item *last, const struct item *next)
{
	if (next->events & ~(unsigned)(NOTIFY_MODIFY | NOTIFY_CLOSE_WRITE))
		return false;
	return !(last->events & (NOTIFY_GONE | NOTIFY_SELF_GONE)) &&
	       str_eq(last->name, next->name);
}

static void add_item(struct notify *n, struct item next)
{
	struct notify_dir *d = find_dir(n, next.wd);

	if (!d && !(next.events & NOTIFY_OVERFLOW))
		return; /* of a watch that was stopped after it happened */
	if (d && d->batch == n->batch && joins(&n->items[d->last], &next)) {
		n->items[d->last].events |= next.events;
		return;
	}
	if (d) {
		d->batch = n->batch;
		d->last = n->n_items;
	}
	must(n->n_items < ITEMS_MAX);
	n->items[n->n_items++] = next;
}

/* The kernel's word is trusted for its form (inotify(7)), and checked all the same. */
static void split(struct notify *n, size_t size)
{
	size_t at = 0;
	size_t count = 0;

	n->batch++;
	n->n_items = 0;
	while (size - at >= sizeof(struct inotify_event)) {
		const struct inotify_event *ev = (const void *)(n->buffer + at);
		unsigned events = events_of(ev->mask);

		must(ev->len <= size - at - sizeof(*ev));
		at += sizeof(*ev) + ev->len;
		count++;
		if (events)
			add_item(n, (struct item){
					    .wd = ev->wd,
					    .events = events,
					    .cookie = ev->cookie,
					    .name = {ev->name, strnlen(ev->name, ev->len)},
				    });
	}
	metric_add(n->events, (double)count);
}

static void overflow(struct notify *n)
{
	metric_add(n->overflows, 1);
	log_warn(NULL, "inotify queue overflowed, every directory is looked at anew",
		KV("hint", "raise sysctl fs.inotify.max_queued_events"));
	deliver_overflow(n, &n->all);
}

static void deliver_items(struct notify *n)
{
	for (size_t i = 0; i < n->n_items; i++) {
		const struct item *it = &n->items[i];
		struct notify_dir *d;

		if (it->events & NOTIFY_OVERFLOW) {
			overflow(n);
			continue;
		}
		d = find_dir(n, it->wd);
		if (!d)
			continue;
		if (it->events & NOTIFY_SELF_GONE)
			self_gone(d);
		else
			deliver(d, it->events, it->name, it->cookie);
	}
}

/* A buffer that came back nearly full has more behind it: no pause then. */
static void read_events(struct notify *n)
{
	ssize_t size = read(n->fd, n->buffer, BUFFER_SIZE);

	if (size <= 0) {
		fd_start(&n->ready, n->loop, n->fd, FD_READ);
		return;
	}
	split(n, (size_t)size);
	fd_start(&n->ready, n->loop, n->fd, 0);
	timer_set(&n->pause, n->loop,
		(size_t)size > BUFFER_SIZE - sizeof(struct inotify_event) - NAME_MAX - 1
			? 0
			: NOTIFY_INTERVAL);
	deliver_items(n);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	(void)events;
	read_events(container_of(w, struct notify, ready));
}

static void on_pause_over(struct timer *t)
{
	read_events(container_of(t, struct notify, pause));
}

static bool open_instance(struct notify *n)
{
	if (n->fd == -1)
		n->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (n->fd == -1)
		return false;
	if (!n->ready.handle)
		fd_start(&n->ready, n->loop, n->fd, FD_READ);
	return true;
}

static void set_watched(struct notify_dir *d, int wd)
{
	struct notify *n = d->notify;

	d->wd = wd;
	list_add_last(bucket(n, wd), &d->link);
	metric_add(n->watches, 1);
}

static void set_polled(struct notify_dir *d)
{
	struct notify *n = d->notify;

	if (n->n_polled == 0) {
		log_warn(NULL, "no inotify watch left, directories are polled every 10 s",
			KV("directory", d->path), KV("error", strerror(errno)),
			KV("hint", n->fd == -1 ? "raise sysctl fs.inotify.max_user_instances"
					       : "raise sysctl fs.inotify.max_user_watches"));
		timer_set(&n->poll, n->loop, NOTIFY_POLL_INTERVAL);
	}
	d->wd = -1;
	list_add_last(&n->polled, &d->link);
	metric_set(n->polled_directories, (double)++n->n_polled);
}

/* False: what the path names is not the directory that it was. */
static bool is_there(const struct notify_dir *d)
{
	struct stat st;

	return stat(d->path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_dev == d->dev &&
	       st.st_ino == d->ino;
}

static void move_watches(struct notify_dir *from, struct notify_dir *to)
{
	LIST_EACH (w, &from->watches, struct notify_watch, link) {
		list_remove(&w->link);
		list_add_last(&to->watches, &w->link);
		w->dir = to;
	}
	drop_if_unused(from);
}

/* One polled directory: gone, or watched at last, or still polled; its watchers look in any
 * case. */
static void poll_dir(struct notify_dir *d)
{
	struct notify *n = d->notify;
	struct notify_dir *other;
	int wd = -1;

	if (!is_there(d)) {
		self_gone(d);
		return;
	}
	if (open_instance(n))
		wd = inotify_add_watch(n->fd, d->path, MASK);
	other = wd == -1 ? NULL : find_dir(n, wd);
	if (other) {
		move_watches(d, other);
		d = other;
	} else if (wd != -1) {
		forget_dir(d);
		set_watched(d, wd);
	}
	deliver(d, NOTIFY_OVERFLOW, (struct str){"", 0}, 0);
}

static void on_poll(struct timer *t)
{
	struct notify *n = container_of(t, struct notify, poll);
	struct list todo;

	if (list_is_empty(&n->polled))
		return;
	timer_set(&n->poll, n->loop, NOTIFY_POLL_INTERVAL);
	list_add_first(&n->polled, &todo);
	list_remove(&n->polled);
	while (!list_is_empty(&todo)) {
		struct notify_dir *d = container_of(todo.next, struct notify_dir, link);

		list_remove(&d->link);
		list_add_last(&n->polled, &d->link);
		poll_dir(d);
	}
}

struct notify *notify_new(struct loop *l)
{
	struct notify *n = mem_new(struct notify, 1);

	n->loop = l;
	n->fd = -1;
	n->ready.ready = on_ready;
	n->pause.fire = on_pause_over;
	n->poll.fire = on_poll;
	n->buffer = mem_new(char, BUFFER_SIZE);
	n->items = mem_new(struct item, ITEMS_MAX);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&n->buckets[i]);
	list_init(&n->polled);
	list_init(&n->all);
	n->events = metric_new(&events_family, NULL);
	n->overflows = metric_new(&overflows_family, NULL);
	n->watches = metric_new(&watches_family, NULL);
	n->polled_directories = metric_new(&polled_family, NULL);
	return n;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	LIST_EACH (d, &n->all, struct notify_dir, all) {
		LIST_EACH (w, &d->watches, struct notify_watch, link) {
			list_remove(&w->link);
			w->dir = NULL;
		}
		free_dir(d);
	}
	timer_clear(&n->pause);
	timer_clear(&n->poll);
	fd_stop(&n->ready);
	if (n->fd != -1)
		close(n->fd);
	metric_free(n->events);
	metric_free(n->overflows);
	metric_free(n->watches);
	metric_free(n->polled_directories);
	free(n->items);
	free(n->buffer);
	free(n);
}

static struct notify_dir *find_polled(struct notify *n, const struct stat *st)
{
	LIST_EACH (d, &n->polled, struct notify_dir, link)
		if (d->dev == st->st_dev && d->ino == st->st_ino)
			return d;
	return NULL;
}

static struct notify_dir *new_dir(struct notify *n, const char *path, const struct stat *st)
{
	struct notify_dir *d = mem_new(struct notify_dir, 1);
	size_t size = strlen(path) + 1;

	d->notify = n;
	d->path = mem_new(char, size);
	memcpy(d->path, path, size);
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	list_init(&d->link);
	list_init(&d->watches);
	list_add_last(&n->all, &d->all);
	return d;
}

/* The directory's own, found or made; NULL and errno. */
static struct notify_dir *want_dir(struct notify *n, const char *path)
{
	struct notify_dir *d = NULL;
	struct stat st;
	int wd = -1;
	int error;

	if (stat(path, &st) == -1)
		return NULL;
	if (open_instance(n))
		wd = inotify_add_watch(n->fd, path, MASK);
	error = errno;
	if (wd == -1 && n->fd != -1 && error != ENOSPC && error != ENOMEM)
		return NULL;
	d = wd == -1 ? find_polled(n, &st) : find_dir(n, wd);
	if (d)
		return d;
	d = new_dir(n, path, &st);
	errno = error;
	if (wd == -1)
		set_polled(d);
	else
		set_watched(d, wd);
	return d;
}

int notify_start(struct notify *n, struct notify_watch *w, const char *dir)
{
	struct notify_dir *d;

	must(w->changed);
	if (w->dir)
		return 0;
	d = want_dir(n, dir);
	if (!d)
		return -1;
	w->dir = d;
	list_add_last(&d->watches, &w->link);
	return 0;
}

void notify_stop(struct notify_watch *w)
{
	struct notify_dir *d = w->dir;

	if (!d)
		return;
	w->dir = NULL;
	list_remove(&w->link);
	drop_if_unused(d);
}
