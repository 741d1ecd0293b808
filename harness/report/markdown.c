/*
 * Markdown for a pull-request comment or a job summary: what it says is on the first line, the problems follow, everything else is folded.
 * A comment may have 65,536 characters, so that long tables end early and say so.
 */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <string.h>

#define PROBLEMS_SHOWN 10
#define PROBLEMS_LIMIT 30000 /* bytes after which problems are only counted */
#define LENGTH_LIMIT   50000 /* bytes after which a table ends */
#define TEXT_LIMIT     1000  /* bytes of one message or command */

static const char *const marks[STATUS_COUNT] = {[STATUS_PASS] = "✅",
                                                [STATUS_FAIL] = "❌",
                                                [STATUS_BROKEN] = "🛠️",
                                                [STATUS_INCONCLUSIVE] = "❓",
                                                [STATUS_SKIP] = "⏭️"};

static void add_code(struct buffer *out, const char *text)
{
    buffer_add_text(out, "<code>");
    text_add_cut(out, text, TEXT_LIMIT, MARKUP_MARKDOWN);
    buffer_add_text(out, "</code>");
}

static size_t count_troubled(const struct overview *overview)
{
    size_t count = 0;
    for (size_t i = 0; i < overview->trouble_count; i++)
        count += overview->troubles[i].count;
    return count;
}

static void add_head(struct buffer *out, const struct overview *overview, const struct results *results)
{
    size_t troubled = count_troubled(overview), leaks = 0;
    for (size_t i = 0; i < overview->run_count; i++)
        leaks += run_is_reproduction(overview->runs[i]);
    if (overview->run_count == 0)
        buffer_add_text(out, "### churn: no runs\n\n");
    else if (troubled > 0)
        buffer_addf(out, "### %s churn: %zu of %zu runs need attention\n\n",
                    marks[overview->troubles[0].runs[0]->status], troubled, overview->run_count);
    else
        buffer_addf(out, "### %s churn: all %zu runs as expected\n\n", marks[STATUS_PASS], overview->run_count);
    for (int status = 0; status < STATUS_COUNT; status++)
        buffer_addf(out, "%s%" PRId64 " %s", status > 0 ? " · " : "",
                    results_count_status(results, (enum status)status), status_name((enum status)status));
    if (leaks > 0)
        buffer_addf(out, " — %zu run%s a known bug, as its scenario predicts", leaks,
                    leaks == 1 ? " reproduces" : "s reproduce");
    buffer_add_text(out, "\n\n");
}

static void add_problem(struct buffer *out, const struct run_slice *trouble)
{
    const struct run *run = slice_main(trouble);
    buffer_addf(out, "- %s **%s** ", marks[run->status], status_name(run->status));
    add_code(out, run->scenario);
    buffer_add_text(out, " on ");
    add_code(out, run->pool);
    buffer_add_text(out, " (");
    for (size_t i = 0; i < trouble->count; i++) {
        buffer_add_text(out, i > 0 ? ", " : "");
        text_add(out, trouble->runs[i]->backend, MARKUP_MARKDOWN);
    }
    buffer_add_text(out, run->param_count > 0 ? "; " : "");
    text_add_params(out, run, MARKUP_MARKDOWN);
    buffer_add_text(out, "): ");
    text_add_cut(out, text_reason(run), TEXT_LIMIT, MARKUP_MARKDOWN);
    if (run->repeat) {
        buffer_add_text(out, "<br>repeat: ");
        add_code(out, run->repeat);
    }
    buffer_add_text(out, "\n");
}

static void add_problems(struct buffer *out, const struct overview *overview)
{
    size_t shown = 0;
    for (; shown < overview->trouble_count && shown < PROBLEMS_SHOWN; shown++)
        add_problem(out, &overview->troubles[shown]);
    if (shown > 0)
        buffer_add_text(out, "\n");
    if (shown == overview->trouble_count)
        return;
    buffer_addf(out, "<details><summary>%zu more problems</summary>\n\n", overview->trouble_count - shown);
    for (; shown < overview->trouble_count && out->length < PROBLEMS_LIMIT; shown++)
        add_problem(out, &overview->troubles[shown]);
    if (shown < overview->trouble_count)
        buffer_addf(out, "\nand %zu more: see the full report.\n", overview->trouble_count - shown);
    buffer_add_text(out, "\n</details>\n\n");
}

