#pragma once

/*
 * The formatter: one way to write a configuration, byte for byte Alloy's (alloy fmt). Comments
 * stay where they are; nothing changes its meaning: literals are printed as they were written.
 */

#include "agent/config/ast.h"

struct buf;

/* The whole file, in one pass, without a newline at its end. f was parsed without error. */
void file_print(struct buf *out, const struct file *f);

/* What `fmt` gives for this source. Formatting it once more changes nothing. False, with why
 * in d: it does not parse, or (a mistake of the formatter) its tokens would not be the same. */
bool source_format(const struct source *src, struct buf *out, struct diags *d);
