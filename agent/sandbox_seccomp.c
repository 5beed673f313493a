/*
 * The filter of system calls, in the kernel's classic BPF. It lists what the program and its
 * libraries (libuv, libcurl, OpenSSL, GnuTLS, the C library's resolver) call; what only an
 * intruder calls ends the process, so that it is seen; all else fails with EPERM. Calls that
 * are newer than this list fail with ENOSYS, as on an older kernel, because then libraries
 * fall back. Signals, limits and process control reach this process alone.
 *
 * io_uring goes round such filters, so it is not there; clone3() hides its flags in memory,
 * so the C library is made to use clone(), of which only threads pass.
 */

#include "agent/sandbox_private.h"

#include "agent/base/must.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0 /* no filter */
#endif

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define NEWEST 462 /* mseal, Linux 6.10; the numbers above 402 are the same everywhere */

/* clang-format off */
/* The frequent ones first: kernels before 5.11 walk the list at each call. */
static const unsigned allowed[] = {
	SYS_read, SYS_pread64, SYS_write, SYS_futex, SYS_epoll_pwait, SYS_epoll_ctl, SYS_sendto,
	SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_writev, SYS_close, SYS_openat, SYS_fstat,
	SYS_newfstatat, SYS_statx, SYS_clock_gettime, SYS_mmap, SYS_munmap, SYS_madvise,
	SYS_inotify_add_watch, SYS_inotify_rm_watch, SYS_getdents64, SYS_lseek, SYS_fcntl,
	/* files */
	SYS_readv, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2,
	SYS_close_range, SYS_openat2, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_getcwd,
	SYS_chdir, SYS_flock, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_truncate,
	SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_readahead, SYS_renameat, SYS_renameat2,
	SYS_unlinkat, SYS_mkdirat, SYS_fchmod, SYS_fchmodat, SYS_utimensat, SYS_dup, SYS_dup3,
	SYS_pipe2, SYS_sendfile, SYS_statfs, SYS_fstatfs, SYS_umask, SYS_inotify_init1,
	/* waiting, sockets */
	SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_pwait2, SYS_eventfd2,
	SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_socketpair, SYS_bind,
	SYS_listen, SYS_accept, SYS_accept4, SYS_connect, SYS_getsockname, SYS_getpeername,
	SYS_setsockopt, SYS_getsockopt, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
	/* memory */
	SYS_brk, SYS_mremap, SYS_mprotect, SYS_membarrier, SYS_mincore, SYS_mlock, SYS_munlock,
	462 /* mseal */,
	/* this process */
	SYS_exit, SYS_exit_group, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid,
	SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid, SYS_getresgid, SYS_getpgid,
	SYS_getsid, SYS_capget, SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address,
	SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_getparam,
	SYS_sched_getscheduler, SYS_sched_get_priority_max, SYS_sched_get_priority_min,
	SYS_getpriority, SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_getcpu, SYS_getrandom,
	SYS_times, SYS_gettimeofday, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending,
	SYS_rt_sigtimedwait, SYS_rt_sigsuspend, SYS_sigaltstack, SYS_restart_syscall,
	/* the other half of the sandbox; it can only take away */
	SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self,
#ifdef __x86_64__ /* older names of the above, which arm64 never had */
	SYS_epoll_wait, SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_rename,
	SYS_unlink, SYS_mkdir, SYS_rmdir, SYS_chmod, SYS_dup2, SYS_pipe, SYS_poll, SYS_select,
	SYS_epoll_create, SYS_eventfd, SYS_inotify_init, SYS_time, SYS_getrlimit, SYS_arch_prctl,
	SYS_getpgrp,
#endif
};

static const unsigned hostile[] = {
	SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree, SYS_move_mount,
	SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_unshare,
	SYS_setns, SYS_bpf, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module,
	SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_setuid,
	SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid,
	SYS_setfsgid, SYS_setgroups, SYS_capset,
#ifdef __x86_64__
	SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
};

static const unsigned absent[] = {
	SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register};

