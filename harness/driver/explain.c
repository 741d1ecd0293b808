/* explain.c: a second run under memcheck that tells whose allocations grow. */
#include "harness/driver/driver_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the middle of the run to its end: what fills up first is full by then. The rung before the first operation is the
 * host's first, and the measured ones follow. */
enum err drive_ask_growth(struct drive *drive, struct problem *why)
{
    size_t rungs = scenario_plan_rungs(drive->plan), count = 0;
    char *text = NULL;

    while (drive->command.extra_env && drive->command.extra_env[count])
        count++;
    char **env = reallocarray(drive->command.extra_env, count + 2, sizeof(*env));
    if (env)
        drive->command.extra_env = env;
    if (!env || asprintf(&text, "CHURN_EXPLAIN=%zu,%zu", 1 + (rungs + 1) / 2, 1 + rungs) < 0)
        return problem_set(why, ERR_MEMORY, "out of memory while preparing a run");
    env[count] = text;
    env[count + 1] = NULL;
    return ERR_NONE;
}

static bool has_threshold(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->thresholds.count; i++)
        if (strcmp(run->thresholds.list[i].metric, metric) == 0)
            return true;
    return false;
}

/* Growth that nobody expected, or a threshold that was passed. (A ratio is only known when all runs are there.) */
static bool has_to_explain(const struct run *run)
{
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (found->expected || !found->metric)
            continue;
        if (found->finding == FINDING_GROWS ||
            (found->finding == FINDING_VIOLATES && has_threshold(run, found->metric)))
            return true;
    }
    return false;
}

bool drive_wants_stack(const struct driver_request *request, const struct run *run)
{
    const struct backend *memcheck = backend_find("memcheck");

    return request->explain && has_to_explain(run) && run->ending == ENDING_DONE && memcheck &&
           !backend_foreign_command(run->pool) && memcheck->available(request->build_folder, NULL);
}
