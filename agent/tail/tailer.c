/*
 * The service: which tails have something to read, in turn and by bytes; the positions
 * file. A tail that may have something to read is in the ready list once, whatever number
 * of events said so; it goes to the end of the list after each block. Only where a block ends
 * within a record, of which somebody holds the beginning, it goes on, and misses turns for it
 * afterwards: of a thousand logs that wait after an outage few are within a record at a time.
 */
#include "agent/tail/tail.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/loop/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_POSITIONS_FILE ((size_t)64 * 1024 * 1024)

static const struct metric_family lost = {"invar_tail_lost_files_total", METRIC_COUNTER,
	"Files of which something was lost.", NULL};
static const struct metric_family lost_bytes = {"invar_tail_lost_bytes_total", METRIC_COUNTER,
	"Bytes of logs that were lost, where it is known how many there were.", NULL};
static const char *const lost_names[LOST_REASONS] = {
	"rotated_unread", "held_limit", "broken_gz", "unreadable", "undelivered"};
static const struct metric_family split = {"invar_tail_split_lines_total", METRIC_COUNTER,
	"Lines or records longer than 1 MiB, sent in parts.", NULL};
static const struct metric_family errors = {"invar_tail_errors_total", METRIC_COUNTER,
	"Times a log could not be opened, watched or read.", NULL};
static const struct metric_family rotations = {"invar_tail_rotations_total", METRIC_COUNTER,
	"Files that were renamed, deleted or replaced while they were followed.", NULL};
static const struct metric_family truncations = {"invar_tail_truncations_total", METRIC_COUNTER,
	"Files that became shorter than what had been read of them.", NULL};
static const struct metric_family held = {"invar_tail_held_bytes", METRIC_GAUGE,
	"Bytes of renamed or deleted files that are still to be read.", NULL};
static const struct metric_family saves = {"invar_tail_position_saves_total", METRIC_COUNTER,
	"Times the positions were written to disk.", NULL};
static const struct metric_family save_failures = {"invar_tail_position_save_failures_total",
	METRIC_COUNTER, "Times the positions could not be written to disk.", NULL};
static const struct metric_family malformed = {"invar_tail_malformed_lines_total", METRIC_COUNTER,
	"Lines of container logs that are neither CRI nor JSON; sent as they are.", NULL};

static double read_held(void *owner)
{
	struct tailer *t = owner;
	double sum = 0;
	bool has_name;

	LIST_EACH (tail, &t->all, struct tail, link) {
		LIST_EACH (f, &tail->files, struct tail_file, link) {
			uint64_t size = file_size(f, &has_name);

			if (f->state == FILE_ENDING && size > f->offset)
				sum += (double)(size - f->offset);
		}
	}
	return sum;
}

void tailer_lost(struct tailer *t, enum tail_lost why, uint64_t bytes)
{
	metric_add(t->m_lost[why], 1);
	metric_add(t->m_lost_bytes[why], (double)bytes);
}

void tailer_held(struct tailer *t)
{
	if (t->set.held_limit && !timer_is_set(&t->limit))
		timer_set(&t->limit, t->loop, RECHECK);
}

static uint64_t unread(const struct tail_file *f)
{
	bool has_name;
	uint64_t size = f->state == FILE_ENDING ? file_size(f, &has_name) : 0;

	return size > f->offset && !has_name ? size - f->offset : 0;
}

static void give_up(struct tailer *t, struct tail_file *f)
{
	uint64_t bytes = unread(f);

	tailer_lost(t, LOST_HELD, bytes);
	log_error(NULL, "a deleted log is given up unread: too much is held open",
		KV("path", f->tail->path), KV("bytes", (int64_t)bytes),
		KV("hint", "its destination is down or too slow; --tail.held-limit is how much "
			   "disk deleted logs may keep"));
	file_set_state(f, FILE_DRAINED);
	file_close(f);
	tailer_ready(f->tail);
}

/* The disk space of a deleted file is free only when it is closed. Those that have a name are the
 * kubelet's to bound. */
