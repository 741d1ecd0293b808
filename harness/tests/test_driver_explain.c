/* When a second run under memcheck is worth its time, between which rungs it looks, and what it finds. */
#include "harness/driver/driver_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/verdict/verdict.h"

/* One finding of a run that ended as it should. */
static bool wants(enum finding finding, const char *metric, bool expected, bool explain, const char *limit)
{
    struct run *run = run_make();
    struct driver_request request = {.explain = explain};
    char *folder = NULL, name[40];
    snprintf(name, sizeof(name), "%s", metric);
    struct found found = {.finding = finding, .metric = name, .expected = expected};
    cr_assert_eq(backend_build_folder(&folder, NULL), ERR_NONE);
    request.build_folder = folder;
    cr_assert_eq(run_set_text(&run->pool, "owner"), ERR_NONE);
    cr_assert_eq(run_add_found(run, &found), ERR_NONE);
    if (limit) {
        struct threshold threshold;
        cr_assert_eq(threshold_parse(THRESHOLD_LIMIT, limit, &threshold, NULL), ERR_NONE);
        cr_assert_eq(thresholds_add(&run->thresholds, &threshold), ERR_NONE);
        threshold_free(&threshold);
    }
    bool wanted = drive_wants_stack(&request, run);
    if (wanted) { /* nobody can look into a foreign program, and a run that crashed will crash again */
        cr_assert_eq(run_set_text(&run->pool, "exec:true"), ERR_NONE);
        cr_expect_not(drive_wants_stack(&request, run));
        cr_assert_eq(run_set_text(&run->pool, "owner"), ERR_NONE);
        run->ending = ENDING_CRASHED;
        cr_expect_not(drive_wants_stack(&request, run));
    }
    free(folder);
    run_free(run);
    return wanted;
}

static bool has_memcheck(void)
{
    char *folder = NULL;
    cr_assert_eq(backend_build_folder(&folder, NULL), ERR_NONE);
    bool has = backend_find("memcheck")->available(folder, NULL);
    free(folder);
    return has;
}

Test(driver_explain, growth_and_limits_that_fail_are_explained)
{
    if (!has_memcheck())
        cr_skip_test("no memcheck");
    cr_expect(wants(FINDING_GROWS, "tombstones", false, true, NULL));
    cr_expect_not(wants(FINDING_GROWS, "tombstones", true, true, NULL), "the scenario says so");
    cr_expect_not(wants(FINDING_GROWS, "tombstones", false, false, NULL), "nobody asked");
    cr_expect_not(wants(FINDING_VIOLATES, "I6", false, true, NULL), "an invariant has no stack");
    cr_expect(wants(FINDING_VIOLATES, "bytes_live", false, true, "bytes_live=1KiB"), "a limit was passed");
    cr_expect_not(wants(FINDING_VIOLATES, "bytes_live", false, true, "idle=4"), "another one");
}

/* Each key of four has an item, and each cycle leaves three entries behind in the sets of the others. */
static const char LEAK[] = "scenario { about = 'leak', params = { keys = 4 }, period = function(p) return p.keys end,\n"
                           "  pool = function() return { min = 0, max = 2 } end,\n"
                           "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"
                           "  cycle = function(p, i) local l = get(i % p.keys) invalidate(l) release(l) end,\n"
                           "  expect = { default = bounded() } }\n";

static struct run *run_leak(void)
{
    char path[] = "/tmp/churn-test-XXXXXX.lua", *folder = NULL;
    struct problem why = {0};
    struct run *run = NULL;
    int fd = mkstemps(path, 4);
    cr_assert(fd >= 0 && write(fd, LEAK, strlen(LEAK)) == (ssize_t)strlen(LEAK) && close(fd) == 0);
    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    struct driver_request request = {.scenario_path = path,
                                     .scenario = {.pool = "broadcast", .seed = 1, .dose = 1},
                                     .backend = backend_find("native"),
                                     .build_folder = folder,
                                     .explain = true};
    cr_assert_eq(driver_run(&request, false, &run, &why), ERR_NONE, "%s", why.text);
    unlink(path);
    free(folder);
    return run;
}

/* The growth is looked at from the middle on: half of the measured cycles, three blocks each. */
Test(driver_explain, a_leak_has_a_stack_of_its_growth_alone, .timeout = 120)
{
    if (!has_memcheck())
        cr_skip_test("no memcheck");
    struct run *run = run_leak();
    char blocks[40];
    size_t rungs = run->rung_count, middle = (rungs + 1) / 2;
    int64_t cycles = (int64_t)(rungs - middle) * run->cycles_per_rung;
    cr_assert_not_null(run->stack, "%s", run->message);
    cr_expect(strstr(run->stack, " (broadcast.c:"), "%s", run->stack);
    snprintf(blocks, sizeof(blocks), "(+%d) blocks:", (int)(3 * cycles));
    cr_expect(strstr(run->stack, blocks), "%s of %zu rungs, in:\n%s", blocks, rungs, run->stack);
    cr_assert_eq(verdict_judge_run(run), ERR_NONE); /* as it is done when all runs are there */
    cr_expect(strstr(run->message, "; allocated by "), "%s", run->message);
    run_free(run);
}
