/*
 * otelcol.storage.file: a folder on disk where exporters keep what they have accepted and not
 * delivered yet (sending_queue { storage = … }).
 *
 * Alloy has a database file there, which has to be compacted; here each queue is a folder of files
 * that are removed when all in them has been sent (common/otelcol_export/disk.h), so there is
 * nothing to compact. max_size is not Alloy's: what an outage may fill has to end somewhere.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/component/common/otelcol_storage.h"
#include "agent/graph/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct compaction_args {
	struct str directory;
	int64_t max_transaction_size;
	int64_t rebound_needed_threshold_mib;
	int64_t rebound_trigger_threshold_mib;
	int64_t check_interval;
	bool on_start;
	bool on_rebound;
	bool cleanup_on_start;
};

struct storage_args {
	struct range at;
	struct str directory;
	struct str directory_permissions;
	int64_t timeout;
	int64_t max_size;
	bool create_directory;
	bool fsync;
	struct compaction_args *compaction;
	struct otelcol_debug_metrics *debug_metrics;
};

struct storage_file {
	struct component base;
	struct auth_handler handler;
};

static const struct metric_family used_family = {"otelcol_storage_file_used_bytes", METRIC_GAUGE,
	"Bytes in the files of the queues that are kept here.", NULL};
static const struct metric_family limit_family = {"otelcol_storage_file_limit_bytes", METRIC_GAUGE,
	"Bytes that the queues may take.", NULL};
static const struct metric_family damaged_family = {"otelcol_storage_file_damaged_records_total",
	METRIC_COUNTER, "Requests on disk that could not be read, at least.", NULL};

static const struct storage_metrics metrics = {&used_family, &limit_family, &damaged_family};

static const struct arg compaction_args[] = {
	ARG(compaction_args, directory, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "There is nothing to compact."),
	ARG(compaction_args, on_start, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "There is nothing to compact."),
	ARG(compaction_args, on_rebound, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "There is nothing to compact."),
	ARG(compaction_args, cleanup_on_start, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "There are no temporary files."),
	ARG(compaction_args, max_transaction_size, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.def = "65536", .help = "There are no transactions."),
	ARG(compaction_args, rebound_needed_threshold_mib, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.def = "100", .help = "There is nothing to compact."),
	ARG(compaction_args, rebound_trigger_threshold_mib, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.def = "10", .help = "There is nothing to compact."),
	ARG(compaction_args, check_interval, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "5s", .help = "Files go as soon as all in them has been sent."),
	ARGS_END,
};

static const struct arg storage_args[] = {
	ARG_PLACE(storage_args, at),
	ARG(storage_args, directory, .type = ARG_STR,
		.help = "Folder of the queues; a folder of the component's name below "
			"--storage.path, if it is not given."),
	ARG(storage_args, create_directory, .type = ARG_BOOL, .def = "true",
		.help = "Make the folder if there is none."),
	ARG(storage_args, directory_permissions, .type = ARG_STR, .def = "0750",
		.help = "Permissions of folders that are made, octal."),
	ARG(storage_args, fsync, .type = ARG_BOOL,
		.help = "Acknowledge data only when it is on the disk itself: it outlives a loss "
			"of power, too, and the whole agent waits for the disk at each request "
			"(docs/otlp.md)."),
	ARG(storage_args, max_size, .type = ARG_SIZE, .def = "1GiB",
		.help = "Bytes that all queues may take together; senders are told to come again "
			"when it is full. Not Alloy's."),
	ARG(storage_args, timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT, .def = "1s",
		.help = "A folder that another process uses is an error at once."),
	ARG(storage_args, compaction, .type = ARG_BLOCK, .block = compaction_args,
		.size = sizeof(struct compaction_args), .help = "Compaction; there is none."),
	ARG(storage_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

/* "0750" */
static bool read_mode(struct str s, unsigned *mode)
{
	unsigned m = 0;

	if (s.n == 0 || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7')
			return false;
		m = m * 8 + (unsigned)(s.p[i] - '0');
	}
	*mode = m;
	return m <= 0777 && (m & 0700) == 0700;
}

