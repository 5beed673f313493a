/* A selector, a NUL, a log line. */
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/flow/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct label v[] = {{{"app", 3}, {"web", 3}}, {{"env", 3}, {"prod", 4}}};
	struct str text = {(const char *)data, n};
	struct str line = {0};
	const struct labels *set;
	struct selector *s;
	struct err e;

	log_set(LOG_ERROR, LOG_LOGFMT);
	str_cut(text, '\0', &text, &line);
	s = selector_new(text, &e);
	if (!s)
		return 0;
	set = labels_intern(v, 2);
	selector_match_labels(s, set);
	selector_match_line(s, line);
	labels_release(set);
	selector_free(s);
	return 0;
}
