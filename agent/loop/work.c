/* libuv's threads. */

#include "agent/loop/work.h"

#include "agent/base/must.h"
#include "agent/loop/private.h"

static void on_run(uv_work_t *request)
{
	struct work *w = container_of(request, struct work, request);

	w->run(w);
}

static void on_done(uv_work_t *request, int status)
{
	struct work *w = container_of(request, struct work, request);

	(void)status;
	w->done(w);
}

void work_start(struct work *w, struct loop *l)
{
	must(uv_queue_work(&l->uv, &w->request, on_run, on_done) == 0);
}
