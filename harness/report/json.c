/* The results file itself (docs/formats.md): everything that was measured and said, for programs and for `churn judge`. */
#include "harness/report/report.h"

static enum err write_json(const struct results *results, const struct report_options *options, struct buffer *out,
                           struct problem *why)
{
    (void)options;
    if (results_print(results, out) != ERR_NONE || out->failed)
        return problem_set(why, ERR_MEMORY, "out of memory while writing the json report");
    return ERR_NONE;
}

static const struct report report = {
    .name = "json",
    .file_name = "results.json",
    .about = "the results file: every sample and every judgement, for programs and for churn judge",
    .write = write_json,
};
REPORT_REGISTER(report)
