/* churn judge: stored samples, judged by the rules of today. */
#include "harness/cli/cli.h"

enum err command_judge(const struct call *call, enum exit_code *code, struct problem *why)
{
    struct results *results = NULL;
    enum err err = results_join(&call->options->operands, &results, why);
    if (err == ERR_NONE)
        err = judge_results(results, call, NULL, code, why);
    results_free(results);
    return err;
}
