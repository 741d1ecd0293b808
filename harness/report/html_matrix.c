/* The matrix: one row per scenario, one column per pool; a cell has one entry when all backends say the same, else one per backend. */
#include "harness/report/html_internal.h"
#include "harness/report/report_text.h"

#include <stdlib.h>
#include <string.h>

static bool say_the_same(const struct run *a, const struct run *b)
{
    return a->status == b->status && a->finding == b->finding && text_same(a->metric, b->metric);
}

/* The backends from `first` on that say the same as it, taken out of `left`; the list of their names goes into `names`. */
static void take_agreeing(const struct run *first, const struct run **left, size_t count, struct buffer *names)
{
    for (size_t i = 0; i < count; i++) {
        if (!left[i] || !say_the_same(first, left[i]))
            continue;
        buffer_add_text(names, names->length > 0 ? ", " : "");
        text_add(names, left[i]->backend, MARKUP_HTML);
        left[i] = NULL;
    }
}

static void add_entry(struct buffer *out, const struct run *run, const struct buffer *names)
{
    buffer_addf(out, "<span class=\"cell %s\" title=\"", status_name(run->status));
    text_add(out, text_reason(run), MARKUP_HTML);
    buffer_addf(out, "\">%s ", html_mark(run->status));
    if (run->finding == FINDING_UNKNOWN)
        buffer_add_text(out, status_name(run->status));
    else
        text_add_finding(out, run->finding, run->metric, 0, NULL, MARKUP_HTML);
    buffer_addf(out, "<small>%s</small></span>", names->data ? names->data : "");
}

#define BACKENDS_SHOWN 8

static void add_cell(struct buffer *out, const struct overview *overview, const struct run_slice *panel,
                     const char *pool)
{
    const struct run *left[BACKENDS_SHOWN] = {NULL};
    size_t count = overview->backend_count < BACKENDS_SHOWN ? overview->backend_count : BACKENDS_SHOWN;
    bool any = false;
    for (size_t i = 0; i < count; i++)
        left[i] = panel_run(panel, pool, overview->backends[i]);
    for (size_t i = 0; i < count; i++) {
        struct buffer names = {0};
        const struct run *run = left[i];
        if (!run)
            continue;
        buffer_add_text(out, any ? "" : "<td>");
        any = true;
        take_agreeing(run, left, count, &names);
        add_entry(out, run, &names);
        buffer_free(&names);
    }
    buffer_add_text(out, any ? "</td>" : "<td class=\"none\">·</td>");
}

static void add_row(struct buffer *out, const struct overview *overview, size_t panel)
{
    buffer_addf(out, "<tr><th scope=\"row\"><a href=\"#s%zu\">", panel);
    text_add(out, overview->panels[panel].runs[0]->scenario, MARKUP_HTML);
    buffer_add_text(out, "</a>");
    html_add_panel_suffix(out, overview, panel);
    buffer_add_text(out, "</th>");
    for (size_t i = 0; i < overview->pool_count; i++)
        add_cell(out, overview, &overview->panels[panel], overview->pools[i]);
    buffer_add_text(out, "</tr>\n");
}

/* The settings of a pool may stand on a line of their own. */
static void add_pool_name(struct buffer *out, const char *pool)
{
    const char *settings = strchr(pool, ':');
    if (!settings) {
        text_add(out, pool, MARKUP_HTML);
        return;
    }
    char *name = strndup(pool, (size_t)(settings - pool));
    out->failed |= !name;
    text_add(out, name, MARKUP_HTML);
    buffer_add_text(out, "<wbr><small>");
    text_add(out, settings, MARKUP_HTML);
    buffer_add_text(out, "</small>");
    free(name);
}

void html_add_matrix(struct buffer *out, const struct overview *overview)
{
    buffer_add_text(out,
                    "<h2 id=\"matrix\">Scenarios and pools</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                    "aria-label=\"findings by scenario and pool\"><table class=\"matrix\"><thead><tr><th scope=\"col\">"
                    "scenario</th>");
    for (size_t i = 0; i < overview->pool_count; i++) {
        buffer_add_text(out, "<th scope=\"col\">");
        add_pool_name(out, overview->pools[i]);
        buffer_add_text(out, "</th>");
    }
    buffer_add_text(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < overview->panel_count && i < HTML_PANELS_MAX; i++)
        add_row(out, overview, i);
    buffer_add_text(out, "</tbody></table></div>\n");
}
