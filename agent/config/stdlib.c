/*
 * The standard library's table, and how names are found in it. Alloy gives a name space as an
 * object of functions, so that string.frmat is "field does not exist" and string alone a value;
 * so does this, but a full name is found without making the object.
 */

#include "agent/config/stdlib.h"

#include <unistd.h>

#ifndef INVAR_VERSION
#define INVAR_VERSION "0.0.0"
#endif

/* clang-format off */
const struct function stdlib_functions[] = {
	{"array.combine_maps", NULL, 3, 4, STABILITY_EXPERIMENTAL, true,
		stdlib_array_combine_maps,
		"Joins two lists of maps where the given keys are equal."},
	{"array.concat", "concat", 0, STDLIB_ANY, STABILITY_GA, true,
		stdlib_array_concat, "One list of the items of all lists."},
	{"array.group_by", NULL, 3, 3, STABILITY_EXPERIMENTAL, true,
		stdlib_array_group_by, "Groups a list of maps by the value of a key."},
	{"coalesce", NULL, 0, STDLIB_ANY, STABILITY_GA, true,
		stdlib_coalesce, "The first argument that is not empty."},
	{"convert.nonsensitive", "nonsensitive", 1, 1, STABILITY_GA, false,
		stdlib_nonsensitive, "A secret as a string."},
	{"encoding.from_URLbase64", NULL, 1, 1, STABILITY_GA, false,
		stdlib_from_urlbase64, "Bytes of a text in URL-safe base64."},
	{"encoding.from_base64", "base64_decode", 1, 1, STABILITY_GA, false,
		stdlib_from_base64, "Bytes of a text in base64."},
	{"encoding.from_json", "json_decode", 1, 1, STABILITY_GA, false,
		stdlib_from_json, "The value that a JSON text describes."},
	{"encoding.from_yaml", "yaml_decode", 1, 1, STABILITY_GA, false,
		stdlib_from_yaml, "The value that a YAML text describes."},
	{"encoding.to_URLbase64", NULL, 1, 1, STABILITY_GA, false,
		stdlib_to_urlbase64, "A text in URL-safe base64."},
	{"encoding.to_base64", NULL, 1, 1, STABILITY_GA, false,
		stdlib_to_base64, "A text in base64."},
	{"encoding.to_json", NULL, 1, 1, STABILITY_GA, false,
		stdlib_to_json, "An object as JSON text."},
	{"encoding.url_decode", NULL, 1, 1, STABILITY_GA, false,
		stdlib_url_decode, "A text out of a URL's query."},
	{"encoding.url_encode", NULL, 1, 1, STABILITY_GA, false,
		stdlib_url_encode, "A text for a URL's query."},
	{"file.path_join", NULL, 0, STDLIB_ANY, STABILITY_GA, false,
		stdlib_path_join, "One cleaned path of its parts."},
	{"json_path", NULL, 2, 2, STABILITY_GA, false,
		stdlib_json_path, "What a JSONPath finds in a JSON text, always a list."},
	{"string.format", "format", 1, STDLIB_ANY, STABILITY_GA, false,
		stdlib_format, "A text made as Go's fmt.Sprintf makes it."},
	{"string.join", "join", 2, 2, STABILITY_GA, false,
		stdlib_join, "The texts of a list with a separator between."},
	{"string.replace", "replace", 3, 3, STABILITY_GA, false,
		stdlib_replace, "A text with every occurrence of another replaced."},
	{"string.split", "split", 2, 2, STABILITY_GA, false,
		stdlib_split, "The parts of a text between separators."},
	{"string.to_lower", "to_lower", 1, 1, STABILITY_GA, false,
		stdlib_to_lower, "A text in lower case."},
	{"string.to_upper", "to_upper", 1, 1, STABILITY_GA, false,
		stdlib_to_upper, "A text in upper case."},
	{"string.trim", "trim", 2, 2, STABILITY_GA, false,
		stdlib_trim, "A text without the given characters at both ends."},
	{"string.trim_prefix", "trim_prefix", 2, 2, STABILITY_GA, false,
		stdlib_trim_prefix, "A text without a prefix."},
	{"string.trim_space", "trim_space", 1, 1, STABILITY_GA, false,
		stdlib_trim_space, "A text without white space at both ends."},
	{"string.trim_suffix", "trim_suffix", 2, 2, STABILITY_GA, false,
		stdlib_trim_suffix, "A text without a suffix."},
	{"sys.env", "env", 1, 1, STABILITY_GA, false,
		stdlib_sys_env, "An environment variable; empty when unset."},
	{NULL, NULL, 0, 0, STABILITY_GA, false, NULL, NULL},
};
/* clang-format on */

