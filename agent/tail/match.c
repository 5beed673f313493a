/*
 * Walks a pattern part by part. Only a directory whose next part has a wildcard is listed;
 * a plain part is looked up. The directories on the way are watched: those that are listed, and
 * the deepest one that exists on the way to a plain part that does not.
 */
#include "agent/tail/match.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/notify.h"
#include "agent/tail/glob.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATHS ((size_t)20000)
#define MAX_DEPTH ((size_t)40)
#define PATH_BYTES ((size_t)4096)
#define RETRY (10 * NS_PER_SEC)
#define RETRY_SOON (1 * NS_PER_SEC)

/* A watched directory, and with which part of the pattern its names are compared. */
struct match_dir {
	struct notify_watch watch;
	struct match *match;
	const char *part; /* "**": every name counts */
	unsigned round;   /* of the walk that needed it last */
};

/* Where a walk stands: the path so far. */
struct place {
	char path[PATH_BYTES];
	size_t n;
};

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct match_dir *d = container_of(w, struct match_dir, watch);
	char text[512];

	(void)cookie;
	if (!(events & (NOTIFY_CREATE | NOTIFY_GONE | NOTIFY_SELF_GONE | NOTIFY_OVERFLOW)))
		return;
	if (name.n && name.n < sizeof(text) && strcmp(d->part, "**") != 0) {
		memcpy(text, name.p, name.n);
		text[name.n] = 0;
		if (!glob_part_matches(d->part, text))
			return;
	}
	task_defer(&d->match->walk, d->match->loop);
}

static struct match_dir *dir_of(struct match *m, struct str path)
{
	struct match_dir *d = map_find(&m->dirs, path);

	if (!d) {
		d = mem_new(struct match_dir, 1);
		d->match = m;
		d->watch.changed = on_changed;
		map_set(&m->dirs, path, d);
	}
	return d;
}

/* The system does not say what is there. EACCES is an answer: what may not be seen is not there,
 * and it is asked for again. After any other, what was found before is still believed. */
static void fail(struct match *m, int error)
{
	if (error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG)
		return;
	m->again = true;
	if (error != EACCES && error != EPERM)
		m->error = error;
}

/* Before the directory is listed, so that what comes in between is not missed. */
static void watch(struct match *m, const struct place *at, const char *part)
{
	const char *path = at->n ? at->path : "/";
	struct match_dir *d = dir_of(m, str_from(path));

	d->part = part;
	d->round = m->round;
	if (d->watch.dir || notify_start(m->notify, &d->watch, path) == 0)
		return;
	if (errno == ENOENT || errno == ENOTDIR)
		return;
	fail(m, errno);
	if (m->unwatched)
		return;
	m->unwatched = true;
	log_warn(NULL, "a folder of logs cannot be watched", KV("path", path),
		KV("error", strerror(errno)),
		KV("hint", "new files in it are not seen at once; check its permissions"));
}

static void found(struct match *m, const struct place *at)
{
	if (m->n == MAX_PATHS) {
		if (!m->too_many)
			log_warn(NULL, "too many files match a pattern, the rest is left out",
				KV("pattern", m->pattern), KV("limit", (int64_t)MAX_PATHS),
				KV("hint", "use a narrower __path__"));
		m->too_many = true;
		return;
	}
	if (m->n % 64 == 0)
		m->paths = mem_resize(m->paths, (m->n + 64) * sizeof(*m->paths));
	m->paths[m->n++] = arena_str(&m->found, (struct str){at->path, at->n});
}

/* False: the path would be too long. */
static bool enter(struct place *at, const char *name)
{
	int n = snprintf(at->path + at->n, PATH_BYTES - at->n, "/%s", name);

	if (n < 0 || (size_t)n >= PATH_BYTES - at->n) {
		at->path[at->n] = 0;
		return false;
	}
	at->n += (size_t)n;
	return true;
}

static void leave(struct place *at, size_t n)
{
	at->n = n;
	at->path[n] = 0;
}

static void visit(struct match *m, struct place *at, size_t part, size_t depth);

/* The place is one that the parts before `part` have matched. */
static void arrive(struct match *m, struct place *at, size_t part, size_t depth)
{
	struct stat st;

	if (stat(at->path, &st) == -1) {
		fail(m, errno);
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		if (part < m->n_parts)
			visit(m, at, part, depth + 1);
	} else if (part == m->n_parts) {
		found(m, at);
	}
}

/* ** is no part, or one directory and again **. Links are not followed: they may go round. */
static void visit_stars(struct match *m, struct place *at, const char *name, size_t part,
	size_t depth)
{
	struct stat st;

	if (lstat(at->path, &st) == -1) {
		fail(m, errno);
		return;
	}
	if (part + 1 == m->n_parts) {
		if (S_ISREG(st.st_mode))
			found(m, at);
	} else if (glob_part_matches(m->parts[part + 1].p, name)) {
		arrive(m, at, part + 2, depth);
	}
	if (S_ISDIR(st.st_mode))
		visit(m, at, part, depth + 1);
}

static void list(struct match *m, struct place *at, size_t part, size_t depth)
{
	const char *pattern = m->parts[part].p;
	bool stars = strcmp(pattern, "**") == 0;
	DIR *dir = opendir(at->n ? at->path : "/");
	size_t n = at->n;
	struct dirent *e;

	if (!dir) {
		fail(m, errno);
		return;
	}
	while (errno = 0, (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!stars && !glob_part_matches(pattern, e->d_name))
			continue;
		if (!enter(at, e->d_name))
			continue;
		if (stars)
			visit_stars(m, at, e->d_name, part, depth);
		else
			arrive(m, at, part + 1, depth);
		leave(at, n);
	}
	if (errno)
		fail(m, errno);
	closedir(dir);
}

