/* churn compare: what became better or worse, between two files or two pools. */
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/verdict/verdict.h"

struct comparing {
    const struct options *options;
    struct results *base, *head; /* one file: the same */
    struct buffer out;
    size_t counts[COMPARISON_COUNT];
    size_t compared, silent; /* silent: nothing can be said of it */
};

static enum err load_one(const char *path, struct results **out, struct problem *why)
{
    struct words files = {0};
    enum err err = words_add_text(&files, path);
    if (err != ERR_NONE)
        return problem_set(why, err, "out of memory while comparing");
    err = results_join(&files, out, why);
    words_free(&files);
    if (err == ERR_NONE && verdict_judge(*out) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory while judging");
    return err;
}

static void add_name(struct buffer *out, const struct run *run, bool with_pool)
{
    char *params = run_params_text(run);
    struct buffer name = {0};
    char shown[400];
    buffer_addf(&name, "%s%s%s", run->scenario ? run->scenario : "?", params && *params ? " " : "",
                params ? params : "");
    if (with_pool)
        buffer_addf(&name, ", %s", run->pool ? run->pool : "?");
    buffer_addf(&name, ", %s", run->backend ? run->backend : "?");
    text_make_printable(name.data ? name.data : "", name.length, shown, sizeof shown);
    buffer_add_text(out, shown);
    out->failed |= name.failed || !params;
    buffer_free(&name);
    free(params);
}

/* "grows 7 tombstones per invalidation" */
static void add_finding(struct buffer *out, const struct run *run)
{
    if (!run || !verdict_says_something(run)) {
        buffer_add_text(out, run ? status_name(run->status) : "nothing");
        return;
    }
    buffer_add_text(out, finding_name(run->finding));
    if (run->finding == FINDING_GROWS)
        buffer_addf(out, " %.4g %s %s", run->rate, run->metric ? run->metric : "?",
                    run->rate_unit ? run->rate_unit : "");
    else if (run->metric)
        buffer_addf(out, " %s", run->metric);
}

/* ---- two files --------------------------------------------------------------------------------------------------- */

static void compare_pair(struct comparing *comparing, const struct run *base, const struct run *head)
{
    enum comparison comparison = verdict_compare_runs(base, head);
    bool says = (base && verdict_says_something(base)) || (head && verdict_says_something(head));
    if (!says) {
        comparing->silent++;
        return;
    }
    comparing->counts[comparison]++;
    comparing->compared += base && head && verdict_says_something(base) && verdict_says_something(head);
    if (comparison == COMPARISON_UNCHANGED && !comparing->options->verbose)
        return;
    buffer_addf(&comparing->out, "%-9s  ", comparison_name(comparison));
    add_name(&comparing->out, head ? head : base, true);
    buffer_add_text(&comparing->out, ": ");
    add_finding(&comparing->out, base);
    buffer_add_text(&comparing->out, " -> ");
    add_finding(&comparing->out, head);
    buffer_add_text(&comparing->out, "\n");
    if ((comparison == COMPARISON_NEW || comparison == COMPARISON_WORSE) && head->repeat)
        buffer_addf(&comparing->out, "%11srepeat: %s\n", "", head->repeat);
}

/* Both are sorted by run_compare. */
static enum exit_code compare_files(struct comparing *comparing)
{
    struct results *base = comparing->base, *head = comparing->head;
    size_t b = 0, h = 0;
    while (b < base->run_count || h < head->run_count) {
        int order = b == base->run_count ? 1 : h == head->run_count ? -1 : run_compare(base->runs[b], head->runs[h]);
        compare_pair(comparing, order <= 0 ? base->runs[b] : NULL, order >= 0 ? head->runs[h] : NULL);
        b += order <= 0;
        h += order >= 0;
    }
    for (size_t i = 0; i < COMPARISON_COUNT; i++)
        buffer_addf(&comparing->out, "%s%zu %s", i > 0 ? ", " : "", comparing->counts[i],
                    comparison_name((enum comparison)i));
    if (comparing->silent > 0)
        buffer_addf(&comparing->out, "; nothing can be said of %zu", comparing->silent);
    buffer_add_text(&comparing->out, "\n");
    if (comparing->counts[COMPARISON_NEW] + comparing->counts[COMPARISON_WORSE] > 0)
        return EXIT_FAIL;
    if (comparing->compared == 0)
        buffer_add_text(&comparing->out, "the files have no run in common: nothing was compared\n");
    else if (comparing->counts[COMPARISON_MISSING] > 0)
        buffer_add_text(&comparing->out, "inconclusive: the second file says nothing of runs that the first one has\n");
    else
        return EXIT_PASS;
    return EXIT_BROKEN;
}

/* ---- two arms ------------------------------------------------------------------------------------------------------ */

static bool has_pool(const struct run *run, const char *pool)
{
    return run->pool && strcmp(run->pool, pool) == 0;
}

/* The same run on another pool. */
static const struct run *other_arm(const struct results *results, const struct run *run, const char *pool)
{
    for (size_t i = 0; i < results->run_count; i++) {
        struct run likened = *run;
        likened.pool = results->runs[i]->pool;
        if (has_pool(results->runs[i], pool) && run_compare(&likened, results->runs[i]) == 0)
            return results->runs[i];
    }
    return NULL;
}

/* *code: what this pair says. */
static bool tell_arms(struct comparing *comparing, const struct run *buggy, const struct run *fixed,
                      enum exit_code *code)
{
    const char *fix = comparing->options->arms.list[1];
    struct buffer *out = &comparing->out;
    struct arms arms = verdict_compare_arms(buggy, fixed ? fixed : buggy);
    add_name(out, buggy, false);
    if (!verdict_says_something(buggy)) {
        buffer_addf(out, ": nothing is known of %s (", comparing->options->arms.list[0]);
        add_finding(out, buggy);
        buffer_add_text(out, ")\n");
        comparing->silent += buggy->status != STATUS_SKIP;
        return false;
    }
    if (!arms.reproduced) {
        buffer_addf(out, ": %s does not grow (", comparing->options->arms.list[0]);
        add_finding(out, buggy);
        buffer_add_text(out, "): nothing to remove\n");
        return false;
    }
    if (!fixed || !arms.known) {
        buffer_addf(out, ": %s grows, and nothing is known of %s\n", comparing->options->arms.list[0], fix);
        comparing->silent++;
        return false;
    }
    buffer_addf(out, ": %s: the fix removes %.4g %% of the growth (%.4g -> %.4g %s)", arms.metric, arms.removed,
                arms.before, arms.after, arms.unit ? arms.unit : "");
    if (arms.other)
        buffer_addf(out, ", but %s %s %s", fix, finding_name(arms.other->finding),
                    arms.other->metric ? arms.other->metric : "");
    buffer_add_text(out, "\n");
    *code = arms.after > 0 || arms.other ? exit_code_worst(*code, EXIT_FAIL) : *code;
    return true;
}

/* A parameter for which the leak does not show (one key) is no failure, as long as another shows it. */
static enum exit_code compare_arms(struct comparing *comparing)
{
    const struct words *names = &comparing->options->arms;
    enum exit_code code = EXIT_PASS;
    size_t told = 0;
    for (size_t i = 0; i < comparing->base->run_count; i++) {
        const struct run *run = comparing->base->runs[i];
        if (has_pool(run, names->list[0]))
            told += tell_arms(comparing, run, other_arm(comparing->head, run, names->list[1]), &code);
    }
    if (told > 0 && comparing->silent > 0)
        buffer_addf(&comparing->out, "inconclusive: of %zu runs nothing can be said\n", comparing->silent);
    if (told > 0)
        return comparing->silent > 0 ? exit_code_worst(code, EXIT_BROKEN) : code;
    buffer_addf(&comparing->out, "inconclusive: no run in which %s grows and %s was run\n", names->list[0],
                names->list[1]);
    return EXIT_BROKEN;
}

enum err command_compare(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct options *options = call->options;
    struct comparing comparing = {.options = options};
    struct results *head = NULL;
    bool with_arms = options->arms.count > 0, two = options->operands.count == 2;
    if (with_arms && options->arms.count != 2)
        return problem_set(why, ERR_INPUT, "--arms: expected two pools, as in --arms broadcast,owner");
    if (!with_arms && !two)
        return problem_set(why, ERR_INPUT, "expected BASE and HEAD, or --arms A,B");
    enum err err = load_one(options->operands.list[0], &comparing.base, why);
    if (err == ERR_NONE && two)
        err = load_one(options->operands.list[1], &head, why);
    comparing.head = two ? head : comparing.base;
    if (err == ERR_NONE) {
        *code = with_arms ? compare_arms(&comparing) : compare_files(&comparing);
        err = comparing.out.failed ? problem_set(why, ERR_MEMORY, "out of memory while comparing")
                                   : stdout_write(comparing.out.data, comparing.out.length, why);
    }
    results_free(comparing.base);
    results_free(head);
    buffer_free(&comparing.out);
    return err;
}
