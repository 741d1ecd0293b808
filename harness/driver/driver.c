/* driver.c: a run, its twin and its double dose. */
#include "harness/driver/driver_internal.h"

#include <stdlib.h>

#include "harness/verdict/verdict.h"

static void drive_free(struct drive *drive)
{
    subject_close(drive->subject);
    ledger_free(drive->ledger);
    backend_command_free(&drive->command);
    if (drive->source)
        drive->source->free(drive->source); /* and the plan with it */
    run_free(drive->run);
    free(drive);
}

/* Runs what is prepared and takes the run out. `drive` is TAKEN. */
static enum err run_and_free(struct drive *drive, const char *file, struct run **out, struct problem *why)
{
    enum err err = drive_run(drive, file, why);

    if (err == ERR_NONE) {
        *out = drive->run;
        drive->run = NULL;
    }
    drive_free(drive);
    return err;
}

static enum err run_as(const struct driver_request *request, int64_t dose, bool explains, struct run **out,
                       struct problem *why)
{
    struct scenario_request asked = request->scenario;
    struct drive *drive = calloc(1, sizeof(*drive));

    *out = NULL;
    if (!drive)
        return problem_set(why, ERR_MEMORY, "out of memory");
    drive->request = request;
    drive->explains = explains;
    asked.dose = dose;
    enum err err = scenario_plan_open(request->scenario_path, &asked, &drive->plan, why);
    if (err != ERR_NONE) {
        drive_free(drive);
        return err;
    }
    drive->source = scenario_plan_source(drive->plan);
    if (request->threads > 0)
        err = drive_add_threads(drive, why);
    if (err != ERR_NONE) {
        drive_free(drive);
        return err;
    }
    return run_and_free(drive, request->scenario_path, out, why);
}

static enum err run_once(const struct driver_request *request, int64_t dose, struct run **out, struct problem *why)
{
    return run_as(request, dose, false, out, why);
}

/* The numbers of that run are of no interest: searches for leaks are left out in it. */
static enum err add_stack(const struct driver_request *request, struct run *run, struct problem *why)
{
    struct driver_request again = *request;
    struct run *explained = NULL;

    again.backend = backend_find("memcheck");
    enum err err = run_as(&again, 1, true, &explained, why);
    if (err == ERR_NONE && run_set_text(&run->stack, explained->stack) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    run_free(explained);
    return err == ERR_STOPPED ? ERR_NONE : err;
}

/* What the first process got away with, and its twin did not. */
static bool ended_worse(const struct run *twin, const struct run *run)
{
    return twin->ending == ENDING_CRASHED || twin->ending == ENDING_EXITED || twin->ending == ENDING_HUNG ||
           twin->violation_count > run->violation_count;
}

/* A pool that goes wrong in one process of two goes wrong: then the twin is the run that is judged. */
static enum err add_twin(const struct driver_request *request, struct run **run, struct problem *why)
{
    struct run *twin = NULL;
    enum err err = run_once(request, 1, &twin, why);

    if (err == ERR_NONE && ended_worse(twin, *run)) {
        struct run *first = *run;
        *run = twin;
        twin = first;
    }
    if (err == ERR_NONE && twin->ending != ENDING_STOPPED && verdict_compare_twin(*run, twin) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    run_free(twin);
    return err;
}

static enum err add_dose(const struct driver_request *request, struct run *run, struct problem *why)
{
    struct run *twice = NULL;
    enum err err = run_once(request, 2, &twice, why);

    if (err == ERR_NONE && twice->ending == ENDING_DONE && verdict_add_dose(run, twice) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    run_free(twice);
    return err;
}

/* With its twin and its double dose, judged. Runs of threads have no twin: two of them differ. */
static enum err run_and_judge(const struct driver_request *request, bool twin, struct run **out, struct problem *why)
{
    const char *metric;
    struct run *run;
    enum err err = run_once(request, 1, &run, why);

    *out = NULL;
    if (err != ERR_NONE)
        return err;
    if (twin && run->ending == ENDING_DONE && request->threads == 0)
        err = add_twin(request, &run, why);
    if (err == ERR_NONE && verdict_judge_run(run) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE && run->ending == ENDING_DONE && verdict_wants_dose(run, &metric))
        err = add_dose(request, run, why);
    if (err == ERR_NONE && request->explain && verdict_judge_run(run) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE && drive_wants_stack(request, run))
        err = add_stack(request, run, why);
    if (err != ERR_NONE) {
        run_free(run);
        return err;
    }
    *out = run;
    return ERR_NONE;
}

static bool wants_more(const struct driver_request *request, const struct run *run, int64_t ops, int64_t began)
{
    if (run->status != STATUS_PASS || (request->stop && *request->stop))
        return false;
    return ops < request->least_ops || drive_now_ns() - began < request->least_ns;
}

enum err driver_run(const struct driver_request *request, bool twin, struct run **out, struct problem *why)
{
    struct driver_request now = *request;
    int64_t ops = 0, began = drive_now_ns();
    enum err err = run_and_judge(&now, twin, out, why);

    while (err == ERR_NONE && (ops += (*out)->ops, wants_more(request, *out, ops, began))) {
        run_free(*out);
        now.scenario.seed++;
        err = run_and_judge(&now, false, out, why);
    }
    return err;
}

enum err driver_measure(const struct driver_request *request, struct run **out, struct problem *why)
{
    return run_once(request, request->scenario.dose, out, why);
}

enum err drive_source(const struct driver_request *request, struct plan_source *source, const char *file,
                      struct run **out, struct problem *why)
{
    struct drive *drive = calloc(1, sizeof(*drive));

    *out = NULL;
    if (!drive) {
        source->free(source);
        return problem_set(why, ERR_MEMORY, "out of memory");
    }
    drive->request = request;
    drive->source = source;
    return run_and_free(drive, file, out, why);
}

enum err driver_replay(const char *plan_path, const struct driver_request *request, struct run **out,
                       struct problem *why)
{
    struct plan_source *source = NULL;
    enum err err = plan_file_open(plan_path, &source, why);

    *out = NULL;
    return err == ERR_NONE ? drive_source(request, source, plan_path, out, why) : err;
}
