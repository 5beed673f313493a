#pragma once

#include "agent/base/arena.h"

/*
 * The name of the Lease by which the agents of a cluster agree on who sends its events: made of
 * the component's id, and no other's. Kubernetes takes names of RFC 1123 (small letters, digits,
 * "-" and "."), so an id that is none is changed, and a hash of it added.
 */
struct str events_lease_name(struct arena *a, struct str id);
