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

/* The folder may have been made, or replaced, since. */
static void watch(struct watched_file *f)
{
	if (f->is_watched && !f->watch.dir && f->component->agent->notify)
		notify_start(f->component->agent->notify, &f->watch, f->folder);
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

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct watched_file *f = container_of(w, struct watched_file, watch);

	(void)events;
	(void)name;
	(void)cookie;
	if (!timer_is_set(&f->soon))
		timer_set(&f->soon, f->component->loop, SETTLE);
}

void watched_file_start(struct watched_file *f)
{
	arena_init(&f->texts, 0);
	f->watch.changed = on_changed;
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
	size_t n = watched_file_folder(a->filename);
	struct stat st;

	notify_stop(&f->watch);
	timer_clear(&f->soon);
	arena_clear(&f->texts);
	f->path = arena_str(&f->texts, a->filename);
	if (stat(f->path.p, &st) == 0 && S_ISDIR(st.st_mode))
		f->folder = f->path.p;
	else
		f->folder = n ? arena_str(&f->texts, str_head(f->path, n)).p : ".";
	f->every = a->poll_frequency;
	f->is_watched = str_is(a->detector, "fsnotify");
	timer_set(&f->poll, f->component->loop, f->every);
	watch(f);
}

void watched_file_stop(struct watched_file *f)
{
	notify_stop(&f->watch);
	timer_clear(&f->poll);
	timer_clear(&f->soon);
	arena_fini(&f->texts);
}
