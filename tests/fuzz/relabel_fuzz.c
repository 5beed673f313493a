/*
 * Lines: action and modulus (two bytes), separator, regex, target, replacement, source
 * labels with commas; then labels, a name and a value by turns. Rules that are taken keep the
 * promises of the list: each name once, no empty value.
 */
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/must.h"
#include "agent/flow/relabel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str line(struct str *rest)
{
	struct str l = *rest;

	if (!str_cut(*rest, '\n', &l, rest))
		*rest = (struct str){0};
	return l;
}

static void check(const struct label_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		must(l->p[i].value.n > 0);
		for (size_t k = 0; k < i; k++)
			must(!str_eq(l->p[i].name, l->p[k].name));
	}
	must(l->n_set <= l->n);
}

static void run(const struct relabel_rule *rule, struct str rest)
{
	struct label_list l = {0};
	struct relabel_rules *rules;
	const struct labels *set;
	struct label v[16];
	size_t count = 0;
	struct arena a;
	struct err e;

	for (; rest.n > 0 && count < 16; count++) {
		v[count].name = line(&rest);
		v[count].value = line(&rest);
	}
	set = labels_intern(v, count);
	arena_init(&a, 0);
	rules = relabel_rules_new(rule, 1, &e);
	if (rules) {
		label_list_init(&l, set->v, set->n);
		for (int i = 0; i < 2 && relabel_apply(rules, &l, &a); i++)
			check(&l);
		must(relabel_rules_are(rules, rule, 1));
	}
	relabel_rules_release(rules);
	label_list_fini(&l);
	labels_release(set);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = {(const char *)data, n};
	struct relabel_rule rule = {0};
	struct str sources[8];
	struct str names;

	log_set(LOG_ERROR, LOG_LOGFMT);
	if (n < 3)
		return 0;
	rule.action = data[0] % RELABEL_ACTIONS;
	rule.modulus = data[1];
	rest = str_from_at(rest, 2);
	rule.separator = line(&rest);
	rule.regex = line(&rest);
	rule.target = line(&rest);
	rule.replacement = line(&rest);
	names = line(&rest);
	while (names.n > 0 && rule.n_sources < 8) {
		struct str name = names;

		if (!str_cut(names, ',', &name, &names))
			names.n = 0;
		sources[rule.n_sources++] = name;
	}
	rule.sources = sources;
	run(&rule, rest);
	return 0;
}
