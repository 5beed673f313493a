#pragma once

#include <stdint.h>

/* The memory limit of the cgroup that this process is in, in bytes; 0: there is none, or
 * it cannot be read. root is "/sys/fs/cgroup", or a folder of a test. */
int64_t cgroup_memory_limit(const char *root);
