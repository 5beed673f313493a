/*
 * Where the file of a path really lies: its folder is watched. A symbolic link (docker's
 * N.log) leads to a name which is nobody's for a moment at each rotation, so that name is told
 * also while nothing has it; realpath() would say nothing then.
 */
#include "agent/tail/tail.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel's */

static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A name in a folder; "": none. False and errno: it is too long. */
static bool join(char out[PATH_MAX], struct str folder, const char *name)
{
	const char *slash = folder.n > 0 && folder.p[folder.n - 1] != '/' ? "/" : "";
	int n = snprintf(out, PATH_MAX, STR_FMT "%s%s", STR_ARG(folder), slash, name);

	if (n < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

enum step {
	IS_LINK,
	IS_NO_LINK, /* or nothing is there */
	IS_UNKNOWN, /* errno says why */
};

/* Puts where the link leads in the place of its name. */
static enum step follow_link(char path[PATH_MAX])
{
	char at[PATH_MAX];
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);
	bool ok;

	if (n == -1)
		return errno == EINVAL || is_gone(errno) ? IS_NO_LINK : IS_UNKNOWN;
	to[n] = 0;
	memcpy(at, path, strlen(path) + 1);
	ok = join(path, (struct str){at, to[0] == '/' ? 0 : (size_t)(name_in(at) - at)}, to);
	return ok ? IS_LINK : IS_UNKNOWN;
}

bool link_target(const char *path, char target[PATH_MAX])
{
	enum step step = IS_LINK;
	char at[PATH_MAX];
	char folder[PATH_MAX];
	char real[PATH_MAX];
	const char *name;

	if (!join(at, STR(""), path))
		return false;
	for (int links = 0; links <= MAX_LINKS && step == IS_LINK; links++)
		step = follow_link(at);
	if (step == IS_LINK)
		errno = ELOOP;
	if (step != IS_NO_LINK)
		return false;
	name = name_in(at);
	if (!join(folder, (struct str){at, (size_t)(name - at)}, "."))
		return false;
	return realpath(folder, real) && join(target, str_from(real), name);
}
