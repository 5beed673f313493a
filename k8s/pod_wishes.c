/* Few pods have such annotations, and they are looked at only when targets are made anew. */
#include "k8s/pod_wishes.h"

#include "k8s/pod.h"

static struct str find(const struct pod_pairs *v, const char *name)
{
	return pod_pairs_find(v, str_from(name));
}

/* prefix and then the container's name. */
static struct str find_of(const struct pod_pairs *v, const char *prefix, struct str container)
{
	for (size_t i = 0; i < v->n; i++) {
		struct str name = v->p[i].name;

		if (str_starts(name, prefix) &&
			str_eq(str_from_at(name, strlen(prefix)), container))
			return v->p[i].value;
	}
	return (struct str){0};
}

static bool is_yes(struct str s)
{
	return str_eq_nocase(s, STR("true")) || str_eq_nocase(s, STR("on")) ||
	       str_eq_nocase(s, STR("yes")) || str_is(s, "1");
}

/* Names with commas between them. */
static bool is_in_list(struct str list, struct str name)
{
	struct str head;

	while (str_cut(list, ',', &head, &list)) {
		if (str_eq(str_trim(head), name))
			return true;
	}
	return list.n > 0 && str_eq(str_trim(list), name);
}

static bool is_excluded(const struct pod *p, const struct pod_container *c)
{
	const struct pod_pairs *a = &p->annotations;

	return is_yes(find(a, "invar.dev/exclude")) || is_yes(find(a, "fluentbit.io/exclude")) ||
	       is_yes(find(a, "vector.dev/exclude")) ||
	       is_yes(find(&p->labels, "vector.dev/exclude")) ||
	       str_eq_nocase(find(a, "co.elastic.logs/enabled"), STR("false")) ||
	       is_yes(find_of(a, "fluentbit.io/exclude-", c->name)) ||
	       is_in_list(find(a, "invar.dev/exclude-containers"), c->name) ||
	       is_in_list(find(a, "vector.dev/exclude-containers"), c->name);
}

/* Elastic's pattern is that of a first line when what does not match goes behind it. */
static struct str find_firstline(const struct pod *p, const struct pod_container *c)
{
	const struct pod_pairs *a = &p->annotations;
	struct str own = find_of(a, "invar.dev/multiline-firstline-", c->name);

	if (own.n == 0)
		own = find(a, "invar.dev/multiline-firstline");
	if (own.n == 0 && is_yes(find(a, "co.elastic.logs/multiline.negate")) &&
		str_is(find(a, "co.elastic.logs/multiline.match"), "after"))
		own = find(a, "co.elastic.logs/multiline.pattern");
	return own;
}

struct pod_wishes pod_wishes_find(const struct pod *p, const struct pod_container *c)
{
	return (struct pod_wishes){
		.excluded = is_excluded(p, c),
		.tenant = find(&p->annotations, "invar.dev/tenant"),
		.firstline = find_firstline(p, c),
	};
}
