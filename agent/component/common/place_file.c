#include "agent/component/common/place_file.h"

#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <errno.h>
#include <string.h>

#define SOON (INT64_C(1) * 1000 * 1000 * 1000)
#define LATER (INT64_C(10) * 1000 * 1000 * 1000)

static void save(struct place_file *f)
{
	struct buf text = {0};

	f->is_due = false;
	timer_clear(&f->soon);
	buf_add_str(&text, buf_str(&f->progress->place));
	buf_add_char(&text, '\n');
	file_write_start(&f->write, f->component->loop, f->path.p, &text);
}

static void on_soon(struct timer *t)
{
	struct place_file *f = container_of(t, struct place_file, soon);

	if (!f->write.busy)
		save(f);
}

static void end(struct place_file *f)
{
	struct component *c = f->component;
	void (*stopped)(struct component *) = f->stopped;

	timer_clear(&f->soon);
	buf_fini(&f->path);
	*f = (struct place_file){0};
	stopped(c);
}

static void on_written(struct file_write *w)
{
	struct place_file *f = container_of(w, struct place_file, write);

	if (w->error && !f->is_sick)
		log_warn(f->component->id,
			"how far it has read cannot be saved: a restart repeats what came since",
			KV("path", (const char *)f->path.p), KV("err", strerror(w->error)),
			KV("hint", "give the storage folder (--storage.path) room, and the agent "
				   "the right to write there"));
	f->is_sick = w->error != 0;
	if (f->stopped && f->is_due)
		save(f);
	else if (f->stopped)
		end(f);
	else if (w->error || f->is_due)
		timer_set(&f->soon, f->component->loop, w->error ? LATER : SOON);
}

static void on_moved(void *keeper)
{
	struct place_file *f = keeper;

	f->is_due = true;
	if (!timer_is_set(&f->soon) && !f->write.busy)
		timer_set(&f->soon, f->component->loop, SOON);
}

static void read_place(struct place_file *f)
{
	struct buf text = {0};
	int error = file_read(f->path.p, &text, PLACE_MAX);

	if (!error)
		progress_start_at(f->progress, str_trim(buf_str(&text)));
	else if (error != ENOENT)
		log_warn(f->component->id, "how far it had read is not known: it begins anew",
			KV("path", (const char *)f->path.p), KV("err", strerror(error)));
	buf_fini(&text);
}

void place_file_start(struct place_file *f, struct component *c, struct progress *p)
{
	struct str storage = c->agent->storage_path;

	f->component = c;
	f->progress = p;
	f->write.done = on_written;
	f->soon.fire = on_soon;
	if (c->agent->dry_run != DRY_RUN_OFF || storage.n == 0)
		return;
	buf_printf(&f->path, STR_FMT "/%s.place", STR_ARG(storage), c->id);
	for (size_t i = storage.n + 1; i < f->path.n; i++)
		if (f->path.p[i] == '/')
			f->path.p[i] = '_';
	buf_add_char(&f->path, '\0');
	read_place(f);
	p->keeper = f;
	p->moved = on_moved;
}

void place_file_stop(struct place_file *f, void (*stopped)(struct component *c))
{
	f->progress->moved = NULL;
	f->stopped = stopped;
	if (f->write.busy)
		return;
	if (f->is_due)
		save(f);
	else
		end(f);
}
