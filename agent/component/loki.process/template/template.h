#pragma once

/*
 * Templates of stage.template and stage.replace: Go's text/template, with Alloy's functions and
 * those of sprig that make sense for a line of a log (names.c lists them; the others are refused
 * by name, and so are define, template and block). Compiled once. A run has limits of steps and
 * of bytes, so that no template can hang the agent or fill its memory.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/loki.process/extracted.h"

struct template;

/* What {{ . }} is: the extracted values that are no null, and two more names over them. */
struct template_data {
	const struct extracted *x;
	struct str value; /* .Value; p NULL: there is none */
	struct str entry; /* .Entry; p NULL: there is none */
};

#define TEMPLATE_MAX 65536 /* bytes of a template */

/* NULL, with Go's words in e: `template: pipeline_template:1: function "x" not defined`. text
 * must live as long. */
struct template *template_new(struct str text, struct err *e);
void template_free(struct template *t); /* NULL is nothing */

/* The text, in a. False: it failed (a wrong type, a limit), and there is none. */
bool template_run(struct template *t, const struct template_data *data,
	struct arena *a, struct str *out);
