#pragma once

/* Base64 (RFC 4648). */

#include "agent/base/buf.h"

#include <stdbool.h>

enum base64_form {
	BASE64_STANDARD, /* section 4: + and /, padded; CR and LF are skipped, as Go does */
	BASE64_URL,      /* section 5: - and _, the same otherwise */
	BASE64_ANY,      /* read only: either alphabet, padded or not (protobuf's JSON mapping) */
};

void base64_encode(struct buf *out, struct str s, enum base64_form form);

/* Appends to out. False: s is not base64, and *bad, unless it is NULL, is the byte that is
 * wrong; out may have got some bytes by then. */
bool base64_decode(struct buf *out, struct str s, enum base64_form form, size_t *bad);
