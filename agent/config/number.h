#pragma once

/* Numbers as Go reads and writes them (strconv), for literals, conversions and JSON. */

#include "agent/base/buf.h"
#include "agent/config/value.h"

/* A literal of digits: int64, else uint64, else float; a leading 0 means octal, and what is no
 * octal number then is a float (Alloy: 08 is 8.0). */
struct value number_from_digits(struct str digits);
/* False: not a number, or beyond a float's range (*range says which). */
bool float_parse(struct str s, double *out, bool *range);
/* Decimal digits with an optional sign for int. False: not one, or does not fit. */
bool uint_parse(struct str s, unsigned base, uint64_t *out);
bool int_parse(struct str s, int64_t *out);

/* The shortest text that reads back as the same number: without an exponent, or (compact) with
 * one when it is below -4 or from limit on. */
void float_print(struct buf *out, double f);
void float_print_compact(struct buf *out, double f, int limit);

/* As Go converts on amd64; what does not fit is the smallest int64. */
int64_t float_to_int(double f);
uint64_t float_to_uint(double f);

int64_t number_int(const struct value *v);
uint64_t number_uint(const struct value *v);
double number_float(const struct value *v);
void number_print(struct buf *out, const struct value *v);
