/* churn noise: does resident memory grow? It warns or confirms; what decides are the counts of churn run. */
#include "harness/cli/noise.h"

#include <stdlib.h>
#include <string.h>

#define PROCESSES_DEFAULT 8
#define PLAIN_FACTOR      10 /* growth above so many thresholds fails */

bool noise_grows(const struct noise_session *session, size_t metric)
{
    for (size_t b = 0; b < session->batch_count; b++)
        if (!session->batches[b].judged[metric].grows)
            return false;
    return session->batch_count > 1;
}

bool noise_is_plain(const struct noise_session *session, size_t metric)
{
    bool plain = noise_grows(session, metric);
    for (size_t b = 0; b < session->batch_count; b++)
        plain = plain && session->batches[b].judged[metric].lower > PLAIN_FACTOR * session->thresholds[metric];
    return plain;
}

/* ---- before anything runs --------------------------------------------------------------------------------------- */

static enum err find_scenario(struct noise_session *session, struct problem *why)
{
    const struct options *options = session->call->options;
    enum err err = scenarios_find(&options->operands, &session->files, why);
    if (err == ERR_NONE && session->files.count != 1)
        err = problem_set(why, ERR_INPUT, "expected one scenario, found %zu in the folder %s", session->files.count,
                          options->operands.list[0]);
    if (err != ERR_NONE)
        return err;
    session->path = session->files.list[0];
    err = scenario_load(session->path, &session->scenario, why);
    for (size_t i = 0; err == ERR_NONE && i < options->settings.count; i++)
        if (!scenario_has_param(session->scenario, options->settings.list[i].name))
            err = problem_set(why, ERR_INPUT, "--set %s: the scenario %s has no such parameter",
                              options->settings.list[i].name, scenario_name(session->scenario));
    return err;
}

static enum err find_pools(struct noise_session *session, struct problem *why)
{
    const struct options *options = session->call->options;
    struct words names = {0}, abouts = {0};
    if (options->pools.count > 1)
        return problem_set(why, ERR_INPUT, "--pool: expected one pool, found %zu; --control names the other arm",
                           options->pools.count);
    session->pools[NOISE_POOL] =
        options->pools.count > 0 ? options->pools.list[0] : scenario_pool(session->scenario, 0);
    session->pools[NOISE_CONTROL] = options->control;
    enum err err = pools_list(session->build_folder, &names, &abouts, why);
    for (size_t arm = 0; err == ERR_NONE && arm < NOISE_ARM_COUNT; arm++)
        if (session->pools[arm])
            err = pool_check(session->build_folder, &names, session->pools[arm], why);
    words_free(&names);
    words_free(&abouts);
    return err;
}

static enum err find_metrics(struct noise_session *session, struct problem *why)
{
    static const char *const usual[] = {"rss_bytes", "pss_bytes"};
    const struct words *asked = &session->call->options->metrics;
    size_t count = asked->count > 0 ? asked->count : ARRAY_LEN(usual);
    for (size_t i = 0; i < count; i++) {
        const char *name = asked->count > 0 ? asked->list[i] : usual[i];
        const struct metric *metric = metric_find(name);
        if (!metric || strcmp(metric->unit, "bytes") != 0)
            return problem_set(why, ERR_INPUT, "--metric: expected a metric in bytes, like rss_bytes, found \"%.60s\"",
                               name);
        if (words_add_text(&session->metrics, name) != ERR_NONE)
            return problem_set(why, ERR_MEMORY, "out of memory");
    }
    session->thresholds = calloc(count, sizeof *session->thresholds);
    return session->thresholds ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}

static enum err prepare(struct noise_session *session, struct problem *why)
{
    const struct options *options = session->call->options;
    session->processes = options->processes > 0 ? (size_t)options->processes : PROCESSES_DEFAULT;
    session->backend = backend_find("native");
    enum err err = session->backend ? backend_build_folder(&session->build_folder, why)
                                    : problem_set(why, ERR_SYSTEM, "this churn was built without its native backend");
    if (err == ERR_NONE && !session->backend->available(session->build_folder, why))
        err = ERR_SYSTEM;
    if (err == ERR_NONE)
        err = find_scenario(session, why);
    if (err == ERR_NONE)
        err = find_pools(session, why);
    return err == ERR_NONE ? find_metrics(session, why) : err;
}

