#pragma once

/*
 * What is made is compared with a file. With INVAR_WRITE_GOLDENS=1 it is written there instead, to
 * be read before it is committed.
 */

#include "agent/base/buf.h"
#include "agent/cli.h"
#include "tests/test.h"

#include <stdlib.h>

static inline void golden_read(const char *path, struct buf *out)
{
	unsigned mode;

	assert_true(cli_read_file(path, 1 << 20, out, &mode));
}

/* The file beside path that has another ending: a.yaml and a.diags. */
static inline void golden_check(const char *path, const char *ending, struct str got)
{
	struct buf want = {0};
	char name[256];

	snprintf(name, sizeof(name), "%.*s%s", (int)(strrchr(path, '.') - path), path, ending);
	if (getenv("INVAR_WRITE_GOLDENS"))
		assert_true(cli_replace_file(name, got, 0644));
	golden_read(name, &want);
	buf_add_char(&want, 0);
	print_message("%s\n", name);
	assert_str(got, want.p);
	buf_fini(&want);
}
