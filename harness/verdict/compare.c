/*
 * Two judged runs beside each other: before and after a change, or a pool with a leak and one with its fix.
 *
 * What the numbers say counts here, not what a scenario expects: a leak that is expected is one all the same.
 */
#include <math.h>
#include <string.h>

#include "harness/verdict/verdict_internal.h"

const char *comparison_name(enum comparison comparison)
{
    static const char *const names[COMPARISON_COUNT] = {"fixed", "new", "worse", "better", "unchanged", "missing"};
    return (size_t)comparison < COMPARISON_COUNT ? names[comparison] : "?";
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* How bad a finding is: 0 for none, and larger for worse. Inconclusive, broken and skipped runs say nothing. */
static int badness(const struct run *run)
{
    switch (run->finding) {
    case FINDING_FLAT:
    case FINDING_BOUNDED:
        return run->status == STATUS_FAIL ? 1 : 0;
    case FINDING_UNKNOWN:
        return run->status == STATUS_FAIL ? 1 : 0;
    default:
        return (int)run->finding + 1;
    }
}

bool verdict_says_something(const struct run *run)
{
    return run->status == STATUS_PASS || run->status == STATUS_FAIL;
}

double verdict_rate_of(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->found_count; i++)
        if (run->found[i].finding == FINDING_GROWS && same_text(run->found[i].metric, metric))
            return run->found[i].rate;
    return 0;
}

/* Over all metrics that grow in either: new growth is worse whatever else shrank. */
static enum comparison compare_rates(const struct run *base, const struct run *head)
{
    bool better = false;
    for (size_t i = 0; i < head->found_count; i++) {
        const struct found *found = &head->found[i];
        double was = found->finding == FINDING_GROWS ? verdict_rate_of(base, found->metric) : found->rate;
        if (found->rate > was + 1e-9 * fabs(was))
            return COMPARISON_WORSE;
        better = better || found->rate < was - 1e-9 * fabs(was);
    }
    for (size_t i = 0; i < base->found_count; i++)
        better = better || (base->found[i].finding == FINDING_GROWS && base->found[i].rate > 0 &&
                            verdict_rate_of(head, base->found[i].metric) == 0);
    return better ? COMPARISON_BETTER : COMPARISON_UNCHANGED;
}

enum comparison verdict_compare_runs(const struct run *base, const struct run *head)
{
    bool there = base && verdict_says_something(base);
    if (!head || !verdict_says_something(head))
        return there ? COMPARISON_MISSING : COMPARISON_UNCHANGED;
    int was = there ? badness(base) : 0, is = badness(head);
    if (was == 0 || is == 0)
        return was == is ? COMPARISON_UNCHANGED : is == 0 ? COMPARISON_FIXED : COMPARISON_NEW;
    if (was != is)
        return is > was ? COMPARISON_WORSE : COMPARISON_BETTER;
    return base->finding == FINDING_GROWS ? compare_rates(base, head) : COMPARISON_UNCHANGED;
}

/* ---- two arms ------------------------------------------------------------------------------- */

struct arms verdict_compare_arms(const struct run *buggy, const struct run *fixed)
{
    struct arms arms = {.metric = buggy->metric, .unit = buggy->rate_unit, .before = buggy->rate};
    arms.reproduced = verdict_says_something(buggy) && buggy->finding == FINDING_GROWS && buggy->rate > 0;
    arms.known = arms.reproduced && verdict_says_something(fixed);
    if (!arms.known)
        return arms;
    arms.after = verdict_rate_of(fixed, buggy->metric);
    arms.removed = 100 * (arms.before - arms.after) / arms.before;
    for (size_t i = 0; i < fixed->found_count && !arms.other; i++) {
        const struct found *found = &fixed->found[i];
        bool told = found->finding == FINDING_GROWS && verdict_rate_of(buggy, found->metric) > 0;
        if (!told && found->finding > FINDING_BOUNDED && found->finding < FINDING_UNKNOWN)
            arms.other = found;
    }
    return arms;
}
