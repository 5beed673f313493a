#include "agent/component/loki.write/request.h"

#include "proto/loki/push.h"
#include "tests/unit/agent/component/loki.write/fake.h"

static struct loki_tenants tenants = {.id = "loki.write.test"};

static struct loki_request *make(struct loki_tenant *t, const char *lines)
{
	struct push_clock clock = {0};
	struct buf entries = {0};
	struct buf raw = {0};
	struct loki_request *r;

	for (const char *p = lines; *p; p++)
		push_encode_entry(&entries, &clock, &(struct push_entry){1, {p, 1}, NULL, 0});
	push_encode_stream(&raw, STR("{}"), buf_str(&entries));
	r = loki_request_new(t, buf_str(&raw));
	r->entries = strlen(lines);
	assert_int_equal(r->raw_size, raw.n);
	buf_fini(&entries);
	buf_fini(&raw);
	return r;
}

static void assert_request(struct loki_request *r, const char *want, size_t entries)
{
	struct buf text = {0};

	fake_print(&text, buf_str(&r->body));
	assert_str(buf_str(&text), want);
	assert_int_equal(r->entries, entries);
	buf_fini(&text);
}

/* The second half has the acks and the ages: both are settled when all has been answered. */
static void test_split(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));
	struct loki_request *r = make(t, "abcd");
	struct loki_request *second = NULL;
	struct fake_ack ack = {0};

	(void)state;
	ack_init(&ack.ack, fake_settled);
	ack_set_add(&r->acks, &ack.ack);
	ack_release(&ack.ack);
	loki_ages_add(&r->ages, 1);
	assert_true(loki_request_split(r, &second));
	assert_request(r, "{} a|b", 2);
	assert_request(second, "{} c|d", 2);
	assert_int_equal(r->acks.n + r->ages.runs, 0);
	assert_int_equal(second->ages.runs, 1);
	loki_request_free(r);
	assert_false(ack.settled);
	ack_set_release(&second->acks);
	assert_true(ack.settled);
	loki_request_free(second);
	r = make(t, "a");
	assert_false(loki_request_split(r, &second));
	assert_request(r, "{} a", 1);
	loki_request_free(r);
	loki_tenant_release(t);
	loki_request_trim();
}

/* A request that waits has no more memory than it needs; the memory of one is used again. */
static void test_memory(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));
	struct loki_request *r = make(t, "abcd");
	const char *p = r->body.p;

	(void)state;
	loki_request_free(r);
	r = make(t, "efgh");
	assert_ptr_equal(r->body.p, p);
	assert_true(r->body.cap > r->body.n);
	loki_request_pack(r);
	assert_int_equal(r->body.cap, r->body.n);
	assert_request(r, "{} e|f|g|h", 4);
	loki_request_free(r);
	loki_request_trim();
	loki_tenant_release(t);
	assert_int_equal(tenants.map.n, 0);
}

TESTS_RUN(cmocka_unit_test(test_split), cmocka_unit_test(test_memory))
