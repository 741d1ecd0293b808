/* The positive control: under each backend that is used a pool that leaks is run beside the others, and no run is called clean where
 * that was not seen. */
#include "harness/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "harness/driver/driver.h"

static bool is_used(const struct matrix *matrix, const struct backend *backend)
{
    for (size_t i = 0; i < matrix->job_count; i++)
        if (matrix->jobs[i].backend == backend && !matrix->jobs[i].skip)
            return true;
    return false;
}

enum err controls_add(struct matrix *matrix, struct problem *why)
{
    matrix->controls = calloc(matrix->backend_count + 1, sizeof *matrix->controls);
    if (!matrix->controls)
        return problem_set(why, ERR_MEMORY, "out of memory while preparing the runs");
    for (size_t b = 0; b < matrix->backend_count; b++)
        if (is_used(matrix, matrix->backends[b]))
            matrix->controls[matrix->control_count++] =
                (struct job){.path = "control", .pool = "control", .backend = matrix->backends[b], .is_control = true};
    return ERR_NONE;
}

enum err control_run(struct job *job, const struct call *call, const struct driver_request *request,
                     struct problem *why)
{
    struct driver_request asked = *request;
    asked.fail_alloc = call->options->fail_alloc != 0;
    return driver_control(&asked, &job->control, why);
}

/* A control that could not be run proves nothing; one that was stopped says nothing. */
static const char *outcome(const struct job *job)
{
    if (job->err == ERR_STOPPED)
        return NULL;
    return job->err == ERR_NONE ? job->control : job->why.text;
}

enum err controls_note(const struct matrix *matrix, struct results *results, struct problem *why)
{
    for (size_t c = 0; c < matrix->control_count; c++) {
        const struct job *control = &matrix->controls[c];
        for (size_t i = 0; i < results->run_count; i++) {
            struct run *run = results->runs[i];
            if (run->ending == ENDING_SKIPPED || strcmp(run->backend, control->backend->name) != 0)
                continue;
            if (run_set_text(&run->control, outcome(control)) != ERR_NONE)
                return problem_set(why, ERR_MEMORY, "out of memory while collecting the results");
        }
    }
    return ERR_NONE;
}
