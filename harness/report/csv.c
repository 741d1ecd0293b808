/*
 * CSV after RFC 4180 (with LF): one row per rung, one column per series, so that a spreadsheet or a data frame can draw it as it is.
 * What was said of the run is repeated on each of its rows; a run without rungs has one row.
 */
#include "harness/report/report.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int order_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all series, each once, sorted. BORROWED names in an OWNED list. */
static const char **collect_names(const struct results *results, size_t *count)
{
    size_t all = 0, kept = 0;
    for (size_t i = 0; i < results->run_count; i++)
        all += results->runs[i]->series_count;
    const char **names = calloc(all + 1, sizeof *names);
    if (!names)
        return NULL;
    for (size_t i = 0, n = 0; i < results->run_count; i++)
        for (size_t s = 0; s < results->runs[i]->series_count; s++)
            names[n++] = results->runs[i]->series[s].name;
    qsort(names, all, sizeof *names, order_names);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    *count = kept;
    return names;
}

static void add_text(struct buffer *out, const char *text)
{
    buffer_add_text(out, "\"");
    text_add(out, text, MARKUP_CSV);
    buffer_add_text(out, "\",");
}

static void add_head(struct buffer *out, const char *const *names, size_t count)
{
    buffer_add_text(out,
                    "scenario,params,pool,backend,seed,status,finding,metric,rate,rate_unit,message,rung,ops,cycles,"
                    "invalidations,gets");
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, ",\"");
        text_add(out, names[i], MARKUP_CSV);
        buffer_add_text(out, "\"");
    }
    buffer_add_text(out, "\n");
}

static void add_run_cells(struct buffer *out, const struct run *run)
{
    add_text(out, run->scenario);
    buffer_add_text(out, "\"");
    text_add_params(out, run, MARKUP_CSV);
    buffer_add_text(out, "\",");
    add_text(out, run->pool);
    add_text(out, run->backend);
    buffer_addf(out, "%" PRIu64 ",%s,%s,", run->seed, status_name(run->status), finding_name(run->finding));
    add_text(out, run->metric);
    if (run->finding == FINDING_GROWS)
        buffer_addf(out, "%.17g", run->rate);
    buffer_add_text(out, ",");
    add_text(out, run->rate_unit);
    add_text(out, run->message);
}

static void add_rung_cells(struct buffer *out, const struct run *run, size_t rung, const char *const *names,
                           size_t count)
{
    buffer_addf(out, "%zu,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, rung, run->rung_ops[rung],
                run->rung_cycles[rung], run->rung_invalidations[rung], run->rung_gets[rung]);
    for (size_t i = 0; i < count; i++) {
        const struct series *series = run_series(run, names[i]);
        buffer_add_text(out, ",");
        if (series && series->values[rung] != RECORD_NONE)
            buffer_addf(out, "%" PRId64, series->values[rung]);
    }
    buffer_add_text(out, "\n");
}

static void add_run(struct buffer *out, const struct run *run, const char *const *names, size_t count)
{
    for (size_t rung = 0; rung < run->rung_count; rung++) {
        add_run_cells(out, run);
        add_rung_cells(out, run, rung, names, count);
    }
    if (run->rung_count > 0)
        return;
    add_run_cells(out, run);
    buffer_add_text(out, ",,,,");
    for (size_t i = 0; i < count; i++)
        buffer_add_text(out, ",");
    buffer_add_text(out, "\n");
}

static enum err write_csv(const struct results *results, const struct report_options *options, struct buffer *out,
                          struct problem *why)
{
    (void)options;
    size_t count = 0;
    const char **names = collect_names(results, &count);
    if (!names)
        return problem_set(why, ERR_MEMORY, "out of memory while writing the csv report");
    add_head(out, names, count);
    for (size_t i = 0; i < results->run_count; i++)
        add_run(out, results->runs[i], names, count);
    free(names);
    return text_finish(out, "csv", why);
}

static const struct report report = {
    .name = "csv",
    .file_name = "samples.csv",
    .about = "every sample, one row per rung, for spreadsheets and data frames",
    .write = write_csv,
};
REPORT_REGISTER(report)
