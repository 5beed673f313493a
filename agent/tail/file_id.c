/*
 * Which file it is, whatever its name. An inode's number alone does not tell: when a log is removed
 * and nobody holds it open, the next file that is made gets it. So the birth counts, too.
 */
#include "agent/tail/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int file_identify(int dir, const char *path, struct file_id *id)
{
	struct statx sx;

	if (statx(dir, path, AT_EMPTY_PATH, STATX_TYPE | STATX_INO | STATX_BTIME, &sx) == -1)
		return -1;
	if (!S_ISREG(sx.stx_mode)) {
		errno = EINVAL;
		return -1;
	}
	*id = (struct file_id){
		.device = makedev(sx.stx_dev_major, sx.stx_dev_minor), .inode = sx.stx_ino};
	if (sx.stx_mask & STATX_BTIME)
		id->born = (uint64_t)(sx.stx_btime.tv_sec * NS_PER_SEC + sx.stx_btime.tv_nsec);
	return 0;
}

bool file_id_is(const struct file_id *a, const struct file_id *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       (a->born == b->born || a->born == 0 || b->born == 0);
}

struct file_id position_id(const struct position *p)
{
	return (struct file_id){(dev_t)p->device, (ino_t)p->inode, p->born};
}
