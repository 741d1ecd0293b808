/*
 * GitHub workflow commands: a red build shows the reason beside the scenario's file. GitHub shows ten annotations of a kind per step, so the
 * same finding on several backends is one, and the last place says how many are left.
 */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <string.h>

#define SHOWN_PER_KIND 10

static const char *kind_of(const struct run_slice *trouble)
{
    return trouble->runs[0]->status == STATUS_INCONCLUSIVE ? "warning" : "error";
}

static void add_names(struct buffer *out, const struct run_slice *trouble)
{
    for (size_t i = 0; i < trouble->count; i++) {
        buffer_add_text(out, i > 0 ? "%2C " : "");
        text_add(out, trouble->runs[i]->backend, MARKUP_GITHUB_PROPERTY);
    }
}

static void add_annotation(struct buffer *out, const struct run_slice *trouble)
{
    const struct run *run = slice_main(trouble);
    buffer_addf(out, "::%s ", kind_of(trouble));
    if (run->file && *run->file) {
        buffer_add_text(out, "file=");
        text_add(out, strncmp(run->file, "./", 2) == 0 ? run->file + 2 : run->file, MARKUP_GITHUB_PROPERTY);
        buffer_add_text(out, ",line=1,");
    }
    buffer_addf(out, "title=churn %s%%3A ", status_name(run->status));
    text_add(out, run->scenario, MARKUP_GITHUB_PROPERTY);
    buffer_add_text(out, " on ");
    text_add(out, run->pool, MARKUP_GITHUB_PROPERTY);
    buffer_add_text(out, " (");
    add_names(out, trouble);
    buffer_add_text(out, ")::");
    text_add(out, text_reason(run), MARKUP_GITHUB_DATA);
    if (run->repeat) {
        buffer_add_text(out, "%0Arepeat: ");
        text_add(out, run->repeat, MARKUP_GITHUB_DATA);
    }
    buffer_add_text(out, "\n");
}

static void add_kind(struct buffer *out, const struct overview *overview, const char *kind)
{
    size_t total = 0, shown = 0;
    for (size_t i = 0; i < overview->trouble_count; i++)
        total += strcmp(kind_of(&overview->troubles[i]), kind) == 0;
    size_t limit = total <= SHOWN_PER_KIND ? total : SHOWN_PER_KIND - 1;
    for (size_t i = 0; i < overview->trouble_count && shown < limit; i++)
        if (strcmp(kind_of(&overview->troubles[i]), kind) == 0) {
            add_annotation(out, &overview->troubles[i]);
            shown++;
        }
    if (total > limit)
        buffer_addf(out, "::%s title=churn::and %zu more, see the report\n", kind, total - limit);
}

static enum err write_github(const struct results *results, const struct report_options *options, struct buffer *out,
                             struct problem *why)
{
    (void)options;
    struct overview overview = {0};
    enum err err = overview_make(&overview, results);
    if (!err) {
        add_kind(out, &overview, "error");
        add_kind(out, &overview, "warning");
        err = text_finish(out, "github", why);
    } else {
        problem_set(why, err, "out of memory while writing the github report");
    }
    overview_free(&overview);
    return err;
}

static const struct report report = {
    .name = "github",
    .file_name = "annotations.txt",
    .about = "workflow commands for GitHub Actions: print them, and problems stand beside the scenario",
    .write = write_github,
};
REPORT_REGISTER(report)
