#include "agent/component/otelcol.processor.probabilistic_sampler/threshold.h"

#include "tests/test.h"

/* All numbers here were computed by another program from the specification. */
static void test_threshold(void **state)
{
	static const struct {
		double probability;
		unsigned precision;
		const char *want; /* as th has it */
	} cases[] = {
		{1, 4, "0"},
		{0.5, 4, "8"},
		{0.1, 4, "e666"},
		{0.01, 4, "fd70a"},
		{1 / 3.0, 4, "aaab"},
		{0.001, 4, "ffbe77"},
		{0.999, 4, "004189"},
		{0.9999, 3, "00068e"},
		{0x1p-56, 4, "ffffffffffffff"},
		{0.1, 14, "e6666666666666"},
		{0.25, 1, "c"},
		{1e-9, 4, "fffffffbb48"},
	};
	char text[SAMPLING_TEXT];
	uint64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t back;

		assert_true(sampling_threshold(cases[i].probability, cases[i].precision, &t));
		assert_str(sampling_print_threshold(text, t), cases[i].want);
		assert_true(sampling_parse_threshold(str_from(cases[i].want), &back));
		assert_true(back == t);
	}
	assert_false(sampling_threshold(0, 4, &t));
	assert_false(sampling_threshold(1.5, 4, &t));
	assert_false(sampling_parse_threshold(STR(""), &t));
	assert_false(sampling_parse_threshold(STR("123456789012345"), &t));
	assert_false(sampling_parse_threshold(STR("xy"), &t));
	assert_false(sampling_parse_randomness(STR("1234"), &t));
	assert_true(sampling_parse_randomness(STR("0000000000000F"), &t));
	assert_int_equal(t, 15);
	assert_true(sampling_probability(SAMPLING_RANGE / 4 * 3) == 0.25);
}

static void test_hash(void **state)
{
	static const struct {
		struct str bytes;
		uint32_t seed;
		const char *want;
	} cases[] = {
		{{"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16}, 0,
			"0a680664997d65"},
		{{"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16}, 22,
			"70f015595723c3"},
		{{"\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c", 16}, 1,
			"968414d4345a5e"},
		{{"abc", 3}, UINT32_MAX, "52401cd937ab6f"},
		{{"", 0}, 7, "207416c1b137e2"},
	};
	static const struct {
		float percentage;
		uint64_t want;
	} thresholds[] = {
		{0.001F, SAMPLING_NEVER},
		{0.01F, 0xfffc0000000000},
		{1, 0xfd740000000000},
		{10, 0xe6680000000000},
		{15.3F, 0xd8d80000000000},
		{50, 0x80000000000000},
		{99.9F, 0x440000000000},
		{100, 0},
	};
	char text[SAMPLING_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_str(sampling_print_randomness(
				   text, sampling_of_hash(cases[i].bytes, cases[i].seed)),
			cases[i].want);
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(*thresholds); i++)
		assert_true(sampling_hash_threshold(thresholds[i].percentage) ==
			    thresholds[i].want);
	assert_str(sampling_print_randomness(text, sampling_of_trace_id(cases[0].bytes)),
		"090a0b0c0d0e0f");
}

TESTS_RUN(cmocka_unit_test(test_threshold), cmocka_unit_test(test_hash))
