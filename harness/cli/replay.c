/* churn replay: a plan file on pools. */
#include "harness/cli/cli.h"

#include <string.h>

enum err command_replay(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct options *options = call->options;
    const char *plan = options->operands.list[0];
    struct matrix matrix;
    if (options->pools.count == 0)
        return problem_set(why, ERR_INPUT, "expected --pool P: a plan does not name a pool");
    if (strcmp(plan, "-") == 0 && options->pools.count * (options->backends.count + !options->backends.count) > 1)
        return problem_set(why, ERR_INPUT, "a plan from stdin can be run once; store it to run it on several");
    enum err err = matrix_make_replay(&matrix, options, why);
    if (err == ERR_NONE)
        err = run_matrix(&matrix, call, false, NULL, code, why);
    matrix_free(&matrix);
    return err;
}
