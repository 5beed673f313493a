#pragma once

/*
 * Private to agent/tail: one followed path, its files, and the tailer that reads them.
 *
 * A tail is a path of one source. Its files are the inodes that have had this name, oldest
 * first; only the first one that is not drained is read. The states of a file:
 *
 *	READING  waits for new bytes. Renamed, deleted or replaced: ENDING. Truncated, or its
 *	         tail is left and it has no name: DRAINED. (What is truncated is another file
 *	         from then on, of the same state.)
 *	ENDING   waits for its last writer. At its end, and closed by the writer, or the next
 *	         file has bytes, or it has no name and was quiet for QUIET: DRAINED. The name
 *	         is its own again: READING. Broken, unreadable for long, or too much is held:
 *	         DRAINED, closed, and counted.
 *	DRAINED  waits for its acks, and stays open for LINGER; without a name, until they have
 *	         come. Grown after all, or an ack failed: ENDING. Acked and closed: freed.
 *
 * docs/delivery.md has them as a table, each row of which is a test (file_test.c).
 */

#include "agent/base/list.h"
#include "agent/base/timestamp.h"
#include "agent/flow/budget.h"
#include "agent/flow/join.h"
#include "agent/flow/once.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "agent/tail/gz.h"
#include "agent/tail/positions.h"
#include "agent/tail/tailer.h"
#include "proto/cri/cri.h"

#include <limits.h>
#include <sys/types.h>

#define BLOCK ((size_t)128 * 1024)     /* read at once from one file */
#define CHUNK ((size_t)16 * 1024)      /* acknowledged at once: a crash repeats no more for it */
#define MAX_LINE ((size_t)1024 * 1024) /* a longer line, or joined record, is sent in parts */
#define PER_TURN ((size_t)512 * 1024)  /* read in one turn, from all files */
#define OWES_MAX MAX_LINE              /* a file may read on so far to end a record: tailer.c */
#define QUIET (5 * NS_PER_SEC)         /* a nameless file that does not grow for so long is done */
#define LINGER (5 * NS_PER_SEC)        /* a drained file is held open so long, for late writes */
#define RECHECK (1 * NS_PER_SEC)       /* an ending file is looked at so often, events or not */
#define RETRY (10 * NS_PER_SEC)        /* a file that cannot be opened or read is tried again */
#define RETRY_SOON (1 * NS_PER_SEC)    /* … if it is for a lack of descriptors or memory */
#define UNREADABLE (600 * NS_PER_SEC)  /* so long the others of a path wait for one that cannot */
#define UNNAMED (600 * NS_PER_SEC)     /* for so long a log may be there and no target name it */
#define RECORD_WAIT (2 * NS_PER_SEC)   /* no runtime waits so long between two pieces of a record */
#define JOIN_WAIT (3 * NS_PER_SEC)     /* a piece whose end does not come is sent as it is */
#define SAVE_AT_ONCE (10 * NS_PER_MS)  /* … or after a new file was opened */
#define SAVE_EVERY (500 * NS_PER_MS)   /* positions are written this long after an ack */
#define SAVE_AGAIN (1 * NS_PER_SEC)    /* after a failure, doubling up to RETRY */

struct stat;

enum file_state {
	FILE_READING,
	FILE_ENDING,
	FILE_DRAINED,
};

/* Why something will never be sent. */
enum tail_lost {
	LOST_ROTATED,     /* gone before it was read: while the agent was away, or too fast */
	LOST_HELD,        /* deleted, and the limit of what is held open was reached */
	LOST_GZ,          /* compressed, and broken */
	LOST_UNREADABLE,  /* the system did not let us, for long */
	LOST_UNDELIVERED, /* deleted, and its destination ended without having taken it */
	LOST_REASONS,
};

struct chunk {
	struct ack ack;
	struct tail_file *file;
	struct chunk *next;
	uint64_t start;
	uint64_t end;
	bool settled;
};

/* Two are of one file if device, inode and, where both are known, births are equal. */
struct file_id {
	dev_t device;
	ino_t inode;
	uint64_t born; /* Unix ns of its creation; 0: the file system does not say */
};

