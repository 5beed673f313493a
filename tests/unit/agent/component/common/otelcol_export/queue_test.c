#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_export/queue.h"
#include "agent/component/common/otelcol_storage.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT "proto/gzip"

static const struct metric_family storage_family = {"storage_test", METRIC_GAUGE,
	"Of a test.", NULL};
static const struct storage_metrics storage_metrics = {
	&storage_family, &storage_family, &storage_family};

static char folder[64];

static void check(const struct export_queue *q, size_t requests, size_t queued, size_t items,
	size_t bytes)
{
	assert_int_equal(q->requests, requests);
	assert_int_equal(q->queued, queued);
	assert_int_equal(q->items, items);
	assert_int_equal(q->bytes, bytes);
	assert_int_equal(q->budget->used > 0, requests > 0);
}

static bool add(struct export_queue *q, const char *body, uint32_t items, bool is_first)
{
	struct err e;

	struct queue_entry entry = {
		.body = str_from(body), .items = items, .format = FORMAT, .kind = SIGNAL_TRACES};

	return export_queue_add(q, &entry, is_first, &e);
}

static void take(struct export_queue *q, const char *want)
{
	struct queued *r = export_queue_take(q);

	assert_non_null(r);
	assert_str(((struct str){r->body, r->n}), want);
	assert_string_equal(r->format, FORMAT);
	export_queue_done(q, r);
}

static void test_memory(void **state)
{
	struct export_queue q;
	struct budget b;
	struct queued *first;

	(void)state;
	budget_init(&b, 1000);
	export_queue_init(&q, &b);
	assert_null(export_queue_take(&q));
	add(&q, "one", 1, false);
	add(&q, "second", 2, false);
	check(&q, 2, 2, 3, 9);
	first = export_queue_take(&q);
	assert_str(((struct str){first->body, first->n}), "one");
	assert_int_equal(first->items, 1);
	check(&q, 2, 1, 2, 6);
	add(&q, "1b", 1, true); /* its halves come before the second */
	add(&q, "1a", 1, true);
	export_queue_done(&q, first);
	check(&q, 3, 3, 4, 10);
	add(&q, "no", 1, false);
	export_queue_undo(&q, 1, false);
	take(&q, "1a");
	take(&q, "1b");
	take(&q, "second");
	assert_null(export_queue_take(&q));
	check(&q, 0, 0, 0, 0);
	export_queue_fini(&q);
}

static void test_repack(void **state)
{
	struct export_queue q;
	struct budget b;
	struct queued *r;

	(void)state;
	budget_init(&b, 1000);
	export_queue_init(&q, &b);
	add(&q, "packed", 1, false);
	r = export_queue_take(&q);
	export_queue_repack(&q, r, STR("otherwise"), "json/");
	assert_str(((struct str){r->body, r->n}), "otherwise");
	assert_string_equal(r->format, "json/");
	export_queue_done(&q, r);
	check(&q, 0, 0, 0, 0);
	export_queue_fini(&q);
}

/* ---- who waits for an answer ---- */

static int settled, failed;

static void on_settled(struct ack *a)
{
	settled++;
	failed += a->failed;
}

static void add_for(struct export_queue *q, const char *body, struct ack *a)
{
	struct queue_entry entry = {.body = str_from(body),
		.items = 1,
		.format = FORMAT,
		.kind = SIGNAL_LOGS,
		.ack = a};
	struct err e;

	assert_true(export_queue_add(q, &entry, false, &e));
}

static void test_ack(void **state)
{
	struct export_queue q;
	struct budget b;
	struct ack a;

	(void)state;
	budget_init(&b, 1000);
	export_queue_init(&q, &b);
	settled = failed = 0;
	ack_init(&a, on_settled);
	add_for(&q, "one", &a); /* two parts of one request */
	add_for(&q, "two", &a);
	add_for(&q, "taken back", &a);
	export_queue_undo(&q, 1, false);
	assert_int_equal(a.refs, 3);
	ack_release(&a);
	take(&q, "one");
	assert_int_equal(settled, 0);
	take(&q, "two");
	assert_int_equal(settled, 1);
	assert_int_equal(failed, 0);

	ack_init(&a, on_settled);
	add_for(&q, "lost", &a);
	add_for(&q, "sent", &a);
	ack_release(&a);
	export_queue_lose(&q, export_queue_take(&q));
	assert_int_equal(settled, 1);
	take(&q, "sent");
	assert_int_equal(settled, 2);
	assert_int_equal(failed, 1);
	export_queue_fini(&q);
}

