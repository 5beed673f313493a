/*
 * Pod folders. The root and each pod's folder are watched; what an event says is never trusted
 * further than its name: whether something is there is asked of the file system, so that events
 * that come late, twice or in another order do no harm.
 */

#include "k8s/pod_dirs.h"

#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/base/vec.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "k8s/log_path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LOOK_AGAIN (1 * NS_PER_SEC)

struct dir {
	struct pod_dir is;
	struct pod_dirs *in;
	struct notify_watch watch;
	char *path;
	struct {
		struct pod_dir_container *p;
		size_t n;
		size_t cap;
	} containers;
};

struct pod_dirs {
	struct list link;
	uint32_t refs;
	struct loop *loop;
	struct notify *notify;
	char *root;
	struct notify_watch watch;  /* of the root */
	struct notify_watch waiter; /* of the nearest folder above it that is there */
	bool is_watched;            /* watch is of the root */
	bool has_warned;
	struct timer again; /* the system did not say what is there */
	bool has_failed;    /* that was said */
	struct list dirs;
	struct map by_uid;
	struct list subscribers;
	struct task call;
	bool is_calling;
};

static struct list instances = {&instances, &instances};

static void watch_root(struct pod_dirs *d);

static void touch(struct pod_dirs *d)
{
	task_defer(&d->call, d->loop);
}

static char *copy(const char *text, size_t n)
{
	char *p = mem_new(char, n + 1);

	memcpy(p, text, n);
	return p;
}

/* Only ENOENT and ENOTDIR say that something is not there. After any other error (too many open
 * files, a broken disk) what was known stays, and the folders are looked at again. */
static void on_error(struct pod_dirs *d, const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return;
	timer_set(&d->again, d->loop, error == EACCES ? 10 * LOOK_AGAIN : LOOK_AGAIN);
	if (d->has_failed)
		return;
	d->has_failed = true;
	log_warn(NULL, "a folder of pod logs cannot be looked at", KV("path", path),
		KV("error", strerror(error)),
		KV("hint", "with too many open files: raise the limit; it is tried again every "
			   "second"));
}

/* unsure: what it is when the system does not say. */
static bool is_folder(struct pod_dirs *d, const char *parent, const char *name, bool unsure)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", parent, name);

	if (n <= 0 || (size_t)n >= sizeof(path))
		return false;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode);
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return false;
	on_error(d, path, errno);
	return unsure;
}

