#include "agent/component/common/watched_file.h"

#include "agent/base/container_of.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <sys/stat.h>

#define SETTLE (INT64_C(100) * 1000 * 1000) /* who writes a file in pieces is given so long */

const char *const watched_file_detectors[] = {"fsnotify", "poll", NULL};

bool watched_file_check(const struct watched_file_args *a, struct diags *d)
{
	if (a->poll_frequency <= 0)
		return diag_error(d, a->at, "poll_frequency must be greater than 0");
	return true;
}

/* The folder may have been made, replaced or removed since. */
static void watch(struct watched_file *f)
{
	struct notify *n = f->component->agent->notify;
	struct stat st;
	bool is_folder = stat(f->path.p, &st) == 0 && S_ISDIR(st.st_mode);

	if (!f->is_watched || !n)
		return;
	if (is_folder != f->is_folder)
		notify_stop(&f->watch);
	f->is_folder = is_folder;
	if (!f->watch.dir)
		notify_start(n, &f->watch, is_folder ? f->path.p : f->parent);
	if (!is_folder)
		notify_stop(&f->above);
	else if (!f->above.dir)
		notify_start(n, &f->above, f->parent);
}

static void look(struct watched_file *f)
{
	watch(f);
	f->look(f);
	timer_set(&f->poll, f->component->loop, f->every);
}

static void on_poll(struct timer *t)
{
	look(container_of(t, struct watched_file, poll));
}

static void on_soon(struct timer *t)
{
	look(container_of(t, struct watched_file, soon));
}

static void look_soon(struct watched_file *f)
{
	if (!timer_is_set(&f->soon))
		timer_set(&f->soon, f->component->loop, SETTLE);
}

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	(void)events;
	(void)name;
	(void)cookie;
	look_soon(container_of(w, struct watched_file, watch));
}

/* Another folder may have the name now, and the old one, watched until now, live on elsewhere. */
static void on_above(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct watched_file *f = container_of(w, struct watched_file, above);

	(void)cookie;
	if (!(events & (NOTIFY_SELF_GONE | NOTIFY_OVERFLOW)) && !str_eq(name, f->name))
		return;
	notify_stop(&f->watch);
	look_soon(f);
}

void watched_file_start(struct watched_file *f)
{
	arena_init(&f->texts, 0);
	f->watch.changed = on_changed;
	f->above.changed = on_above;
	f->poll.fire = on_poll;
	f->soon.fire = on_soon;
}

size_t watched_file_folder(struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n;
}

void watched_file_set(struct watched_file *f, const struct watched_file_args *a)
{
	struct str path;
	size_t n;

	notify_stop(&f->watch);
	notify_stop(&f->above);
	timer_clear(&f->soon);
	arena_clear(&f->texts);
	f->path = path = arena_str(&f->texts, a->filename);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	n = watched_file_folder(path);
	f->parent = n ? arena_str(&f->texts, str_head(path, n)).p : ".";
	f->name = str_from_at(path, n);
	f->every = a->poll_frequency;
	f->is_watched = str_is(a->detector, "fsnotify");
	timer_set(&f->poll, f->component->loop, f->every);
	watch(f);
}

void watched_file_stop(struct watched_file *f)
{
	notify_stop(&f->watch);
	notify_stop(&f->above);
	timer_clear(&f->poll);
	timer_clear(&f->soon);
	arena_fini(&f->texts);
}
