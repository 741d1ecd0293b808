/* test_driver_ending.c: however a subject ends, and in whichever run, the record says so. */
#include "harness/tests/driver_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/verdict/verdict.h"

static struct run *replay(const char *plan, const char *pool, int64_t timeout_ns)
{
    return driver_rig_replay(plan, pool, &(struct driver_request){.timeout_ns = timeout_ns});
}

/* ---- one table of how it may end ---- */

struct wrong {
    const char *mode;
    enum ending ending;
    int code;
    const char *detail;
    bool hangs;
};

static const struct wrong WRONG[] = {
    {"crash", ENDING_CRASHED, 11, "last operation sent: rung", false},
    {"killed", ENDING_RIG, 9, "killed by signal 9 (Killed): no program sends that to itself", false},
    {"exit-3", ENDING_EXITED, 3, "exited with status 3 before it was asked to", false},
    {"exit-7-at-end", ENDING_EXITED, 7, "exited with status 7", false},
    {"hang", ENDING_HUNG, 0, "last operation sent: rung; last answer: churn-subject 1", true},
    {"garbage", ENDING_PROTOCOL, 0, "unknown answer (notes belong on stderr), found \"what is this\"", false},
    {"unknown-lease", ENDING_PROTOCOL, 0, "a lease that was not asked for, found \"leased nobody 1\"", false},
    {"unsupported", ENDING_SKIPPED, SKIPPED_BY_POOL, "the subject does not support: get", false},
    {"cannot-run", ENDING_SKIPPED, SKIPPED_HERE, "the toolbox is missing", false},
    {"no-greeting", ENDING_PROTOCOL, 0, "expected the greeting", false},
    {"half-greeting-exit", ENDING_PROTOCOL, 0, "no greeting: exited with status 0 before it was asked to", false},
    {"half-greeting", ENDING_PROTOCOL, 0,
     "no greeting: no answer within the time limit of 0.4s; is its output flushed?", true},
    {"version:+1", ENDING_PROTOCOL, 0, "expected version 1 of the subject protocol", false},
    {"terminated", ENDING_RIG, 15, "killed by signal 15 (Terminated): no program sends that to itself", false},
    {"crash-flooded", ENDING_CRASHED, 11, "killed by signal 11", false},
    {"exit-0-after-shutdown", ENDING_EXITED, 0,
     "exited with status 0 before it was asked to; last operation sent: rung", false},
    {"get:leased %s 1\\nleased %s 1", ENDING_PROTOCOL, 0, "a lease that was not asked for, found \"leased a 1\"",
     false},
    {"get:leased %s 1\\nfailed %s no", ENDING_PROTOCOL, 0, "a lease that was not asked for, found \"failed a no\"",
     false},
    {"get:cancelled %s", ENDING_PROTOCOL, 0, "a get was given up that nobody wanted to give up", false},
};

Test(driver_ending, records_how_a_subject_ended)
{
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        char pool[100];
        snprintf(pool, sizeof(pool), SCRIPT "'%s'", WRONG[i].mode);
        struct run *run = replay(PLAN "get a k0\nrung\nrelease a\nshutdown\n", pool, WRONG[i].hangs ? SHORT : SAFETY);
        cr_expect_eq(run->ending, WRONG[i].ending, "%s: %s", WRONG[i].mode, ending_name(run->ending));
        cr_expect_eq(run->ending_code, WRONG[i].code, "%s: %d", WRONG[i].mode, run->ending_code);
        cr_expect_not_null(strstr(run->ending_detail, WRONG[i].detail), "%s: %s", WRONG[i].mode, run->ending_detail);
        run_free(run);
    }
}

Test(driver_ending, samples_before_a_crash_are_kept)
{
    struct run *run = replay(PLAN "rung\nrung\nrung\nget a k0\nrung\n", SCRIPT "crash", SAFETY);

    cr_expect_eq(run->ending, ENDING_CRASHED);
    cr_assert_eq(run->rung_count, 2);
    cr_expect_eq(driver_rig_value(run, "leased", 1), 0);
    cr_expect_not_null(strstr(run->ending_detail, "; last operation sent: rung; last answer: rung"));
    cr_expect_null(strchr(run->ending_detail, '{'), "the sample is in the series: %s", run->ending_detail);
    run_free(run);
}

