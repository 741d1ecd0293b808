/*
 * A page one can read without knowing churn: the verdict in one sentence, what needs a person, the matrix, the curves, the machine.
 *
 * Self-contained: works from file:// and out of an e-mail, and its content security policy forbids it to load anything.
 */
#include "harness/report/html_internal.h"
#include "harness/report/html_style.h"
#include "harness/report/report.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_SHOWN 100
#define NEIGHBOURS     100  /* panels to either side that tell which parameters differ */
#define LOG_SHOWN      4000 /* bytes of the end of a subject's log */

static const char *const status_words[STATUS_COUNT] = {[STATUS_PASS] = "pass",
                                                       [STATUS_FAIL] = "fail",
                                                       [STATUS_BROKEN] = "broken",
                                                       [STATUS_INCONCLUSIVE] = "inconclusive",
                                                       [STATUS_SKIP] = "skipped"};

const char *html_mark(enum status status)
{
    static const char *const marks[STATUS_COUNT] = {[STATUS_PASS] = "✓",
                                                    [STATUS_FAIL] = "✗",
                                                    [STATUS_BROKEN] = "!",
                                                    [STATUS_INCONCLUSIVE] = "?",
                                                    [STATUS_SKIP] = "–"};
    return marks[status];
}

void html_add_badge(struct buffer *out, enum status status)
{
    buffer_addf(out, "<span class=\"badge %s\">%s %s</span>", status_name(status), html_mark(status),
                status_words[status]);
}

void html_add_command(struct buffer *out, const char *command)
{
    if (!command || !*command)
        return;
    buffer_add_text(out, "<pre class=\"wrap\"><code>");
    text_add(out, command, MARKUP_HTML);
    buffer_add_text(out, "</code></pre>\n");
}

static const char *param_value(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->param_count; i++)
        if (text_same(run->params[i].name, name))
            return run->params[i].value;
    return NULL;
}

/* Whether a panel of the same scenario near this one has another value. Panels of one scenario stand beside each other, sorted by their
 * parameters; looking at all of them would take for ever in a file with thousands. */
static bool differs(const struct overview *overview, size_t panel, const struct setting *param)
{
    const char *scenario = overview->panels[panel].runs[0]->scenario;
    size_t from = panel < NEIGHBOURS ? 0 : panel - NEIGHBOURS;
    for (size_t i = from; i < overview->panel_count && i <= panel + NEIGHBOURS; i++) {
        const struct run *run = overview->panels[i].runs[0];
        if (text_same(run->scenario, scenario) && !text_same(param_value(run, param->name), param->value))
            return true;
    }
    return false;
}

void html_add_panel_suffix(struct buffer *out, const struct overview *overview, size_t panel)
{
    const struct run *run = overview->panels[panel].runs[0];
    for (size_t i = 0; i < run->param_count; i++) {
        if (!differs(overview, panel, &run->params[i]))
            continue;
        buffer_add_text(out, " <small>");
        text_add(out, run->params[i].name, MARKUP_HTML);
        buffer_add_text(out, "=");
        text_add(out, run->params[i].value, MARKUP_HTML);
        buffer_add_text(out, "</small>");
    }
}

/* ---- verdict ---- */

static size_t count_troubled(const struct overview *overview)
{
    size_t count = 0;
    for (size_t i = 0; i < overview->trouble_count; i++)
        count += overview->troubles[i].count;
    return count;
}

static void add_verdict(struct buffer *out, const struct overview *overview)
{
    size_t troubled = count_troubled(overview);
    if (overview->run_count == 0)
        buffer_add_text(out, "no runs");
    else if (troubled > 0)
        buffer_addf(out, "%zu of %zu runs need%s attention", troubled, overview->run_count, troubled == 1 ? "s" : "");
    else
        buffer_addf(out, "all %zu runs as expected", overview->run_count);
}

