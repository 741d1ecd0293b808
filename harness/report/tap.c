/* TAP 14: one test point per run; what is worth knowing beside ok and not ok stands in its YAML block. */
#include "harness/report/report.h"
#include "harness/report/report_text.h"

#include <inttypes.h>

static void add_pair(struct buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_addf(out, "  %s: \"", name);
    text_add(out, value, MARKUP_YAML);
    buffer_add_text(out, "\"\n");
}

static void add_block(struct buffer *out, const struct run *run)
{
    buffer_add_text(out, "  ---\n");
    add_pair(out, "message", text_reason(run));
    add_pair(out, "severity", run->status == STATUS_FAIL ? "fail" : "todo");
    add_pair(out, "status", status_name(run->status));
    add_pair(out, "finding", finding_name(run->finding));
    add_pair(out, "metric", run->metric);
    if (run->finding == FINDING_GROWS)
        buffer_addf(out, "  rate: %.17g\n", run->rate);
    add_pair(out, "rate_unit", run->rate_unit);
    add_pair(out, "file", run->file);
    add_pair(out, "repeat", run->repeat);
    buffer_addf(out, "  duration_ms: %.3f\n", (double)run->wall_ns / 1e6);
    buffer_add_text(out, "  ...\n");
}

static void add_run(struct buffer *out, const struct run *run, size_t number)
{
    bool ok = run->status == STATUS_PASS || run->status == STATUS_SKIP;
    buffer_addf(out, "%sok %zu - ", ok ? "" : "not ", number);
    text_add_run(out, run, MARKUP_TAP);
    if (run->status == STATUS_SKIP) {
        buffer_add_text(out, " # SKIP ");
        text_add(out, text_reason(run), MARKUP_TAP);
        buffer_add_text(out, "\n");
        return;
    }
    buffer_add_text(out, ": ");
    text_add_main_finding(out, run, MARKUP_TAP);
    buffer_add_text(out, "\n");
    if (!ok)
        add_block(out, run);
}

static enum err write_tap(const struct results *results, const struct report_options *options, struct buffer *out,
                          struct problem *why)
{
    (void)options;
    buffer_add_text(out, "TAP version 14\n");
    buffer_addf(out, "1..%zu%s\n", results->run_count, results->run_count > 0 ? "" : " # SKIP no runs");
    for (size_t i = 0; i < results->run_count; i++)
        add_run(out, results->runs[i], i + 1);
    return text_finish(out, "tap", why);
}

static const struct report report = {
    .name = "tap",
    .file_name = "results.tap",
    .about = "TAP 14, for prove and other harnesses",
    .write = write_tap,
};
REPORT_REGISTER(report)
