/*
 * What the process may still do once it runs, and the order of things: first the limits and
 * the filter of system calls, before there is a second thread; after the first load the
 * folders, as the configuration names them.
 *
 * Landlock cannot be widened. A reload that needs another folder is told so; the rest of it
 * takes effect. Rules stand on inodes, so folders are allowed rather than files.
 */

#include "agent/sandbox_private.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Name resolution, TLS, time zones, what the C library loads for them on demand, and the journal,
 * which libsystemd looks for by itself and does not miss. */
static const char *const system_folders[] = {"/etc/ssl", "/etc/pki", "/etc/ca-certificates",
	"/etc/crypto-policies", "/etc/gnutls", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/usr/share/zoneinfo", "/usr/lib", "/usr/lib64",
	"/usr/local/lib", "/lib", "/lib64", "/sys/fs/cgroup", "/var/log", "/var/run/secrets",
	"/run/log/journal"};
static const char *const system_files[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime", "/etc/ld.so.cache",
	"/etc/machine-id", "/dev/null", "/dev/urandom", "/dev/random"};
static const char *const variables[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
	"OPENSSL_CONF", "KUBECONFIG"};

/* What was allowed; empty: Landlock is not on. */
static struct sandbox_paths allowed;

/* The folder /proc/self gets a new inode when memory is short, which no rule knows; held open,
 * it keeps the one it has. */
static int proc_self = -1;

static bool is_off(const struct options *o)
{
	return strcmp(o->sandbox, "off") == 0;
}

static void say_lacking(const char *what, int error)
{
	log_info(NULL, "the kernel lacks a part of the sandbox; the agent runs without it",
		KV("part", what), KV("err", strerror(error)));
}

void sandbox_start(const struct options *o)
{
	struct rlimit none = {0, 0};
	struct sock_filter *filter;
	size_t n;

	if (is_off(o)) {
		log_info(NULL, "the sandbox is off", KV("flag", "--sandbox=off"));
		return;
	}
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		say_lacking("no core dumps", errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		say_lacking("no new privileges", errno);
		return;
	}
	filter = mem_new(struct sock_filter, SECCOMP_FILTER_MAX);
	n = seccomp_filter(filter, SECCOMP_FILTER_MAX, (unsigned)getpid(), SANITIZED);
	if (!seccomp_enter(filter, n))
		say_lacking("filter of system calls (seccomp)", errno);
	free(filter);
}

static void on_path(void *owner, struct str text)
{
	if (!sandbox_paths_add_pattern(owner, text))
		log_warn(NULL, "the sandbox does not open such a folder whole",
			KV("path", text),
			KV("hint", "name a folder below it, or add --sandbox.read=FOLDER"));
}

/* A folder of otelcol.storage.file, which has been made meanwhile. */
static void on_written(void *owner, struct str text)
{
	char path[4096];

	if (text.n >= sizeof(path))
		return;
	snprintf(path, sizeof(path), STR_FMT, STR_ARG(text));
	sandbox_paths_add(owner, path, ACCESS_WRITE);
}

/* A list with commas, each entry as it is: the operator said so. */
static void add_named(struct sandbox_paths *s, const char *list)
{
	struct str rest = str_from(list), one;
	char path[4096], real[4096];

	while (rest.n) {
		struct str all = rest;

		if (!str_cut(all, ',', &one, &rest)) {
			one = all;
			rest = (struct str){0};
		}
		if (one.n == 0 || one.n >= sizeof(path))
			continue;
		snprintf(path, sizeof(path), STR_FMT, STR_ARG(one));
		if (!realpath(path, real))
			log_warn(NULL, "a path of --sandbox.read cannot be allowed",
				KV("path", path), KV("err", strerror(errno)),
				KV("hint", "it must exist when the agent starts"));
		sandbox_paths_add(s, path, ACCESS_READ);
	}
}

static void add_config_path(struct sandbox_paths *s, const char *path)
{
	DIR *folder = opendir(path);

	if (!folder) {
		sandbox_paths_add_file(s, path);
		return;
	}
	closedir(folder);
	sandbox_paths_add(s, path, ACCESS_READ);
}

