/*
 * The parts of which forwarding a request of OTLP consists, each alone on the same bodies:
 * `otlp_parts FOLDER`, which holds gzipped requests. Tells microseconds of CPU a span, as JSON. The
 * agent has all of them to do, and the network.
 */
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"
#include "proto/otlp/resource.h"
#include "proto/otlp/walk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	MAX_BODIES = 64,
	ROUNDS = 20,
};

static struct {
	struct buf packed;
	struct buf plain;
} bodies[MAX_BODIES];
static size_t n_bodies;
static uint64_t spans;
static struct decoder *decoder;
static struct encoder *encoder;
static struct buf out, scratch;

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "otlp_parts: %s\n", why);
	exit(1);
}

static void inflate_one(size_t i)
{
	struct err e;

	buf_clear(&out);
	if (decoder_run(decoder, STR("gzip"), buf_str(&bodies[i].packed), (size_t)64 << 20, &out,
		    &e) != DECODED)
		give_up(e.text);
}

static void validate_one(size_t i)
{
	struct otlp_counts n;
	struct err e;

	if (!otlp_walk(OTLP_TRACES, buf_str(&bodies[i].plain), &n, &e))
		give_up(e.text);
	spans += n.items;
}

static void splice_one(size_t i)
{
	static const struct otlp_attr add[] = {
		{{"k8s.namespace.name", 18}, {"social", 6}},
		{{"k8s.pod.name", 12}, {"web-7d9c5b6f4-abcde", 19}},
		{{"k8s.pod.uid", 11}, {"11111111-0000-0000-0000-000000000000", 36}},
		{{"k8s.pod.start_time", 18}, {"2026-01-02T03:04:05Z", 20}},
		{{"k8s.deployment.name", 19}, {"web", 3}},
		{{"k8s.node.name", 13}, {"node-1", 6}},
	};
	struct wire_reader r = wire_read(buf_str(&bodies[i].plain));
	struct otlp_part p;

	buf_clear(&out);
	while (otlp_part_next(&r, &p))
		otlp_part_write(&p, add, 6, &scratch, &out);
}

static void deflate_one(size_t i)
{
	buf_clear(&out);
	encoder_run(encoder, buf_str(&bodies[i].plain), &out);
}

static double seconds(void (*part)(size_t i))
{
	double before;

	for (size_t i = 0; i < n_bodies; i++)
		part(i);
	before = cpu();
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n_bodies; i++)
			part(i);
	return cpu() - before;
}

static void read_body(const char *folder, const char *name)
{
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f)
		give_up(path);
	while ((n = fread(buf_reserve(&bodies[n_bodies].packed, 65536), 1, 65536, f)) > 0)
		bodies[n_bodies].packed.n += n;
	fclose(f);
	inflate_one(n_bodies);
	buf_add_str(&bodies[n_bodies].plain, buf_str(&out));
	n_bodies++;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(size_t i);
	} parts[] = {
		{"inflate", inflate_one},
		{"validate", validate_one},
		{"splice", splice_one},
		{"deflate", deflate_one},
	};
	struct dirent *e;
	struct err error;
	uint64_t n;
	DIR *d;

	if (argc != 2 || !(d = opendir(argv[1])))
		give_up("usage: otlp_parts FOLDER");
	decoder = decoder_new();
	encoder = encoder_new(STR("gzip"), 0, &error);
	while ((e = readdir(d)) && n_bodies < MAX_BODIES)
		if (e->d_name[0] != '.')
			read_body(argv[1], e->d_name);
	closedir(d);
	for (size_t i = 0; i < n_bodies; i++)
		validate_one(i);
	n = spans * ROUNDS;
	if (n == 0)
		give_up("no spans");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		printf("%s\"%s\": %.4f", i ? ", " : "{", parts[i].name,
			seconds(parts[i].run) / (double)n * 1e6);
	printf("}\n");
	return 0;
}
