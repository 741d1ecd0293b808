/*
 * Thresholds that somebody stated: the budget of a metric's growth, limits of its samples, its ratio to a control pool.
 *
 * A scenario that expects a pool to leak knows better than a threshold for every pool: what it expects, and what grows
 * with it, is told but fails nothing.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/verdict/findings.h"

/* ---- budgets -------------------------------------------------------------------------------- */

static const struct threshold *stated(const struct run *run, enum threshold_kind kind, const char *metric)
{
    for (size_t i = 0; i < run->thresholds.count; i++) {
        const struct threshold *threshold = &run->thresholds.list[i];
        if (threshold->kind == kind && strcmp(threshold->metric, metric) == 0)
            return threshold;
    }
    return NULL;
}

const struct threshold *budget_of(const struct run *run, const char *metric)
{
    char family[NAME_MAX_LEN + 1];
    const struct threshold *own = stated(run, THRESHOLD_BUDGET, metric);
    size_t length = strcspn(metric, ".");
    if (own || metric[length] == '\0' || length >= sizeof(family))
        return own;
    snprintf(family, sizeof(family), "%.*s", (int)length, metric);
    return stated(run, THRESHOLD_BUDGET, family);
}

double budget_per_cycle(const struct run *run, const char *metric)
{
    const struct threshold *budget = budget_of(run, metric);
    if (!budget)
        return 0;
    double times[PER_COUNT] = {[PER_CYCLE] = 1};
    times[PER_OP] = counts_per_cycle(run, run->rung_ops);
    times[PER_INVALIDATION] = counts_per_cycle(run, run->rung_invalidations);
    return budget->value * times[budget->per];
}

void budget_print(const struct run *run, const char *metric, struct buffer *out)
{
    const struct threshold *budget = budget_of(run, metric);
    const char *value = budget ? strchr(budget->text, '=') : NULL;
    buffer_addf(out, "over the budget of %s", value ? value + 1 : "0");
}

/* ---- where and who -------------------------------------------------------------------------- */

void since_print(const struct run *run, int64_t rung, struct buffer *out)
{
    if (rung >= 0 && (size_t)rung < run->rung_count)
        buffer_addf(out, "since rung %" PRId64 " (after %" PRId64 " operations)", rung + 1, run->rung_ops[rung]);
    else if (rung >= 0)
        buffer_addf(out, "after shutdown (%" PRId64 " operations)", run->ops);
    else
        buffer_add_text(out, "before the first operation");
}

static int64_t sample_at(const struct run *run, const struct series *series, int64_t rung)
{
    if (rung < 0)
        return series->before;
    return (size_t)rung < run->rung_count ? series->values[rung] : series->after;
}

/* "held by items: 40 blocks, 2.50 KiB": the population with most bytes at that moment. */
static void print_holder_at(const struct run *run, int64_t rung, struct buffer *out)
{
    static const char bytes_of[] = "bytes_live.";
    const char *holder = NULL;
    int64_t most = 0;
    char name[sizeof("blocks_live.") + NAME_MAX_LEN + 1];
    for (size_t i = 0; i < run->series_count; i++) {
        const struct series *series = &run->series[i];
        int64_t value = sample_at(run, series, rung);
        if (strncmp(series->name, bytes_of, strlen(bytes_of)) != 0 || value == RECORD_NONE || value <= most)
            continue;
        most = value;
        holder = series->name + strlen(bytes_of);
    }
    if (!holder)
        return;
    snprintf(name, sizeof(name), "blocks_live.%.*s", NAME_MAX_LEN, holder);
    const struct series *blocks = run_series(run, name);
    buffer_addf(out, "; most of the pool's memory is held by %s: ", holder);
    if (blocks && sample_at(run, blocks, rung) != RECORD_NONE) {
        amount_print((double)sample_at(run, blocks, rung), "blocks", out);
        buffer_add_text(out, ", ");
    }
    amount_print((double)most, "bytes", out);
}

/* ---- limits and ratios ---------------------------------------------------------------------- */

static const char *unit_of(const char *name)
{
    const struct metric *metric = metric_find(name);
    return metric ? metric->unit : "units";
}

/* Growth that the scenario is about, or that comes with it. */
static bool is_companion(struct findings *findings, const char *metric)
{
    const struct expected_metric *expected = expectation_metric(findings->run, metric);
    return (expected && expected->relation == RELATION_GROWS) || findings_allow(findings, metric);
}

/* What the process held at most is told by the system, not sampled. */
static bool is_peak_rss(const char *metric)
{
    return strcmp(metric, "peak_rss_bytes") == 0;
}

static void add_passed(struct findings *findings, const struct threshold *threshold, int64_t rung,
                       struct buffer *detail)
{
    struct found found = {.finding = FINDING_VIOLATES, .metric = threshold->metric, .rung = rung};
    print_holder_at(findings->run, rung, detail);
    examples_print(findings->run, threshold->metric, detail);
    found.detail = detail->data;
    found.expected = is_companion(findings, threshold->metric);
    if (findings->err == ERR_NONE)
        findings->err = detail->failed ? ERR_MEMORY : run_add_found(findings->run, &found);
    buffer_free(detail);
}

