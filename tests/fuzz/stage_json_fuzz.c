/*
 * The first line is a JMESPath expression, the rest JSON. A valid text can be walked to its
 * leaves without an assertion failing, and what is written of an object is valid again.
 */
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/component/loki.process/jmespath.h"
#include "agent/component/loki.process/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void walk(struct str value, struct arena *a, int depth)
{
	enum json_kind kind = json_kind(value);
	struct str rest = value;
	struct str key;
	struct str member;
	struct str text;

	if (json_to_text(value, a, &text))
		must((kind != JSON_OBJECT && kind != JSON_ARRAY) || json_is_valid(text));
	else
		must(kind == JSON_NULL);
	if (depth == 8 || (kind != JSON_OBJECT && kind != JSON_ARRAY))
		return;
	while (json_next(&rest, kind == JSON_OBJECT ? &key : NULL, &member)) {
		must(json_is_valid(member));
		if (kind == JSON_OBJECT) {
			must(json_is_valid(key));
			json_unquote(key, a);
		}
		walk(member, a, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = {(const char *)data, n};
	struct str expression = {0};
	struct jmespath path;
	struct str found;
	struct arena a;
	struct err e;
	bool has_path;

	str_cut(text, '\n', &expression, &text);
	arena_init(&a, 0);
	has_path = jmespath_parse(&a, expression, &path, &e);
	if (json_is_valid(text)) {
		walk(text, &a, 0);
		if (has_path && jmespath_search(&path, text, &a, &found))
			must(json_is_valid(found));
		if (has_path && path.n > 0 && jmespath_find(&path, 0, text, &a, &found))
			must(json_is_valid(found));
	}
	arena_fini(&a);
	return 0;
}
