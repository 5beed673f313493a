#pragma once

/* What the system says of itself, as attributes of a resource (OpenTelemetry's semantic
 * conventions, host and os). */

#include "agent/base/str.h"

#include <stdbool.h>

struct arena;

enum system_attribute {
	SYSTEM_HOST_NAME,
	SYSTEM_OS_TYPE,
	SYSTEM_HOST_ARCH,
	SYSTEM_HOST_ID,
	SYSTEM_HOST_IP,
	SYSTEM_HOST_MAC,
	SYSTEM_OS_DESCRIPTION,
	SYSTEM_OS_NAME,
	SYSTEM_OS_VERSION,
	SYSTEM_ATTRIBUTES,
};

extern const char *const system_attribute_names[SYSTEM_ATTRIBUTES];

/* The body of the AnyValue; p NULL: it is not known. The name is the host's, or with is_dns the
 * long one, if /etc/hosts has it: nothing is asked of a name server. */
struct str system_attribute(struct arena *a, enum system_attribute which, bool is_dns);

/* OTEL_RESOURCE_ATTRIBUTES: key=value,key=value, with %xx in values. Calls put() for each; what is
 * no pair is left out. */
void system_parse_attributes(struct arena *a, struct str text,
	void (*put)(void *owner, struct str key, struct str value), void *owner);
