#include "tests/processor.h"

extern const struct component_type otelcol_processor_probabilistic_sampler;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define P(percent) "sampling_percentage = " percent "\n"
/* The last 56 bits of the id are the randomness. */
#define LOW "\"traceId\":\"00000000000000000040000000000000\""
#define HIGH "\"traceId\":\"000000000000000000f0000000000000\""
#define ID "\"traceId\":\"000102030405060708090a0b0c0d0e0f\""
#define TS(text) ",\"traceState\":\"" text "\""
#define TH(value) ATTRS(AS("sampling.threshold", value))

/* clang-format off */
static const struct processor_case cases[] = {
	/* nothing said: none */
	{SIGNAL_TRACES, "", SPANS("{" HIGH "}"), ""},
	/* proportional: by the id, by rv, on what was before */
	{SIGNAL_TRACES, P("50"), SPANS("{" LOW "},{" HIGH "}"), SPANS("{" HIGH TS("ot=th:8") "}")},
	{SIGNAL_TRACES, P("100"), SPANS("{" LOW "}"), SPANS("{" LOW TS("ot=th:0") "}")},
	{SIGNAL_TRACES, P("50"), SPANS("{" LOW TS("ot=rv:ffffffffffffff,a=b") "}"),
		SPANS("{" LOW TS("ot=rv:ffffffffffffff;th:8,a=b") "}")},
	{SIGNAL_TRACES, P("50"), SPANS("{" HIGH TS("ot=th:8") "}"), SPANS("{" HIGH TS("ot=th:c")
		"}")},
	/* equalizing: to the same, whatever was before */
	{SIGNAL_TRACES, P("50") "mode = \"equalizing\"", SPANS("{" HIGH TS("ot=th:4") "},{" HIGH TS(
		"ot=th:c") "}"),
		SPANS("{" HIGH TS("ot=th:8") "},{" HIGH TS("ot=th:c") "}")},
	/* no id; a threshold that the item does not reach; a text that is none */
	{SIGNAL_TRACES, P("100"), SPANS("{\"name\":\"a\"},{" LOW TS("ot=th:8") "},{" HIGH TS(
		"ot=rv:1") "}"), ""},
	{SIGNAL_TRACES, P("10") "fail_closed = false", SPANS("{\"name\":\"a\"},{" LOW TS("ot=th:8")
		"},{" HIGH TS("ot=rv:1") "}"),
		SPANS("{\"traceState\":\"ot=th:0\",\"name\":\"a\"},{" LOW TS("ot=th:0") "},{" HIGH
				TS("ot=rv:1") "}")},
	/* hash_seed: 0a680664997d65 and, with seed 22, 70f015595723c3 */
	{SIGNAL_TRACES, P("97") "mode = \"hash_seed\"", SPANS("{" ID "}"), SPANS("{" ID TS(
		"ot=rv:0a680664997d65;th:07b") "}")},
	{SIGNAL_TRACES, P("95") "mode = \"hash_seed\"", SPANS("{" ID "}"), ""},
	{SIGNAL_TRACES, P("57") "hash_seed = 22", SPANS("{" ID "}"), SPANS("{" ID TS(
		"ot=rv:70f015595723c3;th:6e18") "}")},
	{SIGNAL_TRACES, P("55") "hash_seed = 22", SPANS("{" ID "}"), ""},
	{SIGNAL_TRACES, P("100") "hash_seed = 22", SPANS("{" ID TS("ot=th:0") "}"), ""},
	/* priorities */
	{SIGNAL_TRACES, P("100"), SPANS("{" HIGH "," ATTRS(AI("sampling.priority", "0")) "}"), ""},
	{SIGNAL_TRACES, "", SPANS("{" LOW "," ATTRS(AS("sampling.priority", "1")) "}"),
		SPANS("{" LOW TS("ot=th:0") "," ATTRS(AS("sampling.priority", "1")) "}")},
	/* log records */
	{SIGNAL_LOGS, P("50"), LOGS("{" LOW "},{" HIGH "},{}"), LOGS("{" TH("8") "," HIGH "}")},
	{SIGNAL_LOGS, P("100") "attribute_source = \"record\"\nfrom_attribute = \"a\"\nhash_seed "
			       "= 4294967295",
		LOGS("{" ATTRS(AS("a", "abc")) "},{" ATTRS(AS("a", "")) "},{}"),
		LOGS("{" ATTRS(AS("a", "abc") "," AS("sampling.randomness", "52401cd937ab6f") "," AS
			("sampling.threshold", "0")) "}")},
	{SIGNAL_LOGS, P("1") "sampling_priority = \"prio\"", LOGS("{" ATTRS(AI("prio", "75")) ","
		LOW "},{" ATTRS(AD("prio", "0")) "," LOW "}"),
		LOGS("{" ATTRS(AI("prio", "75") "," AS("sampling.threshold", "4")) "," LOW "}")},
	{SIGNAL_LOGS, P("50"), LOGS("{" ATTRS(AS("sampling.threshold", "zz")) "," HIGH "}"), ""},
	/* what is refused */
	{SIGNAL_METRICS, "", NULL, "1:1: this processor is for traces and logs only"},
	{SIGNAL_TRACES, P("-1"), NULL, "1:1: sampling_percentage must not be negative"},
	{SIGNAL_LOGS, "attribute_source = \"record\"", NULL, "1:1: attribute_source \"record\" wa"
							     "nts from_attribute"},
	{SIGNAL_TRACES, "sampling_precision = 15", NULL, "1:1: sampling_precision must be from 1 "
							 "to 14"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_probabilistic_sampler, cases,
		sizeof(cases) / sizeof(*cases), signals);
}

TESTS_RUN(cmocka_unit_test(test_cases))
