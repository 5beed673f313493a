/*
 * Sends OTLP/HTTP requests from a folder of bodies (gzip, protobuf), in turn, on a number of
 * connections of which each waits for its answer:
 * `otlp_load PORT FOLDER CONNECTIONS SECONDS [RATE]`; RATE is requests a second on all connections
 * together, without it as many as are answered.
 * Tells the requests, those not answered by 200, and the answers' p50 and p99 in microseconds,
 * as JSON.
 */
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_BODIES = 64,
	MAX_CONNECTIONS = 64,
	MAX_TIMES = 1 << 21,
};

static struct {
	char *p;
	size_t n;
} bodies[MAX_BODIES];
static size_t n_bodies;
static uint32_t times[MAX_TIMES];
static size_t n_times;
static unsigned long long bad;

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "otlp_load: %s\n", why);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void read_body(const char *dir, const char *name)
{
	char path[4096], head[256];
	size_t size, h;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) == -1)
		give_up(path);
	size = (size_t)ftell(f);
	rewind(f);
	h = (size_t)snprintf(head, sizeof(head),
		"POST /v1/traces HTTP/1.1\r\nHost: agent\r\n"
		"Content-Type: application/x-protobuf\r\n"
		"Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		size);
	bodies[n_bodies].p = malloc(h + size);
	if (!bodies[n_bodies].p)
		give_up("out of memory");
	memcpy(bodies[n_bodies].p, head, h);
	if (fread(bodies[n_bodies].p + h, 1, size, f) != size)
		give_up(path);
	bodies[n_bodies++].n = h + size;
	fclose(f);
}

static void ask(int fd)
{
	static size_t next;
	size_t b = next++ % n_bodies;

	if (write(fd, bodies[b].p, bodies[b].n) != (ssize_t)bodies[b].n)
		give_up("a request could not be written");
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void connect_all(struct pollfd *fds, int n, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < n; i++) {
		fds[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		fds[i].events = POLLIN;
		setsockopt(fds[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (connect(fds[i].fd, (struct sockaddr *)&a, sizeof(a)) == -1)
			give_up("cannot connect");
	}
}

static void answered(int fd, int64_t asked)
{
	char answer[2048];

	if (read(fd, answer, sizeof(answer)) < 12)
		give_up("the connection was closed");
	bad += memcmp(answer + 9, "200", 3) != 0;
	times[n_times++] = (uint32_t)((now() - asked) / 1000);
}

/* Not before it is due at this rate. */
static void wait_for_turn(int64_t begun, long rate)
{
	int64_t due = rate ? begun + (int64_t)n_times * 1000000000LL / rate : 0;
	int64_t left = due - now();

	if (left > 0)
		nanosleep(&(struct timespec){left / 1000000000, left % 1000000000}, NULL);
}

int main(int argc, char **argv)
{
	struct pollfd fds[MAX_CONNECTIONS];
	int64_t asked[MAX_CONNECTIONS], until, begun;
	long rate;
	struct dirent *e;
	DIR *d;
	int n;

	if (argc < 5 || argc > 6 || !(d = opendir(argv[2])))
		give_up("usage: otlp_load PORT FOLDER CONNECTIONS SECONDS [RATE]");
	rate = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
	while ((e = readdir(d)) && n_bodies < MAX_BODIES)
		if (e->d_name[0] != '.')
			read_body(argv[2], e->d_name);
	closedir(d);
	n = (int)strtol(argv[3], NULL, 10);
	if (n < 1 || n > MAX_CONNECTIONS || n_bodies == 0)
		give_up("no bodies, or too many connections");
	connect_all(fds, n, (unsigned)strtoul(argv[1], NULL, 10));
	begun = now();
	until = begun + strtol(argv[4], NULL, 10) * 1000000000LL;
	for (int i = 0; i < n; i++) {
		asked[i] = now();
		ask(fds[i].fd);
	}
	while (now() < until && n_times < MAX_TIMES - MAX_CONNECTIONS &&
		poll(fds, (nfds_t)n, 1000) > 0) {
		for (int i = 0; i < n; i++) {
			if (!fds[i].revents)
				continue;
			answered(fds[i].fd, asked[i]);
			wait_for_turn(begun, rate);
			asked[i] = now();
			ask(fds[i].fd);
		}
	}
	qsort(times, n_times, sizeof(times[0]), by_size);
	printf("{\"requests\": %zu, \"bad\": %llu, \"p50\": %u, \"p99\": %u}\n", n_times, bad,
		n_times ? times[n_times / 2] : 0, n_times ? times[n_times * 99 / 100] : 0);
	return 0;
}
