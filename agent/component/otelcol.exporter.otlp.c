/*
 * otelcol.exporter.otlp: sends traces, logs and metrics to an OTLP server over gRPC.
 *
 * Queue, retries and the rest are those of all exporters (common/otelcol_export); what a call looks
 * like is in common/otelcol_grpc.
 */

#include "agent/base/container_of.h"
#include "agent/component/common/otelcol_grpc/protocol.h"

static bool otelcol_exporter_otlp_start(struct component *c, const void *args, struct err *e)
{
	struct export_settings set;

	return otlp_grpc_settings(args, &set, e) &&
	       export_start(container_of(c, struct exporter, base), &otlp_grpc_protocol, &set, e);
}

static bool otelcol_exporter_otlp_update(struct component *c, const void *args, struct err *e)
{
	struct export_settings set;

	return otlp_grpc_settings(args, &set, e) &&
	       export_update(container_of(c, struct exporter, base), &set, e);
}

static void otelcol_exporter_otlp_stop(struct component *c)
{
	export_stop(container_of(c, struct exporter, base));
}

const struct component_type otelcol_exporter_otlp = {
	.name = "otelcol.exporter.otlp",
	.help = "Sends telemetry data to an OTLP server over gRPC.",
	.stability = STABILITY_GA,
	.args = otlp_exporter_args,
	.size = sizeof(struct exporter),
	.args_size = sizeof(struct otlp_exporter_args),
	.exports = export_fields,
	.check = otlp_exporter_check,
	.start = otelcol_exporter_otlp_start,
	.update = otelcol_exporter_otlp_update,
	.stop = otelcol_exporter_otlp_stop,
};
