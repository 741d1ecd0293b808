#include "harness/report/report_text.h"
#include "harness/report/sparkline.h"
#include "harness/report/terminal_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the cells ---- */

void rows_add_backends(struct buffer *out, const struct overview *overview, const struct run *const *runs, size_t count)
{
    size_t start = out->length;
    for (size_t b = 0; b < overview->backend_count; b++)
        for (size_t i = 0; i < count; i++)
            if (text_same(runs[i]->backend, overview->backends[b])) {
                buffer_add_text(out, out->length > start ? " " : "");
                text_add(out, overview->backends[b], MARKUP_LINE);
                break;
            }
}

static const char *param_of(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->param_count; i++)
        if (text_same(run->params[i].name, name))
            return run->params[i].value;
    return NULL;
}

/* Only what tells this case from the other cases of its scenario. */
static void add_params(struct buffer *out, const struct report_options *options, const struct run *run,
                       const struct run_slice *panels, size_t panel_count)
{
    for (size_t i = 0; i < run->param_count; i++) {
        bool varies = false;
        for (size_t p = 0; p < panel_count && !varies; p++)
            varies = !text_same(param_of(panels[p].runs[0], run->params[i].name), run->params[i].value);
        if (!varies)
            continue;
        buffer_add_text(out, out->length > 0 ? " " : "");
        ink_add_foreign(out, options, run->params[i].name);
        buffer_add_text(out, "=");
        ink_add_foreign(out, options, run->params[i].value);
    }
}

/* "7 tombstones per invalidation"; people read no more than four digits of a fraction. */
static void add_growth(struct buffer *out, const struct report_options *options, const struct run *run)
{
    double rate = isfinite(run->rate) ? run->rate : 0;
    bool whole = fabs(rate - round(rate)) < 1e-9 && fabs(rate) < 1e15;
    buffer_addf(out, whole ? " %.0f " : " %.4g ", rate);
    ink_add_foreign(out, options, run->metric);
    buffer_add_text(out, " per ");
    ink_add_foreign(out, options, text_rate_per(run->rate_unit));
}

static const char *word_of_ending(const struct run *run)
{
    switch (run->ending) {
    case ENDING_SKIPPED:
        return "not run";
    case ENDING_STOPPED:
        return "stopped";
    case ENDING_RIG:
        return "could not be run";
    case ENDING_PROTOCOL:
        return "broke the protocol";
    default:
        return finding_name(run->finding);
    }
}

static bool has_formula(const struct run *run)
{
    for (size_t i = 0; i < run->expectation.metric_count; i++)
        if (run->expectation.metrics[i].predicted && text_same(run->expectation.metrics[i].name, run->metric))
            return true;
    return false;
}

static void add_finding(struct buffer *out, const struct report_options *options, const struct run *run)
{
    bool known = run->finding != FINDING_UNKNOWN;
    buffer_add_text(out, known ? finding_name(run->finding) : word_of_ending(run));
    if (run->finding == FINDING_GROWS && run->metric) {
        add_growth(out, options, run);
    } else if (run->finding == FINDING_VIOLATES && run->metric) {
        buffer_add_text(out, " ");
        ink_add_foreign(out, options, run->metric);
    } else if (run->finding == FINDING_LOST && run->lost_bytes > 0) {
        buffer_addf(out, " %" PRId64 " bytes", run->lost_bytes);
    }
    if (run_is_reproduction(run))
        buffer_add_text(out, has_formula(run) ? ", as predicted" : ", as expected");
    else if (run->status == STATUS_INCONCLUSIVE && run->expectation.finding == FINDING_GROWS && known)
        buffer_add_text(out, ", not as predicted");
}

void row_draw_series(struct row *row, const struct report_options *options, size_t width)
{
    buffer_clear(&row->cells[COLUMN_SERIES]);
    sparkline_add(&row->cells[COLUMN_SERIES], sparkline_choose(row->run, row->hint), row->run->rung_count, width,
                  options->utf8);
}

/* ---- which runs share a row ---- */

static bool found_the_same(const struct run *a, const struct run *b)
{
    bool same_rate = a->finding != FINDING_GROWS || fabs(a->rate - b->rate) <= 1e-9 * fabs(a->rate);
    return a->status == b->status && a->finding == b->finding && a->ending == b->ending && same_rate &&
           text_same(a->pool, b->pool) && text_same(a->metric, b->metric) && text_same(a->rate_unit, b->rate_unit);
}

