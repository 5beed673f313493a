/*
 * A pattern like *.log* matches the names that a rotation gives, too: then a file that is read, or
 * was, seems to come as another one. Where it is still another tail's, to be read to its end in
 * the right order, the new tail has but a shadow of it: a file that is closed and not read. When
 * the other has done with it, the shadow knows how far that was, and goes on from there.
 * Positions of a shadow are not saved, as those of the other are.
 */
#include "agent/tail/tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Keys begin with the source's id, and #2 and so on for a path that is named twice. */
static struct str source_of(const char *key)
{
	return (struct str){key, strcspn(key, "#\n")};
}

/* Is the inode still under the path of the key? Then that is another file's name: a link. */
static bool is_there(const char *key, const struct file_id *id)
{
	struct file_id now;

	return file_identify(AT_FDCWD, strchr(key, '\n') + 1, &now) == 0 && file_id_is(&now, id);
}

static struct tail_file *inode_in(const struct tail *t, int fd, const struct file_id *id)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->shadow || !file_id_is(&f->id, id))
			continue;
		if (f->fd != -1 || file_has_head(f, fd))
			return f;
	}
	return NULL;
}

struct tail_file *shadow_of(const struct tail *t, int fd, const struct file_id *id)
{
	LIST_EACH (o, &t->tailer->all, struct tail, link) {
		struct tail_file *f;

		if (o == t)
			continue;
		f = inode_in(o, fd, id);
		if (f && strcmp(o->path, t->path) != 0 &&
			str_eq(source_of(o->key), source_of(t->key)) && !is_there(o->key, id))
			return f;
	}
	return NULL;
}

void shadow_follow(struct tail_file *shadow, const struct tail_file *f)
{
	uint64_t to = f->acked < f->rewind ? f->acked : f->rewind;

	if (to > shadow->offset)
		shadow->offset = shadow->acked = shadow->begin = to;
}

void shadow_take(struct tail *t, int fd, const struct tail_file *of)
{
	struct tail_file *f = file_new(t, fd, t->name);

	file_hash_head(f);
	f->shadow = true;
	shadow_follow(f, of);
	file_set_state(f, FILE_DRAINED);
	file_close(f);
}

bool shadow_release(const struct tail_file *f)
{
	bool any = false;

	LIST_EACH (o, &f->tail->tailer->all, struct tail, link) {
		LIST_EACH (s, &o->files, struct tail_file, link) {
			if (!s->shadow || !file_id_is(&s->id, &f->id))
				continue;
			shadow_follow(s, f);
			s->shadow = false;
			any = true;
			tailer_changed(f->tail->tailer);
		}
	}
	return any;
}

struct wanted {
	const struct tail *t;
	int fd;
	const struct file_id *id;
	uint64_t size;
};

static bool is_wanted(const struct position *p, const void *arg)
{
	const struct wanted *w = arg;
	const struct tail_file head = {.head_n = p->head_n, .head_hash = p->head_hash};
	struct file_id id = position_id(p);

	return file_id_is(&id, w->id) && p->offset <= w->size &&
	       str_eq(source_of(p->key), source_of(w->t->key)) &&
	       strcmp(strchr(p->key, '\n') + 1, w->t->path) != 0 && !is_there(p->key, w->id) &&
	       file_has_head(&head, w->fd);
}

struct position *shadow_claim(struct tail *t, int fd, const struct file_id *id, uint64_t size)
{
	struct wanted w = {t, fd, id, size};
	struct position *p;

	if (t->tailer->unclaimed.n + t->tailer->orphans.n == 0)
		return NULL;
	p = positions_claim(&t->tailer->orphans, is_wanted, &w);
	return p ? p : positions_claim(&t->tailer->unclaimed, is_wanted, &w);
}
