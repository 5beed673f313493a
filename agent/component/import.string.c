/*
 * import.string: a module from a text, such as the content of local.file or of a ConfigMap.
 *
 * Where the text is written out, or follows from what is, the module is there at once; what
 * comes from another component is known when that one has exported it.
 */

#include "agent/base/container_of.h"
#include "agent/graph/component.h"

struct string_args {
	struct str content;
};

static const struct arg string_args[] = {
	ARG(string_args, content, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The text of the module."),
	ARGS_END,
};

struct import_string {
	struct component base;
	struct arena text;
	struct str content;
};

static bool string_update(struct component *c, const void *args, struct err *e)
{
	struct import_string *s = container_of(c, struct import_string, base);
	const struct string_args *a = args;

	(void)e;
	arena_clear(&s->text);
	s->content = arena_str(&s->text, a->content);
	return true;
}

static bool string_start(struct component *c, const void *args, struct err *e)
{
	arena_init(&container_of(c, struct import_string, base)->text, 0);
	return string_update(c, args, e);
}

static void string_stop(struct component *c)
{
	arena_fini(&container_of(c, struct import_string, base)->text);
	component_stopped(c);
}

static bool string_import(struct arena *a, struct component *c, const void *args,
	struct imported *out, struct err *e)
{
	const struct string_args *given = args;
	struct import_text *text = arena_new(a, struct import_text, 1);

	(void)e;
	*out = (struct imported){.p = text, .n = 1, .is_open = !given && !c};
	text->name = STR("import.string");
	if (given)
		text->text = given->content;
	else if (c)
		text->text =
			arena_str(a, container_of(c, struct import_string, base)->content);
	return true;
}

const struct component_type import_string = {
	.name = "import.string",
	.help = "Makes custom components of a text.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = string_args,
	.size = sizeof(struct import_string),
	.args_size = sizeof(struct string_args),
	.import = string_import,
	.start = string_start,
	.update = string_update,
	.stop = string_stop,
};
