/* churn gate: a run, held against thresholds and against the numbers that were committed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/verdict/verdict.h"

#define BASELINE_FOLDER "results/baseline"

struct gate {
    const struct options *options;
    const char *folder;
    struct baseline baseline; /* as committed */
    struct baseline now;      /* of this run, one entry for each run that has numbers */
    struct buffer table;
    size_t compared, differing, unknown, missing, skipped, unstable, other_abi;
    bool stopped;
};

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while comparing with the baseline");
}

/* ---- comparing ---------------------------------------------------------------------------------------------- */

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

static bool has_scenario(const struct results *results, const char *scenario)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->scenario && strcmp(results->runs[i]->scenario, scenario) == 0)
            return true;
    return false;
}

static bool has_backend(const struct results *results, const char *backend)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->backend && strcmp(results->runs[i]->backend, backend) == 0 &&
            results->runs[i]->ending != ENDING_SKIPPED)
            return true;
    return false;
}

static bool has_seed(const struct results *results, uint64_t seed)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->seed == seed)
            return true;
    return false;
}

/* Stored results know the command that made them: did it ask for some of the runs only? */
static bool was_partial(const struct results *results)
{
    static const char *const choosing[] = {"--pool", "--set", "--shard"};
    for (size_t w = 0; w < results->command_count; w++) {
        const char *word = results->command[w];
        size_t length = strlen(word);
        if (length > 4 && strcmp(word + length - 4, ".lua") == 0)
            return true;
        for (size_t i = 0; i < ARRAY_LEN(choosing); i++)
            if (strncmp(word, choosing[i], strlen(choosing[i])) == 0)
                return true;
    }
    return false;
}

static struct run *run_of(const struct results *results, const struct baseline_entry *entry)
{
    for (size_t i = 0; i < results->run_count; i++) {
        struct run *run = results->runs[i];
        char *params = run_params_text(run);
        bool same = params && strcmp(params, entry->params) == 0 && run->scenario && run->pool && run->backend &&
                    strcmp(run->scenario, entry->scenario) == 0 && strcmp(run->pool, entry->pool) == 0 &&
                    strcmp(run->backend, entry->backend) == 0 && run->seed == entry->seed;
        free(params);
        if (same)
            return run;
    }
    return NULL;
}

/* Should this run have been made? Options that choose among runs make every absence a wish. An update from stored results takes out
 * of the baseline only what belongs to a scenario that is among them. */
static bool is_due(const struct gate *gate, const struct results *results, const struct baseline_entry *entry)
{
    const struct options *options = gate->options;
    bool stored = options->results_file != NULL;
    bool chosen = options->pools.count > 0 || options->settings.count > 0 || options->shards > 1 || gate->stopped;
    bool all_scenarios = stored ? !was_partial(results) && !options->update_baseline : options->operands.count == 0;
    bool has_backends = has_backend(results, entry->backend) || (stored && results->run_count == 0);
    bool seed_asked = stored ? has_seed(results, entry->seed) || results->run_count == 0 : entry->seed == options->seed;
    if (chosen || !has_backends || !seed_asked)
        return false;
    return (all_scenarios || has_scenario(results, entry->scenario)) && !run_of(results, entry);
}

/* A pool that could do it when the numbers were committed, and now says that it cannot. What this machine lacks is not its doing. */
static bool has_given_up(const struct run *run)
{
    return run && run->ending == ENDING_SKIPPED && run->ending_code == SKIPPED_BY_POOL;
}

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
    struct run *run = run_of(results, entry);
    if (has_given_up(run))
        return miss_run(gate, entry, run);
    gate->skipped += run && run->ending == ENDING_SKIPPED;
    if (!entry->seen && is_due(gate, results, entry)) {
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
        return no_memory(why);
    for (size_t i = 0; i < results->run_count; i++)
        if (take_run(gate, results, results->runs[i]) != ERR_NONE)
            return no_memory(why);
    for (size_t i = 0; i < gate->baseline.count && !gate->options->update_baseline; i++)
        if (look_for_entry(gate, results, &gate->baseline.entries[i]) != ERR_NONE)
            return no_memory(why);
    return verdict_judge(results) == ERR_NONE && !gate->table.failed ? ERR_NONE : no_memory(why);
}

/* ---- updating ------------------------------------------------------------------------------------------------- */

static void drop_entry(struct baseline *baseline, size_t index)
{
    struct baseline_entry dropped = baseline->entries[index];
    struct baseline one = {.entries = calloc(1, sizeof dropped), .count = 1};
    baseline->entries[index] = baseline->entries[--baseline->count];
    if (one.entries)
        one.entries[0] = dropped;
    else
        one.count = 0;
    baseline_free(&one);
}

/* What was measured takes the place of what was committed; what no longer exists goes. */
static void merge_entries(struct gate *gate, const struct results *results)
{
    for (size_t i = gate->baseline.count; i-- > 0;) {
        const struct baseline_entry *was = &gate->baseline.entries[i];
        const struct baseline_entry *now =
            baseline_find(&gate->now, was->scenario, was->params, was->pool, was->backend, was->seed);
        if (now || is_due(gate, results, was) || has_given_up(run_of(results, was)))
            drop_entry(&gate->baseline, i);
    }
}

