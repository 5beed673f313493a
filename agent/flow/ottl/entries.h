#pragma once

/* A map as the list of its entries, for the functions that change maps. */

#include "agent/flow/ottl/private.h"

struct ottl_entry {
	struct str key;
	struct str any;
	bool is_removed;
	bool is_changed; /* of any */
};

struct ottl_entries {
	struct ottl_entry *p;
	size_t n;
	size_t cap;
};

struct ottl_entry *ottl_entries_add(
	struct ottl_run *r, struct ottl_entries *e, struct str key, struct str any);
/* The entries of the map that an argument's path is. Anything but a map fails. */
bool ottl_entries_load(struct ottl_run *r, const struct ottl_path *path, struct ottl_entries *out);
/* Puts back what was marked. Entries behind the first `old` are new. */
bool ottl_entries_store(struct ottl_run *r, const struct ottl_path *path,
	const struct ottl_entries *e, size_t old);
