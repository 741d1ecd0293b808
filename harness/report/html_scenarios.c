/* One folding section per scenario: charts with legend and values, all series, all runs with the commands that repeat them. */
#include "harness/report/html_internal.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_AT_MOST 8   /* sections: more than these start folded unless something is wrong */
#define RUNS_SHOWN   300 /* of one section */

/* ---- figures ---- */

/* What the judge says of this metric's growth, or what the samples say by themselves. */
static void add_movement(struct buffer *out, const struct curve *curve, const char *metric)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < curve->run->found_count; i++) {
        const struct found *found = &curve->run->found[i];
        if (found->finding != FINDING_GROWS || !text_same(found->metric, metric))
            continue;
        buffer_addf(out, "%+.6g %sper ", found->rate, strcmp(text_unit(metric), "bytes") == 0 ? "bytes " : "");
        text_add(out, text_rate_per(found->rate_unit), MARKUP_HTML);
        return;
    }
    for (size_t i = 0; i < curve->count; i++) {
        low = curve->y[i] != RECORD_NONE && curve->y[i] < low ? curve->y[i] : low;
        high = curve->y[i] != RECORD_NONE && curve->y[i] > high ? curve->y[i] : high;
    }
    if (low == high) {
        buffer_add_text(out, "flat");
        return;
    }
    buffer_add_text(out, "between ");
    text_add_value(out, metric, low);
    buffer_add_text(out, " and ");
    text_add_value(out, metric, high);
}

static int64_t last_value(const struct curve *curve)
{
    return curve->count > 0 ? curve->y[curve->count - 1] : RECORD_NONE;
}

static void add_legend_row(struct buffer *out, const struct chart *chart, const struct curve *curve, bool predicted)
{
    buffer_add_text(out, "<tr><td>");
    chart_add_swatch(out, curve->color, predicted);
    buffer_addf(out, "</td><th scope=\"row\">%s", predicted ? "<small>" : "");
    if (predicted)
        chart_add_prediction_name(out, curve);
    else
        text_add(out, curve->run->pool, MARKUP_HTML);
    buffer_addf(out, "%s</th><td class=\"n\">", predicted ? "</small>" : "");
    text_add_value(out, chart->metric, last_value(curve));
    buffer_add_text(out, "<br><small>");
    if (predicted)
        buffer_add_text(out, "at the last rung");
    else
        add_movement(out, curve, chart->metric);
    buffer_add_text(out, "</small></td></tr>\n");
}

static void add_legend(struct buffer *out, const struct chart *chart)
{
    buffer_add_text(out, "<table class=\"legend\"><tbody>\n");
    for (size_t i = 0; i < chart->curve_count; i++)
        add_legend_row(out, chart, &chart->curves[i], false);
    for (size_t i = 0; i < chart->prediction_count; i++)
        add_legend_row(out, chart, &chart->predictions[i], true);
    buffer_add_text(out, "</tbody></table>\n");
}

static void add_value_head(struct buffer *out, const struct chart *chart)
{
    buffer_addf(out, "<thead><tr><th scope=\"col\" class=\"n\">rung</th><th scope=\"col\" class=\"n\">%s</th>",
                chart->x_unit);
    for (size_t i = 0; i < chart->curve_count + chart->prediction_count; i++) {
        bool predicted = i >= chart->curve_count;
        const struct curve *curve = predicted ? &chart->predictions[i - chart->curve_count] : &chart->curves[i];
        buffer_add_text(out, "<th scope=\"col\" class=\"n\">");
        if (predicted)
            chart_add_prediction_name(out, curve);
        else
            text_add(out, curve->run->pool, MARKUP_HTML);
        buffer_add_text(out, "</th>");
    }
    buffer_add_text(out, "</tr></thead>");
}

static void add_number_cell(struct buffer *out, const struct curve *curve, size_t rung)
{
    buffer_add_text(out, "<td class=\"n\">");
    if (rung < curve->count && curve->y[rung] != RECORD_NONE)
        text_add_count(out, curve->y[rung]);
    else
        buffer_add_text(out, "-");
    buffer_add_text(out, "</td>");
}

