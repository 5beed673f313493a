#pragma once

/*
 * Objects of one kind that is not pods (nodes, namespaces, services, PodLogs), kept up to date by
 * one watch: of each its name and what its reader makes of it, in one allocation. For kinds of
 * which a cluster has few, or of which only some are asked for.
 */

#include "k8s/pod.h"
#include "k8s/pod_targets.h"

struct arena;
struct http_target;
struct loop;
struct objects;

/* What every object has. */
struct object_head {
	struct str namespace; /* empty: it is in none */
	struct str name;
	struct pod_pairs labels;
	struct pod_pairs annotations;
};

struct object {
	struct str namespace;
	struct str name;
	const struct pod_target *targets; /* that the reader made */
	size_t n_targets;
	void *extra;  /* the same */
	bool is_seen; /* in the round under way */
};

/*
 * Reads an object: label sets go to out (made in a), anything else, on the heap, to *extra, which
 * drop() frees. False: it cannot be understood, and is left out, with nothing in *extra.
 */
struct object_reader {
	bool (*read)(struct arena *a, const struct object_head *head, struct str json,
		struct pod_targets *out, void **extra);
	void (*drop)(void *extra); /* NULL: there never is anything */
};

struct objects_settings {
	struct http_target *target; /* borrowed */
	struct str server;
	struct str path;
	struct str resource;
	struct str field_selector, label_selector;
	int64_t spread;
	const struct object_reader *reader;
	/* Something changed; at the end of the turn, once. Or the problem did. */
	void (*changed)(void *owner);
	void *owner;
};

struct objects *objects_new(struct loop *l, const struct objects_settings *set);
void objects_free(struct objects *o); /* NULL is nothing */

bool objects_is_synced(const struct objects *o);      /* all have been listed, once */
const char *objects_problem(const struct objects *o); /* as watch_problem() */

/* NULL: there is none. Objects are borrowed for the turn. */
const struct object *objects_find(const struct objects *o, struct str namespace, struct str name);

/* All, by namespace and name; the array is in a. */
const struct object *const *objects_sorted(const struct objects *o, struct arena *a, size_t *n);

/* The path of a kind: PREFIX/PLURAL, or PREFIX/namespaces/NAMESPACE/PLURAL. In a. */
struct str objects_path(struct arena *a, const char *prefix, const char *plural,
	struct str namespace);
