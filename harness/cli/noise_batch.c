/* Fresh processes of one scenario, one after the other: those that run at the same time share pages and disturb each other. */
#include "harness/cli/noise.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/driver/driver.h"

#define OPS_DEFAULT INT64_C(150000)
#define RUNGS_MOST  3000 /* a million pairs in the kept half; more takes time and tells no more */

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while measuring");
}

/* ---- one process --------------------------------------------------------------------------------------------- */

static enum err check_ending(struct noise_session *session, const struct run *run, struct problem *why)
{
    const char *detail = run->ending_detail ? run->ending_detail : "no reason given";
    if (run->ending == ENDING_DONE)
        return ERR_NONE;
    if (run->ending == ENDING_STOPPED)
        return problem_set(why, ERR_STOPPED, "stopped");
    if (run->ending == ENDING_SKIPPED) {
        (void)snprintf(session->skipped, sizeof session->skipped, "%s", detail);
        return problem_set(why, ERR_INPUT, "%s", detail);
    }
    return problem_set(why, ERR_SYSTEM, "nothing to measure: %s, seed %" PRIu64 ": %s (%s); `churn run` judges that",
                       run->pool ? run->pool : "the pool", run->seed, detail, ending_name(run->ending));
}

/* *out is OWNED: run_free. */
static enum err run_process(struct noise_session *session, enum noise_arm arm, uint64_t seed, int64_t dose,
                            int64_t leak, struct run **out, struct problem *why)
{
    const struct options *options = session->call->options;
    const struct driver_request request = {
        .scenario_path = session->path,
        .scenario = {.overrides = options->settings.list,
                     .override_count = options->settings.count,
                     .pool = session->pools[arm],
                     .seed = seed,
                     .dose = dose},
        .backend = session->backend,
        .build_folder = session->build_folder,
        .timeout_ns = options->timeout_ns,
        .leak = leak,
    };
    enum err err = driver_measure(&request, out, why);
    return err == ERR_NONE ? check_ending(session, *out, why) : err;
}

enum err noise_find_dose(struct noise_session *session, struct problem *why)
{
    const struct options *options = session->call->options;
    int64_t wanted = options->ops > 0 ? options->ops : OPS_DEFAULT, most;
    struct run *run = NULL;
    enum err err = run_process(session, NOISE_POOL, options->seed, 1, 0, &run, why);
    if (err == ERR_NONE && (run->rung_count == 0 || run->ops == 0))
        err = problem_set(why, ERR_SYSTEM, "nothing to measure: the scenario did nothing");
    if (err == ERR_NONE) {
        most = RUNGS_MOST / (int64_t)run->rung_count;
        session->dose = wanted / run->ops + (wanted % run->ops > 0);
        session->dose = session->dose > most ? most : session->dose;
        session->dose = session->dose < 1 ? 1 : session->dose;
    }
    run_free(run);
    return err;
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

static enum err slope_of(const struct run *run, const char *metric, double *out, struct problem *why)
{
    const struct series *series = run_series(run, metric);
    enum err err = series ? verdict_slope(series->values, run->rung_ops, run->rung_count, out) : ERR_INPUT;
    if (err == ERR_MEMORY)
        return no_memory(why);
    if (err != ERR_NONE)
        return problem_set(why, ERR_SYSTEM, "%s cannot be measured on %s: samples are missing", metric, run->pool);
    return ERR_NONE;
}

/* Operations in the half that is kept. */
static double kept_ops(const struct run *run)
{
    return (double)(run->rung_ops[run->rung_count - 1] - run->rung_ops[run->rung_count / 2]);
}

static enum err judge(const struct noise_session *session, struct noise_batch *batch, struct problem *why)
{
    size_t count = session->metrics.count;
    struct noise_test *tests = calloc(count, sizeof *tests);
    if (!tests)
        return no_memory(why);
    for (size_t m = 0; m < count; m++)
        tests[m] = (struct noise_test){
            .slopes = batch->slopes + m * batch->processes,
            .count = batch->processes,
            .threshold = session->thresholds[m],
            .resolution = 2 * (double)sysconf(_SC_PAGESIZE) / kept_ops(batch->runs[NOISE_POOL][0]),
        };
    enum err err = verdict_noise(tests, count, batch->judged);
    free(tests);
    return err == ERR_NONE ? ERR_NONE : no_memory(why);
}

static enum err run_pair(struct noise_session *session, struct noise_batch *batch, size_t index, struct problem *why)
{
    enum err err = ERR_NONE;
    for (enum noise_arm arm = NOISE_POOL; err == ERR_NONE && arm < NOISE_ARM_COUNT; arm++)
        if (batch->runs[arm])
            err = run_process(session, arm, batch->seed + index, session->dose, arm == NOISE_POOL ? batch->leak : 0,
                              &batch->runs[arm][index], why);
    for (size_t m = 0; err == ERR_NONE && m < session->metrics.count; m++) {
        double *slope = &batch->slopes[m * batch->processes + index], control = 0;
        err = slope_of(batch->runs[NOISE_POOL][index], session->metrics.list[m], slope, why);
        if (err == ERR_NONE && batch->runs[NOISE_CONTROL])
            err = slope_of(batch->runs[NOISE_CONTROL][index], session->metrics.list[m], &control, why);
        *slope -= control;
    }
    return err;
}

enum err noise_batch_run(struct noise_session *session, uint64_t seed, size_t processes, int64_t leak,
                         struct noise_batch *out, struct problem *why)
{
    struct interrupt interrupt;
    enum err err = ERR_NONE;
    *out = (struct noise_batch){.seed = seed, .processes = processes, .leak = leak};
    out->slopes = calloc(session->metrics.count * processes, sizeof *out->slopes);
    out->judged = calloc(session->metrics.count, sizeof *out->judged);
    bool made = out->slopes && out->judged;
    for (enum noise_arm arm = NOISE_POOL; arm < NOISE_ARM_COUNT; arm++)
        if (session->pools[arm]) {
            out->runs[arm] = calloc(processes, sizeof(struct run *));
            made = made && out->runs[arm];
        }
    if (!made)
        return no_memory(why);
    interrupt_open(&interrupt);
    for (size_t i = 0; err == ERR_NONE && i < processes; i++) {
        err = run_pair(session, out, i, why);
        if (err == ERR_NONE && interrupt_wait(&interrupt, 0))
            err = problem_set(why, ERR_STOPPED, "stopped");
    }
    interrupt_close(&interrupt);
    return err == ERR_NONE ? judge(session, out, why) : err;
}

void noise_batch_free(struct noise_batch *batch)
{
    for (enum noise_arm arm = NOISE_POOL; arm < NOISE_ARM_COUNT; arm++) {
        for (size_t i = 0; batch->runs[arm] && i < batch->processes; i++)
            run_free(batch->runs[arm][i]);
        free(batch->runs[arm]);
    }
    free(batch->slopes);
    free(batch->judged);
    *batch = (struct noise_batch){0};
}
