/*
 * Makes the logs of a node: pods of several namespaces, CRI lines as containerd writes them
 * (pieces of 16,384 bytes, trailing zeros of the time dropped, stdout and stderr interleaved),
 * rotation as the kubelet does it (the older file compressed, the live one renamed, late lines
 * into the renamed one, the oldest removed). A manifest says at the end how many lines each
 * container's streams have; verify.c compares.
 */
#include "tests/e2e/lines.h"
#include "tests/e2e/pods.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
	PIECE = 16384,
	MAX_FILES = 5, /* the live one, one plain, three compressed */
	TICK_MS = 50,
	ROTATE_AT_MOST_EVERY = 1, /* second; the kubelet's is 10 */
	BUFFER = 4 << 20,
};

struct container {
	char dir[512];
	int fd;
	uint64_t size; /* of the live file */
	unsigned weight;
	double due; /* bytes it may still write */
	uint64_t lines[2];
	uint64_t empty[2];
	char rotated[MAX_FILES][64]; /* oldest first; .gz not in the name */
	bool compressed[MAX_FILES];
	unsigned n_rotated;
	unsigned rotations;
	int64_t rotated_at;
};

static struct options {
	const char *root;
	const char *manifest;
	uint64_t bytes;
	uint64_t rate;   /* bytes a second; 0: as fast as it goes */
	uint64_t rotate; /* size; 0: never */
	unsigned containers;
	bool backlog; /* the times are spread over the last hour */
} opt = {.containers = 75};

static struct container containers[MAX_CONTAINERS];
static uint64_t seed = 88172645463325252ULL;
static uint64_t written;
static char out[BUFFER]; /* what one container writes in one go */
static size_t out_n;

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(1);
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The time of a line: as the writer would have it, or spread over the last hour. */
static size_t stamp(char *p)
{
	static int64_t last, start;
	int64_t t = now(CLOCK_REALTIME);
	time_t s;
	struct tm tm;
	size_t n;

	if (!start)
		start = t;
	if (opt.backlog)
		t = start + (int64_t)((double)written / (double)(opt.bytes + 1) * 3600e9) -
		    3600000000000LL;
	if (t <= last)
		t = last + 1;
	last = t;
	s = t / 1000000000;
	gmtime_r(&s, &tm);
	n = strftime(p, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)sprintf(p + n, ".%09lld", (long long)(t % 1000000000));
	while (p[n - 1] == '0')
		n--;
	if (p[n - 1] == '.')
		n--;
	p[n++] = 'Z';
	return n;
}

static void open_live(struct container *c)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/0.log", c->dir);
	c->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (c->fd == -1)
		die("%s", path);
	c->size = 0;
}

static void make_dirs(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			die("%s", path);
		*p = '/';
	}
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		die("%s", path);
}

static void container_start(struct container *c, unsigned index)
{
	struct container_name name;

	container_name(index, &name);
	snprintf(c->dir, sizeof(c->dir), "%s/%s_%s_%s/%s", opt.root, name.namespace, name.pod,
		name.uid, name.container);
	make_dirs(c->dir);
	c->weight = 1 + index % 7 * (index % 7);
	open_live(c);
}

/* Mostly whole lines, sometimes cut anywhere: a reader may come between the two. */
static void flush(struct container *c)
{
	size_t cut = out_n && random_next(&seed) % 8 == 0 ? random_next(&seed) % out_n : 0;

	if ((cut && write(c->fd, out, cut) != (ssize_t)cut) ||
		write(c->fd, out + cut, out_n - cut) != (ssize_t)(out_n - cut))
		die("%s", c->dir);
	c->size += out_n;
	c->due -= (double)out_n;
	written += out_n;
	out_n = 0;
}

static void record(const char *stream, char tag, const char *p, size_t n)
{
	out_n += stamp(out + out_n);
	out_n += (size_t)sprintf(out + out_n, " %s %c ", stream, tag);
	memcpy(out + out_n, p, n);
	out_n += n;
	out[out_n++] = '\n';
}

