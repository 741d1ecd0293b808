/* explain.c: a second run under memcheck that tells whose allocations grow. */
#include "harness/driver/driver_internal.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Growth that nobody expected, or a threshold that was passed. */
bool drive_wants_stack(const struct driver_request *request, const struct run *run)
{
    const struct backend *memcheck = backend_find("memcheck");
    bool grows = false;

    for (size_t i = 0; i < run->found_count; i++)
        grows = grows || (!run->found[i].expected && run->found[i].finding == FINDING_GROWS);
    return request->explain && grows && run->ending == ENDING_DONE && memcheck && !backend_foreign_command(run->pool) &&
           memcheck->available(request->build_folder, NULL);
}
