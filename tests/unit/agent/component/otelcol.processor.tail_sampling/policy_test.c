#include "agent/component/otelcol.processor.tail_sampling/policy_private.h"
#include "tests/processor.h"

extern const struct component_type otelcol_processor_tail_sampling;

#define ID(last) "\"traceId\":\"000000000000000000000000000000" last "\""
#define POLICY(type, ...) "policy {\nname = \"a\"\ntype = \"" type "\"\n" __VA_ARGS__ "\n}\n"
#define NAMED(name, type, ...) \
	"policy {\nname = \"" name "\"\ntype = \"" type "\"\n" __VA_ARGS__ "\n}\n"
#define ATTRIBUTE(kind, ...) POLICY(kind "_attribute", kind "_attribute {\n" __VA_ARGS__ "\n}")
#define AND(...) POLICY("and", "and {\n" __VA_ARGS__ "}\n")
#define SUB(of, type, ...) \
	of "_sub_policy {\nname = \"" type "\"\ntype = \"" type "\"\n" __VA_ARGS__ "\n}\n"
#define STRING(key, value) \
	"string_attribute {\nkey = \"" key "\"\nvalues = [\"" value "\"]\n}\n"
#define COUNT(min) "span_count {\nmin_spans = " min "\n}\n"
#define RATE(n) "rate_limiting {\nspans_per_second = " n "\n}\n"
#define T1 "{" ID("01") "}"
#define T2 "{" ID("02") "}"
#define TIMES(id, start, end) \
	"{" ID(id) ",\"startTimeUnixNano\":\"" start "\",\"endTimeUnixNano\":\"" end "\"}"
#define STATUS(id, code) "{" ID(id) ",\"status\":{\"code\":" code "}}"
#define WITH(id, ...) "{" ID(id) "," ATTRS(__VA_ARGS__) "}"
#define STATE(id, text) "{" ID(id) ",\"traceState\":\"" text "\"}"
#define OTTL(...) POLICY("ottl_condition", "ottl_condition {\n" __VA_ARGS__ "\n}")
#define EVENT(id, name) "{" ID(id) ",\"events\":[{\"name\":\"" name "\"}]}"

