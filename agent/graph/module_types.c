/*
 * The blocks that make modules, as component types: an argument exports what its custom
 * component was given, an export what is seen from outside, a foreach its collection. They do
 * nothing but pass values on; that they are nodes makes changes travel through them, in order.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/graph/plan.h"

struct declare_args {
	struct str label;
};

struct argument_args {
	bool optional;
	struct str comment;
	struct value value;
};

struct export_args {
	struct value value;
};

struct foreach_args {
	struct range at;
	const void *template;
	struct value collection;
	struct str var;
	struct str id;
	bool hash_string_id;
	bool enable_metrics;
};

static const struct arg no_args[] = {ARGS_END};

static const struct arg argument_args[] = {
	ARG(argument_args, optional, .type = ARG_BOOL, .def = "false",
		.help = "Whether the custom component may leave it out."),
	ARG(argument_args, comment, .type = ARG_STR, .def = "", .help = "What it is for."),
	ARG_NAMED(argument_args, "default", value, .type = ARG_ANY,
		.help = "What it is when it is left out."),
	ARGS_END,
};

static const struct arg export_args[] = {
	ARG(export_args, value, .type = ARG_ANY, .flags = ARG_REQUIRED,
		.help = "What the custom component exports by the name of the label."),
	ARGS_END,
};

static const struct arg foreach_args[] = {
	ARG_PLACE(foreach_args, at),
	ARG(foreach_args, template, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.help = "The blocks that there are once for each item."),
	ARG(foreach_args, collection, .type = ARG_ANY, .flags = ARG_REQUIRED,
		.help = "A list: the items."),
	ARG(foreach_args, var, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The name of the item in the template."),
	ARG(foreach_args, id, .type = ARG_STR, .def = "",
		.help = "The field of an item that tells it from others."),
	ARG(foreach_args, hash_string_id, .type = ARG_BOOL, .def = "false",
		.help = "Whether a text that is an id is hashed, rather than cleaned of signs."),
	ARG(foreach_args, enable_metrics, .type = ARG_BOOL, .def = "false", .flags = ARG_NO_EFFECT,
		.help = "Metrics of the components in it are always there."),
	ARGS_END,
};

static const struct export_field value_exports[] = {
	{"value", ARG_ANY, NULL, "What was given."}, {NULL, ARG_END, NULL, NULL}};
static const struct export_field collection_exports[] = {
	{"collection", ARG_ANY, NULL, "The items."}, {NULL, ARG_END, NULL, NULL}};

static bool argument_set(struct component *c, const void *args, struct err *e)
{
	const struct argument_args *a = args;

	(void)e;
	component_export(c, "value", a->value);
	return true;
}

static bool export_set(struct component *c, const void *args, struct err *e)
{
	const struct export_args *a = args;

	(void)e;
	component_export(c, "value", a->value);
	return true;
}

static bool foreach_check(const void *args, struct diags *d)
{
	const struct foreach_args *a = args;

	if (a->collection.type == VALUE_ARRAY)
		return true;
	return diag_error(d, a->at, "collection should be array, got %s",
		value_type_name(&a->collection));
}

static bool foreach_set(struct component *c, const void *args, struct err *e)
{
	const struct foreach_args *a = args;

	(void)e;
	component_export(c, "collection", a->collection);
	return true;
}

static bool custom_set(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

static const struct component_type module_declare = {
	.name = "declare",
	.help = "A component made of components.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.size = sizeof(struct component),
	.args_size = sizeof(struct declare_args),
};

static const struct component_type module_argument = {
	.name = "argument",
	.help = "What a custom component takes.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = argument_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct argument_args),
	.exports = value_exports,
	.start = argument_set,
	.update = argument_set,
};

static const struct component_type module_export = {
	.name = "export",
	.help = "What a custom component exports.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = export_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct export_args),
	.exports = value_exports,
	.start = export_set,
	.update = export_set,
};

static const struct component_type module_foreach = {
	.name = "foreach",
	.help = "The same blocks for each item of a list.",
	.stability = STABILITY_EXPERIMENTAL,
	.is_config = true,
	.is_labeled = true,
	.args = foreach_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct foreach_args),
	.exports = collection_exports,
	.check = foreach_check,
	.start = foreach_set,
	.update = foreach_set,
};

const struct component_type module_custom = {
	.name = "custom component",
	.help = "A block named after a declare.",
	.stability = STABILITY_GA,
	.args = no_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct declare_args),
	.start = custom_set,
	.update = custom_set,
};

const struct component_type *module_type_find(struct str name)
{
	static const struct component_type *const types[] = {
		&module_declare, &module_argument, &module_export, &module_foreach};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(name, types[i]->name))
			return types[i];
	return NULL;
}
