/* test_driver.c: plans against subjects: good ones, wrong ones, and the host with built-in pools. */
#include "harness/driver/driver.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/verdict/verdict.h"

#define SCRIPT "exec:harness/tests/subjects/subject.sh "
#define SAFETY INT64_C(120000000000)
#define SHORT  INT64_C(400000000)

/* A file that lasts as long as the test. */
struct temporary {
    char path[64];
};

static void write_file(struct temporary *file, const char *suffix, const char *text)
{
    struct problem why = {0};

    snprintf(file->path, sizeof(file->path), "/tmp/churn-test-XXXXXX%s", suffix);
    int fd = mkstemps(file->path, (int)strlen(suffix));
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_eq(file_write_whole(file->path, text, strlen(text), &why), ERR_NONE, "%s", why.text);
}

static bool checks_each; /* operation: --check-each */
static unsigned threads; /* --threads, of scenarios */

static struct run *replay(const char *plan, const char *pool, const char *backend, int64_t timeout_ns)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;
    char *folder = NULL;

    write_file(&file, ".plan", plan);
    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    struct driver_request request = {.scenario = {.pool = pool, .seed = 7, .dose = 1},
                                     .backend = backend_find(backend),
                                     .build_folder = folder,
                                     .timeout_ns = timeout_ns,
                                     .check_each = checks_each};
    cr_assert_eq(driver_replay(file.path, &request, &run, &why), ERR_NONE, "%s", why.text);
    unlink(file.path);
    free(folder);
    return run;
}

static int64_t value_of(const struct run *run, const char *name, size_t rung)
{
    const struct series *series = run_series(run, name);

    cr_assert_not_null(series, "%s", name);
    cr_assert_lt(rung, run->rung_count);
    return series->values[rung];
}

#define PLAN "churn-plan 1\npool min=0 max=4 ttl=inf\n"

/* ---- a subject that behaves ---- */

Test(driver, fills_a_run)
{
    struct run *run = replay(PLAN "rung\nget a k0\nget b k1\nrung\nrelease a\nrung\nrelease b\nshutdown\nrung\n",
                             SCRIPT "good", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_DONE, "%s", run->ending_detail ? run->ending_detail : "");
    cr_expect_str_eq(run->subject_name, "shell");
    cr_expect_str_eq(run->backend, "native");
    cr_expect_eq(run->pool_max, 4);
    cr_expect_eq(run->seed, 7);
    cr_expect_eq(run->ops, 4);
    cr_expect_gt(run->wall_ns, 0);
    cr_expect_gt(run->peak_rss_bytes, 0);
    cr_assert_eq(run->rung_count, 2);
    cr_expect_eq(run->rung_ops[0], 2);
    cr_expect_eq(run->rung_ops[1], 3);
    cr_expect_eq(run->rung_gets[1], 2);
    cr_expect_eq(run_series(run, "leased")->before, 0);
    cr_expect_eq(value_of(run, "leased", 0), 2);
    cr_expect_eq(value_of(run, "leased", 1), 1);
    cr_expect_eq(run_series(run, "leased")->after, 0);
    cr_expect_eq(value_of(run, "leases_out", 0), 2);
    cr_expect_eq(value_of(run, "leases_out", 1), 1);
    cr_expect_eq(value_of(run, "gets_waiting", 1), 0);
    cr_expect_gt(value_of(run, "rss_bytes", 1), 0);
    cr_expect_eq(value_of(run, "threads", 1), 1);
    cr_expect_gt(value_of(run, "wall_ns", 1), value_of(run, "wall_ns", 0));
    cr_expect_eq(run->violation_count, 0);
    cr_expect_null(run->log);
    run_free(run);
}

Test(driver, says_how_to_repeat)
{
    struct run *run = replay(PLAN "shutdown\n", SCRIPT "good", "native", SAFETY);
    char expected[300];

    snprintf(expected, sizeof(expected), "churn replay %s --pool '" SCRIPT "good' --under native", run->file);
    cr_expect_str_eq(run->repeat, expected);
    run_free(run);
}

/* ---- subjects that do not ---- */

struct wrong {
    const char *mode;
    enum ending ending;
    int code;
    const char *detail;
};

