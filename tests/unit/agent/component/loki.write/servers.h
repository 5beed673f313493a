#pragma once

/* Endpoints that take the same lines, each with a server that answers when it is told, over a
 * storage in a folder of the test; a world of its own for each test. */

#include "agent/component/loki.write/backlog.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_storage.h"
#include "agent/component/loki.write/endpoint.h"
#include "tests/unit/agent/component/loki.write/fake.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 64 << 10,
	LINES = 400,
	LINE = 1000 };

static const struct metric_family family = {"backlog_test", METRIC_GAUGE, "Of a test.", NULL};
static const struct storage_metrics metrics = {&family, &family, &family};

static struct loki_tenants tenants = {.id = "loki.write.test"};
static struct loop *loop;
static struct budget budget;
static struct storage *storage;
static char root[64];
static struct fake_ack acks[LINES];
static struct buf said;

/* What stands for a server. */
static struct server {
	struct loki_endpoint *ep; /* NULL: it is drained */
	struct http_call *call;   /* that waits for an answer */
	int status;               /* which it gives at once, when it is let */
	int got[LINES * 4];       /* numbers of lines that were taken, in order */
	size_t n;
} servers[2];

static void on_log(struct str line)
{
	buf_add_str(&said, line);
}

static void on_start(struct http_target *t, struct http_call *call)
{
	struct server *s = &servers[call->url.p[7] - '0']; /* "http://1/push" */

	(void)t;
	assert_null(s->call);
	s->call = call;
}

static void on_cancel(struct http_call *call)
{
	for (size_t i = 0; i < 2; i++) {
		if (servers[i].call == call)
			servers[i].call = NULL;
	}
}

static void take(struct server *s, struct str body)
{
	struct buf text = {0};
	struct str line, rest;

	fake_print(&text, body);
	rest = buf_str(&text);
	while (str_cut(rest, '#', &line, &rest)) { /* "…#0012#…" */
		int64_t n;

		assert_true(str_to_int(str_head(rest, 4), &n));
		s->got[s->n++] = (int)n;
		rest = str_from_at(rest, 5);
	}
	buf_fini(&text);
}

/* Answers what is under way, once. */
static void answer(struct server *s)
{
	struct http_call *call = s->call;

	if (!call)
		return;
	s->call = NULL;
	if (s->status == 204)
		take(s, call->body);
	call->status = s->status;
	call->retry_after = -1;
	call->answer = STR("");
	call->done(call, HTTP_ANSWERED);
}

static void settle_down(void)
{
	for (int i = 0; i < 600; i++) {
		answer(&servers[0]);
		answer(&servers[1]);
		loop_advance(loop, NS_PER_SEC / 4);
		loop_turn(loop, 0);
	}
}

static void on_changed(struct loki_endpoint *ep, bool is_drained)
{
	if (!is_drained)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (servers[i].ep == ep)
			servers[i].ep = NULL;
	}
	loki_endpoint_free(ep);
}

static struct loki_settings *make(struct server *s)
{
	struct loki_settings *set = mem_new(struct loki_settings, 1);

	arena_init(&set->mem, 0);
	set->send = (struct loki_send_settings){
		.id = "loki.write.test",
		.name = STR("ep"),
		.host = STR("h"),
		.url = s == servers ? STR("http://0/push") : STR("http://1/push"),
		.min_backoff = NS_PER_SEC,
		.max_backoff = NS_PER_SEC,
		.start = on_start,
		.cancel = on_cancel,
	};
	set->batch = (struct loki_batch_settings){
		.tenants = &tenants,
		.host = STR("h"),
		.tenant = STR(""),
		.batch_size = 2 * LINE + 100,
		.batch_wait = NS_PER_SEC,
	};
	set->drain_timeout = 15 * NS_PER_SEC;
	snprintf(set->folder, sizeof(set->folder), "%016zx", (size_t)(s - servers));
	return set;
}

static void open_storage(void)
{
	storage = storage_new("loki.write.test", root, &metrics);
	storage->mode = 0700;
	storage->fsync = true;
	storage->max_size = 64 << 20;
	storage->full = "";
}

static void begin(size_t n)
{
	open_storage();
	for (size_t i = 0; i < n; i++) {
		struct server *s = &servers[i];

		s->status = 204;
		s->ep = loki_endpoint_new(
			loop, &budget, make(s), storage, on_changed, NULL);
	}
}

static void end(bool removed)
{
	for (size_t i = 0; i < 2; i++) {
		if (servers[i].ep)
			loki_endpoint_drain(servers[i].ep, removed, false);
	}
	settle_down();
	assert_null(servers[0].ep);
	assert_null(servers[1].ep);
	storage_retire(storage);
	storage_release(storage);
	storage = NULL;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/backlog_test.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	memset(servers, 0, sizeof(servers));
	memset(acks, 0, sizeof(acks));
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 1795344067 * NS_PER_SEC);
	budget_init(&budget, LIMIT);
	log_set_writer(on_log);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	assert_int_equal(budget.used, 0);
	assert_int_equal(tenants.map.n, 0);
	loop_free(loop);
	log_set_writer(NULL);
	buf_fini(&said);
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command) == 0 ? 0 : -1;
}

/* Letters that do not compress, and the number. */
static void push(int number)
{
	static uint64_t seed = 88172645463325252U;
	const struct labels *l = fake_labels("a=1");
	char text[LINE + 1];
	struct entry e = {.labels = l, .time = number, .ack = &acks[number].ack};

	for (size_t i = 0; i < LINE; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		text[i] = (char)('0' + seed % 78);
		text[i] = text[i] == '|' || text[i] == ' ' ? '-' : text[i];
	}
	snprintf(text, 8, "#%04u#", (unsigned)number % 10000);
	text[6] = '.';
	e.line = (struct str){text, LINE};
	ack_init(&acks[number].ack, fake_settled);
	for (size_t i = 0; i < 2; i++) {
		if (servers[i].ep)
			loki_endpoint_push(servers[i].ep, &e);
	}
	ack_release(&acks[number].ack);
	labels_release(l);
}

/* As a source does: while there is room. Returns the number of the first that was not pushed. */
static int push_while_room(int from, int to)
{
	for (; from < to && !budget_is_full(&budget); from++) {
		push(from);
		loop_turn(loop, 0);
		answer(&servers[0]);
		answer(&servers[1]);
		loop_advance(loop, NS_PER_SEC / 4);
		loop_turn(loop, 0);
	}
	return from;
}

static bool is_all(const struct server *s, int from, int to)
{
	if (s->n != (size_t)(to - from)) {
		print_error("%zu lines, wanted %d\n", s->n, to - from);
		return false;
	}
	for (int i = from; i < to; i++) {
		if (s->got[i - from] != i) {
			print_error("at %d: %d\n", i, s->got[i - from]);
			return false;
		}
	}
	return true;
}

static size_t settled(void)
{
	size_t n = 0;

	for (size_t i = 0; i < LINES; i++)
		n += acks[i].settled && !acks[i].ack.failed;
	return n;
}

/* Files of a server's folder that have something in them, but the lock. */
static size_t files_of(size_t server)
{
	char path[128];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%016zx", root, server);
	d = opendir(path);
	while (d && (e = readdir(d)))
		n += strstr(e->d_name, ".queue") != NULL;
	if (d)
		closedir(d);
	return n;
}
