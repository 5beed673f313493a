/* The metrics are here because they stay as long as the folder is used. */

#include "agent/component/common/otelcol_storage.h"

#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"

#include <stdlib.h>

static const struct metric_family used_family = {"otelcol_storage_file_used_bytes", METRIC_GAUGE,
	"Bytes in the files of the queues that are kept here.", NULL};
static const struct metric_family limit_family = {"otelcol_storage_file_limit_bytes", METRIC_GAUGE,
	"Bytes that the queues may take.", NULL};
static const struct metric_family damaged_family = {"otelcol_storage_file_damaged_records_total",
	METRIC_COUNTER, "Requests on disk that could not be read, at least.", NULL};

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

struct storage *storage_new(const char *id, const char *directory)
{
	struct storage *s = mem_new(struct storage, 1);

	s->id = mem_text(str_from(id));
	s->directory = mem_text(str_from(directory));
	s->refs = 1;
	s->used_metric = new_metric(s, &used_family, NULL);
	metric_set_reader(s->used_metric, read_used, s);
	s->limit_metric = new_metric(s, &limit_family, NULL);
	metric_set_reader(s->limit_metric, read_limit, s);
	s->damaged = new_metric(s, &damaged_family, "damaged");
	s->cut = new_metric(s, &damaged_family, "cut");
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
