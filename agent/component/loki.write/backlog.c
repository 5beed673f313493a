/*
 * The files are those of the queues of OTLP's exporters. Each request is on the disk itself before
 * its acks go back, for then nobody else has it. That blocks the loop for as long as the disk
 * takes: only while an endpoint fails, and once a batch.
 */

#include "agent/component/loki.write/backlog.h"

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_export/disk.h"
#include "agent/component/common/otelcol_storage.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define AGAIN (10 * NS_PER_SEC)

struct on_disk {
	struct list link;
	struct disk_place place;
	uint32_t n;
	uint32_t tenant;
	uint32_t entries;
};

static void add(struct loki_backlog *b, const struct disk_place *place, const struct record *r)
{
	struct on_disk *it = mem_new(struct on_disk, 1);

	*it = (struct on_disk){.place = *place, .n = r->n, .tenant = r->client};
	it->entries = r->items;
	list_add_last(&b->items, &it->link);
	b->n++;
}

static void remove_item(struct loki_backlog *b, struct on_disk *it)
{
	list_remove(&it->link);
	free(it);
	b->n--;
}

static bool open_disk(struct loki_backlog *b, struct err *e)
{
	struct disk_place place;
	struct record r;

	if (!storage_make_folders(b->storage->directory, b->storage->mode, e))
		return false;
	b->disk = disk_open(b->storage, str_from(b->folder), SIGNAL_LOGS, b->id, e);
	if (!b->disk)
		return false;
	while (disk_next(b->disk, &r, &place))
		add(b, &place, &r);
	if (b->n)
		log_info(b->id, "batches that the last life kept on disk are sent first",
			KV("folder", (const char *)b->folder), KV("batches", (int64_t)b->n));
	return true;
}

static bool is_there(const struct loki_backlog *b)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", b->storage->directory, b->folder);
	return stat(path, &st) == 0;
}

/* True when it may be written or read. */
static bool is_open(struct loki_backlog *b)
{
	struct err e = {0};

	if (b->disk)
		return true;
	if (!b->storage || loop_now(b->loop) < b->again)
		return false;
	if (open_disk(b, &e))
		return true;
	b->again = loop_now(b->loop) + AGAIN;
	log_error(b->id, "the folder for what a failing endpoint has not taken cannot be opened",
		KV("error", e.text),
		KV("hint", "give the agent the right to write below --storage.path; until then one "
			   "dead endpoint makes the others wait"));
	return false;
}

void loki_backlog_init(struct loki_backlog *b, struct loop *l, const char *id,
	struct storage *storage, const char *folder)
{
	*b = (struct loki_backlog){.id = id, .loop = l};
	list_init(&b->items);
	snprintf(b->folder, sizeof(b->folder), "%s", folder);
	if (!storage)
		return;
	b->storage = storage_hold(storage);
	if (is_there(b))
		is_open(b);
}

void loki_backlog_fini(struct loki_backlog *b)
{
	if (b->n)
		log_info(b->id, "batches stay on disk for the next start",
			KV("folder", (const char *)b->folder), KV("batches", (int64_t)b->n));
	LIST_EACH (it, &b->items, struct on_disk, link) {
		disk_leave(&it->place);
		remove_item(b, it);
	}
	disk_close(b->disk);
	storage_release(b->storage);
	*b = (struct loki_backlog){0};
}

void loki_backlog_move(struct loki_backlog *b, const char *folder)
{
	struct err e = {0};

	if (strcmp(b->folder, folder) == 0)
		return;
	snprintf(b->folder, sizeof(b->folder), "%s", folder);
	if (b->disk && !disk_rename(b->disk, str_from(folder), &e))
		log_error(b->id, "the folder of an endpoint's batches cannot be renamed",
			KV("error", e.text),
			KV("hint", "they are sent now, but would not be found after a restart"));
}

