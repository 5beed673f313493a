/*
 * A sink that speaks Loki's push protocol and checks what generate.c made: a bit for each line
 * of each container's stdout and stderr. At the end it says how many lines were lost, came
 * again, came out of order within their stream, were broken, or had the wrong labels.
 */
#include "tests/e2e/lines.h"
#include "tests/e2e/pods.h"
#include "tests/e2e/sink.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stream {
	uint8_t *seen;
	uint64_t cap;  /* bits */
	uint64_t next; /* highest seen, plus one */
	uint64_t lines;
	uint64_t empty;
};

static struct stream streams[MAX_CONTAINERS][2];
static uint64_t entries, repeated, disordered, broken, mislabelled, bad_requests, extra_empty;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Where the entries of one pushed stream come from, by its labels. */
struct origin {
	const char *labels;
	size_t n;
	bool err;
};

static void complain(uint64_t *count, const char *what, const char *p, size_t n)
{
	if ((*count)++ < 5)
		fprintf(stderr, "%s: %.*s%s\n", what, (int)(n > 300 ? 300 : n), p,
			n > 300 ? "..." : "");
}

static bool has_label(const struct origin *o, const char *name, const char *value)
{
	char want[128];
	int n = snprintf(want, sizeof(want), "%s=\"%s\"", name, value);

	return memmem(o->labels, o->n, want, (size_t)n);
}

static void mark(struct stream *s, uint64_t seq, const char *p, size_t n)
{
	if (seq >= 1u << 30)
		return complain(&broken, "broken line: impossible number", p, n);
	while (seq >= s->cap) {
		uint64_t cap = s->cap ? s->cap * 2 : 4096;

		s->seen = realloc(s->seen, cap / 8);
		if (!s->seen)
			die("out of memory");
		memset(s->seen + s->cap / 8, 0, (cap - s->cap) / 8);
		s->cap = cap;
	}
	if (s->seen[seq / 8] & 1 << seq % 8)
		return complain(&repeated, "repeated line", p, n);
	s->seen[seq / 8] |= (uint8_t)(1 << seq % 8);
	s->lines++;
	if (seq < s->next)
		complain(&disordered, "line out of order", p, n);
	else
		s->next = seq + 1;
}

/* An empty line has no mark: it is counted for the container that the labels name. */
static void count_empty(const struct origin *o)
{
	for (unsigned i = 0; i < MAX_CONTAINERS; i++) {
		struct container_name name;

		container_name(i, &name);
		if (has_label(o, "pod", name.pod) && has_label(o, "container", name.container)) {
			streams[i][o->err].empty++;
			return;
		}
	}
	complain(&mislabelled, "empty line of nobody", o->labels, o->n);
}

static void take_line(const struct origin *o, const char *p, size_t n)
{
	struct container_name name;
	struct line_id id;
	const char *why;

	entries++;
	if (n == 0)
		return count_empty(o);
	if (!line_check(p, n, &id, &why) || id.container >= MAX_CONTAINERS) {
		fprintf(stderr, "(%s) ", why);
		return complain(&broken, "broken line", p, n);
	}
	container_name(id.container, &name);
	if (!has_label(o, "pod", name.pod) || !has_label(o, "container", name.container) ||
		!has_label(o, "namespace", name.namespace) || (id.stream == 'e') != o->err)
		complain(&mislabelled, "line with the labels of another", o->labels, o->n);
	mark(&streams[id.container][id.stream == 'e'], id.sequence, p, n);
}

/* -- protobuf: just enough of it ------------------------------------------------------------- */

struct field {
	unsigned number;
	const char *p;
	size_t n;
};

static bool varint(const char **p, const char *end, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
		uint8_t b = (uint8_t) * (*p)++;

		*v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return true;
	}
	return false;
}

static bool next_field(const char **p, const char *end, struct field *f)
{
	uint64_t tag, v;

	if (*p >= end || !varint(p, end, &tag) || !varint(p, end, &v))
		return false;
	f->number = (unsigned)(tag >> 3);
	f->p = *p;
	f->n = 0;
	if ((tag & 7) == 0)
		return true;
	if ((tag & 7) != 2 || v > (uint64_t)(end - *p))
		return false;
	f->n = v;
	*p += v;
	return true;
}

