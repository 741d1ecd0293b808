/*
 * Does a smaller plan still show the same? It does when what is aimed at (the main finding of the first run, or the one that the user
 * names) is among its findings, it ended in the same way, and it shows nothing that the first run did not show: a plan that only
 * lost its releases would "grow" as well, but then leases_out grows with it.
 */
#include "harness/cli/shrink.h"

#include <string.h>

#include "harness/shrink/shrink.h"
#include "harness/verdict/verdict.h"

#define LIMIT_LEAST INT64_C(1000000000)
#define LIMIT_TIMES 5 /* as long as the first run */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const struct found *find_found(const struct run *run, const struct found *like)
{
    for (size_t i = 0; i < run->found_count; i++)
        if (run->found[i].finding == like->finding && same_text(run->found[i].metric, like->metric))
            return &run->found[i];
    return NULL;
}

/* What breaks the invariant, when it is `about`; "item" is "item 17" too, for a smaller plan has other items. NULL: nothing. */
static const struct violation *find_violation(const struct run *run, const char *invariant, const char *about)
{
    size_t length = strlen(about);
    for (size_t i = 0; i < run->violation_count; i++) {
        const struct violation *violation = &run->violations[i];
        const char *metric = violation->metric ? violation->metric : "";
        if (strcmp(violation->invariant, invariant) == 0 && strncmp(metric, about, length) == 0 &&
            (metric[length] == '\0' || metric[length] == ' '))
            return violation;
    }
    return NULL;
}

/* What is looked for, among what `run` shows; NULL: it is not. */
static const struct found *aimed(const struct shrink_oracle *oracle, const struct run *run)
{
    const struct found *found = find_found(run, &oracle->aim);
    if (!found || !oracle->about)
        return found;
    return found->finding == FINDING_VIOLATES && find_violation(run, found->metric, oracle->about) ? found : NULL;
}

/* The run's message is about its main finding; another one has words of its own. */
void shrink_oracle_add_words(const struct shrink_oracle *oracle, struct buffer *out)
{
    const struct run *last = oracle->last;
    const struct found *found = aimed(oracle, last);
    bool is_main = found->finding == last->finding && same_text(found->metric, last->metric);
    const char *words = is_main || !found->detail ? last->message : found->detail;
    char message[400];
    if (oracle->about)
        words = find_violation(last, found->metric, oracle->about)->detail;
    if (!is_main && found->finding == FINDING_GROWS)
        buffer_addf(out, "%+.6g %s", found->rate, found->rate_unit ? found->rate_unit : "");
    else
        buffer_add_text(out, text_make_printable(words, strlen(words), message, sizeof message));
}

static bool shows_same(const struct shrink_oracle *oracle, const struct run *run)
{
    const struct run *target = oracle->target;
    bool same = run->status == STATUS_FAIL && run->ending == target->ending &&
                run->ending_code == target->ending_code && aimed(oracle, run);
    for (size_t i = 0; same && i < run->found_count; i++)
        same = find_found(target, &run->found[i]) != NULL;
    return same;
}