struct tail_file {
	struct list link; /* in the tail's files */
	struct tail *tail;
	struct tail_name *name; /* NULL: it has none any more that is known */
	struct list in_name;
	enum file_state state;
	int fd;        /* -1: closed */
	struct gz *gz; /* compressed: its reader, which has fd; NULL: plain */
	struct file_id id;
	uint64_t begin;  /* where reading began */
	uint64_t offset; /* next byte to read */
	uint64_t acked;  /* all before it is settled */
	struct chunk *first;
	struct chunk *last;
	uint32_t head_n;
	uint64_t head_hash;
	bool closed;               /* its writer closed it after it lost its name */
	int64_t ended;             /* loop time at which it lost its name */
	bool failed;               /* a destination gave up on a part of it, from rewind on */
	int64_t changed;           /* loop time of the last growth or change of state */
	uint32_t cookie;           /* of the rename that took its name away */
	struct tail_dir *moved_in; /* in whose list of half-seen renames it is; NULL: none */
	bool deleted;              /* it had no name when it was closed */
	bool shadow;               /* another tail has it: see shadow.c */
	/* a record that began here was not pushed whole: read it again */
	uint64_t rewind;
};

struct tail {
	struct list link; /* in the tailer's tails */
	struct tailer *tailer;
	struct tail_source *source; /* NULL: left */
	char *key;
	const char *path; /* inside key */
	const struct labels *labels;
	unsigned round;        /* of the last tail_source_set() that named it */
	bool leaving;          /* not named any more: to be left when all is read */
	bool troubled;         /* it was said */
	bool unread;           /* the last read failed */
	bool unopened;         /* the file of its name is there and could not be opened */
	bool unsure;           /* its folder must be asked which file has which name */
	int64_t blocked_since; /* loop time; 0: nothing that must be known is unknown */
	bool patience_is_over; /* it has been so for UNREADABLE */
	bool resumed;          /* positions were looked up */
	bool compressed;       /* its file is, which was said */
	/* a destination gave up: read again what it had, once all is settled */
	bool failed;
	bool left; /* since then it was left, and its files were closed */
	/* the youngest rotated sibling that needs no look any more; NULL: none */
	char *seen;
	uint64_t seen_born; /* Unix ns: the same of those with a number (NAME.1, NAME.2) */
	struct tail_name *name;
	struct list in_name;
	struct tail_name *link_name; /* where a symbolic link to it lies; NULL: none */
	struct list in_link_name;
	struct list files;
	struct list ready;           /* in the tailer's ready list */
	struct ack_origin origin;    /* of its chunks; more: it is ready, or lacks a file */
	size_t owes;                 /* bytes it has read out of its turn */
	bool goes_on;                /* it is the first of the list, to end a record */
	struct join records[2];      /* stdout, stderr: those that come in pieces */
	struct tail_file *open_file; /* where the first piece is of those that are open, … */
	uint64_t open_start;         /* … and all that came since one or the other has been */
	struct ack *open_ack;        /* of the last chunk, while a record is open; held */
	int64_t join_since;          /* loop time of the last piece */
	bool join_looked;            /* once more since then */
	int64_t retry_at;            /* 0: no need */
	struct timer timer;
	struct metric *m_lines;
	struct metric *m_bytes;
	struct metric *m_size;
};

/* A folder in which tails live, and the names in it that matter. */
struct tail_dir {
	struct notify_watch watch;
	struct tailer *tailer;
	char *path;
	struct map names;  /* struct tail_name */
	struct list moved; /* files whose rename has been seen by half: tail_file.in_name */
};

struct tail_name {
	struct tail_dir *dir;
	char *name;
	struct list tails; /* tail.in_name */
	struct list links; /* tail.in_link_name */
	struct list files; /* tail_file.in_name */
	unsigned held;     /* an event of it is being handled */
};

