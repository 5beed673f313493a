#pragma once

/* What exporters print instead of sending under --dry-run: on stdout, as text for people, or one
 * JSON object (an OTLP/JSON request) a line. */

#include "agent/flow/telemetry.h"
#include "agent/graph/context.h"

void otelcol_dry_run_print(enum dry_run how, const struct telemetry *t);