/* A plain part. False: it is not there. */
static bool step(struct match *m, struct place *at, size_t part, size_t depth)
{
	size_t n = at->n;
	struct stat st;
	int error;

	if (!enter(at, m->parts[part].p))
		return true; /* nor will it be */
	error = stat(at->path, &st) == 0 ? 0 : errno;
	if (!error)
		arrive(m, at, part + 1, depth);
	else
		fail(m, error);
	leave(at, n);
	return !error;
}

static void visit(struct match *m, struct place *at, size_t part, size_t depth)
{
	struct str name = m->parts[part];
	bool last = part + 1 == m->n_parts;

	if (depth > MAX_DEPTH)
		return;
	if (!glob_is_plain(name)) {
		watch(m, at, name.p);
		list(m, at, part, depth);
		return;
	}
	if (last)
		watch(m, at, name.p); /* to see it come and go */
	if (step(m, at, part, depth) || last)
		return;
	watch(m, at, name.p);
	step(m, at, part, depth); /* it may have come before the watch */
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void drop_old_watches(struct match *m)
{
	for (size_t i = 0; i < m->dirs.cap; i++) {
		struct map_slot *s = &m->dirs.slots[i];
		struct match_dir *d = s->value;

		if (!s->key.p || d->round == m->round)
			continue;
		notify_stop(&d->watch);
		map_remove(&m->dirs, s->key);
		free(d);
		i = (size_t)-1; /* slots have moved: from the beginning again */
	}
}

static void say_error(struct match *m)
{
	if (m->error && !m->troubled)
		log_warn(NULL, "it cannot be found out which logs there are, those known are kept",
			KV("pattern", m->pattern), KV("error", strerror(m->error)),
			KV("hint", "with too many open files: raise the limit; it is tried again "
				   "every second"));
	if (!m->error && m->troubled)
		log_info(NULL, "logs can be looked for again", KV("pattern", m->pattern));
	m->troubled = m->error != 0;
}

static void walk(struct match *m)
{
	struct place at = {.n = 0};

	m->round++;
	m->error = 0;
	m->again = false;
	if (m->n_parts)
		visit(m, &at, 0, 0);
	if (m->n > 1)
		qsort(m->paths, m->n, sizeof(*m->paths), by_path);
	if (!m->error)
		drop_old_watches(m);
	say_error(m);
	if (m->again)
		timer_set(&m->retry, m->loop, m->error ? RETRY_SOON : RETRY);
	else
		timer_clear(&m->retry);
}

static bool same(const struct str *a, size_t n, const struct match *m)
{
	if (n != m->n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(a[i], m->paths[i]))
			return false;
	}
	return true;
}

/* Those of before that were not found now: it is not known that they are gone. */
static void keep(struct match *m, const struct str *before, size_t n)
{
	size_t now = m->n;

	for (size_t i = 0; i < n; i++) {
		struct place at = {.n = before[i].n};

		if (now && bsearch(&before[i], m->paths, now, sizeof(*m->paths), by_path))
			continue;
		memcpy(at.path, before[i].p, at.n);
		found(m, &at);
	}
	if (m->n > now)
		qsort(m->paths, m->n, sizeof(*m->paths), by_path);
}

static void on_walk(struct task *t)
{
	struct match *m = container_of(t, struct match, walk);
	struct arena old = m->found;
	struct str *paths = m->paths;
	size_t n = m->n;
	bool equal;

	m->found = (struct arena){0};
	m->paths = NULL;
	m->n = 0;
	walk(m);
	if (m->error)
		keep(m, paths, n);
	equal = same(paths, n, m);
	free(paths);
	arena_fini(&old);
	if (!equal)
		m->changed(m);
}

static void on_retry(struct timer *t)
{
	task_defer(&container_of(t, struct match, retry)->walk, t->loop);
}

/* A relative pattern begins at the working directory. */
static struct str absolute(struct arena *a, struct str pattern)
{
	char cwd[PATH_BYTES];

	if (pattern.n && pattern.p[0] == '/')
		return arena_str(a, pattern);
	if (!getcwd(cwd, sizeof(cwd)))
		cwd[0] = 0;
	return arena_printf(a, "%s/" STR_FMT, cwd, STR_ARG(pattern));
}

void match_start(struct match *m, struct loop *l, struct notify *n, struct str pattern)
{
	struct str rest;
	struct str part;

	m->loop = l;
	m->notify = n;
	m->walk.run = on_walk;
	m->retry.fire = on_retry;
	m->pattern = absolute(&m->life, pattern);
	m->parts = arena_new(&m->life, struct str, m->pattern.n + 1);
	rest = m->pattern;
	while (rest.p) {
		if (!str_cut(rest, '/', &part, &rest)) {
			part = rest;
			rest = (struct str){0};
		}
		if (part.n && !str_is(part, "."))
			m->parts[m->n_parts++] = arena_str(&m->life, part);
	}
	walk(m);
}

void match_stop(struct match *m)
{
	if (m->loop)
		task_cancel(&m->walk);
	timer_clear(&m->retry);
	m->round++;
	drop_old_watches(m);
	map_fini(&m->dirs);
	arena_fini(&m->found);
	arena_fini(&m->life);
	free(m->paths);
	m->paths = NULL;
	m->n = 0;
	m->n_parts = 0;
}
