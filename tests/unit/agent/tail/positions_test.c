#include "agent/tail/positions.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

#include <stdlib.h>

static struct position *one(const char *key, const char *name, uint64_t offset)
{
	struct position *p = calloc(1, sizeof(*p));

	p->key = strdup(key);
	p->name = strdup(name);
	p->device = 2050;
	p->inode = UINT64_C(18446744073709551615);
	p->born = UINT64_C(1795344067814458474);
	p->head_n = 64;
	p->head_hash = UINT64_C(0x00ffeeddccbbaa99);
	p->offset = offset;
	return p;
}

static void print(struct buf *out, const struct positions *p)
{
	positions_print_start(out);
	positions_print_all(out, p);
	positions_print_end(out);
}

static void test_round_trip(void **state)
{
	struct positions p = {0};
	struct positions q = {0};
	struct position *list;
	struct buf text = {0};
	struct buf again = {0};
	struct err e;

	(void)state;
	positions_put(&p, one("loki.source.file.a\n/var/log/\"x\"/0.log", "0.log.1", 7));
	positions_put(&p, one("loki.source.file.a\n/var/log/\"x\"/0.log", "0.log", 9));
	print(&text, &p);
	assert_true(positions_parse(&q, buf_str(&text), &e));
	print(&again, &q);
	assert_int_equal(again.n, text.n);
	assert_memory_equal(again.p, text.p, text.n);
	list = positions_take(&q, STR("loki.source.file.a\n/var/log/\"x\"/0.log"));
	assert_int_equal(list->offset, 7);
	assert_int_equal(list->next->offset, 9);
	assert_true(list->inode == UINT64_MAX);
	assert_int_equal(q.n, 0);
	position_free(list);
	positions_fini(&p);
	positions_fini(&q);
	buf_fini(&text);
	buf_fini(&again);
}

/* Every cut and every changed byte is noticed. */
static void test_damage_is_noticed(void **state)
{
	struct positions p = {0};
	struct positions q = {0};
	struct buf text = {0};
	struct err e;

	(void)state;
	positions_put(&p, one("s\n/a", "a", 7));
	print(&text, &p);
	for (size_t n = 0; n < text.n; n++)
		assert_false(positions_parse(&q, str_head(buf_str(&text), n), &e));
	for (size_t i = 0; i < text.n - 4; i++) {
		text.p[i] ^= 1;
		assert_false(positions_parse(&q, buf_str(&text), &e));
		text.p[i] ^= 1;
	}
	assert_int_equal(q.n, 0);
	positions_fini(&p);
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage_is_noticed))
