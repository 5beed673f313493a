/* A question cannot be taken back while the system works at it, so it has a life of its own, and
 * knows whether somebody still waits for the answer. */

#include "agent/loop/resolve.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/loop/private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct resolve_work {
	uv_getaddrinfo_t request;
	struct resolve *owner; /* NULL: nobody waits */
};

struct texts {
	char (*p)[RESOLVE_TEXT];
	size_t n, cap;
};

static void add(struct texts *t, const struct sockaddr *a)
{
	char text[RESOLVE_TEXT] = "";

	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, text,
			sizeof(text));
	else if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
			text, sizeof(text));
	if (!text[0] || t->n >= RESOLVE_MAX)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->p[i], text) == 0)
			return;
	memcpy(vec_add(t), text, sizeof(text));
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *answer)
{
	struct resolve_work *w = container_of(request, struct resolve_work, request);
	struct resolve *r = w->owner;
	struct texts t = {0};

	if (r) {
		for (struct addrinfo *a = answer; a; a = a->ai_next)
			add(&t, a->ai_addr);
		r->work = NULL;
		r->error = status < 0 ? uv_strerror(status) : NULL;
		r->texts = t.p;
		r->n = t.n;
		r->done(r);
	}
	uv_freeaddrinfo(answer);
	free(t.p);
	free(w);
}

void resolve_start(struct resolve *r, struct loop *l, const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct resolve_work *w = mem_new(struct resolve_work, 1);

	must(!r->work);
	w->owner = r;
	r->work = w;
	if (uv_getaddrinfo(&l->uv, &w->request, on_answer, name, NULL, &hints) == 0)
		return;
	free(w);
	r->work = NULL;
	r->error = "the name is not valid";
	r->n = 0;
	r->done(r);
}

void resolve_cancel(struct resolve *r)
{
	if (!r->work)
		return;
	uv_cancel((uv_req_t *)&r->work->request);
	r->work->owner = NULL;
	r->work = NULL;
}
