/* An Event and a Lease of the API, hostile: read and written again, for good. */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "k8s/event.h"
#include "k8s/lease_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lease(struct arena *a, struct str text)
{
	struct lease_text t, again;
	struct buf b = {0};

	if (!lease_text_parse(a, text, &t))
		return;
	t.seconds = t.seconds < 0 ? 0 : t.seconds;
	lease_text_print(&b, &t);
	must(lease_text_parse(a, buf_str(&b), &again));
	must(str_eq(again.holder, t.holder) && str_eq(again.note, t.note));
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct k8s_event e;
	struct buf b = {0};
	struct arena a;

	arena_init(&a, 0);
	if (k8s_event_parse(&a, text, &e)) {
		k8s_event_print_logfmt(&b, &e);
		k8s_event_print_json(&b, &e);
		must(b.p[b.n - 1] == '}');
	}
	check_lease(&a, text);
	buf_fini(&b);
	arena_fini(&a);
	return 0;
}
