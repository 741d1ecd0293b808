#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <stdlib.h>
#include <string.h>

static int order_runs(const void *a, const void *b)
{
    return run_compare(*(const struct run *const *)a, *(const struct run *const *)b);
}

int status_rank(enum status status)
{
    static const int ranks[STATUS_COUNT] = {
        [STATUS_FAIL] = 0, [STATUS_BROKEN] = 1, [STATUS_INCONCLUSIVE] = 2, [STATUS_PASS] = 3, [STATUS_SKIP] = 4};
    return ranks[status];
}

bool run_is_reproduction(const struct run *run)
{
    return run->status == STATUS_PASS && run->finding != FINDING_FLAT && run->finding != FINDING_BOUNDED &&
           run->finding != FINDING_UNKNOWN;
}

static bool same_panel(const struct run *a, const struct run *b)
{
    if (!text_same(a->scenario, b->scenario) || a->param_count != b->param_count)
        return false;
    for (size_t i = 0; i < a->param_count; i++)
        if (!text_same(a->params[i].name, b->params[i].name) || !text_same(a->params[i].value, b->params[i].value))
            return false;
    return true;
}

static bool same_trouble(const struct run *a, const struct run *b)
{
    return a->status == b->status && a->finding == b->finding && same_panel(a, b) && text_same(a->pool, b->pool) &&
           text_same(a->metric, b->metric);
}

static bool is_trouble(const struct run *run)
{
    return run->status == STATUS_FAIL || run->status == STATUS_BROKEN || run->status == STATUS_INCONCLUSIVE;
}

static void make_panels(struct overview *overview)
{
    for (size_t i = 0; i < overview->run_count; i++) {
        if (i > 0 && same_panel(overview->runs[i - 1], overview->runs[i]))
            overview->panels[overview->panel_count - 1].count++;
        else
            overview->panels[overview->panel_count++] = (struct run_slice){&overview->runs[i], 1};
    }
}

/* Stable: among equals the order of the runs stays. */
static int order_troubles(const void *a, const void *b)
{
    const struct run_slice *x = a, *y = b;
    int ranks = status_rank(x->runs[0]->status) - status_rank(y->runs[0]->status);
    if (ranks != 0)
        return ranks;
    return (x->runs > y->runs) - (x->runs < y->runs);
}

static void make_troubles(struct overview *overview)
{
    for (size_t i = 0; i < overview->run_count; i++) {
        const struct run *run = overview->runs[i];
        if (!is_trouble(run))
            continue;
        if (i > 0 && same_trouble(overview->runs[i - 1], run))
            overview->troubles[overview->trouble_count - 1].count++;
        else
            overview->troubles[overview->trouble_count++] = (struct run_slice){&overview->runs[i], 1};
    }
    if (overview->trouble_count > 0)
        qsort(overview->troubles, overview->trouble_count, sizeof *overview->troubles, order_troubles);
}

static int backend_rank(const char *name)
{
    static const char *const known[] = {"native", "asan", "memcheck"};
    int rank = 0;
    while (rank < (int)ARRAY_LEN(known) && strcmp(name, known[rank]) != 0)
        rank++;
    return rank;
}

static int order_backends(const char *a, const char *b)
{
    int ranks = backend_rank(a) - backend_rank(b);
    return ranks != 0 ? ranks : strcmp(a, b);
}

/* Puts a name into a sorted list unless it is there. There are few pools and backends, whatever the number of runs. */
static enum err add_name(const char ***names, size_t *count, const char *name, int (*order)(const char *, const char *))
{
    size_t at = 0;
    while (at < *count && order((*names)[at], name) < 0)
        at++;
    if (at < *count && strcmp((*names)[at], name) == 0)
        return ERR_NONE;
    const char **larger = realloc(*names, (*count + 1) * sizeof *larger);
    if (!larger)
        return ERR_MEMORY;
    memmove(&larger[at + 1], &larger[at], (*count - at) * sizeof *larger);
    larger[at] = name;
    *names = larger;
    ++*count;
    return ERR_NONE;
}

static enum err make_names(struct overview *overview)
{
    for (size_t i = 0; i < overview->run_count; i++) {
        const struct run *run = overview->runs[i];
        if (run->pool && add_name(&overview->pools, &overview->pool_count, run->pool, strcmp))
            return ERR_MEMORY;
        if (run->backend && add_name(&overview->backends, &overview->backend_count, run->backend, order_backends))
            return ERR_MEMORY;
    }
    return ERR_NONE;
}

enum err overview_make(struct overview *overview, const struct results *results)
{
    size_t count = results->run_count;
    *overview = (struct overview){.run_count = count};
    overview->runs = calloc(count + 1, sizeof *overview->runs);
    overview->panels = calloc(count + 1, sizeof *overview->panels);
    overview->troubles = calloc(count + 1, sizeof *overview->troubles);
    if (!overview->runs || !overview->panels || !overview->troubles)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        overview->runs[i] = results->runs[i];
    qsort(overview->runs, count, sizeof *overview->runs, order_runs);
    make_panels(overview);
    make_troubles(overview);
    return make_names(overview);
}

void overview_free(struct overview *overview)
{
    free(overview->runs);
    free(overview->panels);
    free(overview->troubles);
    free(overview->pools);
    free(overview->backends);
    *overview = (struct overview){0};
}

const struct run *panel_run(const struct run_slice *panel, const char *pool, const char *backend)
{
    for (size_t i = 0; i < panel->count; i++)
        if (text_same(panel->runs[i]->pool, pool) && text_same(panel->runs[i]->backend, backend))
            return panel->runs[i];
    return NULL;
}

enum status slice_status(const struct run_slice *slice)
{
    enum status worst = STATUS_SKIP;
    for (size_t i = 0; i < slice->count; i++)
        if (status_rank(slice->runs[i]->status) < status_rank(worst))
            worst = slice->runs[i]->status;
    return worst;
}

const struct run *slice_main(const struct run_slice *slice)
{
    for (size_t i = 0; i < slice->count; i++)
        if (text_same(slice->runs[i]->backend, "native"))
            return slice->runs[i];
    return slice->runs[0];
}
