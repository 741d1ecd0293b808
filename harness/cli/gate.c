/* churn gate: runs, held against thresholds and against the numbers that were committed. */
#include "harness/cli/gate.h"

#define BASELINE_FOLDER "results/baseline"

static enum err stored_and_gate(const struct call *call, struct gate *gate, enum exit_code *code, struct problem *why)
{
    struct words files = {0};
    struct results *results = NULL;
    enum err err = words_add_text(&files, call->options->results_file) == ERR_NONE ? ERR_NONE : gate_no_memory(why);
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

static enum err run_and_gate(const struct call *call, struct gate *gate, enum exit_code *code, struct problem *why)
{
    struct options options = *call->options; /* BORROWED but for the operands */
    struct words usual = {0};
    struct call own = *call;
    struct matrix matrix = {0};
    enum err err = words_add_text(&usual, "scenarios") == ERR_NONE ? ERR_NONE : gate_no_memory(why);
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
        err = call->options->results_file ? stored_and_gate(call, &gate, code, why)
                                          : run_and_gate(call, &gate, code, why);
    baseline_free(&gate.baseline);
    baseline_free(&gate.now);
    buffer_free(&gate.table);
    return err;
}
