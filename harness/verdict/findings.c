#include "harness/verdict/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void findings_fall_short(struct findings *findings, const char *format, ...)
{
    va_list args;
    if (findings->shortfall[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(findings->shortfall, sizeof(findings->shortfall), format, args);
    va_end(args);
}

enum finding findings_sought(const struct run *run)
{
    switch (run->expectation.finding) {
    case FINDING_GROWS:
    case FINDING_VIOLATES:
    case FINDING_LOST:
    case FINDING_HANGS:
    case FINDING_CRASHES:
        return run->expectation.finding;
    default:
        return FINDING_BOUNDED;
    }
}

bool expectation_allows(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->expectation.also_count; i++)
        if (strcmp(run->expectation.also[i], name) == 0)
            return true;
    return false;
}

/* tombstones_foreign are tombstones: where these grow as the scenario says, those may grow by no more. */
static bool is_counted_again(struct findings *findings, const char *name)
{
    const struct run *run = findings->run;
    const struct metric *metric = metric_find(name);
    const struct expected_metric *whole = metric && metric->again_of ? expectation_metric(run, metric->again_of) : NULL;
    const struct series *series = run_series(run, name), *of = whole ? run_series(run, whole->name) : NULL;
    struct growth growth, most;
    if (!series || !of || whole->relation != RELATION_GROWS || findings->err != ERR_NONE)
        return false;
    findings->err = series_growth(run, series, &growth);
    if (findings->err == ERR_NONE)
        findings->err = series_growth(run, of, &most);
    return findings->err == ERR_NONE && most.grows && growth.rate <= most.rate;
}

bool findings_allow(struct findings *findings, const char *name)
{
    const struct metric *metric = metric_find(name);
    bool follows = metric && metric->kind == METRIC_LEVEL && is_memory(name);
    return expectation_allows(findings->run, name) || (findings->grown && follows) || is_counted_again(findings, name);
}

bool found_is_mispredicted(const struct run *run, const struct found *found)
{
    if (found->finding != FINDING_GROWS || found->expected)
        return false;
    const struct expected_metric *expected = expectation_metric(run, found->metric);
    return expectation_has_formula(expected) && expected->relation == RELATION_GROWS;
}

static void add(struct findings *findings, const struct found *found)
{
    if (findings->err == ERR_NONE)
        findings->err = run_add_found(findings->run, found);
}

/* `detail` is BORROWED by the found that is made of it: run_add_found copies. */
static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void add_event(struct findings *findings, enum finding finding, const char *detail)
{
    const struct run *run = findings->run;
    struct found found = {.finding = finding, .rung = (int64_t)run->rung_count - 1, .detail = unconst(detail)};
    found.expected = findings_sought(run) == finding || expectation_allows(run, finding_name(finding));
    add(findings, &found);
}

/* ---- the end of the run ------------------------------------------------------------------------ */

static void collect_ending(struct findings *findings)
{
    const struct run *run = findings->run;
    char text[120];
    if (run->ending == ENDING_CRASHED) {
        snprintf(text, sizeof(text), "killed by signal %d", run->ending_code);
        add_event(findings, FINDING_CRASHES, run->ending_detail ? run->ending_detail : text);
    }
    /* lost memory makes the host and LeakSanitizer end with a status of their own: that is told below */
    bool only_lost = run->ending_code == ENDING_CODE_LOST && run->lost_bytes > 0;
    if (run->ending == ENDING_EXITED && !only_lost) {
        snprintf(text, sizeof(text), "exited with status %d", run->ending_code);
        add_event(findings, FINDING_CRASHES, run->ending_detail ? run->ending_detail : text);
    }
    if (run->tool_errors > 0) {
        snprintf(text, sizeof(text), "%" PRId64 " errors, by the log of %s", run->tool_errors,
                 run->backend ? run->backend : "the tool");
        add_event(findings, FINDING_CRASHES, text);
    }
    if (run->ending == ENDING_HUNG)
        add_event(findings, FINDING_HANGS, run->ending_detail ? run->ending_detail : "no answer within the time limit");
    if (run->lost_bytes > 0) {
        snprintf(text, sizeof(text), "%" PRId64 " bytes are lost: nothing points to them any more", run->lost_bytes);
        add_event(findings, FINDING_LOST, text);
    }
}

/* ---- invariants -------------------------------------------------------------------------------- */

static bool violation_is_expected(const struct findings *findings, const char *invariant)
{
    const struct run *run = findings->run;
    const char *sought = run->expectation.violates;
    if (findings_sought(run) == FINDING_VIOLATES && (!sought || strcmp(sought, invariant) == 0))
        return true;
    /* a side table that grows is a side table that is too large: the same fact twice */
    return expectation_allows(run, invariant) || (findings->grown && strcmp(invariant, "I4") == 0);
}

/* One finding an invariant, with its first violation. */
static void collect_violations(struct findings *findings)
{
    const struct run *run = findings->run;
    for (size_t i = 0; i < run->violation_count; i++) {
        const struct violation *first = &run->violations[i];
        size_t before = 0, more = 0;
        for (size_t j = 0; j < run->violation_count; j++)
            if (strcmp(run->violations[j].invariant, first->invariant) == 0)
                (*(j < i ? &before : &more))++;
        if (before > 0)
            continue;
        more--; /* itself */
        char detail[400], rest[48] = "";
        if (more > 0)
            snprintf(rest, sizeof(rest), " (and %zu more)", more);
        snprintf(detail, sizeof(detail), "%s, after %" PRId64 " operations%s", first->detail ? first->detail : "?",
                 first->op, rest);
        struct found found = {.finding = FINDING_VIOLATES, .metric = first->invariant, .rung = first->rung};
        found.detail = detail;
        found.expected = violation_is_expected(findings, first->invariant);
        add(findings, &found);
    }
}

/* ---- growth ------------------------------------------------------------------------------------- */

static const char *dose_words(const struct growth *growth, enum dose dose)
{
    if (growth->late)
        return "begins late and goes on through twice the cycles";
    switch (dose) {
    case DOSE_LINEAR:
        return "doubles with twice the cycles";
    case DOSE_SUPERLINEAR:
        return "more than triples with twice the cycles";
    default:
        return NULL;
    }
}

/* Neither a leak nor a plateau: more cycles would tell, and until then nothing is. */
static void say_slowing(struct findings *findings, const struct series *series, const struct growth *growth)
{
    const struct dose_growth *dose = dose_find(findings->run, series->name);
    findings_fall_short(findings,
                        "growth of %s %sslows down: by %" PRId64 " over %s, by %" PRId64
                        " %s; run longer (more rungs or cycles) to tell a leak from a cache that fills",
                        series->name, growth->late ? "begins late and " : "", dose->single,
                        growth->late ? "a third of what twice the cycles have more" : "the rungs", dose->twice,
                        growth->late ? "over two" : "with twice the cycles");
    findings->doubtful = true;
}

/* Of what rose late: the rung after the last one that was no higher than the second window. */
static int64_t rung_of_growth(const struct run *run, const struct series *series, const struct growth *growth)
{
    int64_t rung = -1;
    for (size_t i = 0; i < run->rung_count; i++) {
        if (!growth->late && series->values[i] > growth->e1)
            return (int64_t)i;
        if (growth->late && series->values[i] <= growth->e2)
            rung = (int64_t)i + 1;
    }
    return rung;
}

static void add_growth(struct findings *findings, const struct series *series, const struct growth *growth,
                       bool expected, const char *detail)
{
    struct rate_unit unit = rate_unit_of(findings->run);
    struct found found = {.finding = FINDING_GROWS, .metric = series->name, .expected = expected};
    found.rate = growth->rate / unit.per_cycle;
    found.rate_unit = unconst(unit.word);
    found.detail = unconst(detail);
    found.rung = rung_of_growth(findings->run, series, growth);
    add(findings, &found);
}

static void judge_growth_of(struct findings *findings, const struct series *series, struct growth *growth)
{
    if (findings->err == ERR_NONE)
        findings->err = series_growth(findings->run, series, growth);
    findings->judged++;
    findings->moved = findings->moved || !growth->flat;
}

/* ---- formulas (D4) -------------------------------------------------------------------------------- */

static bool relation_holds(enum relation relation, int64_t value, int64_t predicted)
{
    if (predicted == RECORD_NONE)
        return true;
    if (value == RECORD_NONE)
        return false;
    return relation == RELATION_AT_MOST ? value <= predicted : value == predicted;
}

/* The first rung at which the formula does not hold; rung_count when it holds at all of them. Says which in `text`. */
static size_t first_miss(const struct run *run, const struct expected_metric *expected, const struct series *series,
                         char *text, size_t size)
{
    size_t rung = 0;
    while (rung < run->rung_count && relation_holds(expected->relation, series->values[rung], expected->values[rung]))
        rung++;
    if (rung == run->rung_count)
        return rung;
    char found[32] = "nothing";
    if (series->values[rung] != RECORD_NONE)
        snprintf(found, sizeof(found), "%" PRId64, series->values[rung]);
    snprintf(text, size, "at rung %zu the formula gives %s%" PRId64 ", found %s", rung + 1,
             expected->relation == RELATION_AT_MOST ? "at most " : "", expected->values[rung], found);
    return rung;
}

static void judge_predicted_growth(struct findings *findings, const struct expected_metric *expected,
                                   const struct series *series, const struct growth *growth)
{
    const struct run *run = findings->run;
    char miss[160], detail[200];
    findings->grown = findings->grown || growth->grows;
    if (first_miss(run, expected, series, miss, sizeof(miss)) < run->rung_count) {
        findings->as_predicted = false;
        snprintf(detail, sizeof(detail), "not as predicted: %s", miss);
        findings_fall_short(findings, "%s is not as predicted: %s", series->name, miss);
        if (growth->grows)
            add_growth(findings, series, growth, false, detail);
        return;
    }
    snprintf(detail, sizeof(detail), "as predicted at each of %zu rungs", run->rung_count);
    if (growth->grows)
        add_growth(findings, series, growth, true, detail);
}

static void judge_bound(struct findings *findings, const struct expected_metric *expected, const struct series *series,
                        const struct growth *growth)
{
    const struct run *run = findings->run;
    char miss[160];
    size_t rung = first_miss(run, expected, series, miss, sizeof(miss));
    if (rung == run->rung_count)
        return;
    if (findings_sought(run) == FINDING_GROWS && expected->relation == RELATION_EXACT) {
        findings_fall_short(findings, "%s is not as predicted: %s", series->name, miss);
    } else if (growth->grows) {
        add_growth(findings, series, growth, false, miss);
    } else {
        struct found found = {.finding = FINDING_VIOLATES, .metric = series->name, .rung = (int64_t)rung};
        found.detail = miss;
        add(findings, &found);
    }
}

static void judge_growth_without_formula(struct findings *findings, const struct series *series,
                                         const struct growth *growth)
{
    enum dose dose = dose_of(findings->run, series->name);
    if (!growth->judged) {
        findings_fall_short(findings, "too few samples of %s to judge its growth", series->name);
    } else if (!growth->grows) {
        findings_fall_short(findings, "%s was expected to grow and does not", series->name);
    } else if (dose == DOSE_PLATEAU) {
        findings_fall_short(findings, "%s was expected to grow but stops: twice the cycles give no more", series->name);
    } else {
        findings->grown = true;
        add_growth(findings, series, growth, true, dose_words(growth, dose));
        if (dose == DOSE_SLOWING)
            say_slowing(findings, series, growth);
    }
}

/* Only a file that was changed has such a formula. */
static void check_formula(struct findings *findings, const struct expected_metric *expected)
{
    for (size_t i = 0; i < findings->run->rung_count; i++)
        if (expected->values[i] == RECORD_NONE) {
            findings_fall_short(findings, "the formula of %s gives nothing at rung %zu", expected->name, i + 1);
            findings->doubtful = true;
            return;
        }
}

/* A metric that the scenario speaks of. A bound on what the subject does not count is passed over; growth is not. */
static void judge_expected(struct findings *findings, const struct expected_metric *expected)
{
    const struct series *series = run_series(findings->run, expected->name);
    struct growth growth = {0};
    if (!series) {
        if (expected->relation == RELATION_GROWS)
            findings_fall_short(findings, "%s was expected to grow, and the subject does not count it", expected->name);
        return;
    }
    bool formula = expectation_has_formula(expected);
    if (expected->relation != RELATION_GROWS && !formula)
        return;
    if (formula)
        check_formula(findings, expected);
    judge_growth_of(findings, series, &growth);
    if (expected->relation != RELATION_GROWS)
        judge_bound(findings, expected, series, &growth);
    else if (formula)
        judge_predicted_growth(findings, expected, series, &growth);
    else
        judge_growth_without_formula(findings, series, &growth);
}

/* True when the scenario itself says how that series is to be judged. */
static bool is_spoken_for(const struct run *run, const char *name)
{
    const struct expected_metric *expected = expectation_metric(run, name);
    return expected && (expected->relation == RELATION_GROWS || expectation_has_formula(expected));
}

static void say_unjudged(struct findings *findings, const struct series *series)
{
    const struct run *run = findings->run;
    size_t missing = 0;
    for (size_t i = 0; i < run->rung_count; i++)
        missing += series->values[i] == RECORD_NONE;
    if (missing == 0)
        findings_fall_short(findings,
                            "too few rungs: %zu of %" PRId64
                            " cycles; growth needs three windows of at least one period (%" PRId64 " cycles)",
                            run->rung_count, run->cycles_per_rung, run->period);
    else if (missing < run->rung_count)
        findings_fall_short(findings, "%s was sampled at only %zu of %zu rungs", series->name,
                            run->rung_count - missing, run->rung_count);
}

/* A series that nobody spoke of: it must not grow. */
static void judge_other(struct findings *findings, const struct series *series)
{
    const struct run *run = findings->run;
    struct growth growth = {0};
    bool wanted = series_is_level(series) || budget_of(run, series->name);
    if (!wanted || is_spoken_for(run, series->name) || findings->err != ERR_NONE)
        return;
    findings->err = series_growth(run, series, &growth);
    if (!growth.judged) {
        say_unjudged(findings, series);
        return;
    }
    findings->judged++;
    findings->moved = findings->moved || !growth.flat;
    enum dose dose = dose_of(run, series->name);
    if (!growth.grows || dose == DOSE_PLATEAU)
        return;
    bool allowed = findings_allow(findings, series->name);
    if (dose == DOSE_SLOWING && !allowed) {
        say_slowing(findings, series, &growth);
        return;
    }
    add_growth(findings, series, &growth, allowed, dose_words(&growth, dose));
}

/* The harness counts leases and callers itself, and the pool's own count of them must be the same; descriptors and threads it sees
 * from outside. None of them shows what a pool piles up. */
static bool says_nothing_of_the_pool(const char *metric)
{
    static const char *const names[] = {"leases_out", "gets_waiting", "gets_failed", "gets_closed",
                                        "leased",     "waiting",      "fds",         "threads"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], metric) == 0)
            return true;
    return false;
}

