#include "agent/base/log.h"
#include "tests/component.h"

extern const struct component_type loki_echo;

#define CONFIG \
	"loki.echo \"e\" {}\n" \
	"test.source \"in\" { forward_to = [loki.echo.e.receiver] }\n"

static struct buf said;

static void on_log(struct str line)
{
	buf_add_str(&said, line);
}

static void test_entry(void **state)
{
	static const char *const labels[] = {"app", "web", "__path__", "x", NULL};
	struct harness h;

	(void)state;
	log_set_writer(on_log);
	harness_init(&h, &loki_echo);
	assert_true(harness_load(&h, CONFIG));
	harness_push(labels, 1795344067814458474, STR("a \"line\""));
	assert_true(str_find(buf_str(&said),
			    STR("level=info msg=\"received log entry\" component_path=/ "
				"component_id=loki.echo.e entry=\"a \\\"line\\\"\" "
				"entry_timestamp=2026-11-22T10:41:07.814458474Z "
				"labels=\"{__path__=\\\"x\\\", app=\\\"web\\\"}\" "
				"structured_metadata={}\n")) > 0);
	harness_fini(&h);
	log_set_writer(NULL);
	buf_fini(&said);
}

TESTS_RUN(cmocka_unit_test(test_entry))
