/*
 * The yardstick: the least that any program must do to bring the pod logs below ROOT to Loki, in
 * one thread and with nothing else: read, split CRI lines, join pieces, parse the time, encode the
 * push request, compress, POST on one connection. No watching, no positions, no retry. The
 * agent's cost is told as a share of this one's, on the same bytes in the same run.
 */
#include "agent/base/str.h"
#include "agent/base/timestamp.h"

#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ = 256 << 10,
	BATCH = 1 << 20,
};

struct bytes {
	char *p;
	size_t n;
	size_t cap;
};

static struct bytes request, squeezed;
static int to = -1;
static unsigned long long lines, requests;

static void grow(struct bytes *b, size_t room)
{
	if (b->cap - b->n >= room)
		return;
	b->cap = (b->n + room) * 2;
	b->p = realloc(b->p, b->cap);
	if (!b->p)
		exit(1);
}

static void add(struct bytes *b, const char *p, size_t n)
{
	grow(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static size_t varint(char *p, uint64_t v)
{
	size_t n = 0;

	for (; v > 127; v >>= 7)
		p[n++] = (char)(v | 128);
	p[n++] = (char)v;
	return n;
}

static void field(struct bytes *b, char tag, const char *p, size_t n)
{
	grow(b, n + 11);
	b->p[b->n++] = tag;
	b->n += varint(b->p + b->n, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void entry(struct bytes *b, int64_t ns, const char *p, size_t n)
{
	char t[24], head[40];
	size_t tn = 0, hn = 0;
	char len[10];

	t[tn++] = 8;
	tn += varint(t + tn, (uint64_t)(ns / 1000000000));
	t[tn++] = 16;
	tn += varint(t + tn, (uint64_t)(ns % 1000000000));
	head[hn++] = 10;
	hn += varint(head + hn, tn);
	memcpy(head + hn, t, tn);
	hn += tn;
	head[hn++] = 18;
	hn += varint(head + hn, n);
	grow(b, hn + n + 11);
	b->p[b->n++] = 18;
	tn = varint(len, hn + n);
	add(b, len, tn);
	add(b, head, hn);
	add(b, p, n);
	lines++;
}

static void post(void)
{
	char head[256], answer[256];
	size_t n;
	int h;

	if (request.n == 0)
		return;
	n = snappy_max_compressed_length(request.n);
	squeezed.n = 0;
	grow(&squeezed, n);
	snappy_compress(request.p, request.n, squeezed.p, &n);
	h = snprintf(head, sizeof(head),
		"POST /loki/api/v1/push HTTP/1.1\r\nHost: sink\r\n"
		"Content-Type: application/x-protobuf\r\n"
		"Content-Encoding: snappy\r\nContent-Length: %zu\r\n\r\n",
		n);
	if (write(to, head, (size_t)h) != h)
		exit(1);
	for (size_t at = 0; at < n;) {
		ssize_t w = write(to, squeezed.p + at, n - at);

		if (w <= 0)
			exit(1);
		at += (size_t)w;
	}
	if (read(to, answer, sizeof(answer)) < 12 || memcmp(answer + 9, "204", 3) != 0) {
		fprintf(stderr, "the sink refused a push\n");
		exit(1);
	}
	requests++;
	request.n = 0;
}

/* One container's two streams, while its file is read. */
struct stream {
	char labels[512];
	struct bytes entries;
	struct bytes part;
};

static void end_stream(struct stream *s)
{
	struct bytes *r = &request;
	size_t n = strlen(s->labels);
	char len[10];
	size_t ln = varint(len, n);

	if (s->entries.n == 0)
		return;
	grow(r, 12);
	r->p[r->n++] = 10;
	r->n += varint(r->p + r->n, 1 + ln + n + s->entries.n);
	field(r, 10, s->labels, n);
	add(r, s->entries.p, s->entries.n);
	s->entries.n = 0;
}

/* "2026-11-22T10:41:07.8Z stdout F text" */
static void line(struct stream two[2], const char *p, const char *end)
{
	const char *sp = memchr(p, ' ', (size_t)(end - p));
	struct stream *s;
	int64_t ns;

	if (!sp || end - sp < 10 || !timestamp_parse((struct str){p, (size_t)(sp - p)}, &ns))
		return;
	s = &two[sp[4] == 'e'];
	p = sp + 10;
	if (sp[8] == 'P') {
		add(&s->part, p, (size_t)(end - p));
		return;
	}
	if (s->part.n) {
		add(&s->part, p, (size_t)(end - p));
		entry(&s->entries, ns, s->part.p, s->part.n);
		s->part.n = 0;
	} else {
		entry(&s->entries, ns, p, (size_t)(end - p));
	}
	if (request.n + two[0].entries.n + two[1].entries.n >= BATCH) {
		end_stream(&two[0]);
		end_stream(&two[1]);
		post();
	}
}

static void name_streams(struct stream two[2], const char *path)
{
	const char *dir = strstr(path, "/pods/");
	char ns[64], pod[128], container[64];

	if (!dir || sscanf(dir, "/pods/%63[^_]_%127[^_]_%*[^/]/%63[^/]", ns, pod, container) != 3)
		exit(1);
	for (int i = 0; i < 2; i++)
		snprintf(two[i].labels, sizeof(two[i].labels),
			"{container=\"%s\", namespace=\"%s\", pod=\"%s\", stream=\"%s\"}",
			container, ns, pod, i ? "stderr" : "stdout");
}

static void file(const char *path)
{
	static char block[READ * 2];
	static struct stream two[2];
	size_t kept = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	name_streams(two, path);
	while ((n = read(fd, block + kept, READ)) > 0) {
		char *p = block, *end = block + kept + n, *nl;

		while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
			line(two, p, nl);
			p = nl + 1;
		}
		kept = (size_t)(end - p);
		memmove(block, p, kept);
	}
	end_stream(&two[0]);
	end_stream(&two[1]);
	close(fd);
}

/* floor ROOT PORT: ROOT is a folder called pods. */
int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	char pattern[4096];
	int one = 1;
	glob_t g;

	if (argc != 3)
		return 2;
	a.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	snprintf(pattern, sizeof(pattern), "%s/*/*/0.log", argv[1]);
	if (connect(to, (struct sockaddr *)&a, sizeof(a)) == -1 || glob(pattern, 0, NULL, &g) != 0)
		return 1;
	for (size_t i = 0; i < g.gl_pathc; i++)
		file(g.gl_pathv[i]);
	post();
	printf("%llu lines, %llu requests\n", lines, requests);
	return 0;
}