static const char *what_grows(const struct run_slice *panel)
{
    for (size_t i = 0; i < panel->count; i++)
        if (panel->runs[i]->finding == FINDING_GROWS && panel->runs[i]->metric)
            return panel->runs[i]->metric;
    return NULL;
}

/* Makes the row of the runs in `panel` from `first` on that found the same; `taken` marks runs that are in a row. */
static void make_row(struct row *row, const struct overview *overview, const struct run_slice *panel, size_t first,
                     bool *taken, const struct run **agree)
{
    size_t count = 0;
    row->run = panel->runs[first];
    row->hint = what_grows(panel);
    for (size_t i = first; i < panel->count; i++)
        if (!taken[i] && found_the_same(row->run, panel->runs[i])) {
            taken[i] = true;
            agree[count++] = panel->runs[i];
        }
    rows_add_backends(&row->cells[COLUMN_BACKENDS], overview, agree, count);
}

/* Whose curve it is, and its last sample. */
static void add_series(struct row *row, const struct report_options *options)
{
    const struct series *series = sparkline_choose(row->run, row->hint);
    if (!series || row->run->rung_count == 0)
        return;
    ink_add_foreign(&row->cells[COLUMN_METRIC], options, series->name);
    if (series->values[row->run->rung_count - 1] != RECORD_NONE)
        text_add_count(&row->cells[COLUMN_LAST], series->values[row->run->rung_count - 1]);
}

static void fill_cells(struct row *row, const struct report_options *options, const struct run_slice *panels,
                       size_t panel_count)
{
    add_params(&row->cells[COLUMN_PARAMS], options, row->run, panels, panel_count);
    ink_add_foreign(&row->cells[COLUMN_POOL], options, row->run->pool);
    add_finding(&row->cells[COLUMN_FINDING], options, row->run);
    add_series(row, options);
    buffer_add_text(&row->cells[COLUMN_STATUS], status_name(row->run->status));
}

/* Panels of one scenario stand beside each other: how many from here on. */
static size_t count_cases(const struct overview *overview, size_t panel)
{
    size_t end = panel;
    while (end < overview->panel_count &&
           text_same(overview->panels[end].runs[0]->scenario, overview->panels[panel].runs[0]->scenario))
        end++;
    return end - panel;
}

static void make_scenario(struct rows *rows, const struct overview *overview, const struct report_options *options,
                          size_t panel, size_t cases, bool *taken, const struct run **agree)
{
    for (size_t p = panel; p < panel + cases; p++) {
        const struct run_slice *slice = &overview->panels[p];
        bool first = true;
        memset(taken, 0, slice->count * sizeof *taken);
        for (size_t i = 0; i < slice->count; i++) {
            if (taken[i])
                continue;
            struct row *row = &rows->list[rows->count++];
            row->first_of_scenario = first && p == panel;
            row->first_of_case = first;
            first = false;
            make_row(row, overview, slice, i, taken, agree);
            fill_cells(row, options, &overview->panels[panel], cases);
        }
    }
}

static enum err measure(struct rows *rows)
{
    rows->one_backend_set = true;
    for (size_t r = 0; r < rows->count; r++) {
        struct buffer *cells = rows->list[r].cells, *first = rows->list[0].cells;
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            size_t columns = ink_columns(cells[c].data);
            if (cells[c].failed)
                return ERR_MEMORY;
            rows->width[c] = columns > rows->width[c] ? columns : rows->width[c];
        }
        rows->one_backend_set &= text_same(cells[COLUMN_BACKENDS].data, first[COLUMN_BACKENDS].data);
    }
    return ERR_NONE;
}

enum err rows_make(struct rows *rows, const struct overview *overview, const struct report_options *options)
{
    bool *taken = calloc(overview->run_count + 1, sizeof *taken);
    const struct run **agree = calloc(overview->run_count + 1, sizeof *agree);
    enum err err = ERR_MEMORY;
    *rows = (struct rows){.list = calloc(overview->run_count + 1, sizeof *rows->list)};
    if (!rows->list || !taken || !agree)
        goto out;
    for (size_t p = 0; p < overview->panel_count;) {
        size_t cases = count_cases(overview, p);
        make_scenario(rows, overview, options, p, cases, taken, agree);
        p += cases;
    }
    err = measure(rows);
out:
    free(taken);
    free(agree);
    return err;
}

void rows_free(struct rows *rows)
{
    for (size_t r = 0; r < rows->count; r++)
        for (size_t c = 0; c < COLUMN_COUNT; c++)
            buffer_free(&rows->list[r].cells[c]);
    free(rows->list);
    *rows = (struct rows){0};
}
