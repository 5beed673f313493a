/*
 * What to do when the system says no. Only ENOENT and ENOTDIR tell something about a file: that it
 * is not there. After any other error nothing is known, so nothing is concluded: the tail waits and
 * tries again, and reads no younger file meanwhile. For a file that stays unreadable there is an
 * end, as what follows it would be rotated away in the end; but not while it is the process or the
 * node that lacks descriptors or memory.
 */
#include "agent/tail/tail.h"

#include "agent/base/log.h"
#include "agent/base/metric.h"

#include <errno.h>
#include <stdio.h>

bool is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

bool is_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
	       error == EAGAIN || error == EINTR;
}

static const char *hint_for(int error)
{
	if (error == EACCES || error == EPERM)
		return "the agent must run as uid 0 or with CAP_DAC_READ_SEARCH; a path that its "
		       "sandbox closed is added by --sandbox.read=FOLDER";
	if (error == EMFILE || error == ENFILE)
		return "raise the limit of open files; it is tried again every second";
	if (is_lack(error))
		return "it is tried again every second";
	return "it is tried again every 10 s";
}

void tail_trouble(struct tail *t, const char *what, int error)
{
	char text[256];

	t->retry_at = loop_now(t->tailer->loop) + (is_lack(error) ? RETRY_SOON : RETRY);
	metric_add(t->tailer->m_errors, 1);
	if (t->troubled)
		return;
	t->troubled = true;
	log_warn(t->source->id, what, KV("path", t->path), KV("error", strerror(error)),
		KV("hint", hint_for(error)));
	snprintf(text, sizeof(text), "%s: %s: %s", what, t->path, strerror(error));
	if (t->source->trouble)
		t->source->trouble(t->source, text);
}

void tail_recovered(struct tail *t)
{
	t->blocked_since = 0;
	t->patience_is_over = false;
	if (!t->troubled)
		return;
	t->troubled = false;
	log_info(t->source->id, "the file can be read now", KV("path", t->path));
	if (t->source->trouble)
		t->source->trouble(t->source, NULL);
}

void tail_block(struct tail *t, const char *what, int error)
{
	int64_t now = loop_now(t->tailer->loop);

	if (!t->blocked_since)
		t->blocked_since = now;
	t->patience_is_over = now - t->blocked_since >= UNREADABLE;
	tail_trouble(t, what, error);
}

bool tail_may_skip(struct tail *t, const char *name, int error, uint64_t bytes)
{
	if (!t->patience_is_over || is_lack(error))
		return false;
	tailer_lost(t->tailer, LOST_UNREADABLE, bytes);
	log_error(t->source->id, "a log stays unreadable, it is left out", KV("path", t->path),
		KV("file", name), KV("error", strerror(error)),
		KV("hint", "look at the node's disk; the lines after it are read"));
	return true;
}
