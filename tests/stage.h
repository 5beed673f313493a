#pragma once

/*
 * Tables of stages: what they are, what goes in, what must come out.
 *
 * in: one entry a line, `a=1,b=2|the line`, at the times 100, 101, … seconds; \r in a line
 * stands for a newline. want: what the sink writes (tests/component.h); or, when the
 * configuration is refused, "! " and the messages without their places, one a line.
 */

#include "tests/component.h"

extern const struct component_type loki_process;

struct stage_case {
	const char *name;
	const char *stages;
	const char *in;
	const char *want;
};

static inline void stage_push(struct str text, int64_t time)
{
	static char values[16][64];
	const char *labels[33] = {NULL};
	struct str head, line, pair;
	char copy[65536];
	size_t n = 0;

	if (!str_cut(text, '|', &head, &line))
		fail_msg("no | in %.*s", (int)text.n, text.p);
	while (head.n > 0) {
		struct str name, value;

		if (!str_cut(head, ',', &pair, &head)) {
			pair = head;
			head.n = 0;
		}
		assert_true(str_cut(pair, '=', &name, &value));
		snprintf(values[n], 64, "%.*s", (int)name.n, name.p);
		snprintf(values[n + 1], 64, "%.*s", (int)value.n, value.p);
		labels[n] = values[n];
		labels[n + 1] = values[n + 1];
		n += 2;
	}
	assert_true(line.n < sizeof(copy));
	for (size_t i = 0; i < line.n; i++)
		copy[i] = line.p[i] == '\r' ? '\n' : line.p[i];
	harness_push(labels, time, (struct str){copy, line.n});
}

static inline void stage_push_all(const char *in)
{
	struct str rest = str_from(in);
	struct str line;

	for (int64_t time = 100; rest.n > 0; time++) {
		if (!str_cut(rest, '\n', &line, &rest)) {
			line = rest;
			rest.n = 0;
		}
		stage_push(line, time * 1000000000);
	}
}

static inline bool stage_load(struct harness *h, const char *stages)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"loki.process \"p\" {\nforward_to = [test.sink.s.receiver]\n%s\n}\n"
		"test.sink \"s\" {}\ntest.source \"in\" { forward_to = [loki.process.p.receiver] "
		"}\n",
		stages);
	buf_add_char(&text, '\0');
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

/* "! " and the messages, into harness_seen. */
static inline void stage_show_errors(struct harness *h)
{
	struct str rest = buf_str(&h->errors);
	struct str line, column, message;

	while (str_cut(rest, '\n', &line, &rest)) {
		assert_true(str_cut(line, ':', &column, &message));
		assert_true(str_cut(message, ':', &column, &message));
		buf_printf(&harness_seen, "!" STR_FMT "\n", STR_ARG(message));
	}
}

static inline void stage_run_cases(const struct stage_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct harness h;

		print_message("%s\n", cases[i].name);
		harness_init(&h, &loki_process);
		if (stage_load(&h, cases[i].stages))
			stage_push_all(cases[i].in);
		else
			stage_show_errors(&h);
		assert_str(buf_str(&harness_seen), cases[i].want);
		harness_fini(&h);
	}
}

#define STAGE_RUN_CASES(cases) stage_run_cases((cases), sizeof(cases) / sizeof((cases)[0]))

#define STAGE_TESTS(cases) \
	static void test_cases(void **state) \
	{ \
		(void)state; \
		STAGE_RUN_CASES(cases); \
	}
