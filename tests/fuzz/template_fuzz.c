/* The first line is the line of a log, the rest a template: it ends, within its limits. */
#include "agent/base/must.h"
#include "agent/component/loki.process/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct label v[] = {{{"app", 3}, {"Shop", 4}}, {{"n", 1}, {"42", 2}}};
	struct str text = {(const char *)data, n};
	const struct labels *set = labels_intern(v, 2);
	struct extracted x = {0};
	struct template_data in = {&x, STR("val"), STR("")};
	struct template *t;
	struct arena a;
	struct str out;
	struct err e;

	str_cut(text, '\n', &in.entry, &text);
	extracted_init(&x, set);
	arena_init(&a, 0);
	t = template_new(text, &e);
	if (t && template_run(t, &in, &a, &out))
		must(out.n < (size_t)32 << 20);
	template_free(t);
	arena_fini(&a);
	extracted_fini(&x);
	labels_release(set);
	return 0;
}
