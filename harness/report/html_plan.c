/* Which metrics of a scenario are worth a chart, and whether the backends can share it. */
#include "harness/report/html_internal.h"
#include "harness/report/report_text.h"

#include <stdlib.h>
#include <string.h>

#define METRICS_MAX  4
#define MANY_PANELS  12 /* more panels than this get fewer charts each, so that the page stays small enough for e-mail */
#define PANELS_DRAWN 100 /* of those where all is well */
#define CHARTS_MAX   400

struct choice {
    const char *names[METRICS_MAX];
    size_t count, limit;
};

static bool has_samples(const struct series *series, size_t rungs)
{
    for (size_t i = 0; series && i < rungs; i++)
        if (series->values[i] != RECORD_NONE)
            return rungs >= 2;
    return false;
}

static void choose(struct choice *choice, const struct run_slice *panel, const char *name)
{
    bool sampled = false;
    for (size_t i = 0; name && i < choice->count; i++)
        if (strcmp(choice->names[i], name) == 0)
            return;
    for (size_t i = 0; name && i < panel->count && !sampled; i++)
        sampled = has_samples(run_series(panel->runs[i], name), panel->runs[i]->rung_count);
    if (sampled && choice->count < choice->limit)
        choice->names[choice->count++] = name;
}

static bool moves_anywhere(const struct run_slice *panel, const char *name)
{
    for (size_t i = 0; i < panel->count; i++) {
        const struct series *series = run_series(panel->runs[i], name);
        for (size_t rung = 1; series && rung < panel->runs[i]->rung_count; rung++)
            if (series->values[rung] != series->values[0])
                return true;
    }
    return false;
}

static bool same_samples(const struct run *a, const struct run *b, const char *metric)
{
    const struct series *x = run_series(a, metric), *y = run_series(b, metric);
    if (!x || !y || a->rung_count != b->rung_count)
        return !x && !y;
    size_t bytes = a->rung_count * sizeof(int64_t);
    return bytes == 0 || (memcmp(x->values, y->values, bytes) == 0 && memcmp(a->rung_ops, b->rung_ops, bytes) == 0);
}

/* Whether the runs show different samples, and not the same ones whatever the pool. */
static bool tells_apart(const struct run_slice *panel, const char *name)
{
    for (size_t i = 1; i < panel->count; i++)
        if (!same_samples(panel->runs[0], panel->runs[i], name))
            return true;
    return false;
}

/* What is only promised is worth a chart where it moves, and, beside others, where it tells the pools apart. */
static void choose_promised(struct choice *choice, const struct run_slice *panel)
{
    for (size_t i = 0; i < panel->count; i++) {
        const struct expectation *expectation = &panel->runs[i]->expectation;
        for (size_t m = 0; m < expectation->metric_count; m++) {
            const char *name = expectation->metrics[m].name;
            if (moves_anywhere(panel, name) && (choice->count == 0 || tells_apart(panel, name)))
                choose(choice, panel, name);
        }
    }
}

static double growth_of(const struct run_slice *panel, const char *name)
{
    double most = 0;
    for (size_t i = 0; i < panel->count; i++) {
        const struct series *series = run_series(panel->runs[i], name);
        size_t rungs = panel->runs[i]->rung_count;
        if (series && rungs > 0 && (double)series->values[rungs - 1] - (double)series->values[0] > most)
            most = (double)series->values[rungs - 1] - (double)series->values[0];
    }
    /* Bytes are large by their unit; entries and items say more. */
    return strcmp(text_unit(name), "bytes") == 0 ? -1 : most;
}

/* The leaks that are expected, the steepest first. */
static void choose_growing(struct choice *choice, const struct run_slice *panel)
{
    for (size_t i = 0; i < panel->count; i++) {
        const struct expectation *expectation = &panel->runs[i]->expectation;
        for (size_t m = 0; m < expectation->metric_count; m++)
            if (expectation->metrics[m].relation == RELATION_GROWS)
                choose(choice, panel, expectation->metrics[m].name);
    }
    for (size_t i = 1; i < choice->count; i++)
        for (size_t k = i; k > 0 && growth_of(panel, choice->names[k - 1]) < growth_of(panel, choice->names[k]); k--) {
            const char *name = choice->names[k];
            choice->names[k] = choice->names[k - 1];
            choice->names[k - 1] = name;
        }
}

static void choose_found(struct choice *choice, const struct run_slice *panel)
{
    for (size_t i = 0; i < panel->count; i++) {
        const struct run *run = panel->runs[i];
        if (run->status != STATUS_PASS)
            choose(choice, panel, run->metric);
        for (size_t f = 0; f < run->found_count; f++)
            if (run->found[f].finding == FINDING_GROWS && !run->found[f].expected)
                choose(choice, panel, run->found[f].metric);
    }
}

/* First what broke a promise, then what is promised, then what every leak shows in. */
static struct choice choose_metrics(const struct overview *overview, const struct run_slice *panel)
{
    struct choice choice = {.limit = overview->panel_count <= MANY_PANELS ? METRICS_MAX : 2};
    choose_growing(&choice, panel);
    choose_found(&choice, panel);
    choose_promised(&choice, panel);
    if (moves_anywhere(panel, "open"))
        choose(&choice, panel, "open");
    if (moves_anywhere(panel, "bytes_live") || choice.count == 0)
        choose(&choice, panel, "bytes_live");
    return choice;
}

