#pragma once

/* What otelcol.processor.k8sattributes accepts. */

#include "agent/component/common/otelcol_args.h"

struct buf;

/* extract > label, extract > annotation */
struct k8s_field_args {
	struct range at;
	struct str tag_name;
	struct str key;
	struct str key_regex;
	struct str from;
};

struct k8s_extract_args {
	struct range at;
	struct arg_strs metadata;
	struct arg_blocks label;
	struct arg_blocks annotation;
	bool otel_annotations;
	bool deployment_name_from_replicaset;
};

/* filter > field, filter > label */
struct k8s_filter_pair {
	struct range at;
	struct str key;
	struct str value;
	struct str op;
};

struct k8s_filter_args {
	struct range at;
	struct str node;
	struct str namespace;
	struct arg_blocks field;
	struct arg_blocks label;
};

struct k8s_source_args {
	struct range at;
	struct str from; /* "connection", "resource_attribute" */
	struct str name;
};

struct k8s_association_args {
	struct range at;
	struct arg_blocks source;
};

struct k8s_exclude_pod {
	struct range at;
	struct str name;
};

struct k8s_exclude_args {
	struct arg_blocks pod;
};

struct k8sattributes_args {
	struct range at;
	struct str auth_type;
	bool passthrough;
	bool wait_for_metadata;
	int64_t wait_for_metadata_timeout;
	int64_t watch_sync_period;
	int64_t pod_delete_grace_period;
	struct k8s_extract_args *extract;
	struct k8s_filter_args *filter;
	struct arg_blocks pod_association;
	struct k8s_exclude_args *exclude;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg k8sattributes_args[];

bool k8sattributes_check(const void *args, struct diags *d);

/* The selectors of the filter block, as the API server has them; node is the own one, which is
 * what is watched when the filter names no other. */
void k8s_filter_selectors(
	const struct k8s_filter_args *f, struct str node, struct buf *fields, struct buf *labels);
