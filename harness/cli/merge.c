/* churn merge: the results of shards become one file. */
#include "harness/cli/cli.h"

#include <string.h>

#include "harness/verdict/verdict.h"

static enum err print_results(const struct results *results, struct problem *why)
{
    struct buffer text = {0};
    enum err err = results_print(results, &text);
    if (err != ERR_NONE || text.failed)
        err = problem_set(why, ERR_MEMORY, "out of memory while writing results");
    else
        err = stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}

enum err command_merge(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct options *options = call->options;
    struct results *results = NULL;
    *code = EXIT_PASS;
    if (!options->output)
        return problem_set(why, ERR_INPUT, "expected -o FILE: where the joined results go");
    enum err err = results_merge(&options->operands, &results, why);
    if (err == ERR_NONE && verdict_judge(results) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory while judging");
    if (err == ERR_NONE && strcmp(options->output, "-") == 0)
        err = print_results(results, why);
    else if (err == ERR_NONE && (err = results_save(results, options->output, why)) == ERR_NONE)
        (void)fprintf(stderr, "churn: %zu runs of %zu files joined in %s\n", results->run_count,
                      options->operands.count, options->output);
    results_free(results);
    return err;
}
