#pragma once

/*
 * A plan is one configuration, understood: which blocks there are, what they mean, what refers to
 * what, and in which order they can be evaluated. Making one has no side effects; `invar
 * validate` is a plan and nothing more, and a reload makes the new plan completely before it
 * touches what runs.
 */

#include "agent/base/map.h"
#include "agent/graph/component.h"

struct evaluated;
struct file;
struct node;

/* What block names mean. */
struct plan_types {
	const struct component_type *const *types; /* NULL at the end */
	/* Names that only Alloy has, "prometheus.*" for all that begin so; NULL at the end.
	 * NULL: none. */
	const char *const *foreign;
};

/* An attribute's expression, and what is known of its references. */
struct plan_attr {
	const struct expr *x;
	bool is_bad;  /* a reference in it leads nowhere: reported, not to be evaluated */
	bool is_open; /* its value cannot be known before the program runs */
};

struct vertex {
	struct str id; /* "loki.write.default"; of a block given twice made different */
	const struct stmt *block;
	const struct component_type *type; /* NULL: nobody knows this name, which was reported */
	struct vertex **deps;              /* what this one refers to, each once */
	size_t n_deps;
	struct vertex **users; /* what refers to this one */
	size_t n_users;
	struct plan_attr *attrs;
	size_t n_attrs;
	bool refers_to_self;
	bool is_duplicate;
	size_t rank; /* in plan.sorted */

	struct node *node; /* the graph's */
	bool is_dirty;     /* the graph's: to be evaluated */
};

struct plan {
	struct arena *arena;
	struct plan_types types;
	int stability;
	struct vertex **v; /* in the order in which they are reported: Alloy's */
	size_t n;
	struct vertex **sorted; /* what is referred to comes first */
	struct map by_id;       /* plan_fini() frees it */
};

struct plan_settings {
	struct plan_types types;
	int stability; /* enum stability: the lowest that is allowed */
	bool terse;    /* in the words of `alloy validate` */
};

/* Everything lives in a. Every mistake is reported. The plan may be used only if there was no
 * error. */
struct plan *plan_new(struct arena *a, const struct plan_settings *set, struct file *const *files,
	size_t n, struct diags *d);
void plan_fini(struct plan *p);

/* The vertex that a dotted chain begins with, and how many of its parts are its id; NULL: none. */
struct vertex *plan_find(const struct plan *p, const struct str *parts, size_t n, size_t *used);

/* A scope in which names are vertices; export says what a field of one is. */
struct plan_scope {
	struct scope base;
	const struct plan *plan;
	struct arena *arena;
	/* False: it has none of this name. */
	bool (*export)(struct plan_scope *s, const struct vertex *v, struct str name,
		struct value *out);
};
void plan_scope_init(struct plan_scope *s, const struct plan *p, struct arena *a);
