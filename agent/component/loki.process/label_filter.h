#pragma once

/* What stage.label_drop and stage.label_keep share: a list of names, and labels taken out. */

#include "agent/component/loki.process/stage.h"

struct label_filter_args {
	struct arg_strs values;
};

struct label_filter {
	struct stage base;
	const struct arg_strs *names;
	bool keep; /* those listed stay, else they go */
	struct memo memo;
};

extern const struct arg label_filter_args[];

bool label_filter_init(struct stage *s, const void *args, struct err *e);
bool label_filter_run(struct stage *s, struct work *w);
void label_filter_fini(struct stage *s);
