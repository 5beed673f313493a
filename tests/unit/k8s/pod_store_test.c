#include "k8s/pod_store.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

static struct loop *loop;
static struct pod_store *store;
static const int scope_a, scope_b; /* two watches */

struct spec {
	const char *uid;
	const char *name;
	const char *ip;
	const char *phase;
	const char *started;
	const char *more; /* further members of metadata, or NULL */
	bool is_host_network;
};

static struct pod *make(const struct spec *s)
{
	char json[1024];
	struct arena a;
	struct err e;
	struct pod *p;

	snprintf(json, sizeof(json),
		"{\"metadata\":{\"uid\":\"%s\",\"name\":\"%s\",\"namespace\":\"n\"%s},\"spec\":{"
		"\"hostNetwork\":%s},\"status\":{\"phase\":\"%s\",\"podIP\":\"%s\",\"startTime\":"
		"\"%s\"}}",
		s->uid, s->name, s->more ? s->more : "", s->is_host_network ? "true" : "false",
		s->phase ? s->phase : "Running", s->ip ? s->ip : "",
		s->started ? s->started : "2026-11-22T10:00:00Z");
	arena_init(&a, 0);
	p = pod_parse(&a, str_from(json), &e);
	arena_fini(&a);
	assert_non_null(p);
	return p;
}

static void set(const void *scope, struct spec s)
{
	pod_store_set(store, scope, make(&s));
}

static struct str uid_at(const char *ip)
{
	struct in6_addr a;
	const struct pod *p;

	assert_true(pod_store_parse_ip(str_from(ip), &a));
	p = pod_store_find_ip(store, &a);
	return p ? p->uid : STR("-");
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 0);
	store = pod_store_new(loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pod_store_free(store);
	loop_free(loop);
	return 0;
}

static void test_look_ups(void **state)
{
	(void)state;
	set(&scope_a, (struct spec){.uid = "u1", .name = "web", .ip = "10.0.0.1"});
	set(&scope_a, (struct spec){.uid = "u2",
			      .name = "etcd-n1",
			      .ip = "10.1.1.1",
			      .is_host_network = true,
			      .more = ",\"annotations\":{\"kubernetes.io/"
				      "config.mirror\":\"h2\",\"kubernetes.io/config.hash\":"
				      "\"h2\"}"});
	set(&scope_a, (struct spec){.uid = "u3", .name = "six", .ip = "fd00::3"});
	assert_int_equal(pod_store_count(store), 3);
	assert_str(pod_store_find_uid(store, STR("u1"))->name, "web");
	assert_null(pod_store_find_uid(store, STR("h2")));
	assert_str(pod_store_find_log_uid(store, STR("h2"))->name, "etcd-n1");
	assert_null(pod_store_find_log_uid(store, STR("u2")));
	assert_str(pod_store_find_name(store, STR("n"), STR("six"))->uid, "u3");
	assert_null(pod_store_find_name(store, STR("m"), STR("six")));
	assert_str(uid_at("10.0.0.1"), "u1");
	assert_str(uid_at("::ffff:10.0.0.1"), "u1");
	assert_str(uid_at("10.1.1.1"), "-");
	assert_str(uid_at("fd00:0::3"), "u3");
	assert_str(uid_at("10.0.0.2"), "-");
}

static void test_addresses_that_move(void **state)
{
	(void)state;
	set(&scope_a, (struct spec){.uid = "old", .name = "a", .ip = "10.0.0.1"});
	set(&scope_a, (struct spec){.uid = "new",
			      .name = "b",
			      .ip = "10.0.0.1",
			      .started = "2026-11-22T11:00:00Z"});
	assert_str(uid_at("10.0.0.1"), "-"); /* two running pods */
	set(&scope_a, (struct spec){.uid = "old",
			      .name = "a",
			      .ip = "10.0.0.1",
			      .more = ",\"deletionTimestamp\":\"2026-11-22T11:00:00Z\""});
	assert_str(uid_at("10.0.0.1"), "new");
	pod_store_delete(store, STR("old"));
	assert_str(uid_at("10.0.0.1"), "new");
	set(&scope_a, (struct spec){.uid = "new",
			      .name = "b",
			      .ip = "10.0.0.1",
			      .phase = "Succeeded",
			      .started = "2026-11-22T11:00:00Z"});
	assert_str(uid_at("10.0.0.1"), "new"); /* both ended: the newer one */
	set(&scope_a, (struct spec){.uid = "new", .name = "b", .ip = "10.0.0.2"});
	assert_str(uid_at("10.0.0.1"), "old");
	assert_str(uid_at("10.0.0.2"), "new");
	/* A Job that has ended keeps its address in its status; who runs there now is the one. */
	set(&scope_a, (struct spec){.uid = "runs", .name = "c", .ip = "10.0.0.3"});
	set(&scope_a, (struct spec){.uid = "ended",
			      .name = "d",
			      .ip = "10.0.0.3",
			      .phase = "Succeeded",
			      .started = "2026-11-22T12:00:00Z"});
	assert_str(uid_at("10.0.0.3"), "runs");
}

