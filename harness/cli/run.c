/* churn run: scenarios on pools. */
#include "harness/cli/cli.h"

#include "harness/verdict/verdict.h"

/* Writes everything; a file that cannot be written does not keep the table from the screen. */
static enum err tell(const struct call *call, const struct output *output, struct gate *gate,
                     const struct results *results, enum exit_code *code, struct problem *why)
{
    struct problem print = {0};
    enum err err = output_save(output, call->options, results, why);
    enum err print_err = output_print(output, call->options, results, &print);
    if (print_err == ERR_NONE && gate)
        print_err = gate_finish(gate, results, code, &print);
    if (err == ERR_NONE && print_err != ERR_NONE)
        err = problem_set(why, print_err, "%s", print.text);
    return err;
}

static enum err judge_all(struct results *results, struct gate *gate, bool stopped, struct problem *why)
{
    if (gate)
        return gate_judge(gate, results, stopped, why);
    return verdict_judge(results) == ERR_NONE ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory while judging");
}

enum err judge_results(struct results *results, const struct call *call, struct gate *gate, enum exit_code *code,
                       struct problem *why)
{
    struct output output = {0};
    enum err err = output_open(&output, call->options, call->options->out != NULL, why);
    if (err == ERR_NONE)
        err = judge_all(results, gate, false, why);
    if (err == ERR_NONE) {
        *code = results_exit_code(results);
        err = tell(call, &output, gate, results, code, why);
    }
    output_close(&output);
    return err;
}

/* Whatever happened before, what was measured is written. */
static enum err finish(struct matrix *matrix, const struct call *call, const struct output *output, bool stopped,
                       struct gate *gate, struct results *results, enum exit_code *code, struct problem *why)
{
    enum exit_code worst = EXIT_PASS;
    enum err err = jobs_collect(matrix, results, &worst, why);
    if (err == ERR_NONE)
        err = controls_note(matrix, results, why);
    if (err == ERR_NONE)
        err = judge_all(results, gate, stopped, why);
    if (err != ERR_NONE)
        return err;
    worst = exit_code_worst(worst, results_exit_code(results));
    *code = stopped ? EXIT_INTERRUPTED : worst;
    return tell(call, output, gate, results, code, why);
}

enum err run_matrix(struct matrix *matrix, const struct call *call, bool wants_folder, struct gate *gate,
                    enum exit_code *code, struct problem *why)
{
    struct results *results = NULL;
    struct output output = {0};
    bool stopped = false;
    enum err err = output_open(&output, call->options, wants_folder, why);
    if (err == ERR_NONE)
        err = results_begin(call, &results, why);
    if (err == ERR_NONE)
        err = controls_add(matrix, why);
    if (err == ERR_NONE)
        err = jobs_run(matrix, call, job_run, &stopped, why);
    if (err == ERR_NONE)
        err = finish(matrix, call, &output, stopped, gate, results, code, why);
    results_free(results);
    output_close(&output);
    return err;
}

enum err command_run(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct matrix matrix = {0};
    if (call->options->schedule && call->options->threads == 0)
        return problem_set(why, ERR_INPUT, "--schedule is for threads: say how many with --threads T");
    if (call->options->check_each && call->options->threads > 0)
        return problem_set(why, ERR_INPUT, "--check-each needs operations one after the other: leave out --threads");
    enum err err = matrix_make(&matrix, call->options, why);
    if (err == ERR_NONE && call->options->fail_alloc != 0)
        err = fail_alloc_run(&matrix, call, code, why);
    else if (err == ERR_NONE)
        err = run_matrix(&matrix, call, true, NULL, code, why);
    matrix_free(&matrix);
    return err;
}
