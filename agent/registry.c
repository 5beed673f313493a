/* One line a component, sorted. */

#include "agent/registry.h"

/* clang-format off */
#define COMPONENTS(X) \
	X(discovery_file) \
	X(discovery_kubelet) \
	X(discovery_kubernetes) \
	X(discovery_relabel) \
	X(http) \
	X(import_file) \
	X(import_git) \
	X(import_http) \
	X(import_string) \
	X(livedebugging) \
	X(local_file) \
	X(local_file_match) \
	X(logging) \
	X(loki_echo) \
	X(loki_process) \
	X(loki_relabel) \
	X(loki_secretfilter) \
	X(loki_source_api) \
	X(loki_source_file) \
	X(loki_source_journal) \
	X(loki_source_kubernetes) \
	X(loki_source_kubernetes_events) \
	X(loki_source_podlogs) \
	X(loki_source_syslog) \
	X(loki_write) \
	X(otelcol_auth_basic) \
	X(otelcol_auth_bearer) \
	X(otelcol_auth_headers) \
	X(otelcol_auth_oauth2) \
	X(otelcol_exporter_debug) \
	X(otelcol_exporter_loadbalancing) \
	X(otelcol_exporter_loki) \
	X(otelcol_exporter_otlp) \
	X(otelcol_exporter_otlphttp) \
	X(otelcol_processor_attributes) \
	X(otelcol_processor_batch) \
	X(otelcol_processor_filter) \
	X(otelcol_processor_k8sattributes) \
	X(otelcol_processor_memory_limiter) \
	X(otelcol_processor_probabilistic_sampler) \
	X(otelcol_processor_resourcedetection) \
	X(otelcol_processor_span) \
	X(otelcol_processor_tail_sampling) \
	X(otelcol_processor_transform) \
	X(otelcol_receiver_loki) \
	X(otelcol_receiver_otlp) \
	X(otelcol_storage_file) \
	X(remote_http) \
	X(remote_kubernetes_configmap) \
	X(remote_kubernetes_secret) \
	X(remotecfg) \
	X(tracing)
/* clang-format on */

#define DECLARE(name) extern const struct component_type name;
#define LIST(name) &name,

COMPONENTS(DECLARE)

const struct component_type *const registry[] = {COMPONENTS(LIST) NULL};

struct plan_types registry_types(void)
{
	return (struct plan_types){registry, registry_foreign};
}