static const struct wrong WRONG[] = {
    {"crash", ENDING_CRASHED, 11, "last operation sent: rung"},
    {"killed", ENDING_RIG, 9, "killed by signal 9 (Killed): no program sends that to itself"},
    {"exit-3", ENDING_EXITED, 3, "exited with status 3 before it was asked to"},
    {"exit-7-at-end", ENDING_EXITED, 7, "exited with status 7"},
    {"hang", ENDING_HUNG, 0, "last operation sent: rung; last answer: churn-subject 1"},
    {"garbage", ENDING_PROTOCOL, 0, "unknown answer (notes belong on stderr), found \"what is this\""},
    {"unknown-lease", ENDING_PROTOCOL, 0, "a lease that was not asked for, found \"leased nobody 1\""},
    {"unsupported", ENDING_SKIPPED, 0, "the subject does not support: get"},
    {"cannot-run", ENDING_SKIPPED, 0, "the toolbox is missing"},
    {"no-greeting", ENDING_PROTOCOL, 0, "expected the greeting"},
};

Test(driver, records_how_a_subject_ended)
{
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        char pool[100];
        snprintf(pool, sizeof(pool), SCRIPT "%s", WRONG[i].mode);
        struct run *run = replay(PLAN "get a k0\nrung\nrelease a\nshutdown\n", pool, "native",
                                 WRONG[i].ending == ENDING_HUNG ? SHORT : SAFETY);
        cr_expect_eq(run->ending, WRONG[i].ending, "%s: %s", WRONG[i].mode, ending_name(run->ending));
        cr_expect_eq(run->ending_code, WRONG[i].code, "%s: %d", WRONG[i].mode, run->ending_code);
        cr_expect_not_null(strstr(run->ending_detail, WRONG[i].detail), "%s: %s", WRONG[i].mode, run->ending_detail);
        run_free(run);
    }
}

Test(driver, samples_before_a_crash_are_kept)
{
    struct run *run = replay(PLAN "rung\nrung\nrung\nget a k0\nrung\n", SCRIPT "crash", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_CRASHED);
    cr_assert_eq(run->rung_count, 2);
    cr_expect_eq(value_of(run, "leased", 1), 0);
    cr_expect_not_null(strstr(run->ending_detail, "; last operation sent: rung; last answer: rung"));
    cr_expect_null(strchr(run->ending_detail, '{'), "the sample is in the series: %s", run->ending_detail);
    run_free(run);
}

Test(driver, a_subject_that_does_not_say_what_it_gave_up_is_not_asked_to)
{
    struct run *run = replay(PLAN "get a k0\ncancel a\nshutdown\n", SCRIPT "silent-cancel", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "the subject does not support: cancel (its first line has no "
                                         "\"cancelled\":true: docs/formats.md, section 3)");
    run_free(run);
}

Test(driver, an_operation_the_subject_cannot_do_skips_the_run)
{
    struct run *run = replay(PLAN "get a k0\nkill a\nshutdown\n", SCRIPT "good", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "the subject does not support: kill");
    run_free(run);
}

Test(driver, a_tool_cannot_look_into_a_foreign_program)
{
    struct run *run = replay(PLAN "shutdown\n", SCRIPT "good", "asan", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "a foreign program runs under native only: asan cannot look into it");
    run_free(run);
}

Test(driver, a_count_that_differs_from_the_ledger_is_a_violation)
{
    struct run *run = replay(PLAN "rung\nget a k0\nrung\n", SCRIPT "wrong-count", "native", SAFETY);

    cr_assert_eq(run->violation_count, 2);
    cr_expect_str_eq(run->violations[1].invariant, "I2");
    cr_expect_str_eq(run->violations[1].metric, "leased");
    cr_expect_str_eq(run->violations[1].detail, "the pool counts 7 leases out, the harness 1");
    cr_expect_eq(run->violations[1].rung, 0);
    cr_expect_eq(run->violations[1].op, 1);
    run_free(run);
}

/* The third get's item is invalidated in both keys' pools, of which one does not hold it; all rungs come later. Whatever is
 * sampled in between goes into no series. */
