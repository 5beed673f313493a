#pragma once

#include "agent/base/str.h"

/* SHA-256 (FIPS 180-4) of s in hex. For names and pseudonyms, not for secrets. */
void sha256_hex(struct str s, char out[65]);
