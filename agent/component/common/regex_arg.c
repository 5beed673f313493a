#include "agent/component/common/regex_arg.h"

#include "agent/base/err.h"
#include "agent/flow/regex.h"

#define SHOWN_MAX 200 /* of a pattern, bytes */

bool regex_arg_check(const char *name, struct str pattern, struct range at, struct diags *d)
{
	struct err e;
	struct regex *re = regex_new(pattern, 0, &e);

	regex_free(re);
	if (re)
		return true;
	diag_error(d, at, "%s: could not compile regular expression: %s", name, e.text);
	diag_hint(d, "the expression is " STR_FMT, STR_ARG(str_head(pattern, SHOWN_MAX)));
	return false;
}
