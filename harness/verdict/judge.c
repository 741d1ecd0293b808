/*
 * From what was found to a status. Two questions are kept apart: what the numbers say (findings), and whether the
 * scenario said so before (status). A run passes only when what was expected was seen, nothing else was, and the
 * numbers can be believed.
 */
#include "harness/verdict/verdict_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/verdict/findings.h"

#define FRAMES_SAID 3 /* of a stack, in a message */

/* ---- choosing the main finding -------------------------------------------------------------- */

/* Crashes outrank hangs, and so on down to growth. A side table that is too large (I4) and a difference from
 * the baseline come after growth: where something grows, that says the same and tells the rate. */
static int weight(const struct found *found)
{
    bool light = found->finding == FINDING_VIOLATES &&
                 (strcmp(found->metric, "I4") == 0 || strcmp(found->metric, "baseline") == 0);
    return light ? 2 * FINDING_GROWS - 1 : 2 * (int)found->finding;
}

static bool is_heavier(const struct found *found, const struct found *than)
{
    if (weight(found) != weight(than))
        return weight(found) > weight(than);
    if (found->finding != FINDING_GROWS)
        return false;
    bool found_follows = is_memory(found->metric) || is_descriptors(found->metric);
    bool than_follows = is_memory(than->metric) || is_descriptors(than->metric);
    if (found_follows != than_follows)
        return than_follows;
    return found->rate > than->rate;
}

/* With `failing` only what nobody expected; growth at another rate than predicted is no failure of the pool, it only
 * reproduces nothing. */
static const struct found *heaviest(const struct run *run, bool failing)
{
    const struct found *best = NULL;
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (failing && (found->expected || found_is_mispredicted(run, found)))
            continue;
        if (!best || is_heavier(found, best))
            best = found;
    }
    return best;
}

/* Is that the very thing the scenario was written to show? */
static bool is_sought(const struct run *run, const struct found *found, enum finding seeks)
{
    if (!found->expected || found->finding != seeks)
        return false;
    if (seeks == FINDING_GROWS)
        return expectation_metric(run, found->metric) != NULL;
    const char *invariant = run->expectation.violates;
    return seeks != FINDING_VIOLATES || !invariant || strcmp(found->metric, invariant) == 0;
}

/* Of several the one that says most: a scenario that predicts tombstones and what they retain is about the tombstones.
 */
static const struct found *sought(const struct run *run, enum finding seeks)
{
    const struct found *best = NULL;
    for (size_t i = 0; i < run->found_count; i++)
        if (is_sought(run, &run->found[i], seeks) && (!best || is_heavier(&run->found[i], best)))
            best = &run->found[i];
    return best;
}