/* A duration stays until it is far off, for it is only noise in a diff. Of what was not measured now the old one stays. */
static enum err update_durations(struct gate *gate, struct problem *why)
{
    struct baseline old;
    enum err err = durations_load(gate->folder, &old, why);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < gate->baseline.count; i++) {
        struct baseline_entry *now = &gate->baseline.entries[i];
        const struct baseline_entry *was =
            baseline_find(&old, now->scenario, now->params, now->pool, now->backend, now->seed);
        if (was && (now->ms == 0 || (now->ms <= 3 * was->ms + 200 && was->ms <= 3 * now->ms + 200)))
            now->ms = was->ms;
    }
    baseline_free(&old);
    return durations_save(gate->folder, &gate->baseline, why);
}

static enum err save_scenarios(struct gate *gate, const struct words *scenarios, struct problem *why)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < scenarios->count; i++)
        err = baseline_save(gate->folder, scenarios->list[i], &gate->baseline, why);
    return err == ERR_NONE ? update_durations(gate, why) : err;
}

/* Every scenario that is there before or after is written: an unchanged one gets the same bytes. */
static enum err update(struct gate *gate, const struct results *results, struct problem *why)
{
    struct words scenarios = {0};
    const struct baseline *both[] = {&gate->baseline, &gate->now};
    enum err err = ERR_NONE;
    for (size_t b = 0; b < ARRAY_LEN(both); b++)
        for (size_t i = 0; err == ERR_NONE && i < both[b]->count; i++)
            if (!words_have(&scenarios, both[b]->entries[i].scenario))
                err = words_add_text(&scenarios, both[b]->entries[i].scenario);
    if (err == ERR_NONE) {
        merge_entries(gate, results);
        size_t measured = gate->now.count;
        for (size_t i = 0; err == ERR_NONE && i < measured; i++) {
            struct baseline_entry *added;
            err = baseline_add(&gate->baseline, &added);
            if (err != ERR_NONE)
                break;
            *added = gate->now.entries[i];
            gate->now.entries[i] = (struct baseline_entry){0};
        }
        if (err == ERR_NONE)
            err = save_scenarios(gate, &scenarios, why);
        else
            err = no_memory(why);
        (void)fprintf(stderr, "churn: the numbers of %zu runs are in %s; review and commit them\n", measured,
                      gate->folder);
    } else {
        err = no_memory(why);
    }
    words_free(&scenarios);
    return err;
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
                             : update(gate, results, why);
    if (gate->missing > 0)
        *code = exit_code_worst(*code, EXIT_FAIL);
    buffer_add(&text, gate->table.data, gate->table.length);
    add_notes(gate, &text);
    buffer_addf(&text, "baseline: %zu runs compared with %s: %zu differ, %zu not in it, %zu missing\n", gate->compared,
                gate->folder, gate->differing, gate->unknown, gate->missing);
    enum err err = text.failed ? no_memory(why) : as_json ? ERR_NONE : stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static enum err gate_results(const struct call *call, struct gate *gate, enum exit_code *code, struct problem *why)
{
    struct words files = {0};
    struct results *results = NULL;
    enum err err = words_add_text(&files, call->options->results_file) == ERR_NONE ? ERR_NONE : no_memory(why);
    if (err == ERR_NONE && call->options->operands.count > 0)
        err = problem_set(why, ERR_INPUT, "--results takes stored runs: no scenario may be named with it");
    if (err == ERR_NONE)
        err = results_join(&files, &results, why);
    if (err == ERR_NONE)
        err = judge_results(results, call, gate, code, why);
    results_free(results);
    words_free(&files);
    return err;
}

static enum err gate_run(const struct call *call, struct gate *gate, enum exit_code *code, struct problem *why)
{
    struct options options = *call->options; /* BORROWED but for the operands */
    struct words usual = {0};
    struct call own = *call;
    struct matrix matrix = {0};
    enum err err = words_add_text(&usual, "scenarios") == ERR_NONE ? ERR_NONE : no_memory(why);
    if (options.operands.count == 0)
        options.operands = usual;
    options.explain = true;
    own.options = &options;
    if (err == ERR_NONE)
        err = matrix_make(&matrix, &options, why);
    if (err == ERR_NONE)
        err = run_matrix(&matrix, &own, true, gate, code, why);
    matrix_free(&matrix);
    words_free(&usual);
    return err;
}

enum err command_gate(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct gate gate = {.options = call->options};
    gate.folder = call->options->baseline ? call->options->baseline : BASELINE_FOLDER;
    enum err err = baseline_load(gate.folder, &gate.baseline, why);
    if (err == ERR_NONE)
        err = call->options->results_file ? gate_results(call, &gate, code, why) : gate_run(call, &gate, code, why);
    baseline_free(&gate.baseline);
    baseline_free(&gate.now);
    buffer_free(&gate.table);
    return err;
}
