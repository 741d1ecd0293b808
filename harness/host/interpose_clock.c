/*
 * The clocks that do not follow when the wall clock is set (clock.c), in front of libfaketime's: what they tell, and waiting for a
 * moment of theirs. For the host program only, not its tests; not under TSan, where libfaketime is not.
 */
#include "harness/host/host.h"

#if !defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*gettime_fn)(clockid_t clock, struct timespec *out);
typedef int (*timedwait_fn)(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);

static void find_next(void *function, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (symbol == NULL)
        abort();
    memcpy(function, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function */
}

static void add_ns(struct timespec *time, int64_t ns)
{
    int64_t sum = time->tv_nsec + ns % NS_PER_SEC;

    time->tv_sec += ns / NS_PER_SEC + (sum >= NS_PER_SEC) - (sum < 0);
    time->tv_nsec = sum + (sum < 0 ? NS_PER_SEC : 0) - (sum >= NS_PER_SEC ? NS_PER_SEC : 0);
}

static bool goes_by_itself(clockid_t clock)
{
    return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
           clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    static _Atomic gettime_fn next; /* two threads that search find the same */
    gettime_fn function = next;

    if (function == NULL) {
        find_next(&function, "clock_gettime");
        next = function;
    }
    int rc = function(clock, out);
    if (rc == 0 && goes_by_itself(clock))
        add_ns(out, -clock_stepped_ns());
    return rc;
}

/* glibc keeps the clock of a condition variable in this bit (nptl/pthreadP.h: __PTHREAD_COND_CLOCK_MONOTONIC_MASK, since 2.25). */
static bool waits_by_itself(const pthread_cond_t *cond)
{
    return (cond->__data.__wrefs & 2) != 0;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    static _Atomic timedwait_fn next;
    timedwait_fn function = next;
    struct timespec theirs = *until;

    if (function == NULL) {
        find_next(&function, "pthread_cond_timedwait");
        next = function;
    }
    if (waits_by_itself(cond))
        add_ns(&theirs, clock_stepped_ns());
    return function(cond, mutex, &theirs);
}

#endif