static void set_thresholds(struct noise_session *session)
{
    for (size_t m = 0; m < session->metrics.count; m++) {
        double least = session->pools[NOISE_CONTROL] ? NOISE_TAU_PAIRED : NOISE_TAU_LEAST;
        bool higher = session->calibrated && !session->pools[NOISE_CONTROL] && session->calibrated[m] > least;
        session->thresholds[m] = higher ? session->calibrated[m] : least;
    }
}

/* ---- measuring ------------------------------------------------------------------------------------------------------ */

static bool any_grows(const struct noise_session *session)
{
    for (size_t m = 0; m < session->metrics.count; m++)
        if (session->batches[0].judged[m].grows)
            return true;
    return false;
}

/* One batch; growth is looked at once more, with fresh seeds, and never again. */
static enum err measure(struct noise_session *session, struct problem *why)
{
    const struct options *options = session->call->options;
    enum err err = noise_find_dose(session, why);
    if (err == ERR_NONE && options->calibration)
        err = noise_calibrate(session, options->calibration, why);
    set_thresholds(session);
    if (err == ERR_NONE)
        err = noise_batch_run(session, options->seed, session->processes, 0, &session->batches[0], why);
    session->batch_count = 1;
    if (err != ERR_NONE || !any_grows(session))
        return err;
    if (!options->quiet)
        (void)fprintf(stderr, "churn: growth seen; a second batch with fresh seeds confirms it, or not\n");
    session->batch_count = 2;
    return noise_batch_run(session, options->seed + session->processes, session->processes, 0, &session->batches[1],
                           why);
}

/* ---- what came of it --------------------------------------------------------------------------------------------------- */

static enum err tell(const struct noise_session *session, enum exit_code *code, struct problem *why)
{
    const char *file = session->call->options->json_file;
    struct buffer table = {0}, json = {0};
    bool only_json = file && strcmp(file, "-") == 0;
    for (size_t m = 0; m < session->metrics.count; m++) {
        if (noise_is_blind(session, m))
            *code = exit_code_worst(*code, EXIT_BROKEN);
        if (noise_is_plain(session, m))
            *code = exit_code_worst(*code, EXIT_FAIL);
    }
    noise_print(session, &table);
    enum err err = table.failed ? problem_set(why, ERR_MEMORY, "out of memory while writing") : ERR_NONE;
    if (err == ERR_NONE && file)
        err = noise_print_json(session, &json, why);
    if (err == ERR_NONE && file && !only_json)
        err = file_write_whole(file, json.data, json.length, why);
    if (err == ERR_NONE)
        err = only_json ? stdout_write(json.data, json.length, why) : stdout_write(table.data, table.length, why);
    buffer_free(&table);
    buffer_free(&json);
    return err;
}

static void session_fini(struct noise_session *session)
{
    for (size_t b = 0; b < ARRAY_LEN(session->batches); b++)
        noise_batch_free(&session->batches[b]);
    noise_batch_free(&session->planted);
    scenario_free(session->scenario);
    words_free(&session->files);
    words_free(&session->metrics);
    free(session->build_folder);
    free(session->thresholds);
    free(session->calibrated);
}

enum err command_noise(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct noise_session session = {.call = call};
    struct output output = {0};
    *code = EXIT_PASS;
    if (setenv("CHURN_PLUGIN_COUNT", "no", 1) != 0) /* what counts blocks takes memory itself (harness/host/plugin.h) */
        return problem_set(why, ERR_MEMORY, "out of memory");
    enum err err = output_open(&output, call->options, false, why); /* can --json FILE be written? */
    if (err == ERR_NONE)
        err = prepare(&session, why);
    if (err == ERR_NONE)
        err = measure(&session, why);
    if (err == ERR_NONE)
        err = noise_plant(&session, why);
    if (err == ERR_NONE)
        err = tell(&session, code, why);
    if (err == ERR_INPUT && session.skipped[0]) {
        (void)fprintf(stderr, "churn: skipped: %s\n", session.skipped);
        *code = EXIT_SKIPPED;
        err = ERR_NONE;
    }
    output_close(&output);
    session_fini(&session);
    return err;
}
