/* The settings of an HTTP and gRPC server: the agent's own, and that of the push API. */

#include "agent/convert/private.h"

const struct key server_tls_keys[] = {
	KEY("cert", KEY_TEXT, .attr = "cert_pem"),
	KEY("cert_file", KEY_TEXT),
	KEY("key", KEY_TEXT, .attr = "key_pem"),
	KEY("key_file", KEY_TEXT),
	KEY("client_ca", KEY_TEXT, .attr = "client_ca_pem"),
	KEY("client_ca_file", KEY_TEXT),
	KEY("client_auth_type", KEY_TEXT),
	KEYS_END,
};

#define NONE "it has no counterpart, and nothing is lost without it"
const struct key server_none_keys[] = {
	KEY("http_listen_network", KEY_INFO, .say = NONE),
	KEY("http_log_closed_connections_without_response_enabled", KEY_INFO, .say = NONE),
	KEY("grpc_listen_network", KEY_INFO, .say = NONE),
	KEY("grpc_listen_address", KEY_INFO, .say = NONE),
	KEY("grpc_listen_port", KEY_INFO, .say = NONE),
	KEY("grpc_listen_conn_limit", KEY_INFO, .say = NONE),
	KEY("grpc_tls_config", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_recv_msg_size", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_send_msg_size", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_concurrent_streams", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_connection_idle", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_connection_age", KEY_INFO, .say = NONE),
	KEY("grpc_server_max_connection_age_grace", KEY_INFO, .say = NONE),
	KEY("grpc_server_keepalive_time", KEY_INFO, .say = NONE),
	KEY("grpc_server_keepalive_timeout", KEY_INFO, .say = NONE),
	KEY("grpc_server_min_time_between_pings", KEY_INFO, .say = NONE),
	KEY("grpc_server_ping_without_stream_allowed", KEY_INFO, .say = NONE),
	KEY("grpc_server_num_workers", KEY_INFO, .say = NONE),
	KEY("tls_cipher_suites", KEY_INFO, .say = NONE),
	KEY("tls_min_version", KEY_INFO, .say = NONE),
	KEY("log_source_ips_enabled", KEY_INFO, .say = NONE),
	KEY("log_source_ips_full", KEY_INFO, .say = NONE),
	KEY("log_source_ips_header", KEY_INFO, .say = NONE),
	KEY("log_source_ips_regex", KEY_INFO, .say = NONE),
	KEY("log_request_headers", KEY_INFO, .say = NONE),
	KEY("log_request_at_info_level_enabled", KEY_INFO, .say = NONE),
	KEY("log_request_exclude_headers_list", KEY_INFO, .say = NONE),
	KEY("external_url", KEY_INFO, .say = NONE),
	KEYS_END,
};