/* clang-format off */
/* The spans that are kept, by the last digits of their traces' ids. */
static const struct {
	const char *policies;
	const char *in;
	const char *want;
} cases[] = {
	{POLICY("always_sample"), SPANS(T1 "," T2), "01 02"},
	/* the whole trace's time; the lower limit is not in it, the upper one is */
	{POLICY("latency", "latency {\nthreshold_ms = 2\n}"),
		SPANS(TIMES("01", "1000000", "2500000") "," TIMES("02", "2000000", "4000000") ","
			TIMES("01", "2000000", "4000000") "," TIMES("03", "0", "9000000") ","
			TIMES("04", "9000000", "1000000")),
		"01 01 03"},
	{POLICY("latency", "latency {\nthreshold_ms = 2\nupper_threshold_ms = 4\n}"),
		SPANS(TIMES("01", "1000000", "4500000") "," TIMES("02", "1000000", "4000000") ","
			TIMES("02", "1000000", "6000000") "," TIMES("03", "1000000", "5999999")),
		"01 03"},
	/* numbers */
	{ATTRIBUTE("numeric", "key = \"n\"\nmin_value = 5\nmax_value = 7"),
		SPANS(WITH("01", AI("n", "5")) "," WITH("02", AI("n", "4")) "," WITH(
			"03", AI("n", "7")) "," WITH("04", AI("n", "8")) "," WITH(
			"05", AS("n", "6")) "," WITH("06", AD("n", "6")) "," WITH(
			"07", AI("m", "6"))),
		"01 03"},
	{ATTRIBUTE("numeric", "key = \"n\"\nmin_value = 5\nmax_value = 0"),
		SPANS(WITH("01", AI("n", "99")) "," WITH("02", AI("n", "4"))), "01"},
	{ATTRIBUTE("numeric", "key = \"n\"\nmin_value = 0\nmax_value = 5\ninvert_match = true"),
		SPANS(WITH("01", AI("n", "-9")) "," WITH("02", AI("n", "6")) "," T1), "02"},
	{ATTRIBUTE("numeric", "key = \"n\"\nmin_value = 5\nmax_value = 5"),
		SPANS_R(ATTRS(AI("n", "5")), T1), "01"},
	/* booleans */
	{ATTRIBUTE("boolean", "key = \"b\"\nvalue = true"),
		SPANS(WITH("01", AB("b", "true")) "," WITH("02", AB("b", "false")) "," WITH(
			"03", AS("b", "true"))),
		"01"},
	{ATTRIBUTE("boolean", "key = \"b\"\nvalue = false\ninvert_match = true"),
		SPANS(WITH("01", AB("b", "true")) "," WITH("02", AB("b", "false")) "," WITH(
			"03", AI("b", "0"))),
		"01 03"},
	/* strings */
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"x\", \"\"]"),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "xx")) "," WITH(
			"03", AS("s", "")) "," WITH("01", AS("s", "no"))),
		"01 01"},
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"x\"]"),
		SPANS_R(ATTRS(AS("s", "x")), T1 "," T2), "01 02"},
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"^x+$\", \"b\"]\nenabled_regex_matching"
			" = true"),
		SPANS(WITH("01", AS("s", "xx")) "," WITH("02", AS("s", "xxa")) "," WITH(
			"03", AS("s", "abc"))),
		"01 03"},
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"x\"]\ninvert_match = true"),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "y")) "," T1 "," WITH(
			"03", AI("s", "1"))),
		"02 03"},
	/* one that is inverted has no veto */
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"x\"]\ninvert_match = true")
		 NAMED("b", "always_sample"),
		SPANS(WITH("01", AS("s", "x"))), "01"},
	/* status, flags, tracestate */
	{POLICY("status_code", "status_code {\nstatus_codes = [\"ERROR\", \"UNSET\"]\n}"),
		SPANS(STATUS("01", "2") "," STATUS("02", "1") "," T1 ",{" ID("03") "}"),
		"01 01 03"},
	{POLICY("status_code", "status_code {\nstatus_codes = [\"OK\"]\n}"),
		SPANS(STATUS("01", "2") "," STATUS("02", "1")), "02"},
	{POLICY("trace_flags"), SPANS("{" ID("01") ",\"flags\":257}," "{" ID("02")
			",\"flags\":256}"),
		"01"},
	{POLICY("trace_state", "trace_state {\nkey = \"k\"\nvalues = [\"v\", \"\"]\n}"),
		SPANS(STATE("01", "a=b, k=v ,c=d") "," STATE("02", "k=w") "," STATE("03", "xk=v")
			"," STATE("04", "k=") "," STATE("05", "k=v")),
		"01 05"},
	/* counts */
	{POLICY("span_count", COUNT("2")), SPANS(T1 "," T2 "," T1), "01 01"},
	{POLICY("span_count", "span_count {\nmin_spans = 1\nmax_spans = 1\n}"),
		SPANS(T1 "," T2 "," T1), "02"},
	/* parts by the id: FNV-1a of "default-hash-seed" and the id is 0.88118302 and
		0.88118296 of
	 * 2^64; with "salt" 0.39896054 and 0.39896048 */
	{POLICY("probabilistic", "probabilistic {\nsampling_percentage = 88.1183\n}"),
		SPANS(T1 "," T2), "02"},
	{POLICY("probabilistic",
		 "probabilistic {\nhash_salt = \"salt\"\nsampling_percentage = 39.89605\n}"),
		SPANS(T1 "," T2), "02"},
	{POLICY("probabilistic", "probabilistic {\nsampling_percentage = 0\n}"), SPANS(T1 ","
			T2), ""},
	{POLICY("probabilistic", "probabilistic {\nsampling_percentage = 100\n}"), SPANS(T1
			"," T2),
		"01 02"},
	/* rates: full at first, with two seconds' worth */
	{POLICY("rate_limiting", RATE("1")), SPANS(T1 "," T2 "," "{" ID("03") "}"), "01 02"},
	{POLICY("rate_limiting", "rate_limiting {\nspans_per_second = 1\nburst_capacity = 1\n}"),
		SPANS(T1 "," T1 "," T2), "02"},
	{POLICY("bytes_limiting", "bytes_limiting {\nbytes_per_second = 15\n}"), SPANS(T1 "," T2),
		"01"},
	/* OTTL */
	{OTTL("error_mode = \"ignore\"\nspan = [`attributes[\"a\"] == \"1\"`, `1 / 0 == 1`]"),
		SPANS(WITH("01", AS("a", "1")) "," WITH("02", AS("a", "2"))), "01"},
	{OTTL("error_mode = \"ignore\"\nspanevent = [`name == \"e\"`]"),
		SPANS(EVENT("01", "f") "," EVENT("02", "e")), "02"},
	{OTTL("error_mode = \"ignore\"\nspan = [`resource.attributes[\"r\"] == \"1\"`]\nspane"
			"vent = "
	      "[`name == \"e\"`]"),
		SPANS_R(ATTRS(AS("r", "1")), EVENT("01", "f")), "01"},
	/* one that fails has no say */
	{OTTL("error_mode = \"propagate\"\nspan = [`1 / 0 == 1`]") NAMED("b", "span_count",
			COUNT("2")),
		SPANS(T1 "," T2 "," T2), "02 02"},
	/* and: all */
	{AND(SUB("and", "string_attribute", STRING("s", "x")) SUB("and", "span_count",
			COUNT("2"))),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "x")) "," T2 "," WITH(
			"03", AS("s", "y")) ",{" ID("03") "}"),
		"02 02"},
	/* a rate behind a condition counts what the condition takes */
	{AND(SUB("and", "string_attribute", STRING("s", "x")) SUB("and", "rate_limiting",
			RATE("1"))),
		SPANS(T1 "," T1 "," T1 "," WITH("02", AS("s", "x")) "," WITH("03", AS("s", "x"))
			"," WITH("04", AS("s", "x"))),
		"02 03"},
	/* not */
	{POLICY("not", "not {\n" SUB("not", "span_count", COUNT("2")) "}"), SPANS(T1 "," T2
			"," T1),
		"02"},
	/* drop overrules, wherever it stands */
	{POLICY("always_sample") NAMED("d", "drop", "drop {\n" SUB("drop", "string_attribute",
		 STRING("s", "x")) SUB("drop", "span_count", COUNT("2")) "}\n"),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "x")) "," T2), "01"},
	/* alone it keeps nothing */
	{POLICY("drop", "drop {\n" SUB("drop", "span_count", COUNT("2")) "}\n"), SPANS(T1), ""},
	/* the first match ends it: the rate is not asked */
	{"sample_on_first_match = true\n" POLICY("string_attribute", STRING("s", "x"))
		 NAMED("b", "rate_limiting", RATE("1")),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "x")) "," WITH(
			"03", AS("s", "y")) ",{" ID("04") "},{" ID("05") "}"),
		"01 02 03 04"},
	/* composite: the order is policy_order's; b has its part, c what b leaves */
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 4\npolicy_order = [\"b\", "
			     "\"c\"]\ncomposite_sub_policy {\nname = \"c\"\ntype = "
			     "\"always_sample\"\n}\ncomposite_sub_policy {\nname = \"b\"\ntype = "
			     "\"string_attribute\"\n" STRING("s", "x") "}\nrate_allocation {\n"
			     "policy = \"b\"\npercent = 25\n}\n}"),
		SPANS(WITH("01", AS("s", "x")) "," WITH("02", AS("s", "x")) ",{" ID("03") "},{"
			ID("04") "},{" ID("05") "},{" ID("06") "}"),
		"01 03 04 05"},
	/* nothing is left */
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 4\npolicy_order = []\n"
			     "composite_sub_policy {\nname = \"b\"\ntype = \"string_attribute\"\n"
			     STRING("s", "x") "}\n" SUB("composite", "always_sample")
			     "rate_allocation {\npolicy = \"b\"\npercent = 100\n}\n}"),
		SPANS(WITH("01", AS("s", "x")) "," T2), "01"},
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 10\npolicy_order = []\n"
			     "composite_sub_policy {\nname = \"c\"\ntype = \"and\"\nand {\n" SUB(
			     "and", "span_count", COUNT("2")) "}\n}\n}"),
		SPANS(T1 "," T2 "," T1), "01 01"},
};

