/* Runs, held against the numbers that were committed, and what is told of it. */
#include "harness/cli/gate.h"

#include <string.h>

enum err gate_no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while comparing with the baseline");
}

/* ---- one run ------------------------------------------------------------------------------------------------ */

static struct baseline_entry *find_committed(const struct gate *gate, const struct baseline_entry *now)
{
    return baseline_find(&gate->baseline, now->scenario, now->params, now->pool, now->backend, now->seed);
}

static void add_heading(struct gate *gate, const struct baseline_entry *entry, const char *what)
{
    if (gate->table.length == 0)
        buffer_addf(&gate->table, "\n  %-32s %-5s %14s %14s\n", "baseline", "", "committed", "now");
    buffer_addf(&gate->table, "%s%s%s, %s, %s%s%s\n", entry->scenario, *entry->params ? " " : "", entry->params,
                entry->pool, entry->backend, *what ? ": " : "", what);
}

static enum err compare_run(struct gate *gate, struct run *run, const struct baseline_entry *now)
{
    static const char unknown[] = "it is not in the baseline (churn gate --update-baseline adds it)";
    struct baseline_entry *was = find_committed(gate, now);
    struct baseline_diff diff;
    if (!was) {
        gate->unknown++;
        add_heading(gate, now, "not in the baseline");
        return run_set_text(&run->baseline_differs, unknown);
    }
    was->seen = true;
    gate->compared++;
    verdict_baseline_compare(was, now, &diff);
    gate->other_abi += diff.other_abi;
    if (diff.rows > 0) {
        gate->differing++;
        add_heading(gate, now, "");
        buffer_add(&gate->table, diff.table.data, diff.table.length);
    }
    enum err err =
        diff.text.failed ? ERR_MEMORY : run_set_text(&run->baseline_differs, diff.text.data ? diff.text.data : "");
    verdict_baseline_diff_free(&diff);
    return err;
}

/* Numbers that two processes do not agree on must not be committed, and need not be compared. */
static bool is_unstable(const struct run *run)
{
    return run->twin_differs && *run->twin_differs;
}

static enum err take_run(struct gate *gate, const struct results *results, struct run *run)
{
    if (!verdict_has_baseline(run))
        return ERR_NONE;
    if (is_unstable(run)) {
        gate->unstable++;
        return ERR_NONE;
    }
    enum err err = verdict_baseline_entry(run, results->machine.abi, &gate->now);
    if (err != ERR_NONE || gate->options->update_baseline)
        return err;
    return compare_run(gate, run, &gate->now.entries[gate->now.count - 1]);
}

/* ---- all runs ------------------------------------------------------------------------------------------------ */

static enum err miss_run(struct gate *gate, const struct baseline_entry *entry, struct run *run)
{
    struct buffer text = {0};
    gate->missing++;
    buffer_addf(&text, "it ran when the baseline was made, and is skipped now: %s", run->ending_detail);
    enum err err = text.failed ? ERR_MEMORY : run_set_text(&run->baseline_differs, text.data);
    if (err == ERR_NONE)
        add_heading(gate, entry, text.data);
    buffer_free(&text);
    return err;
}

static enum err look_for_entry(struct gate *gate, const struct results *results, const struct baseline_entry *entry)
{
    struct run *run = gate_run_of(results, entry);
    if (gate_has_given_up(run))
        return miss_run(gate, entry, run);
    gate->skipped += run && run->ending == ENDING_SKIPPED;
    if (!entry->seen && gate_is_due(gate, results, entry)) {
        gate->missing++;
        add_heading(gate, entry, "in the baseline, and no such run now");
    }
    return ERR_NONE;
}

/* Judges without any baseline: stored runs may have been held against one before, and what differed then is no finding now. */
static enum err judge_alone(struct results *results)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < results->run_count; i++)
        err = run_set_text(&results->runs[i]->baseline_differs, NULL);
    return err == ERR_NONE ? verdict_judge(results) : err;
}

enum err gate_judge(struct gate *gate, struct results *results, bool stopped, struct problem *why)
{
    gate->stopped = stopped;
    if (judge_alone(results) != ERR_NONE)
        return gate_no_memory(why);
    for (size_t i = 0; i < results->run_count; i++)
        if (take_run(gate, results, results->runs[i]) != ERR_NONE)
            return gate_no_memory(why);
    for (size_t i = 0; i < gate->baseline.count && !gate->options->update_baseline; i++)
        if (look_for_entry(gate, results, &gate->baseline.entries[i]) != ERR_NONE)
            return gate_no_memory(why);
    return verdict_judge(results) == ERR_NONE && !gate->table.failed ? ERR_NONE : gate_no_memory(why);
}

/* ---- telling -------------------------------------------------------------------------------------------------- */

static void add_notes(const struct gate *gate, struct buffer *out)
{
    if (gate->skipped > 0)
        buffer_addf(out, "baseline: skip %zu runs that are in it: they cannot be made here\n", gate->skipped);
    if (gate->unstable > 0)
        buffer_addf(out, "baseline: skip %zu runs: two processes do not agree on their numbers\n", gate->unstable);
    if (gate->other_abi > 0)
        buffer_addf(out, "baseline: skip the bytes of %zu runs: they were committed on another ABI\n", gate->other_abi);
}

enum err gate_finish(struct gate *gate, const struct results *results, enum exit_code *code, struct problem *why)
{
    struct buffer text = {0};
    bool as_json = gate->options->json_file && strcmp(gate->options->json_file, "-") == 0;
    if (gate->options->update_baseline)
        return gate->stopped ? problem_set(why, ERR_STOPPED, "stopped; the baseline is as it was")
                             : gate_update(gate, results, why);
    if (gate->missing > 0)
        *code = exit_code_worst(*code, EXIT_FAIL);
    buffer_add(&text, gate->table.data, gate->table.length);
    add_notes(gate, &text);
    buffer_addf(&text, "baseline: %zu runs compared with %s: %zu differ, %zu not in it, %zu missing\n", gate->compared,
                gate->folder, gate->differing, gate->unknown, gate->missing);
    enum err err = text.failed ? gate_no_memory(why) : as_json ? ERR_NONE : stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}