bool loki_backlog_write(struct loki_backlog *b, struct loki_request *r)
{
	struct str tenant = r->tenant->name;
	struct record head = {
		.kind = SIGNAL_LOGS,
		.n = (uint32_t)(tenant.n + r->body.n),
		.client = (uint32_t)tenant.n,
		.items = (uint32_t)r->entries,
		.body_crc = record_crc(tenant, buf_str(&r->body)),
		.format = "snappy",
	};
	struct err e = {0};

	if (loop_now(b->loop) < b->again || !is_open(b))
		return false;
	if (disk_append(b->disk, &head, tenant, buf_str(&r->body), &r->place, &e))
		return true;
	b->again = loop_now(b->loop) + AGAIN;
	return false;
}

void loki_backlog_add(struct loki_backlog *b, struct loki_request *r)
{
	struct record head = {
		.n = (uint32_t)(r->tenant->name.n + r->body.n),
		.client = (uint32_t)r->tenant->name.n,
		.items = (uint32_t)r->entries,
	};

	must(r->place.segment);
	add(b, &r->place, &head);
	r->place = (struct disk_place){0};
	loki_request_free(r);
}

static struct loki_request *read_item(
	const struct on_disk *it, struct loki_tenants *tenants, struct str host)
{
	char *p = disk_read(&it->place, it->n);
	struct str text = {p ? p + RECORD_HEAD : "", p ? it->n : 0};
	struct loki_tenant *t;
	struct loki_request *r = NULL;

	if (p) {
		t = loki_tenant_get(tenants, host, str_head(text, it->tenant));
		r = loki_request_stored(t, str_from_at(text, it->tenant), it->entries);
		loki_tenant_release(t);
	}
	free(p);
	return r;
}

/* Of which tenant is in bytes that may be damaged. */
static void drop_item(struct loki_backlog *b, struct on_disk *it, enum loki_drop why,
	struct loki_tenants *tenants, struct str host)
{
	struct loki_tenant *t = loki_tenant_get(tenants, host, STR(""));

	loki_tenant_dropped(t, why, it->entries, it->n - it->tenant);
	loki_tenant_release(t);
	disk_done(&it->place);
	remove_item(b, it);
}

struct loki_request *loki_backlog_take(
	struct loki_backlog *b, struct loki_tenants *tenants, struct str host)
{
	LIST_EACH (it, &b->items, struct on_disk, link) {
		struct loki_request *r = read_item(it, tenants, host);

		if (!r) {
			drop_item(b, it, LOKI_DROP_DAMAGED, tenants, host);
			continue;
		}
		r->place = it->place;
		remove_item(b, it);
		return r;
	}
	return NULL;
}

void loki_backlog_rest(struct loki_backlog *b)
{
	if (b->disk && b->n == 0)
		disk_rest(b->disk);
}

void loki_backlog_drop(struct loki_backlog *b, struct loki_tenants *tenants, struct str host)
{
	LIST_EACH (it, &b->items, struct on_disk, link)
		drop_item(b, it, LOKI_DROP_GONE, tenants, host);
}

static bool is_known(const char *name, const char *const *folders, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, folders[i]) == 0)
			return true;
	}
	return false;
}

/* Nothing in it but its lock: it was all sent. */
static bool has_files(const char *folder)
{
	DIR *d = opendir(folder);
	bool any = false;
	struct dirent *e;

	while (d && !any && (e = readdir(d)))
		any = e->d_name[0] != '.' && strcmp(e->d_name, "lock") != 0;
	if (d)
		closedir(d);
	return any;
}

void loki_backlog_say_strangers(
	const char *id, const struct storage *storage, const char *const *folders, size_t n)
{
	DIR *d = opendir(storage->directory);
	char path[4096];
	struct dirent *e;

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", storage->directory, e->d_name);
		if (e->d_name[0] == '.' || is_known(e->d_name, folders, n) || !has_files(path))
			continue;
		log_warn(id, "batches on disk belong to no endpoint of this configuration",
			KV("folder", (const char *)path),
			KV("hint", "they were kept for another url, tenant, name or user: give an "
				   "endpoint those again and they are sent, or remove the folder"));
	}
	if (d)
		closedir(d);
}