static const struct {
	const char *policies;
	const char *want;
} mistakes[] = {
	{POLICY("nothing"), "policy \"a\": unknown sampling policy type \"nothing\""},
	{POLICY("latency"), "policy \"a\": its type wants a block latency"},
	{NAMED("", "always_sample"), "a policy must have a name"},
	{POLICY("always_sample") POLICY("always_sample"),
			"policy \"a\": another one has this name"},
	{POLICY("status_code", "status_code {\nstatus_codes = [\"BAD\"]\n}"),
		"unknown status code \"BAD\", supported: OK, ERROR, UNSET"},
	{POLICY("status_code", "status_code {\nstatus_codes = []\n}"),
			"there are no status_codes"},
	{ATTRIBUTE("numeric", "key = \"n\"\nmin_value = 0\nmax_value = 0"),
		"one of min_value and max_value must not be 0"},
	{ATTRIBUTE("string", "key = \"s\"\nvalues = [\"(\"]\nenabled_regex_matching = true"),
		"error parsing regexp: missing closing ): `(`"},
	{OTTL("error_mode = \"ignore\""), "expected at least one OTTL condition to filter on"},
	{OTTL("error_mode = \"ignore\"\nspan = [`name = 1`]"), "want a comparison"},
	{POLICY("rate_limiting", RATE("0")), "spans_per_second must be greater than 0"},
	{AND(SUB("and", "and", "")), "a policy of type and cannot be inside another"},
	{AND(SUB("and", "always_sample") SUB("and", "always_sample")),
		"two of its policies are named \"always_sample\""},
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 1\npolicy_order = [\""
			"x\"]\n}"),
		"there is no composite_sub_policy"},
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 1\npolicy_order = [\""
			"x\"]\n"
		SUB("composite", "always_sample") "}"),
		"policy_order names \"x\", which is no composite_sub_policy"},
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 1\npolicy_order = []\n"
		SUB("composite", "always_sample") "rate_allocation {\npolicy = \"x\"\n"
		"percent = 1\n}\n}"),
		"a rate_allocation names \"x\", which is no composite_sub_policy"},
	{POLICY("composite", "composite {\nmax_total_spans_per_second = 1\npolicy_order = []\n"
		SUB("composite", "always_sample") "rate_allocation {\n"
		"policy = \"always_sample\"\npercent = 101\n}\n}"),
		"percent must be from 0 to 100"},
	{POLICY("not", "not {\n" SUB("not", "always_sample") SUB("not", "trace_flags") "}"),
		"there may be one not_sub_policy only"},
};
/* clang-format on */

