/* Syslog messages: whatever comes, the fields lie inside; and how the bytes are cut into parts
 * makes no difference to the messages. */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "proto/syslog/frame.h"
#include "proto/syslog/message.h"

#define NOW INT64_C(1795341600000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct str part, struct str whole)
{
	must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

/* They become labels. */
static void check_field(struct str part, struct str whole)
{
	check_inside(part, whole);
	must(utf8_is_valid(part));
}

static void check_message(struct str text)
{
	static const struct syslog_cisco cisco = {true, true, true};
	struct syslog_message m;
	struct syslog_param p = {0};
	struct arena a;
	struct str rest;
	struct err e;

	arena_init(&a, 0);
	for (int i = 0; i < 3; i++) {
		if (i ? !syslog_parse_3164(text, NOW, i == 2 ? &cisco : NULL, &m, &e)
		      : !syslog_parse_5424(text, &m, &e))
			continue;
		must(m.facility < 24 && m.severity < 8);
		check_field(m.host, text);
		check_field(m.app, text);
		check_field(m.proc_id, text);
		check_field(m.msg_id, text);
		check_field(m.counter, text);
		check_field(m.sequence, text);
		check_inside(m.data, text);
		check_inside(m.text, text);
		for (rest = m.data; syslog_next_param(&rest, &a, &p);)
			check_inside(p.name, text);
	}
	arena_fini(&a);
}

static void take_all(struct syslog_frames *f, struct buf *out)
{
	struct str m;

	while (syslog_frames_next(f, &m)) {
		must(m.n > 0 && m.n <= f->max);
		buf_add_str(out, m);
		buf_add_char(out, '|');
	}
}

static void split(const char *p, size_t size, size_t step, struct buf *out)
{
	struct syslog_frames f = {.max = 64, .delimiter = '\n'};
	struct str m;

	for (size_t at = 0; at < size; at += step) {
		syslog_frames_add(&f, p + at, size - at < step ? size - at : step);
		take_all(&f, out);
		must(f.held.n - f.at <= 80);
	}
	if (syslog_frames_last(&f, &m))
		buf_add_str(out, m);
	syslog_frames_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0}, parts = {0};

	check_message((struct str){(const char *)data, size});
	split((const char *)data, size, size ? size : 1, &whole);
	split((const char *)data, size, 3, &parts);
	must(str_eq(buf_str(&whole), buf_str(&parts)));
	buf_fini(&whole);
	buf_fini(&parts);
	return 0;
}
