#include "agent/flow/relabel.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

/* A rule as it is written; NULL is the default. */
struct written {
	const char *action;
	const char *sources[4];
	const char *separator;
	const char *regex;
	const char *target;
	const char *replacement;
	uint64_t modulus;
};

struct storage {
	struct str sources[4];
};

static struct str text_or(const char *text, const char *def)
{
	return str_from(text ? text : def);
}

static struct relabel_rule rule_of(const struct written *w, struct storage *s)
{
	struct relabel_rule r = {
		.sources = s->sources,
		.separator = text_or(w->separator, RELABEL_SEPARATOR),
		.regex = text_or(w->regex, RELABEL_REGEX),
		.target = text_or(w->target, ""),
		.replacement = text_or(w->replacement, RELABEL_REPLACEMENT),
		.modulus = w->modulus,
	};

	for (int i = 0; w->action && i < RELABEL_ACTIONS; i++) {
		if (strcmp(w->action, relabel_action_names[i]) == 0)
			r.action = (enum relabel_action)i;
	}
	for (; r.n_sources < 4 && w->sources[r.n_sources]; r.n_sources++)
		s->sources[r.n_sources] = str_from(w->sources[r.n_sources]);
	return r;
}

static const struct label before[] = {
	{{"Mixed", 5}, {"Gr\xc3\x9c\xc3\x9f", 6}},
	{{"__meta_label_app", 16}, {"web", 3}},
	{{"__meta_label_tier", 17}, {"front", 5}},
	{{"a", 1}, {"foo", 3}},
	{{"b", 1}, {"bar", 3}},
	{{"c", 1}, {"foo;bar", 7}},
};

#define KEPT "Mixed=Gr\xc3\x9c\xc3\x9f;__meta_label_app=web;__meta_label_tier=front;"
#define ALL KEPT "a=foo;b=bar;c=foo;bar;"

