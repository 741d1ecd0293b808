/*
 * html_internal: the parts of the HTML page. Internal to this room.
 *
 *   html.c            the page: verdict, tiles, problems, machine
 *   html_matrix.c     scenario x pool x backend
 *   html_scenarios.c  per scenario: charts with legend and values, all series, all runs
 *   html_charts.c     curves -> gnuplot script -> inline SVG
 *   html_gnuplot.c    the one gnuplot process
 *   html_style.h      the style sheet and the few lines of script
 */
#ifndef CHURN_REPORT_HTML_INTERNAL_H
#define CHURN_REPORT_HTML_INTERNAL_H

#include "harness/report/report_overview.h"

/* ---- charts ---- */

#define CHART_CURVES 8 /* pools in one chart; further pools stand in the tables only */

/* One pool's samples of a metric, or what a scenario predicts of it. All BORROWED from the runs. */
struct curve {
    const struct run *run;
    const int64_t *x;
    const int64_t *y; /* RECORD_NONE: missing */
    size_t count;
    size_t color; /* 0 .. CHART_CURVES-1 */
    bool bound;   /* of a prediction: at most this, not exactly this */
    bool shared;  /* of a prediction: further pools have the same */
};

struct chart {
    const char *metric;
    const char *x_unit;                     /* "invalidations" or "operations" */
    const char *backend;                    /* NULL: every backend has the same samples */
    struct curve curves[CHART_CURVES];      /* measured, one per pool */
    struct curve predictions[CHART_CURVES]; /* what differs among the formulas, each once */
    size_t curve_count, prediction_count;
    struct buffer svg; /* OWNED; empty when it could not be drawn */
};

struct chart_list {
    struct chart *charts;
    size_t count, capacity;
    struct buffer symbols; /* the shapes that the charts share; once per page, before the first chart */
};

/* A new chart at the end of the list, zeroed; NULL: out of memory. BORROWED until the next call. */
struct chart *chart_list_add(struct chart_list *list);
void chart_list_free(struct chart_list *list);

/* Draws every chart with one gnuplot process. ERR_SYSTEM: gnuplot is missing or failed, `why` says it, charts stay empty and the page is
 * written without them. ERR_MEMORY ends the page. */
enum err chart_list_draw(struct chart_list *list, struct problem *why) MUST_CHECK;

/* The line and the mark of a curve as a small picture for legends. */
void chart_add_swatch(struct buffer *out, size_t color, bool predicted);

/* "predicted for broadcast", "at most, for owner and others" */
void chart_add_prediction_name(struct buffer *out, const struct curve *prediction);

/* Runs a script; `out` gets what gnuplot printed. ERR_SYSTEM, ERR_MEMORY. */
enum err gnuplot_run(const struct buffer *script, struct buffer *out, struct problem *why) MUST_CHECK;

/* ---- parts of the page ---- */

#define HTML_PANELS_MAX                                                                                                \
    2000 /* scenarios and parameters on one page; what is left is counted and stands in the results file */

/* "Pass" as a badge with its mark, so that colour is never the only sign. */
void html_add_badge(struct buffer *out, enum status status);
const char *html_mark(enum status status);

/* The parameters in which panels of the same scenario differ, as a muted suffix; nothing when there is one panel. */
void html_add_panel_suffix(struct buffer *out, const struct overview *overview, size_t panel);

/* A command to copy. */
void html_add_command(struct buffer *out, const char *command);

void html_add_matrix(struct buffer *out, const struct overview *overview);

/* Chooses the charts of each panel; first_chart (panel_count + 1 entries) says where each panel's charts begin. */
enum err html_plan_charts(const struct overview *overview, struct chart_list *list, size_t *first_chart) MUST_CHECK;
void html_add_scenarios(struct buffer *out, const struct overview *overview, const struct chart_list *list,
                        const size_t *first_chart);

#endif