static const char *const constants[] = {"arch", "hostname", "os", "version"};
#define CONSTANTS (sizeof(constants) / sizeof(constants[0]))

static struct value constant(struct arena *a, const char *name)
{
	char host[256] = "";

	if (strcmp(name, "arch") == 0) {
#if defined(__aarch64__)
		return value_str(STR("arm64"));
#else
		return value_str(STR("amd64"));
#endif
	}
	if (strcmp(name, "os") == 0)
		return value_str(STR("linux"));
	if (strcmp(name, "version") == 0)
		return value_str(STR("v" INVAR_VERSION));
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	return value_str(arena_str(a, str_from(host)));
}

static struct value function_value(const struct function *f)
{
	return (struct value){.type = VALUE_FUNCTION, .function = f};
}

/* Is name "space.rest"? */
static bool is_member(const char *name, struct str space, struct str *rest)
{
	struct str head;

	return str_cut(str_from(name), '.', &head, rest) && str_eq(head, space);
}

static bool find_constant(struct arena *a, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	struct field all[CONSTANTS];

	if (!str_is(parts[0], "constants"))
		return false;
	for (size_t i = 0; i < CONSTANTS; i++) {
		all[i].key = str_from(constants[i]);
		if (n > 1 && str_eq(parts[1], all[i].key)) {
			*used = 2;
			*out = constant(a, constants[i]);
			return true;
		}
		all[i].value = constant(a, constants[i]);
	}
	*used = 1;
	*out = value_object(a, all, CONSTANTS);
	return true;
}

static bool find_space(struct arena *a, struct str space, struct value *out)
{
	struct field all[sizeof(stdlib_functions) / sizeof(stdlib_functions[0])];
	size_t n = 0;

	for (const struct function *f = stdlib_functions; f->name; f++) {
		if (!is_member(f->name, space, &all[n].key))
			continue;
		all[n++].value = function_value(f);
	}
	*out = value_object(a, all, n);
	return n > 0;
}

/* A function by its full name or, alone, by its deprecated one. */
static const struct function *find_function(const struct str *parts, size_t n, size_t *used)
{
	struct str member;

	for (const struct function *f = stdlib_functions; f->name; f++) {
		*used = 2;
		if (n > 1 && is_member(f->name, parts[0], &member) && str_eq(member, parts[1]))
			return f;
		*used = 1;
		if (str_is(parts[0], f->name) || (f->deprecated && str_is(parts[0], f->deprecated)))
			return f;
	}
	return NULL;
}

bool stdlib_find(struct arena *a, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	const struct function *f = find_function(parts, n, used);

	if (f) {
		*out = function_value(f);
		return true;
	}
	if (find_constant(a, parts, n, used, out))
		return true;
	*used = 1;
	return find_space(a, parts[0], out);
}

bool stdlib_has(const struct str *parts, size_t n)
{
	struct str member;
	size_t used;

	if (n == 0)
		return false;
	if (find_function(parts, n, &used))
		return used == n;
	if (str_is(parts[0], "constants")) {
		for (size_t i = 0; n == 2 && i < CONSTANTS; i++) {
			if (str_is(parts[1], constants[i]))
				return true;
		}
		return n == 1;
	}
	for (const struct function *f = stdlib_functions; n == 1 && f->name; f++) {
		if (is_member(f->name, parts[0], &member))
			return true;
	}
	return false;
}

const char *stability_name(int stability)
{
	static const char *const names[] = {"experimental", "public-preview",
		"generally-available"};

	return stability >= 0 && stability < 3 ? names[stability] : "undefined";
}

bool stability_error(struct diags *d, struct range at, struct str name, int stability, int minimum)
{
	return diag_error(d, at,
		STR_FMT " is at stability level \"%s\", which is below the minimum allowed "
			"stability level \"%s\". Use --stability.level command-line flag to enable "
			"\"%s\" features",
		STR_ARG(name), stability_name(stability), stability_name(minimum),
		stability_name(stability));
}

void stdlib_check(const struct ref *r, int stability, struct diags *d)
{
	size_t used;
	const struct function *f = r->n ? find_function(r->parts, r->n, &used) : NULL;

	if (!f)
		return;
	if (f->deprecated && used == 1 && str_is(r->parts[0], f->deprecated))
		diag_warning(d, r->first_at,
			"this stdlib function is deprecated; please refer to the documentation for "
			"updated usage and alternatives");
	if ((int)f->stability < stability)
		stability_error(d, r->at, str_from(f->name), (int)f->stability, stability);
}
