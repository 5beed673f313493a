/*
 * Takes what it is sent and forgets it: Loki's pushes and OTLP. `sink -p PORT_FILE`; GET
 * anything tells the requests, the bytes and the largest body as JSON.
 */
#include "tests/e2e/sink.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static size_t asked(const char *path, char *out, size_t size)
{
	(void)path;
	return (size_t)snprintf(out, size,
		"{\"requests\": %llu, \"bytes\": %llu, \"largest\": %llu}\n",
		(unsigned long long)sink.requests, (unsigned long long)sink.bytes,
		(unsigned long long)sink.largest);
}

int main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "-p") != 0)
		die("usage: sink -p PORT_FILE");
	signal(SIGPIPE, SIG_IGN);
	sink.asked = asked;
	sink_start(0, argv[2]);
	for (;;)
		pause();
}
