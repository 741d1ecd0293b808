/* churn shrink: the smallest plan that still shows the same finding. A thread shrinks; the main one shows progress and listens for
 * Ctrl-C. */
#include "harness/cli/shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/shrink/shrink.h"

#define TICK_MS  20
#define MOVE_MS  200
#define PLAIN_MS 5000

struct shrinking {
    const struct options *options;
    struct shrink_oracle oracle;
    struct plan plan;
    size_t size; /* of the plan as it was given */
    atomic_bool stop;

    pthread_mutex_t lock;
    bool ended; /* guarded by it */
    bool skipped;
    enum err err;
    struct problem why;
};

/* ---- the work ---------------------------------------------------------------------------------------------------------- */

static enum err shrink(struct shrinking *work, struct problem *why)
{
    struct shrink_oracle *oracle = &work->oracle;
    enum err err = shrink_oracle_aim(oracle, &work->plan, &work->skipped, why);
    if (err != ERR_NONE || work->skipped)
        return err;
    err = shrink_plan(&work->plan, shrink_oracle_shows, oracle, why);
    if (err == ERR_NONE && oracle->aim.finding == FINDING_HANGS && work->options->timeout_ns == 0)
        err = shrink_oracle_confirm_hang(oracle, &work->plan, 0, why);
    return err;
}

