#include "agent/component/loki.source.syslog/args.h"

#include "agent/base/err.h"
#include "agent/flow/entry.h"
#include "agent/loop/listen.h"

#include <inttypes.h>

#define MESSAGE_MAX (1 << 20)

static const struct arg raw_args[] = {
	ARG(syslog_raw_args, use_null_terminator_delimiter, .type = ARG_BOOL, .def = "false",
		.help = "Whether messages end with a zero byte, not with a newline."),
	ARGS_END,
};

static const struct arg cisco_args[] = {
	ARG(syslog_cisco_args, enable_all, .type = ARG_BOOL, .def = "false",
		.help = "All that follow."),
	ARG(syslog_cisco_args, message_counter, .type = ARG_BOOL, .def = "false",
		.help = "The counter of messages, which is __syslog_message_msg_counter."),
	ARG(syslog_cisco_args, sequence_number, .type = ARG_BOOL, .def = "false",
		.help = "The number of `service sequence-numbers`, __syslog_message_sequence."),
	ARG(syslog_cisco_args, hostname, .type = ARG_BOOL, .def = "false",
		.help = "The name of `logging origin-id hostname`, __syslog_message_hostname."),
	ARG(syslog_cisco_args, second_fractions, .type = ARG_BOOL, .def = "false",
		.help = "Milliseconds; they are understood in any case."),
	ARGS_END,
};

static const struct arg tls_args[] = {
	ARG_PLACE(http_tls_args, at),
	ARG(http_tls_args, cert_pem, .type = ARG_STR,
		.help = "The listener's certificate, as PEM text."),
	ARG(http_tls_args, cert_file, .type = ARG_STR,
		.help = "File with it, read again for a new connection, a minute after."),
	ARG(http_tls_args, key_pem, .type = ARG_SECRET, .help = "Its key, as PEM text."),
	ARG(http_tls_args, key_file, .type = ARG_STR, .help = "File with its key."),
	ARG(http_tls_args, ca_pem, .type = ARG_STR,
		.help = "CA of the senders, each of which then must show a certificate of it."),
	ARG(http_tls_args, ca_file, .type = ARG_STR, .help = "File with that CA."),
	ARG(http_tls_args, server_name, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "Of use to clients only."),
	ARG(http_tls_args, insecure_skip_verify, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Of use to clients only."),
	ARG(http_tls_args, min_version, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "TLS 1.2 and 1.3 are spoken."),
	ARGS_END,
};

static const char *const protocols[] = {"tcp", "udp", NULL};
static const char *const formats[] = {"rfc5424", "rfc3164", "raw", NULL};

static const struct arg listener_args[] = {
	ARG_PLACE(syslog_listener_args, at),
	ARG(syslog_listener_args, address, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "HOST:PORT to listen on."),
	ARG(syslog_listener_args, protocol, .type = ARG_STR, .def = "tcp", .one_of = protocols,
		.help = "tcp or udp."),
	ARG(syslog_listener_args, idle_timeout, .type = ARG_DURATION, .def = "120s",
		.help = "A connection that says nothing for so long is closed."),
	ARG(syslog_listener_args, label_structured_data, .type = ARG_BOOL, .def = "false",
		.help = "Whether structured data are labels for the rules, "
			"__syslog_message_sd_ID_NAME."),
	ARG(syslog_listener_args, labels, .type = ARG_MAP, .help = "Labels of every entry."),
	ARG(syslog_listener_args, use_incoming_timestamp, .type = ARG_BOOL, .def = "false",
		.help = "Whether the message's time is the entry's, not that of arrival."),
	ARG(syslog_listener_args, use_rfc5424_message, .type = ARG_BOOL, .def = "false",
		.help = "Whether the line is the whole message of RFC 5424, header included."),
	ARG(syslog_listener_args, max_message_length, .type = ARG_INT, .def = "8192",
		.help = "Bytes of a message; a longer one is dropped and counted."),
	ARG(syslog_listener_args, syslog_format, .type = ARG_STR, .def = "rfc5424",
		.one_of = formats, .help = "rfc5424, rfc3164, or raw: a message is a line."),
	ARG(syslog_listener_args, rfc3164_default_to_current_year, .type = ARG_BOOL,
		.def = "false", .flags = ARG_NO_EFFECT,
		.help = "A time without a year is always of the nearest one."),
	ARG(syslog_listener_args, rfc5424_allow_empty_msg, .type = ARG_BOOL, .def = "false",
		.help = "Whether a message without text is forwarded."),
	ARG(syslog_listener_args, udp_host_cache_size, .type = ARG_INT, .def = "128",
		.flags = ARG_NO_EFFECT, .help = "Names of senders are not looked up."),
	ARG(syslog_listener_args, udp_queue_size, .type = ARG_INT, .def = "10",
		.flags = ARG_NO_EFFECT, .help = "Datagrams wait in the kernel's buffer."),
	ARG(syslog_listener_args, raw_format_options, .type = ARG_BLOCK, .block = raw_args,
		.size = sizeof(struct syslog_raw_args),
		.help = "How messages of the format raw end."),
	ARG(syslog_listener_args, rfc3164_cisco_components, .type = ARG_BLOCK,
		.block = cisco_args, .size = sizeof(struct syslog_cisco_args),
		.help = "What Cisco's IOS adds to RFC 3164; it must be as the devices are set."),
	ARG(syslog_listener_args, tls_config, .type = ARG_BLOCK, .block = tls_args,
		.size = sizeof(struct http_tls_args), .help = "TLS of a listener of TCP."),
	ARGS_END,
};

const struct arg syslog_source_args[] = {
	ARG_PLACE(syslog_source_args, at),
	ARG(syslog_source_args, forward_to, .type = ARG_CAPSULES,
		.capsule = &capsule_logs_receiver, .flags = ARG_REQUIRED,
		.help = "Receivers of the entries."),
	ARG(syslog_source_args, relabel_rules, .type = ARG_CAPSULE,
		.capsule = &capsule_relabel_rules,
		.help = "Rules that make labels of the fields, __syslog_message_NAME."),
	ARG(syslog_source_args, listener, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = listener_args, .size = sizeof(struct syslog_listener_args),
		.help = "An address to listen on."),
	ARGS_END,
};

bool syslog_tls_is_wanted(const struct http_tls_args *t)
{
	return t && (t->cert_pem.n || t->cert_file.n || t->key_pem.n || t->key_file.n ||
			    t->ca_pem.n || t->ca_file.n);
}

static bool check_tls(const struct syslog_listener_args *l, struct diags *d)
{
	const struct http_tls_args *t = l->tls_config;

	if (!syslog_tls_is_wanted(t))
		return true;
	if (!(t->cert_pem.n || t->cert_file.n) || !(t->key_pem.n || t->key_file.n))
		return diag_error(d, t->at, "certificate and key files are required");
	if (!http_tls_args_check(t, d))
		return false;
	if (str_is(l->protocol, "udp"))
		diag_warning(d, t->at, "tls_config has no effect on UDP");
	return true;
}

static bool check_cisco(const struct syslog_listener_args *l, struct diags *d)
{
	const struct syslog_cisco_args *c = l->rfc3164_cisco_components;

	if (!c)
		return true;
	if (!str_is(l->syslog_format, "rfc3164"))
		return diag_error(d, l->at,
			"rfc3164_cisco_components has no effect when syslog format is not "
			"\"rfc3164\"");
	return c->enable_all || c->hostname || c->message_counter || c->second_fractions ||
	       c->sequence_number ||
	       diag_error(d, l->at,
		       "at least one option in rfc3164_cisco_components has to be enabled");
}

static bool check_raw(const struct syslog_listener_args *l, struct diags *d)
{
	const struct {
		bool is_set;
		const char *name;
	} useless[] = {
		{l->use_rfc5424_message, "use_rfc5424_message"},
		{l->rfc3164_default_to_current_year, "rfc3164_default_to_current_year"},
		{l->use_incoming_timestamp, "use_incoming_timestamp"},
	};
	bool ok = true;

	if (!str_is(l->syslog_format, "raw"))
		return !l->raw_format_options ||
		       diag_error(d, l->at,
			       "raw_format_options has no effect when syslog format is not "
			       "\"raw\"");
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++)
		if (useless[i].is_set)
			ok = diag_error(d, l->at,
				"\"%s\" has no effect when syslog format is set to \"raw\"",
				useless[i].name);
	return ok;
}

