/*
 * stage.pack: extracted values and labels are packed into the line, which becomes a JSON
 * object with the line as `_entry`; Loki's `unpack` reads it. Labels that were packed are no
 * labels any more.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/utf8.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

struct pack_args {
	struct arg_strs labels;
	bool ingest_timestamp;
};

static const struct arg pack_args[] = {
	ARG(pack_args, labels, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Names of labels and extracted values."),
	ARG(pack_args, ingest_timestamp, .type = ARG_BOOL, .def = "true",
		.help = "Whether the entry's time becomes the present."),
	ARGS_END,
};

struct pack {
	struct stage base;
	struct arena arena;
	struct str *names; /* sorted, each once */
	size_t n;
	bool sets_time;
	struct memo memo; /* the set without what was packed */
};

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool pack_init(struct stage *s, const void *args, struct err *e)
{
	const struct pack_args *a = args;
	struct pack *p = container_of(s, struct pack, base);

	(void)e;
	arena_init(&p->arena, 0);
	p->sets_time = a->ingest_timestamp;
	p->names = arena_new(&p->arena, struct str, a->labels.n + 1);
	if (a->labels.n)
		memcpy(p->names, a->labels.p, a->labels.n * sizeof(*p->names));
	qsort(p->names, a->labels.n, sizeof(*p->names), by_bytes);
	for (size_t i = 0; i < a->labels.n; i++) {
		if (p->n == 0 || !str_eq(p->names[p->n - 1], p->names[i]))
			p->names[p->n++] = p->names[i];
	}
	return true;
}

/* --- JSON as Go writes it: without <, > and & --- */

struct out {
	char *p; /* NULL: only count */
	size_t n;
};

static void put(struct out *o, const char *bytes, size_t n)
{
	if (o->p)
		memcpy(o->p + o->n, bytes, n);
	o->n += n;
}

static void put_escape(struct out *o, uint32_t rune)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', hex[rune >> 12 & 15], hex[rune >> 8 & 15], hex[rune >> 4 & 15],
		hex[rune & 15]};

	put(o, text, 6);
}

/* What is at s.p[at]; how many bytes of s that is. */
static size_t put_char(struct out *o, struct str s, size_t at)
{
	static const char plain[] = "\"\\\n\r\t";
	static const char names[] = "\"\\nrt";
	unsigned char c = (unsigned char)s.p[at];
	const char *known = c ? strchr(plain, c) : NULL;
	size_t n = utf8_length(s, at);

	if (known) {
		put(o, (const char[]){'\\', names[known - plain]}, 2);
		return 1;
	}
	if (c < 0x20 || c == '<' || c == '>' || c == '&' || n == 0) {
		put_escape(o, n ? c : 0xfffd);
		return 1;
	}
	if (n == 3 && (utf8_rune(s, at) | 1) == 0x2029)
		put_escape(o, utf8_rune(s, at));
	else
		put(o, s.p + at, n);
	return n;
}

static void put_text(struct out *o, struct str s)
{
	put(o, "\"", 1);
	for (size_t i = 0; i < s.n;)
		i += put_char(o, s, i);
	put(o, "\"", 1);
}

static void put_object(struct out *o, const struct label *packed, size_t n, struct str line)
{
	put(o, "{", 1);
	for (size_t i = 0; i < n; i++) {
		put_text(o, packed[i].name);
		put(o, ":", 1);
		put_text(o, packed[i].value);
		put(o, ",", 1);
	}
	put_text(o, STR("_entry"));
	put(o, ":", 1);
	put_text(o, line);
	put(o, "}", 1);
}

/* --- entries --- */

static void drop_labels(struct pack *p, struct work *w, struct label *packed, size_t n)
{
	uint64_t names = 1469598103934665603U;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!labels_find(w->e.labels, packed[i].name).p)
			continue;
		packed[k++] = (struct label){packed[i].name, {0}};
		names = (names ^ str_hash(packed[k - 1].name)) * 1099511628211U;
	}
	if (k > 0)
		w->e.labels = memo_change(&p->memo, w->e.labels, names, packed, k);
}

static bool pack_run(struct stage *s, struct work *w)
{
	struct pack *p = container_of(s, struct pack, base);
	struct label *packed = arena_new(w->arena, struct label, p->n + 1);
	struct out count = {0};
	struct out o = {0};
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		packed[n].name = p->names[i];
		if (extracted_find(&w->x, p->names[i], &packed[n].value))
			n++;
	}
	put_object(&count, packed, n, w->e.line);
	o.p = arena_new(w->arena, char, count.n);
	put_object(&o, packed, n, w->e.line);
	w->e.line = (struct str){o.p, o.n};
	drop_labels(p, w, packed, n);
	if (p->sets_time)
		w->e.time = loop_wall(s->in->process->loop);
	return true;
}

static void pack_fini(struct stage *s)
{
	struct pack *p = container_of(s, struct pack, base);

	memo_clear(&p->memo);
	arena_fini(&p->arena);
}

static const struct stage_ops pack_ops = {
	.size = sizeof(struct pack),
	.uses_extracted = stage_always,
	.init = pack_init,
	.run = pack_run,
	.fini = pack_fini,
};

const struct arg_choice_type stage_pack = {
	.name = "stage.pack",
	.help = "Packs labels into the line.",
	.args = pack_args,
	.size = sizeof(struct pack_args),
	.ops = &pack_ops,
};
