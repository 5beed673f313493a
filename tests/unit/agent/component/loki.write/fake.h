#pragma once

/* What the tests of loki.write share: a request read back as text, and a transport that
 * sends nothing and answers when it is told. */

#include "agent/component/loki.write/request.h"
#include "agent/flow/entry.h"
#include "agent/loop/http_client.h"
#include "proto/loki/push_read.h"
#include "tests/test.h"

#include <snappy-c.h>

/* {a="b"} line|line name=value; one stream after the other. */
static inline void fake_print(struct buf *out, struct str body)
{
	struct buf raw = {0};
	size_t n;
	struct push_cursor c;
	struct push_cursor meta;
	struct push_entry e;
	struct push_pair p;
	struct str stream;
	struct str labels;

	assert_int_equal(snappy_uncompressed_length(body.p, body.n, &n), SNAPPY_OK);
	buf_reserve(&raw, n + 1);
	assert_int_equal(snappy_uncompress(body.p, body.n, raw.p, &n), SNAPPY_OK);
	raw.n = n;
	c = push_read(buf_str(&raw));
	while (push_read_stream(&c, &stream) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);
		const char *bar = " ";

		assert_true(push_read_labels(stream, &labels));
		if (out->n)
			buf_add_str(out, STR("; "));
		buf_add_str(out, labels);
		while (push_read_entry(&in, NULL, &e, &meta) == PUSH_ITEM) {
			buf_add_str(out, str_from(bar));
			buf_add_str(out, e.line);
			while (push_read_pair(&meta, &p) == PUSH_ITEM)
				buf_printf(out, " " STR_FMT "=" STR_FMT, STR_ARG(p.name),
					STR_ARG(p.value));
			bar = "|";
		}
	}
	buf_fini(&raw);
}

/* "a=1 b=2" as a label set. */
static inline const struct labels *fake_labels(const char *text)
{
	struct label v[8];
	size_t n = 0;
	struct str rest = str_from(text);
	struct str one;

	while (rest.n) {
		if (!str_cut(rest, ' ', &one, &rest)) {
			one = rest;
			rest = (struct str){0};
		}
		assert_true(str_cut(one, '=', &v[n].name, &v[n].value));
		n++;
	}
	return labels_intern(v, n);
}

static struct fake {
	struct http_call *call; /* under way */
	struct buf sent;        /* the last request, as text; its tenant before it */
	int starts;
	int cancels;
} fake;

static inline void fake_start(struct http_target *t, struct http_call *call)
{
	(void)t;
	assert_null(fake.call);
	fake.call = call;
	fake.starts++;
	call->started = 0;
	buf_clear(&fake.sent);
	fake_print(&fake.sent, call->body);
	for (size_t i = 0; i < call->n_headers; i++) {
		if (str_is(call->headers[i].name, "X-Scope-OrgID"))
			buf_printf(&fake.sent, " @" STR_FMT, STR_ARG(call->headers[i].value));
	}
}

static inline void fake_cancel(struct http_call *call)
{
	assert_ptr_equal(call, fake.call);
	fake.call = NULL;
	fake.cancels++;
}

static inline void fake_answer(int status, const char *text)
{
	struct http_call *call = fake.call;

	assert_non_null(call);
	fake.call = NULL;
	call->status = status;
	call->retry_after = -1;
	call->answer = str_from(text);
	call->error[0] = 0;
	if (status == 0)
		snprintf(call->error, sizeof(call->error), "%s", text);
	call->done(call, status ? HTTP_ANSWERED : HTTP_FAILED);
}

static inline void fake_answer_later(int status, int64_t retry_after)
{
	struct http_call *call = fake.call;

	assert_non_null(call);
	fake.call = NULL;
	call->status = status;
	call->retry_after = retry_after;
	call->answer = (struct str){0};
	call->done(call, HTTP_ANSWERED);
}

/* Acks that say when they are settled. */
struct fake_ack {
	struct ack ack;
	bool settled;
};

static inline void fake_settled(struct ack *a)
{
	container_of(a, struct fake_ack, ack)->settled = true;
}