/* For those who do not see the chart, and for those who want the numbers. */
static void add_values(struct buffer *out, const struct chart *chart)
{
    buffer_add_text(out, "<details><summary>Values of ");
    text_add(out, chart->metric, MARKUP_HTML);
    buffer_addf(out, "%s%s</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"values\"><table>",
                *text_unit(chart->metric) ? ", in " : "", text_unit(chart->metric));
    add_value_head(out, chart);
    buffer_add_text(out, "<tbody>\n");
    for (size_t rung = 0; rung < chart->curves[0].count; rung++) {
        buffer_addf(out, "<tr><td class=\"n\">%zu</td><td class=\"n\">", rung + 1);
        text_add_count(out, chart->curves[0].x[rung]);
        buffer_add_text(out, "</td>");
        for (size_t i = 0; i < chart->curve_count; i++)
            add_number_cell(out, &chart->curves[i], rung);
        for (size_t i = 0; i < chart->prediction_count; i++)
            add_number_cell(out, &chart->predictions[i], rung);
        buffer_add_text(out, "</tr>\n");
    }
    buffer_add_text(out, "</tbody></table></div></details>\n");
}

static void add_backends_words(struct buffer *out, const struct overview *overview, const struct run_slice *panel,
                               const struct chart *chart)
{
    size_t count = 0;
    if (chart->backend) {
        text_add(out, chart->backend, MARKUP_HTML);
        buffer_add_text(out, " only: the backends differ");
        return;
    }
    for (size_t b = 0; b < overview->backend_count; b++) {
        bool there = false;
        for (size_t i = 0; i < panel->count; i++)
            there |= text_same(panel->runs[i]->backend, overview->backends[b]);
        if (!there)
            continue;
        buffer_add_text(out, count++ > 0 ? ", " : "");
        text_add(out, overview->backends[b], MARKUP_HTML);
    }
    buffer_add_text(out, count > 1 ? ": the same samples on each" : "");
}

static void add_figure(struct buffer *out, const struct overview *overview, const struct run_slice *panel,
                       const struct chart *chart)
{
    buffer_add_text(out, "<figure><figcaption>");
    text_add(out, chart->metric, MARKUP_HTML);
    const struct metric *metric = metric_find(chart->metric);
    buffer_add_text(out, " <small class=\"muted\">");
    if (metric && metric->about) {
        text_add(out, metric->about, MARKUP_HTML);
        buffer_add_text(out, " · ");
    }
    add_backends_words(out, overview, panel, chart);
    buffer_add_text(out, "</small></figcaption>\n<div class=\"picture\">");
    if (chart->svg.data)
        buffer_add(out, chart->svg.data, chart->svg.length);
    else
        buffer_add_text(out, "<p class=\"muted\">This chart could not be drawn; its values are in the table.</p>");
    buffer_add_text(out, "</div>\n<div>");
    add_legend(out, chart);
    add_values(out, chart);
    buffer_add_text(out, "</div></figure>\n");
}

/* ---- all series ---- */

static int order_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of a panel's series, each once, sorted; OWNED list of BORROWED names. */
static const char **collect_names(const struct run_slice *panel, size_t *count)
{
    size_t all = 0, kept = 0, n = 0;
    for (size_t i = 0; i < panel->count; i++)
        all += panel->runs[i]->series_count;
    const char **names = calloc(all + 1, sizeof *names);
    if (!names)
        return NULL;
    for (size_t i = 0; i < panel->count; i++)
        for (size_t s = 0; s < panel->runs[i]->series_count; s++)
            names[n++] = panel->runs[i]->series[s].name;
    qsort(names, all, sizeof *names, order_names);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    *count = kept;
    return names;
}

static const struct run *first_on_pool(const struct run_slice *panel, const char *pool)
{
    for (size_t i = 0; i < panel->count; i++)
        if (text_same(panel->runs[i]->pool, pool) && text_same(panel->runs[i]->backend, "native"))
            return panel->runs[i];
    for (size_t i = 0; i < panel->count; i++)
        if (text_same(panel->runs[i]->pool, pool))
            return panel->runs[i];
    return NULL;
}

