/* One run of the user's. */
#include "harness/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "harness/driver/driver.h"

/* The scenario's name, as the driver makes it: "scenarios/zio-9306.lua" -> "zio-9306". */
static enum err set_name(struct run *run, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    char *name = strndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    enum err err = name ? run_set_text(&run->scenario, name) : ERR_MEMORY;
    free(name);
    return err;
}

/* What is known of a run that has not been run. */
static struct run *make_run(const struct job *job, const struct options *options, enum ending ending,
                            const char *detail)
{
    struct run *run = run_make();
    enum err err = run ? set_name(run, job->path) : ERR_MEMORY;
    if (err == ERR_NONE)
        err = run_set_text(&run->file, job->path);
    if (err == ERR_NONE)
        err = run_set_text(&run->pool, job->pool);
    if (err == ERR_NONE && !job->is_plan)
        err = run_set_text(&run->as, options->as);
    if (err == ERR_NONE)
        err = run_set_text(&run->backend, job->backend->name);
    if (err == ERR_NONE)
        err = run_set_text(&run->ending_detail, detail);
    for (size_t i = 0; err == ERR_NONE && job->params && i < job->params->count; i++)
        err = run_add_param(run, job->params->list[i].name, job->params->list[i].value);
    if (err != ERR_NONE) {
        run_free(run);
        return NULL;
    }
    run->seed = options->seed;
    run->ending = ending;
    return run;
}

static enum err drive(struct job *job, const struct call *call, const struct driver_request *request,
                      struct problem *why)
{
    if (job->skip) {
        job->run = make_run(job, call->options, ENDING_SKIPPED, job->skip);
        return job->run ? ERR_NONE : ERR_MEMORY;
    }
    return job->is_plan ? driver_replay(job->path, request, &job->run, why)
                        : driver_run(request, job->twin, &job->run, why);
}

enum err job_run(struct job *job, const struct call *call, const struct driver_request *request, struct problem *why)
{
    enum err err = drive(job, call, request, why);
    if (err != ERR_NONE && err != ERR_STOPPED)
        job->run = make_run(job, call->options, ENDING_RIG, why->text);
    if (job->run && (run_set_text(&job->run->about, job->about) != ERR_NONE ||
                     repeat_set(job->run, call, job->is_plan) != ERR_NONE))
        err = ERR_MEMORY;
    return err == ERR_MEMORY ? problem_set(why, err, "out of memory while running %s", job->path) : err;
}
