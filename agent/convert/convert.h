#pragma once

/*
 * Turns the configuration of another program into this one's language: text in, text out,
 * and a list of what could not be said. Promtail's is the only one that is read. The names of
 * what is made, and the levels of what is reported, are those of Alloy's converter.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"

#include <stdint.h>

enum convert_level {
	CONVERT_INFO,     /* has no counterpart and needs none */
	CONVERT_WARNING,  /* converted, but a person should know */
	CONVERT_ERROR,    /* left out; what is made does less than what was there */
	CONVERT_CRITICAL, /* nothing could be made */
};

struct convert_diag {
	enum convert_level level;
	uint32_t line; /* 0: no place is known */
	uint32_t column;
	struct str text;
};

/* What Promtail was told by flags, as far as it changes what the file means. */
struct convert_flags {
	bool expand_env;            /* -config.expand-env */
	struct str external_labels; /* -client.external-labels: a=b,c=d */
	struct str positions;       /* -positions.file */
};

struct conversion {
	struct buf text; /* formatted; empty if there is a critical diagnostic */
	struct convert_diag *p;
	size_t n;
	size_t cap;
	bool is_cut; /* there was more to say than anybody reads */
};

#define CONVERT_INPUT_MAX ((size_t)4 << 20)

/* Reads the flags out of a command line: "-config.expand-env=true -positions.file=/x". What is not
 * known is an error in out. Texts are borrowed. */
void convert_flags_read(struct arena *a, struct str args, struct convert_flags *flags,
	struct conversion *out);

/* out is zeroed, or comes from convert_flags_read(); the texts of diagnostics are in a. */
void convert_promtail(struct arena *a, struct str yaml, const struct convert_flags *flags,
	struct conversion *out);
void conversion_fini(struct conversion *c);

/* The worst of its diagnostics; INFO if there is none. */
enum convert_level conversion_level(const struct conversion *c);

/* "(Warning) promtail.yaml:3:5: text", a line each, those from the least level on. */
void conversion_print(struct buf *out, const struct conversion *c, const char *file,
	enum convert_level least);