static bool is_blind(const struct run *run)
{
    for (size_t i = 0; i < run->series_count; i++) {
        const struct series *series = &run->series[i];
        if ((series_is_level(series) || is_spoken_for(run, series->name)) && !says_nothing_of_the_pool(series->name))
            return false;
    }
    return true;
}

/* A pool that serves nobody piles up nothing: it is not clean for that. */
static void check_that_it_served(struct findings *findings)
{
    const struct run *run = findings->run;
    const struct series *served = run_series(run, "gets_leased");
    if (run->rung_count == 0 || findings_sought(run) != FINDING_BOUNDED)
        return;
    if (run->rung_gets[run->rung_count - 1] == 0)
        findings_fall_short(findings, "no item was ever asked for");
    else if (served && served->values[run->rung_count - 1] == 0)
        findings_fall_short(findings, "none of %" PRId64 " gets was served", run->rung_gets[run->rung_count - 1]);
}

static void check_that_it_ran(struct findings *findings)
{
    const struct run *run = findings->run;
    if (run->rung_count == 0)
        findings_fall_short(findings, "no rung was reached");
    else if (run->rung_count > 1 && run->rung_ops[run->rung_count - 1] == run->rung_ops[0])
        findings_fall_short(findings, "nothing was done between the rungs");
    else if (findings->judged == 0)
        findings_fall_short(findings, "nothing was measured that could grow");
    else if (is_blind(run))
        findings_fall_short(findings,
                            "the subject counts nothing that a pool could pile up: neither items, nor memory, "
                            "nor an entry of its own; see `churn list metrics`");
}

