/* Worker threads take jobs until there are none; the main thread shows progress and listens for Ctrl-C. */
#include "harness/cli/cli.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/driver/driver.h"

#define TICK_MS 20

struct workers {
    struct matrix *matrix;
    const struct call *call;
    job_fn do_job; /* of the user's; controls are done by control_run */
    struct progress *progress;
    struct job **order; /* the controls, then the slow ones, so that none is left over at the end */
    size_t job_count;
    atomic_bool stop; /* the driver looks at it */

    pthread_mutex_t lock; /* guards the two below */
    size_t next;
    size_t working; /* threads that have not ended */
};

/* ---- one job ------------------------------------------------------------------------------------------------ */

/* Who is told of rungs. */
struct news {
    struct progress *progress;
    const struct job *job;
};

static void on_rung(void *ctx, size_t rung, size_t rungs, int64_t ops)
{
    const struct news *news = ctx;
    progress_rung(news->progress, news->job, rung, rungs, ops);
}

static void do_one(struct job *job, const struct workers *workers)
{
    const struct options *options = workers->call->options;
    job_fn do_it = job->is_control ? control_run : workers->do_job;
    struct news news = {workers->progress, job};
    const struct driver_request request = {
        .scenario_path = job->path,
        .scenario = {.case_index = job->case_index,
                     .overrides = job->overrides ? job->overrides->list : NULL,
                     .override_count = job->overrides ? job->overrides->count : 0,
                     .pool = job->pool,
                     .as = options->as,
                     .seed = options->seed,
                     .dose = 1},
        .backend = job->backend,
        .build_folder = workers->matrix->build_folder,
        .timeout_ns = options->timeout_ns,
        .stop = &workers->stop,
        .on_rung = job->is_control ? NULL : on_rung,
        .on_rung_ctx = &news,
        .threads = (unsigned)options->threads,
        .schedule = options->schedule,
        .least_ops = options->ops,
        .least_ns = options->seconds < INT64_MAX / NS_PER_SEC ? options->seconds * NS_PER_SEC : INT64_MAX,
        .check_each = options->check_each,
        .thresholds = &options->thresholds,
        .explain = options->explain,
    };
    job->err = do_it(job, workers->call, &request, &job->why);
}

/* ---- threads -------------------------------------------------------------------------------------------------- */

static struct job *take_job(struct workers *workers)
{
    struct job *job = NULL;
    pthread_mutex_lock(&workers->lock);
    if (!workers->stop && workers->next < workers->job_count)
        job = workers->order[workers->next++];
    else
        workers->working--;
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *argument)
{
    struct workers *workers = argument;
    struct job *job;
    while ((job = take_job(workers)) != NULL) {
        if (!job->is_control)
            progress_begin(workers->progress, job);
        do_one(job, workers);
        if (!job->is_control)
            progress_end(workers->progress, job);
    }
    return NULL;
}

static size_t count_working(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    size_t working = workers->working;
    pthread_mutex_unlock(&workers->lock);
    return working;
}

static size_t wanted_threads(const struct workers *workers)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = workers->call->options->jobs > 0 ? workers->call->options->jobs : cores;
    if (wanted < 1)
        wanted = 1;
    return (size_t)wanted < workers->job_count ? (size_t)wanted : workers->job_count;
}

/* Starts as many as can be had; ERR_SYSTEM: not even one. */
static enum err start_threads(struct workers *workers, pthread_t *threads, size_t wanted, size_t *count,
                              struct problem *why)
{
    int rc = 0;
    *count = 0;
    workers->working = wanted;
    while (*count < wanted && (rc = pthread_create(&threads[*count], NULL, work, workers)) == 0)
        ++*count;
    pthread_mutex_lock(&workers->lock);
    workers->working -= wanted - *count;
    pthread_mutex_unlock(&workers->lock);
    if (*count == 0 && wanted > 0)
        return problem_set(why, ERR_SYSTEM, "cannot start a thread: %s", strerror(rc));
    return ERR_NONE;
}

static int order_jobs(const void *a, const void *b)
{
    const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;
    if (x->is_control != y->is_control)
        return y->is_control - x->is_control;
    if (x->backend->slowdown != y->backend->slowdown)
        return y->backend->slowdown - x->backend->slowdown;
    return (x > y) - (x < y);
}

static enum err run_all(struct workers *workers, bool *stopped, struct problem *why)
{
    size_t wanted = wanted_threads(workers), count = 0;
    pthread_t *threads = calloc(wanted + 1, sizeof *threads);
    struct interrupt interrupt;
    if (!threads)
        return problem_set(why, ERR_MEMORY, "out of memory while starting the runs");
    interrupt_open(&interrupt);
    enum err err = start_threads(workers, threads, wanted, &count, why);
    while (err == ERR_NONE && count_working(workers) > 0) {
        if (interrupt_wait(&interrupt, TICK_MS))
            workers->stop = true; /* written once; whoever reads it late only stops late */
        progress_tick(workers->progress);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    *stopped = workers->stop;
    interrupt_close(&interrupt);
    free(threads);
    return err;
}

enum err jobs_run(struct matrix *matrix, const struct call *call, job_fn do_job, bool *stopped, struct problem *why)
{
    struct workers workers = {
        .matrix = matrix, .call = call, .do_job = do_job, .job_count = matrix->job_count + matrix->control_count};
    *stopped = false;
    workers.order = calloc(workers.job_count + 1, sizeof(struct job *));
    if (!workers.order)
        return problem_set(why, ERR_MEMORY, "out of memory while starting the runs");
    for (size_t i = 0; i < matrix->job_count; i++)
        workers.order[i] = &matrix->jobs[i];
    for (size_t i = 0; i < matrix->control_count; i++)
        workers.order[matrix->job_count + i] = &matrix->controls[i];
    qsort(workers.order, workers.job_count, sizeof(struct job *), order_jobs);
    enum err err = progress_open(call->options, matrix, &workers.progress, why);
    if (err == ERR_NONE) {
        pthread_mutex_init(&workers.lock, NULL);
        err = run_all(&workers, stopped, why);
        pthread_mutex_destroy(&workers.lock);
    }
    progress_close(workers.progress, *stopped);
    free(workers.order);
    return err;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static bool said_before(const struct matrix *matrix, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (matrix->jobs[i].err != ERR_NONE && strcmp(matrix->jobs[i].why.text, matrix->jobs[index].why.text) == 0)
            return true;
    return false;
}

enum err jobs_collect(struct matrix *matrix, struct results *results, enum exit_code *code, struct problem *why)
{
    for (size_t i = 0; i < matrix->job_count; i++) {
        struct job *job = &matrix->jobs[i];
        if (job->err != ERR_NONE && job->err != ERR_STOPPED) {
            *code = exit_code_worst(*code, problem_exit_code(job->err));
            if (!said_before(matrix, i))
                (void)fprintf(stderr, "churn: %s\n", job->why.text);
        }
        struct run *run = job->run;
        job->run = NULL;
        if (run && results_add(results, run) != ERR_NONE)
            return problem_set(why, ERR_MEMORY, "out of memory while collecting the results");
    }
    results_sort(results);
    return ERR_NONE;
}
