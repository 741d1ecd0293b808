#include "harness/tests/report_sample.h"
#include "harness/report/html_style.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_gnuplot(void)
{
    char out[64];
    return sample_pipe("", "command -v gnuplot", out, sizeof out) == 0;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        found++;
    return found;
}

/* Not a test of its own: writes the pages that scripts/ci/check-html opens in a browser. */
Test(report_html, pages_for_the_browser)
{
    const char *folder = getenv("CHURN_SAMPLE_PAGES");
    if (!folder)
        cr_skip_test("CHURN_SAMPLE_PAGES names no folder");
    struct {
        const char *name;
        struct results *results;
    } pages[] = {{"good", sample_good()}, {"troubled", sample_troubled()}, {"large", sample_large()}};
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        char path[512];
        struct problem why = {0};
        char *page = sample_write(pages[i].results, "html");
        snprintf(path, sizeof path, "%s/%s.html", folder, pages[i].name);
        cr_assert_eq(file_write_whole(path, page, strlen(page), &why), ERR_NONE, "%s", why.text);
        free(page);
        results_free(pages[i].results);
    }
}

Test(report_html, says_the_verdict_first)
{
    struct results *results = sample_good();
    char *page = sample_write(results, "html");
    cr_assert_not_null(strstr(page, "<title>churn: all 24 runs as expected</title>"));
    cr_assert_not_null(strstr(page, "6 runs reproduce a known bug"));
    cr_assert_null(strstr(page, "id=\"problems\""));
    free(page);
    results_free(results);

    results = sample_troubled();
    page = sample_write(results, "html");
    cr_assert_not_null(strstr(page, "<h1>churn: 7 of 32 runs need attention</h1>"));
    const char *problem = strstr(page, "bytes_live grows by 48 bytes per invalidation");
    cr_assert_not_null(problem);
    cr_assert_lt((size_t)(problem - page), (size_t)(strstr(page, "id=\"matrix\"") - page));
    cr_assert_not_null(strstr(page, "churn run scenarios/scope-close.lua --pool owner --under memcheck --seed 1"));
    free(page);
    results_free(results);
}

Test(report_html, trusts_no_text)
{
    struct results *results = sample_troubled();
    char *page = sample_write(results, "html");
    cr_assert_null(strstr(page, "<script>alert"));
    cr_assert_null(strstr(page, "\x01"));
    cr_assert_null(strstr(page, "\xff"));
    cr_assert_eq(count(page, "<script>"), 1);
    cr_assert_not_null(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;q&quot;"));
    free(page);
    results_free(results);
}

Test(report_html, loads_nothing)
{
    struct results *results = sample_good();
    char *page = sample_write(results, "html");
    cr_assert_null(strstr(page, "http://"));
    cr_assert_null(strstr(page, "https://"));
    cr_assert_null(strstr(page, "url("));
    cr_assert_null(strstr(page, "@import"));
    free(page);
    results_free(results);
}

/* The policy lets exactly this script run; whoever changes the script must change the hash. */
Test(report_html, hash_fits_the_script)
{
    char out[256], expected[256];
    int status = sample_pipe(HTML_SCRIPT,
                             "python3 -c 'import sys,hashlib,base64;"
                             "print(base64.b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode())'",
                             out, sizeof out);
    if (status == 127)
        cr_skip_test("no python3");
    snprintf(expected, sizeof expected, "%s\n", strchr(HTML_SCRIPT_HASH, '-') + 1);
    cr_assert_str_eq(out, expected);
}

Test(report_html, draws_curves_with_units)
{
    if (!has_gnuplot())
        cr_skip_test("no gnuplot");
    struct results *results = sample_good();
    char *page = sample_write(results, "html");
    cr_assert_null(strstr(page, "no charts"));
    /* two sets of parameters with tombstones and bytes_live; ttl-saw with idle */
    cr_assert_eq(count(page, "<svg class=\"chart\""), 5);
    cr_assert_not_null(strstr(page, ">tombstones (entries)</text>"));
    cr_assert_not_null(strstr(page, ">bytes_live (KiB)</text>"));
    cr_assert_not_null(strstr(page, ">invalidations</text>"));
    /* the first measured rung comes after two warm-up rungs of 16 cycles: 32 x 7 entries */
    cr_assert_not_null(strstr(page, "<title>32 invalidations (rung 1)\nbroadcast: 224 entries\nmembership: 0 entries\n"
                                    "owner: 0 entries\npredicted for broadcast: 224 entries</title>"));
    cr_assert_not_null(strstr(page, "stroke-dasharray"));
    cr_assert_not_null(strstr(page, "native, asan, memcheck: the same samples on each"));
    free(page);
    results_free(results);
}

Test(report_html, shows_backends_apart_when_they_differ)
{
    if (!has_gnuplot())
        cr_skip_test("no gnuplot");
    struct results *results = sample_troubled();
    char *page = sample_write(results, "html");
    cr_assert_not_null(strstr(page, "memcheck only: the backends differ"));
    /* a leak that was predicted and did not come: both lines are there */
    cr_assert_not_null(strstr(page, "<title>32 invalidations (rung 1)\nbroadcast:finalizers=captured: 0 entries\n"
                                    "predicted for broadcast:finalizers=captured: 32 entries</title>"));
    free(page);
    results_free(results);
}

Test(report_html, is_complete_without_gnuplot)
{
    struct results *results = sample_good();
    setenv("PATH", "/nonexistent", 1);
    char *page = sample_write(results, "html");
    cr_assert_not_null(strstr(page, "This page has no charts: gnuplot was not found"));
    cr_assert_eq(count(page, "<svg class=\"chart\""), 0);
    cr_assert_not_null(strstr(page, "</body></html>"));
    free(page);
    results_free(results);
}

/* The page that is written when gnuplot is this script. OWNED: free. */
static char *write_with_gnuplot(const struct results *results, const char *script)
{
    char folder[] = "/tmp/churn-gnuplot-XXXXXX", path[128];
    struct problem why = {0};
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/gnuplot", folder);
    cr_assert_eq(file_write_whole(path, script, strlen(script), &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(chmod(path, 0755), 0);
    setenv("PATH", folder, 1);
    char *page = sample_write(results, "html");
    unlink(path);
    rmdir(folder);
    return page;
}

Test(report_html, says_when_gnuplot_fails)
{
    static const struct {
        const char *script, *expected;
    } cases[] = {
        {"#!/bin/sh\necho 'no <svg> terminal' >&2; exit 1\n", "no charts: gnuplot failed: no &lt;svg&gt; terminal"},
        {"#!/bin/sh\necho '<svg><title>c0</title> cut off'\n", "no charts: gnuplot drew 0 of 5 charts"},
        {"#!/bin/sh\necho '<title>c77</title><defs></defs></svg>'\n", "no charts: gnuplot drew 0 of 5 charts"},
        {"#!/bin/sh\nkill -9 $$\n", "no charts: gnuplot failed: "},
    };
    struct results *results = sample_good();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *page = write_with_gnuplot(results, cases[i].script);
        cr_assert_not_null(strstr(page, cases[i].expected), "case %zu", i);
        cr_assert_not_null(strstr(page, "</body></html>"));
        free(page);
    }
    results_free(results);
}

Test(report_html, no_runs)
{
    struct results *results = results_make();
    cr_assert_not_null(results);
    char *page = sample_write(results, "html");
    cr_assert_not_null(strstr(page, "<title>churn: no runs</title>"));
    free(page);
    results_free(results);
}