static const struct {
	const char *name;
	struct written rule;
	const char *want; /* name=value;… sorted, "dropped", or "! " and the error */
} cases[] = {
	{"replace copies", {.sources = {"a"}, .target = "d"}, ALL "d=foo;"},
	{"replace joins", {.sources = {"a", "b"}, .target = "d"}, ALL "d=foo;bar;"},
	{"replace joins a missing label as empty", {.sources = {"a", "nope", "b"}, .target = "d"},
		ALL "d=foo;;bar;"},
	{"replace with another separator", {.sources = {"a", "b"}, .target = "d", .separator = "/"},
		ALL "d=foo/bar;"},
	{"replace without separator", {.sources = {"a", "b"}, .target = "d", .separator = ""},
		ALL "d=foobar;"},
	{"replace takes groups",
		{.sources = {"c"}, .regex = "(.*);(.*)", .replacement = "$2-${1}x", .target = "d"},
		ALL "d=bar-foox;"},
	{"replace by a constant", {.replacement = "const", .target = "d"}, ALL "d=const;"},
	{"replace by a constant where the source has a value",
		{.sources = {"a"}, .replacement = "const", .target = "d"}, ALL "d=const;"},
	{"replace by a constant where the source is empty",
		{.sources = {"nope"}, .replacement = "const", .target = "d"}, ALL "d=const;"},
	{"replace does nothing without a match", {.sources = {"a"}, .regex = "fo", .target = "d"},
		ALL},
	{"replace by nothing removes", {.sources = {"a"}, .replacement = "", .target = "a"},
		KEPT "b=bar;c=foo;bar;"},
	{"replace by an empty source removes", {.sources = {"nope"}, .target = "a"},
		KEPT "b=bar;c=foo;bar;"},
	{"replace makes the target's name",
		{.sources = {"c"}, .regex = "(.*);(.*)", .replacement = "x", .target = "${1}_$2"},
		ALL "foo_bar=x;"},
	{"replace does nothing when the made name is not valid",
		{.sources = {"c"}, .replacement = "x", .target = "$1"}, ALL},
	{"replace overwrites", {.sources = {"a"}, .target = "b"}, KEPT "a=foo;b=foo;c=foo;bar;"},
	{"empty regex means missing",
		{.sources = {"nope"}, .regex = "", .replacement = "x", .target = "d"}, ALL "d=x;"},
	{"empty regex, not missing",
		{.sources = {"a"}, .regex = "", .replacement = "x", .target = "d"}, ALL},
	{"keep", {.action = "keep", .sources = {"a"}, .regex = "f.*"}, ALL},
	{"keep is anchored", {.action = "keep", .sources = {"a"}, .regex = "f"}, "dropped"},
	{"keep of two", {.action = "keep", .sources = {"a", "b"}, .regex = "foo;.+"}, ALL},
	{"drop", {.action = "drop", .sources = {"a"}, .regex = "foo|x"}, "dropped"},
	{"drop is anchored", {.action = "drop", .sources = {"a"}, .regex = "f"}, ALL},
	{"keepequal", {.action = "keepequal", .sources = {"a", "b"}, .target = "c"}, ALL},
	{"keepequal drops", {.action = "keepequal", .sources = {"a"}, .target = "c"}, "dropped"},
	{"dropequal", {.action = "dropequal", .sources = {"a", "b"}, .target = "c"}, "dropped"},
	{"dropequal keeps", {.action = "dropequal", .sources = {"a"}, .target = "c"}, ALL},
	{"hashmod", {.action = "hashmod", .sources = {"c"}, .target = "d", .modulus = 1000},
		ALL "d=750;"},
	{"labelmap", {.action = "labelmap", .regex = "__meta_label_(.+)", .replacement = "$1"},
		KEPT "a=foo;app=web;b=bar;c=foo;bar;tier=front;"},
	{"labelmap with a name of its own",
		{.action = "labelmap", .regex = "__meta_label_(.+)", .replacement = "k8s_${1}_"},
		ALL "k8s_app_=web;k8s_tier_=front;"},
	{"labelmap, two to one: the last wins",
		{.action = "labelmap", .regex = "(a|b)", .replacement = "b"},
		KEPT "a=foo;b=bar;c=foo;bar;"},
	{"labeldrop", {.action = "labeldrop", .regex = "__meta.*|Mixed"}, "a=foo;b=bar;c=foo;bar;"},
	{"labelkeep", {.action = "labelkeep", .regex = "[ab]"}, "a=foo;b=bar;"},
	{"labelkeep nothing", {.action = "labelkeep", .regex = "x"}, ""},
	{"lowercase", {.action = "lowercase", .sources = {"Mixed"}, .target = "Mixed"},
		"Mixed=gr\xc3\xbc\xc3\x9f;__meta_label_app=web;__meta_label_tier=front;a=foo;b=bar;"
		"c=foo;bar;"},
	{"uppercase", {.action = "uppercase", .sources = {"a", "b"}, .target = "d"},
		ALL "d=FOO;BAR;"},

	{"no target", {.sources = {"a"}},
		"! relabel configuration for replace action requires 'target_label' value"},
	{"bad target", {.target = "a-b"}, "! \"a-b\" is invalid 'target_label' for replace action"},
	{"bad target with a reference", {.target = "${1"},
		"! \"${1\" is invalid 'target_label' for replace action"},
	{"digit first", {.target = "1a"}, "! \"1a\" is invalid 'target_label' for replace action"},
	{"hashmod without modulus", {.action = "hashmod"},
		"! relabel configuration for hashmod requires non-zero modulus"},
	{"hashmod without target", {.action = "hashmod", .modulus = 2},
		"! relabel configuration for hashmod action requires 'target_label' value"},
	{"hashmod with a reference", {.action = "hashmod", .modulus = 2, .target = "$1"},
		"! \"$1\" is invalid 'target_label' for hashmod action"},
	{"lowercase with a replacement", {.action = "lowercase", .target = "a", .replacement = "x"},
		"! 'replacement' can not be set for lowercase action"},
	{"labelmap with a bad replacement", {.action = "labelmap", .replacement = "a b"},
		"! \"a b\" is invalid 'replacement' for labelmap action"},
	{"labeldrop with a source", {.action = "labeldrop", .sources = {"a"}},
		"! labeldrop action requires only 'regex', and no other fields"},
	{"labelkeep with a target", {.action = "labelkeep", .target = "a"},
		"! labelkeep action requires only 'regex', and no other fields"},
	{"keepequal with a regex", {.action = "keepequal", .regex = "x", .target = "a"},
		"! keepequal action requires only 'source_labels' and 'target_label', and no other "
		"fields"},
	{"bad regex", {.regex = "(a", .target = "a"},
		"! error parsing regexp: missing closing ): `(a`"},
};