/* Calls found() with each folder in path. */
static void each_folder(struct pod_dirs *d, const char *path, void *owner,
	void (*found)(void *owner, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *it;

	if (!dir) {
		on_error(d, path, errno);
		return;
	}
	while ((it = readdir(dir)) != NULL) {
		if (it->d_name[0] != '.' && (it->d_type == DT_DIR || it->d_type == DT_UNKNOWN ||
						    it->d_type == DT_LNK))
			found(owner, it->d_name);
	}
	closedir(dir);
}

/* NAMESPACE_POD_UID */
static const char *folder_name(const struct dir *p)
{
	return p->path + strlen(p->in->root) + 1;
}

static void set_containers(struct dir *p)
{
	p->is.containers = p->containers.p;
	p->is.n_containers = p->containers.n;
	touch(p->in);
}

static ptrdiff_t container_at(const struct dir *p, struct str name)
{
	for (size_t i = 0; i < p->containers.n; i++) {
		if (str_eq(p->containers.p[i].name, name))
			return (ptrdiff_t)i;
	}
	return -1;
}

static void add_container(void *owner, const char *name)
{
	struct dir *p = owner;
	size_t n = strlen(name);

	if (container_at(p, str_from(name)) >= 0 || !is_folder(p->in, p->path, name, false))
		return;
	*vec_add(&p->containers) =
		(struct pod_dir_container){{copy(name, n), n}, loop_now(p->in->loop)};
	set_containers(p);
}

static void free_container(struct pod_dir_container *c)
{
	free((void *)(uintptr_t)c->name.p); /* NOLINT: it is ours */
}

/* Takes out those of which the folder is not there any more. */
static void check_containers(struct dir *p)
{
	for (size_t i = p->containers.n; i-- > 0;) {
		if (is_folder(p->in, p->path, p->containers.p[i].name.p, true))
			continue;
		free_container(&p->containers.p[i]);
		vec_remove(&p->containers, i);
		set_containers(p);
	}
}

static void free_dir(struct dir *p)
{
	notify_stop(&p->watch);
	if (map_find(&p->in->by_uid, p->is.uid) == p)
		map_remove(&p->in->by_uid, p->is.uid);
	list_remove(&p->is.link);
	for (size_t i = 0; i < p->containers.n; i++)
		free_container(&p->containers.p[i]);
	free(p->containers.p);
	free(p->path);
	touch(p->in);
	free(p);
}

static void add_dir(void *owner, const char *name);

static void on_dir_changed(
	struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct dir *p = container_of(w, struct dir, watch);
	struct pod_dirs *d = p->in;

	(void)cookie;
	if (events & NOTIFY_SELF_GONE) {
		const char *name_at = folder_name(p);
		char *folder = copy(name_at, strlen(name_at));

		free_dir(p);
		add_dir(d, folder); /* it may have been made again meanwhile */
		free(folder);
		return;
	}
	if (events & (NOTIFY_GONE | NOTIFY_OVERFLOW))
		check_containers(p);
	if (events & NOTIFY_OVERFLOW)
		each_folder(p->in, p->path, p, add_container);
	else if ((events & NOTIFY_CREATE) && name.n)
		add_container(p, name.p);
}

/* The views in is.namespace, pod and uid are of path. */
static struct dir *make_dir(struct pod_dirs *d, const char *name)
{
	struct buf path = {0};
	struct log_path parts = {0};
	struct dir *p;

	buf_printf(&path, "%s/%s", d->root, name);
	buf_add_char(&path, 0);
	if (!log_path_parse_folder(str_from(path.p + strlen(d->root) + 1), &parts) ||
		pod_dirs_find(d, parts.uid)) {
		buf_fini(&path);
		return NULL;
	}
	p = mem_new(struct dir, 1);
	p->in = d;
	p->path = path.p;
	p->watch.changed = on_dir_changed;
	p->is = (struct pod_dir){
		.namespace = parts.namespace,
		.pod = parts.pod,
		.uid = parts.uid,
		.since = loop_now(d->loop),
	};
	return p;
}

static void add_dir(void *owner, const char *name)
{
	struct pod_dirs *d = owner;
	struct dir *p = make_dir(d, name);

	if (!p)
		return;
	if (notify_start(d->notify, &p->watch, p->path) == -1) {
		on_error(d, p->path, errno);
		free(p->path);
		free(p);
		return;
	}
	list_add_last(&d->dirs, &p->is.link);
	map_set(&d->by_uid, p->is.uid, p);
	each_folder(p->in, p->path, p, add_container);
	touch(d);
}

static void forget_all(struct pod_dirs *d)
{
	LIST_EACH (p, &d->dirs, struct pod_dir, link)
		free_dir(container_of(p, struct dir, is));
}

static void check_dirs(struct pod_dirs *d)
{
	LIST_EACH (it, &d->dirs, struct pod_dir, link) {
		struct dir *p = container_of(it, struct dir, is);

		if (!is_folder(d, d->root, folder_name(p), true))
			free_dir(p);
	}
}

static void on_root_changed(
	struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct pod_dirs *d = container_of(w, struct pod_dirs, watch);

	(void)cookie;
	if (events & NOTIFY_SELF_GONE) {
		d->is_watched = false;
		forget_all(d);
		watch_root(d);
		return;
	}
	if (events & (NOTIFY_GONE | NOTIFY_OVERFLOW))
		check_dirs(d);
	if (events & NOTIFY_OVERFLOW)
		each_folder(d, d->root, d, add_dir);
	else if ((events & NOTIFY_CREATE) && name.n)
		add_dir(d, name.p);
}

static void on_above_changed(
	struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	(void)name;
	(void)cookie;
	if (events & (NOTIFY_CREATE | NOTIFY_SELF_GONE | NOTIFY_OVERFLOW))
		watch_root(container_of(w, struct pod_dirs, waiter));
}

/* Watches the nearest folder above the root that is there; if meanwhile the root has come,
 * the caller sees it. */
static void wait_for_root(struct pod_dirs *d)
{
	char *above = copy(d->root, strlen(d->root));
	char *slash;

	notify_stop(&d->waiter);
	while ((slash = strrchr(above, '/')) != NULL) {
		slash[slash == above] = 0;
		if (notify_start(d->notify, &d->waiter, above) == 0 || slash == above)
			break;
	}
	if (!slash)
		notify_start(d->notify, &d->waiter, ".");
	free(above);
}

static void watch_root(struct pod_dirs *d)
{
	for (int tries = 0; tries < 2 && !d->is_watched; tries++) {
		d->is_watched = notify_start(d->notify, &d->watch, d->root) == 0;
		if (!d->is_watched && errno != ENOENT && errno != ENOTDIR && !d->has_warned) {
			d->has_warned = true;
			log_warn(NULL, "cannot watch the folder of pod logs", KV("path", d->root),
				KV("err", strerror(errno)),
				KV("hint", "mount it into the pod, and run as root or with "
					   "CAP_DAC_READ_SEARCH"));
		}
		if (!d->is_watched)
			wait_for_root(d);
	}
	if (!d->is_watched)
		return;
	notify_stop(&d->waiter);
	each_folder(d, d->root, d, add_dir);
}

/* Everything, as after events were lost. */
static void on_again(struct timer *t)
{
	struct pod_dirs *d = container_of(t, struct pod_dirs, again);

	if (!d->is_watched) {
		watch_root(d);
		return;
	}
	each_folder(d, d->root, d, add_dir);
	LIST_EACH (it, &d->dirs, struct pod_dir, link) {
		struct dir *p = container_of(it, struct dir, is);

		check_containers(p);
		each_folder(d, p->path, p, add_container);
	}
	if (timer_is_set(&d->again))
		return;
	d->has_failed = false;
	log_info(NULL, "the folders of pod logs can be looked at again", KV("path", d->root));
}

static void on_call(struct task *t)
{
	struct pod_dirs *d = container_of(t, struct pod_dirs, call);
	struct list todo;

	list_init(&todo);
	while (!list_is_empty(&d->subscribers)) {
		struct list *link = d->subscribers.next;

		list_remove(link);
		list_add_last(&todo, link);
	}
	d->is_calling = true;
	while (!list_is_empty(&todo)) {
		struct pod_dirs_subscriber *w =
			container_of(todo.next, struct pod_dirs_subscriber, link);

		list_remove(&w->link);
		list_add_last(&d->subscribers, &w->link);
		w->changed(w);
	}
	d->is_calling = false;
}

static struct pod_dirs *pod_dirs_new(struct loop *l, struct notify *n, struct str root)
{
	struct pod_dirs *d = mem_new(struct pod_dirs, 1);

	d->root = copy(root.p, root.n);
	d->loop = l;
	d->notify = n;
	d->watch.changed = on_root_changed;
	d->waiter.changed = on_above_changed;
	d->call.run = on_call;
	d->again.fire = on_again;
	list_init(&d->dirs);
	list_init(&d->subscribers);
	list_add_last(&instances, &d->link);
	watch_root(d);
	return d;
}

struct pod_dirs *pod_dirs_hold(struct loop *l, struct notify *n, struct str root)
{
	struct pod_dirs *found = NULL;

	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	LIST_EACH (d, &instances, struct pod_dirs, link) {
		if (d->notify == n && str_is(root, d->root))
			found = d;
	}
	if (!found)
		found = pod_dirs_new(l, n, root);
	found->refs++;
	return found;
}

void pod_dirs_release(struct pod_dirs *d)
{
	if (!d)
		return;
	must(d->refs > 0);
	if (--d->refs > 0)
		return;
	must(!d->is_calling && list_is_empty(&d->subscribers));
	notify_stop(&d->watch);
	notify_stop(&d->waiter);
	forget_all(d);
	task_cancel(&d->call);
	timer_clear(&d->again);
	map_fini(&d->by_uid);
	list_remove(&d->link);
	free(d->root);
	free(d);
}

struct list *pod_dirs_all(struct pod_dirs *d)
{
	return &d->dirs;
}

const struct pod_dir *pod_dirs_find(const struct pod_dirs *d, struct str uid)
{
	struct dir *p = map_find(&d->by_uid, uid);

	return p ? &p->is : NULL;
}

void pod_dirs_subscribe(struct pod_dirs *d, struct pod_dirs_subscriber *w)
{
	list_add_last(&d->subscribers, &w->link);
}

void pod_dirs_unsubscribe(struct pod_dirs_subscriber *w)
{
	if (w->link.next)
		list_remove(&w->link);
}
