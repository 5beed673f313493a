/*
 * clients: a loki.write each, as their external labels differ, and everything goes to all of
 * them. What is the same by default in both is not written; the one default that differs, how
 * often a batch is tried, is better here: until Loki takes it.
 */

#include "agent/convert/private.h"

static void put_429(struct converter *c, struct yaml_node *n)
{
	bool drop;

	if (node_bool(n, &drop))
		emit(c, "retry_on_http_429 = %s\n", drop ? "false" : "true");
	else
		say(c, CONVERT_ERROR, n, "drop_rate_limited_batches wants true or false");
}

static const struct key backoff_keys[] = {
	KEY("min_period", KEY_DURATION, .attr = "min_backoff_period"),
	KEY("max_period", KEY_DURATION, .attr = "max_backoff_period"),
	KEY("max_retries", KEY_INT, .attr = "max_backoff_retries"),
	KEYS_END,
};

static void put_backoff(struct converter *c, struct yaml_node *n)
{
	convert_keys(c, n, backoff_keys, "backoff_config");
}

static const struct key client_keys[] = {
	KEY("name", KEY_TEXT),
	KEY("url", KEY_TEXT, .is_required = true),
	KEY("tenant_id", KEY_TEXT),
	KEY("batchwait", KEY_DURATION, .attr = "batch_wait"),
	KEY("batchsize", KEY_SIZE, .attr = "batch_size"),
	KEY("timeout", KEY_DURATION, .attr = "remote_timeout"),
	KEY("headers", KEY_MAP),
	KEY("backoff_config", KEY_RUN, .run = put_backoff),
	KEY("drop_rate_limited_batches", KEY_RUN, .run = put_429),
	KEY("external_labels", KEY_ELSEWHERE),
	KEY("stream_lag_labels", KEY_INFO, .say = "there is no such metric, and none is needed"),
	{.kind = KEY_MORE, .keys = http_keys},
	KEYS_END,
};

/* Those of the command line that the file does not have: a=b,c=d. */
static void put_flag_labels(struct converter *c, const struct yaml_node *labels)
{
	struct str rest = c->flags->external_labels;
	struct str one, name, value;

	while (rest.n) {
		if (!str_cut(rest, ',', &one, &rest)) {
			one = rest;
			rest = STR("");
		}
		if (!str_cut(one, '=', &name, &value))
			continue;
		name = arena_str(c->a, str_trim(name));
		if (name.n && !yaml_find(labels, name.p))
			emit_entry(c, name, str_trim(value));
	}
}

static void put_labels(struct converter *c, const struct yaml_node *client)
{
	const struct yaml_node *labels = yaml_find(client, "external_labels");

	if (yaml_is_null(labels))
		labels = NULL;
	if (labels && !want_kind(c, labels, YAML_MAP, "external_labels"))
		return;
	if (!labels && !c->flags->external_labels.n)
		return;
	emit(c, "external_labels = {\n");
	put_flag_labels(c, labels);
	for (size_t i = 0; labels && i < labels->n; i++)
		emit_pair(c, &labels->pairs[i], "external_labels");
	emit(c, "}\n");
}

static const struct key max_streams = KEY("max_streams", KEY_INT, .zero_is_default = true);

static void put_client(struct converter *c, const struct yaml_node *client)
{
	struct str label = new_label(c, "loki.write", STR("default"));

	if (!want_kind(c, client, YAML_MAP, "clients"))
		return;
	c->receivers = arena_printf(c->a, STR_FMT "%sloki.write." STR_FMT ".receiver",
		STR_ARG(c->receivers), c->receivers.n ? ", " : "", STR_ARG(label));
	emit_open(c, "loki.write", label);
	emit_open(c, "endpoint", STR(""));
	convert_keys(c, client, client_keys, "clients");
	emit_close(c);
	put_labels(c, client);
	convert_key(c, c->limits, &max_streams, "limits_config");
	emit_close(c);
}

#define CLIENTS_MAX 100

void convert_clients(struct converter *c, const struct yaml_node *root)
{
	const struct yaml_node *list = yaml_find(root, "clients");
	const struct yaml_node *one = yaml_find(root, "client");

	if (!yaml_is_null(list) && want_kind(c, list, YAML_LIST, "clients")) {
		if (list->n > CLIENTS_MAX)
			say(c, CONVERT_ERROR, list, "only the first %d clients are converted",
				CLIENTS_MAX);
		for (size_t i = 0; i < list->n && i < CLIENTS_MAX; i++)
			put_client(c, list->items[i]);
	}
	if (!yaml_is_null(one)) {
		say(c, CONVERT_INFO, one, "client: the old name of clients");
		put_client(c, one);
	}
	if (!c->receivers.n)
		say(c, CONVERT_ERROR, root, "there are no clients: nothing would be sent");
}
