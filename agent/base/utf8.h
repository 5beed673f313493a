#pragma once

/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */

#include "agent/base/str.h"

#include <stdint.h>

bool utf8_is_valid(struct str s);            /* runs of ASCII are skipped eight bytes a time */
size_t utf8_length(struct str s, size_t at); /* of the character at byte at; 0: not valid */
uint32_t utf8_rune(struct str s, size_t at); /* the character at byte at, which must be valid */
size_t utf8_put(char out[4], uint32_t rune); /* bytes written; 0: not a character */
bool utf8_is_printable(uint32_t rune);       /* near enough to Go's strconv.IsPrint */
bool utf8_is_letter(uint32_t rune);          /* Unicode categories L*, by iswalpha in C.UTF-8 */
bool utf8_is_digit(uint32_t rune);           /* Unicode category Nd */
uint32_t utf8_upper(uint32_t rune);          /* the simple mapping of one character to one */
uint32_t utf8_lower(uint32_t rune);
