/* What a job listens to: systemd's journal, syslog, and the push API. */

#include "agent/convert/private.h"

static const struct key journal_keys[] = {
	KEY("json", KEY_BOOL, .attr = "format_as_json"),
	KEY("max_age", KEY_DURATION),
	KEY("path", KEY_TEXT),
	KEY("matches", KEY_TEXT),
	KEY("labels", KEY_MAP),
	KEYS_END,
};

static const struct key raw_keys[] = {
	KEY("use_null_terminator_delimiter", KEY_BOOL),
	KEYS_END,
};

static const struct key cisco_keys[] = {
	KEY("enable_all", KEY_BOOL),
	KEY("message_counter", KEY_BOOL),
	KEY("sequence_number", KEY_BOOL),
	KEY("hostname", KEY_BOOL),
	KEY("second_fractions", KEY_BOOL),
	KEYS_END,
};

static const struct key listener_keys[] = {
	KEY("listen_address", KEY_TEXT, .attr = "address", .is_required = true),
	KEY("listen_protocol", KEY_LOWER, .attr = "protocol"),
	KEY("idle_timeout", KEY_DURATION),
	KEY("label_structured_data", KEY_BOOL),
	KEY("labels", KEY_MAP),
	KEY("use_incoming_timestamp", KEY_BOOL),
	KEY("use_rfc5424_message", KEY_BOOL),
	KEY("max_message_length", KEY_INT, .zero_is_default = true),
	KEY("syslog_format", KEY_TEXT),
	KEY("raw_format_options", KEY_BLOCK, .keys = raw_keys),
	KEY("rfc3164_cisco_components", KEY_BLOCK, .keys = cisco_keys),
	KEY("tls_config", KEY_BLOCK, .keys = client_tls_keys),
	KEYS_END,
};

static const struct key server_keys[] = {
	KEY("http_listen_address", KEY_TEXT, .attr = "listen_address"),
	KEY("http_listen_port", KEY_INT, .attr = "listen_port"),
	KEY("http_listen_conn_limit", KEY_INT, .attr = "conn_limit"),
	KEY("http_server_read_timeout", KEY_DURATION, .attr = "server_read_timeout"),
	KEY("http_server_write_timeout", KEY_DURATION, .attr = "server_write_timeout"),
	KEY("http_server_idle_timeout", KEY_DURATION, .attr = "server_idle_timeout"),
	KEY("http_path_prefix", KEY_ERROR, .say = "the push API has no prefix"),
	KEY("http_tls_config", KEY_BLOCK, .attr = "tls", .keys = server_tls_keys),
	KEY("graceful_shutdown_timeout", KEY_ELSEWHERE),
	KEY("register_instrumentation", KEY_INFO, .say = "the metrics are always there"),
	KEY("log_level", KEY_WARNING, .say = "the level of log lines is that of the agent"),
	KEY("log_format", KEY_WARNING, .say = "the format of log lines is that of the agent"),
	{.kind = KEY_MORE, .keys = server_none_keys},
	KEYS_END,
};

static void put_server(struct converter *c, struct yaml_node *n)
{
	static const struct key timeout = KEY("graceful_shutdown_timeout", KEY_DURATION);

	convert_key(c, n, &timeout, "server");
	emit_open(c, "http", STR(""));
	if (n->kind == YAML_MAP && yaml_is_null(yaml_find(n, "http_listen_port")))
		emit(c, "listen_port = 80\n"); /* Promtail's default */
	convert_keys(c, n, server_keys, "server");
	emit_close(c);
}

static const struct key push_keys[] = {
	KEY("labels", KEY_MAP),
	KEY("use_incoming_timestamp", KEY_BOOL),
	KEY("max_send_msg_size", KEY_SIZE, .attr = "max_send_message_size"),
	KEY("server", KEY_RUN, .run = put_server, .is_required = true),
	KEYS_END,
};

static void put_to(struct converter *c, struct str receivers, struct str rules)
{
	emit(c, "forward_to = [" STR_FMT "]\n", STR_ARG(receivers));
	if (rules.n)
		emit(c, "relabel_rules = " STR_FMT "\n", STR_ARG(rules));
}

static const struct yaml_node *listener(const struct yaml_node *job, const char *name)
{
	const struct yaml_node *n = yaml_find(job, name);

	return yaml_is_null(n) ? NULL : n;
}

bool has_listener(const struct yaml_node *job)
{
	return listener(job, "journal") || listener(job, "syslog") ||
	       listener(job, "loki_push_api");
}

static void put_journal(struct converter *c, const struct yaml_node *n)
{
	convert_keys(c, n, journal_keys, "journal");
	say_once(c, CONVERT_WARNING, n,
		"journal: where Promtail stopped is not taken over; entries that are younger than "
		"max_age (7h if it is not set) are sent once more, so set it short for the change");
}

void convert_listeners(struct converter *c, const struct yaml_node *job, struct str label,
	struct str receivers, struct str rules)
{
	const struct yaml_node *journal = listener(job, "journal");
	const struct yaml_node *syslog = listener(job, "syslog");
	const struct yaml_node *push = listener(job, "loki_push_api");

	if (journal) {
		emit_open(c, "loki.source.journal", label);
		put_to(c, receivers, rules);
		put_journal(c, journal);
		emit_close(c);
	}
	if (push) {
		emit_open(c, "loki.source.api", label);
		put_to(c, receivers, rules);
		convert_keys(c, push, push_keys, "loki_push_api");
		emit_close(c);
	}
	if (syslog) {
		emit_open(c, "loki.source.syslog", label);
		put_to(c, receivers, rules);
		emit_open(c, "listener", STR(""));
		convert_keys(c, syslog, listener_keys, "syslog");
		emit_close(c);
		emit_close(c);
	}
}
