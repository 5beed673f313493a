#pragma once

/*
 * A plan is one configuration, understood: which blocks there are, what they mean, what refers to
 * what, and in which order they can be evaluated. Making one has no side effects; `invar
 * validate` is a plan and nothing more, and a reload makes the new plan completely before it
 * touches what runs.
 */

#include "agent/base/map.h"
#include "agent/config/eval.h"
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

enum vertex_kind {
	VERTEX_COMPONENT, /* a block of a type of the registry */
	VERTEX_DECLARE,   /* defines; is not evaluated */
	VERTEX_ARGUMENT,
	VERTEX_EXPORT,
	VERTEX_CUSTOM, /* a block named after a declare: what is in it is a module */
	VERTEX_FOREACH,
};

struct vertex {
	enum vertex_kind kind;
	struct str id;         /* "loki.write.default", in its module; of a block given twice made
	                          different */
	struct str node_id;    /* with the path of its module: "a.b/loki.write.default" */
	struct module *module; /* where it is */
	const struct stmt *block;
	const struct component_type *type; /* NULL: nobody knows this name, which was reported */
	/* What is evaluated, and where its names are looked up: the block, in its module; of an
	 * argument what the custom component was given, in that one's module. */
	const struct stmt *args;
	const struct module *scope;
	struct vertex **deps; /* what this one refers to, each once */
	size_t n_deps;
	struct vertex **users; /* what refers to this one */
	size_t n_users;
	struct plan_attr *attrs;
	size_t n_attrs;
	bool refers_to_self;
	bool is_duplicate;
	size_t rank; /* in plan.sorted */

	const struct definition *definition; /* of a custom component; NULL: not known yet */
	struct module *inner;                /* a custom component's module */
	uint64_t imported;                   /* import.*: hash of the texts; 0: none yet */
	struct value collection;             /* foreach: what the plan was made with */

	struct node *node; /* the graph's */
	bool is_dirty;     /* the graph's: to be evaluated */
};

/*
 * A set of blocks that see each other: the configuration itself, the body of a custom
 * component (one module an instance), an item of a foreach, or what an import.* brought.
 */
enum module_kind {
	MODULE_ROOT,
	MODULE_CUSTOM,
	MODULE_ITEM,
	MODULE_IMPORTED,
};

struct definition { /* a declare */
	struct str name;
	const struct stmt *block;
	struct module *home; /* where it was written: what names mean in its body */
};

struct import { /* an import.* block */
	struct str name;
	struct module *module; /* NULL: not known yet */
};

struct module {
	enum module_kind kind;
	struct str path;        /* "" of the root; "a.b/c.d" */
	struct module *lexical; /* where names of custom components are looked for next */
	struct module *outer;   /* an item's: blocks of this one are seen, too */
	struct vertex *of;      /* the custom component or foreach; NULL: the root, an import */
	struct str folder;      /* module_path */
	const struct body **bodies;
	size_t n_bodies;
	struct vertex **v; /* in the order in which they are reported: Alloy's */
	size_t n;
	struct map by_id; /* plan_fini() frees it */
	struct definition *definitions;
	size_t n_definitions;
	struct import *imports;
	size_t n_imports;
	struct str var;   /* an item's: the name that it has in the template */
	size_t index;     /* … and which one it is */
	bool is_template; /* made to check a body that is not used (yet) */
	size_t depth;
	struct module *next; /* all of the plan */
};

/* What was left out, with --config.ignore-unsupported. */
struct left_out {
	struct str id;
	struct str why;
	struct range at;
};

/* What runs, for what cannot be known from the text alone. */
struct plan_live {
	void *owner;
	/* NULL: it does not run. */
	struct component *(*instance)(void *owner, struct str node_id);
	const struct value *(*exported)(void *owner, struct str node_id, const char *name);
};

struct plan_settings {
	struct plan_types types;
	int stability; /* enum stability: the lowest that is allowed */
	bool terse;    /* in the words of `alloy validate` */
	bool ignore_unsupported;
	const struct plan_live *live; /* NULL: nothing runs */
};

struct plan {
	struct arena *arena;
	struct plan_settings set;
	struct module *root;
	struct module *modules; /* all, the root last */
	struct vertex **v;      /* all that is evaluated */
	size_t n;
	struct vertex **sorted; /* what is referred to comes first */
	struct left_out *left_out;
	size_t n_left_out;
	struct file **files;
	size_t n_files;
	const struct vertex *missing_import; /* terse: the last one that could not be read */
	struct str missing_why;
};

/* Everything lives in a. Every mistake is reported. The plan may be used only if there was no
 * error. */
struct plan *plan_new(struct arena *a, const struct plan_settings *set, struct file *const *files,
	size_t n, struct diags *d);
void plan_fini(struct plan *p);

/* The vertex that a dotted chain begins with, and how many of its parts are its id; NULL: none. */
struct vertex *plan_find(const struct module *m, const struct str *parts, size_t n, size_t *used);

/* A scope in which names are vertices; export says what a field of one is. */
struct plan_scope {
	struct scope base;
	const struct plan *plan;
	const struct module *module;
	struct arena *arena;
	/* False: it has none of this name. */
	bool (*export)(struct plan_scope *s, const struct vertex *v, struct str name,
		struct value *out);
	/* The item that a module of a foreach is for. */
	void (*item)(struct plan_scope *s, const struct module *m, struct value *out);
};
void plan_scope_init(struct plan_scope *s, const struct plan *p, const struct module *m,
	struct arena *a);

/* Does the block import.* give other texts now than those that the plan was made with? */
bool plan_import_changed(const struct vertex *v, struct component *c);

/* The blocks of the language itself that a body may have; they are evaluated like components.
 * NULL: name is none. */
const struct component_type *module_type_find(struct str name);
extern const struct component_type module_custom;