Test(driver, a_check_of_each_operation_names_the_first_that_breaks_one)
{
    static const char plan[] =
        PLAN "rung\nget a k0\nrelease a\nget b k1\nrelease b\nget c k0\ninvalidate c\nrelease c\n"
             "get d k0\nrelease d\nrung\nshutdown\nrung\n";

    for (int each = 0; each < 2; each++) {
        checks_each = each;
        struct run *run = replay(plan, "broadcast", "native", SAFETY), *clean = replay(plan, "owner", "native", SAFETY);
        cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
        const struct violation *first = run->violations;
        while (first < run->violations + run->violation_count && strcmp(first->metric, "tombstones_foreign") != 0)
            first++;
        cr_assert_lt(first, run->violations + run->violation_count);
        cr_expect_str_eq(first->invariant, "I4");
        cr_expect_eq(first->op, each ? 6 : 9, "%d: %" PRId64, each, first->op);
        cr_expect_eq(strstr(first->detail, ", since `invalidate c`") != NULL, each, "%s", first->detail);
        cr_expect_eq(run->rung_count, 1u);
        cr_expect_eq(run->ops, 9); /* a shutdown is none */
        cr_expect_eq(clean->violation_count, 0u);
        cr_expect_eq(clean->ending, ENDING_DONE);
        run_free(run);
        run_free(clean);
    }
    checks_each = false;
}

Test(driver, who_waits_for_an_item_that_is_being_made_does_not_wait_in_vain)
{
    checks_each = true;
    struct run *run = replay(PLAN "rung\nslow k0 5s\nget a k0\nadvance 6s\nrelease a\nrung\nshutdown\nrung\n", "owner",
                             "native", SAFETY);
    checks_each = false;
    if (run->ending != ENDING_SKIPPED) { /* without libfaketime nothing moves the clock */
        cr_expect_eq(run->ending, ENDING_DONE);
        cr_expect_eq(run->violation_count, 0u, "%s", run->violation_count ? run->violations[0].detail : "");
    }
    run_free(run);
}

/* Nothing may have been answered yet when the last operation was sent. */
Test(driver, a_plan_that_ends_without_a_rung_accuses_nobody)
{
    struct run *run = replay(PLAN "get a k0\nshutdown\nrelease a\n", "owner", "native", SAFETY);
    cr_expect_eq(run->ending, ENDING_DONE, "%s", run->ending_detail);
    cr_expect_eq(run->violation_count, 0, "%s", run->violation_count ? run->violations[0].detail : "");
    run_free(run);
}

Test(driver, a_shutdown_that_never_ends_is_a_violation)
{
    struct run *run = replay(PLAN "get a k0\nrelease a\nshutdown\n", SCRIPT "stuck-shutdown", "native", SAFETY);

    cr_assert_eq(run->violation_count, 1);
    cr_expect_str_eq(run->violations[0].invariant, "I6");
    run_free(run);
}

Test(driver, memory_lost_by_the_worlds_count_is_lost)
{
    struct run *run = replay(PLAN "shutdown\n", SCRIPT "lost-at-end", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_EXITED);
    cr_expect_eq(run->ending_code, ENDING_CODE_LOST);
    cr_expect_eq(run->lost_bytes, 160);
    cr_expect_str_eq(run->log, "churn-host: lost: 160 bytes in 2 blocks of slots\n");
    run_free(run);
}

/* The sample before is the first rung, the one after shutdown the fourth. */
Test(driver, keeps_the_examples_of_the_last_measured_rung)
{
    struct run *run =
        replay(PLAN "rung\nget a k0\nrung\nrelease a\nrung\nshutdown\nrung\n", SCRIPT "example", "native", SAFETY);

    cr_assert_eq(run->ending, ENDING_DONE, "%s", run->ending_detail);
    cr_assert_eq(run->example_count, 2);
    cr_expect_str_eq(run->examples[0].metric, "leased");
    cr_expect_str_eq(run->examples[0].words, "lease 3");
    cr_expect_str_eq(run->examples[1].metric, "his-own");
    cr_expect_str_eq(run->examples[1].words, "(\\x01)");
    run_free(run);
}

Test(driver, too_many_violations_are_only_counted)
{
    struct buffer plan = {0};

    buffer_add_text(&plan, PLAN);
    for (int i = 0; i < 120; i++)
        buffer_add_text(&plan, "rung\n");
    struct run *run = replay(plan.data, SCRIPT "wrong-count", "native", SAFETY);
    cr_expect_eq(run->violation_count, 100);
    cr_expect_str_eq(run->log, "churn: 20 more violations were not kept\n");
    buffer_free(&plan);
    run_free(run);
}

Test(driver, a_pool_nobody_knows_is_no_finding)
{
    struct run *run = replay(PLAN "shutdown\n", "no-such-pool", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_PROTOCOL);
    cr_expect_str_eq(run->ending_detail, "no greeting: exited with status 2 before it was asked to");
    cr_expect_not_null(strstr(run->log, "no-such-pool"));
    run_free(run);
}

