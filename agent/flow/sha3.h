#pragma once

#include "agent/base/str.h"

/* SHA3-256 (FIPS 202) of a and then b, in hex. For pseudonyms, not for secrets. */
void sha3_256_hex(struct str a, struct str b, char out[65]);
