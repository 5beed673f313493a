/*
 * The reader gives views that live until the next text is read, so what must wait for its
 * neighbours (a line for its metadata, entries for the labels that may come behind them) is copied
 * into buffers of one parse. Lines need not be UTF-8, as for Loki.
 */

#include "proto/loki/push_json.h"

#include "agent/base/err.h"
#include "agent/base/vec.h"
#include "proto/loki/push.h"
#include "proto/otlp/json_reader.h"

#include <stdlib.h>

/* Where a text is in the buffer of texts, which moves while it grows. */
struct place {
	size_t at;
	size_t n;
};

struct parse {
	struct json_reader r;
	struct push_clock clock;
	struct buf labels;  /* of the stream that is read */
	struct buf entries; /* the same */
	struct buf texts;   /* of the entry that is read */
	struct {
		struct place *p; /* name, value, name, … */
		size_t n;
		size_t cap;
	} meta;
	struct {
		struct push_pair *p;
		size_t n;
		size_t cap;
	} pairs;
};

static bool keep_text(struct parse *x, struct place *where)
{
	struct str s;

	if (!json_reader_string(&x->r, &s))
		return false;
	*where = (struct place){x->texts.n, s.n};
	buf_add_str(&x->texts, s);
	return true;
}

static struct str text_at(const struct parse *x, struct place w)
{
	return w.n ? (struct str){x->texts.p + w.at, w.n} : (struct str){"", 0};
}

static bool read_labels(struct parse *x)
{
	struct str s;
	bool failed = false;
	size_t n = 0;

	buf_clear(&x->labels);
	buf_add_char(&x->labels, '{');
	if (!json_reader_enter(&x->r, '{'))
		return false;
	for (; json_reader_more(&x->r, '}', n, &failed); n++) {
		if (n > 0)
			buf_add_str(&x->labels, STR(", "));
		if (!json_reader_key(&x->r, &s))
			return false;
		buf_add_str(&x->labels, s);
		buf_add_char(&x->labels, '=');
		if (!json_reader_string(&x->r, &s))
			return false;
		buf_add_quoted(&x->labels, s);
	}
	buf_add_char(&x->labels, '}');
	return !failed;
}

static bool read_meta(struct parse *x)
{
	struct place *w;
	struct str key;
	bool failed = false;

	if (!json_reader_enter(&x->r, '{'))
		return false;
	for (size_t n = 0; json_reader_more(&x->r, '}', n, &failed); n++) {
		if (!json_reader_key(&x->r, &key))
			return false;
		if (n >= PUSH_JSON_META_MAX)
			return json_reader_fail(&x->r, "too many structured metadata labels");
		w = vec_add(&x->meta);
		*w = (struct place){x->texts.n, key.n};
		buf_add_str(&x->texts, key);
		w = vec_add(&x->meta);
		if (!keep_text(x, w))
			return false;
	}
	return !failed;
}

static bool read_time(struct parse *x, int64_t *time)
{
	struct str s;

	if (!json_reader_string(&x->r, &s))
		return false;
	return str_to_int(s, time) || json_reader_fail(&x->r, "the time is not a whole number");
}

static void put_entry(struct parse *x, int64_t time, struct place line)
{
	struct push_entry e = {.time = time, .line = text_at(x, line)};

	x->pairs.n = 0;
	for (size_t i = 0; i < x->meta.n; i += 2)
		*vec_add(&x->pairs) = (struct push_pair){
			text_at(x, x->meta.p[i]), text_at(x, x->meta.p[i + 1])};
	e.meta = x->pairs.p;
	e.n_meta = x->pairs.n;
	push_encode_entry(&x->entries, &x->clock, &e);
}

/* [time, line] or [time, line, {metadata}]. */
static bool read_entry(struct parse *x)
{
	struct place line = {0, 0};
	int64_t time = 0;
	bool failed = false;
	size_t n = 0;
	bool ok;

	buf_clear(&x->texts);
	x->meta.n = 0;
	if (!json_reader_enter(&x->r, '['))
		return false;
	for (; json_reader_more(&x->r, ']', n, &failed); n++) {
		if (n == 0)
			ok = read_time(x, &time);
		else if (n == 1)
			ok = keep_text(x, &line);
		else if (n == 2)
			ok = read_meta(x);
		else
			ok = json_reader_skip(&x->r);
		if (!ok)
			return false;
	}
	if (failed)
		return false;
	if (n < 2)
		return json_reader_fail(&x->r, "want a time and a line");
	put_entry(x, time, line);
	return true;
}

static bool read_values(struct parse *x)
{
	bool failed = false;

	if (!json_reader_enter(&x->r, '['))
		return false;
	for (size_t n = 0; json_reader_more(&x->r, ']', n, &failed); n++)
		if (!read_entry(x))
			return false;
	return !failed;
}

static bool read_stream(struct parse *x, struct buf *out)
{
	struct str key;
	bool failed = false;
	bool ok;

	buf_clear(&x->entries);
	buf_clear(&x->labels);
	buf_add_str(&x->labels, STR("{}"));
	if (!json_reader_enter(&x->r, '{'))
		return false;
	for (size_t n = 0; json_reader_more(&x->r, '}', n, &failed); n++) {
		if (!json_reader_key(&x->r, &key))
			return false;
		if (str_is(key, "stream"))
			ok = read_labels(x);
		else if (str_is(key, "values"))
			ok = read_values(x);
		else
			ok = json_reader_skip(&x->r);
		if (!ok)
			return false;
	}
	if (!failed)
		push_encode_stream(out, buf_str(&x->labels), buf_str(&x->entries));
	return !failed;
}

static bool read_streams(struct parse *x, struct buf *out)
{
	bool failed = false;

	if (!json_reader_enter(&x->r, '['))
		return false;
	for (size_t n = 0; json_reader_more(&x->r, ']', n, &failed); n++)
		if (!read_stream(x, out))
			return false;
	return !failed;
}

static bool read_request(struct parse *x, struct buf *out)
{
	struct str key;
	bool failed = false;

	if (!json_reader_enter(&x->r, '{'))
		return false;
	for (size_t n = 0; json_reader_more(&x->r, '}', n, &failed); n++) {
		if (!json_reader_key(&x->r, &key))
			return false;
		if (!(str_is(key, "streams") ? read_streams(x, out) : json_reader_skip(&x->r)))
			return false;
	}
	return !failed && json_reader_end(&x->r);
}

bool push_json_parse(struct str text, struct buf *out, struct err *e)
{
	struct parse x = {.r = {.text = text, .e = e, .any_bytes = true}};
	size_t before = out->n;
	bool ok = read_request(&x, out);

	if (!ok) {
		out->n = before;
		err_wrap(e, "loghttp.PushRequest.Streams: []loghttp.LogProtoStream");
	}
	buf_fini(&x.r.scratch);
	buf_fini(&x.labels);
	buf_fini(&x.entries);
	buf_fini(&x.texts);
	free(x.meta.p);
	free(x.pairs.p);
	return ok;
}