/* ---- the host, under every backend ---- */

#define KEYS 5

/* Each key has one idle item; a round invalidates one item: KEYS - 1 entries stay behind in the broadcast pool. */
static const char SCENARIO[] = "scenario {\n"
                               "  about = 'test', params = { keys = 5 },\n"
                               "  pool = function(p) return { min = 0, max = 2, ttl = '60s' } end,\n"
                               "  period = function(p) return p.keys end,\n"
                               "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"
                               "  cycle = function(p, i)\n"
                               "    local l = get(i % p.keys); invalidate(l); release(l); release(get(i % p.keys))\n"
                               "  end,\n"
                               "  teardown = function(p) advance('61s') end,\n"
                               "  expect = { broadcast = grows('tombstones', function(p, n)\n"
                               "    return n.invalidations * (p.keys - 1) end), default = bounded() },\n"
                               "}\n";

static struct run *run_text(const char *scenario, const char *pool, const char *backend, bool twin)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;
    char *folder = NULL;

    write_file(&file, ".lua", scenario);
    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    struct driver_request request = {.scenario_path = file.path,
                                     .scenario = {.pool = pool, .seed = 1, .dose = 1},
                                     .backend = backend_find(backend),
                                     .build_folder = folder,
                                     .threads = threads};
    if (request.backend->available(folder, &why))
        cr_assert_eq(driver_run(&request, twin, &run, &why), ERR_NONE, "%s", why.text);
    else
        cr_log_warn("%s", why.text);
    unlink(file.path);
    free(folder);
    return run;
}

static struct run *run_scenario(const char *pool, const char *backend, bool twin)
{
    return run_text(SCENARIO, pool, backend, twin);
}

Test(driver, the_leak_is_the_same_under_every_backend)
{
    static const char *const backends[] = {"native", "asan", "memcheck"};

    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        struct run *run = run_scenario("broadcast", backends[i], false);
        if (!run)
            continue;
        cr_assert_eq(run->ending, ENDING_DONE, "%s: %s", backends[i], run->ending_detail ? run->ending_detail : "");
        cr_expect_eq(run->tool_errors, 0);
        cr_expect_eq(run->lost_bytes, 0);
        for (size_t v = 0; v < run->violation_count; v++) /* too many tombstones, says the judge; else nothing */
            cr_expect_str_eq(run->violations[v].invariant, "I4", "%s", run->violations[v].detail);
        cr_assert_eq(run->rung_count, 30);
        for (size_t rung = 0; rung < run->rung_count; rung++) {
            /* two periods of warm-up, then 10 cycles a rung: the least multiple of 5 that makes 300 of 30 rungs */
            int64_t invalidations = 2 * KEYS + 10 * ((int64_t)rung + 1);
            cr_expect_eq(run->rung_invalidations[rung], invalidations);
            cr_expect_eq(value_of(run, "tombstones", rung), invalidations * (KEYS - 1), "%s, rung %zu", backends[i],
                         rung);
            cr_expect_eq(run->expectation.metrics[0].values[rung], invalidations * (KEYS - 1));
        }
        cr_expect_eq(run_series(run, "tombstones")->before, 0);
        cr_expect_eq(run_series(run, "tombstones")->after, 0);
        cr_expect_eq(run->tool_bytes_growth, run->own_bytes_growth, "%s: %" PRId64 " %" PRId64, backends[i],
                     run->tool_bytes_growth, run->own_bytes_growth);
        cr_expect_eq(run->tool_bytes_growth == RECORD_NONE, i == 0);
        run_free(run);
    }
}

/* Whatever a tool reports of threads in the host itself would be held against the pool. */
Test(driver, the_host_has_no_race_for_a_tool_to_see, .timeout = 120)
{
    static const char scenario[] =
        "scenario { about = 'x', threads = true, params = { keys = 2 }, rungs = 9, cycles = 6,\n"
        "  period = function(p) return p.keys end,\n"
        "  cycle = function(p, i)\n"
        "    local l = get(i % p.keys); invalidate(l); release(l); release(get(i % p.keys))\n"
        "  end, expect = { default = bounded() } }\n";

    threads = 3;
    for (size_t i = 0; i < backend_count(); i++) {
        if (!backend_at(i)->finds_races)
            continue;
        struct run *run = run_text(scenario, "owner", backend_at(i)->name, false);
        if (!run)
            continue;
        cr_expect_eq(run->ending, ENDING_DONE, "%s: %s", backend_at(i)->name, run->ending_detail);
        cr_expect_eq(run->tool_errors, 0, "%s: %s", backend_at(i)->name, run->log ? run->log : "");
        cr_expect_gt(run->ops, 100);
        run_free(run);
    }
    threads = 0;
}

