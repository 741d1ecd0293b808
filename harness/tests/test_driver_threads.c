/* A scenario on several threads: who is asked to do what, what can still be held against a formula, and seed after seed. */
#include "harness/driver/driver.h"
#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTENTION "scenarios/selftest/contention.lua"

/* ---- who is asked to do what ---- */

static struct run *run_scenario(const char *path, const struct driver_request *asked)
{
    struct driver_request request = *asked;
    struct problem why = {0};
    struct run *run = NULL;
    char *folder = NULL;

    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    request.scenario_path = path;
    request.backend = backend_find("native");
    request.build_folder = folder;
    request.scenario.dose = 1;
    cr_assert_eq(driver_run(&request, true, &run, &why), ERR_NONE, "%s", why.text);
    free(folder);
    return run;
}

/* What a subject is sent in a run of `threads` threads, line after line. OWNED: free. */
static char *record(const char *path, unsigned threads, const char *schedule)
{
    char file[] = "/tmp/churn-test-XXXXXX", pool[100];
    struct buffer sent = {0};
    int fd = mkstemp(file);

    cr_assert_geq(fd, 0);
    close(fd);
    (void)snprintf(pool, sizeof(pool), "exec:harness/tests/subjects/recorder.sh %s", file);
    struct run *run = run_scenario(
        path,
        &(struct driver_request){.scenario = {.pool = pool, .seed = 9}, .threads = threads, .schedule = schedule});
    cr_expect_eq(run->ending, ENDING_DONE, "%s", run->ending_detail);
    cr_expect_null(run->twin_differs, "runs of threads have no twin");
    run_free(run);
    cr_assert_eq(file_read_whole(file, 1 << 20, &sent, NULL), ERR_NONE);
    unlink(file);
    return sent.data;
}

/* The keys are the numbers of the cycles: kSETUP, k0, k1 ... Returns how many cycles were seen. */
static int expect_cycles(char *sent, int threads)
{
    int thread = 0, cycle, seen = 0, named = 0;
    char lease[32];

    for (char *line = strtok(sent, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (sscanf(line, "thread %d", &thread) == 1) {
            named += named < threads + 1;
            if (named <= threads && seen == 0)
                cr_expect_eq(thread, named, "every thread is named before anything is done");
        } else if (sscanf(line, "get %31s k%d", lease, &cycle) == 2) {
            cr_expect_eq(cycle, seen, "cycles go out in their order");
            cr_expect_eq(thread, 1 + (cycle + cycle / threads) % threads, "cycle %d of %d threads", cycle, threads);
            seen++;
        } else if (strncmp(line, "release", 7) == 0 && seen > 0 && strstr(line, "lteardown") == NULL) {
            cr_expect_neq(thread, 0, "%s: a cycle is done by one thread", line);
        } else if (strstr(line, "kmain") != NULL || strcmp(line, "rung") == 0 || strcmp(line, "shutdown") == 0) {
            cr_expect_eq(thread, 0, "%s: the main thread does all that is no cycle", line);
        }
    }
    return seen;
}

static const char EACH_A_KEY[] = "scenario { about = 'x', threads = true, warmup = 2, cycles = 7, rungs = 9,\n"
                                 "  setup = function() get('kmain') end,\n"
                                 "  cycle = function(p, i) release(get(i)) end,\n"
                                 "  settle = function() get('kmain') end }\n";

Test(driver_threads, cycles_rotate_and_the_rest_is_for_the_main_thread, .timeout = 60)
{
    static const int threads[] = {1, 2, 3, 5};

    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        char *sent = record(script_file(EACH_A_KEY), (unsigned)threads[i], NULL);
        cr_expect_eq(strncmp(sent, "pool ", 5), 0, "%.20s", sent);
        cr_expect_null(strstr(sent, "meta"), "nobody asked for a schedule");
        cr_expect_eq(expect_cycles(sent, threads[i]), 2 + 9 * 7);
        free(sent);
    }
}

Test(driver_threads, the_schedule_is_named_with_the_seed_before_the_first_thread, .timeout = 60)
{
    char *sent = record(script_file(EACH_A_KEY), 2, "pct:3");
    const char *schedule = strstr(sent, "\nmeta schedule pct:3:9\n"), *thread = strstr(sent, "\nthread 1\n");

    cr_assert(schedule != NULL && thread != NULL, "%.200s", sent);
    cr_expect_eq(schedule + strlen("\nmeta schedule pct:3:9"), thread);
    free(sent);
}

Test(driver_threads, a_scenario_must_say_that_its_cycles_stand_by_themselves, .timeout = 60)
{
    struct run *run = run_scenario(script_file("scenario { about = 'x', cycle = function() release(get(0)) end }"),
                                   &(struct driver_request){.scenario = {.pool = "owner"}, .threads = 2});

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_not_null(strstr(run->ending_detail, "threads = true"), "%s", run->ending_detail);
    run_free(run);
}

Test(driver_threads, schedules)
{
    static const char *const right[] = {"pct:1", "pct:3", "pct:64"};
    static const char *const wrong[] = {"",       "pct",    "pct:",   "pct:0", "pct:65",
                                        "pct:-1", "pct: 3", "pct:3x", "PCT:3", "rr:3"};

    for (size_t i = 0; i < ARRAY_LEN(right); i++)
        cr_expect_null(driver_schedule_check(right[i]), "%s", right[i]);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        cr_expect_not_null(driver_schedule_check(wrong[i]), "%s", wrong[i]);
}

/* ---- what is expected ---- */