static void add_head(struct buffer *out, const struct overview *overview)
{
    buffer_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<meta name=\"color-scheme\" content=\"light dark\">\n"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                         "style-src 'unsafe-inline'; script-src '" HTML_SCRIPT_HASH "'; img-src data:\">\n"
                         "<link rel=\"icon\" href=\"data:,\">\n<title>churn: ");
    add_verdict(out, overview);
    buffer_add_text(out, "</title>\n<style>\n" HTML_STYLE "</style></head>\n<body>\n");
}

static void add_header(struct buffer *out, const struct overview *overview, const struct results *results)
{
    size_t leaks = 0;
    for (size_t i = 0; i < overview->run_count; i++)
        leaks += run_is_reproduction(overview->runs[i]);
    buffer_add_text(out, "<header><h1>churn: ");
    add_verdict(out, overview);
    buffer_add_text(out, "</h1>\n<p>");
    buffer_addf(out, "%zu scenario%s on %zu pool%s under %zu backend%s.", overview->panel_count,
                overview->panel_count == 1 ? "" : "s", overview->pool_count, overview->pool_count == 1 ? "" : "s",
                overview->backend_count, overview->backend_count == 1 ? "" : "s");
    if (leaks > 0)
        buffer_addf(out, " %zu run%s a known bug, as its scenario predicts; these pass.", leaks,
                    leaks == 1 ? " reproduces" : "s reproduce");
    buffer_add_text(out, "</p>\n<p class=\"muted\">");
    text_add(out, results->started, MARKUP_HTML);
    buffer_add_text(out, " · churn ");
    text_add(out, results->version, MARKUP_HTML);
    buffer_add_text(out, "</p>\n<nav>");
    if (overview->trouble_count > 0)
        buffer_add_text(out, "<a href=\"#problems\">Problems</a>");
    buffer_add_text(out, "<a href=\"#matrix\">Scenarios and pools</a><a href=\"#scenarios\">Curves</a>"
                         "<a href=\"#about\">Machine and versions</a></nav>\n</header>\n");
}

static void add_tiles(struct buffer *out, const struct results *results)
{
    buffer_add_text(out, "<ul class=\"tiles\">\n");
    for (int status = 0; status < STATUS_COUNT; status++) {
        int64_t count = results_count_status(results, (enum status)status);
        buffer_addf(out, "<li class=\"tile %s %s\"><b>%" PRId64 "</b>%s %s</li>\n", status_name((enum status)status),
                    count > 0 ? "on" : "zero", count, html_mark((enum status)status), status_words[status]);
    }
    buffer_add_text(out, "</ul>\n");
}

/* ---- problems ---- */

static void add_finding(struct buffer *out, const struct found *found)
{
    buffer_add_text(out, "<li>");
    text_add_finding(out, found->finding, found->metric, found->rate, found->rate_unit, MARKUP_HTML);
    if (found->rung >= 0)
        buffer_addf(out, ", since rung %" PRId64, found->rung + 1);
    if (found->detail) {
        buffer_add_text(out, ": ");
        text_add(out, found->detail, MARKUP_HTML);
    }
    buffer_addf(out, "%s</li>\n", found->expected ? " <small class=\"muted\">(expected)</small>" : "");
}

/* The reason above has told the main one. */
static bool is_main_finding(const struct run *run, const struct found *found)
{
    return found->finding == run->finding &&
           strcmp(found->metric ? found->metric : "", run->metric ? run->metric : "") == 0;
}

static void add_findings(struct buffer *out, const struct run *run)
{
    size_t others = 0;
    for (size_t i = 0; i < run->found_count; i++)
        others += !is_main_finding(run, &run->found[i]);
    if (others == 0)
        return;
    buffer_addf(out, "<details><summary>%zu more finding%s</summary>\n<ul>\n", others, others == 1 ? "" : "s");
    for (size_t i = 0; i < run->found_count; i++)
        if (!is_main_finding(run, &run->found[i]))
            add_finding(out, &run->found[i]);
    buffer_add_text(out, "</ul>\n</details>\n");
}

/* Of the first run that has one: it is from memcheck whatever the backend was. */
static void add_stack(struct buffer *out, const struct run_slice *trouble)
{
    for (size_t i = 0; i < trouble->count; i++) {
        if (!trouble->runs[i]->stack)
            continue;
        buffer_add_text(out, "<details><summary>Who allocated what grew, by memcheck</summary><pre>");
        text_add(out, trouble->runs[i]->stack, MARKUP_HTML);
        buffer_add_text(out, "</pre></details>\n");
        return;
    }
}

