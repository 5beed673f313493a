#pragma once

/* For tests of JMESPath: what expressions make of a text. */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/component/loki.process/jmespath.h"
#include "tests/test.h"

#define JMESPATH_BYTE(n) "! could not compile JMES expression: byte " #n ": "

/* What the specification's examples are about, and what k8s-monitoring reads. */
#define JMESPATH_TEXT \
	"{\"l\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2},{\"k\":\"z\"}]," \
	"\"o\":{\"p\":{\"n\":3},\"q\":{\"n\":4}},\"n\":[[1,[2]],[3,4]]," \
	"\"s\":\"text\",\"empty\":\"\"}"

struct jmespath_case {
	const char *path;
	const char *want; /* the value's JSON; "!": it fails; "! " and the error */
};

/* A path is looked for by its steps, too, and has to be the same. */
static inline bool jmespath_is_right(
	const struct jmespath_case *c, struct str text, struct arena *a)
{
	struct str out = STR("!");
	struct jmespath path;
	struct str found;
	struct err e;

	if (!jmespath_parse(a, str_from(c->path), &path, &e)) {
		out = arena_printf(a, "! %s", e.text);
	} else if (jmespath_search(&path, text, a, &out) && path.n > 0) {
		if (!jmespath_find(&path, 0, text, a, &found))
			found = STR("null");
		assert_true(str_eq(found, out));
	}
	if (str_is(out, c->want))
		return true;
	print_message("%s\n gives " STR_FMT "\n want  %s\n", c->path, STR_ARG(out), c->want);
	return false;
}

static inline void jmespath_test(const char *text, const struct jmespath_case *cases, size_t n)
{
	struct arena a;
	int wrong = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++)
		wrong += !jmespath_is_right(&cases[i], str_from(text), &a);
	arena_fini(&a);
	assert_int_equal(wrong, 0);
}

#define JMESPATH_TEST(text, cases) \
	jmespath_test((text), (cases), sizeof(cases) / sizeof((cases)[0]))
