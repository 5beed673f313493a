#include "agent/tail/gz.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define IN_BYTES ((size_t)32 * 1024)
#define OUT_BYTES ((size_t)64 * 1024)
#define ANY_HEADER (15 + 16) /* largest window, gzip only */

struct gz {
	int fd;
	z_stream z;
	bool ended;  /* no more input, or broken */
	bool inside; /* a member has begun, and not ended */
	bool broken;
	int error;        /* of the last read, which may be tried again; 0: none */
	uint64_t at;      /* of the first byte in ready, uncompressed */
	struct buf ready; /* uncompressed, not consumed yet */
	unsigned char in[IN_BYTES];
};

struct gz *gz_open(int fd)
{
	struct gz *g = mem_new(struct gz, 1);
	unsigned char magic[2];
	ssize_t n = pread(fd, magic, 2, 0);
	int error = 0;

	g->fd = fd;
	if (n == -1)
		error = errno;
	else if (n != 2 || magic[0] != 0x1f || magic[1] != 0x8b)
		error = EBADMSG;
	else if (inflateInit2(&g->z, ANY_HEADER) != Z_OK)
		error = ENOMEM;
	if (!error)
		return g;
	close(fd);
	free(g);
	errno = error;
	return NULL;
}

void gz_close(struct gz *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	close(g->fd);
	buf_fini(&g->ready);
	free(g);
}

void gz_rewind(struct gz *g)
{
	bool ok = lseek(g->fd, 0, SEEK_SET) == 0 && inflateReset2(&g->z, ANY_HEADER) == Z_OK;

	g->z.avail_in = 0;
	g->ended = g->broken = !ok;
	g->inside = false;
	g->error = 0;
	g->at = 0;
	buf_clear(&g->ready);
}

static void fill_input(struct gz *g)
{
	ssize_t n;

	if (g->z.avail_in > 0)
		return;
	do {
		n = read(g->fd, g->in, IN_BYTES);
	} while (n == -1 && errno == EINTR);
	if (n == -1) {
		g->error = errno;
		return;
	}
	if (n == 0) {
		g->broken = g->inside; /* cut short */
		g->ended = true;
		return;
	}
	g->z.next_in = g->in;
	g->z.avail_in = (unsigned)n;
}

/* One step of inflate; a second gzip member may follow the first. */
static void inflate_some(struct gz *g)
{
	int got;

	fill_input(g);
	if (g->ended || g->error)
		return;
	g->inside = true;
	g->z.next_out = buf_reserve(&g->ready, OUT_BYTES);
	g->z.avail_out = OUT_BYTES;
	got = inflate(&g->z, Z_NO_FLUSH);
	g->ready.n += OUT_BYTES - g->z.avail_out;
	if (got == Z_STREAM_END) {
		g->inside = false;
		got = inflateReset(&g->z);
	}
	if (got == Z_MEM_ERROR) {
		g->error = ENOMEM;
	} else if (got != Z_OK && got != Z_BUF_ERROR) {
		g->broken = true;
		g->ended = true;
	}
}

static void drop(struct gz *g, size_t n)
{
	if (n == 0)
		return;
	memmove(g->ready.p, g->ready.p + n, g->ready.n - n);
	g->ready.n -= n;
	g->at += n;
}

ssize_t gz_read(struct gz *g, char *to, size_t n, uint64_t offset)
{
	must(offset >= g->at);
	g->error = 0;
	while (!g->ended && !g->error && g->at + g->ready.n < offset + n) {
		uint64_t skip = offset - g->at;

		if (skip)
			drop(g, skip < g->ready.n ? (size_t)skip : g->ready.n);
		inflate_some(g);
	}
	if (offset > g->at)
		drop(g, offset - g->at < g->ready.n ? (size_t)(offset - g->at) : g->ready.n);
	if (g->error) {
		errno = g->error;
		return -1;
	}
	if (offset > g->at || g->ready.n == 0) {
		errno = EBADMSG;
		return g->broken ? -1 : 0;
	}
	if (n > g->ready.n)
		n = g->ready.n;
	memcpy(to, g->ready.p, n);
	return (ssize_t)n;
}
