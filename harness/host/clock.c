#include "harness/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

/* The one exception to "no file-scope state": the environment points to this text for as long as the process lives, and
 * it is edited in place, because every setenv leaks the string before it into the numbers. */
static char faketime_variable[64] = "FAKETIME=+0";
static int64_t faketime_offset_ns;

static int64_t monotonic_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void faketime_write(void)
{
    (void)snprintf(faketime_variable, sizeof faketime_variable, "FAKETIME=+%lld.%09lld",
                   (long long)(faketime_offset_ns / SECOND_NS), (long long)(faketime_offset_ns % SECOND_NS));
}

/* The variable alone does not mean that libfaketime is loaded and re-reads it: try, by a second that stays. */
bool clock_take_over(void)
{
    if (getenv("FAKETIME") == NULL)
        return false;
    if (putenv(faketime_variable) != 0)
        return false;
    int64_t before = monotonic_ns();
    faketime_offset_ns = SECOND_NS;
    faketime_write();
    return monotonic_ns() - before >= SECOND_NS;
}

enum err clock_advance(int64_t duration_ns, struct problem *why)
{
    const int64_t limit = INT64_MAX / 4; /* 73 years: pools may add to what they read */

    if (duration_ns > limit - faketime_offset_ns)
        return problem_set(why, ERR_INPUT, "the clock cannot advance by more than 73 years in all");
    faketime_offset_ns += duration_ns;
    faketime_write();
    return ERR_NONE;
}