/* ---- on disk ---- */

struct life {
	struct export_queue q;
	struct budget b;
	struct storage *s;
};

static void begin_with(struct life *l, uint64_t max_size, bool fsync)
{
	struct err e = {""};

	budget_init(&l->b, 1 << 20);
	export_queue_init(&l->q, &l->b);
	l->s = storage_new("otelcol.storage.file.x", folder, &storage_metrics);
	l->s->max_size = max_size;
	l->s->fsync = fsync;
	l->s->mode = 0700;
	if (!export_queue_keep(&l->q, l->s, STR("up.traces"), SIGNAL_TRACES, "up", &e))
		assert_string_equal(e.text, "");
}

static void begin(struct life *l)
{
	begin_with(l, 1 << 20, false);
}

static void end(struct life *l)
{
	export_queue_leave_waiting(&l->q);
	check(&l->q, 0, 0, 0, 0);
	export_queue_fini(&l->q);
	assert_int_equal(l->b.used, 0);
	assert_int_equal(l->s->refs, 1);
	storage_release(l->s);
}

/* The name of the only file with this ending; n says how many there are. */
static size_t files(const char *ending, char path[256])
{
	char dir[128];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/up.traces", folder);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		size_t k = strlen(e->d_name), m = strlen(ending);

		if (k < m || strcmp(e->d_name + k - m, ending) != 0)
			continue;
		n++;
		if (path)
			snprintf(path, 256, "%s/%.80s", dir, e->d_name);
	}
	if (d)
		closedir(d);
	return n;
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/queue_test.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static void clear(void)
{
	char path[256];

	while (files(".queue", path) || files(".corrupt", path) || files("lock", path))
		unlink(path);
}

static int teardown(void **state)
{
	char dir[128];

	(void)state;
	clear();
	snprintf(dir, sizeof(dir), "%s/up.traces", folder);
	rmdir(dir);
	return rmdir(folder);
}

static void test_two_lives(void **state)
{
	struct life l;
	struct queued *r;

	(void)state;
	for (int fsync = 0; fsync < 2; fsync++) {
		begin_with(&l, 1 << 20, fsync);
		add(&l.q, "one", 1, false);
		add(&l.q, "two", 2, false);
		add(&l.q, "three", 3, false);
		check(&l.q, 3, 3, 6, 11);
		take(&l.q, "one");
		r = export_queue_take(&l.q); /* it is being sent when the end comes */
		assert_str(((struct str){r->body, r->n}), "two");
		export_queue_leave(&l.q, r);
		end(&l);
		begin(&l);
		check(&l.q, 2, 2, 5, 8);
		add(&l.q, "four", 1, false);
		take(&l.q, "two");
		take(&l.q, "three");
		take(&l.q, "four");
		assert_null(export_queue_take(&l.q));
		end(&l);
		assert_int_equal(files(".queue", NULL), 0);
	}
}

static void read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_clear(out);
	out->n += (size_t)read(fd, buf_reserve(out, 4096), 4096);
	close(fd);
}

static void write_file(const char *path, struct str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}

/* Three requests, cut anywhere: what is whole comes, and the rest of the work goes on. */
static void test_cut_anywhere(void **state)
{
	static const char *const bodies[] = {"first", "second", "the third"};
	struct buf bytes = {0};
	char path[256];
	struct life l;

	(void)state;
	begin(&l);
	for (size_t i = 0; i < 3; i++)
		add(&l.q, bodies[i], 1, false);
	end(&l);
	assert_int_equal(files(".queue", path), 1);
	read_file(path, &bytes);
	for (size_t n = 0; n <= bytes.n; n++) {
		size_t at = 0, i = 0;

		clear();
		write_file(path, (struct str){bytes.p, n});
		begin(&l);
		for (; i < 3 && at + RECORD_HEAD + strlen(bodies[i]) <= n; i++) {
			at += RECORD_HEAD + strlen(bodies[i]);
			take(&l.q, bodies[i]);
		}
		assert_null(export_queue_take(&l.q));
		add(&l.q, "more", 1, false);
		take(&l.q, "more");
		end(&l);
		assert_int_equal(files(".queue", NULL), 0);
		assert_int_equal(files(".corrupt", NULL), 0);
	}
	buf_fini(&bytes);
}

