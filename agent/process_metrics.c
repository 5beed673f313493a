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

/* /proc/self/statm: size and resident, in pages. */
static double read_pages(unsigned field)
{
	unsigned long pages[2] = {0, 0};
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &pages[0], &pages[1]) != 2)
		pages[0] = pages[1] = 0;
	fclose(f);
	return (double)pages[field] * (double)sysconf(_SC_PAGESIZE);
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
static double read_net(bool sent)
{
	char line[512];
	double total = 0;
	FILE *f = fopen("/proc/net/dev", "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned long long rx, tx;
		const char *colon = strchr(line, ':');

		if (!colon || sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &rx,
				      &tx) != 2)
			continue;
		total += (double)(sent ? tx : rx);
	}
	fclose(f);
	return total;
}

static double read_received(void *owner)
{
	(void)owner;
	return read_net(false);
}

static double read_sent(void *owner)
{
	(void)owner;
	return read_net(true);
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
