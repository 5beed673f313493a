#include "agent/base/buf.h"
#include "agent/component/common/otelcol_export/record.h"
#include "tests/test.h"

#include <sys/mman.h>
#include <unistd.h>

static void add(struct buf *b, const char *body, char state)
{
	struct record r = {.kind = SIGNAL_TRACES, .n = (uint32_t)strlen(body), .items = 2};
	char head[RECORD_HEAD];

	r.body_crc = record_crc(STR(""), str_from(body));
	snprintf(r.format, sizeof(r.format), "proto/gzip");
	record_encode(&r, head);
	head[RECORD_STATE] = state;
	buf_add(b, head, sizeof(head));
	buf_add_str(b, str_from(body));
}

static struct record_scan open_file(struct str bytes)
{
	int fd = memfd_create("records", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_true(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	return (struct record_scan){.fd = fd, .size = bytes.n};
}

/* A letter for each thing found: w, d (records), X damaged, C cut, and its place. */
static void scan(struct str bytes, struct buf *out)
{
	struct record_scan s = open_file(bytes);
	enum record_found f;
	struct record r;
	uint64_t from, to;

	buf_clear(out);
	while ((f = record_next(&s, &r, &from, &to)) != RECORD_END) {
		static const char letters[] = {
			[RECORD_FOUND] = 'w', [RECORD_DAMAGED] = 'X', [RECORD_CUT] = 'C'};

		assert_true(f != RECORD_UNREADABLE);
		assert_true(to > from && to <= bytes.n);
		buf_printf(out, "%c%d ", f == RECORD_FOUND && r.is_done ? 'd' : letters[f],
			(int)from);
	}
	close(s.fd);
	buf_add_char(out, 0);
}

static void test_head(void **state)
{
	struct record r = {.kind = SIGNAL_METRICS, .n = 7, .items = 1u << 31, .body_crc = 5};
	struct record back;
	char head[RECORD_HEAD];

	(void)state;
	snprintf(r.format, sizeof(r.format), "grpc/x-snappy-framed");
	record_encode(&r, head);
	assert_true(record_parse(head, &back));
	assert_memory_equal(&r, &back, sizeof(r));
	for (size_t i = 0; i < RECORD_HEAD; i++) {
		head[i] ^= 1;
		assert_int_equal(record_parse(head, &back), i == RECORD_STATE);
		head[i] ^= 1;
	}
	head[RECORD_STATE] = 'd';
	assert_true(record_parse(head, &back) && back.is_done);
}

/* With something of the client, the letter of its signal is another one: earlier versions take it
 * for none of theirs. */
static void test_client(void **state)
{
	const uint32_t max = RECORD_CLIENT_MAX;
	struct record r = {.kind = SIGNAL_TRACES, .n = max, .client = max};
	struct record back;
	char head[RECORD_HEAD];

	(void)state;
	record_encode(&r, head);
	assert_int_equal(head[5], 'T');
	assert_true(record_parse(head, &back));
	assert_memory_equal(&r, &back, sizeof(r));
	r.n--; /* there would be no room for it */
	record_encode(&r, head);
	assert_false(record_parse(head, &back));
	r = (struct record){.kind = SIGNAL_LOGS, .n = 3};
	record_encode(&r, head);
	assert_int_equal(head[5], 'l');
	assert_true(record_parse(head, &back) && back.client == 0);
}

static void test_scan(void **state)
{
	struct buf file = {0}, out = {0};
	static const char zeros[100];
	char big[40000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	add(&file, "one", 'w');
	add(&file, "", 'd');
	add(&file, "three", '?'); /* rather twice than never */
	scan(buf_str(&file), &out);
	assert_string_equal(out.p, "w0 d51 w99 ");
	file.p[60] ^= 4; /* the second's head */
	scan(buf_str(&file), &out);
	assert_string_equal(out.p, "w0 X51 w99 ");
	file.p[0] ^= 4;
	scan(buf_str(&file), &out);
	assert_string_equal(out.p, "X0 w99 ");
	buf_clear(&file);
	buf_add(&file, big, sizeof(big));
	add(&file, "far", 'w');
	scan(buf_str(&file), &out);
	assert_string_equal(out.p, "X0 w40000 ");
	buf_add(&file, zeros, sizeof(zeros));
	scan(buf_str(&file), &out); /* a file system that lost power */
	assert_string_equal(out.p, "X0 w40000 C40051 ");
	file.p[file.n - 1] = 1;
	scan(buf_str(&file), &out);
	assert_string_equal(out.p, "X0 w40000 X40051 ");
	buf_fini(&file);
	buf_fini(&out);
}

/* Wherever the writing was cut, what was whole is found, and nothing is called damaged. */
static void test_cut_anywhere(void **state)
{
	struct buf file = {0}, out = {0};

	(void)state;
	add(&file, "one", 'w');
	add(&file, "second", 'w');
	for (size_t n = 0; n <= file.n; n++) {
		const char *want = n == 0    ? ""
				   : n < 51  ? "C0 "
				   : n == 51 ? "w0 "
				   : n < 105 ? "w0 C51 "
					     : "w0 w51 ";

		scan((struct str){file.p, n}, &out);
		assert_string_equal(out.p, want);
	}
	buf_fini(&file);
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_head), cmocka_unit_test(test_client), cmocka_unit_test(test_scan),
	cmocka_unit_test(test_cut_anywhere))