struct tailer {
	struct tailer_settings set;
	struct loop *loop;
	struct map tails; /* by key; struct tail */
	struct map dirs;
	struct list all;
	struct list ready;
	struct task read;
	struct budget_waiter room;
	struct once_part once;
	struct timer save;
	struct file_write write;
	struct positions unclaimed;
	/* of files that are not where they were: perhaps renamed */
	struct positions orphans;
	struct timer judge; /* those that nobody has claimed are gone */
	struct timer load;  /* positions could not be read for a lack of something: again */
	int load_error;     /* no file is opened before they are; 0: they are */
	size_t purge_at;    /* unclaimed positions: look which files are still there */
	int64_t news_since; /* Unix ns: a rotated log that is younger, and not known, is unread */
	int64_t save_wait;  /* how long after the last failure it is tried again; 0: it went well */
	int64_t started_wall;
	int64_t started; /* the same on the loop's clock */
	char *block;     /* what is read goes here; BLOCK bytes, more for a long line */
	size_t block_n;
	const char *chunk; /* the first byte of what is being pushed, in block */
	struct cri_clock clock;
	struct buf docker;  /* scratch of docker_parse() */
	struct timer limit; /* how much is held is looked at, while something is */
	struct metric *m_lost[LOST_REASONS];
	struct metric *m_lost_bytes[LOST_REASONS];
	struct metric *m_split;
	struct metric *m_errors;
	struct metric *m_rotations;
	struct metric *m_truncations;
	struct metric *m_held;
	struct metric *m_saves;
	struct metric *m_save_failures;
	struct metric *m_malformed;
};

/* tailer.c */
void tailer_ready(struct tail *t);     /* it may have something to read */
void tailer_changed(struct tailer *t); /* a position moved: save soon */
/* A file is new: save at once, so that it is known after a crash. */
void tailer_added(struct tailer *t);
/* A file is held that may have lost its name. */
void tailer_held(struct tailer *t);
void tailer_lost(struct tailer *t, enum tail_lost why, uint64_t bytes); /* bytes 0: not known */
/* Takes over p, of a file that is not where it was: lost, unless it has another name. */
void tailer_orphan(struct tailer *t, struct position *p);

/* tail.c */
struct tail *tail_new(
	struct tailer *t, struct tail_source *s, struct str key, const struct labels *labels);
void tail_look(struct tail *t);          /* is there another file of its name? */
void tail_tend(struct tail *t);          /* what is due without an event */
bool tail_is_gone(const struct tail *t); /* nothing has its name */
/* its source is done with it; what was read may still be settled */
void tail_leave(struct tail *t);
void tail_try_free(struct tail *t); /* frees it if it was left and all is settled */
void tail_free(struct tail *t);     /* whatever is settled; what is lost is counted */

/* source.c: a tail of it has been left */
void tail_source_left(struct tail_source *s);

/* step.c */
/* its source stops: it is left, at once or when what would be lost has been read */
void tail_end(struct tail *t);
bool tail_step(struct tail *t); /* reads a block; true: there may be more */
/* for the next moment at which something is to be done without an event */
void tail_set_timer(struct tail *t);

/* read.c */
enum got {
	GOT_MORE, /* there may be more at once */
	GOT_ALL,  /* the end was reached */
	GOT_ERROR,
};

/* One block of whole lines, pushed. GOT_ERROR: errno. */
enum got file_read_lines(struct tail_file *f);
/* … and what is behind them, of a file that nobody writes any more. False and errno. */
bool file_read_rest(struct tail_file *f);

/* trouble.c */
/* of descriptors or memory: it passes, and tells nothing */
bool is_lack(int error);
/* nothing of that name is there; any other error tells nothing */
bool is_gone(int error);
/* said once; tried again */
void tail_trouble(struct tail *t, const char *what, int error);
/* The same, and nothing can be read before it is known. */
void tail_block(struct tail *t, const char *what, int error);
void tail_recovered(struct tail *t);
/* Has it waited long enough for this file? Then it is counted as lost. */
bool tail_may_skip(struct tail *t, const char *name, int error, uint64_t bytes);

/* file_id.c */
/* Of path, from the folder dir, or of dir itself ("") if that is a file. -1 and errno; EINVAL: what
 * is there is no file. */
int file_identify(int dir, const char *path, struct file_id *id);
bool file_id_is(const struct file_id *a, const struct file_id *b);
struct file_id position_id(const struct position *p);

