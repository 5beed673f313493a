/* The metrics are here because they stay as long as the folder is used. */

#include "agent/component/common/otelcol_storage.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct metric *new_metric(
	const struct storage *s, const struct metric_family *f, const char *reason)
{
	const struct metric_label labels[] = {
		{"component_id", s->id},
		{"component_path", "/"},
		{reason ? "reason" : NULL, reason},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

static double read_used(void *owner)
{
	return (double)((const struct storage *)owner)->used;
}

static double read_limit(void *owner)
{
	return (double)((const struct storage *)owner)->max_size;
}

struct storage *storage_new(
	const char *id, const char *directory, const struct storage_metrics *m)
{
	struct storage *s = mem_new(struct storage, 1);

	s->id = mem_text(str_from(id));
	s->directory = mem_text(str_from(directory));
	s->refs = 1;
	s->used_metric = new_metric(s, m->used, NULL);
	metric_set_reader(s->used_metric, read_used, s);
	s->limit_metric = new_metric(s, m->limit, NULL);
	metric_set_reader(s->limit_metric, read_limit, s);
	s->damaged = new_metric(s, m->damaged, "damaged");
	s->cut = new_metric(s, m->damaged, "cut");
	return s;
}

struct storage *storage_hold(struct storage *s)
{
	must(s->refs > 0);
	s->refs++;
	return s;
}

void storage_retire(struct storage *s)
{
	metric_free(s->used_metric);
	metric_free(s->limit_metric);
	metric_free(s->damaged);
	metric_free(s->cut);
	s->used_metric = s->limit_metric = s->damaged = s->cut = NULL;
}

void storage_release(struct storage *s)
{
	if (!s)
		return;
	must(s->refs > 0);
	if (--s->refs > 0)
		return;
	storage_retire(s);
	free(s->directory);
	free(s->id);
	free(s);
}

/* It was made just now: its name is to outlive a loss of power. As far as the agent may read the
 * folder above; one that it may not has been there before. */
static void sync_name_of(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int up = dir == -1 ? -1 : openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (up != -1) {
		fsync(up);
		close(up);
	}
	if (dir != -1)
		close(dir);
}

bool storage_make_folders(char *path, unsigned mode, struct err *e)
{
	for (char *p = path + 1;; p++) {
		char was = *p;

		if (was != '/' && was != 0)
			continue;
		*p = 0;
		if (mkdir(path, mode) == 0) {
			sync_name_of(path);
		} else if (errno != EEXIST) {
			err_set(e, "cannot make the folder %s: %s", path, strerror(errno));
			*p = was;
			return false;
		}
		*p = was;
		if (was == 0)
			return true;
	}
}