static void load(struct harness *h, const char *args)
{
	otel_init(h, &otelcol_processor_tail_sampling, NULL);
	if (!processor_load(h, "otelcol.processor.tail_sampling", args, "traces "))
		assert_str(buf_str(&h->errors), "");
}

/* The last two digits of each span's trace id, in order. */
static void ids_seen(struct buf *out)
{
	static const char key[] = "\"traceId\":\"";
	const char *p;

	buf_add_char(&harness_seen, 0);
	for (p = harness_seen.p; (p = strstr(p, key)); p += sizeof(key))
		buf_printf(out, "%s%.2s", out->n ? " " : "", p + sizeof(key) - 1 + 30);
	buf_clear(&harness_seen);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf ids = {0};
		struct harness h;

		load(&h, cases[i].policies);
		assert_int_equal(processor_push(SIGNAL_TRACES, NULL, cases[i].in), CONSUMED);
		harness_advance(&h, INT64_C(30) * 1000000000);
		ids_seen(&ids);
		if (!str_is(buf_str(&ids), cases[i].want))
			print_error("case %zu: %s\n", i, cases[i].policies);
		assert_str(buf_str(&ids), cases[i].want);
		buf_fini(&ids);
		harness_fini(&h);
	}
}

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct harness h;

		otel_init(&h, &otelcol_processor_tail_sampling, NULL);
		assert_false(processor_load(&h, "otelcol.processor.tail_sampling",
			mistakes[i].policies, "traces "));
		if (str_find(buf_str(&h.errors), str_from(mistakes[i].want)) < 0)
			assert_str(buf_str(&h.errors), mistakes[i].want);
		harness_fini(&h);
	}
}

/* What is taken, with a warning. */
static void test_warnings(void **state)
{
	static const char *const warnings[][2] = {
		{POLICY("always_sample", COUNT("1")),
			"policy \"a\" is of type always_sample: its block span_count does nothing"},
		{ATTRIBUTE("boolean", "key = \"b\"\nvalue = true\ninvert_match = true")
				NAMED("b", "always_sample"),
			"policy \"a\": invert_match does not keep others from taking a trace"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(*warnings); i++) {
		struct harness h;

		otel_init(&h, &otelcol_processor_tail_sampling, NULL);
		assert_true(processor_load(
			&h, "otelcol.processor.tail_sampling", warnings[i][0], "traces "));
		if (str_find(buf_str(&h.errors), str_from(warnings[i][1])) < 0)
			assert_str(buf_str(&h.errors), warnings[i][1]);
		harness_fini(&h);
	}
}

/* By math/big in Go: big.Float of 2^64-1, 64 bits of precision, times the ratio, cut. */
static void test_threshold(void **state)
{
	static const struct {
		double ratio;
		uint64_t want;
	} wanted[] = {
		{-1, 0},
		{0, 0},
		{0.5, UINT64_C(0x7fffffffffffffff)},
		{0.25, UINT64_C(0x3fffffffffffffff)},
		{0.1, UINT64_C(1844674407370955263)},
		{0.333, UINT64_C(6142765776545281023)},
		{0.01, UINT64_C(184467440737095519)},
		{0.999, UINT64_C(18428297329635842047)},
		{0.3, UINT64_C(5534023222112865279)},
		{1e-19, 1},
		{1e-20, 0},
		{5e-324, 0},
		{1, UINT64_MAX},
		{7, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		assert_int_equal(policy_threshold(wanted[i].ratio), wanted[i].want);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_mistakes),
	cmocka_unit_test(test_warnings),
	cmocka_unit_test(test_threshold))
