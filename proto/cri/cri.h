#pragma once

/*
 * One line of a container log in the CRI form that containerd and CRI-O write:
 *
 *	2026-11-22T10:41:07.814458474Z stdout F the text
 *
 * (kubernetes: pkg/kubelet/kuberuntime/logs; tags are separated by ':', the first is P, a
 * part of a line, or F, the end of one.) Parsing is as lenient as Alloy's stage.cri: the tag may be
 * missing; what is not of this form at all is the caller's to pass on as it is.
 */

#include "agent/base/str.h"

#include <stdint.h>

struct cri_line {
	struct str time_text;
	int64_t time;    /* Unix ns; valid if has_time */
	bool has_time;   /* time_text is RFC 3339 */
	bool is_partial; /* tag P: the line goes on in the next record of this stream */
	bool is_stderr;
	struct str stream; /* "stdout" or "stderr" */
	struct str tag;    /* "P", "F", "P:…", or empty */
	struct str content;
};

/* Remembers the minute that was parsed last; zeroed before its first use. */
struct cri_clock {
	char minute[17]; /* "2026-11-22T10:41:" */
	int64_t base;    /* its first ns; valid once minute[0] is set */
};

/* line without its newline; everything in out points into it. False: not of this form. */
bool cri_parse(struct cri_clock *clock, struct str line, struct cri_line *out);
