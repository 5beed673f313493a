#pragma once

/* What the tables of loki.write decode to. */

#include "agent/component/common/http_client_args.h"
#include "agent/graph/arg.h"

struct loki_queue_args {
	int64_t drain_timeout;
	bool block_on_overflow; /* no effect, as the others of this struct */
	int64_t capacity;
	int64_t min_shards;
};

struct loki_wal_args { /* no effect */
	bool enabled;
	int64_t max_segment_age;
	int64_t min_read_frequency;
	int64_t max_read_frequency;
	int64_t drain_timeout;
};

struct loki_endpoint_args {
	struct range at;
	struct str url;
	struct str name;
	struct str tenant_id;
	int64_t batch_size;
	int64_t batch_wait;
	int64_t remote_timeout;
	int64_t min_backoff_period;
	int64_t max_backoff_period;
	int64_t max_backoff_retries; /* -1: not written */
	bool retry_on_http_429;
	struct arg_map headers;
	struct http_client_args http;
	struct loki_queue_args *queue_config;
};

struct loki_write_args {
	struct range at;
	struct arg_blocks endpoint; /* struct loki_endpoint_args */
	struct arg_map external_labels;
	int64_t max_streams;
	struct loki_wal_args *wal;
};
