/* Set back, the wall clock keeps what is due alive until it has come that far again; set forward, it ends everything at once. */
#include "pools/core/core.h"

#include <time.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->now_ns = now_ns;
}

static const struct pool_defect defect_wall_clock = {
    .name = "wall_clock",
    .source = "FirebirdSQL/NETProvider #725, HikariCP #745",
    .about = "the time-to-live is counted on the wall clock, which can be set",
    .apply = apply,
};

POOL_DEFECT(defect_wall_clock)
