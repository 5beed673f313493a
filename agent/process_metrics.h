#pragma once

#include <stdint.h>

/* alloy_resources_*: what the process and the machine use, read from /proc when asked. */
void process_metrics_start(int64_t start_ns);
void process_metrics_stop(void);
