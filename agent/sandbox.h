#pragma once

/*
 * The process locks itself in, so that whoever takes it over through a bug has little: no new
 * program, no new privilege, no file but the logs, the settings and the storage folders. What
 * the kernel lacks is left out, and said once. SECURITY.md tells it to
 * operators.
 */

#include "agent/base/str.h"

#include <stdbool.h>

struct config;
struct options;

/* The filter of system calls and the limits: before the loop is made, so that every thread
 * inherits them and no library sees two worlds. */
void sandbox_start(const struct options *o);

/* The folders: after the first load, whose strings say which. Only once. */
void sandbox_enter(const struct options *o, const struct config *config);

/* After another load: says which of its paths the process can no longer be given. */
void sandbox_check(const struct config *config);
