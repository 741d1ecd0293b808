/*
 * clocks: a shared object whose pool asks every clock at each get, and waits on the two that a program waits on. A get fails when a clock
 * has gone back that never may, when the functions that tell the wall clock disagree, or when a wait of 5 ms ends at once or takes a second.
 *
 *     churn-host --pool build/selftest/clocks.so    under libfaketime (harness/tests/test_host_program.c)
 *
 * The wall clock's distance from the first get is what it says it has in `timers`, in seconds; that of CLOCK_MONOTONIC in `listeners`.
 */
#include "harness/tests/pools/simple.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

struct planted {
    int64_t wall, monotonic;                 /* at the first get */
    int64_t latest, latest_raw, latest_boot; /* what CLOCK_MONOTONIC and its kin said last */
};

#define SECOND_NS INT64_C(1000000000)
#define WAIT_NS   INT64_C(5000000)

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;

    return clock_gettime(clock, &now) == 0 ? now.tv_sec * SECOND_NS + now.tv_nsec : -1;
}

static bool goes_on(clockid_t clock, int64_t *latest)
{
    int64_t now = read_ns(clock);
    bool good = now >= *latest;

    *latest = now;
    return good;
}

/* time() may be of the second before. */
static bool tell_one_time(void)
{
    int64_t wall = read_ns(CLOCK_REALTIME) / SECOND_NS;
    struct timeval of_day;
    struct timespec standard;

    (void)gettimeofday(&of_day, NULL);
    (void)timespec_get(&standard, TIME_UTC);
    return llabs(time(NULL) - wall) <= 1 && llabs(of_day.tv_sec - wall) <= 1 && llabs(standard.tv_sec - wall) <= 1;
}

/* Until 5 ms from now on that clock; nobody signals. */
static bool waits_as_long_as_it_says(clockid_t clock)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attributes;
    pthread_cond_t cond;
    int64_t until = read_ns(clock) + WAIT_NS, before = read_ns(CLOCK_MONOTONIC);
    const struct timespec moment = {until / SECOND_NS, until % SECOND_NS};

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, clock);
    (void)pthread_cond_init(&cond, &attributes);
    (void)pthread_mutex_lock(&mutex);
    int rc = pthread_cond_timedwait(&cond, &mutex, &moment);
    (void)pthread_mutex_unlock(&mutex);
    (void)pthread_cond_destroy(&cond);
    int64_t took = read_ns(CLOCK_MONOTONIC) - before;
    return rc == ETIMEDOUT && took >= WAIT_NS - WAIT_NS / 5 && took < SECOND_NS;
}

static bool clocks_read(struct planted *planted, const char *settings)
{
    planted->wall = read_ns(CLOCK_REALTIME);
    planted->monotonic = read_ns(CLOCK_MONOTONIC);
    return settings[0] == '\0';
}

static bool clocks_get(struct keyed_pool *pool)
{
    struct planted *planted = pool->planted;

    return goes_on(CLOCK_MONOTONIC, &planted->latest) && goes_on(CLOCK_MONOTONIC_RAW, &planted->latest_raw) &&
           goes_on(CLOCK_BOOTTIME, &planted->latest_boot) && tell_one_time() &&
           waits_as_long_as_it_says(CLOCK_REALTIME) && waits_as_long_as_it_says(CLOCK_MONOTONIC);
}

/* Nothing here is ever due. */
static void clocks_maintain(struct keyed_pool *pool)
{
    (void)pool;
}

static void clocks_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    out->value[POOL_STAT_TIMERS] = (read_ns(CLOCK_REALTIME) - pool->planted->wall) / SECOND_NS;
    out->value[POOL_STAT_LISTENERS] = (read_ns(CLOCK_MONOTONIC) - pool->planted->monotonic) / SECOND_NS;
}

const struct planting planting = {
    .name = "clocks",
    .about = "fails a get when a clock or a wait goes wrong, for the harness's own tests",
    .planted_size = sizeof(struct planted),
    .read = clocks_read,
    .expected = "no settings",
    .get = clocks_get,
    .maintain = clocks_maintain,
    .stats = clocks_stats,
};