static bool take_stream(const char *p, const char *end)
{
	struct origin o = {"", 0, false};
	struct field f, g;

	while (next_field(&p, end, &f)) {
		const char *q = f.p;

		if (f.number == 1) {
			o.labels = f.p;
			o.n = f.n;
			o.err = has_label(&o, "stream", "stderr");
			if (!o.err && !has_label(&o, "stream", "stdout"))
				complain(&mislabelled, "no label stream", f.p, f.n);
		} else if (f.number == 2) {
			struct field line = {0, "", 0};

			while (next_field(&q, f.p + f.n, &g))
				if (g.number == 2)
					line = g;
			take_line(&o, line.p, line.n);
		}
	}
	return p == end;
}

static int took(const char *path, const char *body, size_t n)
{
	size_t plain_n = 0;
	struct field f;
	char *plain;
	bool ok;

	(void)path;
	if (snappy_uncompressed_length(body, n, &plain_n) != SNAPPY_OK)
		plain_n = 0;
	plain = malloc(plain_n + 1);
	if (!plain)
		die("out of memory");
	ok = plain_n > 0 && snappy_uncompress(body, n, plain, &plain_n) == SNAPPY_OK;
	pthread_mutex_lock(&lock);
	if (ok) {
		const char *p = plain;

		while (next_field(&p, plain + plain_n, &f))
			ok = f.number == 1 && take_stream(f.p, f.p + f.n) && ok;
		ok = ok && p == plain + plain_n;
	}
	if (!ok)
		bad_requests++;
	pthread_mutex_unlock(&lock);
	free(plain);
	return ok ? 204 : 400;
}

/* What the manifest says is missing; with say, each stream that misses some. */
static uint64_t missing(const char *manifest, uint64_t *wanted, bool say)
{
	FILE *f = fopen(manifest, "r");
	ull lines[2], empty[2];
	uint64_t lost = 0;
	unsigned c;

	if (!f)
		return UINT64_MAX;
	*wanted = 0;
	extra_empty = 0;
	pthread_mutex_lock(&lock);
	while (fscanf(f, "%u %llu %llu %llu %llu", &c, &lines[0], &empty[0], &lines[1],
		       &empty[1]) == 5) {
		if (c >= MAX_CONTAINERS)
			break;
		for (int e = 0; e < 2; e++) {
			struct stream *s = &streams[c][e];
			uint64_t n = lines[e] - s->lines;

			*wanted += lines[e] + empty[e];
			if (empty[e] > s->empty)
				n += empty[e] - s->empty;
			else
				extra_empty += s->empty - empty[e];
			if (n && say)
				fprintf(stderr, "container %u %s: %llu missing of %llu + %llu\n", c,
					e ? "stderr" : "stdout", (ull)n, lines[e], empty[e]);
			lost += n;
		}
	}
	pthread_mutex_unlock(&lock);
	fclose(f);
	return lost;
}

static volatile sig_atomic_t ended;

static void on_term(int s)
{
	(void)s;
	ended = 1;
}

/* Until all is there (then done_file appears) and the signal comes. */
int main(int argc, char **argv)
{
	const char *port_file = NULL, *manifest = NULL, *done_file = NULL;
	uint64_t wanted = 0, lost;
	int o;

	while ((o = getopt(argc, argv, "p:m:d:")) != -1) {
		if (o == 'p')
			port_file = optarg;
		else if (o == 'm')
			manifest = optarg;
		else if (o == 'd')
			done_file = optarg;
	}
	if (!port_file || !manifest || !done_file)
		die("usage: verify -p PORT_FILE -m MANIFEST -d DONE_FILE");
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	signal(SIGPIPE, SIG_IGN);
	sink.took = took;
	sink_start(0, port_file);
	while (!ended) {
		usleep(100000);
		if (done_file && missing(manifest, &wanted, false) == 0) {
			fclose(fopen(done_file, "w"));
			done_file = NULL;
		}
	}
	lost = missing(manifest, &wanted, true);
	printf("%llu lines wanted, %llu came in %llu requests: %llu lost, "
	       "%llu repeated, %llu out of order, "
	       "%llu broken, %llu with wrong labels, %llu bad requests\n",
		(ull)wanted, (ull)entries, (ull)sink.requests,
		(ull)lost, (ull)(repeated + extra_empty),
		(ull)disordered, (ull)broken, (ull)mislabelled,
		(ull)bad_requests);
	return lost || repeated || extra_empty || disordered || broken || mislabelled ||
	       bad_requests;
}