static size_t count_findings(const struct run *run, enum finding finding)
{
    size_t count = 0;
    for (size_t i = 0; i < run->found_count; i++)
        count += run->found[i].finding == finding;
    return count;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* "; allocated by tombs_add (tombs.c:77) < broadcast_invalidate (broadcast.c:44)": the first part of run->stack is one line
 * that says how much, then a frame a line. */
static void say_stack(const struct run *run, struct buffer *out)
{
    const char *line = run->stack ? strchr(run->stack, '\n') : NULL;
    for (int shown = 0; line && line[1] == ' ' && shown < FRAMES_SAID; shown++) {
        line += 1 + strspn(line + 1, " ");
        size_t length = strcspn(line, "\n");
        buffer_add_text(out, shown == 0 ? "; allocated by " : " < ");
        buffer_add(out, line, length);
        line = line[length] ? line + length : NULL;
    }
}

/* "tombstones grows by 7 entries per invalidation, not expected; held by tombstones: 7 blocks, 392 bytes per
 * invalidation" */
static enum err say_growth(const struct run *run, const struct found *found, struct buffer *out)
{
    const struct metric *metric = metric_find(found->metric);
    buffer_addf(out, "%s grows by ", found->metric);
    amount_print(found->rate, metric ? metric->unit : "units", out);
    buffer_addf(out, " %s", found->rate_unit);
    if (found->detail)
        buffer_addf(out, ", %s", found->detail);
    if (!found->expected && !found_is_mispredicted(run, found)) {
        buffer_add_text(out, ", ");
        budget_print(run, found->metric, out);
        buffer_add_text(out, ", ");
        since_print(run, found->rung, out);
    }
    struct buffer holder = {0};
    enum err err = holder_print(run, &holder);
    if (holder.length > 0)
        buffer_addf(out, "; %s", holder.data);
    buffer_free(&holder);
    if (!found->expected) {
        examples_print(run, found->metric, out);
        say_stack(run, out);
    }
    size_t others = count_findings(run, FINDING_GROWS) - 1;
    if (others > 0)
        buffer_addf(out, "; %zu more %s", others, others == 1 ? "grows with it" : "grow with it");
    return err;
}

static enum err say_found(const struct run *run, const struct found *found, struct buffer *out)
{
    if (found->finding == FINDING_GROWS)
        return say_growth(run, found, out);
    /* I1 .. I8, a series that breaks the scenario's bound, or something that its detail says whole */
    const char *metric = found->metric ? found->metric : "";
    bool whole = found->detail && strncmp(found->detail, metric, strlen(metric)) == 0;
    if (found->finding == FINDING_VIOLATES && strcmp(metric, "baseline") == 0)
        buffer_add_text(out, "differs from the baseline: ");
    else if (found->finding == FINDING_VIOLATES && !whole)
        buffer_addf(out, metric[0] == 'I' ? "%s does not hold: " : "%s is not as the scenario says: ", metric);
    buffer_add_text(out, found->detail ? found->detail : finding_name(found->finding));
    if (found->finding == FINDING_VIOLATES && whole && !found->expected)
        say_stack(run, out);
    return ERR_NONE;
}

static void say_nothing_grows(const struct findings *findings, struct buffer *out)
{
    const struct run *run = findings->run;
    size_t allowed = count_findings(run, FINDING_GROWS);
    buffer_addf(out, "%s over %zu rungs of %" PRId64 " cycles: ", finding_name(run->finding), run->rung_count,
                run->cycles_per_rung);
    if (allowed > 0)
        buffer_addf(out, "of %zu series only %zu %s, as the scenario allows", findings->judged, allowed,
                    allowed == 1 ? "grows" : "grow");
    else
        buffer_addf(out, "none of %zu series grows", findings->judged);
    if (findings->as_predicted)
        buffer_add_text(out, ", as predicted");
}

/* ---- the status ------------------------------------------------------------------------------ */

static enum err conclude(struct run *run, enum status status, struct buffer *message)
{
    run->status = status;
    enum err err = message->failed ? ERR_MEMORY : run_set_text(&run->message, message->data ? message->data : "");
    buffer_free(message);
    return err;
}

/* Runs about whose pool nothing can be said. */
static bool not_a_run(const struct run *run, enum status *status)
{
    switch (run->ending) {
    case ENDING_SKIPPED:
        *status = run->baseline_differs && run->baseline_differs[0] ? STATUS_FAIL : STATUS_SKIP;
        return true;
    case ENDING_STOPPED:
        *status = STATUS_INCONCLUSIVE;
        return true;
    case ENDING_PROTOCOL:
    case ENDING_RIG:
        *status = STATUS_BROKEN;
        return true;
    default:
        return false;
    }
}

static enum err judge_without_finding(struct run *run, enum status status)
{
    struct buffer message = {0};
    if (run->ending == ENDING_STOPPED)
        buffer_add_text(&message, "interrupted");
    else if (status == STATUS_FAIL)
        buffer_addf(&message, "differs from the baseline: %s", run->baseline_differs);
    else
        buffer_add_text(&message, run->ending_detail ? run->ending_detail : ending_name(run->ending));
    return conclude(run, status, &message);
}

static enum err set_main(struct run *run, const struct found *found, enum finding otherwise)
{
    run->finding = found ? found->finding : otherwise;
    if (!found)
        return ERR_NONE;
    run->rate = found->rate;
    if (run_set_text(&run->metric, found->metric) != ERR_NONE)
        return ERR_MEMORY;
    return run_set_text(&run->rate_unit, found->rate_unit);
}

/* Why a run that looks right may not pass all the same. False: it may. */
static bool is_doubtful(const struct findings *findings, bool seen, struct buffer *out)
{
    const struct run *run = findings->run;
    enum finding seeks = findings_sought(run);
    /* a crash or a broken invariant is seen or not, however few rungs there were */
    bool by_growth = seeks == FINDING_GROWS || seeks == FINDING_BOUNDED;
    if ((by_growth || findings->doubtful) && findings->shortfall[0] != '\0')
        buffer_add_text(out, findings->shortfall);
    else if (!seen)
        buffer_addf(out, "expected: %s%s%s; not seen, so nothing was reproduced", finding_name(seeks),
                    run->expectation.violates ? " " : "", run->expectation.violates ? run->expectation.violates : "");
    else if (run->twin_differs && run->twin_differs[0] != '\0')
        buffer_addf(out, "a second process with the same seed gave other numbers for %s", run->twin_differs);
    else if (run->control && run->control[0] != '\0')
        buffer_addf(out, "the planted leak was not caught: %s", run->control);
    else if (findings->all && !run->control) /* a run by itself is not finished yet */
        buffer_addf(out, "no planted leak was looked for under %s, so nothing shows that one would be seen",
                    run->backend ? run->backend : "its backend");
    else
        return false;
    return true;
}

static enum err judge_findings(struct findings *findings)
{
    struct run *run = findings->run;
    enum finding seeks = findings_sought(run);
    const struct found *unexpected = heaviest(run, true), *seen = sought(run, seeks);
    bool complete = seen || seeks == FINDING_BOUNDED || findings->as_predicted;
    struct buffer message = {0};

    const struct found *leading = unexpected ? unexpected : seen ? seen : heaviest(run, false);
    if (seeks == FINDING_BOUNDED && !unexpected)
        leading = NULL;
    enum err err = set_main(run, leading, findings->moved ? FINDING_BOUNDED : FINDING_FLAT);
    if (err != ERR_NONE)
        return err;
    if (unexpected) {
        err = say_found(run, unexpected, &message);
        return err != ERR_NONE ? err : conclude(run, STATUS_FAIL, &message);
    }
    if (is_doubtful(findings, complete, &message))
        return conclude(run, STATUS_INCONCLUSIVE, &message);
    if (seen)
        err = say_found(run, seen, &message);
    else
        say_nothing_grows(findings, &message);
    return err != ERR_NONE ? err : conclude(run, STATUS_PASS, &message);
}

/* D5 inside the run: when the tool and the host count differently, no number of this run is to be trusted. What was
 * seen to happen (a crash, a hang, lost memory) stands. */
static enum err doubt_tool(struct run *run)
{
    struct buffer message = {0};
    bool seen = run->finding == FINDING_CRASHES || run->finding == FINDING_HANGS || run->finding == FINDING_LOST;
    if (seen || tool_agrees(run, &message)) {
        buffer_free(&message);
        return ERR_NONE;
    }
    return conclude(run, STATUS_BROKEN, &message);
}

static enum err judge_run(struct run *run, const struct results *all)
{
    struct findings findings;
    enum status status;
    run_clear_judgement(run);
    if (not_a_run(run, &status))
        return judge_without_finding(run, status);
    enum err err = verdict_check_invariants(run);
    if (err == ERR_NONE)
        err = findings_collect(&findings, run, all);
    if (err == ERR_NONE)
        err = judge_findings(&findings);
    return err == ERR_NONE ? doubt_tool(run) : err;
}

enum err verdict_judge_run(struct run *run)
{
    return judge_run(run, NULL);
}

enum err verdict_judge(struct results *results)
{
    for (size_t i = 0; i < results->run_count; i++) {
        enum err err = judge_run(results->runs[i], results);
        if (err != ERR_NONE)
            return err;
    }
    return agreement_judge(results);
}
