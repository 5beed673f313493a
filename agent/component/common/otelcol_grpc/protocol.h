#pragma once

/* OTLP over gRPC, for the exporters that speak it. */

#include "agent/component/common/otelcol_export/export.h"
#include "agent/component/common/otelcol_grpc/args.h"

extern const struct export_protocol otlp_grpc_protocol;

/* What the arguments come to, for export_start() and export_update(). */
bool otlp_grpc_settings(
	const struct otlp_exporter_args *a, struct export_settings *set, struct err *e);
