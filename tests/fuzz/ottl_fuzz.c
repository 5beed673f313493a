/*
 * Any text as a statement and as a condition, in each context; what compiles is run on any valid
 * request, and what comes of that is still one. The first byte says which context and signal, the
 * second how long the text is; the request follows it.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/flow/ottl.h"
#include "proto/otlp/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct runner {
	struct otlp_visitor v;
	struct ottl *o;
	struct otlp_message cache;
};

static bool visit(struct otlp_visitor *v, struct otlp_place *p)
{
	struct runner *r = container_of(v, struct runner, v);
	struct ottl_state s = {p, &r->cache, 1};
	struct err e = {""};

	otlp_message_load(&r->cache, p->scratch, 1, STR(""));
	must(ottl_run(r->o, &s, &e) != OTTL_FAILED || e.text[0]);
	return true;
}

static enum otlp_kind kind_of(enum ottl_context c, uint8_t byte)
{
	switch (c) {
	case OTTL_RESOURCE:
	case OTTL_SCOPE:
	case OTTL_CONTEXTS:
		return (enum otlp_kind)(byte / OTTL_CONTEXTS % OTLP_KINDS);
	case OTTL_SPAN:
	case OTTL_SPANEVENT:
		return OTLP_TRACES;
	case OTTL_LOG:
		return OTLP_LOGS;
	case OTTL_METRIC:
	case OTTL_DATAPOINT:
		return OTLP_METRICS;
	}
	return OTLP_TRACES;
}

static void run(struct ottl *o, enum ottl_context c, enum otlp_kind kind, struct str request)
{
	struct runner r = {.o = o};
	struct otlp_edit *edit = otlp_edit_new();
	struct otlp_counts n;
	struct buf out = {0};
	struct err e;

	if (c == OTTL_RESOURCE)
		r.v.resource = visit;
	else if (c == OTTL_SCOPE)
		r.v.scope = visit;
	else if (c == OTTL_SPANEVENT || c == OTTL_DATAPOINT)
		r.v.point = visit;
	else
		r.v.item = visit;
	if (otlp_walk(kind, request, &n, &e) &&
		otlp_edit_run(edit, kind, request, &r.v, &out))
		must(otlp_walk(kind, buf_str(&out), &n, &e));
	otlp_edit_free(edit);
	otlp_message_fini(&r.cache);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum ottl_context c;
	struct str text;
	struct str request;
	struct err e;
	size_t at;

	if (size < 2 || size - 2 < data[1])
		return 0;
	c = (enum ottl_context)(data[0] % OTTL_CONTEXTS);
	text = (struct str){(const char *)data + 2, data[1]};
	request = str_from_at((struct str){(const char *)data, size}, 2U + data[1]);
	for (int i = 0; i < 2; i++) {
		enum ottl_context inferred;
		struct ottl *o;

		e.text[0] = 0;
		o = i ? ottl_statement(c, text, &at, &e) : ottl_condition(c, text, &at, &e);
		must(o || (e.text[0] && at <= text.n));
		ottl_infer(text, &inferred);
		if (o)
			run(o, c, kind_of(c, data[0]), request);
		ottl_free(o);
	}
	return 0;
}
