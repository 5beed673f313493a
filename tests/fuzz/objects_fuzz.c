/* Objects of the API that are no pods: each reader with the same bytes. */

#include "agent/base/arena.h"
#include "agent/base/log.h"
#include "agent/base/must.h"
#include "agent/component/loki.source.podlogs/spec.h"
#include "k8s/object_roles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void discard(struct str line)
{
	(void)line;
}

static void look(const struct object_reader *r, struct str json)
{
	const struct object_head head = {.namespace = STR("ns"), .name = STR("x")};
	struct pod_targets t = {0};
	void *extra = NULL;
	struct arena a;

	arena_init(&a, 0);
	if (r->read(&a, &head, json, &t, &extra)) {
		for (size_t i = 0; i < t.n; i++)
			for (size_t k = 0; k < t.p[i].n; k++)
				must(t.p[i].v[k].name.n > 0);
		if (extra)
			r->drop(extra);
	} else {
		must(!extra);
	}
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = {size ? (const char *)data : "", size};

	log_set_writer(discard);
	look(&podlogs_reader, s);
	look(&object_namespace, s);
	look(&object_role_find(STR("node"))->reader, s);
	look(&object_role_find(STR("service"))->reader, s);
	return 0;
}
