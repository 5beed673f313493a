#pragma once

/*
 * The two forms in which the API server sends many objects, taken apart as their bytes arrive: a
 * watch is one JSON object a line; a list is one object with an array `items`. At most one object
 * is in memory, and none above a bound: a longer one is skipped and counted.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* What one line of a watch says. */
enum watch_event {
	WATCH_ADDED,
	WATCH_MODIFIED,
	WATCH_DELETED,
	WATCH_BOOKMARK, /* nothing, but up to which version nothing more will come */
	WATCH_ERROR,    /* object is a Status */
};

struct watch_line {
	enum watch_event event;
	struct str object;   /* its JSON */
	struct str version;  /* metadata.resourceVersion */
	bool is_initial_end; /* a bookmark after the last of the objects that existed */
	int64_t code;        /* of a Status: 410, … */
	struct str message;
};

/* Views into line, or in a. False if it is no event. */
bool watch_line_parse(struct arena *a, struct str line, struct watch_line *out);

/* What an answer that is no 200 says: a Status' message, or what there is of the text. */
struct str watch_line_status(struct arena *a, struct str body);

/* metadata.resourceVersion of a list's metadata. */
struct str watch_line_list_version(struct arena *a, struct str metadata);

/* Bytes that come in parts, as lines. Zeroed, but for max. */
struct watch_lines {
	size_t max;       /* a longer line is skipped */
	uint64_t skipped; /* how many were */
	struct buf head;  /* of a line of which the end has not come yet */
	bool is_skipping;
	bool is_given; /* head was given out whole: it ends with the next call */
};

/* The next line that is whole, without its newline; *bytes is moved on. False: more bytes are
 * needed. The line is valid until the next call. Empty lines are left out. */
bool watch_lines_next(struct watch_lines *s, struct str *bytes, struct str *line);
void watch_lines_reset(struct watch_lines *s); /* for the next stream */
void watch_lines_fini(struct watch_lines *s);

enum watch_list_part {
	WATCH_LIST_MORE,     /* more bytes are needed */
	WATCH_LIST_ITEM,     /* one object of items */
	WATCH_LIST_METADATA, /* of the list */
	WATCH_LIST_END,      /* the list is complete */
	WATCH_LIST_BAD,      /* this is no list */
};

/* Bytes that come in parts, as a list's items. Zeroed, but for max. */
struct watch_list {
	size_t max;
	uint64_t skipped;
	struct buf head; /* of an object of which the end has not come yet */
	size_t depth;    /* of brackets that are open */
	char key[16];    /* the member of the list that is being read */
	size_t key_n;
	bool is_string, is_escape; /* inside a string; after a backslash */
	bool is_key;               /* the string is a member's name */
	bool is_taking;            /* inside an object that is wanted */
	bool is_item;              /* … it is one of items */
	bool is_over;              /* … it is above max */
	bool is_given;
	bool is_ended, is_bad;
};

/* As watch_lines_next(). */
enum watch_list_part watch_list_next(struct watch_list *s, struct str *bytes, struct str *object);
void watch_list_reset(struct watch_list *s);
void watch_list_fini(struct watch_list *s);