static void *thread_main(void *argument)
{
    struct shrinking *work = argument;
    work->err = shrink(work, &work->why);
    pthread_mutex_lock(&work->lock);
    work->ended = true;
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

static bool has_ended(struct shrinking *work)
{
    pthread_mutex_lock(&work->lock);
    bool ended = work->ended;
    pthread_mutex_unlock(&work->lock);
    return ended;
}

static void draw(struct shrinking *work, bool moving)
{
    pthread_mutex_lock(&work->oracle.lock);
    size_t left = work->oracle.left, runs = work->oracle.runs;
    pthread_mutex_unlock(&work->oracle.lock);
    (void)fprintf(stderr, "%schurn: %zu of %zu operations left, %zu runs%s", moving ? "\r" : "", left, work->size, runs,
                  moving ? "\033[K" : "\n");
    (void)fflush(stderr);
}

static enum err run_thread(struct shrinking *work, struct problem *why)
{
    struct interrupt interrupt;
    pthread_t thread;
    bool moving = progress_can_move(), drawn = false;
    int since = 0;
    interrupt_open(&interrupt);
    int rc = pthread_create(&thread, NULL, thread_main, work);
    while (rc == 0 && !has_ended(work)) {
        if (interrupt_wait(&interrupt, TICK_MS))
            work->stop = true; /* the driver looks at it */
        since += TICK_MS;
        if (work->options->quiet || since < (moving ? MOVE_MS : PLAIN_MS))
            continue;
        draw(work, moving);
        drawn = moving;
        since = 0;
    }
    if (rc == 0)
        pthread_join(thread, NULL);
    if (drawn)
        (void)fputs("\r\033[K", stderr);
    interrupt_close(&interrupt);
    return rc == 0 ? ERR_NONE : problem_set(why, ERR_SYSTEM, "cannot start a thread: %s", strerror(rc));
}

/* ---- what came of it ------------------------------------------------------------------------------------------------- */

static void add_finding(const struct shrink_oracle *oracle, struct buffer *out)
{
    buffer_add_text(out, finding_name(oracle->aim.finding));
    if (oracle->aim.metric)
        buffer_addf(out, " %s", oracle->aim.metric);
}

static void print_plan(const struct shrinking *work, bool whole, struct buffer *out)
{
    plan_print_header(out);
    buffer_addf(out, "# shrunk from %zu operations to %zu in %zu runs; %s\n", work->size, shrink_size(&work->plan),
                work->oracle.runs, whole ? "none of them can be left out" : "interrupted, a smaller one may be there");
    for (size_t i = 0; i < work->plan.count; i++)
        plan_op_print(&work->plan.ops[i], out);
    buffer_add_text(out, "# ");
    add_finding(&work->oracle, out);
    buffer_add_text(out, ": ");
    shrink_oracle_add_words(&work->oracle, out);
    buffer_addf(out, "\n# repeat: %s%s\n", work->oracle.last->repeat, work->options->check_each ? " --check-each" : "");
}

static enum err write_plan(const struct shrinking *work, bool whole, struct problem *why)
{
    const char *path = work->options->output;
    struct buffer text = {0};
    print_plan(work, whole, &text);
    enum err err = ERR_NONE;
    if (text.failed)
        err = problem_set(why, ERR_MEMORY, "out of memory while writing a plan");
    else if (path && strcmp(path, "-") != 0)
        err = file_write_whole(path, text.data, text.length, why);
    else
        err = stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}

static enum err finish(struct shrinking *work, enum exit_code *code, struct problem *why)
{
    bool stopped = work->err == ERR_STOPPED;
    struct buffer finding = {0};
    if (work->skipped) {
        (void)fprintf(stderr, "churn: %s\n", work->why.text);
        *code = EXIT_SKIPPED;
        return ERR_NONE;
    }
    if (stopped && !work->oracle.last)
        return problem_set(why, ERR_STOPPED, "stopped; nothing was written");
    if (work->err != ERR_NONE && !stopped)
        return problem_set(why, work->err, "%s", work->why.text);
    enum err err = write_plan(work, !stopped, why);
    add_finding(&work->oracle, &finding);
    if (err == ERR_NONE && !work->options->quiet)
        (void)fprintf(stderr, "churn: %s%zu of %zu operations are left after %zu runs: %s\n",
                      stopped ? "stopped; " : "", shrink_size(&work->plan), work->size, work->oracle.runs,
                      finding.failed ? "" : finding.data);
    buffer_free(&finding);
    *code = stopped ? EXIT_INTERRUPTED : EXIT_PASS;
    return err;
}

/* ---- before it ---------------------------------------------------------------------------------------------------------- */

static enum err read_plan(const char *path, struct plan *plan, struct problem *why)
{
    struct plan_source *source = NULL;
    enum err err = plan_file_open(path, &source, why);
    if (err == ERR_NONE)
        err = plan_read(plan, source, why);
    if (source)
        source->free(source);
    return err;
}

static enum err check(const struct options *options, struct problem *why)
{
    if (options->pools.count != 1)
        return problem_set(why, ERR_INPUT, "expected --pool P with one pool, found %zu", options->pools.count);
    if (options->backends.count > 1)
        return problem_set(why, ERR_INPUT, "expected --under B with one backend, found %zu", options->backends.count);
    if (options->output && strcmp(options->output, "-") != 0)
        return output_try_file(options->output, why);
    return ERR_NONE;
}

/* The parts of a replay: the plan and the pools are checked by its matrix, which is not run. */
static enum err prepare(struct shrinking *work, struct matrix *matrix, struct problem *why)
{
    const struct options *options = work->options;
    const char *path = options->operands.list[0];
    const struct job *job = &matrix->jobs[0];
    work->skipped = job->skip != NULL;
    if (work->skipped) {
        (void)problem_set(&work->why, ERR_NONE, "%s", job->skip);
        return ERR_NONE;
    }
    work->oracle.request = (struct driver_request){.scenario = {.pool = job->pool, .seed = options->seed, .dose = 1},
                                                   .backend = job->backend,
                                                   .build_folder = matrix->build_folder,
                                                   .timeout_ns = options->timeout_ns,
                                                   .check_each = options->check_each,
                                                   .stop = &work->stop};
    work->oracle.name = path;
    work->oracle.output = options->output ? options->output : "-";
    work->oracle.finding = options->finding;
    work->oracle.control = options->control;
    work->oracle.tries = options->tries > 0 ? options->tries : 1;
    enum err err = options->control ? matrix_check_pool(matrix, options->control, why) : ERR_NONE;
    if (err == ERR_NONE)
        err = read_plan(path, &work->plan, why);
    work->size = work->oracle.left = shrink_size(&work->plan);
    return err;
}

enum err command_shrink(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct shrinking work = {.options = call->options};
    struct matrix matrix = {0};
    pthread_mutex_init(&work.lock, NULL);
    pthread_mutex_init(&work.oracle.lock, NULL);
    enum err err = check(call->options, why);
    if (err == ERR_NONE)
        err = matrix_make_replay(&matrix, call->options, why);
    if (err == ERR_NONE)
        err = prepare(&work, &matrix, why);
    if (err == ERR_NONE && !work.skipped)
        err = run_thread(&work, why);
    if (err == ERR_NONE)
        err = finish(&work, code, why);
    plan_free(&work.plan);
    shrink_oracle_free(&work.oracle);
    pthread_mutex_destroy(&work.lock);
    matrix_free(&matrix);
    return err;
}