static void add_span(struct buffer *out, const struct run *run, const char *metric)
{
    const struct series *series = run_series(run, metric);
    buffer_add_text(out, "<td class=\"n\">");
    if (series && run->rung_count > 0) {
        int64_t first = series->values[0], last = series->values[run->rung_count - 1];
        text_add_value(out, metric, first);
        if (last != first) {
            buffer_add_text(out, " → ");
            text_add_value(out, metric, last);
        }
    }
    buffer_add_text(out, "</td>");
}

static void add_series_rows(struct buffer *out, const struct overview *overview, const struct run_slice *panel,
                            const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, "<tr><th scope=\"row\">");
        text_add(out, names[i], MARKUP_HTML);
        buffer_add_text(out, "</th>");
        for (size_t p = 0; p < overview->pool_count; p++) {
            const struct run *run = first_on_pool(panel, overview->pools[p]);
            if (run)
                add_span(out, run, names[i]);
        }
        buffer_add_text(out, "</tr>\n");
    }
}

static void add_all_series(struct buffer *out, const struct overview *overview, const struct run_slice *panel)
{
    size_t count = 0;
    const char **names = collect_names(panel, &count);
    out->failed |= !names;
    if (names && count > 0) {
        buffer_addf(out,
                    "<details><summary>All %zu series, first rung → last rung (%s)</summary>"
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"all series\"><table><thead><tr>"
                    "<th scope=\"col\">series</th>",
                    count, overview->backend_count > 1 ? "native where there is one" : "one backend");
        for (size_t p = 0; p < overview->pool_count; p++) {
            if (!first_on_pool(panel, overview->pools[p]))
                continue;
            buffer_add_text(out, "<th scope=\"col\" class=\"n\">");
            text_add(out, overview->pools[p], MARKUP_HTML);
            buffer_add_text(out, "</th>");
        }
        buffer_add_text(out, "</tr></thead><tbody>\n");
        add_series_rows(out, overview, panel, names, count);
        buffer_add_text(out, "</tbody></table></div></details>\n");
    }
    free(names);
}

/* ---- runs ---- */

static void add_run_row(struct buffer *out, const struct run *run)
{
    buffer_add_text(out, "<tr><th scope=\"row\">");
    text_add(out, run->pool, MARKUP_HTML);
    buffer_add_text(out, "</th><td>");
    text_add(out, run->backend, MARKUP_HTML);
    buffer_add_text(out, "</td><td>");
    html_add_badge(out, run->status);
    buffer_add_text(out, "</td><td>");
    text_add_main_finding(out, run, MARKUP_HTML);
    buffer_addf(out, "</td><td class=\"n\">%" PRIu64, run->seed);
    if (run->tried.seeds > 0) {
        buffer_add_text(out, "<br>");
        text_add_tried(out, &run->tried);
    }
    buffer_add_text(out, "</td><td class=\"n\">");
    text_add_count(out, run->ops);
    buffer_addf(out, "</td><td class=\"n\">%.2f s</td><td class=\"n\">", (double)run->wall_ns / 1e9);
    text_add_value(out, "rss_bytes", run->peak_rss_bytes);
    buffer_add_text(out, "</td><td><code>");
    text_add(out, run->repeat, MARKUP_HTML);
    buffer_add_text(out, "</code></td></tr>\n");
}

