/* GitLab's code-quality report, a subset of Code Climate's: problems show up in the merge request. */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: the fingerprint must stay the same from commit to commit while the problem is the same, and so knows no number that moves. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const char *at = text ? text : ""; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t fingerprint(const struct run *run)
{
    uint64_t hash = hash_text(0xcbf29ce484222325u, run->scenario);
    for (size_t i = 0; i < run->param_count; i++)
        hash = hash_text(hash_text(hash, run->params[i].name), run->params[i].value);
    hash = hash_text(hash_text(hash, run->pool), run->metric);
    return hash_text(hash_text(hash, status_name(run->status)), finding_name(run->finding));
}

static const char *severity(const struct run *run)
{
    if (run->status == STATUS_INCONCLUSIVE)
        return "minor";
    bool ended_badly = run->finding == FINDING_CRASHES || run->finding == FINDING_HANGS;
    return run->status == STATUS_FAIL && ended_badly ? "blocker" : run->status == STATUS_FAIL ? "critical" : "major";
}

static json_t *make_entry(const struct run_slice *trouble)
{
    const struct run *run = slice_main(trouble);
    struct buffer about = {0}, path = {0}, check = {0};
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, fingerprint(run));
    text_add(&about, run->scenario, MARKUP_LINE);
    buffer_add_text(&about, " on ");
    text_add(&about, run->pool, MARKUP_LINE);
    buffer_add_text(&about, ": ");
    text_add(&about, text_reason(run), MARKUP_LINE);
    text_add(&path, run->file && strncmp(run->file, "./", 2) == 0 ? run->file + 2 : run->file, MARKUP_LINE);
    buffer_addf(&check, "churn.%s", finding_name(run->finding));
    json_t *entry = NULL;
    if (!about.failed && !path.failed && !check.failed)
        entry = json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:{s:i}}}", "description", about.data, "check_name", check.data,
                          "fingerprint", digits, "severity", severity(run), "location", "path",
                          path.length > 0 ? path.data : "unknown", "lines", "begin", 1);
    buffer_free(&about);
    buffer_free(&path);
    buffer_free(&check);
    return entry;
}

static json_t *make_entries(const struct results *results)
{
    struct overview overview = {0};
    json_t *entries = overview_make(&overview, results) ? NULL : json_array();
    for (size_t i = 0; entries && i < overview.trouble_count; i++)
        if (json_array_append_new(entries, make_entry(&overview.troubles[i]))) {
            json_decref(entries);
            entries = NULL;
        }
    overview_free(&overview);
    return entries;
}

static enum err write_gitlab(const struct results *results, const struct report_options *options, struct buffer *out,
                             struct problem *why)
{
    (void)options;
    json_t *entries = make_entries(results);
    char *text = entries ? json_dumps(entries, JSON_INDENT(2)) : NULL;
    json_decref(entries);
    if (!text)
        return problem_set(why, ERR_MEMORY, "out of memory while writing the gitlab report");
    buffer_add_text(out, text);
    buffer_add_text(out, "\n");
    free(text);
    return text_finish(out, "gitlab", why);
}

static const struct report report = {
    .name = "gitlab",
    .file_name = "gl-code-quality-report.json",
    .about = "code-quality report for GitLab merge requests",
    .write = write_gitlab,
};
REPORT_REGISTER(report)