static void add_log(struct buffer *out, const struct run *run)
{
    if (!run->log || !*run->log)
        return;
    size_t length = strlen(run->log);
    const char *from = length > LOG_SHOWN ? run->log + length - LOG_SHOWN : run->log;
    buffer_add_text(out, "<details><summary>Log of the run under ");
    text_add(out, run->backend, MARKUP_HTML);
    buffer_addf(out, "%s</summary><pre>", length > LOG_SHOWN ? ", its end" : "");
    text_add(out, from, MARKUP_HTML);
    buffer_add_text(out, "</pre></details>\n");
}

static void add_commands(struct buffer *out, const struct run_slice *trouble)
{
    if (trouble->count < 2)
        return;
    buffer_addf(out, "<details><summary>%s</summary>\n",
                trouble->count == 2 ? "The same on the other backend" : "The same on the other backends");
    for (size_t i = 0; i < trouble->count; i++)
        if (trouble->runs[i] != slice_main(trouble))
            html_add_command(out, trouble->runs[i]->repeat);
    buffer_add_text(out, "</details>\n");
}

static void add_problem(struct buffer *out, const struct run_slice *trouble)
{
    const struct run *run = slice_main(trouble);
    buffer_addf(out, "<article class=\"problem %s\">", status_name(run->status));
    html_add_badge(out, run->status);
    buffer_add_text(out, " <h3>");
    text_add(out, run->scenario, MARKUP_HTML);
    buffer_add_text(out, " on ");
    text_add(out, run->pool, MARKUP_HTML);
    buffer_add_text(out, "</h3> <small class=\"muted\">");
    for (size_t i = 0; i < trouble->count; i++) {
        buffer_add_text(out, i > 0 ? ", " : "");
        text_add(out, trouble->runs[i]->backend, MARKUP_HTML);
    }
    buffer_add_text(out, run->param_count > 0 ? " · " : "");
    text_add_params(out, run, MARKUP_HTML);
    buffer_add_text(out, "</small>\n<p class=\"why\">");
    text_add(out, text_reason(run), MARKUP_HTML);
    buffer_add_text(out, "</p>\n");
    html_add_command(out, run->repeat);
    add_findings(out, run);
    add_stack(out, trouble);
    add_commands(out, trouble);
    for (size_t i = 0; i < trouble->count; i++)
        add_log(out, trouble->runs[i]);
    buffer_add_text(out, "</article>\n");
}

static void add_problems(struct buffer *out, const struct overview *overview)
{
    if (overview->trouble_count == 0)
        return;
    size_t shown = overview->trouble_count < PROBLEMS_SHOWN ? overview->trouble_count : PROBLEMS_SHOWN;
    buffer_add_text(out, "<h2 id=\"problems\">Problems</h2>\n");
    for (size_t i = 0; i < shown; i++)
        add_problem(out, &overview->troubles[i]);
    if (shown < overview->trouble_count)
        buffer_addf(out, "<p>%zu more are in the tables below.</p>\n", overview->trouble_count - shown);
}

/* ---- machine ---- */

static void add_fact(struct buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_addf(out, "<dt>%s</dt><dd>", name);
    text_add(out, value, MARKUP_HTML);
    buffer_add_text(out, "</dd>\n");
}

static void add_seeds(struct buffer *out, const struct overview *overview)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < overview->run_count; i++) {
        low = overview->runs[i]->seed < low ? overview->runs[i]->seed : low;
        high = overview->runs[i]->seed > high ? overview->runs[i]->seed : high;
    }
    if (overview->run_count == 0)
        return;
    buffer_addf(out, "<dt>seed</dt><dd>%" PRIu64, low);
    if (high != low)
        buffer_addf(out, " to %" PRIu64, high);
    buffer_add_text(out, "</dd>\n");
}

