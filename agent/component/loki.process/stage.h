#pragma once

/*
 * What a stage is, and the pipeline that stages make. An entry goes through the stages of
 * its pipeline by one call a stage; a stage changes it in place. A stage that keeps an entry
 * for later, or makes more of one, pushes on what it has by pipeline_emit().
 *
 * One file a stage, stage.<name>.c, which exports one symbol: its struct arg_choice_type,
 * with a struct stage_ops in .ops, listed in stages.c.
 */

#include "agent/base/container_of.h"
#include "agent/base/map.h"
#include "agent/component/loki.process/extracted.h"
#include "agent/component/loki.process/memo.h"
#include "agent/flow/entry.h"
#include "agent/graph/arg.h"

struct arena;
struct budget;
struct err;
struct loop;
struct metric;
struct metric_family;

/* An entry on its way. e.labels, e.line and e.meta are borrowed: from the entry that came
 * in, from the stage that changed them (until its next entry), or from the arena. */
struct work {
	struct entry e;
	struct extracted x;
	struct {
		struct label *p;
		size_t n;
		size_t cap;
	} meta;              /* structured metadata, once a stage has changed it */
	struct arena *arena; /* of the turn */
};

void work_init(struct work *w, const struct entry *e, struct arena *a); /* keeps its memory */
void work_fini(struct work *w);
/* Sets one; a name that is there already is replaced. */
void work_set_meta(struct work *w, struct str name, struct str value);
void work_drop_meta(struct work *w, size_t i); /* those behind it move up */

struct process_counter {
	const struct metric_family *family;
	char *value; /* of the label that tells it from the family's others */
	struct metric *count;
};

/* What all stages of one loki.process share. */
struct process {
	const char *id;
	struct loop *loop;
	struct budget *budget;
	struct receivers to;
	bool uses_extracted; /* some stage reads the map, so it must be filled */
	struct {
		struct process_counter *p;
		size_t n;
		size_t cap;
	} counters;         /* those that stages asked for; they go on through a reload */
	struct map customs; /* of stage.metrics: custom.c */
	struct metric *partials_flushed;
	struct metric *lines_truncated;
};

/* The series of the family with one more label of this value; the process' own. */
struct metric *process_counter(struct process *p, const struct metric_family *f, const char *label,
	struct str value);
/* loki_process_dropped_lines_total{reason} */
struct metric *process_drop_counter(struct process *p, struct str reason);

struct stage {
	const struct stage_ops *ops;
	struct pipeline *in;
	size_t at; /* in its pipeline */
};

struct stage_ops {
	size_t size; /* of the stage; its first member is struct stage */
	/* Does it read the map of extracted values? NULL: no. */
	bool (*uses_extracted)(const void *args);
	/* At load, without effects. at is where the stage's name is written. NULL: nothing to
	 * check. */
	bool (*check)(const void *args, struct range at, struct diags *d);
	/* args have passed check(), and live as long as the stage. On failure fini() is called. */
	bool (*init)(struct stage *s, const void *args, struct err *e);
	/* False: the entry ends here. It was dropped and counted, is held, or was pushed on. */
	bool (*run)(struct stage *s, struct work *w);
	/* A reload: it takes what old holds, a stage of its kind that gets the same entries, before
	 * old's leave(). NULL: it does not. */
	void (*take_over)(struct stage *s, struct stage *old);
	/* Its end: pushes on what it holds, or gives it back undone. NULL: it holds nothing. */
	void (*leave)(struct stage *s);
	void (*fini)(struct stage *s); /* after leave() */
};

struct pipeline {
	struct process *process;
	struct stage **stages;
	size_t n;
	struct stage *outer; /* the stage.match that it is in; NULL: none */
};

extern const struct arg_choice_type *const stage_types[]; /* sorted, NULL at the end */
bool stage_always(const void *args);                      /* true: for .uses_extracted */

bool pipeline_check(const struct arg_choices *stages, struct diags *d);
bool pipeline_uses_extracted(const struct arg_choices *stages);
struct pipeline *pipeline_new(struct process *p, const struct arg_choices *stages,
	struct stage *outer, struct err *e);
void pipeline_free(struct pipeline *p); /* NULL is nothing */
void pipeline_leave(struct pipeline *p);
/* What the first stage of old holds, if p's is of the same kind; it goes through what is behind
 * that in p. */
void pipeline_take_over(struct pipeline *p, struct pipeline *old);

/* All of its stages. False: the entry has ended. */
bool pipeline_run(struct pipeline *p, struct work *w);
/* The stages behind s, those behind the stage.match it is in, and then the receivers. */
void pipeline_emit(struct stage *s, struct work *w);
