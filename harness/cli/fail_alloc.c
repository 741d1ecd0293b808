/* --fail-alloc: what must hold when the pool is out of memory at one allocation, tried at every one of them. */
#include "harness/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/driver/driver.h"
#include "harness/verdict/verdict.h"

#define POINTS_MAX   100000 /* a plan that asks for more is not short */
#define BLIND_MAX    500    /* runs that die are tried so often */
#define BREACHES_MAX 10     /* kept of one job; the others are counted */

struct fail_alloc {
    int64_t tried;
    int64_t broken;
    bool rig;              /* one of them could not be judged */
    bool skipped;          /* the subject cannot do this scenario */
    struct words breaches; /* "17: violates I5: ..." and the command */
};

void fail_alloc_free(struct fail_alloc *points)
{
    if (!points)
        return;
    words_free(&points->breaches);
    free(points);
}

/* ---- one point ----------------------------------------------------------------------------------------------- */

/* Growth, and formulas, are left aside: a get that failed has done something else. A scenario whose side tables grow may go on
 * breaking I4. */
static bool counts(const struct run *run, const struct found *found)
{
    if (found->expected || found->finding == FINDING_GROWS)
        return false;
    if (found->finding != FINDING_VIOLATES)
        return found->finding == FINDING_CRASHES || found->finding == FINDING_HANGS || found->finding == FINDING_LOST;
    bool invariant = found->metric && found->metric[0] == 'I' && found->metric[1] >= '1' && found->metric[1] <= '8';
    return invariant && !(found->metric[1] == '4' && run->expectation.finding == FINDING_GROWS);
}

static const struct found *first_breach(const struct run *run)
{
    const struct found *first = NULL;
    for (size_t i = 0; i < run->found_count; i++)
        if (counts(run, &run->found[i]) && (!first || run->found[i].finding > first->finding))
            first = &run->found[i];
    return first;
}

/* What broke, in words; nothing when all held. */
static void say_breach(const struct run *run, struct buffer *out)
{
    const struct found *found = first_breach(run);
    if (run->status == STATUS_BROKEN && (run->ending == ENDING_PROTOCOL || run->ending == ENDING_RIG))
        buffer_addf(out, "broken: %s", run->ending_detail ? run->ending_detail : ending_name(run->ending));
    else if (found)
        buffer_addf(out, "%s%s%s: %s", finding_name(found->finding), found->metric ? " " : "",
                    found->metric ? found->metric : "", found->detail ? found->detail : "");
}

/* The host says in each sample whether the failure has happened. A run that ended before the last sample may have died of it; one
 * that always dies is not asked for ever. */
static bool was_reached(const struct run *run, int64_t nth)
{
    const struct series *series = run_series(run, "alloc_failed");
    if (series && series->after != RECORD_NONE)
        return series->after == 1;
    return run->ending != ENDING_DONE && nth <= BLIND_MAX;
}

static enum err keep_breach(struct fail_alloc *points, const struct run *run, int64_t nth, const char *what)
{
    struct buffer text = {0};
    points->broken++;
    if (points->breaches.count >= BREACHES_MAX)
        return ERR_NONE;
    buffer_addf(&text, "allocation %" PRId64 ": %s\n    repeat: %s --fail-alloc %" PRId64, nth, what, run->repeat, nth);
    enum err err = text.failed ? ERR_MEMORY : words_add(&points->breaches, text.data, text.length);
    buffer_free(&text);
    return err;
}

static enum err judge_point(struct fail_alloc *points, struct run *run, const struct call *call, int64_t nth)
{
    struct buffer what = {0};
    enum err err = verdict_judge_run(run);
    if (err == ERR_NONE)
        err = repeat_set(run, call, false);
    say_breach(run, &what);
    points->rig = points->rig || run->status == STATUS_BROKEN;
    if (err == ERR_NONE && what.failed)
        err = ERR_MEMORY;
    if (err == ERR_NONE && what.length > 0)
        err = keep_breach(points, run, nth, what.data);
    buffer_free(&what);
    return err;
}

/* ---- one job --------------------------------------------------------------------------------------------------- */