/* file.c */
struct tail_file *file_new(struct tail *t, int fd, struct tail_name *name);
void file_free(struct tail_file *f);
void file_set_state(struct tail_file *f, enum file_state next);
void file_set_name(struct tail_file *f, struct tail_name *name); /* NULL: none */
/* As it is now; 0 and no name if it is closed. When the system does not say: as it was. */
uint64_t file_size(const struct tail_file *f, bool *has_name);
/* It has the tail's name, all of it was read, and no end of an open record is to come: its writer
 * has closed it, or has been quiet for RECORD_WAIT. */
bool file_has_ended(const struct tail_file *f);
void file_hash_head(struct tail_file *f);
void file_close(struct tail_file *f);
bool file_has_head(const struct tail_file *f, int fd); /* does fd begin as f does? */
/* f, just opened, is compressed. -1 and errno: EBADMSG if it is not; f is closed then. known: its
 * position, or NULL. */
int file_start_gz(struct tail_file *f, const struct position *known);

/* Where reading must begin after a restart. As long as an older file of the same tail has
 * something unsettled, that is where it began: a record may have pieces in both. */
struct position *file_position(const struct tail_file *f);
bool file_is_settled(const struct tail_file *f); /* all of it has been read and acknowledged */
struct chunk *chunk_new(struct tail_file *f, uint64_t end);
/* To the beginning of what failed; after_older: all of it, as an older file is read again. */
void file_read_again(struct tail_file *f, bool after_older);
void file_rewind(struct tail_file *f); /* reads again what was not pushed whole */

/* resume.c: opens what positions know of a tail, and what came after. False: it cannot be found
 * out now, nothing was opened, and the tail is blocked. */
bool tail_resume(struct tail *t);
bool tail_rejoin(struct tail *t); /* … what was open when the tail was left */

/* link.c: what path is, without links in it, whether or not something has that name now. False and
 * errno: a folder is not there, or it cannot be found out. */
bool link_target(const char *path, char target[PATH_MAX]);

/* shadow.c: a file that another tail of the source has, or had, under another name. */
/* The file of that other tail, to which fd is open; NULL: there is none. */
struct tail_file *shadow_of(const struct tail *t, int fd, const struct file_id *id);
void shadow_take(struct tail *t, int fd, const struct tail_file *of); /* takes over fd */
void shadow_follow(struct tail_file *shadow, const struct tail_file *f);
/* f goes: its shadow, if there is one, goes on from there */
bool shadow_release(const struct tail_file *f);
/* The position of a file that had another name in the last life, the caller's; or NULL. */
struct position *shadow_claim(
	struct tail *t, int fd, const struct file_id *id, uint64_t size);

/* siblings.c: which inode has which name now, after a rename. */
void tail_reconcile(struct tail *t);
struct tail_file *tail_file_of(struct tail *t, const struct file_id *id); /* NULL: not known */
/* those that are there need no look. 0, or an errno */
int tail_note_siblings(struct tail *t);
bool is_gz_name(const char *name);
/* kubelet's: BASE.YYYYMMDD-HHMMSS, also with .gz */
bool is_rotated_name(struct str name, struct str *base);
/* Docker's and logrotate's: BASE.1 is younger than BASE.2; not with .gz */
bool is_numbered_name(struct str name, struct str *base);
int tail_by_age(const char *a, const char *b); /* siblings of one base, oldest first */

/* lines.c */
void lines_push(struct tail *t, struct str bytes, struct chunk *c); /* whole lines */
void lines_push_rest(struct tail *t, struct str line, struct chunk *c);
bool lines_are_open(const struct tail *t); /* pieces wait for their end */
void lines_flush(struct tail *t);          /* … which will not come: they are sent as they are */
void lines_forget(struct tail *t);         /* … or will be read again, from their beginning */

/* dir.c */
/* of a whole path; NULL and errno if its folder cannot be watched */
struct tail_name *dir_name(struct tailer *t, struct str path);
/* frees what nobody needs any more */
void dir_name_release(struct tail_name *n);
/* it is in no list of half-seen renames any more */
void dir_unmove(struct tail_file *f);
