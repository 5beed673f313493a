/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
#include "agent/base/timestamp.h"
/* clang-format on */

extern const struct component_type import_http;

#define CONFIG \
	"import.http \"m\" {\n url = \"http://a/dir/x.alloy\"\n method = \"POST\"\n" \
	" headers = {a = \"b\"}\n}\n" \
	"m.c \"x\" {\n v = \"1\"\n}\n"
#define MODULE(text) \
	"declare \"c\" {\n argument \"v\" { }\n" \
	" test.sink \"s\" { targets = [{v = argument.v.value + " text "}] }\n}\n"

/* What is made of the module waits for it, and follows it. */
static void test_follows(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &import_http);
	assert_true(harness_load(&h, CONFIG));
	assert_int_equal(fake_calls_n, 1);
	assert_str(buf_str(&fake_calls[0].target->text), "a: b\n");
	assert_string_equal(fake_calls[0].call->method, "POST");
	assert_str(buf_str(&harness_seen), "");
	fake_answer(0, 200, "", STR(MODULE("module_path")), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), "target v=1http://a/dir;\n");
	buf_clear(&harness_seen);
	harness_advance(&h, 70 * NS_PER_SEC);
	fake_answer(0, 500, "", STR(""), -1);
	loop_turn(h.loop, 0);
	harness_advance(&h, 70 * NS_PER_SEC);
	fake_answer(0, 200, "", STR("loki.write \"x\" { }"), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), "");
	harness_advance(&h, 70 * NS_PER_SEC);
	fake_answer(0, 200, "", STR(MODULE("\"!\"")), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), "target v=1!;\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_follows))
