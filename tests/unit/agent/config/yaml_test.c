#include "agent/config/yaml.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static void show(struct buf *b, const struct yaml_node *n)
{
	buf_printf(b, "%u:%u", n->line, n->column);
	if (n->kind == YAML_TEXT) {
		buf_printf(b, n->is_plain ? "(" STR_FMT ")" : "'" STR_FMT "'", STR_ARG(n->text));
		return;
	}
	buf_add_char(b, n->kind == YAML_LIST ? '[' : '{');
	for (size_t i = 0; i < n->n; i++) {
		if (i)
			buf_add_char(b, ' ');
		if (n->kind == YAML_MAP) {
			show(b, n->pairs[i].key);
			buf_add_char(b, '=');
		}
		show(b, n->kind == YAML_MAP ? n->pairs[i].value : n->items[i]);
	}
	buf_add_char(b, n->kind == YAML_LIST ? ']' : '}');
}

static const struct {
	const char *yaml;
	const char *want; /* or "!" and the error */
} cases[] = {
	{"", "none"},
	{"# nothing", "none"},
	{"a", "1:1(a)"},
	{"'a'", "1:1'a'"},
	{"!!str 1", "1:1'1'"},
	{"a: 1\nb:\n  - x\n  - \"y\"",
		"1:1{1:1(a)=1:4(1) 2:1(b)=3:3[3:5(x) 4:5'y']}"},
	{"a: &x [1]\nb: *x", "1:1{1:1(a)=1:4[1:8(1)] 2:1(b)=1:4[1:8(1)]}"},
	{"a: &x 1\nb: &x 2\nc: *x", "1:1{1:1(a)=1:4(1) 2:1(b)=2:4(2) 3:1(c)=2:4(2)}"},
	{"- &x {a: 1, b: 2}\n- {<<: *x, b: 3}",
		"1:1[1:3{1:7(a)=1:10(1) 1:13(b)=1:16(2)} 2:3{1:7(a)=1:10(1) 2:12(b)=2:15(3)}]"},
	{"- &x {a: 1}\n- &y {a: 2}\n- {<<: [*x, *y]}",
		"1:1[1:3{1:7(a)=1:10(1)} 2:3{2:7(a)=2:10(2)} 3:3{1:7(a)=1:10(1)}]"},
	{"a: 1\n--- \nb: 2", "1:1{1:1(a)=1:4(1)}"},
	{"{'<<': 1}", "1:1{1:2'<<'=1:8(1)}"},
	{"[[[[x]]]]", "1:1[1:2[1:3[1:4[1:5(x)]]]]"},
	{"[[[[[x]]]]]", "!yaml: exceeded max depth of 4"},
	{"- &a [[x]]\n- [[*a]]", "!yaml: exceeded max depth of 4"},
	{"[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]",
		"!yaml: document contains excessive aliasing"},
	{"- &a [1, 2]\n- &b [*a, *a]\n- *b\n- *b", "!yaml: document contains excessive aliasing"},
	{"&a [*a]", "!yaml: unknown anchor 'a' referenced"},
	{"a: 1\n'a': 2", "!yaml: line 1: a key of this mapping is defined twice"},
	{"{[a]: 1}", "!yaml: line 1: a key that is a list or a map"},
	{"{<<: 1}", "!yaml: map merge requires map or sequence of maps as the value"},
	{"{<<: [1]}", "!yaml: map merge requires map or sequence of maps as the value"},
	{"a: b: c", "!yaml: line 1: mapping values are not allowed in this context"},
	{"\xff", "!yaml: line 1: invalid leading UTF-8 octet"},
};

static void test_read(void **state)
{
	static const struct yaml_limits limits = {.depth = 4, .nodes = 20};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct yaml_node *root;
		struct buf got = {0};
		struct arena a;
		struct err e;

		arena_init(&a, 0);
		if (!yaml_read(&a, str_from(cases[i].yaml), &limits, &root, &e))
			buf_printf(&got, "!%s", e.text);
		else if (root)
			show(&got, root);
		else
			buf_printf(&got, "none");
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		arena_fini(&a);
	}
}

static void test_find(void **state)
{
	static const struct yaml_limits limits = {.depth = 4, .nodes = 100};
	struct yaml_node *root;
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_true(yaml_read(&a, STR("{a: , b: '', c: Null, d: 'null', e: []}"), &limits, &root,
		&e));
	assert_true(yaml_is_null(yaml_find(root, "a")));
	assert_false(yaml_is_null(yaml_find(root, "b")));
	assert_true(yaml_is_null(yaml_find(root, "c")));
	assert_false(yaml_is_null(yaml_find(root, "d")));
	assert_false(yaml_is_null(yaml_find(root, "e")));
	assert_true(yaml_is_null(NULL));
	assert_null(yaml_find(root, "f"));
	assert_null(yaml_find(yaml_find(root, "e"), "a"));
	assert_null(yaml_find(NULL, "a"));
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_read), cmocka_unit_test(test_find))
