/* driver.c: a run, its twin and its double dose. */
#include "harness/driver/driver_internal.h"

#include <stdlib.h>
#include <string.h>

#include "harness/verdict/verdict.h"

#define TWICE 2 /* D3 */

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
    drive->time_factor = dose == TWICE ? TWICE * TWICE : 1; /* what leaks may make every operation slower */
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
    again.check_each = false;
    enum err err = run_as(&again, 1, true, &explained, why);
    if (err == ERR_NONE && run_set_text(&run->stack, explained->stack) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    run_free(explained);
    return err == ERR_STOPPED ? ERR_NONE : err;
}

static bool breaks(const struct run *run, const char *invariant)
{
    for (size_t i = 0; i < run->violation_count; i++)
        if (strcmp(run->violations[i].invariant, invariant) == 0)
            return true;
    return false;
}

/* Both were checked for what their samples show. */
static bool breaks_more(const struct run *other, const struct run *run)
{
    for (size_t i = 0; i < other->violation_count; i++)
        if (!breaks(run, other->violations[i].invariant))
            return true;
    return false;
}

/* What the first process got away with, and the other did not. */
static bool went_worse(const struct run *other, const struct run *run)
{
    return other->ending == ENDING_CRASHED || other->ending == ENDING_EXITED || other->ending == ENDING_HUNG ||
           other->tool_errors > run->tool_errors || other->lost_bytes > run->lost_bytes || breaks_more(other, run);
}

/* A pool that goes wrong in one process of two goes wrong: then the other is the run that is judged, and *other the first
 * one. So it is where nothing can be said of the other (`unless_done`): it was stopped, or the rig failed. */
static enum err keep_the_worse(struct run **run, struct run **other, bool unless_done, struct problem *why)
{
    if (verdict_check_invariants(*run) != ERR_NONE || verdict_check_invariants(*other) != ERR_NONE)
        return problem_set(why, ERR_MEMORY, "out of memory");
    if (went_worse(*other, *run) || (unless_done && (*other)->ending != ENDING_DONE)) {
        struct run *first = *run;
        *run = *other;
        *other = first;
    }
    return ERR_NONE;
}

static enum err add_twin(const struct driver_request *request, struct run **run, struct problem *why)
{
    struct run *twin = NULL;
    enum err err = run_once(request, 1, &twin, why);

    if (err == ERR_NONE)
        err = keep_the_worse(run, &twin, twin->ending == ENDING_STOPPED, why);
    if (err == ERR_NONE && (*run)->ending != ENDING_STOPPED && verdict_compare_twin(*run, twin) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    run_free(twin);
    return err;
}

static enum err say_twice(struct run *run)
{
    struct buffer text = {0};

    buffer_addf(&text, "with twice the cycles: %s", run->ending_detail ? run->ending_detail : ending_name(run->ending));
    enum err err = text.failed ? ERR_MEMORY : run_set_text(&run->ending_detail, text.data);
    buffer_free(&text);
    return err;
}

/* Growth that fails by itself needs no second run to its end; growth that is expected does. */
static enum err add_dose(const struct driver_request *request, struct run **run, struct problem *why)
{
    struct run *twice = NULL;
    enum err err = run_once(request, TWICE, &twice, why);

    if (err == ERR_NONE && twice->ending != ENDING_DONE && say_twice(twice) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE && twice->ending == ENDING_DONE && verdict_add_dose(*run, twice) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE)
        err = keep_the_worse(run, &twice, (*run)->status == STATUS_PASS, why);
    run_free(twice);
    return err;
}

/* With its twin and its double dose, judged. Runs of threads have no twin: two of them differ. */
static enum err run_and_judge(const struct driver_request *request, bool twin, struct run **out, struct problem *why)
{
    const char *metric = NULL;
    struct run *run;
    enum err err = run_once(request, 1, &run, why);

    *out = NULL;
    if (err != ERR_NONE)
        return err;
    if (twin && run->ending == ENDING_DONE && request->threads == 0)
        err = add_twin(request, &run, why);
    if (err == ERR_NONE && verdict_judge_run(run) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE && verdict_wants_dose(run, &metric) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE && metric)
        err = add_dose(request, &run, why);
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

static bool wants_more(const struct driver_request *request, const struct run *run, const struct tried *tried)
{
    if (run->status != STATUS_PASS || (request->stop && *request->stop))
        return false;
    return tried->ops < request->least_ops || tried->wall_ns < request->least_ns;
}

enum err driver_run(const struct driver_request *request, bool twin, struct run **out, struct problem *why)
{
    struct driver_request now = *request;
    const int64_t began = clock_now_ns();
    struct tried tried = {0};
    enum err err = run_and_judge(&now, twin, out, why);

    for (; err == ERR_NONE; err = run_and_judge(&now, false, out, why)) {
        if ((*out)->ending != ENDING_SKIPPED) { /* a seed that was not run was not tried */
            tried.seeds++;
            tried.ops += (*out)->ops;
            tried.wall_ns = clock_now_ns() - began;
        }
        if (!wants_more(request, *out, &tried))
            break;
        run_free(*out);
        now.scenario.seed++;
    }
    if (err == ERR_NONE && (request->least_ops > 0 || request->least_ns > 0))
        (*out)->tried = tried;
    return err;
}

enum err driver_measure(const struct driver_request *request, struct run **out, struct problem *why)
{
    return run_once(request, request->scenario.dose, out, why);
}

enum err driver_replay_source(struct plan_source *source, const char *name, const struct driver_request *request,
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
    drive->time_factor = 1;
    return run_and_free(drive, name, out, why);
}

enum err driver_replay(const char *plan_path, const struct driver_request *request, struct run **out,
                       struct problem *why)
{
    struct plan_source *source = NULL;
    enum err err = plan_file_open(plan_path, &source, why);

    *out = NULL;
    return err == ERR_NONE ? driver_replay_source(source, plan_path, request, out, why) : err;
}
