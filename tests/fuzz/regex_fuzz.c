/* The first byte says how, the first line is a pattern, the rest a text. What is found lies
 * in the text, and a template of it can be written out. */
#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/must.h"
#include "agent/flow/expand.h"
#include "agent/flow/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_group(struct str g, struct str text)
{
	must(!g.p || g.n == 0 || (g.p >= text.p && g.p + g.n <= text.p + text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_from_at((struct str){(const char *)data, n}, 1);
	struct str pattern = text;
	struct expand x;
	struct arena a;
	struct regex *re;
	struct err e;

	if (n == 0)
		return 0;
	log_set(LOG_ERROR, LOG_LOGFMT);
	str_cut(text, '\n', &pattern, &text);
	re = regex_new(pattern, data[0] & REGEX_WHOLE, &e);
	if (!re)
		return 0;
	if (regex_match(re, text)) {
		must(re->groups[0].p);
		for (size_t i = 0; i < re->n_groups; i++)
			check_group(re->groups[i], text);
		arena_init(&a, 0);
		expand_init(&x, &a, re, pattern);
		expand_run(&x, re, &a);
		arena_fini(&a);
	}
	regex_free(re);
	return 0;
}
