/* What `churn noise` says: a table for people, JSON with every sample for programs. */
#include "harness/cli/noise.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT "churn-noise/1"

static const char *verdict_word(const struct noise_session *session, size_t metric)
{
    if (noise_grows(session, metric))
        return "grows";
    if (noise_is_blind(session, metric))
        return "inconclusive";
    return session->batches[0].judged[metric].grows ? "not confirmed" : "no growth seen";
}

static const char *test_name(const struct noise_session *session)
{
    return session->pools[NOISE_CONTROL] ? "N2" : "N1";
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void print_head(const struct noise_session *session, struct buffer *out)
{
    const struct run *run = session->batches[0].runs[NOISE_POOL][0];
    buffer_addf(out, "%s on %s", run->scenario, session->pools[NOISE_POOL]);
    if (session->pools[NOISE_CONTROL])
        buffer_addf(out, " against %s", session->pools[NOISE_CONTROL]);
    buffer_addf(out, ": %zu processes of %" PRId64 " operations, the second half of each; seed %" PRIu64 "\n",
                session->processes, run->ops, session->batches[0].seed);
    buffer_addf(out, "%-12s %-4s %10s %10s %10s %10s %10s  %s\n", "bytes per op", "", "slope", "L", "tau", "p",
                "detectable", "");
}

static void print_metric(const struct noise_session *session, size_t metric, struct buffer *out)
{
    for (size_t b = 0; b < session->batch_count; b++) {
        const struct noise *noise = &session->batches[b].judged[metric];
        bool last = b + 1 == session->batch_count;
        buffer_addf(out, "%-12s %-4s %10.3f %10.3f %10.3f %10.2g %10.3f  %s\n",
                    b == 0 ? session->metrics.list[metric] : "  again", test_name(session), noise->mean, noise->lower,
                    session->thresholds[metric], noise->p, noise->detectable,
                    last           ? verdict_word(session, metric)
                    : noise->grows ? "grows?"
                                   : "no growth seen");
    }
}

void noise_print(const struct noise_session *session, struct buffer *out)
{
    print_head(session, out);
    for (size_t m = 0; m < session->metrics.count; m++)
        print_metric(session, m, out);
    for (size_t m = 0; m < session->metrics.count; m++) {
        const char *name = session->metrics.list[m];
        if (noise_is_plain(session, m))
            buffer_addf(out, "failed: %s grows by more than ten times its threshold\n", name);
        else if (noise_grows(session, m))
            buffer_addf(out, "warning: %s grows; `churn run` says what it is, and decides\n", name);
        else if (noise_is_blind(session, m))
            buffer_addf(out,
                        "inconclusive: %s did not show a planted leak of %" PRId64
                        " bytes per operation (slope %.3f, L %.3f)\n",
                        name, session->planted.leak, session->planted.judged[m].mean, session->planted.judged[m].lower);
        else
            buffer_addf(out, "control: %s shows a planted leak of %" PRId64 " bytes per operation (slope %.3f)\n", name,
                        session->planted.leak, session->planted.judged[m].mean);
    }
    if (!session->calibrated && !session->pools[NOISE_CONTROL])
        buffer_addf(out, "tau was not measured on this machine (--calibration FILE)\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

/* Like json_object_set_new, but remembers a failure and takes NULL as one. */
static void put(json_t *object, const char *name, json_t *value, bool *failed)
{
    *failed |= json_object_set_new(object, name, value) != 0;
}

static void append(json_t *array, json_t *value, bool *failed)
{
    *failed |= json_array_append_new(array, value) != 0;
}

static json_t *make_integers(const int64_t *values, size_t count, bool *failed)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        append(array, values[i] == RECORD_NONE ? json_null() : json_integer((json_int_t)values[i]), failed);
    return array;
}

/* Seeds are texts: JSON's integers may be too small for them. */
static json_t *make_seed(uint64_t seed)
{
    return json_sprintf("%" PRIu64, seed);
}

static json_t *make_process(const struct noise_session *session, const struct run *run, bool *failed)
{
    json_t *process = json_object(), *samples = json_object();
    put(process, "seed", make_seed(run->seed), failed);
    put(process, "ops", make_integers(run->rung_ops, run->rung_count, failed), failed);
    for (size_t m = 0; m < session->metrics.count; m++) {
        const struct series *series = run_series(run, session->metrics.list[m]);
        if (series)
            put(samples, series->name, make_integers(series->values, run->rung_count, failed), failed);
    }
    put(process, "samples", samples, failed);
    return process;
}

static json_t *make_judged(const struct noise_session *session, const struct noise_batch *batch, size_t metric,
                           bool *failed)
{
    const struct noise *noise = &batch->judged[metric];
    json_t *slopes = json_array();
    for (size_t i = 0; i < batch->processes; i++)
        append(slopes, json_real(batch->slopes[metric * batch->processes + i]), failed);
    json_t *judged =
        json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:i}", "metric", session->metrics.list[metric],
                  "threshold", session->thresholds[metric], "mean", noise->mean, "sd", noise->sd, "lower", noise->lower,
                  "p", noise->p, "level", noise->level, "detectable", noise->detectable, "grows", (int)noise->grows,
                  "page_bytes", (int)sysconf(_SC_PAGESIZE));
    put(judged, "slopes", slopes, failed);
    return judged;
}