static void gather(struct sandbox_paths *s, const struct options *o, const struct config *config)
{
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(system_folders[0]); i++)
		sandbox_paths_add(s, system_folders[i], ACCESS_READ);
	for (size_t i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
		sandbox_paths_add_file(s, system_files[i]);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (getenv(variables[i]))
			on_path(s, str_from(getenv(variables[i])));
	sandbox_paths_add(s, "/proc/self", ACCESS_READ);
	sandbox_paths_add(s, o->pod_logs, ACCESS_READ);
	sandbox_paths_add_runtime(s, o->pod_logs);
	sandbox_paths_add(s, o->storage_path,
		options_dry_run(o) == DRY_RUN_OFF ? ACCESS_WRITE : ACCESS_READ);
	if (o->path)
		add_config_path(s, o->path);
	sandbox_paths_add_pattern(s, STR("./*")); /* paths without a slash in front */
	for (size_t i = 0; i < o->n_sandbox_read; i++)
		add_named(s, o->sandbox_read[i]);
	if (options_dry_run(o) == DRY_RUN_OFF)
		sandbox_config_written(config, on_written, s);
	sandbox_config_paths(config, on_path, s);
}

static void allow_all(struct landlock *l, const struct sandbox_paths *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (landlock_allow(l, s->p[i].path, s->p[i].access))
			log_debug(NULL, "the sandbox allows", KV("path", s->p[i].path),
				KV("access", s->p[i].access == ACCESS_WRITE ? "write" : "read"));
		else
			log_warn(NULL, "a path cannot be allowed in the sandbox",
				KV("path", s->p[i].path), KV("err", strerror(errno)),
				KV("hint", "what needs it will say so; or --sandbox=off"));
	}
}

/* Landlock below version 8 binds the thread that asks, and those that it makes. */
static size_t count_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

void sandbox_enter(const struct options *o, const struct config *config)
{
	struct landlock l;
	size_t threads = count_threads();

	if (is_off(o) || allowed.n)
		return;
	if (!landlock_open(&l)) {
		say_lacking("folders (Landlock)", errno);
		return;
	}
	proc_self = open("/proc/self", O_PATH | O_CLOEXEC);
	gather(&allowed, o, config);
	allow_all(&l, &allowed);
	if (!landlock_enter(&l)) {
		say_lacking("folders (Landlock)", errno);
		sandbox_paths_fini(&allowed);
		return;
	}
	if (threads > 1 && !l.is_tight)
		log_info(NULL, "threads that ran already are not bound to the sandbox's folders",
			KV("threads", (int64_t)threads - 1));
	log_info(NULL, "the process has locked itself in", KV("landlock_version", l.abi),
		KV("paths", (int64_t)allowed.n), KV("written", o->storage_path));
}

static void on_new_written(void *owner, struct str text)
{
	struct sandbox_paths new = {0};

	(void)owner;
	on_written(&new, text);
	for (size_t i = 0; i < new.n; i++)
		if (!sandbox_paths_cover_write(&allowed, new.p[i].path))
			log_warn(NULL, "the new configuration names a folder that the sandbox "
				       "closed at the start; it cannot be written",
				KV("path", new.p[i].path),
				KV("hint", "restart the agent, so that its sandbox allows it"));
	sandbox_paths_fini(&new);
}

static void on_new_path(void *owner, struct str text)
{
	struct sandbox_paths new = {0};

	(void)owner;
	sandbox_paths_add_pattern(&new, text);
	for (size_t i = 0; i < new.n; i++)
		if (!sandbox_paths_cover(&allowed, new.p[i].path))
			log_warn(NULL, "the new configuration names a path that the sandbox "
				       "closed at the start; it cannot be read",
				KV("path", new.p[i].path),
				KV("hint", "restart the agent, so that its sandbox allows it"));
	sandbox_paths_fini(&new);
}

void sandbox_check(const struct config *config)
{
	if (!allowed.n)
		return;
	sandbox_config_paths(config, on_new_path, NULL);
	sandbox_config_written(config, on_new_written, NULL);
}