static void show(struct buf *out, const struct written *w, size_t n)
{
	struct relabel_rule rules[4];
	struct storage storage[4];
	struct label_list l = {0};
	struct arena a;
	struct relabel_rules *r;
	struct err e;

	for (size_t i = 0; i < n; i++)
		rules[i] = rule_of(&w[i], &storage[i]);
	r = relabel_rules_new(rules, n, &e);
	buf_clear(out);
	if (!r) {
		buf_printf(out, "! %s", e.text);
		return;
	}
	arena_init(&a, 0);
	label_list_init(&l, before, sizeof(before) / sizeof(before[0]));
	if (relabel_apply(r, &l, &a)) {
		const struct labels *s = labels_intern(l.p, l.n);

		for (size_t i = 0; i < s->n; i++)
			buf_printf(out, STR_FMT "=" STR_FMT ";", STR_ARG(s->v[i].name),
				STR_ARG(s->v[i].value));
		labels_release(s);
	} else {
		buf_printf(out, "dropped");
	}
	relabel_rules_release(r);
	label_list_fini(&l);
	arena_fini(&a);
}

static void test_actions(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct storage storage;
		struct relabel_rule r = rule_of(&cases[i].rule, &storage);
		struct err e;

		print_message("%s\n", cases[i].name);
		show(&out, &cases[i].rule, 1);
		assert_str(buf_str(&out), cases[i].want);
		assert_int_equal(relabel_rule_check(&r, &e), cases[i].want[0] != '!');
	}
	buf_fini(&out);
}

/* In order, each seeing what those before it did. */
static void test_chain(void **state)
{
	static const struct written rules[] = {
		{.sources = {"a"}, .target = "x"},
		{.sources = {"x", "b"}, .target = "x", .separator = "/"},
		{.action = "labelmap", .regex = "(x)", .replacement = "y_$1"},
		{.action = "labelkeep", .regex = ".*x"},
	};
	struct buf out = {0};

	(void)state;
	show(&out, rules, 4);
	assert_str(buf_str(&out), "x=foo/bar;y_x=foo/bar;");
	show(&out, rules, 0);
	assert_str(buf_str(&out), ALL);
	buf_fini(&out);
}

static void test_are(void **state)
{
	static const struct written a_w = {.sources = {"a"}, .target = "x"};
	static const struct written b_w = {.sources = {"b"}, .target = "x"};
	struct storage sa;
	struct storage sb;
	struct relabel_rule a = rule_of(&a_w, &sa);
	struct relabel_rule b = rule_of(&b_w, &sb);
	struct err e;
	struct relabel_rules *r = relabel_rules_new(&a, 1, &e);

	(void)state;
	assert_true(relabel_rules_are(r, &a, 1));
	assert_false(relabel_rules_are(r, &b, 1));
	assert_false(relabel_rules_are(r, &a, 0));
	relabel_rules_release(relabel_rules_hold(r));
	relabel_rules_release(r);
}

TESTS_RUN(cmocka_unit_test(test_actions), cmocka_unit_test(test_chain), cmocka_unit_test(test_are))
