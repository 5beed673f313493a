#pragma once

/*
 * Positions of another agent, read once, so that a change to this one repeats nothing. Two
 * forms, both YAML: Alloy's positions.yml of loki.source.file, a map from {path, labels} to an
 * offset (Alloy: internal/component/common/loki/positions), and Promtail's, from path to offset.
 * They say nothing of inodes: which file is meant is decided where it is opened, see resume.c.
 */

#include "agent/base/map.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct labels;

struct import_entry {
	char *path;
	char *labels; /* as Alloy prints them, without the file's name; empty: not said */
	uint64_t offset;
	struct import_entry *next; /* of the same path */
};

struct import {
	struct map by_path;
	size_t n;        /* entries */
	size_t taken;    /* files that began where it says */
	int64_t written; /* when the file was last written, Unix ns */
	char *file;
	bool said;
};

/* False, and i is empty, if it is not YAML or not of this form. What is no offset of a file
 * (a cursor of the journal) is left out. */
bool import_parse(struct import *i, struct str text, struct err *e);
void import_fini(struct import *i);

/* The entry of these labels; none has them: the one that has read least; NULL: the path is not
 * known. */
const struct import_entry *import_find(const struct import *i, const char *path,
	const struct labels *labels);
