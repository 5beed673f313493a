#include "k8s/lease_text.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "k8s/json.h"

#include <inttypes.h>
#include <stdio.h>

static void read_annotations(struct json *j, struct arena *a, struct lease_text *out)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(json_unescape(key, a), LEASE_NOTE))
			out->note = json_str(j, a);
		else
			json_skip(j);
	}
}

static void read_metadata(struct json *j, struct arena *a, struct lease_text *out)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "resourceVersion"))
			out->version = json_str(j, a);
		else if (str_is(key, "name"))
			out->name = json_str(j, a);
		else if (str_is(key, "namespace"))
			out->namespace = json_str(j, a);
		else if (str_is(key, "annotations"))
			read_annotations(j, a, out);
		else
			json_skip(j);
	}
}

static void read_spec(struct json *j, struct arena *a, struct lease_text *out)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "holderIdentity"))
			out->holder = json_str(j, a);
		else if (str_is(key, "acquireTime"))
			out->acquired = json_str(j, a);
		else if (str_is(key, "renewTime"))
			out->renewed = json_str(j, a);
		else if (str_is(key, "leaseDurationSeconds"))
			out->seconds = json_int(j);
		else if (str_is(key, "leaseTransitions"))
			out->transitions = json_int(j);
		else
			json_skip(j);
	}
}

static int64_t clamp(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n > max ? max
				   : n;
}

bool lease_text_parse(struct arena *a, struct str text, struct lease_text *out)
{
	struct json j = json_from(text);
	struct str key;

	*out = (struct lease_text){0};
	if (json_peek(&j) != '{')
		return false;
	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (str_is(key, "metadata"))
			read_metadata(&j, a, out);
		else if (str_is(key, "spec"))
			read_spec(&j, a, out);
		else
			json_skip(&j);
	}
	out->seconds = clamp(out->seconds, LEASE_SECONDS_MAX);
	out->transitions = clamp(out->transitions, INT32_MAX - 1);
	return json_is_done(&j) && out->version.n > 0;
}

static void add(struct buf *out, const char *before, struct str value)
{
	buf_printf(out, "%s", before);
	buf_add_json(out, value);
}

void lease_text_print(struct buf *out, const struct lease_text *t)
{
	buf_printf(out, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\"");
	add(out, ",\"metadata\":{\"namespace\":", t->namespace);
	add(out, ",\"name\":", t->name);
	if (t->version.n)
		add(out, ",\"resourceVersion\":", t->version);
	add(out, ",\"annotations\":{\"" LEASE_NOTE "\":", t->note);
	add(out, "}},\"spec\":{\"holderIdentity\":", t->holder);
	if (t->acquired.n)
		add(out, ",\"acquireTime\":", t->acquired);
	if (t->renewed.n)
		add(out, ",\"renewTime\":", t->renewed);
	buf_printf(out, ",\"leaseDurationSeconds\":%" PRId64 ",\"leaseTransitions\":%" PRId64 "}}",
		t->seconds, t->transitions);
}

struct str lease_time(char out[LEASE_TIME_SIZE], int64_t ns)
{
	char text[TIMESTAMP_SIZE];
	struct str seconds = str_head(timestamp_format(text, ns), 19);
	int n = snprintf(out, LEASE_TIME_SIZE, STR_FMT ".%06dZ", STR_ARG(seconds),
		(int)(ns % NS_PER_SEC / 1000));

	return (struct str){out, (size_t)n};
}
