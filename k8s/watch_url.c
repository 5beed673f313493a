#include "k8s/watch_url.h"

#include "agent/base/ascii.h"
#include "agent/base/buf.h"

#include <stdio.h>

static void add_encoded(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void add_param(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_add_char(out, memchr(out->p, '?', out->n) ? '&' : '?');
	buf_printf(out, "%s=", name);
	add_encoded(out, value);
}

void watch_url(struct buf *out, const struct watch_settings *set, const struct watch_question *q)
{
	char seconds[24];
	int n = snprintf(seconds, sizeof(seconds), "%d", q->seconds);

	buf_clear(out);
	buf_add_str(out, set->server);
	buf_add_str(out, set->path);
	add_param(out, "fieldSelector", set->field_selector);
	add_param(out, "labelSelector", set->label_selector);
	add_param(out, "resourceVersion", q->version);
	if (q->kind == WATCH_LIST)
		return;
	add_param(out, "watch", STR("true"));
	add_param(out, "allowWatchBookmarks", STR("true"));
	add_param(out, "timeoutSeconds", (struct str){seconds, (size_t)n});
	if (q->kind == WATCH_FROM_START) {
		add_param(out, "sendInitialEvents", STR("true"));
		add_param(out, "resourceVersionMatch", STR("NotOlderThan"));
	}
}