static void on_limit(struct timer *timer)
{
	struct tailer *t = container_of(timer, struct tailer, limit);
	struct tail_file *oldest;
	bool any = false;
	uint64_t sum;

	do {
		sum = 0;
		oldest = NULL;
		LIST_EACH (tail, &t->all, struct tail, link) {
			LIST_EACH (f, &tail->files, struct tail_file, link) {
				uint64_t n = unread(f);

				any = any || f->state == FILE_ENDING;
				sum += n;
				if (n && (!oldest || f->ended < oldest->ended))
					oldest = f;
			}
		}
		if (sum > t->set.held_limit)
			give_up(t, oldest);
	} while (sum > t->set.held_limit);
	if (any)
		timer_set(&t->limit, t->loop, RECHECK);
}

/* Every tail has been read to its end: the part of --once that is ours is done. */
static void check_idle(struct tailer *t)
{
	if (list_is_empty(&t->ready))
		once_idle(&t->once);
}

/* Does it miss this turn, for what it has read out of turn? */
static bool misses(struct tail *tail)
{
	if (tail->goes_on || tail->owes < BLOCK || list_is_empty(&tail->tailer->ready))
		return false;
	tail->owes -= BLOCK;
	return true;
}

static void take_turn(struct tail *tail)
{
	struct tailer *t = tail->tailer;

	list_remove(&tail->ready);
	tail->origin.more = false;
	if (misses(tail)) {
		tailer_ready(tail);
		return;
	}
	if (!tail_step(tail))
		return;
	tailer_ready(tail);
	if (tail->origin.open == 0 || tail->owes >= OWES_MAX || t->ready.next == &tail->ready)
		return;
	tail->goes_on = true;
	tail->owes += BLOCK;
	list_remove(&tail->ready);
	list_add_first(&t->ready, &tail->ready);
}

static void on_read(struct task *task)
{
	struct tailer *t = container_of(task, struct tailer, read);
	size_t left = PER_TURN;

	while (!list_is_empty(&t->ready) && left > 0) {
		struct tail *tail = container_of(t->ready.next, struct tail, ready);

		if (budget_is_full(t->set.budget)) {
			budget_wait(t->set.budget, &t->room);
			return;
		}
		take_turn(tail);
		left = left > BLOCK ? left - BLOCK : 0;
	}
	if (list_is_empty(&t->ready) && t->block_n > BLOCK) {
		free(t->block);
		t->block = NULL;
		t->block_n = 0;
	}
	if (!list_is_empty(&t->ready))
		task_defer(&t->read, t->loop);
	check_idle(t);
}

static void on_room(struct budget_waiter *w)
{
	struct tailer *t = container_of(w, struct tailer, room);

	task_defer(&t->read, t->loop);
}

void tailer_ready(struct tail *t)
{
	if (!t->source || !list_is_empty(&t->ready))
		return;
	t->origin.more = true;
	list_add_last(&t->tailer->ready, &t->ready);
	once_busy(t->tailer->set.once, &t->tailer->once);
	task_defer(&t->tailer->read, t->tailer->loop);
}

void tailer_changed(struct tailer *t)
{
	if (t->set.positions && t->set.save && !timer_is_set(&t->save))
		timer_set(&t->save, t->loop, SAVE_EVERY);
}

void tailer_added(struct tailer *t)
{
	bool soon = timer_is_set(&t->save) && t->save.at - loop_now(t->loop) <= SAVE_AT_ONCE;

	if (t->set.positions && t->set.save && !soon)
		timer_set(&t->save, t->loop, SAVE_AT_ONCE);
}

/* A file that is drained, settled and followed by another is of no use any more. */
static void print_tail(struct buf *out, struct tail *t)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		struct position *p;

		if (f->shadow || (file_is_settled(f) && f->link.next != &t->files))
			continue;
		p = file_position(f);
		positions_print(out, p);
		position_free(p);
	}
}

static void print_positions(struct tailer *t, struct buf *out)
{
	positions_print_start(out);
	positions_print_all(out, &t->unclaimed);
	positions_print_all(out, &t->orphans);
	LIST_EACH (tail, &t->all, struct tail, link)
		print_tail(out, tail);
	positions_print_end(out);
}

