/*
 * A clock that a test moves, for a program that knows nothing of it: by LD_PRELOAD, all clocks are
 * ahead of the real ones by the nanoseconds in the file CLOCK_FILE, which the test writes, and no
 * wait for events is longer than it takes to notice. Times of files stay real.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NOTICE_MS 20
#define NS_PER_SEC INT64_C(1000000000)

static const volatile int64_t *ahead;
static int (*real_gettime)(clockid_t id, struct timespec *ts);
static int (*real_wait)(int fd, struct epoll_event *e, int n, int timeout, const sigset_t *mask);

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("CLOCK_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_wait = dlsym(RTLD_NEXT, "epoll_pwait");
	if (fd == -1)
		return;
	p = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		ahead = p;
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int result;

	if (!real_gettime) /* before our constructor */
		*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	result = real_gettime(id, ts);
	if (result == 0 && ahead && id != CLOCK_PROCESS_CPUTIME_ID &&
		id != CLOCK_THREAD_CPUTIME_ID) {
		int64_t ns = ts->tv_nsec + *ahead % NS_PER_SEC;

		ts->tv_sec += *ahead / NS_PER_SEC + ns / NS_PER_SEC;
		ts->tv_nsec = ns % NS_PER_SEC;
	}
	return result;
}

int epoll_pwait(int fd, struct epoll_event *e, int n, int timeout, const sigset_t *mask)
{
	return real_wait(fd, e, n, timeout < 0 || timeout > NOTICE_MS ? NOTICE_MS : timeout, mask);
}

int epoll_wait(int fd, struct epoll_event *e, int n, int timeout)
{
	return epoll_pwait(fd, e, n, timeout, NULL);
}