static void test_deleted_pods_are_kept_for_a_while(void **state)
{
	(void)state;
	set(&scope_a, (struct spec){.uid = "u1", .name = "a", .ip = "10.0.0.1"});
	set(&scope_a, (struct spec){.uid = "u2", .name = "b", .ip = "10.0.0.2"});
	pod_store_delete(store, STR("u1"));
	pod_store_delete(store, STR("u1"));
	pod_store_delete(store, STR("nobody"));
	assert_int_equal(pod_store_count(store), 1);
	loop_advance(loop, POD_STORE_GRACE / 2);
	pod_store_delete(store, STR("u2"));
	loop_advance(loop, POD_STORE_GRACE / 2 - 1);
	assert_non_null(pod_store_find_uid(store, STR("u1")));
	loop_advance(loop, 1);
	assert_null(pod_store_find_uid(store, STR("u1")));
	assert_str(uid_at("10.0.0.1"), "-");
	assert_str(uid_at("10.0.0.2"), "u2");
	loop_advance(loop, POD_STORE_GRACE / 2);
	assert_str(uid_at("10.0.0.2"), "-");
	assert_int_equal(pod_store_bytes(store), 0);
}

static void test_a_name_used_again(void **state)
{
	(void)state;
	set(&scope_a, (struct spec){.uid = "u1", .name = "db-0"});
	pod_store_delete(store, STR("u1"));
	assert_str(pod_store_find_name(store, STR("n"), STR("db-0"))->uid, "u1");
	set(&scope_a, (struct spec){.uid = "u2", .name = "db-0"});
	assert_str(pod_store_find_name(store, STR("n"), STR("db-0"))->uid, "u2");
	loop_advance(loop, POD_STORE_GRACE);
	assert_str(pod_store_find_name(store, STR("n"), STR("db-0"))->uid, "u2");
}

static void test_what_a_new_list_lacks_is_gone(void **state)
{
	(void)state;
	set(&scope_a, (struct spec){.uid = "u1", .name = "a"});
	set(&scope_a, (struct spec){.uid = "u2", .name = "b"});
	set(&scope_b, (struct spec){.uid = "u3", .name = "c"});
	pod_store_begin(store, &scope_a);
	set(&scope_a, (struct spec){.uid = "u2", .name = "b"});
	set(&scope_a, (struct spec){.uid = "u4", .name = "d"});
	assert_int_equal(pod_store_count(store), 4);
	pod_store_complete(store, &scope_a);
	assert_int_equal(pod_store_count(store), 3);
	assert_true(pod_store_find_uid(store, STR("u1"))->gone_at != 0);
	assert_true(pod_store_find_uid(store, STR("u3"))->gone_at == 0);
	set(&scope_a, (struct spec){.uid = "u1", .name = "a"});
	assert_int_equal(pod_store_count(store), 4);
}

struct counter {
	struct pod_subscriber base;
	struct counter *takes_out;
	int calls;
};

static void count(struct pod_subscriber *w)
{
	struct counter *c = container_of(w, struct counter, base);

	c->calls++;
	if (c->takes_out)
		pod_store_unsubscribe(&c->takes_out->base);
}

static void test_subscribers(void **state)
{
	struct counter b = {.base.changed = count};
	struct counter a = {.base.changed = count};

	(void)state;
	pod_store_subscribe(store, &a.base);
	pod_store_subscribe(store, &b.base);
	set(&scope_a, (struct spec){.uid = "u1", .name = "a"});
	set(&scope_a, (struct spec){.uid = "u2", .name = "b"});
	assert_int_equal(a.calls, 0);
	loop_turn(loop, 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 1);
	set(&scope_a, (struct spec){.uid = "u1", .name = "a"}); /* the same */
	loop_turn(loop, 0);
	assert_int_equal(a.calls, 1);
	a.takes_out = &b;
	pod_store_set_synced(store);
	loop_turn(loop, 0);
	assert_int_equal(a.calls, 2);
	assert_int_equal(b.calls, 1);
	pod_store_unsubscribe(&a.base);
	pod_store_unsubscribe(&a.base);
	pod_store_touch(store);
	loop_turn(loop, 0);
	assert_int_equal(a.calls, 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_look_ups), CASE(test_addresses_that_move),
	CASE(test_deleted_pods_are_kept_for_a_while), CASE(test_a_name_used_again),
	CASE(test_what_a_new_list_lacks_is_gone), CASE(test_subscribers))
