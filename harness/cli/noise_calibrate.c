/* How far a pool that does not grow seems to grow, on this machine: a file, measured once. */
#include "harness/cli/noise.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FORMAT   "churn-noise-calibration/1"
#define POOL     "owner" /* the exact rule says that it is clean */
#define BATCHES  20
#define SEED     1000000 /* far from the seeds that people choose */
#define FILE_MAX 65536

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* What it was measured with: it holds for nothing else. OWNED; NULL: out of memory. */
static json_t *make_conditions(const struct noise_session *session)
{
    struct utsname name;
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:i}", "format", FORMAT, "kernel",
                     uname(&name) == 0 ? name.release : "unknown", "scenario", scenario_name(session->scenario), "dose",
                     (json_int_t)session->dose, "processes", (json_int_t)session->processes, "batches", BATCHES);
}

static enum err write_file(const struct noise_session *session, const char *path, struct problem *why)
{
    json_t *file = make_conditions(session), *largest = json_object();
    bool made = file && largest && json_object_set(file, "largest_lower", largest) == 0;
    for (size_t m = 0; made && m < session->metrics.count; m++)
        made = json_object_set_new(largest, session->metrics.list[m], json_real(session->calibrated[m])) == 0;
    char *json = made ? json_dumps(file, JSON_INDENT(2)) : NULL;
    struct buffer text = {0};
    buffer_addf(&text, "%s\n", json ? json : "");
    enum err err = json && !text.failed ? file_write_whole(path, text.data, text.length, why)
                                        : problem_set(why, ERR_MEMORY, "out of memory while writing %s", path);
    buffer_free(&text);
    free(json);
    json_decref(file);
    json_decref(largest);
    return err;
}

static enum err compare_conditions(const struct noise_session *session, const char *path, const json_t *file,
                                   struct problem *why)
{
    json_t *mine = make_conditions(session), *value;
    const char *name;
    enum err err = mine ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
    json_object_foreach(mine, name, value) if (err == ERR_NONE && !json_equal(value, json_object_get(file, name))) err =
        problem_set(why, ERR_INPUT, "%s was measured with another value of \"%s\"; remove it to measure anew", path,
                    name);
    json_decref(mine);
    return err;
}

static enum err take_values(struct noise_session *session, const char *path, const json_t *file, struct problem *why)
{
    for (size_t m = 0; m < session->metrics.count; m++) {
        const json_t *value = json_object_get(json_object_get(file, "largest_lower"), session->metrics.list[m]);
        if (!json_is_number(value))
            return problem_set(why, ERR_INPUT, "%s says nothing of %s; remove it to measure anew", path,
                               session->metrics.list[m]);
        session->calibrated[m] = json_number_value(value);
    }
    return ERR_NONE;
}

static enum err read_file(struct noise_session *session, const char *path, struct problem *why)
{
    struct buffer text = {0};
    json_error_t error;
    enum err err = file_read_whole(path, FILE_MAX, &text, why);
    json_t *file = err == ERR_NONE ? json_loadb(text.data, text.length, 0, &error) : NULL;
    if (err == ERR_NONE && !file)
        err = problem_set(why, ERR_INPUT, "%s:%d: not a calibration: %s", path, error.line, error.text);
    if (err == ERR_NONE)
        err = compare_conditions(session, path, file, why);
    if (err == ERR_NONE)
        err = take_values(session, path, file, why);
    json_decref(file);
    buffer_free(&text);
    return err;
}

/* ---- measuring ------------------------------------------------------------------------------------------------------ */

static enum err measure(struct noise_session *session, struct problem *why)
{
    const char *pool = session->pools[NOISE_POOL], *control = session->pools[NOISE_CONTROL];
    enum err err = ERR_NONE;
    if (!session->call->options->quiet)
        (void)fprintf(stderr, "churn: calibrating: %d batches of %zu processes on the pool %s\n", BATCHES,
                      session->processes, POOL);
    session->pools[NOISE_POOL] = POOL;
    session->pools[NOISE_CONTROL] = NULL;
    for (uint64_t b = 0; err == ERR_NONE && b < BATCHES; b++) {
        struct noise_batch batch;
        err = noise_batch_run(session, SEED + b * session->processes, session->processes, 0, &batch, why);
        for (size_t m = 0; err == ERR_NONE && m < session->metrics.count; m++)
            if (b == 0 || batch.judged[m].lower > session->calibrated[m])
                session->calibrated[m] = batch.judged[m].lower;
        noise_batch_free(&batch);
    }
    session->pools[NOISE_POOL] = pool;
    session->pools[NOISE_CONTROL] = control;
    return err;
}

enum err noise_calibrate(struct noise_session *session, const char *path, struct problem *why)
{
    session->calibrated = calloc(session->metrics.count, sizeof *session->calibrated);
    if (!session->calibrated)
        return problem_set(why, ERR_MEMORY, "out of memory");
    if (access(path, F_OK) == 0)
        return read_file(session, path, why);
    enum err err = measure(session, why);
    return err == ERR_NONE ? write_file(session, path, why) : err;
}