/* Each bit of three requests flipped: at most one of them is lost, and its file is set aside. */
static void test_flip_anything(void **state)
{
	static const char *const bodies[] = {"first", "second", "the third"};
	struct buf bytes = {0};
	char path[256];
	struct life l;

	(void)state;
	clear();
	begin(&l);
	for (size_t i = 0; i < 3; i++)
		add(&l.q, bodies[i], 1, false);
	end(&l);
	assert_int_equal(files(".queue", path), 1);
	read_file(path, &bytes);
	for (size_t bit = 0; bit < bytes.n * 8; bit++) {
		struct queued *r;
		size_t i = 0, n = 0;

		clear();
		bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		write_file(path, buf_str(&bytes));
		bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		begin(&l);
		while ((r = export_queue_take(&l.q))) {
			while (i < 3 && !str_is((struct str){r->body, r->n}, bodies[i]))
				i++;
			assert_true(i < 3); /* nothing that was not there */
			i++;
			n++;
			export_queue_done(&l.q, r);
		}
		assert_true(n >= 2);
		end(&l);
		assert_int_equal(files(".queue", NULL), 0);
		/* the last one's length: it looks as if it had been cut short */
		if (n == 2)
			assert_int_equal(files(".corrupt", NULL), 1);
	}
	buf_fini(&bytes);
}

static void test_full(void **state)
{
	struct life l;
	char big[1001];
	size_t n = 0;

	(void)state;
	clear();
	memset(big, 'x', sizeof(big));
	big[1000] = 0;
	begin_with(&l, 10000, false);
	while (add(&l.q, big, 1, false))
		n++;
	assert_int_equal(n, 9);
	assert_true(l.s->used <= 10000);
	take(&l.q, big);
	take(&l.q, big); /* files hold one or two here, and go when all in them is done */
	assert_true(add(&l.q, big, 1, false));
	while (l.q.queued > 0)
		take(&l.q, big);
	end(&l);
	assert_int_equal(files(".queue", NULL), 0);
	begin_with(&l, 100, false); /* one that is larger than all is kept alone */
	assert_true(add(&l.q, big, 1, false));
	assert_false(add(&l.q, "x", 1, false));
	take(&l.q, big);
	assert_true(add(&l.q, "x", 1, false));
	take(&l.q, "x");
	end(&l);
}

static void test_in_use(void **state)
{
	struct export_queue q;
	struct life l;
	struct err e;

	(void)state;
	clear();
	begin(&l);
	export_queue_init(&q, &l.b);
	assert_false(export_queue_keep(&q, l.s, STR("up.traces"), SIGNAL_TRACES, "up", &e));
	assert_non_null(strstr(e.text, "is in use by another process"));
	export_queue_fini(&q);
	end(&l);
}

/* What is on disk need not be brought again. */
static void test_ack_on_disk(void **state)
{
	struct life l;
	struct ack a;

	(void)state;
	clear();
	settled = failed = 0;
	begin(&l);
	ack_init(&a, on_settled);
	add_for(&l.q, "safe", &a);
	ack_release(&a);
	assert_int_equal(settled, 1);
	assert_int_equal(failed, 0);
	take(&l.q, "safe");
	end(&l);
}

/* ---- whose data it is ---- */

static struct client *client_of(const char *value)
{
	struct buf pairs = {0};
	struct client *c;

	client_put(&pairs, CLIENT_METADATA, STR("tenant"), str_from(value));
	c = client_new(buf_str(&pairs));
	buf_fini(&pairs);
	return c;
}

static void add_of(struct export_queue *q, const char *body, const char *client)
{
	struct queue_entry entry = {
		.body = str_from(body),
		.items = 1,
		.format = FORMAT,
		.kind = SIGNAL_TRACES,
		.client = *client ? client_of(client) : NULL,
	};
	struct err e;

	assert_true(export_queue_add(q, &entry, false, &e));
	client_release(entry.client);
}

