/*
 * clock.c: libfaketime's clock, moved from inside.
 *
 * libfaketime (0.9.10) has one offset for all clocks. Time that passes is that offset. When the wall clock alone is set, the offset moves
 * too, and interpose_clock.c takes the step out of the other clocks again: so every function that tells the wall clock, or waits for
 * it, is libfaketime's.
 */
#include "harness/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The one exception to "no file-scope state": the environment points to this text for as long as the process lives, and
 * it is edited in place, because every setenv leaks the string before it into the numbers. */
static char faketime_variable[64] = "FAKETIME=+0";
static int64_t advanced_ns;
static _Atomic int64_t stepped_ns; /* threads of a pool read it, with the clock */

static int64_t read_ns(clockid_t clock)
{
    struct timespec now = {0};

    (void)clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static void faketime_write(void)
{
    long long offset = advanced_ns + stepped_ns;

    (void)snprintf(faketime_variable, sizeof faketime_variable, "FAKETIME=%c%lld.%09lld", offset < 0 ? '-' : '+',
                   llabs(offset) / NS_PER_SEC, llabs(offset) % NS_PER_SEC);
}

int64_t clock_stepped_ns(void)
{
    return stepped_ns;
}

static void step(int64_t duration_ns)
{
    stepped_ns += duration_ns;
    faketime_write();
}

/* Forth and back. Without interpose_clock.c (tests, TSan) the other clocks follow. */
static bool try_step(void)
{
    int64_t monotonic = read_ns(CLOCK_MONOTONIC), wall = read_ns(CLOCK_REALTIME);

    step(10 * NS_PER_SEC);
    bool works = read_ns(CLOCK_REALTIME) - wall >= 10 * NS_PER_SEC;
    monotonic = read_ns(CLOCK_MONOTONIC) - monotonic;
    step(-10 * NS_PER_SEC);
    return works && monotonic >= 0 && monotonic < 10 * NS_PER_SEC;
}

/* The variable alone does not mean that libfaketime is loaded and re-reads it: try, by a second that stays. */
struct clock_powers clock_take_over(void)
{
    struct clock_powers powers = {0};

    if (getenv("FAKETIME") == NULL || putenv(faketime_variable) != 0)
        return powers;
    int64_t before = read_ns(CLOCK_MONOTONIC);
    advanced_ns = NS_PER_SEC;
    faketime_write();
    powers.moves = read_ns(CLOCK_MONOTONIC) - before >= NS_PER_SEC;
    powers.steps = powers.moves && try_step();
    return powers;
}

enum err clock_advance(int64_t duration_ns, struct problem *why)
{
    const int64_t limit = INT64_MAX / 4; /* 73 years: pools may add to what they read */

    if (duration_ns > limit - advanced_ns)
        return problem_set(why, ERR_INPUT, "the clock cannot advance by more than 73 years in all");
    advanced_ns += duration_ns;
    faketime_write();
    return ERR_NONE;
}

enum err clock_step(int64_t duration_ns, struct problem *why)
{
    const int64_t limit =
        INT64_MAX / 8; /* 36 years: the wall clock stays after 1970, and below the end of what nanoseconds can say */

    if (duration_ns > limit - stepped_ns || duration_ns < -limit - stepped_ns)
        return problem_set(why, ERR_INPUT, "the wall clock cannot be set by more than 36 years in all");
    step(duration_ns);
    return ERR_NONE;
}
