/*
 * Log paths. Namespace and pod names are DNS labels and a uid has no underscore either, so
 * that a folder's name has two underscores and no more; anything else is not a pod's.
 */

#include "k8s/log_path.h"
#include "agent/base/ascii.h"

#include "agent/base/buf.h"

/* What a name of Kubernetes' may hold; '_' and '/' in it would make a path ambiguous. */
static bool is_name(struct str s)
{
	if (s.n == 0 || s.n > 253 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(ascii_is_alnum(c) || c == '-' || c == '.'))
			return false;
	}
	return true;
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* "20261122-104049": the kubelet's local time. */
static bool is_rotation(struct str s)
{
	return s.n == 15 && s.p[8] == '-' && is_digits(str_head(s, 8)) &&
	       is_digits(str_from_at(s, 9));
}

/* Splits s at the last '/'. */
static bool cut_last(struct str s, struct str *head, struct str *tail)
{
	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == '/') {
			*head = str_head(s, i - 1);
			*tail = str_from_at(s, i);
			return true;
		}
	}
	return false;
}

bool log_path_parse_folder(struct str name, struct log_path *out)
{
	struct str ns, rest, pod, uid;

	if (!str_cut(name, '_', &ns, &rest) || !str_cut(rest, '_', &pod, &uid))
		return false;
	if (!is_name(ns) || !is_name(pod) || !is_name(uid))
		return false;
	out->namespace = ns;
	out->pod = pod;
	out->uid = uid;
	return true;
}

bool log_path_parse_file(struct str name, struct log_path *out)
{
	struct str number, rest;
	struct str rotated = {0};
	bool is_gz = false;
	int64_t n;

	if (!str_cut(name, '.', &number, &rest) || !is_digits(number) || !str_to_int(number, &n))
		return false;
	if (number.n > 1 && number.p[0] == '0')
		return false;
	if (!str_is(rest, "log")) {
		if (!str_starts(rest, "log."))
			return false;
		rotated = str_from_at(rest, 4);
		is_gz = str_ends(rotated, ".gz");
		if (is_gz)
			rotated.n -= 3;
		if (!is_rotation(rotated))
			return false;
	}
	out->restart = n;
	out->rotated = rotated;
	out->is_gz = is_gz;
	return true;
}

bool log_path_parse(struct str path, struct log_path *out)
{
	struct log_path p = {0};
	struct str rest, folder, file;

	if (!cut_last(path, &rest, &file) || !cut_last(rest, &folder, &p.container))
		return false;
	if (cut_last(folder, &p.root, &rest))
		folder = rest;
	if (!is_name(p.container) || !log_path_parse_folder(folder, &p) ||
		!log_path_parse_file(file, &p))
		return false;
	*out = p;
	return true;
}

void log_path_encode(struct buf *out, const struct log_path *p)
{
	if (p->root.p) {
		buf_add_str(out, p->root);
		buf_add_char(out, '/');
	}
	buf_printf(out, STR_FMT "_" STR_FMT "_" STR_FMT "/" STR_FMT "/%lld.log",
		STR_ARG(p->namespace), STR_ARG(p->pod), STR_ARG(p->uid), STR_ARG(p->container),
		(long long)p->restart);
	if (p->rotated.n)
		buf_printf(out, "." STR_FMT "%s", STR_ARG(p->rotated), p->is_gz ? ".gz" : "");
}