static bool has_predicted_growth(const struct run *run)
{
    for (size_t i = 0; i < run->expectation.metric_count; i++)
        if (run->expectation.metrics[i].relation == RELATION_GROWS &&
            expectation_has_formula(&run->expectation.metrics[i]))
            return true;
    return false;
}

/* Beside everything else, so that what is wrong in itself comes first. */
static void collect_baseline(struct findings *findings)
{
    const struct run *run = findings->run;
    char metric[] = "baseline";
    struct found found = {.finding = FINDING_VIOLATES, .metric = metric, .rung = (int64_t)run->rung_count - 1};
    found.detail = run->baseline_differs;
    if (run->baseline_differs && run->baseline_differs[0] != '\0')
        add(findings, &found);
}

enum err findings_collect(struct findings *findings, struct run *run, const struct results *all)
{
    *findings = (struct findings){.run = run, .all = all, .as_predicted = has_predicted_growth(run)};
    collect_ending(findings);
    for (size_t i = 0; i < run->expectation.metric_count; i++)
        judge_expected(findings, &run->expectation.metrics[i]);
    collect_violations(findings);
    for (size_t i = 0; i < run->series_count; i++)
        judge_other(findings, &run->series[i]);
    thresholds_collect(findings);
    collect_baseline(findings);
    check_that_it_ran(findings);
    check_that_it_served(findings);
    return findings->err;
}