static void add_tried(struct buffer *out, const struct results *results)
{
    struct tried tried = text_sum_tried(results);
    if (tried.seeds == 0)
        return;
    buffer_add_text(out, "<dt>stress</dt><dd>");
    text_add_tried(out, &tried);
    buffer_add_text(out, "</dd>\n");
}

static void add_command_line(struct buffer *out, const struct results *results)
{
    if (results->command_count == 0)
        return;
    buffer_add_text(out, "<dt>command</dt><dd><code>");
    for (size_t i = 0; i < results->command_count; i++) {
        buffer_add_text(out, i > 0 ? " " : "");
        text_add(out, results->command[i], MARKUP_HTML);
    }
    buffer_add_text(out, "</code></dd>\n");
}

static void add_about(struct buffer *out, const struct overview *overview, const struct results *results)
{
    const struct machine *machine = &results->machine;
    buffer_add_text(out, "<h2 id=\"about\">Machine and versions</h2>\n<dl class=\"facts\">\n");
    add_command_line(out, results);
    add_seeds(out, overview);
    add_tried(out, results);
    add_fact(out, "started", results->started);
    add_fact(out, "churn", results->version);
    add_fact(out, "system", machine->system);
    add_fact(out, "kernel", machine->kernel);
    add_fact(out, "processor", machine->processor);
    if (machine->cores > 0) {
        buffer_addf(out, "<dt>cores, memory</dt><dd>%" PRId64 ", ", machine->cores);
        text_add_value(out, "rss_bytes", machine->memory_bytes);
        buffer_add_text(out, "</dd>\n");
    }
    add_fact(out, "compiler", machine->compiler);
    add_fact(out, "valgrind", machine->valgrind);
    add_fact(out, "libfaketime", machine->libfaketime);
    add_fact(out, "Lua", machine->lua);
    buffer_add_text(out, "</dl>\n");
}

/* ---- page ---- */

static void add_notice(struct buffer *out, const struct problem *problem)
{
    buffer_add_text(out, "<p class=\"notice\">This page has no charts: ");
    text_add(out, problem->text, MARKUP_HTML);
    buffer_add_text(out, ". The values are in the tables.</p>\n");
}

static void add_page(struct buffer *out, const struct overview *overview, const struct results *results,
                     const struct chart_list *list, const size_t *first_chart, const struct problem *undrawn)
{
    add_head(out, overview);
    add_header(out, overview, results);
    buffer_add_text(out, "<main>\n");
    add_tiles(out, results);
    if (undrawn->kind)
        add_notice(out, undrawn);
    add_problems(out, overview);
    if (overview->run_count > 0) {
        html_add_matrix(out, overview);
        html_add_scenarios(out, overview, list, first_chart);
    }
    buffer_add_text(out, "</main>\n<footer>\n");
    add_about(out, overview, results);
    buffer_add_text(out, "</footer>\n<script>" HTML_SCRIPT "</script>\n</body></html>\n");
}

/* Without gnuplot there is still a page; it says what is missing. */
static enum err write_html(const struct results *results, const struct report_options *options, struct buffer *out,
                           struct problem *why)
{
    (void)options;
    struct overview overview = {0};
    struct chart_list list = {0};
    struct problem undrawn = {0};
    enum err err = overview_make(&overview, results);
    size_t *first_chart = err ? NULL : calloc(overview.panel_count + 1, sizeof *first_chart);
    err = first_chart ? html_plan_charts(&overview, &list, first_chart) : ERR_MEMORY;
    if (!err && (err = chart_list_draw(&list, &undrawn)) == ERR_SYSTEM)
        err = ERR_NONE;
    if (err) {
        err = problem_set(why, ERR_MEMORY, "out of memory while writing the html report");
    } else {
        add_page(out, &overview, results, &list, first_chart, &undrawn);
        err = text_finish(out, "html", why);
    }
    free(first_chart);
    chart_list_free(&list);
    overview_free(&overview);
    return err;
}

static const struct report report = {
    .name = "html",
    .file_name = "report.html",
    .about = "a self-contained page with curves, for a browser, e-mail or paper",
    .write = write_html,
};
REPORT_REGISTER(report)
