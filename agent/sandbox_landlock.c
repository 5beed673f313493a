/*
 * Landlock by its three system calls (Linux: Documentation/userspace-api/landlock.rst). Each
 * kernel knows some version of it; what a version does not know is taken out of the set, as
 * the manual advises. Constants are written out: the headers of Debian 12 know version 2.
 */

#include "agent/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define REMOVE_DIR (1ULL << 4)
#define REMOVE_FILE (1ULL << 5)
#define MAKE_DIR (1ULL << 7)
#define MAKE_REG (1ULL << 8)
#define VERSION_1 ((1ULL << 13) - 1)
#define REFER (1ULL << 13)     /* version 2: move to another folder */
#define TRUNCATE (1ULL << 14)  /* version 3 */
#define IOCTL_DEV (1ULL << 15) /* version 5 */

#define SCOPE_ABSTRACT_SOCKET (1ULL << 0) /* version 6: no peers outside */
#define SCOPE_SIGNAL (1ULL << 1)
#define RESTRICT_TSYNC (1U << 3) /* version 8: all threads, not only this one */

/* A kernel that knows fewer members takes it as long as those are zero. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

static uint64_t handled(int abi)
{
	uint64_t fs = VERSION_1;

	if (abi >= 2)
		fs |= REFER;
	if (abi >= 3)
		fs |= TRUNCATE;
	if (abi >= 5)
		fs |= IOCTL_DEV;
	return fs;
}

bool landlock_open(struct landlock *l)
{
	struct ruleset r = {0};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	*l = (struct landlock){.fd = -1};
	if (abi <= 0)
		return false;
	l->abi = (int)abi;
	r.fs = handled(l->abi);
	if (l->abi >= 6)
		r.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	return l->fd != -1;
}

static uint64_t rights(const struct landlock *l, enum access access, bool is_folder)
{
	uint64_t may = READ_FILE | READ_DIR;

	if (access == ACCESS_WRITE)
		may |= WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER |
		       TRUNCATE;
	if (!is_folder)
		may &= READ_FILE | WRITE_FILE | TRUNCATE;
	return may & handled(l->abi);
}

bool landlock_allow(struct landlock *l, const char *path, enum access access)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;
	bool ok;
	int error;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return false;
	ok = fstat(rule.parent_fd, &st) == 0;
	rule.allowed_access = rights(l, access, ok && S_ISDIR(st.st_mode));
	ok = ok && syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	error = errno;
	close(rule.parent_fd);
	errno = error;
	return ok;
}

bool landlock_enter(struct landlock *l)
{
	bool ok = false;
	int error;

	if (l->abi >= 8) {
		ok = syscall(SYS_landlock_restrict_self, l->fd, RESTRICT_TSYNC) == 0;
		l->is_tight = ok;
	}
	if (!ok)
		ok = syscall(SYS_landlock_restrict_self, l->fd, 0) == 0;
	error = errno;
	close(l->fd);
	l->fd = -1;
	errno = error;
	return ok;
}
