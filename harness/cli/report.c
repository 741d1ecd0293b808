/* churn report: what results say, as files or on stdout. */
#include "harness/report/report.h"

#include <limits.h>
#include <string.h>

#include "harness/cli/cli.h"

static enum err refuse_report(const char *name, struct problem *why)
{
    struct words names = {0};
    struct buffer list = {0};
    char more[100];
    for (size_t i = 0; i < report_count(); i++) {
        buffer_addf(&list, "%s%s", i > 0 ? ", " : "", report_at(i)->name);
        if (words_add_text(&names, report_at(i)->name) != ERR_NONE)
            break;
    }
    enum err err = problem_set(why, ERR_INPUT, "there is no report \"%.60s\"%s; the reports are %s", name,
                               suggestion(name, &names, more, sizeof more), list.data ? list.data : "(none)");
    words_free(&names);
    buffer_free(&list);
    return err;
}

/* Without --as every report that is a file. */
static bool is_wanted(const struct options *options, const struct report *report)
{
    return options->formats.count > 0 ? words_have(&options->formats, report->name) : report->file_name != NULL;
}

static enum err check_wishes(const struct options *options, struct problem *why)
{
    for (size_t i = 0; i < options->formats.count; i++)
        if (!report_find(options->formats.list[i]))
            return refuse_report(options->formats.list[i], why);
    if (!options->output && options->formats.count != 1)
        return problem_set(why, ERR_INPUT, "expected -o DIR, or one report for stdout as in --as markdown");
    return ERR_NONE;
}

static enum err write_one(const struct report *report, const struct options *options, const struct results *results,
                          struct problem *why)
{
    const struct report_options screen = {.verbose = options->verbose, .color = options->color == WHEN_ALWAYS};
    struct buffer text = {0};
    char path[PATH_MAX];
    enum err err = report->write(results, &screen, &text, why);
    if (err == ERR_NONE && !options->output) {
        err = stdout_write(text.data ? text.data : "", text.length, why);
    } else if (err == ERR_NONE) {
        int wide = snprintf(path, sizeof path, "%s/%s", options->output,
                            report->file_name ? report->file_name : "terminal.txt");
        err = wide > 0 && (size_t)wide < sizeof path
                  ? file_write_whole(path, text.data ? text.data : "", text.length, why)
                  : problem_set(why, ERR_INPUT, "the path of the folder is too long");
    }
    buffer_free(&text);
    return err;
}

enum err command_report(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct options *options = call->options;
    struct results *results = NULL;
    *code = EXIT_PASS;
    enum err err = check_wishes(options, why);
    if (err == ERR_NONE)
        err = results_join(&options->operands, &results, why);
    if (err == ERR_NONE && options->output && folder_make(options->output, why) != ERR_NONE)
        err = why->kind = ERR_INPUT;
    for (size_t i = 0; err == ERR_NONE && i < report_count(); i++)
        if (is_wanted(options, report_at(i)))
            err = write_one(report_at(i), options, results, why);
    results_free(results);
    return err;
}