Test(driver_ending, a_subject_that_does_not_say_what_it_gave_up_is_not_asked_to)
{
    struct run *run = replay(PLAN "get a k0\ncancel a\nshutdown\n", SCRIPT "silent-cancel", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "the subject does not support: cancel (its first line has no "
                                         "\"cancelled\":true: docs/formats.md, section 3)");
    run_free(run);
}

Test(driver_ending, an_operation_the_subject_cannot_do_skips_the_run)
{
    struct run *run = replay(PLAN "get a k0\nkill a\nshutdown\n", SCRIPT "good", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_eq(run->ending_code, SKIPPED_BY_POOL);
    cr_expect_str_eq(run->ending_detail, "the subject does not support: kill");
    run_free(run);
}

/* It need not answer the rung: nobody waits for the time limit. */
Test(driver_ending, who_cannot_need_say_no_more, .timeout = 180)
{
    struct run *run = replay(PLAN "get a k0\nrung\nshutdown\n", SCRIPT "unsupported-silent", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "the subject does not support: get");
    cr_expect_lt(run->wall_ns, SAFETY);
    run_free(run);
}

Test(driver_ending, who_was_measured_cannot_get_out)
{
    static const char early[] = PLAN "rung\nget a k0\nrelease a\nget b k0\nrung\nshutdown\n";
    static const char late[] = PLAN "rung\nget a k0\nrung\nget b k0\nrung\nshutdown\n";
    struct run *skipped = replay(early, SCRIPT "unsupported-later", SAFETY);
    struct run *broken = replay(late, SCRIPT "unsupported-later", SAFETY);

    cr_expect_eq(skipped->ending, ENDING_SKIPPED, "%s", skipped->ending_detail);
    cr_expect_eq(broken->ending, ENDING_PROTOCOL, "%s", broken->ending_detail);
    cr_expect_not_null(strstr(broken->ending_detail, "too late to be unsupported: 1 rung was measured already, found "
                                                     "\"unsupported get\""),
                       "%s", broken->ending_detail);
    run_free(skipped);
    run_free(broken);
}

/* Our host says so where libfaketime is missing; where it is there, a pool that cannot advance cannot. */
Test(driver_ending, a_clock_that_does_not_move_is_the_machines_doing_without_libfaketime)
{
    struct run *run = replay(PLAN "get a k0\nadvance 5s\nshutdown\n", SCRIPT "good", SAFETY);

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_eq(run->ending_code, backend_faketime(NULL) ? SKIPPED_BY_POOL : SKIPPED_HERE);
    run_free(run);
}

Test(driver_ending, a_tool_cannot_look_into_a_foreign_program)
{
    struct run *run =
        driver_rig_replay(PLAN "shutdown\n", SCRIPT "good", &(struct driver_request){.backend = backend_find("asan")});

    cr_expect_eq(run->ending, ENDING_SKIPPED);
    cr_expect_str_eq(run->ending_detail, "a foreign program runs under native only: asan cannot look into it");
    run_free(run);
}

/* Nothing may have been answered yet when the last operation was sent. */
Test(driver_ending, a_plan_that_ends_without_a_rung_accuses_nobody)
{
    struct run *run = replay(PLAN "get a k0\nshutdown\nrelease a\n", "owner", SAFETY);
    cr_expect_eq(run->ending, ENDING_DONE, "%s", run->ending_detail);
    cr_expect_eq(run->violation_count, 0, "%s", run->violation_count ? run->violations[0].detail : "");
    run_free(run);
}

/* Who shuts down twice asks for nothing new, whether the first time had an end or not. */
Test(driver_ending, a_second_shutdown_accuses_nobody, .timeout = 60)
{
    static const char *const pools[] = {"owner", "broadcast", "broadcast:finalizers=captured", "membership"};
    static const char *const plans[] = {
        PLAN "rung\nget a k0\nshutdown\nshutdown\nrelease a\n",
        PLAN "rung\nget a k0\nrelease a\nshutdown\nshutdown\n",
        PLAN "rung\nshutdown\nrung\nshutdown\nshutdown\nrung\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(pools) * ARRAY_LEN(plans); i++) {
        const char *pool = pools[i / ARRAY_LEN(plans)], *plan = plans[i % ARRAY_LEN(plans)];
        struct run *run = replay(plan, pool, SAFETY);
        cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
        cr_expect_eq(run->ending, ENDING_DONE, "%s, %s: %s", pool, plan, run->ending_detail);
        cr_expect_eq(run->violation_count, 0, "%s, %s: %s", pool, plan,
                     run->violation_count ? run->violations[0].detail : "");
        run_free(run);
    }
}

/* --seconds, --ops: a seed that was not run is no seed that was tried. */
Test(driver_ending, a_run_that_is_skipped_was_not_tried)
{
    static const char plain[] = "scenario { about = 'x', cycle = function(p, i) release(get(1)) end, "
                                "expect = { default = bounded() } }\n";
    const struct driver_request more = {.scenario = {.seed = 1}, .least_ops = 1};
    struct run *skipped = driver_rig_run(plain, SCRIPT "unsupported", false, &more);
    struct run *done = driver_rig_run(plain, SCRIPT "good", false, &more);

    cr_expect_eq(skipped->ending, ENDING_SKIPPED);
    cr_expect_eq(skipped->tried.seeds, 0);
    cr_expect_eq(skipped->tried.ops, 0);
    cr_expect_eq(done->tried.seeds, 1);
    cr_expect_eq(done->tried.ops, done->ops);
    run_free(skipped);
    run_free(done);
}

Test(driver_ending, a_shutdown_that_never_ends_is_a_violation)
{
    struct run *run = replay(PLAN "get a k0\nrelease a\nshutdown\n", SCRIPT "stuck-shutdown", SAFETY);

    cr_assert_eq(run->violation_count, 1);
    cr_expect_str_eq(run->violations[0].invariant, "I6");
    run_free(run);
}

Test(driver_ending, memory_lost_by_the_worlds_count_is_lost)
{
    struct run *run = replay(PLAN "shutdown\n", SCRIPT "lost-at-end", SAFETY);

    cr_expect_eq(run->ending, ENDING_EXITED);
    cr_expect_eq(run->ending_code, ENDING_CODE_LOST);
    cr_expect_eq(run->lost_bytes, 160);
    cr_expect_str_eq(run->log, "churn-host: lost: 160 bytes in 2 blocks of slots\n");
    run_free(run);
}

Test(driver_ending, a_pool_nobody_knows_is_no_finding)
{
    struct run *run = replay(PLAN "shutdown\n", "no-such-pool", SAFETY);

    cr_expect_eq(run->ending, ENDING_PROTOCOL);
    cr_expect_str_eq(run->ending_detail, "no greeting: exited with status 2 before it was asked to");
    cr_expect_not_null(strstr(run->log, "no-such-pool"));
    run_free(run);
}

Test(driver_ending, a_twin_that_ends_badly_is_no_pass)
{
    static const char plain[] = "scenario { about = 'x', cycle = function(p, i) release(get(1)) end, "
                                "expect = { default = bounded() } }\n";
    char text[1024], pool[128], *folder = NULL;
    struct problem why = {0};
    struct temporary script;

    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    driver_rig_write(&script, ".sh", ""); /* the first process behaves, and leaves a note for the second */
    snprintf(text, sizeof(text),
             "[ ! -e $0.ran ] || { rm $0.ran; kill -SEGV $$; }\n: >$0.ran\nexec '%s/churn-host' --pool owner\n",
             folder);
    cr_assert_eq(file_write_whole(script.path, text, strlen(text), &why), ERR_NONE, "%s", why.text);
    snprintf(pool, sizeof(pool), "exec:sh %s", script.path);
    struct run *run = driver_rig_run(plain, pool, true, &(struct driver_request){.scenario = {.seed = 1}});
    cr_assert_not_null(run);
    cr_expect_neq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect_str_eq(run->twin_differs, "the ending");
    run_free(run);
    unlink(script.path);
    free(folder);
}

/* Growth that is expected without a formula is run again with twice the cycles: what happens there happens. */
Test(driver_ending, twice_the_cycles_that_end_badly_are_no_pass)
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
        struct run *run = driver_rig_run(leaks, pool, false, &(struct driver_request){.scenario = {.seed = 1}});
        cr_assert_not_null(run);
        cr_assert_eq(verdict_judge_run(run), ERR_NONE);
        cr_expect_eq(run->status, rows[i].status, "%s: %s", rows[i].mode, run->message);
        cr_expect_eq(run->finding, rows[i].finding, "%s: %s", rows[i].mode, run->message);
        cr_expect_not_null(strstr(run->message, rows[i].message), "%s: %s", rows[i].mode, run->message);
        run_free(run);
    }
}

Test(driver_ending, a_scenario_that_is_wrong_is_the_users_problem)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;

    driver_rig_write(&file, ".lua",
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
