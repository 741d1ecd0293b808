/* churn judge: stored samples, judged by the rules of today. */
#include "harness/cli/cli.h"

#include "harness/verdict/verdict.h"

enum err command_judge(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct results *results = NULL;
    struct output output = {0};
    enum err err = output_open(&output, call->options, false, why);
    if (err == ERR_NONE)
        err = results_join(&call->options->operands, &results, why);
    if (err == ERR_NONE && verdict_judge(results) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory while judging");
    if (err == ERR_NONE) {
        *code = results_exit_code(results);
        err = output_save(&output, call->options, results, why);
    }
    if (err == ERR_NONE)
        err = output_print(&output, call->options, results, why);
    results_free(results);
    output_close(&output);
    return err;
}
