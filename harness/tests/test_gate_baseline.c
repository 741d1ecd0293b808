#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t level; /* of bytes_live at every rung */

static int64_t at_level(size_t i, int64_t cycles)
{
    (void)i;
    (void)cycles;
    return level;
}

static struct run *run_at(int64_t bytes)
{
    struct run *run = sample_run(30);
    level = bytes;
    sample_series(run, "bytes_live", at_level);
    sample_series(run, "idle", sample_flat);
    sample_series(run, "rss_bytes", sample_seven);
    cr_assert_eq(run_add_param(run, "keys", "8"), ERR_NONE);
    sample_judge(run);
    return run;
}

static struct baseline entry_of(const struct run *run, const char *abi)
{
    struct baseline baseline = {0};
    cr_assert_eq(verdict_baseline_entry(run, abi, &baseline), ERR_NONE);
    return baseline;
}

static size_t rows_between(const struct baseline *was, const struct baseline *is, const char *says)
{
    struct baseline_diff diff;
    verdict_baseline_compare(&was->entries[0], &is->entries[0], &diff);
    size_t rows = diff.rows;
    cr_expect(!says || (diff.text.data && strstr(diff.text.data, says)), "%s: %s", says,
              diff.text.data ? diff.text.data : "(nothing)");
    verdict_baseline_diff_free(&diff);
    return rows;
}

/* Ten commits, each a byte more: no run grows, each next one looks like the one before, and the fixed baseline sees the
 * first. */
Test(gate_baseline, growth_that_creeps_is_caught_by_the_fixed_baseline)
{
    struct run *first = run_at(1000);
    struct baseline fixed = entry_of(first, "abi");
    for (int64_t commit = 1; commit <= 10; commit++) {
        char says[80];
        struct run *run = run_at(1000 + commit);
        struct baseline now = entry_of(run, "abi");
        cr_expect_eq(run->status, STATUS_PASS, "no growth inside the run: %s", run->message);
        snprintf(says, sizeof(says), "bytes_live last 1000 -> %d, bytes_live peak 1000 -> %d", (int)(1000 + commit),
                 (int)(1000 + commit));
        cr_expect_eq(rows_between(&fixed, &now, says), 2);
        cr_expect_eq(rows_between(&now, &fixed, "-> 1000"), 2, "less is a difference as well");
        baseline_free(&now);
        run_free(run);
    }
    cr_expect_eq(rows_between(&fixed, &fixed, NULL), 0);
    baseline_free(&fixed);
    run_free(first);
}

Test(gate_baseline, bytes_of_another_abi_are_not_compared)
{
    struct run *a = run_at(1000), *b = run_at(1001);
    struct baseline here = entry_of(a, "x86_64"), there = entry_of(b, "aarch64");
    cr_expect_eq(rows_between(&here, &there, NULL), 0);
    b->ops++;
    struct baseline more = entry_of(b, "aarch64");
    cr_expect_eq(rows_between(&here, &more, "operations  900 -> 901"), 1);
    baseline_free(&here);
    baseline_free(&there);
    baseline_free(&more);
    run_free(a);
    run_free(b);
}

Test(gate_baseline, growth_has_a_rate_per_operation)
{
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", sample_seven);
    sample_judge(run);
    struct baseline baseline = entry_of(run, "abi");
    cr_assert_eq(baseline.entries[0].number_count, 1);
    cr_expect_str_eq(baseline.entries[0].numbers[0].name, "tombstones");
    cr_expect_eq(baseline.entries[0].numbers[0].last, 2100);
    cr_expect_eq(baseline.entries[0].numbers[0].rate, 7.0);
    cr_expect_str_eq(baseline.entries[0].finding, "grows");
    baseline_free(&baseline);
    run_free(run);
}

static char *file_text(const char *folder)
{
    struct buffer text = {0};
    char path[200];
    snprintf(path, sizeof(path), "%s/sample.json", folder);
    cr_assert_eq(file_read_whole(path, 1 << 20, &text, NULL), ERR_NONE);
    return text.data;
}

Test(gate_baseline, a_file_reads_back_as_it_was)
{
    char folder[] = "/tmp/churn-baseline-XXXXXX", path[200];
    struct run *run = run_at(1000);
    struct baseline baseline = entry_of(run, "x86_64 64-bit glibc"), again;
    struct problem why = {0};
    cr_assert_not_null(mkdtemp(folder));
    sample_text(&run->pool, "an \"other\" pool");
    cr_assert_eq(verdict_baseline_entry(run, "x86_64 64-bit glibc", &baseline), ERR_NONE);
    cr_assert_eq(baseline_save(folder, "sample", &baseline, &why), ERR_NONE, "%s", why.text);
    char *first = file_text(folder);
    cr_assert_eq(baseline_load(folder, &again, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(again.count, 2);
    cr_expect_not_null(baseline_find(&again, "sample", "keys=8", "broadcast", "native", 0));
    cr_expect_null(baseline_find(&again, "sample", "keys=9", "broadcast", "native", 0));
    cr_assert_eq(baseline_save(folder, "sample", &again, &why), ERR_NONE, "%s", why.text);
    char *second = file_text(folder);
    cr_expect_str_eq(first, second);
    cr_expect_null(strstr(first, "rss_bytes"), "noise has no place in it");
    free(first);
    free(second);
    baseline_free(&again);
    cr_assert_eq(baseline_save(folder, "sample", &again, &why), ERR_NONE);
    snprintf(path, sizeof(path), "%s/sample.json", folder);
    cr_expect_neq(access(path, F_OK), 0, "nothing left: no file");
    cr_assert_eq(baseline_load("/nonexistent/folder", &again, &why), ERR_NONE);
    cr_expect_eq(again.count, 0);
    (void)rmdir(folder);
    baseline_free(&baseline);
    run_free(run);
}

Test(gate_baseline, what_is_no_baseline_is_refused)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "{\"format\": \"churn-baseline/0\"}",
        "[1",
        "{\"format\": 3}",
        "{\"format\": \"churn-baseline/1\", \"scenario\": \"s\", \"abi\": null, \"runs\": [3]}"};
    char folder[] = "/tmp/churn-baseline-XXXXXX", path[200];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/sample.json", folder);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct baseline baseline;
        struct problem why = {0};
        cr_assert_eq(file_write_whole(path, wrong[i], strlen(wrong[i]), NULL), ERR_NONE);
        cr_expect_eq(baseline_load(folder, &baseline, &why), ERR_INPUT, "%s", wrong[i]);
        cr_expect(strstr(why.text, "sample.json"), "%s", why.text);
    }
    (void)unlink(path);
    (void)rmdir(folder);
}

Test(gate_baseline, threads_are_left_out)
{
    struct run *run = sample_run(30);
    cr_expect(verdict_has_baseline(run));
    cr_assert_eq(run_add_param(run, "threads", "4"), ERR_NONE);
    cr_expect_not(verdict_has_baseline(run));
    run_free(run);
}