static bool is_sampled(const struct run *run, const char *metric)
{
    size_t length = strlen(metric);
    for (size_t i = 0; i < run->series_count; i++) {
        const char *name = run->series[i].name;
        if (strncmp(name, metric, length) == 0 && (name[length] == '\0' || name[length] == '.'))
            return true;
    }
    return false;
}

/* A counter of the vocabulary that this pool does not have is not passed, if another pool here has it; a name that nobody
 * knows, and one that nobody counts, prove nothing. */
static void miss_metric(struct findings *findings, const struct threshold *threshold)
{
    bool sampled = !findings->all || is_sampled(findings->run, threshold->metric);
    for (size_t i = 0; !sampled && i < findings->all->run_count; i++)
        sampled = is_sampled(findings->all->runs[i], threshold->metric);
    if (sampled && metric_find(threshold->metric))
        return;
    findings_fall_short(findings, "the subject does not count %s, which has a %s", threshold->metric,
                        threshold_kind_name(threshold->kind));
    findings->doubtful = true;
}

static void judge_limit(struct findings *findings, const struct threshold *threshold)
{
    const struct run *run = findings->run;
    const struct series *series = run_series(run, threshold->metric);
    const char *limit = strchr(threshold->text, '=') + 1;
    int64_t rung = -1, last = (int64_t)run->rung_count, worst = RECORD_NONE;
    struct buffer detail = {0};
    if (is_peak_rss(threshold->metric) && run->peak_rss_bytes > 0) {
        worst = run->peak_rss_bytes;
        rung = last;
    } else if (!series) {
        miss_metric(findings, threshold);
        return;
    } else {
        while (rung <= last && !((double)sample_at(run, series, rung) > threshold->value))
            rung++;
        for (int64_t at = rung; at <= last; at++)
            worst = sample_at(run, series, at) > worst ? sample_at(run, series, at) : worst;
    }
    if (worst == RECORD_NONE || (double)worst <= threshold->value)
        return;
    buffer_addf(&detail, "%s is ", threshold->metric);
    amount_print((double)worst, unit_of(threshold->metric), &detail);
    buffer_addf(&detail, ", over the limit of %s", limit);
    if (!is_peak_rss(threshold->metric)) {
        buffer_add_text(&detail, ", ");
        since_print(run, rung, &detail);
    }
    add_passed(findings, threshold, rung, &detail);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_params(const struct run *a, const struct run *b)
{
    if (a->param_count != b->param_count)
        return false;
    for (size_t i = 0; i < a->param_count; i++)
        if (!same_text(a->params[i].name, b->params[i].name) || !same_text(a->params[i].value, b->params[i].value))
            return false;
    return true;
}

/* The same run on the control pool; NULL: there is none that went to its end. */
static const struct run *control_of(const struct findings *findings, const char *pool)
{
    const struct run *run = findings->run;
    for (size_t i = 0; i < findings->all->run_count; i++) {
        const struct run *other = findings->all->runs[i];
        if (same_text(other->pool, pool) && same_text(other->scenario, run->scenario) &&
            same_text(other->backend, run->backend) && other->seed == run->seed && same_params(other, run))
            return other->ending == ENDING_DONE ? other : NULL;
    }
    return NULL;
}

static int64_t last_sample(const struct run *run, const char *metric)
{
    const struct series *series = run_series(run, metric);
    if (is_peak_rss(metric))
        return run->peak_rss_bytes > 0 ? run->peak_rss_bytes : RECORD_NONE;
    return series && run->rung_count > 0 ? series->values[run->rung_count - 1] : RECORD_NONE;
}

static void judge_ratio(struct findings *findings, const struct threshold *threshold)
{
    const struct run *run = findings->run;
    if (!findings->all || !threshold->control || same_text(run->pool, threshold->control))
        return;
    const struct run *control = control_of(findings, threshold->control);
    if (!control) {
        findings_fall_short(findings, "the control pool %s has no such run, so that the ratio of %s cannot be told",
                            threshold->control, threshold->metric);
        return;
    }
    int64_t value = last_sample(run, threshold->metric), other = last_sample(control, threshold->metric);
    if (value == RECORD_NONE || other == RECORD_NONE) {
        miss_metric(findings, threshold);
        return;
    }
    if ((double)value <= threshold->value * (double)other)
        return;
    struct buffer detail = {0};
    buffer_addf(&detail, "%s is ", threshold->metric);
    amount_print((double)value, unit_of(threshold->metric), &detail);
    buffer_addf(&detail, ", over %s times the ", strchr(threshold->text, '=') + 1);
    amount_print((double)other, unit_of(threshold->metric), &detail);
    buffer_addf(&detail, " of %s, at rung %zu (after %" PRId64 " operations)", threshold->control, run->rung_count,
                run->rung_count > 0 ? run->rung_ops[run->rung_count - 1] : run->ops);
    add_passed(findings, threshold, (int64_t)run->rung_count - 1, &detail);
}

void thresholds_collect(struct findings *findings)
{
    const struct run *run = findings->run;
    for (size_t i = 0; i < run->thresholds.count; i++) {
        const struct threshold *threshold = &run->thresholds.list[i];
        if (threshold->kind == THRESHOLD_LIMIT)
            judge_limit(findings, threshold);
        else if (threshold->kind == THRESHOLD_RATIO)
            judge_ratio(findings, threshold);
        else if (!run_series(run, threshold->metric))
            miss_metric(findings, threshold);
    }
}
