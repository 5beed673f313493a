#include "agent/component/loki.source.kubernetes_events/lease_name.h"

#include "agent/base/ascii.h"
#include "agent/flow/sha256.h"

#define ID_MAX 200 /* bytes of an id in the name, which has 253 at most */

/* Is the id still told from all others when its letters are small, and is what it becomes a name
 * of Kubernetes (RFC 1123: each part between dots begins and ends with a letter or a digit)? */
static bool makes_name(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		bool is_edge = i + 1 == id.n || id.p[i + 1] == '.' || (i > 0 && id.p[i - 1] == '.');

		if (ascii_is_upper(id.p[i]) || (is_edge && !ascii_is_alnum(id.p[i])))
			return false;
	}
	return id.n <= ID_MAX;
}

struct str events_lease_name(struct arena *a, struct str id)
{
	bool is_plain = makes_name(id);
	struct str name = arena_printf(a, "invar-" STR_FMT, STR_ARG(id));
	char hash[65];
	char *p;

	sha256_hex(id, hash);
	if (!is_plain)
		name = arena_printf(a, STR_FMT "-%.8s",
			STR_ARG(str_head(name, ID_MAX)), hash);
	p = arena_new(a, char, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		p[i] = c;
		if (ascii_is_upper(c))
			p[i] = (char)(c | 0x20);
		else if (!ascii_is_alnum(c) && !(c == '.' && is_plain))
			p[i] = '-';
	}
	return (struct str){p, name.n};
}
