#pragma once

struct options;

/* `invar run`: from start to end. The exit code. */
int agent_run(const struct options *o);
