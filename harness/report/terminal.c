/*
 * What a person reads at the end of a run: a table, what is not a pass and why, what became of each pool, the sum. Plain ASCII and no
 * limit of width unless the screen can do better.
 */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"
#include "harness/report/terminal_internal.h"

#define POOL_COLUMNS 40

/* ---- the lesson: what became of each pool ---- */

struct tally {
    size_t rows, leaks, breaks, troubles, skips;
};

static struct tally tally_pool(const struct rows *rows, const char *pool)
{
    struct tally tally = {0};
    for (size_t r = 0; r < rows->count; r++) {
        const struct run *run = rows->list[r].run;
        if (!text_same(run->pool, pool))
            continue;
        tally.rows++;
        bool reproduces = run_is_reproduction(run),
             grows = run->finding == FINDING_GROWS || run->finding == FINDING_LOST;
        tally.leaks += reproduces && grows;
        tally.breaks += reproduces && !grows;
        tally.skips += run->status == STATUS_SKIP;
        tally.troubles += run->status != STATUS_SKIP && run->status != STATUS_PASS;
    }
    return tally;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void add_part(struct buffer *out, const struct report_options *options, enum ink ink, size_t count,
                     const char *one, const char *many, size_t *parts)
{
    struct buffer text = {0};
    if (count == 0)
        return;
    buffer_add_text(out, (*parts)++ > 0 ? ", " : "");
    buffer_addf(&text, "%zu %s", count, count == 1 ? one : many);
    out->failed |= text.failed;
    ink_add(out, options, ink, text.data);
    buffer_free(&text);
}

static void add_lesson(struct buffer *out, const struct overview *overview, const struct rows *rows,
                       const struct report_options *options)
{
    size_t widest = 0;
    for (size_t p = 0; p < overview->pool_count; p++)
        widest = ink_columns(overview->pools[p]) > widest ? ink_columns(overview->pools[p]) : widest;
    widest = widest > POOL_COLUMNS ? POOL_COLUMNS : widest;
    for (size_t p = 0; p < overview->pool_count; p++) {
        struct tally tally = tally_pool(rows, overview->pools[p]);
        size_t parts = 0;
        struct buffer name = {0};
        ink_add_foreign(&name, options, overview->pools[p]);
        out->failed |= name.failed;
        ink_add_wide(out, options, INK_PLAIN, name.failed ? "" : name.data, widest);
        buffer_addf(out, "  %zu case%s: ", tally.rows, plural(tally.rows));
        add_part(out, options, INK_RED, tally.troubles, "needs a look", "need a look", &parts);
        add_part(out, options, INK_CYAN, tally.leaks, "leaks as the scenario predicts", "leak as the scenarios predict",
                 &parts);
        add_part(out, options, INK_CYAN, tally.breaks, "breaks as the scenario predicts",
                 "break as the scenarios predict", &parts);
        size_t others = tally.leaks + tally.breaks + tally.troubles + tally.skips;
        add_part(out, options, INK_GREEN, tally.rows - others, "stays bounded", "stay bounded", &parts);
        add_part(out, options, INK_DIM, tally.skips, "skipped", "skipped", &parts);
        buffer_add_text(out, "\n");
        buffer_free(&name);
    }
    if (overview->pool_count > 0)
        buffer_add_text(out, "\n");
}

/* ---- the positive control ---- */

/* What became of it under one backend, from the first run that tells; NULL: it was not tried. */
static const char *control_of(const struct results *results, const char *backend)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->control && text_same(results->runs[i]->backend, backend))
            return results->runs[i]->control;
    return NULL;
}

static void add_backend_list(struct buffer *out, const struct overview *overview, const struct results *results,
                             bool caught)
{
    size_t count = 0;
    for (size_t b = 0; b < overview->backend_count; b++) {
        const char *control = control_of(results, overview->backends[b]);
        if (control && (*control == '\0') == caught)
            buffer_addf(out, "%s%s", count++ > 0 ? ", " : "", overview->backends[b]);
    }
}

static void add_controls(struct buffer *out, const struct overview *overview, const struct results *results,
                         const struct report_options *options)
{
    struct buffer caught = {0}, missed = {0};
    add_backend_list(&caught, overview, results, true);
    add_backend_list(&missed, overview, results, false);
    out->failed |= caught.failed || missed.failed;
    if (caught.length > 0) {
        buffer_add_text(out, "controls: a planted leak was caught under ");
        ink_add_foreign(out, options, caught.data);
        buffer_add_text(out, "\n");
    }
    if (missed.length > 0) {
        ink_add(out, options, INK_MAGENTA, "controls: a planted leak was not caught under ");
        ink_add_foreign(out, options, missed.data);
        buffer_add_text(out, ": what looks clean there proves nothing\n");
    }
    buffer_free(&caught);
    buffer_free(&missed);
}

/* ---- the sum ---- */

static void add_sum(struct buffer *out, const struct results *results, const struct report_options *options)
{
    static const char *const words[STATUS_COUNT] = {"passed", "failed", "broken", "inconclusive", "skipped"};
    size_t parts = 0;
    buffer_addf(out, "%zu run%s: ", results->run_count, plural(results->run_count));
    for (int s = 0; s < STATUS_COUNT; s++)
        add_part(out, options, ink_of_status((enum status)s), (size_t)results_count_status(results, (enum status)s),
                 words[s], words[s], &parts);
    buffer_add_text(out, parts > 0 ? "\n" : "nothing was run\n");
}

static void add_tried(struct buffer *out, const struct results *results)
{
    struct tried tried = text_sum_tried(results);
    if (tried.seeds == 0)
        return;
    buffer_add_text(out, "stress: ");
    text_add_tried(out, &tried);
    buffer_add_text(out, "\n");
}

static void add_places(struct buffer *out, const struct report_options *options)
{
    const char *shown[] = {"json", "html"};
    static const char *const labels[] = {"results:", "page:"};
    for (size_t i = 0; options->folder && i < ARRAY_LEN(shown); i++) {
        const struct report *report = report_find(shown[i]);
        if (!report || !report->file_name)
            continue;
        buffer_addf(out, "%-9s", labels[i]);
        ink_add_foreign(out, options, options->folder);
        buffer_addf(out, "/%s\n", report->file_name);
    }
}

static enum err write_terminal(const struct results *results, const struct report_options *options, struct buffer *out,
                               struct problem *why)
{
    struct overview overview = {0};
    struct rows rows = {0};
    enum err err = overview_make(&overview, results);
    if (!err)
        err = rows_make(&rows, &overview, options);
    if (err) {
        problem_set(why, err, "out of memory while writing the terminal report");
        goto out;
    }
    table_add(out, &rows, options);
    reasons_add(out, &overview, options);
    add_lesson(out, &overview, &rows, options);
    add_controls(out, &overview, results, options);
    add_tried(out, results);
    add_sum(out, results, options);
    add_places(out, options);
    err = text_finish(out, "terminal", why);
out:
    rows_free(&rows);
    overview_free(&overview);
    return err;
}

static const struct report report = {
    .name = "terminal",
    .file_name = NULL,
    .about = "the table that churn prints: findings, curves, reasons, the sum",
    .write = write_terminal,
};
REPORT_REGISTER(report)