/* LeakSanitizer makes a process that shares our memory, which stops our threads by ptrace. */
static const unsigned for_tools[] = {
	SYS_ptrace, SYS_clone, SYS_wait4, SYS_waitid, SYS_prctl, SYS_kill, SYS_tgkill, SYS_tkill,
	SYS_prlimit64, SYS_personality, SYS_process_vm_readv,
#ifdef __x86_64__
	SYS_fork, SYS_getdents, SYS_vfork,
#endif
};

static const unsigned domains[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
static const unsigned requests[] = {FIONBIO, FIONREAD, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ,
	0x8910 /* SIOCGIFNAME */, 0x8933 /* SIOCGIFINDEX */, 0x8912 /* SIOCGIFCONF */,
	0x5411 /* SIOCOUTQ */};
static const unsigned controls[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE,
	PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP,
	0x53564d41 /* PR_SET_VMA: names */};
/* clang-format on */

struct program {
	struct sock_filter *p;
	size_t n, max;
};

static void emit(struct program *p, unsigned code, unsigned k, size_t jump_if, size_t jump_else)
{
	must(p->n < p->max && jump_if < 256 && jump_else < 256);
	p->p[p->n++] = (struct sock_filter){
		(uint16_t)code, (uint8_t)jump_if, (uint8_t)jump_else, k};
}

static void load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(struct program *p, unsigned action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

/* If what is loaded is one of these: this answer. */
static void match(struct program *p, const unsigned *v, size_t n, unsigned action)
{
	for (size_t i = 0; i < n; i++) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, v[i], 0, 1);
		answer(p, action);
	}
}

/* The call passes if one of its arguments, after the mask, is one of these. All of these are 32
 * bits wide to the kernel, so that the upper half does not count. */
static void match_argument(struct program *p, unsigned call, int argument, unsigned mask,
	const unsigned *v, size_t n, int error)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3 + 2 * n);
	load(p, offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
	emit(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	match(p, v, n, SECCOMP_RET_ALLOW);
	answer(p, SECCOMP_RET_ERRNO | (unsigned)error);
}

static void match_arguments(struct program *p, unsigned pid)
{
	static const unsigned thread = CLONE_THREAD;
	const unsigned spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	const unsigned self[] = {0, pid};

	match_argument(p, SYS_clone, 0, CLONE_THREAD | spaces, &thread, 1, EPERM);
	match_argument(p, SYS_socket, 0, ~0u, domains, N(domains), EAFNOSUPPORT);
	match_argument(p, SYS_ioctl, 1, ~0u, requests, N(requests), ENOTTY);
	match_argument(p, SYS_prctl, 0, ~0u, controls, N(controls), EINVAL);
	match_argument(p, SYS_prlimit64, 0, ~0u, self, 2, EPERM);
	match_argument(p, SYS_tgkill, 0, ~0u, &pid, 1, EPERM);
	match_argument(p, SYS_kill, 0, ~0u, &pid, 1, EPERM);
}

size_t seccomp_filter(struct sock_filter *out, size_t max, unsigned pid, bool tools)
{
	struct program p = {out, 0, max};

	if (ARCH == 0)
		return 0;
	load(&p, offsetof(struct seccomp_data, arch));
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	answer(&p, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
	match(&p, allowed, N(allowed), SECCOMP_RET_ALLOW);
	if (tools)
		match(&p, for_tools, N(for_tools), SECCOMP_RET_ALLOW);
	match_arguments(&p, pid);
	/* A sanitizer's report starts a program that finds names; the report is worth more. */
	match(&p, hostile, N(hostile),
		tools ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS);
	match(&p, absent, N(absent), SECCOMP_RET_ERRNO | ENOSYS);
	emit(&p, BPF_JMP | BPF_JGT | BPF_K, NEWEST, 0, 1);
	answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
	answer(&p, SECCOMP_RET_ERRNO | EPERM);
	return p.n;
}

bool seccomp_enter(const struct sock_filter *filter, size_t n)
{
	struct sock_fprog program = {(unsigned short)n, (struct sock_filter *)(uintptr_t)filter};

	if (n == 0) {
		errno = ENOSYS;
		return false;
	}
	/* Above zero: the number of a thread that has a filter of its own already. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
		       &program) == 0;
}
