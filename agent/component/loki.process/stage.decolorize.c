/* stage.decolorize: takes ANSI escape sequences (colours) out of the line. */
#include "agent/component/loki.process/stage.h"
#include "agent/base/arena.h"
#include "agent/flow/regex.h"

/* Alloy's: ESC or CSI, then a title that ends with BEL, or parameters and a final letter. */
#define ANSI \
	"[\\x1b\\x{9b}][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x07)|" \
	"(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))"

static const struct arg decolorize_args[] = {ARGS_END};

struct decolorize {
	struct stage base;
	struct regex *regex;
};

static bool decolorize_init(struct stage *s, const void *args, struct err *e)
{
	struct decolorize *d = container_of(s, struct decolorize, base);

	(void)args;
	d->regex = regex_new(STR(ANSI), 0, e);
	return d->regex != NULL;
}

/* Most lines have none, and are not looked at further. */
static bool may_have(struct str line)
{
	return line.n > 0 && (memchr(line.p, 0x1b, line.n) || str_find(line, STR("\xc2\x9b")) >= 0);
}

static bool decolorize_run(struct stage *s, struct work *w)
{
	struct decolorize *d = container_of(s, struct decolorize, base);
	struct str rest = w->e.line;
	char *to;
	size_t n = 0;

	if (!may_have(rest))
		return true;
	to = arena_new(w->arena, char, rest.n + 1);
	while (may_have(rest) && regex_match(d->regex, rest)) {
		struct str found = d->regex->groups[0];
		size_t before = (size_t)(found.p - rest.p);

		memcpy(to + n, rest.p, before);
		n += before;
		rest = str_from_at(rest, before + found.n);
	}
	if (rest.n)
		memcpy(to + n, rest.p, rest.n);
	w->e.line = (struct str){to, n + rest.n};
	return true;
}

static void decolorize_fini(struct stage *s)
{
	regex_free(container_of(s, struct decolorize, base)->regex);
}

static const struct stage_ops decolorize_ops = {
	.size = sizeof(struct decolorize),
	.init = decolorize_init,
	.run = decolorize_run,
	.fini = decolorize_fini,
};

const struct arg_choice_type stage_decolorize = {
	.name = "stage.decolorize",
	.help = "Takes ANSI escape sequences out of the line.",
	.args = decolorize_args,
	.size = 1,
	.ops = &decolorize_ops,
};