static bool is_also(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->expectation.also_count; i++)
        if (strcmp(run->expectation.also[i], name) == 0)
            return true;
    return false;
}

static bool is_predicted(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->expectation.metric_count; i++)
        if (strcmp(run->expectation.metrics[i].name, name) == 0)
            return run->expectation.metrics[i].predicted;
    return false;
}

Test(driver_threads, what_does_not_depend_on_the_order_is_held_to_its_formula, .timeout = 60)
{
    const char *path =
        script_file("scenario { about = 'x', threads = true, params = { keys = 3 },\n"
                    "  period = function(p) return p.keys end, pool = { min = 0, max = 4 },\n"
                    "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"
                    "  cycle = function(p, i) local l = get(i % p.keys) invalidate(l) release(l) end,\n"
                    "  expect = { default = bounded():exactly { tombstones = 0, open = 0, created = 7 } } }");
    struct run *run =
        run_scenario(path, &(struct driver_request){.scenario = {.pool = "owner", .seed = 1}, .threads = 3});

    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect(is_predicted(run, "tombstones"));
    cr_expect_not(is_predicted(run, "open"), "a level that depends on who comes first");
    cr_expect_not(is_predicted(run, "created"), "a total");
    cr_expect(is_also(run, "open") && is_also(run, "bytes_live") && is_also(run, "blocks_live.slots"));
    cr_expect_not(is_also(run, "tombstones") || is_also(run, "keys") || is_also(run, "leases_out") ||
                  is_also(run, "blocks_live.waiters"));
    run_free(run);

    run = run_scenario(path, &(struct driver_request){.scenario = {.pool = "broadcast", .seed = 1}, .threads = 3});
    cr_expect_eq(run->status, STATUS_FAIL);
    cr_expect_str_eq(run->metric, "tombstones", "%s", run->message);
    run_free(run);
}

Test(driver_threads, a_growing_arm_is_held_to_its_formula, .timeout = 60)
{
    struct setting keys = {.name = (char[]){"keys"}, .value = (char[]){"4"}};
    struct run *run = run_scenario(
        CONTENTION,
        &(struct driver_request){.scenario = {.pool = "broadcast", .seed = 1, .overrides = &keys, .override_count = 1},
                                 .threads = 4});

    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect_str_eq(run->metric, "tombstones");
    cr_expect_eq(run->rate, 3.0, "keys - 1 for each invalidation");
    for (size_t i = 0; i < run->rung_count; i++)
        cr_expect_eq(run_series(run, "tombstones")->values[i], 3 * run->rung_invalidations[i]);
    run_free(run);
}

/* ---- seed after seed ---- */

Test(driver_threads, one_seed_unless_more_is_asked_for, .timeout = 60)
{
    struct run *run =
        run_scenario(CONTENTION, &(struct driver_request){.scenario = {.pool = "owner", .seed = 5}, .threads = 2});

    cr_expect_eq(run->seed, 5);
    cr_expect_eq(run->tried.seeds, 0);
    run_free(run);
}

Test(driver_threads, seeds_are_tried_until_there_are_so_many_operations, .timeout = 60)
{
    struct driver_request request = {.scenario = {.pool = "owner", .seed = 5}, .threads = 2};
    struct run *one = run_scenario(CONTENTION, &request);
    request.least_ops = 3 * one->ops + 1;
    struct run *run = run_scenario(CONTENTION, &request);

    cr_expect_eq(run->tried.seeds, 4);
    cr_expect_eq(run->tried.ops, 4 * one->ops, "every seed has the same plan");
    cr_expect_eq(run->ops, one->ops);
    cr_expect_eq(run->seed, 5 + 3);
    cr_expect_gt(run->tried.wall_ns, run->wall_ns);
    run_free(one);
    run_free(run);
}

Test(driver_threads, seeds_are_tried_for_so_long, .timeout = 60)
{
    struct run *run = run_scenario(CONTENTION, &(struct driver_request){.scenario = {.pool = "owner", .seed = 1},
                                                                        .threads = 2,
                                                                        .least_ns = INT64_C(500000000)});

    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect_geq(run->tried.wall_ns, INT64_C(500000000));
    cr_expect_eq((int64_t)run->seed, run->tried.seeds, "from seed 1 on");
    run_free(run);
}

/* A window in cancel is not found by every seed: the run that is kept is the one that found it, and finds it again. */
Test(driver_threads, the_seed_that_found_it_is_kept_and_finds_it_again, .timeout = 120)
{
    char pool[1024];
    char *folder = NULL;

    cr_assert_eq(backend_build_folder(&folder, NULL), ERR_NONE);
    (void)snprintf(pool, sizeof(pool), "%s/selftest/racy.so:plant=cancel", folder);
    free(folder);
    struct driver_request request = {.scenario = {.pool = pool, .seed = 1},
                                     .threads = 4,
                                     .schedule = "pct:3",
                                     .timeout_ns = INT64_C(5000000000),
                                     .least_ops = INT64_C(1000000)};
    struct run *run = run_scenario(CONTENTION, &request);

    cr_expect_eq(run->status, STATUS_FAIL, "%s", run->message);
    cr_expect_eq((int64_t)run->seed, run->tried.seeds);
    cr_expect_lt(run->tried.ops, request.least_ops);
    request.scenario.seed = run->seed;
    request.least_ops = 0;
    struct run *again = run_scenario(CONTENTION, &request);
    cr_expect_eq(again->status, STATUS_FAIL, "seed %d: %s", (int)run->seed, again->message);
    cr_expect_eq(again->finding, run->finding);
    run_free(again);
    run_free(run);
}
