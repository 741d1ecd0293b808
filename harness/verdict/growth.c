/*
 * D2: does a series grow?
 *
 * Three equal windows at the end of the run, the minimum of each. Saw-teeth, one-offs and caches that fill do not lift
 * all three minima; a leak of one entry in three cycles does.
 */
#include "harness/verdict/verdict.h"

static int64_t minimum(const int64_t *values, size_t count)
{
    int64_t least = values[0];
    for (size_t i = 1; i < count; i++)
        if (values[i] < least)
            least = values[i];
    return least;
}

static int64_t maximum(const int64_t *values, size_t count)
{
    int64_t most = values[0];
    for (size_t i = 1; i < count; i++)
        if (values[i] > most)
            most = values[i];
    return most;
}

/* a - b, exact before it is rounded to a double, also where int64_t would overflow. */
static double difference(int64_t a, int64_t b)
{
    return a >= b ? (double)((uint64_t)a - (uint64_t)b) : -(double)((uint64_t)b - (uint64_t)a);
}

struct growth verdict_growth(const int64_t *values, size_t count, int64_t cycles_per_rung, int64_t period,
                             double budget)
{
    struct growth growth = {.window = count / 3};
    for (size_t i = 0; i < count; i++)
        if (values[i] == RECORD_NONE)
            return growth;
    double window_cycles = (double)growth.window * (double)cycles_per_rung;
    if (growth.window == 0 || cycles_per_rung <= 0 || window_cycles < (double)period)
        return growth;

    const int64_t *first = values + count % 3;
    growth.judged = true;
    growth.e1 = minimum(first, growth.window);
    growth.e2 = minimum(first + growth.window, growth.window);
    growth.e3 = minimum(first + 2 * growth.window, growth.window);
    growth.top = maximum(first + growth.window, growth.window);
    growth.rate = difference(growth.e3, growth.e1) / (2 * window_cycles);
    growth.grows = growth.e1 < growth.e2 && growth.e2 < growth.e3 && growth.rate > budget;
    growth.late = growth.e1 >= growth.e2 && growth.e2 < growth.e3;
    growth.flat = true;
    for (size_t i = 1; i < count; i++)
        growth.flat = growth.flat && values[i] == values[0];
    return growth;
}
