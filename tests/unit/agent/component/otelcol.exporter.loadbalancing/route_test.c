#include "agent/base/err.h"
#include "agent/component/otelcol.exporter.loadbalancing/route.h"
#include "proto/otlp/slice.h"
#include "proto/otlp/walk.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define ATTR(k, v) "1:{1:\"" k "\" 2:{1:\"" v "\"}} "
#define SERVICE(v) "1:{" ATTR("service.name", v) "} "
/* A data point with an attribute that has another place in LogRecord than in a point. */
#define POINT(k, v) "1:{7:{1:\"" k "\" 2:{1:\"" v "\"}} 6:L1} "
#define GAUGE(name, points) "2:{1:\"" name "\" 5:{" points "}} "

struct world {
	struct router *router;
	struct ring ring;
	struct buf bytes;
	uint32_t items;
	const struct route_piece *p;
	size_t n;
};

static void begin(struct world *w)
{
	static const char *const names[] = {"a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1", "h:1"};

	*w = (struct world){.router = router_new()};
	ring_make(&w->ring, names, sizeof(names) / sizeof(*names));
}

static void end(struct world *w)
{
	router_free(w->router);
	ring_fini(&w->ring);
	buf_fini(&w->bytes);
}

static void cut(struct world *w, enum routing_key key, enum signal_kind kind, const char *text)
{
	struct telemetry t = {.kind = kind};

	buf_clear(&w->bytes);
	proto_text(&w->bytes, text);
	t.bytes = buf_str(&w->bytes);
	t.items = otlp_count((enum otlp_kind)kind, t.bytes);
	w->items = t.items;
	w->p = router_cut(w->router, key, &w->ring, &t, &w->n);
}

/* The pieces have all items, each backend one, and every one is a whole request. */
static void check(const struct world *w, enum signal_kind kind)
{
	uint32_t items = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct otlp_counts counts;
		struct err e = {""};

		for (size_t j = 0; j < i; j++)
			assert_true(w->p[i].backend != w->p[j].backend);
		assert_true(w->p[i].backend < 8);
		assert_true(otlp_walk((enum otlp_kind)kind, w->p[i].data.bytes, &counts, &e));
		assert_int_equal(counts.items, w->p[i].data.items);
		items += w->p[i].data.items;
	}
	assert_int_equal(items, w->items);
}

static size_t backend_of(
	struct world *w, enum routing_key key, enum signal_kind kind, const char *text)
{
	cut(w, key, kind, text);
	assert_int_equal(w->n, 1);
	check(w, kind);
	return w->p[0].backend;
}

#define A "aaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbb"
#define C "aaaaaaaaaaaaaaac"
#define PAIR(k, v) "7:{1:\"" k "\" 2:{1:\"" v "\"}} "
#define TWICE(k, v, l, w) \
	"1:{1:{" ATTR(k, v) ATTR(l, w) "} 2:{" GAUGE("m", "1:{" PAIR(k, v) PAIR(l, w) "}") "}}"

