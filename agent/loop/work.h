#pragma once

/*
 * What takes too long for a turn of the loop, on another thread: a slow hash, a file that is to be
 * on the disk. run() touches nothing but what is in the owner's struct around it, which nobody else
 * touches until done() is called, on the loop. It cannot be cancelled, so that struct lives at
 * least until then; loop_free() waits for it. Few threads serve all (libuv's four): who starts
 * many bounds them.
 */

#include <uv.h>

struct loop;

struct work {
	void (*run)(struct work *w);  /* on another thread */
	void (*done)(struct work *w); /* on the loop; may free the owner */
	uv_work_t request;            /* the loop's own */
};

void work_start(struct work *w, struct loop *l);