static void on_saved(struct tailer *t, int error)
{
	if (error == 0) {
		metric_add(t->m_saves, 1);
		if (t->save_wait)
			log_info(
				NULL, "positions can be saved again", KV("path", t->set.positions));
		t->save_wait = 0;
		return;
	}
	metric_add(t->m_save_failures, 1);
	if (!t->save_wait)
		log_error(NULL, "positions cannot be saved", KV("path", t->set.positions),
			KV("error", strerror(error)),
			KV("hint",
				"make room on the volume of --storage.path, or give the agent the "
				"right to write there; until then a restart repeats lines"));
	t->save_wait = t->save_wait ? t->save_wait * 2 : SAVE_AGAIN;
	if (t->save_wait > RETRY)
		t->save_wait = RETRY;
	timer_set(&t->save, t->loop, t->save_wait);
}

static void on_written(struct file_write *w)
{
	on_saved(container_of(w, struct tailer, write), w->error);
}

/* Something of that name, rotated or not. */
static bool has_sibling(const char *folder, const char *base)
{
	DIR *dir = opendir(folder);
	bool found = false;
	struct dirent *e;

	if (!dir)
		return !is_gone(errno);
	while (!found && (e = readdir(dir)))
		found = str_starts(str_from(e->d_name), base);
	closedir(dir);
	return found;
}

/* In the middle of a rotation there is no file of the name. */
static bool is_there(const struct position *p)
{
	const char *path = strchr(p->key, '\n') + 1;
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct stat st;

	if (lstat(path, &st) == 0 || !is_gone(errno))
		return true;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		slash ? path : ".");
	return has_sibling(folder, slash ? slash + 1 : path);
}

/* Most positions of files that were left are of pods that are gone: those are forgotten. */
static void purge(struct tailer *t)
{
	struct positions kept = {0};

	if (t->unclaimed.n < t->purge_at)
		return;
	MAP_EACH(slot, &t->unclaimed.by_key)
	{
		struct position *next;

		for (struct position *p = slot->value; p; p = next) {
			next = p->next;
			p->next = NULL;
			if (is_there(p))
				positions_put(&kept, p);
			else
				position_free(p);
		}
		slot->value = NULL;
	}
	positions_fini(&t->unclaimed);
	t->unclaimed = kept;
	t->purge_at = kept.n * 2 + 64;
}

/* Off the loop's thread, as a slow disk must not hold up the reading. */
static void on_save(struct timer *timer)
{
	struct tailer *t = container_of(timer, struct tailer, save);
	struct buf text = {0};

	if (t->write.busy || t->load_error) {
		timer_set(&t->save, t->loop, SAVE_EVERY);
		return;
	}
	purge(t);
	print_positions(t, &text);
	file_write_start(&t->write, t->loop, t->set.positions, &text);
}

/* At the end, when there is nothing else to do. */
static void save_now(struct tailer *t)
{
	struct buf text = {0};

	print_positions(t, &text);
	on_saved(t, file_replace(t->set.positions, buf_str(&text)));
	buf_fini(&text);
}

static void set_aside(struct tailer *t, const char *why)
{
	char aside[4096];

	snprintf(aside, sizeof(aside), "%s.broken", t->set.positions);
	if (t->set.save && rename(t->set.positions, aside) == -1)
		snprintf(aside, sizeof(aside), "%s", t->set.positions);
	log_error(NULL,
		"the positions file is broken or cannot be read, and was set aside; logs are read "
		"from their beginning",
		KV("path", t->set.positions), KV("kept_as", aside), KV("error", why),
		KV("hint", "lines may be sent again; Loki drops those that are identical"));
}

/* A container that came shortly before the end of the last life may not have been named to it. */
static int64_t news_since(const struct tailer *t)
{
	struct stat st;

	if (stat(t->set.positions, &st) == -1)
		return t->started_wall;
	return (int64_t)st.st_mtim.tv_sec * NS_PER_SEC - UNNAMED;
}

static void load(struct tailer *t)
{
	struct buf text = {0};
	struct err e = {0};
	int error = file_read(t->set.positions, &text, MAX_POSITIONS_FILE);

	if (is_lack(error) && !t->load_error)
		log_error(NULL, "the positions file cannot be read, no log is opened before it is",
			KV("path", t->set.positions), KV("error", strerror(error)),
			KV("hint", "raise the limit of open files, or find out who uses them up"));
	t->load_error = is_lack(error) ? error : 0;
	if (t->load_error)
		timer_set(&t->load, t->loop, RETRY_SOON);
	else if (error == 0 && !positions_parse(&t->unclaimed, buf_str(&text), &e))
		set_aside(t, e.text);
	else if (error == 0)
		t->news_since = news_since(t);
	else if (error != ENOENT)
		set_aside(t, strerror(error));
	buf_fini(&text);
}

