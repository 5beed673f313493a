/*
 * What loki.write costs without reading and without a network: entries through its batches,
 * encoded, flushed, compressed, to a transport that answers 204 at once; beside snappy alone on the
 * same request bytes. Prints both as MB of log lines a CPU second, and their ratio.
 *
 *	build/release/loki_encode [LINE_BYTES [STREAMS [MB]]]		(120 8 512)
 *
 * The lines are made as the generator of the end-to-end test makes access logs: they compress
 * about threefold.
 */
#include "agent/base/mem.h"
#include "agent/component/loki.write/endpoint.h"

#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	TEXT = 4 << 20,    /* lines are cut from it, again and again */
	CHUNK = 256 << 10, /* of one stream, as a file is read */
	KEPT = 32,         /* enough that they are not all in the caches */
};

static struct http_call *flying;
static struct buf bodies[KEPT]; /* requests kept for the comparison */
static uint64_t requests, request_bytes;

static void start(struct http_target *t, struct http_call *call)
{
	(void)t;
	flying = call;
	if (requests < KEPT)
		buf_add(&bodies[requests], call->body.p, call->body.n);
	requests++;
}

static void answer(void)
{
	while (flying) {
		struct http_call *call = flying;

		flying = NULL;
		call->status = 204;
		call->retry_after = -1;
		call->done(call, HTTP_ANSWERED);
	}
}

static void on_changed(struct loki_endpoint *ep, bool drained)
{
	(void)ep;
	(void)drained;
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *make_text(void)
{
	static const char *const verbs[] = {"GET", "POST", "GET", "GET", "DELETE"};
	struct buf b = {0};
	uint32_t x = 1;

	while (b.n < TEXT + 65536) {
		x = x * 1664525 + 1013904223;
		buf_printf(&b, "10.%u.%u.%u - - \"%s /api/v1/accounts/%u/statuses?limit=%u "
			       "HTTP/1.1\" %u %u \"Mozilla/5.0 (X11; Linux x86_64)\" %u ms "
			       "request_id=%08x%08x ",
			x >> 28, (x >> 20) & 255, (x >> 12) & 255, verbs[(x >> 8) % 5], x >> 7,
			20 + (x >> 30) * 20, 200 + (x >> 27) % 3 * 100, (x >> 10) & 65535,
			(x >> 16) & 1023, x * 2654435761u, x ^ 0x5bd1e995u);
	}
	return b.p;
}

static struct loki_settings *make_settings(struct loki_tenants *tenants)
{
	struct loki_settings *s = mem_new(struct loki_settings, 1);

	arena_init(&s->mem, 0);
	s->send = (struct loki_send_settings){.id = tenants->id, .start = start};
	s->batch = (struct loki_batch_settings){
		.tenants = tenants,
		.host = STR("nowhere"),
		.tenant = STR(""),
		.batch_size = 1 << 20,
		.batch_wait = NS_PER_SEC,
	};
	return s;
}

static const struct labels *make_labels(size_t i)
{
	char pod[32];
	struct label v[] = {
		{STR("namespace"), STR("mastodon")},
		{STR("pod"), {pod, (size_t)snprintf(pod, sizeof(pod), "web-%zu", i)}},
		{STR("container"), STR("web")},
		{STR("stream"), STR("stdout")},
		{STR("__path__"), STR("/var/log/pods/web/0.log")},
	};

	return labels_intern(v, sizeof(v) / sizeof(v[0]));
}

/* Seconds of CPU. */
static double through_endpoint(const char *text, size_t line, size_t streams, uint64_t total)
{
	struct loki_tenants tenants = {.id = "loki.write.bench"};
	const struct labels **sets = mem_new(const struct labels *, streams);
	struct loop *loop = loop_new();
	struct budget budget;
	struct loki_endpoint *ep;
	int64_t time = loop_wall(loop);
	uint64_t pushed = 0;
	double began;
	double took;

	for (size_t i = 0; i < streams; i++)
		sets[i] = make_labels(i);
	budget_init(&budget, (size_t)64 << 20);
	ep = loki_endpoint_new(loop, &budget, make_settings(&tenants), NULL, on_changed, NULL);
	began = cpu();
	for (size_t chunk = 0; pushed < total; chunk++) {
		struct entry e = {.labels = sets[chunk % streams]};
		size_t from = chunk * 7919 % 1000 * (TEXT / 1000 - CHUNK / 1000);

		for (size_t at = 0; at + line <= CHUNK; at += line, pushed += line) {
			e.time = time += 1000;
			e.line = (struct str){text + (from + at) % (TEXT - line), line};
			loki_endpoint_push(ep, &e);
		}
		answer();
		loop_turn(loop, 0);
	}
	took = cpu() - began;
	for (size_t i = 0; i < streams; i++)
		labels_release(sets[i]);
	free(sets);
	return took;
}

/* The same for snappy alone: the contents of the first requests, compressed as often. */
static double through_snappy(double *ratio)
{
	size_t n_raw = requests < KEPT ? requests : KEPT;
	struct buf raw[KEPT] = {{0}};
	struct buf out = {0};
	size_t n;
	double began;

	for (size_t i = 0; i < n_raw; i++) {
		snappy_uncompressed_length(bodies[i].p, bodies[i].n, &n);
		snappy_uncompress(bodies[i].p, bodies[i].n, buf_reserve(&raw[i], n), &n);
		raw[i].n = n;
	}
	request_bytes = raw[0].n;
	*ratio = (double)raw[0].n / (double)bodies[0].n;
	began = cpu();
	for (uint64_t i = 0; i < requests; i++) {
		n = snappy_max_compressed_length(raw[i % n_raw].n);
		buf_reserve(&out, n);
		snappy_compress(raw[i % n_raw].p, raw[i % n_raw].n, out.p, &n);
	}
	began = cpu() - began;
	for (size_t i = 0; i < n_raw; i++) {
		buf_fini(&raw[i]);
		buf_fini(&bodies[i]);
	}
	buf_fini(&out);
	return began;
}

int main(int argc, char **argv)
{
	size_t line = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 120;
	size_t streams = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 8;
	uint64_t total = (argc > 3 ? strtoull(argv[3], NULL, 10) : 512) * 1000000;
	char *text = make_text();
	double ratio;
	double ours;
	double bare;

	if (line == 0 || line > 65536 || streams == 0) {
		fprintf(stderr, "usage: %s [LINE_BYTES [STREAMS [MB]]]\n", argv[0]);
		return 1;
	}
	ours = through_endpoint(text, line, streams, total);
	bare = through_snappy(&ratio);
	printf("lines of %zu bytes, %zu streams, %llu requests of %llu bytes, compressed 1:%.2f\n",
		line, streams, (unsigned long long)requests, (unsigned long long)request_bytes,
		ratio);
	printf("loki.write   %7.0f MB/CPU s  %6.2f million entries/CPU s\n",
		(double)total / 1e6 / ours, (double)total / (double)line / 1e6 / ours);
	printf("snappy alone %7.0f MB/CPU s\n", (double)total / 1e6 / bare);
	printf("ratio        %7.2f of snappy's speed\n", bare / ours);
	return 0;
}