static enum err fail_alloc_job(struct job *job, const struct call *call, const struct driver_request *request,
                               struct problem *why)
{
    int64_t wanted = call->options->fail_alloc, nth = wanted == FAIL_ALLOC_ALL ? 1 : wanted;
    struct driver_request asked = *request;
    enum err err = ERR_NONE;
    bool more = true;
    if (job->skip)
        return ERR_NONE;
    job->points = calloc(1, sizeof *job->points);
    if (!job->points)
        return problem_set(why, ERR_MEMORY, "out of memory");
    asked.scenario.brief = true;
    for (; err == ERR_NONE && more && nth <= POINTS_MAX; nth++) {
        struct run *run = NULL;
        asked.fail_alloc = nth;
        err = driver_measure(&asked, &run, why);
        if (err != ERR_NONE)
            break;
        job->points->skipped = run->ending == ENDING_SKIPPED;
        more = !job->points->skipped && run->ending != ENDING_STOPPED && was_reached(run, nth);
        job->points->tried += more;
        if (more && judge_point(job->points, run, call, nth) != ERR_NONE)
            err = problem_set(why, ERR_MEMORY, "out of memory while judging");
        more = more && wanted == FAIL_ALLOC_ALL;
        run_free(run);
    }
    return err;
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static void print_job(const struct job *job, struct buffer *out)
{
    const struct fail_alloc *points = job->points;
    const char *slash = strrchr(job->path, '/'), *base = slash ? slash + 1 : job->path;
    buffer_addf(out, "%.*s", (int)strcspn(base, "."), base);
    for (size_t i = 0; job->params && i < job->params->count; i++)
        buffer_addf(out, " %s=%s", job->params->list[i].name, job->params->list[i].value);
    buffer_addf(out, "  %s  %s  ", job->pool, job->backend->name);
    if (job->skip || !points || points->skipped)
        buffer_addf(out, "skip%s%s\n", job->skip ? ": " : "", job->skip ? job->skip : "");
    else if (points->tried == 0)
        buffer_add_text(out, "that allocation is not reached\n");
    else
        buffer_addf(out, "%" PRId64 " %s tried, %" PRId64 " broke something\n", points->tried,
                    points->tried == 1 ? "allocation" : "allocations", points->broken);
    for (size_t i = 0; points && i < points->breaches.count; i++)
        buffer_addf(out, "  %s\n", points->breaches.list[i]);
    if (points && points->broken > BREACHES_MAX)
        buffer_addf(out, "  and %" PRId64 " more\n", points->broken - BREACHES_MAX);
}

/* A host in which no allocation fails, or a tool that sees nothing lost, must not look like a pool that copes. A tool for races looks for
 * no lost blocks, so under it the usual race is planted. */
static void add_control(const struct job *control, struct buffer *out, enum exit_code *code)
{
    if (control->err == ERR_STOPPED ||
        (control->err == ERR_NONE && !control->control)) /* Ctrl-C came before its turn */
        return;
    bool caught = control->err == ERR_NONE && control->control[0] == '\0';
    if (caught)
        buffer_addf(out, "control: %s was found under %s\n",
                    control->backend->finds_races ? "a race" : "a block lost where an allocation failed",
                    control->backend->name);
    else
        buffer_addf(out, "inconclusive: nothing is known under %s: %s\n", control->backend->name,
                    control->err == ERR_NONE ? control->control : control->why.text);
    *code = exit_code_worst(*code, caught ? EXIT_PASS : EXIT_BROKEN);
}

static void add_job(const struct job *job, int64_t *tried, int64_t *broken, enum exit_code *code)
{
    enum exit_code mine = EXIT_SKIPPED;
    if (job->err != ERR_NONE) {
        mine = problem_exit_code(job->err);
        (void)fprintf(stderr, "churn: %s\n", job->why.text);
    } else if (job->points && job->points->tried > 0) {
        mine = job->points->rig ? EXIT_BROKEN : job->points->broken > 0 ? EXIT_FAIL : EXIT_PASS;
        *tried += job->points->tried;
        *broken += job->points->broken;
    }
    *code = exit_code_worst(*code, mine);
}

enum err fail_alloc_run(struct matrix *matrix, const struct call *call, enum exit_code *code, struct problem *why)
{
    struct buffer text = {0};
    int64_t tried = 0, broken = 0;
    bool stopped = false;
    enum exit_code worst = EXIT_PASS;
    enum err err = controls_add(matrix, why);
    if (err == ERR_NONE)
        err = jobs_run(matrix, call, fail_alloc_job, &stopped, why);
    for (size_t i = 0; err == ERR_NONE && i < matrix->job_count; i++) {
        print_job(&matrix->jobs[i], &text);
        add_job(&matrix->jobs[i], &tried, &broken, &worst);
    }
    for (size_t i = 0; err == ERR_NONE && i < matrix->control_count; i++)
        add_control(&matrix->controls[i], &text, &worst);
    buffer_addf(&text, "%" PRId64 " allocations failed in turn, %" PRId64 " broke something\n", tried, broken);
    if (err == ERR_NONE && text.failed)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err == ERR_NONE)
        err = stdout_write(text.data, text.length, why);
    buffer_free(&text);
    *code = stopped ? EXIT_INTERRUPTED : worst;
    return err;
}
