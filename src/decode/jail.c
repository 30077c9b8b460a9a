/* jail.c - what a decoding child gives up: seccomp by libseccomp, no_new_privs, and resource limits, which hold alone
 * where a kernel or a container refuses the filter: without a descriptor to spare nothing can be opened. */
#include "jail.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef HAVE_SECCOMP
#include <errno.h>
#include <seccomp.h>

/* Reading and answering on what is open, memory, time, and dying. */
static const int allowed[] = {
        SCMP_SYS(read),
        SCMP_SYS(pread64),
        SCMP_SYS(lseek),
        SCMP_SYS(fstat),
        SCMP_SYS(recvfrom),
        SCMP_SYS(recvmsg),
        SCMP_SYS(sendto),
        SCMP_SYS(write), /* on sockets and standard error, which is all there is */
        SCMP_SYS(close),
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(getrandom),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction), /* abort() */
        SCMP_SYS(sigaltstack),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
};

/* Memory that can be run stays as it is. */
static int allow_data_memory(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	return result != 0 ? result
	                   : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Everything else fails with EPERM: a library that asks for more than it needs goes on. */
void *jail_filter_new(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter ? allow_data_memory(filter) : -1;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (result == 0)
		return filter;
	if (filter)
		seccomp_release(filter);
	return NULL;
}

/* A signal to itself only: abort() and assertions. */
static bool enter_filter(void *filter)
{
	struct scmp_arg_cmp ourselves = {
	        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid()};
	return filter &&
	       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &ourselves) ==
	               0 &&
	       seccomp_load(filter) == 0;
}
#else
void *jail_filter_new(void)
{
	return NULL;
}

static bool enter_filter(void *filter)
{
	return false;
}
#endif

static void limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit limits = {most, most};

	setrlimit(resource, &limits); /* a lower one that is there already is as good */
}

bool jail_enter(void *filter)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	limit(RLIMIT_NOFILE, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their shadows are larger */
	limit(RLIMIT_AS, (rlim_t)1 << 30);
#endif
	return enter_filter(filter);
}
