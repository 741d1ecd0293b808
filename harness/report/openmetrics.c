/*
 * OpenMetrics text 1.0, for a dashboard that shows the numbers of many CI runs over time. Labels name a run; a family's samples stand together,
 * and a run that was repeated with the same seed carries its repetition, because no two samples may have the same labels.
 */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef void (*samples_fn)(struct buffer *out, const struct run *run, size_t repetition);

static void add_label(struct buffer *out, const char *name, const char *value)
{
    buffer_addf(out, "%s=\"", name);
    text_add(out, value, MARKUP_OPENMETRICS);
    buffer_add_text(out, "\"");
}

/* Opens the labels of a run; the caller may add more and closes them. */
static void begin_sample(struct buffer *out, const char *family, const struct run *run, size_t repetition)
{
    buffer_addf(out, "%s{", family);
    add_label(out, "scenario", run->scenario);
    buffer_add_text(out, ",params=\"");
    text_add_params(out, run, MARKUP_OPENMETRICS);
    buffer_add_text(out, "\",");
    add_label(out, "pool", run->pool);
    buffer_add_text(out, ",");
    add_label(out, "backend", run->backend);
    buffer_addf(out, ",seed=\"%" PRIu64 "\"", run->seed);
    if (repetition > 0)
        buffer_addf(out, ",repetition=\"%zu\"", repetition);
}

static void end_sample_count(struct buffer *out, int64_t value)
{
    buffer_addf(out, "} %" PRId64 "\n", value);
}

static void add_status(struct buffer *out, const struct run *run, size_t repetition)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        begin_sample(out, "churn_run_status", run, repetition);
        buffer_addf(out, ",churn_run_status=\"%s\"", status_name((enum status)status));
        end_sample_count(out, (int)run->status == status);
    }
}

/* A metric may grow in the judge's list more than once (per window, per population): only its first entry is a sample. */
static bool is_first_growth(const struct run *run, size_t index)
{
    const struct found *found = &run->found[index];
    if (found->finding != FINDING_GROWS || !found->metric || !isfinite(found->rate))
        return false;
    for (size_t i = 0; i < index; i++)
        if (run->found[i].finding == FINDING_GROWS && run->found[i].metric &&
            strcmp(run->found[i].metric, found->metric) == 0)
            return false;
    return true;
}

static void add_growth(struct buffer *out, const struct run *run, size_t repetition)
{
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (!is_first_growth(run, i))
            continue;
        begin_sample(out, "churn_growth", run, repetition);
        buffer_add_text(out, ",");
        add_label(out, "metric", found->metric);
        buffer_add_text(out, ",");
        add_label(out, "per", text_rate_per(found->rate_unit));
        buffer_addf(out, ",expected=\"%s\"} %.17g\n", found->expected ? "yes" : "no", found->rate);
    }
}

static void add_last_samples(struct buffer *out, const struct run *run, size_t repetition)
{
    for (size_t i = 0; run->rung_count > 0 && i < run->series_count; i++) {
        int64_t value = run->series[i].values[run->rung_count - 1];
        if (value == RECORD_NONE)
            continue;
        begin_sample(out, "churn_last_sample", run, repetition);
        buffer_add_text(out, ",");
        add_label(out, "metric", run->series[i].name);
        end_sample_count(out, value);
    }
}

static void add_operations(struct buffer *out, const struct run *run, size_t repetition)
{
    begin_sample(out, "churn_run_operations", run, repetition);
    end_sample_count(out, run->ops);
}

static void add_wall(struct buffer *out, const struct run *run, size_t repetition)
{
    begin_sample(out, "churn_run_wall_seconds", run, repetition);
    buffer_addf(out, "} %.9f\n", (double)run->wall_ns / 1e9);
}

static void add_peak(struct buffer *out, const struct run *run, size_t repetition)
{
    begin_sample(out, "churn_run_peak_rss_bytes", run, repetition);
    end_sample_count(out, run->peak_rss_bytes);
}

static const struct family {
    const char *name, *type, *unit, *help;
    samples_fn add;
} families[] = {
    {"churn_run_status", "stateset", NULL, "What a run's findings mean.", add_status},
    {"churn_growth", "gauge", NULL, "Growth of a metric, in its own unit, per operation named by the label.",
     add_growth},
    {"churn_last_sample", "gauge", NULL, "A metric at the last rung, in its own unit.", add_last_samples},
    {"churn_run_operations", "gauge", NULL, "Operations sent to the pool.", add_operations},
    {"churn_run_wall_seconds", "gauge", "seconds", "How long a run took.", add_wall},
    {"churn_run_peak_rss_bytes", "gauge", "bytes", "The most memory a run's process held.", add_peak},
};

static void add_family(struct buffer *out, const struct family *family, const struct overview *overview)
{
    buffer_addf(out, "# TYPE %s %s\n", family->name, family->type);
    if (family->unit)
        buffer_addf(out, "# UNIT %s %s\n", family->name, family->unit);
    buffer_addf(out, "# HELP %s %s\n", family->name, family->help);
    size_t repetition = 0;
    for (size_t i = 0; i < overview->run_count; i++) {
        bool again = i > 0 && run_compare(overview->runs[i - 1], overview->runs[i]) == 0;
        repetition = again ? repetition + 1 : 0;
        family->add(out, overview->runs[i], repetition);
    }
}

static void add_build(struct buffer *out, const struct results *results)
{
    buffer_add_text(out, "# TYPE churn_build info\n# HELP churn_build What made these numbers.\nchurn_build_info{");
    add_label(out, "version", results->version);
    buffer_add_text(out, ",");
    add_label(out, "kernel", results->machine.kernel);
    buffer_add_text(out, ",");
    add_label(out, "compiler", results->machine.compiler);
    buffer_add_text(out, ",");
    add_label(out, "started", results->started);
    buffer_add_text(out, "} 1\n# TYPE churn_runs gauge\n# HELP churn_runs Runs by status.\n");
    for (int status = 0; status < STATUS_COUNT; status++)
        buffer_addf(out, "churn_runs{status=\"%s\"} %" PRId64 "\n", status_name((enum status)status),
                    results_count_status(results, (enum status)status));
}

static enum err write_openmetrics(const struct results *results, const struct report_options *options,
                                  struct buffer *out, struct problem *why)
{
    (void)options;
    struct overview overview = {0};
    enum err err = overview_make(&overview, results);
    if (err) {
        overview_free(&overview);
        return problem_set(why, err, "out of memory while writing the openmetrics report");
    }
    add_build(out, results);
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        add_family(out, &families[i], &overview);
    buffer_add_text(out, "# EOF\n");
    overview_free(&overview);
    return text_finish(out, "openmetrics", why);
}

static const struct report report = {
    .name = "openmetrics",
    .file_name = "metrics.txt",
    .about = "OpenMetrics text, for Prometheus and dashboards over many runs",
    .write = write_openmetrics,
};
REPORT_REGISTER(report)