static void take_of(struct export_queue *q, const char *body, const char *client)
{
	struct queued *r = export_queue_take(q);
	struct str value = {0};
	size_t at = 0;

	assert_non_null(r);
	assert_str(((struct str){r->body, r->n}), body);
	assert_string_equal(r->format, FORMAT);
	assert_int_equal(
		client_next(r->client, CLIENT_METADATA, STR("tenant"), &at, &value), *client != 0);
	assert_str(value.p ? value : STR(""), client);
	export_queue_done(q, r);
}

static void test_client(void **state)
{
	struct export_queue q;
	struct budget b;

	(void)state;
	budget_init(&b, 1000);
	export_queue_init(&q, &b);
	add_of(&q, "one", "a");
	add_of(&q, "two", "");
	check(&q, 2, 2, 2, 6);
	assert_true(b.used > 2 * sizeof(struct queued) + 6 + strlen("mtenanta") + 1);
	take_of(&q, "one", "a");
	take_of(&q, "two", "");
	check(&q, 0, 0, 0, 0);
	export_queue_fini(&q);
}

static void test_client_on_disk(void **state)
{
	struct life l;

	(void)state;
	clear();
	begin(&l);
	add_of(&l.q, "one", "a");
	add_of(&l.q, "two", "");
	add_of(&l.q, "three", "b");
	take_of(&l.q, "one", "a");
	end(&l);
	begin(&l);
	check(&l.q, 2, 2, 2, 8);
	take_of(&l.q, "two", "");
	take_of(&l.q, "three", "b");
	end(&l);
}

/* Pairs that are none, though the checksum is right: the request is counted as lost. */
static void test_malformed_client(void **state)
{
	struct record r = {.kind = SIGNAL_TRACES, .n = 10, .client = 4, .items = 7};
	char bytes[RECORD_HEAD + 10];
	char path[256];
	struct life l;

	(void)state;
	clear();
	begin(&l);
	add(&l.q, "one", 1, false);
	end(&l);
	assert_int_equal(files(".queue", path), 1);
	snprintf(r.format, sizeof(r.format), FORMAT);
	memcpy(bytes + RECORD_HEAD, "mabcbody..", 10);
	r.body_crc = record_crc(STR(""), (struct str){bytes + RECORD_HEAD, 10});
	record_encode(&r, bytes);
	write_file(path, (struct str){bytes, sizeof(bytes)});
	begin(&l);
	assert_null(export_queue_take(&l.q));
	assert_int_equal(l.q.lost, 7);
	end(&l);
}

/* To memory, while something waits on disk, and back. */
static void test_moves(void **state)
{
	struct life l;
	struct storage *again;
	struct err e;

	(void)state;
	clear();
	begin(&l);
	add(&l.q, "disk", 1, false);
	assert_true(export_queue_keep(&l.q, NULL, STR("up.traces"), SIGNAL_TRACES, "up", &e));
	add(&l.q, "memory", 1, false);
	again = storage_new("otelcol.storage.file.x", folder, &storage_metrics);
	again->max_size = 1000;
	assert_true(export_queue_keep(&l.q, again, STR("up.traces"), SIGNAL_TRACES, "up", &e));
	assert_true(again->used > 0 && l.s->used == 0);
	add(&l.q, "disk again", 1, false);
	take(&l.q, "disk");
	take(&l.q, "memory");
	assert_true(export_queue_keep(&l.q, NULL, STR("up.traces"), SIGNAL_TRACES, "up", &e));
	take(&l.q, "disk again");
	assert_int_equal(files(".queue", NULL), 0); /* nothing waits: the folder has been closed */
	assert_int_equal(again->refs, 1);
	storage_release(again);
	end(&l);
}

TESTS_RUN(cmocka_unit_test(test_memory), cmocka_unit_test(test_repack),
	cmocka_unit_test(test_ack),
	cmocka_unit_test(test_client),
	cmocka_unit_test_setup_teardown(test_client_on_disk, setup, teardown),
	cmocka_unit_test_setup_teardown(test_malformed_client, setup, teardown),
	cmocka_unit_test_setup_teardown(test_ack_on_disk, setup, teardown),
	cmocka_unit_test_setup_teardown(test_two_lives, setup, teardown),
	cmocka_unit_test_setup_teardown(test_cut_anywhere, setup, teardown),
	cmocka_unit_test_setup_teardown(test_flip_anything, setup, teardown),
	cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	cmocka_unit_test_setup_teardown(test_in_use, setup, teardown),
	cmocka_unit_test_setup_teardown(test_moves, setup, teardown))