/* Whether every pool has the same samples on every backend it ran on. */
static bool backends_agree(const struct overview *overview, const struct run_slice *panel, const char *metric)
{
    for (size_t p = 0; p < overview->pool_count; p++) {
        const struct run *first = NULL;
        for (size_t b = 0; b < overview->backend_count; b++) {
            const struct run *run = panel_run(panel, overview->pools[p], overview->backends[b]);
            if (run && first && !same_samples(first, run, metric))
                return false;
            first = first ? first : run;
        }
    }
    return true;
}

static bool moves(const int64_t *values, size_t count)
{
    return count > 0 && values[count - 1] > values[0];
}

static const struct run *find_run(const struct overview *overview, const struct run_slice *panel, const char *pool,
                                  const char *backend)
{
    const struct run *run = backend ? panel_run(panel, pool, backend) : NULL;
    for (size_t i = 0; !backend && !run && i < overview->backend_count; i++)
        run = panel_run(panel, pool, overview->backends[i]);
    return run;
}

/* The same numbers are drawn once. */
static struct curve *find_same(struct chart *chart, const struct curve *prediction)
{
    for (size_t i = 0; i < chart->prediction_count; i++) {
        struct curve *other = &chart->predictions[i];
        if (other->count == prediction->count && other->bound == prediction->bound &&
            memcmp(other->y, prediction->y, prediction->count * sizeof *prediction->y) == 0)
            return other;
    }
    return NULL;
}

/* A bound far above the samples would press them to the axis; a promise of 0 everywhere is the axis. */
static bool fits(const struct curve *measured, const struct expected_metric *expected)
{
    int64_t largest = 0;
    for (size_t i = 0; i < measured->count; i++)
        largest = measured->y[i] > largest ? measured->y[i] : largest;
    if (largest == 0 && expected->relation == RELATION_EXACT)
        return false;
    return expected->relation != RELATION_AT_MOST || measured->count == 0 ||
           (double)expected->values[measured->count - 1] <= 4.0 * (double)largest + 16;
}

static void add_prediction(struct chart *chart, const struct curve *measured)
{
    const struct expectation *expectation = &measured->run->expectation;
    for (size_t i = 0; i < expectation->metric_count; i++) {
        const struct expected_metric *expected = &expectation->metrics[i];
        if (!expected->predicted || !expected->values || !text_same(expected->name, chart->metric))
            continue;
        struct curve prediction = *measured;
        prediction.y = expected->values;
        prediction.bound = expected->relation == RELATION_AT_MOST;
        struct curve *same = find_same(chart, &prediction);
        if (same)
            same->shared = true;
        else if (chart->prediction_count < CHART_CURVES && fits(measured, expected))
            chart->predictions[chart->prediction_count++] = prediction;
    }
}

static void add_curves(struct chart *chart, const struct overview *overview, const struct run_slice *panel)
{
    bool invalidations = false;
    for (size_t i = 0; i < panel->count; i++)
        invalidations |= moves(panel->runs[i]->rung_invalidations, panel->runs[i]->rung_count);
    chart->x_unit = invalidations ? "invalidations" : "operations";
    /* A pool has the same colour in every chart, as long as there are as many colours as pools. */
    for (size_t p = 0; p < overview->pool_count && chart->curve_count < CHART_CURVES; p++) {
        const struct run *run = find_run(overview, panel, overview->pools[p], chart->backend);
        const struct series *series = run ? run_series(run, chart->metric) : NULL;
        if (!series || !has_samples(series, run->rung_count))
            continue;
        struct curve curve = {.run = run,
                              .x = invalidations ? run->rung_invalidations : run->rung_ops,
                              .y = series->values,
                              .count = run->rung_count,
                              .color = overview->pool_count <= CHART_CURVES ? p : chart->curve_count};
        chart->curves[chart->curve_count++] = curve;
        add_prediction(chart, &curve);
    }
}

/* Drops what has no curve: the metric is not counted on that backend. */
static enum err add_chart(struct chart_list *list, const struct overview *overview, const struct run_slice *panel,
                          const char *metric, const char *backend)
{
    struct chart *chart = chart_list_add(list);
    if (!chart)
        return ERR_MEMORY;
    chart->metric = metric;
    chart->backend = backend;
    add_curves(chart, overview, panel);
    if (chart->curve_count == 0)
        list->count--;
    return ERR_NONE;
}

static enum err plan_panel(struct chart_list *list, const struct overview *overview, const struct run_slice *panel)
{
    struct choice choice = choose_metrics(overview, panel);
    enum err err = ERR_NONE;
    for (size_t i = 0; i < choice.count && !err; i++) {
        if (backends_agree(overview, panel, choice.names[i])) {
            err = add_chart(list, overview, panel, choice.names[i], NULL);
            continue;
        }
        for (size_t b = 0; b < overview->backend_count && !err; b++)
            err = add_chart(list, overview, panel, choice.names[i], overview->backends[b]);
    }
    return err;
}

enum err html_plan_charts(const struct overview *overview, struct chart_list *list, size_t *first_chart)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < overview->panel_count && !err; i++) {
        first_chart[i] = list->count;
        bool trouble = status_rank(slice_status(&overview->panels[i])) < status_rank(STATUS_PASS);
        if ((trouble || i < PANELS_DRAWN) && list->count < CHARTS_MAX)
            err = plan_panel(list, overview, &overview->panels[i]);
    }
    first_chart[overview->panel_count] = list->count;
    return err;
}
