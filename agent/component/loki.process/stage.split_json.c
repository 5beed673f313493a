/*
 * stage.split_json: each element of a JSON array becomes an entry, with the labels, time and
 * values of the one that the array came in. What is no array passes unchanged; an empty one is
 * no entry, as in Alloy, and is counted.
 */
#include "agent/base/metric.h"
#include "agent/component/loki.process/input.h"
#include "agent/component/loki.process/json.h"

struct split_json_args {
	struct str source;
};

static const struct arg split_json_args[] = {
	ARG(split_json_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is split; the line by default."),
	ARGS_END,
};

struct split_json {
	struct stage base;
	struct str source;
	struct metric *empty;
};

static bool split_json_check(const void *args, struct range at, struct diags *d)
{
	const struct split_json_args *a = args;

	return input_check(a->source, at, d);
}

static bool split_json_uses_extracted(const void *args)
{
	const struct split_json_args *a = args;

	return a->source.n > 0;
}

static bool split_json_init(struct stage *s, const void *args, struct err *e)
{
	const struct split_json_args *a = args;
	struct split_json *j = container_of(s, struct split_json, base);

	(void)e;
	j->source = a->source;
	j->empty = process_drop_counter(s->in->process, STR("empty_json_array"));
	return true;
}

/* What the stages behind may change, as it was before them. */
struct saved {
	struct entry e;
	struct extracted_item *items;
	size_t n_items;
	struct label *meta;
	size_t n_meta;
};

static void save(struct saved *s, const struct work *w)
{
	*s = (struct saved){
		.e = w->e,
		.items = arena_new(w->arena, struct extracted_item, w->x.n + 1),
		.n_items = w->x.n,
		.meta = arena_new(w->arena, struct label, w->meta.n + 1),
		.n_meta = w->meta.n,
	};
	if (s->n_items)
		memcpy(s->items, w->x.p, s->n_items * sizeof(*s->items));
	if (s->n_meta)
		memcpy(s->meta, w->meta.p, s->n_meta * sizeof(*s->meta));
}

/* The vectors have not become smaller. */
static void restore(const struct saved *s, struct work *w)
{
	w->e = s->e;
	w->x.n = s->n_items;
	w->meta.n = s->n_meta;
	if (s->n_items)
		memcpy(w->x.p, s->items, s->n_items * sizeof(*s->items));
	if (s->n_meta) {
		memcpy(w->meta.p, s->meta, s->n_meta * sizeof(*s->meta));
		w->e.meta = w->meta.p;
	}
}

static bool split_json_run(struct stage *s, struct work *w)
{
	struct split_json *j = container_of(s, struct split_json, base);
	const struct labels *labels = w->e.labels;
	struct saved saved;
	struct str text;
	struct str item;
	size_t n = 0;

	if (!input_find(w, j->source, &text) || !json_is_valid(text) ||
		json_kind(text) != JSON_ARRAY)
		return true;
	labels_hold(labels); /* the stages before remember it for this entry only */
	save(&saved, w);
	for (; json_next(&text, NULL, &item); n++) {
		restore(&saved, w);
		w->e.line = item;
		pipeline_emit(s, w);
	}
	labels_release(labels);
	if (n == 0)
		metric_add(j->empty, 1);
	return false;
}

static const struct stage_ops split_json_ops = {
	.size = sizeof(struct split_json),
	.uses_extracted = split_json_uses_extracted,
	.check = split_json_check,
	.init = split_json_init,
	.run = split_json_run,
};

const struct arg_choice_type stage_split_json = {
	.name = "stage.split_json",
	.help = "Makes entries of the elements of a JSON array.",
	.args = split_json_args,
	.size = sizeof(struct split_json_args),
	.ops = &split_json_ops,
};
