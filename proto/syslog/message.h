#pragma once

/* One syslog message: RFC 5424 section 6, and RFC 3164 section 4 as programs write it. */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;

struct syslog_message {
	unsigned facility, severity;
	bool has_time;
	int64_t time; /* Unix ns */
	/* Views into the text, of printable ASCII; empty: not there ("-"). */
	struct str host, app, proc_id, msg_id;
	struct str counter, sequence; /* Cisco's: numbers without leading zeros */
	struct str data;              /* structured data with its brackets */
	struct str text;              /* without a byte order mark */
};

/* False, with e filled, if text is none. */
bool syslog_parse_5424(struct str text, struct syslog_message *out, struct err *e);

/*
 * What Cisco's IOS adds, as the device is set: "<189>237: 000485: r1: *Jan  8 19:46:03.295: %…".
 * Numbers do not tell which they are, so that the one who knows has to say what to expect; what
 * is not there is left out.
 */
struct syslog_cisco {
	bool counter;  /* of messages */
	bool sequence; /* service sequence-numbers */
	bool host;     /* logging origin-id hostname */
};

/* now, Unix ns: a time without a year is that which is nearest before tomorrow. Times have no zone;
 * they are taken as UTC. A time by RFC 3339 is taken too, and a message without a host. cisco NULL:
 * there is nothing of Cisco's. */
bool syslog_parse_3164(struct str text, int64_t now, const struct syslog_cisco *cisco,
	struct syslog_message *out, struct err *e);

/* The parameters of structured data one after the other: *rest is message.data before the first
 * call. Values lose their escapes, in a. False: no more, or what follows is no parameter. */
struct syslog_param {
	struct str id, name, value;
};
bool syslog_next_param(struct str *rest, struct arena *a, struct syslog_param *p);

const char *syslog_facility_name(unsigned facility); /* "kern" … "local7" */
const char *syslog_severity_name(unsigned severity); /* "emergency" … "debug" */
