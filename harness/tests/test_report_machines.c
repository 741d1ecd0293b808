/* CSV, OpenMetrics, GitHub, GitLab and Markdown: what their readers hold them to. */
#include "harness/tests/report_sample.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        found++;
    return found;
}

/* ---- CSV: read by Python's own reader ---- */

Test(report_csv, is_read_back)
{
    char out[4096];
    struct results *results = sample_troubled();
    char *text = sample_write(results, "csv");
    int status = sample_pipe(text, "python3 harness/tests/data/check_csv.py", out, sizeof out);
    if (status == 127)
        cr_skip_test("no python3");
    /* 24 + 3 + 1 runs of 30 rungs, one of 4, one of 3, two without rungs */
    cr_assert_eq(status, 0, "%s", out);
    cr_assert_str_eq(out, "849 30\n");
    free(text);
    results_free(results);
}

/* ---- OpenMetrics: its rules ---- */

Test(report_openmetrics, keeps_the_rules)
{
    char out[4096];
    struct results *results = sample_troubled();
    char *text = sample_write(results, "openmetrics");
    int status = sample_pipe(text, "python3 harness/tests/data/check_openmetrics.py", out, sizeof out);
    if (status == 127)
        cr_skip_test("no python3");
    cr_assert_eq(status, 0, "%s", out);
    cr_assert_str_eq(out, "8\n");
    cr_assert_not_null(strstr(text, "churn_runs{status=\"fail\"} 5\n"));
    cr_assert_not_null(strstr(text, "pool=\"broadcast\",backend=\"asan\",seed=\"1\",metric=\"tombstones\",per="
                                    "\"invalidation\",expected=\"yes\"} 63\n"));
    free(text);
    results_free(results);
}

Test(report_openmetrics, a_repeated_run_is_another_sample)
{
    struct results *once = sample_good(), *again = sample_good();
    cr_assert_eq(results_add(once, again->runs[0]), ERR_NONE); /* taken */
    again->runs[0] = again->runs[--again->run_count];
    char *text = sample_write(once, "openmetrics");
    cr_assert_eq(count(text, ",repetition=\"1\",churn_run_status="), STATUS_COUNT);
    free(text);
    results_free(once);
    results_free(again);
}

/* ---- GitHub ---- */

Test(report_github, one_annotation_a_line)
{
    struct results *results = sample_troubled();
    char *text = sample_write(results, "github");
    cr_assert_eq(count(text, "\n"), 5);
    cr_assert_eq(count(text, "\n::") + 1, 5, "every line is a command:\n%s", text);
    cr_assert_not_null(strstr(text, "::error file=scenarios/scope-close.lua,line=1,title=churn fail%3A scope-close on "
                                    "owner (asan%2C memcheck%2C native)::bytes_live grows by 48 bytes"));
    cr_assert_not_null(strstr(text, "%0Arepeat: churn run scenarios/scope-close.lua"));
    cr_assert_eq(count(text, "::warning "), 1);
    free(text);
    results_free(results);
}

Test(report_github, says_how_many_are_left)
{
    struct results *results = sample_large();
    for (size_t i = 0; i < results->run_count; i++)
        results->runs[i]->status = STATUS_FAIL;
    char *text = sample_write(results, "github");
    /* 25 scenarios on 2 pools, the backends together: nine and the rest */
    cr_assert_eq(count(text, "\n"), 10);
    cr_assert_not_null(strstr(text, "::error title=churn::and 41 more, see the report\n"));
    free(text);
    results_free(results);
}

/* ---- GitLab ---- */

Test(report_gitlab, has_what_the_merge_request_needs)
{
    static const char *const severities[] = {"info", "minor", "major", "critical", "blocker"};
    struct results *results = sample_troubled();
    char *text = sample_write(results, "gitlab");
    json_error_t error;
    json_t *root = json_loads(text, 0, &error), *entry;
    size_t i;
    cr_assert_not_null(root, "%s", error.text);
    cr_assert_eq(json_array_size(root), 5);
    json_array_foreach(root, i, entry)
    {
        const char *description, *check, *fingerprint, *severity, *path;
        int line;
        bool known = false;
        cr_assert_eq(json_unpack(entry, "{s:s,s:s,s:s,s:s,s:{s:s,s:{s:i!}!}!}", "description", &description,
                                 "check_name", &check, "fingerprint", &fingerprint, "severity", &severity, "location",
                                 "path", &path, "lines", "begin", &line),
                     0);
        for (size_t s = 0; s < ARRAY_LEN(severities); s++)
            known |= strcmp(severity, severities[s]) == 0;
        cr_assert(known, "%s", severity);
        cr_assert_eq(count(text, fingerprint), 1);
    }
    json_decref(root);
    free(text);
    results_free(results);
}

/* The rate may move from commit to commit; the problem is still the same one. */
Test(report_gitlab, fingerprint_knows_no_numbers)
{
    struct results *one = sample_troubled(), *other = sample_troubled();
    for (size_t i = 0; i < other->run_count; i++) {
        other->runs[i]->rate += 1;
        other->runs[i]->wall_ns += 1;
    }
    char *a = sample_write(one, "gitlab"), *b = sample_write(other, "gitlab");
    cr_assert_str_eq(a, b);
    free(a);
    free(b);
    results_free(one);
    results_free(other);
}

/* ---- Markdown ---- */

Test(report_markdown, short_first_and_details_folded)
{
    struct results *results = sample_troubled();
    char *text = sample_write(results, "markdown");
    cr_assert_eq(strncmp(text, "### ❌ churn: 7 of 32 runs need attention\n", 42), 0, "%.60s", text);
    const char *fold = strstr(text, "<details>");
    cr_assert_not_null(fold);
    cr_assert_lt(fold - text, 3000);
    cr_assert_eq(count(text, "<details>"), count(text, "</details>"));
    cr_assert_null(strstr(text, "<script"));
    cr_assert_null(strstr(text, "@you"));
    cr_assert_null(strstr(text, "| `c`"));
    cr_assert_null(strstr(text, "\n::error"));
    free(text);
    results_free(results);
}

/* GitHub refuses a comment of more than 65,536 characters. */
Test(report_markdown, fits_into_a_comment)
{
    struct results *results = sample_large();
    static char long_text[3000];
    memset(long_text, '<', sizeof long_text - 1);
    for (size_t i = 0; i < results->run_count; i++) {
        results->runs[i]->status = STATUS_FAIL;
        cr_assert_eq(run_set_text(&results->runs[i]->message, long_text), ERR_NONE);
    }
    char *text = sample_write(results, "markdown");
    cr_assert_lt(strlen(text), 65536);
    cr_assert_not_null(strstr(text, "more problems</summary>"));
    cr_assert_eq(count(text, "<details>"), count(text, "</details>"));
    free(text);
    results_free(results);
}
