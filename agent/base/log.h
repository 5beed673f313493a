#pragma once

/*
 * One line a message, on stderr, as Alloy writes it:
 *
 *	ts=... level=warn msg="push refused" component_path=/ component_id=loki.write.default ...
 *
 * msg is a constant; what varies goes in the pairs. A message that a person should act on
 * carries KV("hint", "what to do"). id is the component's id, or NULL for the agent itself.
 */

#include "agent/base/str.h"

#include <stdint.h>

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR,
};

enum log_format {
	LOG_LOGFMT,
	LOG_JSON,
};

struct kv {
	const char *key; /* NULL ends a list */
	struct str text; /* p is NULL: number counts */
	int64_t number;
};

struct kv kv_str(const char *key, struct str v);
struct kv kv_text(const char *key, const char *v); /* NULL is shown as empty */
struct kv kv_int(const char *key, int64_t v);

/* clang-format off */
#define KV(key, v) \
	_Generic((v), struct str: kv_str, char *: kv_text, const char *: kv_text, \
		default: kv_int)((key), (v))
/* clang-format on */

#define log_debug(id, ...) log_pairs(LOG_DEBUG, (id), __VA_ARGS__)
#define log_info(id, ...) log_pairs(LOG_INFO, (id), __VA_ARGS__)
#define log_warn(id, ...) log_pairs(LOG_WARN, (id), __VA_ARGS__)
#define log_error(id, ...) log_pairs(LOG_ERROR, (id), __VA_ARGS__)

/* clang-format off */
#ifdef __cppcheck__ /* knows no __VA_OPT__ */
#define log_pairs(level, id, ...) log_at((level), (id), "", NULL)
#else
#define log_pairs(level, id, msg, ...) \
	do { \
		if (log_is_on(level)) \
			log_at((level), (id), (msg), \
				(struct kv[]){__VA_ARGS__ __VA_OPT__(, ){0}}); \
	} while (0)
#endif
/* clang-format on */

bool log_is_on(enum log_level level);

/* What could be said of each line or request is said once a minute. at: of the last time, 0 at
 * first; now: on a clock that only goes forward. True: it is time, and *at is now. */
bool log_is_due(int64_t *at, int64_t now);

void log_at(enum log_level level, const char *id, const char *msg, const struct kv *kv);

/* What the block `logging` says. write gets each finished line, newline included; NULL is
 * stderr. */
void log_set(enum log_level level, enum log_format format);
void log_set_writer(void (*write)(struct str line));

/* Appends one line, as log_at() would write it at the time now_ns (Unix nanoseconds). */
struct buf;
void log_format_line(struct buf *out, enum log_format format, int64_t now_ns,
	enum log_level level, const char *id, const char *msg, const struct kv *kv);
