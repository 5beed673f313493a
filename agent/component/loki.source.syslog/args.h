#pragma once

/* The arguments of loki.source.syslog, and what is wrong with them in Alloy's words. */

#include "agent/component/common/http_client_args.h"
#include "agent/flow/relabel.h"

struct syslog_raw_args {
	bool use_null_terminator_delimiter;
};

struct syslog_cisco_args {
	bool enable_all;
	bool message_counter;
	bool sequence_number;
	bool hostname;
	bool second_fractions;
};

struct syslog_listener_args {
	struct range at;
	struct str address;
	struct str protocol;
	int64_t idle_timeout;
	bool label_structured_data;
	struct arg_map labels;
	bool use_incoming_timestamp;
	bool use_rfc5424_message;
	int64_t max_message_length;
	struct str syslog_format;
	bool rfc3164_default_to_current_year;
	bool rfc5424_allow_empty_msg;
	int64_t udp_host_cache_size;
	int64_t udp_queue_size;
	const struct syslog_raw_args *raw_format_options; /* NULL: not written */
	const struct syslog_cisco_args *rfc3164_cisco_components;
	const struct http_tls_args *tls_config;
};

struct syslog_source_args {
	struct range at;
	struct arg_capsules forward_to;
	struct relabel_rules *relabel_rules;
	struct arg_blocks listener; /* struct syslog_listener_args */
};

extern const struct arg syslog_source_args[];
bool syslog_source_check(const void *args, struct diags *d);

/* NULL, and a block without a certificate, CA or key: it is not, as in Alloy. */
bool syslog_tls_is_wanted(const struct http_tls_args *t);