static void add_cell(struct buffer *out, const struct run *run)
{
    if (!run) {
        buffer_add_text(out, " |");
        return;
    }
    buffer_addf(out, " %s ", marks[run->status]);
    text_add_main_finding(out, run, MARKUP_MARKDOWN);
    buffer_add_text(out, " |");
}

/* One row per scenario, parameters and pool. */
static void add_rows(struct buffer *out, const struct overview *overview, const struct run_slice *panel)
{
    for (size_t p = 0; p < overview->pool_count; p++) {
        bool there = false;
        for (size_t i = 0; i < panel->count; i++)
            there |= text_same(panel->runs[i]->pool, overview->pools[p]);
        if (!there)
            continue;
        buffer_add_text(out, "| ");
        add_code(out, panel->runs[0]->scenario);
        buffer_add_text(out, " ");
        text_add_params(out, panel->runs[0], MARKUP_MARKDOWN);
        buffer_add_text(out, " | ");
        add_code(out, overview->pools[p]);
        buffer_add_text(out, " |");
        for (size_t b = 0; b < overview->backend_count; b++)
            add_cell(out, panel_run(panel, overview->pools[p], overview->backends[b]));
        buffer_add_text(out, "\n");
    }
}

static void add_matrix(struct buffer *out, const struct overview *overview)
{
    size_t i = 0;
    if (overview->run_count == 0)
        return;
    buffer_addf(out, "<details><summary>All %zu runs</summary>\n\n| scenario | pool |", overview->run_count);
    for (size_t b = 0; b < overview->backend_count; b++) {
        buffer_add_text(out, " ");
        text_add(out, overview->backends[b], MARKUP_MARKDOWN);
        buffer_add_text(out, " |");
    }
    buffer_add_text(out, "\n|---|---|");
    for (size_t b = 0; b < overview->backend_count; b++)
        buffer_add_text(out, "---|");
    buffer_add_text(out, "\n");
    for (; i < overview->panel_count && out->length < LENGTH_LIMIT; i++)
        add_rows(out, overview, &overview->panels[i]);
    if (i < overview->panel_count)
        buffer_addf(out, "\n%zu more scenarios: see the full report.\n", overview->panel_count - i);
    buffer_add_text(out, "\n</details>\n\n");
}

static void add_fact(struct buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_addf(out, "- %s: ", name);
    text_add(out, value, MARKUP_MARKDOWN);
    buffer_add_text(out, "\n");
}

static void add_machine(struct buffer *out, const struct results *results)
{
    const struct machine *machine = &results->machine;
    buffer_add_text(out, "<details><summary>Machine and versions</summary>\n\n");
    add_fact(out, "churn", results->version);
    add_fact(out, "started", results->started);
    add_fact(out, "system", machine->system);
    add_fact(out, "kernel", machine->kernel);
    add_fact(out, "processor", machine->processor);
    add_fact(out, "compiler", machine->compiler);
    add_fact(out, "valgrind", machine->valgrind);
    add_fact(out, "libfaketime", machine->libfaketime);
    add_fact(out, "Lua", machine->lua);
    buffer_add_text(out, "\n</details>\n");
}

static enum err write_markdown(const struct results *results, const struct report_options *options, struct buffer *out,
                               struct problem *why)
{
    (void)options;
    struct overview overview = {0};
    enum err err = overview_make(&overview, results);
    if (!err) {
        add_head(out, &overview, results);
        add_problems(out, &overview);
        add_matrix(out, &overview);
        add_machine(out, results);
        err = text_finish(out, "markdown", why);
    } else {
        problem_set(why, err, "out of memory while writing the markdown report");
    }
    overview_free(&overview);
    return err;
}

static const struct report report = {
    .name = "markdown",
    .file_name = "summary.md",
    .about = "Markdown for a pull-request comment or a job summary: short first, details folded",
    .write = write_markdown,
};
REPORT_REGISTER(report)
