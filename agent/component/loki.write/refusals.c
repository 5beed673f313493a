/* The texts are those of Loki's pkg/validation and pkg/ingester. What is not known is passed over:
 * the whole batch is counted as dropped in any case, this only says why. */

#include "agent/component/loki.write/refusals.h"
#include "agent/base/ascii.h"

const char *const loki_why_names[LOKI_WHYS] = {
	"too_old",
	"too_new",
	"too_far_behind",
	"line_too_long",
	"labels",
	"metadata",
};

static const struct {
	const char *part;
	enum loki_why why;
} texts[] = {
	{"has timestamp too old", LOKI_TOO_OLD},
	{"has timestamp too new", LOKI_TOO_NEW},
	{"entry too far behind", LOKI_TOO_FAR_BEHIND},
	{"entry out of order", LOKI_TOO_FAR_BEHIND},
	{"max entry size", LOKI_LINE_TOO_LONG},
	{"label names; limit", LOKI_LABELS},
	{"has label name too long", LOKI_LABELS},
	{"has label value too long", LOKI_LABELS},
	{"has duplicate label name", LOKI_LABELS},
	{"structured metadata", LOKI_METADATA},
};

static bool has(struct str line, const char *part)
{
	return str_find(line, str_from(part)) >= 0;
}

static bool classify(struct str line, enum loki_why *why)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!has(line, texts[i].part))
			continue;
		*why = texts[i].why;
		return true;
	}
	return false;
}

static struct str stream_in(struct str line)
{
	ptrdiff_t from = str_find(line, STR("{"));
	size_t n = line.n;

	if (from < 0)
		return (struct str){0};
	while (n > (size_t)from && line.p[n - 1] != '}')
		n--;
	return str_head(str_from_at(line, (size_t)from), n - (size_t)from);
}

/* The number at byte at, at most a million: it comes from outside. */
static size_t number_at(struct str line, size_t at)
{
	size_t n = 0;

	while (at < line.n && ascii_is_digit(line.p[at]) && n < 1000000)
		n = n * 10 + (size_t)(line.p[at++] - '0');
	return n < 1000000 ? n : 1000000;
}

static bool end_group(struct loki_refusals *r, size_t entries, struct loki_refusal *out)
{
	if (r->group.entries == 0)
		return false;
	*out = r->group;
	if (entries > out->entries)
		out->entries = entries;
	r->group.entries = 0;
	return true;
}

/* "entry with timestamp … ignored, reason: '…'," at most ten times, then their sum. */
static bool add_to_group(struct loki_refusals *r, struct str line)
{
	enum loki_why why;

	if (!str_starts(line, "entry with timestamp ") || !has(line, " ignored, reason: "))
		return false;
	if (!classify(line, &why))
		return true;
	if (r->group.entries == 0)
		r->group = (struct loki_refusal){.why = why, .line = line};
	r->group.entries++;
	return true;
}

bool loki_refusals_next(struct loki_refusals *r, struct loki_refusal *out)
{
	static const struct str total = {"total ignored: ", 15};
	struct str line;

	while (r->rest.n > 0) {
		ptrdiff_t at;

		if (!str_cut(r->rest, '\n', &line, &r->rest)) {
			line = r->rest;
			r->rest = (struct str){0};
		}
		at = str_find(line, total);
		if (at >= 0) {
			r->group.stream = stream_in(line);
			if (end_group(r, number_at(line, (size_t)at + total.n), out))
				return true;
			continue;
		}
		if (add_to_group(r, line))
			continue;
		if (classify(line, &out->why)) {
			at = str_find(line, STR(" errors like: "));
			out->entries = at > 0 ? number_at(line, 0) : 1;
			if (out->entries == 0)
				out->entries = 1;
			out->line = line;
			out->stream = stream_in(line);
			return true;
		}
	}
	return end_group(r, 0, out);
}
