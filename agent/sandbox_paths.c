/*
 * The paths that are to be allowed. A file is allowed by its folder, because files that matter
 * are replaced, not written: by another name (rotation, editors), by a link (a ConfigMap's
 * ..data). A folder that holds much besides, like /etc, is never opened on the way.
 */

#include "agent/sandbox_private.h"

#include "agent/base/vec.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LOOK_AT 4096 /* entries below the pods' logs */

/* Folders that hold much besides what was meant: never opened by the way. */
static const char *const wide[] = {"/", "/boot", "/dev", "/etc", "/home", "/proc", "/root", "/run",
	"/sys", "/usr", "/var", "/var/lib", NULL};

static bool is_wide(const char *path)
{
	for (size_t i = 0; wide[i]; i++)
		if (strcmp(wide[i], path) == 0)
			return true;
	return false;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == 0 || path[n] == '/' || n == 1);
}

static bool cover(const struct sandbox_paths *s, const char *real, enum access access)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_below(real, s->p[i].path) && s->p[i].access >= access)
			return true;
	return false;
}

void sandbox_paths_fini(struct sandbox_paths *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->p[i].path);
	free(s->p);
	*s = (struct sandbox_paths){0};
}

static void add_real(struct sandbox_paths *s, const char *real, enum access access)
{
	size_t n = strlen(real) + 1;
	struct sandbox_path *p;

	if (cover(s, real, access))
		return;
	p = vec_add(s);
	p->path = memcpy(mem_new(char, n), real, n);
	p->access = access;
	p->is_file = !is_folder(real);
}

void sandbox_paths_add(struct sandbox_paths *s, const char *path, enum access access)
{
	char real[PATH_MAX];

	if (realpath(path, real))
		add_real(s, real, access);
}

/* The folder of a path, as it is written. */
static void folder_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(out, PATH_MAX, ".");
	else
		snprintf(out, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static void add_folder_of(struct sandbox_paths *s, const char *path)
{
	char folder[PATH_MAX], real[PATH_MAX];

	folder_of(path, folder);
	if (!realpath(folder, real))
		return;
	if (!is_wide(real))
		add_real(s, real, ACCESS_READ);
	else
		sandbox_paths_add(s, path, ACCESS_READ);
}

void sandbox_paths_add_file(struct sandbox_paths *s, const char *path)
{
	char real[PATH_MAX];

	add_folder_of(s, path);
	if (realpath(path, real))
		add_folder_of(s, real);
}

/* The nearest folder above that exists, in place. */
static void climb(char path[PATH_MAX])
{
	while (!is_folder(path)) {
		char up[PATH_MAX];

		folder_of(path, up);
		if (strcmp(up, path) == 0)
			return;
		snprintf(path, PATH_MAX, "%s", up);
	}
}

bool sandbox_paths_add_pattern(struct sandbox_paths *s, struct str pattern)
{
	char path[PATH_MAX], real[PATH_MAX];
	size_t n = 0;
	bool is_pattern;

	while (n < pattern.n && !strchr("*?[{$\\", pattern.p[n]))
		n++;
	is_pattern = n < pattern.n;
	if (n >= sizeof(path) || n == 0 || memchr(pattern.p, 0, n))
		return true;
	while (is_pattern && n > 1 && pattern.p[n - 1] != '/')
		n--;
	while (n > 1 && pattern.p[n - 1] == '/')
		n--;
	snprintf(path, sizeof(path), "%.*s", (int)n, pattern.p);
	if (!is_pattern && realpath(path, real) && !is_folder(real)) {
		sandbox_paths_add_file(s, path);
		return true;
	}
	if (is_folder(path) && realpath(path, real) && is_wide(real))
		return strcmp(real, "/") == 0; /* "/" is a separator, or the like */
	climb(path);
	if (realpath(path, real) && !is_wide(real))
		add_real(s, real, ACCESS_READ);
	return true;
}

bool sandbox_paths_cover(const struct sandbox_paths *s, const char *path)
{
	return cover(s, path, ACCESS_READ);
}

bool sandbox_paths_cover_write(const struct sandbox_paths *s, const char *path)
{
	return cover(s, path, ACCESS_WRITE);
}

static void add_target(struct sandbox_paths *s, const char *link)
{
	char real[PATH_MAX], container[PATH_MAX], folder[PATH_MAX];

	if (!realpath(link, real) || cover(s, real, ACCESS_READ))
		return;
	folder_of(real, container);
	folder_of(container, folder);
	if (!is_wide(folder))
		add_real(s, folder, ACCESS_READ);
	else if (!is_wide(container))
		add_real(s, container, ACCESS_READ);
}

/* depth 2: folders of pods; 1: of containers; 0: logs. */
static void look_below(struct sandbox_paths *s, const char *folder, int depth, size_t *left)
{
	DIR *d = opendir(folder);
	char path[PATH_MAX];
	struct dirent *e;

	while (d && *left > 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		(*left)--;
		if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >= PATH_MAX)
			continue;
		if (depth > 0 && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			look_below(s, path, depth - 1, left);
		else if (depth == 0 && (e->d_type == DT_LNK || e->d_type == DT_UNKNOWN))
			add_target(s, path);
	}
	if (d)
		closedir(d);
}

void sandbox_paths_add_runtime(struct sandbox_paths *s, const char *pod_logs)
{
	size_t left = LOOK_AT;

	look_below(s, pod_logs, 2, &left);
}