static void add_runs(struct buffer *out, const struct run_slice *panel)
{
    buffer_addf(out,
                "<details><summary>%zu run%s, and how to repeat %s</summary><div class=\"scroll\" tabindex=\"0\" "
                "role=\"region\" aria-label=\"runs\"><table><thead><tr><th scope=\"col\">pool</th><th "
                "scope=\"col\">backend</th>"
                "<th scope=\"col\">status</th><th scope=\"col\">finding</th><th scope=\"col\" class=\"n\">seed</th>"
                "<th scope=\"col\" class=\"n\">operations</th><th scope=\"col\" class=\"n\">time</th>"
                "<th scope=\"col\" class=\"n\">peak RSS</th><th scope=\"col\">repeat</th></tr></thead><tbody>\n",
                panel->count, panel->count == 1 ? "" : "s", panel->count == 1 ? "it" : "them");
    for (size_t i = 0; i < panel->count && i < RUNS_SHOWN; i++)
        add_run_row(out, panel->runs[i]);
    if (panel->count > RUNS_SHOWN)
        buffer_addf(out, "<tr><td colspan=\"9\">%zu more are in the results file</td></tr>\n",
                    panel->count - RUNS_SHOWN);
    buffer_add_text(out, "</tbody></table></div></details>\n");
}

/* ---- sections ---- */

/* "x broadcast", one per pool, with the worst of its backends. */
static void add_arms(struct buffer *out, const struct overview *overview, const struct run_slice *panel)
{
    buffer_add_text(out, "<span class=\"arms\">");
    for (size_t p = 0; p < overview->pool_count; p++) {
        enum status worst = STATUS_SKIP;
        const struct run *shown = NULL;
        for (size_t i = 0; i < panel->count; i++) {
            const struct run *run = panel->runs[i];
            if (!text_same(run->pool, overview->pools[p]) || (shown && status_rank(run->status) >= status_rank(worst)))
                continue;
            worst = run->status;
            shown = run;
        }
        if (!shown)
            continue;
        buffer_addf(out, "<span class=\"badge %s\">%s ", status_name(worst), html_mark(worst));
        text_add(out, shown->pool, MARKUP_HTML);
        buffer_addf(out, " %s</span>",
                    shown->finding == FINDING_UNKNOWN ? status_name(worst) : finding_name(shown->finding));
    }
    buffer_add_text(out, "</span>");
}

static void add_section(struct buffer *out, const struct overview *overview, size_t index, const struct chart *charts,
                        size_t chart_count)
{
    const struct run_slice *panel = &overview->panels[index];
    bool trouble = status_rank(slice_status(panel)) < status_rank(STATUS_PASS);
    buffer_addf(out, "<details class=\"scenario\"%s><summary><h3>",
                trouble || overview->panel_count <= OPEN_AT_MOST ? " open" : "");
    text_add(out, panel->runs[0]->scenario, MARKUP_HTML);
    html_add_panel_suffix(out, overview, index);
    buffer_add_text(out, "</h3>");
    add_arms(out, overview, panel);
    buffer_addf(out, "</summary>\n<div class=\"body\" id=\"s%zu\">\n", index);
    if (panel->runs[0]->about) {
        buffer_add_text(out, "<p>");
        text_add(out, panel->runs[0]->about, MARKUP_HTML);
        buffer_add_text(out, "</p>\n");
    }
    if (panel->runs[0]->param_count > 0) {
        buffer_add_text(out, "<p class=\"muted\"><code>");
        text_add_params(out, panel->runs[0], MARKUP_HTML);
        buffer_add_text(out, "</code></p>\n");
    }
    for (size_t i = 0; i < chart_count; i++)
        add_figure(out, overview, panel, &charts[i]);
    add_all_series(out, overview, panel);
    add_runs(out, panel);
    buffer_add_text(out, "</div></details>\n");
}

void html_add_scenarios(struct buffer *out, const struct overview *overview, const struct chart_list *list,
                        const size_t *first_chart)
{
    size_t shown = overview->panel_count < HTML_PANELS_MAX ? overview->panel_count : HTML_PANELS_MAX;
    buffer_add_text(out, "<h2 id=\"scenarios\">Curves</h2>\n");
    if (list->symbols.data)
        buffer_add(out, list->symbols.data, list->symbols.length);
    for (size_t i = 0; i < shown; i++)
        add_section(out, overview, i, list->charts ? &list->charts[first_chart[i]] : NULL,
                    first_chart[i + 1] - first_chart[i]);
    if (shown < overview->panel_count)
        buffer_addf(out, "<p>%zu more scenarios are in the results file.</p>\n", overview->panel_count - shown);
}