static size_t make_line(struct container *c, bool err, char *line)
{
	unsigned index = (unsigned)(c - containers);

	return line_make(line, index % KINDS, err ? 'e' : 'o', index, c->lines[err]++, &seed);
}

static void write_pieces(const char *stream, const char *p, size_t n)
{
	for (; n > PIECE; n -= PIECE, p += PIECE)
		record(stream, 'P', p, PIECE);
	record(stream, 'F', p, n);
}

/* One line of stdout or stderr. Between the pieces of a long one, the other stream may write. */
static void write_line(struct container *c)
{
	static const char *const names[] = {"stdout", "stderr"};
	static char line[LINE_MAX_SIZE], other[LINE_MAX_SIZE];
	uint64_t v = random_next(&seed);
	bool err = v % 10 == 0;
	const char *p = line;
	size_t n;

	if (v % 97 == 0) {
		record(names[err], 'F', "", 0);
		c->empty[err]++;
		return;
	}
	for (n = make_line(c, err, line); n > PIECE; n -= PIECE, p += PIECE) {
		record(names[err], 'P', p, PIECE);
		if (v & 4096) {
			size_t m = make_line(c, !err, other);

			write_pieces(names[!err], other, m);
		}
	}
	record(names[err], 'F', p, n);
}

static void gzip(const char *path)
{
	char gz[700], tmp[700], block[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	gzFile to;

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	snprintf(gz, sizeof(gz), "%s.gz", path);
	to = gzopen(tmp, "wb1");
	if (fd == -1 || !to)
		die("%s", path);
	while ((n = read(fd, block, sizeof(block))) > 0)
		gzwrite(to, block, (unsigned)n);
	gzclose(to);
	close(fd);
	if (rename(tmp, gz) == -1 || unlink(path) == -1)
		die("%s", path);
}

/* The kubelet's order: the oldest goes, what is plain is compressed, the live one is renamed,
 * and a moment later the writer opens a new one. */
static void make_room(struct container *c)
{
	char path[600];

	while (c->n_rotated > MAX_FILES - 2) {
		snprintf(path, sizeof(path), "%s/%s%s", c->dir, c->rotated[0],
			c->compressed[0] ? ".gz" : "");
		unlink(path);
		c->n_rotated--;
		memmove(c->rotated, c->rotated + 1, sizeof(c->rotated[0]) * c->n_rotated);
		memmove(c->compressed, c->compressed + 1, sizeof(c->compressed[0]) * c->n_rotated);
	}
	for (unsigned i = 0; i < c->n_rotated; i++) {
		if (c->compressed[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", c->dir, c->rotated[i]);
		gzip(path);
		c->compressed[i] = true;
	}
}

static void rotate(struct container *c)
{
	static char line[LINE_MAX_SIZE];
	char from[600], to[600];
	time_t s = now(CLOCK_REALTIME) / 1000000000;
	int old = c->fd;
	struct tm tm;
	size_t n, half;

	make_room(c);
	localtime_r(&s, &tm);
	strftime(c->rotated[c->n_rotated], sizeof(c->rotated[0]), "0.log.%Y%m%d-%H%M%S", &tm);
	snprintf(from, sizeof(from), "%s/0.log", c->dir);
	snprintf(to, sizeof(to), "%s/%s", c->dir, c->rotated[c->n_rotated]);
	if (rename(from, to) == -1)
		die("%s", to);
	c->compressed[c->n_rotated++] = false;
	write_line(c); /* late, into the file that has another name now */
	flush(c);
	open_live(c);
	c->fd = old;
	write_line(c); /* later still: the new file is there, and empty */
	/* Each third time one record is cut by the rotation: P here, F there. */
	n = make_line(c, false, line);
	half = n > PIECE ? PIECE : c->rotations % 3 == 0 ? n / 2
							 : 0;
	if (half)
		record("stdout", 'P', line, half);
	flush(c);
	close(old);
	c->fd = open(from, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (c->fd == -1)
		die("%s", from);
	c->size = 0;
	for (; n - half > PIECE; half += PIECE)
		record("stdout", 'P', line + half, PIECE);
	record("stdout", 'F', line + half, n - half);
	flush(c);
	c->rotations++;
	c->rotated_at = now(CLOCK_MONOTONIC);
}

static void container_turn(struct container *c)
{
	while (c->due > 0) {
		double before = c->due;

		while (out_n < (opt.rate ? 16384 : 262144) && c->due > (double)out_n)
			write_line(c);
		flush(c);
		if (c->due == before)
			break;
		if (opt.rotate && c->size >= opt.rotate &&
			now(CLOCK_MONOTONIC) - c->rotated_at >= ROTATE_AT_MOST_EVERY * 1100000000LL)
			rotate(c);
	}
}

static void generate(void)
{
	int64_t start = now(CLOCK_MONOTONIC);
	double given = 0, weights = 0;

	for (unsigned i = 0; i < opt.containers; i++)
		weights += containers[i].weight;
	while (written < opt.bytes) {
		struct timespec tick = {0, TICK_MS * 1000000L};
		double until = (double)opt.bytes;
		double give;

		if (opt.rate)
			until = (double)(now(CLOCK_MONOTONIC) - start) / 1e9 * (double)opt.rate;
		else if (until > given + 16e6)
			until = given + 16e6;
		give = until - given;
		given = until;
		for (unsigned i = 0; i < opt.containers; i++) {
			containers[i].due += give * containers[i].weight / weights;
			container_turn(&containers[i]);
		}
		if (opt.rate)
			nanosleep(&tick, NULL);
	}
}

static void write_manifest(void)
{
	char new[4096];
	FILE *f;

	snprintf(new, sizeof(new), "%s.tmp", opt.manifest);
	f = fopen(new, "w");
	if (!f)
		die("%s", new);
	for (unsigned i = 0; i < opt.containers; i++)
		fprintf(f, "%u %llu %llu %llu %llu\n", i, (ull)containers[i].lines[0],
			(ull)containers[i].empty[0], (ull)containers[i].lines[1],
			(ull)containers[i].empty[1]);
	if (fclose(f) == EOF || rename(new, opt.manifest) == -1)
		die("%s", opt.manifest);
}

static uint64_t size_of(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	return (uint64_t)(v * (*end == 'k' ? 1e3 : *end == 'M' ? 1e6
					   : *end == 'G'       ? 1e9
							       : 1));
}

int main(int argc, char **argv)
{
	unsigned rotations = 0;
	int o;

	while ((o = getopt(argc, argv, "r:m:b:s:R:c:S:B")) != -1) {
		switch (o) {
		case 'r':
			opt.root = optarg;
			break;
		case 'm':
			opt.manifest = optarg;
			break;
		case 'b':
			opt.bytes = size_of(optarg);
			break;
		case 's':
			opt.rate = size_of(optarg);
			break;
		case 'R':
			opt.rotate = size_of(optarg);
			break;
		case 'c':
			opt.containers = (unsigned)size_of(optarg);
			break;
		case 'S':
			seed ^= size_of(optarg) * 2654435761U;
			break;
		case 'B':
			opt.backlog = true;
			break;
		default:
			opt.root = NULL;
			optind = argc;
			break;
		}
	}
	if (!opt.root || !opt.bytes || !opt.containers || opt.containers > MAX_CONTAINERS) {
		fprintf(stderr,
			"usage: generate -r ROOT -b BYTES [-m MANIFEST] [-s BYTES/S]\n"
			"                [-R ROTATE_AT] [-c CONTAINERS] [-S SEED] [-B]\n"
			"Sizes may end in k, M or G. -B spreads the times over the last hour.\n");
		return 2;
	}
	for (unsigned i = 0; i < opt.containers; i++)
		container_start(&containers[i], i);
	generate();
	for (unsigned i = 0; i < opt.containers; i++)
		rotations += containers[i].rotations;
	if (opt.manifest)
		write_manifest();
	printf("%llu bytes, %u containers, %u rotations\n", (ull)written, opt.containers,
		rotations);
	return 0;
}
