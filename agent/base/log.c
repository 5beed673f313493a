#include "agent/base/log.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define ONCE_IN (60 * NS_PER_SEC)

static const char *const names[] = {"debug", "info", "warn", "error"};

static enum log_level lowest = LOG_INFO;
static enum log_format chosen = LOG_LOGFMT;
static void (*writer)(struct str line);

void log_set(enum log_level level, enum log_format format)
{
	lowest = level;
	chosen = format;
}

void log_set_writer(void (*write_line)(struct str line))
{
	writer = write_line;
}

bool log_is_due(int64_t *at, int64_t now)
{
	if (*at != 0 && now - *at < ONCE_IN)
		return false;
	*at = now;
	return true;
}

bool log_is_on(enum log_level level)
{
	return level >= lowest;
}

struct kv kv_str(const char *key, struct str v)
{
	return (struct kv){key, v.p ? v : STR(""), 0};
}

struct kv kv_text(const char *key, const char *v)
{
	return kv_str(key, str_from(v));
}

struct kv kv_int(const char *key, int64_t v)
{
	return (struct kv){.key = key, .number = v};
}

/* logfmt wants quotes around what holds a space, a quote, an equals sign or a control. */
static bool wants_quotes(struct str s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return true;
	}
	return false;
}

static void add_pair(struct buf *b, enum log_format f, const char *key, struct str v)
{
	if (f == LOG_JSON) {
		buf_add_char(b, b->n && b->p[b->n - 1] != '{' ? ',' : ' ');
		if (b->p[b->n - 1] == ' ')
			b->n--;
		buf_add_json(b, str_from(key));
		buf_add_char(b, ':');
		buf_add_json(b, v);
		return;
	}
	if (b->n)
		buf_add_char(b, ' ');
	buf_add_str(b, str_from(key));
	buf_add_char(b, '=');
	if (wants_quotes(v))
		buf_add_json(b, v);
	else
		buf_add_str(b, v);
}

static void add_number(struct buf *b, enum log_format f, const char *key, int64_t v)
{
	if (f == LOG_JSON) {
		buf_add_char(b, ',');
		buf_add_json(b, str_from(key));
		buf_printf(b, ":%" PRId64, v);
		return;
	}
	buf_printf(b, " %s=%" PRId64, key, v);
}

/* The id of a component in a module begins with the module's path: "a.b/loki.write.default". */
static void add_component(struct buf *b, enum log_format f, const char *id)
{
	const char *name = strrchr(id, '/');
	struct buf path = {0};

	buf_add_char(&path, '/');
	if (name)
		buf_add(&path, id, (size_t)(name - id));
	add_pair(b, f, "component_path", buf_str(&path));
	add_pair(b, f, "component_id", str_from(name ? name + 1 : id));
	buf_fini(&path);
}

void log_format_line(struct buf *out, enum log_format f, int64_t now_ns, enum log_level level,
	const char *id, const char *msg, const struct kv *kv)
{
	struct buf line = {0};
	char ts[TIMESTAMP_SIZE];

	if (f == LOG_JSON)
		buf_add_char(&line, '{');
	add_pair(&line, f, "ts", timestamp_format(ts, now_ns));
	add_pair(&line, f, "level", str_from(names[level]));
	add_pair(&line, f, "msg", str_from(msg));
	if (id)
		add_component(&line, f, id);
	for (; kv->key; kv++) {
		if (kv->text.p)
			add_pair(&line, f, kv->key, kv->text);
		else
			add_number(&line, f, kv->key, kv->number);
	}
	if (f == LOG_JSON)
		buf_add_char(&line, '}');
	buf_add_char(&line, '\n');
	buf_add_str(out, buf_str(&line));
	buf_fini(&line);
}

static void write_stderr(struct str line)
{
	while (line.n) {
		ssize_t n = write(STDERR_FILENO, line.p, line.n);

		if (n <= 0)
			return; /* there is nowhere left to say it */
		line = str_from_at(line, (size_t)n);
	}
}

void log_at(enum log_level level, const char *id, const char *msg, const struct kv *kv)
{
	struct buf line = {0};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	log_format_line(&line, chosen, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, level, id,
		msg, kv);
	(writer ? writer : write_stderr)(buf_str(&line));
	buf_fini(&line);
}
