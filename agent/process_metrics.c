#include "agent/process_metrics.h"

#include "agent/base/metric.h"
#include "agent/base/str.h"
#include "agent/base/timestamp.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct metric_family families[] = {
	{"alloy_resources_process_start_time_seconds", METRIC_GAUGE,
		"Start time of the process since unix epoch in seconds.", NULL},
	{"alloy_resources_process_cpu_seconds_total", METRIC_COUNTER,
		"Total user and system CPU time spent in seconds.", NULL},
	{"alloy_resources_process_resident_memory_bytes", METRIC_GAUGE,
		"Current resident memory size in bytes.", NULL},
	{"alloy_resources_process_virtual_memory_bytes", METRIC_GAUGE,
		"Current virtual memory size in bytes.", NULL},
	{"alloy_resources_machine_rx_bytes_total", METRIC_COUNTER,
		"Total bytes, host-wide, received across all network interfaces.", NULL},
	{"alloy_resources_machine_tx_bytes_total", METRIC_COUNTER,
		"Total bytes, host-wide, sent across all network interfaces.", NULL},
};

enum {
	START,
	CPU,
	RESIDENT,
	VIRTUAL,
	RECEIVED,
	SENT,
	COUNT,
};

static struct metric *series[COUNT];
static double started;

static double read_start(void *owner)
{
	(void)owner;
	return started;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double read_cpu(void *owner)
{
	struct rusage u;

	(void)owner;
	if (getrusage(RUSAGE_SELF, &u) == -1)
		return 0;
	return seconds(u.ru_utime) + seconds(u.ru_stime);
}

/* The text of a small file of /proc; empty if there is none. */
static struct str read_proc(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return (struct str){"", 0};
	n = fread(text, 1, size, f);
	fclose(f);
	return (struct str){text, n};
}

/* Field i of a line, 0 the first; 0 if it is no number. */
static double number_at(struct str line, unsigned i)
{
	int64_t v = 0;

	for (;; i--) {
		size_t n = 0;

		line = str_trim(line);
		while (n < line.n && line.p[n] != ' ' && line.p[n] != '\n')
			n++;
		if (i == 0)
			return str_to_int(str_head(line, n), &v) ? (double)v : 0;
		line = str_from_at(line, n);
	}
}

/* /proc/self/statm: size, resident, and shared of it, in pages. */
static double read_pages(unsigned field)
{
	char text[128];

	return number_at(read_proc("/proc/self/statm", text, sizeof(text)), field) *
	       (double)sysconf(_SC_PAGESIZE);
}

static double read_resident(void *owner)
{
	(void)owner;
	return read_pages(1);
}

static double read_virtual(void *owner)
{
	(void)owner;
	return read_pages(0);
}

/* /proc/net/dev, a line an interface: name: received bytes, 7 more, sent bytes, … */
static double read_net(unsigned field)
{
	static char text[64 << 10]; /* 500 interfaces of a node full of pods */
	struct str rest = read_proc("/proc/net/dev", text, sizeof(text)), line, name, numbers;
	double total = 0;

	while (str_cut(rest, '\n', &line, &rest))
		if (str_cut(line, ':', &name, &numbers))
			total += number_at(numbers, field);
	return total;
}

static double read_received(void *owner)
{
	(void)owner;
	return read_net(0);
}

static double read_sent(void *owner)
{
	(void)owner;
	return read_net(8);
}

size_t process_anonymous(void)
{
	double shared = read_pages(2);
	double resident = read_pages(1);

	return resident > shared ? (size_t)(resident - shared) : 0;
}

void process_metrics_start(int64_t start_ns)
{
	static double (*const readers[COUNT])(void *) = {
		read_start, read_cpu, read_resident, read_virtual, read_received, read_sent};

	started = (double)start_ns / (double)NS_PER_SEC;
	for (unsigned i = 0; i < COUNT; i++) {
		series[i] = metric_new(&families[i], NULL);
		metric_set_reader(series[i], readers[i], NULL);
	}
}

void process_metrics_stop(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		metric_free(series[i]);
		series[i] = NULL;
	}
}