static void count_missing(struct tailer *t, const struct position *p)
{
	tailer_lost(t, LOST_ROTATED, 0);
	log_warn(NULL, "a log that was read in part is not there any more",
		KV("path", strchr(p->key, '\n') + 1), KV("offset", (int64_t)p->offset),
		KV("hint", "it was rotated away or replaced while the agent was stopped"));
}

/* One that was empty has nothing by which it could be known. */
void tailer_orphan(struct tailer *t, struct position *p)
{
	if (p->head_n == 0) {
		count_missing(t, p);
		position_free(p);
		return;
	}
	positions_put(&t->orphans, p);
	if (!timer_is_set(&t->judge))
		timer_set(&t->judge, t->loop, RETRY_SOON);
}

static void on_judge(struct timer *timer)
{
	struct tailer *t = container_of(timer, struct tailer, judge);

	MAP_EACH(slot, &t->orphans.by_key)
	{
		for (const struct position *p = slot->value; p; p = p->next)
			count_missing(t, p);
	}
	positions_fini(&t->orphans);
}

static void on_load(struct timer *timer)
{
	load(container_of(timer, struct tailer, load));
}

struct tailer *tailer_new(const struct tailer_settings *set)
{
	struct tailer *t = mem_new(struct tailer, 1);

	t->set = *set;
	t->loop = set->loop;
	t->set.positions = set->positions ? mem_text(str_from(set->positions)) : NULL;
	t->started_wall = loop_wall(set->loop);
	t->started = loop_now(set->loop);
	t->news_since = t->started_wall;
	t->read.run = on_read;
	t->room.room = on_room;
	t->save.fire = on_save;
	t->limit.fire = on_limit;
	t->load.fire = on_load;
	t->judge.fire = on_judge;
	t->write.done = on_written;
	list_init(&t->all);
	list_init(&t->ready);
	for (size_t i = 0; i < LOST_REASONS; i++) {
		const struct metric_label why[] = {{"reason", lost_names[i]}, {NULL, NULL}};

		t->m_lost[i] = metric_new(&lost, why);
		t->m_lost_bytes[i] = metric_new(&lost_bytes, why);
	}
	t->m_split = metric_new(&split, NULL);
	t->m_errors = metric_new(&errors, NULL);
	t->m_rotations = metric_new(&rotations, NULL);
	t->m_truncations = metric_new(&truncations, NULL);
	t->m_held = metric_new(&held, NULL);
	t->m_saves = metric_new(&saves, NULL);
	t->m_save_failures = metric_new(&save_failures, NULL);
	t->m_malformed = metric_new(&malformed, NULL);
	metric_set_reader(t->m_held, read_held, t);
	if (t->set.positions)
		load(t);
	return t;
}

void tailer_free(struct tailer *t)
{
	struct metric *const metrics[] = {t->m_split, t->m_errors, t->m_rotations,
		t->m_truncations, t->m_held, t->m_saves, t->m_save_failures, t->m_malformed};

	file_write_wait(&t->write, t->loop);
	if (t->set.positions && t->set.save && !t->load_error)
		save_now(t);
	timer_clear(&t->save);
	timer_clear(&t->load);
	timer_clear(&t->judge);
	task_cancel(&t->read);
	budget_unwait(&t->room);
	while (!list_is_empty(&t->all))
		tail_free(container_of(t->all.next, struct tail, link));
	timer_clear(&t->limit);
	must(t->dirs.n == 0);
	once_idle(&t->once);
	positions_fini(&t->unclaimed);
	positions_fini(&t->orphans);
	map_fini(&t->tails);
	map_fini(&t->dirs);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		metric_free(metrics[i]);
	for (size_t i = 0; i < LOST_REASONS; i++) {
		metric_free(t->m_lost[i]);
		metric_free(t->m_lost_bytes[i]);
	}
	buf_fini(&t->docker);
	free(t->block);
	free((void *)(uintptr_t)t->set.positions);
	free(t);
}
