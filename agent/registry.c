/* One line a component, sorted. */

#include "agent/registry.h"

extern const struct component_type discovery_kubernetes, discovery_relabel, http, livedebugging,
	local_file, local_file_match, logging, loki_echo, loki_process, loki_relabel,
	loki_source_file, loki_source_kubernetes, loki_write, otelcol_auth_basic,
	otelcol_auth_bearer, otelcol_exporter_debug, otelcol_exporter_otlphttp,
	otelcol_processor_attributes, otelcol_processor_batch, otelcol_processor_k8sattributes,
	otelcol_processor_memory_limiter, otelcol_processor_probabilistic_sampler,
	otelcol_processor_resourcedetection, otelcol_processor_span, otelcol_receiver_otlp,
	remote_http, remote_kubernetes_configmap, remote_kubernetes_secret, remotecfg, tracing;

const struct component_type *const registry[] = {
	&discovery_kubernetes,
	&discovery_relabel,
	&http,
	&livedebugging,
	&local_file,
	&local_file_match,
	&logging,
	&loki_echo,
	&loki_process,
	&loki_relabel,
	&loki_source_file,
	&loki_source_kubernetes,
	&loki_write,
	&otelcol_auth_basic,
	&otelcol_auth_bearer,
	&otelcol_exporter_debug,
	&otelcol_exporter_otlphttp,
	&otelcol_processor_attributes,
	&otelcol_processor_batch,
	&otelcol_processor_k8sattributes,
	&otelcol_processor_memory_limiter,
	&otelcol_processor_probabilistic_sampler,
	&otelcol_processor_resourcedetection,
	&otelcol_processor_span,
	&otelcol_receiver_otlp,
	&remote_http,
	&remote_kubernetes_configmap,
	&remote_kubernetes_secret,
	&remotecfg,
	&tracing,
	NULL,
};

struct plan_types registry_types(void)
{
	return (struct plan_types){registry, registry_foreign};
}
