/* What an intruder could try is tried in a child process that has locked itself in as the
 * agent does, with the filter of a release build. */

#include "agent/sandbox.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/config/read.h"
#include "agent/options.h"
#include "agent/sandbox_private.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DIED = 1000, /* by SIGSYS */
	OTHER = 2000,
};

static char dir[] = "/tmp/sandbox-test-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	mkdir(in_dir("logs"), 0755);
	mkdir(in_dir("storage"), 0755);
	mkdir(in_dir("conf"), 0755);
	mkdir(in_dir("conf/..1"), 0755);
	mkdir(in_dir("conf/..2"), 0755);
	mkdir(in_dir("secret"), 0755);
	mkdir(in_dir("named"), 0755);
	mkdir(in_dir("runtime"), 0755);
	mkdir(in_dir("runtime/c1"), 0755);
	mkdir(in_dir("pods"), 0755);
	mkdir(in_dir("pods/p1"), 0755);
	mkdir(in_dir("pods/p1/app"), 0755);
	put("logs/a.log", "one\n");
	put("conf/..1/config.alloy", "");
	put("conf/..2/config.alloy", "");
	put("secret/key", "k");
	put("named/n", "n");
	put("runtime/c1/c1-json.log", "{}");
	return symlink("..1", in_dir("conf/..data")) ||
	       symlink("..data/config.alloy", in_dir("conf/config.alloy")) ||
	       symlink(in_dir("runtime/c1/c1-json.log"), in_dir("pods/p1/app/0.log"));
}