static json_t *make_batch(const struct noise_session *session, const struct noise_batch *batch, bool *failed)
{
    static const char *const names[] = {[NOISE_POOL] = "pool", [NOISE_CONTROL] = "control"};
    json_t *object = json_object(), *metrics = json_array();
    for (size_t m = 0; m < session->metrics.count; m++)
        append(metrics, make_judged(session, batch, m, failed), failed);
    put(object, "seed", make_seed(batch->seed), failed);
    put(object, "leak", json_integer((json_int_t)batch->leak), failed);
    put(object, "metrics", metrics, failed);
    for (enum noise_arm arm = NOISE_POOL; arm < NOISE_ARM_COUNT; arm++) {
        json_t *processes = json_array();
        for (size_t i = 0; batch->runs[arm] && i < batch->processes; i++)
            append(processes, make_process(session, batch->runs[arm][i], failed), failed);
        put(object, names[arm], processes, failed);
    }
    return object;
}

static json_t *make_params(const struct run *run, bool *failed)
{
    json_t *params = json_object();
    for (size_t i = 0; i < run->param_count; i++)
        put(params, run->params[i].name, json_string(run->params[i].value), failed);
    return params;
}

static json_t *make_command(const struct call *call, bool *failed)
{
    json_t *command = json_array();
    for (int i = 0; i < call->argc; i++) {
        json_t *word = json_string(call->argv[i]);
        append(command, word ? word : json_string("(not UTF-8)"), failed);
    }
    return command;
}

enum err noise_print_json(const struct noise_session *session, struct buffer *out, struct problem *why)
{
    const struct run *run = session->batches[0].runs[NOISE_POOL][0];
    json_t *object = json_object(), *verdicts = json_object(), *batches = json_array();
    bool failed = false;
    put(object, "format", json_string(FORMAT), &failed);
    put(object, "version", json_string(CHURN_VERSION), &failed);
    put(object, "command", make_command(session->call, &failed), &failed);
    put(object, "scenario", json_string(run->scenario), &failed);
    put(object, "params", make_params(run, &failed), &failed);
    put(object, "pools", json_pack("[s, s*]", session->pools[NOISE_POOL], session->pools[NOISE_CONTROL]), &failed);
    put(object, "test", json_string(test_name(session)), &failed);
    put(object, "processes", json_integer((json_int_t)session->processes), &failed);
    put(object, "ops", json_integer((json_int_t)run->ops), &failed);
    put(object, "calibrated", json_boolean(session->calibrated != NULL), &failed);
    for (size_t m = 0; m < session->metrics.count; m++)
        put(verdicts, session->metrics.list[m], json_string(verdict_word(session, m)), &failed);
    put(object, "verdicts", verdicts, &failed);
    for (size_t b = 0; b < session->batch_count; b++)
        append(batches, make_batch(session, &session->batches[b], &failed), &failed);
    put(object, "batches", batches, &failed);
    put(object, "planted",
        session->planted.processes > 0 ? make_batch(session, &session->planted, &failed) : json_null(), &failed);
    char *text = failed ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text)
        buffer_addf(out, "%s\n", text);
    free(text);
    return text && !out->failed ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory while writing JSON");
}