static bool otelcol_storage_file_check(const void *args, struct diags *d)
{
	const struct storage_args *a = args;
	bool ok = true;
	unsigned mode;

	if (!read_mode(a->directory_permissions, &mode))
		ok = diag_error(d, a->at,
			"directory_permissions \"" STR_FMT
			"\" must be octal, as \"0750\", with all rights of the owner",
			STR_ARG(a->directory_permissions));
	if (a->max_size <= 0)
		ok = diag_error(d, a->at, "max_size must be greater than zero");
	if (memchr(a->directory.p ? a->directory.p : "", 0, a->directory.n))
		ok = diag_error(d, a->at, "directory must not hold a NUL");
	return ok;
}

static bool open_folder(
	const struct storage_file *s, const struct storage_args *a, struct buf *path, struct err *e)
{
	struct str base = s->base.agent->storage_path;
	unsigned mode = 0;
	struct stat st;

	read_mode(a->directory_permissions, &mode);
	if (a->directory.n > 0) {
		buf_add_str(path, a->directory);
	} else {
		buf_printf(path, STR_FMT "/", STR_ARG(base));
		for (const char *p = s->base.id; *p; p++)
			buf_add_char(path, *p == '/' ? '_' : *p);
	}
	while (path->n > 1 && path->p[path->n - 1] == '/')
		path->n--;
	buf_add_char(path, 0);
	if (a->create_directory && !storage_make_folders(path->p, mode, e))
		return false;
	if (stat(path->p, &st) == -1)
		return err_set(e, "the folder %s: %s (create_directory = true makes it)", path->p,
			strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, "%s is not a folder", path->p);
	if (access(path->p, W_OK | X_OK) == -1)
		return err_set(e,
			"the agent may not write in the folder %s: %s (its user needs the right; a "
			"folder that a reload names first is open after a restart)",
			path->p, strerror(errno));
	return true;
}

static bool otelcol_storage_file_start(struct component *c, const void *args, struct err *e)
{
	struct storage_file *s = container_of(c, struct storage_file, base);
	const struct storage_args *a = args;
	struct buf path = {0};

	s->handler = (struct auth_handler){.id = c->id};
	if (c->agent->dry_run == DRY_RUN_OFF && !open_folder(s, a, &path, e)) {
		buf_fini(&path);
		return false;
	}
	s->handler.storage = storage_new(c->id, path.p ? path.p : "", &metrics);
	s->handler.storage->fsync = a->fsync;
	s->handler.storage->full = "senders are told to come again; give the disk room, or raise "
				   "max_size of the storage";
	s->handler.storage->max_size = (uint64_t)a->max_size;
	read_mode(a->directory_permissions, &s->handler.storage->mode);
	buf_fini(&path);
	component_export(c, "handler", value_capsule(&capsule_handler, &s->handler));
	return true;
}

static void otelcol_storage_file_stop(struct component *c)
{
	struct storage_file *s = container_of(c, struct storage_file, base);

	storage_retire(s->handler.storage);
	storage_release(s->handler.storage);
	s->handler.storage = NULL;
	component_stopped(c);
}

static const struct export_field exports[] = {
	{"handler", ARG_CAPSULE, &capsule_handler, "For the storage argument of sending_queue."},
	{NULL, ARG_END, NULL, NULL},
};

/* No update(): another folder is another storage, which exporters move to. */
const struct component_type otelcol_storage_file = {
	.name = "otelcol.storage.file",
	.help = "A folder on disk where exporters keep what they have not delivered yet.",
	.stability = STABILITY_PUBLIC_PREVIEW,
	.args = storage_args,
	.size = sizeof(struct storage_file),
	.args_size = sizeof(struct storage_args),
	.exports = exports,
	.check = otelcol_storage_file_check,
	.start = otelcol_storage_file_start,
	.stop = otelcol_storage_file_stop,
};