Test(driver, a_twin_is_equal)
{
    struct run *run = run_scenario("owner", "native", true);

    cr_assert_not_null(run);
    cr_assert_not_null(run->twin_differs);
    cr_expect_str_eq(run->twin_differs, "");
    cr_expect_eq(value_of(run, "dead_retained", run->rung_count - 1), 0);
    cr_expect_eq(run->violation_count, 0);
    cr_expect_str_eq(run->params[0].name, "keys");
    cr_expect_str_eq(run->params[0].value, "5");
    cr_expect_not_null(strstr(run->repeat, " --pool owner --under native --set keys=5 --seed 1"));
    run_free(run);
}

Test(driver, a_twin_that_ends_badly_is_no_pass)
{
    static const char plain[] = "scenario { about = 'x', cycle = function(p, i) release(get(1)) end, "
                                "expect = { default = bounded() } }\n";
    char text[1024], pool[128], *folder = NULL;
    struct problem why = {0};
    struct temporary script;

    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    write_file(&script, ".sh", ""); /* the first process behaves, and leaves a note for the second */
    snprintf(text, sizeof(text),
             "[ ! -e $0.ran ] || { rm $0.ran; kill -SEGV $$; }\n: >$0.ran\nexec '%s/churn-host' --pool owner\n",
             folder);
    cr_assert_eq(file_write_whole(script.path, text, strlen(text), &why), ERR_NONE, "%s", why.text);
    snprintf(pool, sizeof(pool), "exec:sh %s", script.path);
    struct run *run = run_text(plain, pool, "native", true);
    cr_assert_not_null(run);
    cr_expect_neq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect_str_eq(run->twin_differs, "the ending");
    run_free(run);
    unlink(script.path);
    free(folder);
}

/* Growth that is expected without a formula is run again with twice the cycles: what happens there happens. */
Test(driver, twice_the_cycles_that_end_badly_are_no_pass)
{
    static const char leaks[] = "scenario { about = 'x', timeout = '2s', cycle = function(p, i) release(get(1)) end, "
                                "expect = { default = grows('finalizers') } }\n";
    static const struct {
        const char *mode;
        enum status status;
        enum finding finding;
        const char *message;
    } rows[] = {
        {"leak-only", STATUS_PASS, FINDING_GROWS, "doubles with twice the cycles"},
        {"leak-crash", STATUS_FAIL, FINDING_CRASHES, "with twice the cycles: killed by signal 11"},
        {"leak-hang", STATUS_FAIL, FINDING_HANGS, "with twice the cycles: no answer within the time limit of 8s"},
        {"leak-misuse", STATUS_FAIL, FINDING_VIOLATES, "I5 does not hold: item 1 was destroyed twice"},
        {"leak-garbage", STATUS_BROKEN, FINDING_UNKNOWN, "with twice the cycles: unknown answer"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char pool[100];
        snprintf(pool, sizeof(pool), SCRIPT "%s", rows[i].mode);
        struct run *run = run_text(leaks, pool, "native", false);
        cr_assert_not_null(run);
        cr_assert_eq(verdict_judge_run(run), ERR_NONE);
        cr_expect_eq(run->status, rows[i].status, "%s: %s", rows[i].mode, run->message);
        cr_expect_eq(run->finding, rows[i].finding, "%s: %s", rows[i].mode, run->message);
        cr_expect_not_null(strstr(run->message, rows[i].message), "%s: %s", rows[i].mode, run->message);
        run_free(run);
    }
}

Test(driver, a_scenario_that_is_wrong_is_the_users_problem)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;

    write_file(&file, ".lua",
               "scenario { about = 'x', cycle = function(p, i) if i == 50 then error('no more') end end }\n");
    struct driver_request request = {.scenario_path = file.path,
                                     .scenario = {.pool = SCRIPT "good", .seed = 1, .dose = 1},
                                     .backend = backend_find("native"),
                                     .build_folder = ""};
    cr_expect_eq(driver_run(&request, false, &run, &why), ERR_INPUT);
    cr_expect_null(run);
    cr_expect_not_null(strstr(why.text, "no more"), "%s", why.text);
    unlink(file.path);
}