/* What goes where by its key, and nothing else; same: 1, or 0 where it is known to differ. */
static void test_keys(void **state)
{
	static const struct {
		enum routing_key key;
		enum signal_kind kind;
		bool same;
		const char *one;
		const char *two;
	} cases[] = {
#define SPAN(service, trace) "1:{" SERVICE(service) "2:{2:{1:\"" trace "\" 5:\"x\"}}}"
#define LOG(service, trace) "1:{" SERVICE(service) "2:{2:{9:\"" trace "\"}}}"
#define METRIC(service, name) "1:{" SERVICE(service) "2:{" GAUGE(name, POINT("k", "v")) "}}"
		{ROUTE_TRACE_ID, SIGNAL_TRACES, true, SPAN("shop", A),
			SPAN("cart", A)},
		{ROUTE_TRACE_ID, SIGNAL_TRACES, false, SPAN("shop", A),
			SPAN("shop", C)},
		{ROUTE_TRACE_ID, SIGNAL_LOGS, true, LOG("shop", A),
			LOG("cart", A)},
		{ROUTE_TRACE_ID, SIGNAL_METRICS, true, METRIC("shop", "m"), METRIC("shop", "n")},
		{ROUTE_SERVICE, SIGNAL_TRACES, true, SPAN("shop", A),
			SPAN("shop", C)},
		{ROUTE_SERVICE, SIGNAL_TRACES, false, SPAN("shop", A),
			SPAN("cart", A)},
		{ROUTE_SERVICE, SIGNAL_LOGS, true, LOG("shop", ""), LOG("shop", "")},
		{ROUTE_METRIC, SIGNAL_METRICS, true, METRIC("shop", "m"), METRIC("cart", "m")},
		{ROUTE_METRIC, SIGNAL_METRICS, false, METRIC("shop", "m"), METRIC("shop", "n")},
		{ROUTE_METRIC, SIGNAL_LOGS, true, LOG("shop", A), LOG("shop", B)},
		{ROUTE_RESOURCE, SIGNAL_LOGS, true, LOG("shop", A), LOG("shop", B)},
		{ROUTE_RESOURCE, SIGNAL_LOGS, false, LOG("shop", A), LOG("cart", A)},
		{ROUTE_STREAM, SIGNAL_LOGS, true, LOG("shop", A), LOG("shop", B)},
		{ROUTE_STREAM, SIGNAL_METRICS, true, METRIC("shop", "m"), METRIC("shop", "m")},
		{ROUTE_STREAM, SIGNAL_METRICS, false, METRIC("shop", "m"), METRIC("shop", "n")},
		{ROUTE_STREAM, SIGNAL_METRICS, false, METRIC("shop", "m"), METRIC("cart", "m")},
		/* the order of attributes does not matter */
		{ROUTE_STREAM, SIGNAL_METRICS, true, TWICE("a", "1", "b", "2"),
			TWICE("b", "2", "a", "1")},
		{ROUTE_STREAM, SIGNAL_METRICS, false, TWICE("a", "1", "b", "2"),
			TWICE("a", "2", "b", "1")},
	};
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t one = backend_of(&w, cases[i].key, cases[i].kind, cases[i].one);
		size_t two = backend_of(&w, cases[i].key, cases[i].kind, cases[i].two);

		if ((one == two) != cases[i].same)
			fail_msg("case %zu: %zu and %zu", i, one, two);
	}
	end(&w);
}

/* Points of one metric go to several backends, each series to one of them, again and again. */
static void test_streams(void **state)
{
	struct buf text = {0};
	struct world w;
	size_t n;

	(void)state;
	begin(&w);
	buf_add_str(&text, STR("1:{" SERVICE("shop") "2:{1:{1:\"s\"} 2:{1:\"m\" 5:{"));
	for (int i = 0; i < 40; i++)
		buf_printf(&text, "1:{7:{1:\"k\" 2:{1:\"%d\"}} 6:L%d} ", i % 20, i);
	buf_printf(&text, "}}} 3:\"url\"} 99:7%c", 0);
	cut(&w, ROUTE_STREAM, SIGNAL_METRICS, text.p);
	n = w.n;
	assert_true(n > 1);
	check(&w, SIGNAL_METRICS);
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(w.p[i].data.items % 2, 0); /* both points of a series */
	cut(&w, ROUTE_METRIC, SIGNAL_METRICS, text.p);
	assert_int_equal(w.n, 1);
	assert_memory_equal(w.p[0].data.bytes.p, w.bytes.p, w.bytes.n); /* nothing was cut */
	cut(&w, ROUTE_STREAM, SIGNAL_METRICS, text.p);
	assert_int_equal(w.n, n);
	buf_fini(&text);
	end(&w);
}

/* Whatever has no items is taken, whole, by one of them. */
static void test_empty(void **state)
{
	static const char *const texts[] = {
		"", "1:{}", "1:{2:{2:{1:\"m\"}}}", "1:{2:{2:{1:\"m\" 5:{}}}}"};
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		backend_of(&w, ROUTE_STREAM, SIGNAL_METRICS, texts[i]);
		assert_int_equal(w.p[0].data.bytes.n, w.bytes.n);
	}
	end(&w);
}

/* What is known of the request goes with each piece. */
static void test_what_goes_along(void **state)
{
	struct telemetry t = {.kind = SIGNAL_TRACES, .items = 2};
	struct ack *const ack = (struct ack *)&t;
	struct client *const client = (struct client *)&t;
	struct world w;

	(void)state;
	begin(&w);
	proto_text(&w.bytes, "1:{2:{2:{1:\"" A "\"} 2:{1:\"" C "\"}}}");
	t.bytes = buf_str(&w.bytes);
	t.ack = ack;
	t.client = client;
	w.p = router_cut(w.router, ROUTE_TRACE_ID, &w.ring, &t, &w.n);
	assert_int_equal(w.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(w.p[i].data.ack == ack && w.p[i].data.client == client &&
			    w.p[i].data.items == 1 && w.p[i].data.kind == SIGNAL_TRACES);
	end(&w);
}

TESTS_RUN(cmocka_unit_test(test_keys), cmocka_unit_test(test_streams), cmocka_unit_test(test_empty),
	cmocka_unit_test(test_what_goes_along))