/* *out is OWNED. */
static enum err run_plan(struct shrink_oracle *oracle, const struct plan *plan, const char *pool, struct run **out,
                         struct problem *why)
{
    struct driver_request request = oracle->request;
    struct plan_source *source = NULL;
    request.scenario.pool = pool;
    *out = NULL;
    enum err err = plan_as_source(plan, &source, why);
    if (err == ERR_NONE)
        err = driver_replay_source(source, oracle->output, &request, out, why);
    if (err == ERR_NONE && (*out)->ending == ENDING_STOPPED)
        err = problem_set(why, ERR_STOPPED, "stopped");
    if (err == ERR_NONE && verdict_judge_run(*out) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory while judging");
    if (err != ERR_NONE) {
        run_free(*out);
        *out = NULL;
    }
    pthread_mutex_lock(&oracle->lock);
    oracle->runs++;
    pthread_mutex_unlock(&oracle->lock);
    return err;
}

/* Nothing was found: inconclusive are plans with few rungs, which say nothing of growth. */
static bool is_clean(const struct run *run)
{
    return run->status == STATUS_PASS || run->status == STATUS_INCONCLUSIVE;
}

/* The control pool is not clean: then it may be the plan's doing. */
static enum err control_shows(struct shrink_oracle *oracle, const struct plan *plan, bool *shows, struct problem *why)
{
    struct run *run = NULL;
    *shows = false;
    enum err err = oracle->control ? run_plan(oracle, plan, oracle->control, &run, why) : ERR_NONE;
    if (err == ERR_NONE && run)
        *shows = !is_clean(run);
    run_free(run);
    return err;
}

static void keep_last(struct shrink_oracle *oracle, struct run *run)
{
    run_free(oracle->last);
    oracle->last = run;
}

enum err shrink_oracle_shows(void *ctx, const struct plan *plan, bool *shows, struct problem *why)
{
    struct shrink_oracle *oracle = ctx;
    const char *pool = oracle->request.scenario.pool;
    struct run *run = NULL;
    bool control = false;
    enum err err = ERR_NONE;
    *shows = false;
    for (int64_t i = 0; err == ERR_NONE && !*shows && i < oracle->tries; i++) {
        run_free(run);
        err = run_plan(oracle, plan, pool, &run, why);
        *shows = err == ERR_NONE && shows_same(oracle, run);
    }
    if (err == ERR_NONE && *shows)
        err = control_shows(oracle, plan, &control, why);
    *shows = *shows && err == ERR_NONE && !control;
    if (!*shows) {
        run_free(run);
        return err;
    }
    keep_last(oracle, run);
    pthread_mutex_lock(&oracle->lock);
    oracle->left = shrink_size(plan);
    pthread_mutex_unlock(&oracle->lock);
    return ERR_NONE;
}

/* ---- the plan as it was given ------------------------------------------------------------------------------------- */

/* A hang takes as long as it is given. What is certain to have been of use is the time up to the last sample. */
static int64_t useful_ns(const struct run *run)
{
    const struct series *wall = run_series(run, "wall_ns");
    int64_t last = 0;
    if (run->ending != ENDING_HUNG)
        return run->wall_ns;
    if (wall && wall->before != RECORD_NONE)
        last = wall->before;
    for (size_t i = 0; wall && i < run->rung_count; i++)
        last = wall->values[i] > last ? wall->values[i] : last;
    return last;
}

static void shorten_limit(struct shrink_oracle *oracle)
{
    int64_t limit = LIMIT_TIMES * useful_ns(oracle->target);
    limit = limit > LIMIT_LEAST ? limit : LIMIT_LEAST;
    oracle->request.timeout_ns = limit / oracle->request.backend->slowdown + 1;
}

static enum err refuse(const struct shrink_oracle *oracle, const struct run *run, struct problem *why)
{
    const char *message = run->message ? run->message : "";
    if (run->status == STATUS_BROKEN)
        return problem_set(why, ERR_SYSTEM, "%.200s on %.200s is broken: %.300s", oracle->name, run->pool, message);
    return problem_set(why, ERR_SYSTEM, "nothing to shrink: %.200s on %.200s shows nothing (%.300s)", oracle->name,
                       run->pool, message);
}

/* "I6:shutdown": the invariant, and after the colon what breaks it. Without a word the main finding is it. False: that is not shown. */
static bool take_aim(struct shrink_oracle *oracle, const struct run *run)
{
    size_t length = oracle->finding ? strcspn(oracle->finding, ":") : 0;
    oracle->aim = (struct found){.finding = run->finding, .metric = run->metric};
    if (!oracle->finding)
        return true;
    oracle->about = oracle->finding[length] == ':' ? oracle->finding + length + 1 : NULL;
    for (size_t i = 0; i < run->found_count; i++) {
        oracle->aim = run->found[i];
        const char *word = oracle->aim.metric ? oracle->aim.metric : finding_name(oracle->aim.finding);
        if (strlen(word) == length && strncmp(word, oracle->finding, length) == 0 && aimed(oracle, run))
            return true;
    }
    return false;
}

/* "it shows I4, I5:item 1, I5:item 2, hangs" */
static enum err say_not_shown(const struct shrink_oracle *oracle, const struct run *run, struct problem *why)
{
    struct buffer shown = {0};
    for (size_t i = 0; i < run->violation_count; i++)
        buffer_addf(&shown, ", %s:%s", run->violations[i].invariant,
                    run->violations[i].metric ? run->violations[i].metric : "");
    for (size_t i = 0; i < run->found_count; i++)
        if (run->found[i].finding != FINDING_VIOLATES)
            buffer_addf(&shown, ", %s",
                        run->found[i].metric ? run->found[i].metric : finding_name(run->found[i].finding));
    problem_set(why, ERR_SYSTEM, "%.200s on %.200s does not show %.100s; it shows %.400s", oracle->name, run->pool,
                oracle->finding, shown.failed || !shown.data ? "something else" : shown.data + 2);
    buffer_free(&shown);
    return ERR_SYSTEM;
}

/* Runs the plan until it shows what is looked for. */
static enum err find_target(struct shrink_oracle *oracle, const struct plan *plan, bool *skipped, struct problem *why)
{
    struct run *run = NULL;
    bool found = false;
    enum err err = ERR_NONE;
    for (int64_t i = 0; err == ERR_NONE && i < oracle->tries && !found; i++) {
        run_free(run);
        err = run_plan(oracle, plan, oracle->request.scenario.pool, &run, why);
        if (err == ERR_NONE && run->status != STATUS_FAIL && !is_clean(run))
            break;
        found = err == ERR_NONE && run->status == STATUS_FAIL && take_aim(oracle, run);
    }
    *skipped = err == ERR_NONE && run->status == STATUS_SKIP;
    if (*skipped)
        problem_set(why, ERR_NONE, "%.200s on %.200s is skipped: %.300s", oracle->name, run->pool, run->message);
    else if (err == ERR_NONE && run->status != STATUS_FAIL)
        err = refuse(oracle, run, why);
    else if (err == ERR_NONE && !found)
        err = say_not_shown(oracle, run, why);
    if (err == ERR_NONE && !*skipped)
        oracle->target = run;
    else
        run_free(run);
    return err;
}

static enum err say_unsteady(const struct shrink_oracle *oracle, struct problem *why)
{
    return problem_set(why, ERR_SYSTEM,
                       "%.200s on %.200s %s%s%s the first time and not the second, so nothing can be said of smaller "
                       "plans; with --tries N a plan counts when one of N runs shows it",
                       oracle->name, oracle->request.scenario.pool, finding_name(oracle->aim.finding),
                       oracle->aim.metric ? " " : "", oracle->aim.metric ? oracle->aim.metric : "");
}

enum err shrink_oracle_aim(struct shrink_oracle *oracle, const struct plan *plan, bool *skipped, struct problem *why)
{
    bool again = false, control = false;
    enum err err = find_target(oracle, plan, skipped, why);
    if (err != ERR_NONE || *skipped)
        return err;
    if (oracle->request.timeout_ns == 0)
        shorten_limit(oracle);
    err = control_shows(oracle, plan, &control, why);
    if (err == ERR_NONE && control)
        return problem_set(why, ERR_SYSTEM, "the control pool %.200s is not clean with this plan: it must be",
                           oracle->control);
    if (err == ERR_NONE)
        err = shrink_oracle_shows(oracle, plan, &again, why);
    if (err == ERR_NONE && !again)
        err = say_unsteady(oracle, why);
    return err;
}

enum err shrink_oracle_confirm_hang(struct shrink_oracle *oracle, const struct plan *plan, int64_t limit_ns,
                                    struct problem *why)
{
    bool shows = false;
    oracle->request.timeout_ns = limit_ns;
    enum err err = shrink_oracle_shows(oracle, plan, &shows, why);
    if (err == ERR_NONE && !shows)
        err = problem_set(why, ERR_SYSTEM,
                          "the smaller plan was slow, it did not hang: say --timeout D, longer than a "
                          "run that does not hang needs");
    return err;
}

void shrink_oracle_free(struct shrink_oracle *oracle)
{
    run_free(oracle->target);
    run_free(oracle->last);
    pthread_mutex_destroy(&oracle->lock);
}
