#include "agent/flow/join.h"

#define KEEP_BYTES ((size_t)4096) /* of memory between two records */

static void set_ack(struct join *j, struct ack *ack)
{
	if (j->ack && j->ack->origin)
		j->ack->origin->open--;
	j->ack = ack;
	if (ack && ack->origin)
		ack->origin->open++;
}

void join_add(struct join *j, struct str piece, int64_t time, struct ack *ack)
{
	if (!j->is_open) {
		j->is_open = true;
		j->time = time;
	}
	buf_add_str(&j->text, piece);
	if (!ack || ack == j->ack)
		return;
	ack_hold(ack);
	if (j->ack)
		ack_chain(ack, j->ack);
	set_ack(j, ack);
}

struct str join_end(struct join *j, struct str piece, int64_t *time, struct ack *ack)
{
	*time = j->time;
	buf_add_str(&j->text, piece);
	if (ack && j->ack) {
		struct ack *earlier = j->ack;

		set_ack(j, NULL);
		if (earlier == ack)
			ack_release(ack);
		else
			ack_chain(ack, earlier);
	}
	return buf_str(&j->text);
}

struct str join_pending(const struct join *j)
{
	return buf_str(&j->text);
}

void join_fail(struct join *j)
{
	if (j->ack)
		ack_mark_failed(j->ack);
	join_clear(j);
}

void join_clear(struct join *j)
{
	struct ack *ack = j->ack;

	set_ack(j, NULL);
	j->is_open = false;
	buf_clear(&j->text);
	buf_shrink(&j->text, KEEP_BYTES);
	if (ack)
		ack_release(ack);
}
