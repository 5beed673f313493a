#pragma once

/* MD5 (RFC 1321), for the hashmod of relabelling only: spreading, not secrecy. Own, because a
 * cryptography library may refuse it (FIPS). */

#include "agent/base/str.h"

#include <stdint.h>

/* The last eight bytes of the digest, big endian: what Prometheus takes. */
uint64_t md5_tail(struct str s);
