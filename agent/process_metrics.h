#pragma once

#include <stddef.h>
#include <stdint.h>

/* alloy_resources_*: what the process and the machine use, read from /proc when asked. */
void process_metrics_start(int64_t start_ns);
void process_metrics_stop(void);

/* Bytes that the process has for itself alone: heap, stacks; no program text. 0: not known. */
size_t process_anonymous(void);
