/* relabel_configs: the rules of discovery.relabel. */

#include "agent/convert/private.h"

static void put_replacement(struct converter *c, struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_TEXT, "replacement"))
		return;
	if (!c->flags->expand_env && str_find(n->text, STR("$$")) != -1)
		say(c, CONVERT_WARNING, n,
			"replacement has $$, as if Promtail ran with -config.expand-env; if so, "
			"convert with --extra-args=-config.expand-env");
	emit_text(c, "replacement", n->text);
}

static const struct key rule_keys[] = {
	KEY("source_labels", KEY_TEXTS),
	KEY("separator", KEY_TEXT),
	KEY("regex", KEY_TEXT),
	KEY("modulus", KEY_INT),
	KEY("target_label", KEY_TEXT),
	KEY("replacement", KEY_RUN, .run = put_replacement),
	KEY("action", KEY_LOWER),
	KEYS_END,
};

void convert_relabel(struct converter *c, const struct yaml_node *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!want_kind(c, list->items[i], YAML_MAP, "relabel_configs"))
			continue;
		emit(c, "\n");
		emit_open(c, "rule", STR(""));
		convert_keys(c, list->items[i], rule_keys, "relabel_configs");
		emit_close(c);
	}
}
