#pragma once

#include <stddef.h>

/* agent/default_config.alloy and agent/default_config_otlp.alloy, made C arrays by the build. */
extern const char default_config[];
extern const size_t default_config_size;
extern const char default_config_otlp[];
extern const size_t default_config_otlp_size;