static int clean_up(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static int error_of(long got)
{
	return got == -1 ? errno : 0;
}

/* What the node does while the agent runs: a ConfigMap's new generation, a new container. */
static void meanwhile(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	assert_int_equal(symlink("..2", in_dir("conf/..new")), 0);
	assert_int_equal(rename(in_dir("conf/..new"), in_dir("conf/..data")), 0);
	assert_int_equal(mkdir(in_dir("runtime/c2"), 0755), 0);
	put("runtime/c2/c2-json.log", "{}");
}

static void run_child(void (*enter)(void), int (*act)(void), int in, int out)
{
	int answer = 0;

	enter();
	if (write(out, "", 1) != 1 || read(in, &answer, 1) != 1)
		_exit(1);
	answer = act();
	_exit(write(out, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

/* What act() answers in a child that has entered: 0, an errno, or DIED. Nothing of the test runs
 * on in it. */
static int in_child(void (*enter)(void), int (*act)(void))
{
	int to[2], from[2];
	int status, answer = 0;
	pid_t child;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		run_child(enter, act, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	assert_int_equal(read(from[0], &answer, 1), 1);
	meanwhile();
	assert_int_equal(write(to[1], "", 1), 1);
	if (read(from[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = OTHER;
	close(to[1]);
	close(from[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? DIED : OTHER;
	return answer;
}

/* --- folders --- */

static void enter_folders(void)
{

	const char *args[6] = {"invar", "run"};
	char storage[200], named[200], pods[200], path[200], text[600];
	struct config config;
	struct options o;
	struct arena a;
	struct diags d;
	struct err e;

	snprintf(storage, sizeof(storage), "--storage.path=%s", in_dir("storage"));
	snprintf(named, sizeof(named), "--sandbox.read=/nowhere,%s", in_dir("named"));
	snprintf(pods, sizeof(pods), "--pod-logs.path=%s", in_dir("pods"));
	snprintf(path, sizeof(path), "%s", in_dir("conf/config.alloy"));
	snprintf(text, sizeof(text),
		"a { b = \"%s/logs/*.log\" \n c = \"/\" \n d = [\"/etc/*\"] }\n",
		dir);
	args[2] = storage;
	args[3] = named;
	args[4] = pods;
	args[5] = path;
	arena_init(&a, 0);
	diags_init(&d, &a);
	if (!options_parse(6, (char *const *)(uintptr_t)args, &o, &e) ||
		!config_parse(&a, STR("t"), str_from(text), &config, &d) || chdir("/") == -1)
		_exit(9);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sandbox_enter(&o, &config);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return error_of(fd);
}

static int shadow(void)
{
	return try_open("/etc/shadow", O_RDONLY);
}
static int passwd(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}
static int log_file(void)
{
	return try_open(in_dir("logs/a.log"), O_RDONLY);
}
static int log_written(void)
{
	return try_open(in_dir("logs/a.log"), O_WRONLY);
}
static int log_made(void)
{
	return try_open(in_dir("logs/new"), O_CREAT | O_WRONLY);
}
static int log_removed(void)
{
	return error_of(unlink(in_dir("logs/a.log")));
}
static int secret(void)
{
	return try_open(in_dir("secret/key"), O_RDONLY);
}
static int named_file(void)
{
	return try_open(in_dir("named/n"), O_RDONLY);
}
static int resolver(void)
{
	return try_open("/etc/resolv.conf", O_RDONLY);
}
static int own_process(void)
{
	return try_open("/proc/self/statm", O_RDONLY);
}
static int other_process(void)
{
	return try_open("/proc/1/environ", O_RDONLY);
}
static int runtime_file(void)
{
	return try_open(in_dir("pods/p1/app/0.log"), O_RDONLY);
}
static int home(void)
{
	return try_open("/root", O_RDONLY | O_DIRECTORY);
}

static int new_container(void)
{
	return try_open(in_dir("runtime/c2/c2-json.log"), O_RDONLY);
}

static int swapped_config(void)
{
	return try_open(in_dir("conf/config.alloy"), O_RDONLY);
}

static int saved(void)
{
	int error = try_open(in_dir("storage/p.new"), O_CREAT | O_TRUNC | O_WRONLY);

	if (!error)
		error = error_of(rename(in_dir("storage/p.new"), in_dir("storage/p")));
	return error ? error : error_of(mkdir(in_dir("storage/wal"), 0700));
}

static int shell(void)
{
	char *argv[] = {(char *)(uintptr_t) "sh", NULL};

	return error_of(execv("/bin/sh", argv));
}

static const struct {
	const char *name;
	int (*act)(void);
	int want;
} folders[] = {
	{"/etc/shadow", shadow, EACCES},
	{"/etc/passwd", passwd, EACCES},
	{"a log", log_file, 0},
	{"a log is not written to", log_written, EACCES},
	{"nothing is made beside it", log_made, EACCES},
	{"it is not removed", log_removed, EACCES},
	{"a folder that nobody named", secret, EACCES},
	{"--sandbox.read", named_file, 0},
	{"name resolution", resolver, 0},
	{"/proc/self", own_process, 0},
	{"/proc/1", other_process, EACCES},
	{"where a runtime's links lead", runtime_file, 0},
	{"a container that comes later", new_container, 0},
	{"a ConfigMap's new generation", swapped_config, 0},
	{"the home folder", home, EACCES},
	{"positions are replaced", saved, 0},
	{"a shell", shell, EACCES},
};

static bool has_landlock(void)
{
	struct landlock l;

	if (!landlock_open(&l))
		return false;
	close(l.fd);
	return true;
}

static void test_folders(void **state)
{
	(void)state;
	if (!has_landlock()) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	log_set(LOG_ERROR, LOG_LOGFMT);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int got = in_child(enter_folders, folders[i].act);

		if (got != folders[i].want)
			fail_msg("%s: got %s, want %s", folders[i].name, strerror(got),
				strerror(folders[i].want));
	}
}

/* --- system calls --- */

static void enter_filter(void)
{
	static struct sock_filter filter[SECCOMP_FILTER_MAX];
	size_t n = seccomp_filter(filter, SECCOMP_FILTER_MAX, (unsigned)getpid(), false);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || !seccomp_enter(filter, n))
		_exit(9);
}

static int traced(void)
{
	return error_of(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static int mounted(void)
{
	return error_of(mount("none", "/tmp", "tmpfs", 0, ""));
}
static int unshared(void)
{
	return error_of(unshare(CLONE_NEWUSER));
}
static int became_root(void)
{
	return error_of(setuid(0));
}
static int loaded_module(void)
{
	return error_of(syscall(SYS_init_module, "", 0, ""));
}
static int loaded_bpf(void)
{
	return error_of(syscall(SYS_bpf, 0, NULL, 0));
}
static int forked(void)
{
	return error_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int cloned3(void)
{
	return error_of(syscall(SYS_clone3, NULL, 0));
}
static int killed_parent(void)
{
	return error_of(kill(getppid(), 0));
}
static int signalled_self(void)
{
	return error_of(kill(getpid(), 0));
}
static int packet_socket(void)
{
	return error_of(socket(AF_PACKET, SOCK_RAW, 0));
}
static int tcp_socket(void)
{
	return error_of(socket(AF_INET6, SOCK_STREAM, 0));
}
static int ringed(void)
{
	return error_of(syscall(SYS_io_uring_setup, 1, NULL));
}
static int typed(void)
{
	return error_of(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x"));
}
static int unknown(void)
{
	return error_of(syscall(4000));
}
static int old_but_unused(void)
{
	return error_of(syscall(SYS_acct, NULL));
}
static int keyring(void)
{
	return error_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static const struct {
	const char *name;
	int (*act)(void);
	int want;
} calls[] = {
	{"a shell", shell, DIED},
	{"ptrace", traced, DIED},
	{"mount", mounted, DIED},
	{"unshare", unshared, DIED},
	{"setuid", became_root, DIED},
	{"a kernel module", loaded_module, DIED},
	{"bpf", loaded_bpf, DIED},
	{"a process", forked, EPERM},
	{"clone3: the C library falls back", cloned3, ENOSYS},
	{"a signal to another process", killed_parent, EPERM},
	{"a signal to itself", signalled_self, 0},
	{"a raw packet socket", packet_socket, EAFNOSUPPORT},
	{"a TCP socket", tcp_socket, 0},
	{"io_uring", ringed, ENOSYS},
	{"keys pressed on a terminal", typed, ENOTTY},
	{"a call that is not known yet", unknown, ENOSYS},
	{"a call that nothing needs", old_but_unused, EPERM},
	{"the keyring", keyring, EPERM},
};

static void *run_thread(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static int thread(void)
{
	pthread_t t;
	int ran = 0;
	int error = pthread_create(&t, NULL, run_thread, &ran);

	if (!error)
		pthread_join(t, NULL);
	return error ? error : ran ? 0
				   : OTHER;
}

static void test_calls(void **state)
{
	struct sock_filter filter[SECCOMP_FILTER_MAX];

	(void)state;
	if (seccomp_filter(filter, SECCOMP_FILTER_MAX, 1, false) == 0) {
		print_message("skipped: there is no filter for this processor\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int got = in_child(enter_filter, calls[i].act);

		if (got != calls[i].want)
			fail_msg("%s: got %d (%s), want %d", calls[i].name, got, strerror(got),
				calls[i].want);
	}
	assert_int_equal(in_child(enter_filter, thread), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, set_up, clean_up);
}
