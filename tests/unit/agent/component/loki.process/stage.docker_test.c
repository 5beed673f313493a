#include "tests/stage.h"

#define LINE(log) "{\"log\":\"" log "\",\"stream\":\"stderr\",\"time\":\"2026-11-22T10:41:07.5Z\"}"
#define NS "1795344067500000000 "

static const struct stage_case cases[] = {
	{"a line", "stage.docker {}", "f=a|" LINE("hello \\\"you\\\"\\n"),
		NS "{f=\"a\", stream=\"stderr\"} hello \"you\"\n"},
	{"pieces are joined", "stage.docker {}", "f=a|" LINE("one ") "\nf=a|" LINE("two\\n"),
		NS "{f=\"a\", stream=\"stderr\"} one two\n"},
	{"not Docker", "stage.docker {}", "f=a|{\"msg\":\"x\"}\nf=a|x",
		"100000000000 {f=\"a\"} {\"msg\":\"x\"}\n101000000000 {f=\"a\"} x\n"},
	{"parts that are missing or of another type", "stage.docker {}",
		"f=a|{\"log\":\"x\\n\"}\n"
		"f=a|{\"log\":\"y\\n\",\"stream\":\"stdout\",\"time\":\"now\"}\n"
		"f=a|{\"log\":7,\"stream\":\"stdout\",\"time\":\"2026-11-22T10:41:07.5Z\"}\n"
		"f=a|{\"log\":\"x\\n\",\"stream\":null,\"time\":5}\nf=a|{\"log\":\"x",
		"100000000000 {f=\"a\"} x\n101000000000 {f=\"a\", stream=\"stdout\"} y\n"
		"102000000000 {f=\"a\"} "
		"{\"log\":7,\"stream\":\"stdout\",\"time\":\"2026-11-22T10:41:07.5Z\"}\n"
		"103000000000 {f=\"a\"} x\n104000000000 {f=\"a\"} {\"log\":\"x\n"},
	{"extracted",
		"stage.docker {}\nstage.labels { values = {o = \"output\", t = \"timestamp\"} }",
		"f=a|" LINE("x\\n"),
		NS "{f=\"a\", o=\"x\", stream=\"stderr\", t=\"2026-11-22T10:41:07.5Z\"} x\n"},
	{"no attributes", "stage.docker { x = 1 }", "", "! unrecognized attribute name \"x\"\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
