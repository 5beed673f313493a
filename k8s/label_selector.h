#pragma once

/*
 * Kubernetes' label selectors (metav1.LabelSelector): matchLabels and matchExpressions, all of
 * which must hold; an empty selector selects everything.
 */

#include "k8s/pod.h"

struct arena;
struct buf;
struct err;
struct json;

enum label_operator {
	LABEL_IN,
	LABEL_NOT_IN,
	LABEL_EXISTS,
	LABEL_NOT_EXISTS,
	LABEL_OPERATORS,
};

struct label_requirement {
	struct str key;
	enum label_operator operator;
	const struct str *values; /* of In and NotIn: one at least */
	size_t n;
};

struct label_selector {
	struct label_requirement *p;
	size_t n;
	size_t cap;
};

/* "In", "NotIn", "Exists", "DoesNotExist". False: none of these. */
bool label_operator_parse(struct str s, enum label_operator *out);

/* Adds a requirement, with its array in a; texts are borrowed. False: not as Kubernetes has it. */
bool label_selector_add(struct arena *a, struct label_selector *s, struct label_requirement r,
	struct err *e);

/* Reads one of JSON; everything is in a or in the text. */
bool label_selector_read(struct arena *a, struct json *j, struct label_selector *out,
	struct err *e);

bool label_selector_matches(const struct label_selector *s, const struct pod_pairs *labels);

/* As the API server takes it: "a in (b,c),d,!e". */
void label_selector_print(struct buf *out, const struct label_selector *s);