static bool check_listener(const struct syslog_listener_args *l, struct diags *d)
{
	struct listen_address address;
	bool ok = true;
	struct err e;

	if (!listen_parse(l->address, &address, &e))
		ok = diag_error(d, l->at, "address \"" STR_FMT "\": %s", STR_ARG(l->address),
			e.text);
	if (l->max_message_length < 1 || l->max_message_length > MESSAGE_MAX)
		ok = diag_error(d, l->at,
			"max_message_length must be from 1 to 1048576, not %" PRId64,
			l->max_message_length);
	if (l->idle_timeout <= 0)
		ok = diag_error(d, l->at, "idle_timeout must be greater than 0");
	for (size_t k = 0; k < l->labels.n; k++)
		if (!label_name_is_valid(l->labels.p[k].name))
			ok = diag_error(d, l->at,
				"labels: \"" STR_FMT "\" is not the name of a label",
				STR_ARG(l->labels.p[k].name));
	ok &= check_tls(l, d);
	ok &= check_cisco(l, d);
	return check_raw(l, d) && ok;
}

bool syslog_source_check(const void *args, struct diags *d)
{
	const struct syslog_source_args *a = args;
	const struct syslog_listener_args *l = a->listener.p;
	bool ok = true;

	for (size_t i = 0; i < a->listener.n; i++)
		ok &= check_listener(&l[i], d);
	return ok;
}
