/* What must not be green: a gate, or a comparison, of which a part was not looked at. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char PLAIN[] =
    "scenario { about = 'x', cycle = function() local l = get(1) invalidate(l) release(l) end,\n"
    "  expect = { default = bounded() } }\n";

/* Two scenarios on `owner`, their baseline, and a whole run of both. */
static struct cli_rig *open_gate(void)
{
    struct cli_rig *rig = cli_rig_open();
    cr_assert_eq(cli_rig_sh(rig, "mkdir scenarios none"), 0);
    cli_rig_write(rig, "scenarios/one.lua", PLAIN);
    cli_rig_write(rig, "scenarios/two.lua", PLAIN);
    cr_assert_eq(cli_rig_sh(rig, "churn gate --update-baseline --out first -q"), 0, "%s", cli_rig_err(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn gate --out whole -q"), 0, "%s", cli_rig_out(rig));
    return rig;
}

static void check(struct cli_rig *rig, const char *line, int code, const char *says)
{
    cr_expect_eq(cli_rig_sh(rig, line), code, "%s: exit %d, %s%s", line, rig->code, cli_rig_out(rig), cli_rig_err(rig));
    cr_expect_not_null(strstr(cli_rig_out(rig), says), "%s: %s", line, cli_rig_out(rig));
}

Test(cli_gate, what_was_not_run_is_missed, .timeout = 120)
{
    struct cli_rig *rig = open_gate();
    check(rig, "churn gate --results whole/results.json", 0, "0 not in it, 0 missing");
    check(rig, "churn gate scenarios/one.lua -q --out one", 0, "0 not in it, 0 missing");
    check(rig, "churn gate --results one/results.json", 0, "0 missing"); /* it was asked for alone */
    cr_assert_eq(cli_rig_sh(rig, "mv scenarios/two.lua . && churn run scenarios -q --out less"), 0);
    check(rig, "churn gate -q --out less2", 1, "two, broadcast, native: in the baseline, and no such run now");
    check(rig, "churn gate --results less/results.json", 1, "two, broadcast, native: in the baseline, and no such run");
    check(rig, "churn gate --results whole/results.json --baseline none", 1, "0 runs compared with none");
    cli_rig_close(rig);
}

Test(cli_gate, an_update_from_a_part_leaves_the_rest, .timeout = 120)
{
    struct cli_rig *rig = open_gate();
    cr_assert_eq(cli_rig_sh(rig, "mv scenarios/two.lua . && churn run scenarios -q --out less && "
                                 "churn gate --update-baseline --results less/results.json && "
                                 "mv two.lua scenarios && churn gate -q --out again"),
                 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cli_rig_close(rig);
}

/* A real pool keeps to the numbers that were committed, and to what a model promises. */
Test(cli_gate, a_pool_is_held_against_a_model, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cr_assert_eq(cli_rig_sh(rig, "mkdir scenarios"), 0);
    cli_rig_write(rig, "scenarios/one.lua",
                  "scenario { about = 'x', cycle = function() local l = get(1) invalidate(l) release(l) end,\n"
                  "  expect = { owner = bounded():exactly { created = function(_, n) return n.gets end },\n"
                  "             membership = bounded():exactly { created = 0 } } }\n");
    cr_expect_eq(cli_rig_sh(rig, "churn gate --pool broadcast --as owner --update-baseline -q"), 0, "%s",
                 cli_rig_err(rig));
    check(rig, "churn gate -q --pool broadcast --as owner", 0, "0 differ");
    check(rig, "churn gate -q --pool broadcast --as membership", 1,
          "churn gate scenarios/one.lua --pool broadcast --as membership");
    cli_rig_close(rig);
}

/* The runs of a red gate differ from that baseline, which says nothing of the next. */
Test(cli_gate, an_update_from_a_red_gate_takes_the_numbers_alone, .timeout = 120)
{
    struct cli_rig *rig = open_gate();
    check(rig, "churn gate -q --baseline none --out red", 1, "6 not in it");
    cr_expect_eq(cli_rig_sh(rig, "churn gate --update-baseline --baseline none --results red/results.json && "
                                 "diff -r -x durations.tsv none results/baseline && "
                                 "churn gate --baseline none --results red/results.json"),
                 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cli_rig_close(rig);
}

Test(cli_compare, what_the_second_file_lacks_is_no_pass, .timeout = 120)
{
    struct cli_rig *rig = open_gate();
    check(rig, "churn compare whole whole", 0, "0 missing");
    cr_assert_eq(cli_rig_sh(rig, "churn run scenarios/one.lua -q --out one"), 0);
    check(rig, "churn compare whole one", 3, "says nothing of runs that the first one has");
    check(rig, "churn compare one whole", 0, "0 missing");
    check(rig, "churn compare one one --arms broadcast,owner", 3, "inconclusive");
    cli_rig_close(rig);
}

/* Of two reproductions one has nothing to compare with. */
Test(cli_compare, an_arm_of_which_nothing_is_known_is_no_pass, .timeout = 120)
{
    static const char leak[] =
        "scenario { about = 'x', params = { keys = 2 }, cases = { { keys = 2 }, { keys = 3 } },\n"
        "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"
        "  cycle = function() local l = get(0) invalidate(l) release(l) end }\n";
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", leak);
    (void)cli_rig_sh(rig, "churn run leak.lua --pool broadcast,owner -q --out both");
    (void)cli_rig_sh(rig, "churn run leak.lua --pool broadcast -q --out buggy");
    (void)cli_rig_sh(rig, "churn run leak.lua --pool owner --set keys=2 -q --out fixed");
    check(rig, "churn compare both --arms broadcast,owner", 0, "the fix removes 100 %");
    check(rig, "churn compare buggy fixed --arms broadcast,owner", 3, "of 1 runs nothing can be said");
    cli_rig_close(rig);
}

#define FOREIGN "churn gate scenarios -q --pool 'exec:sh pool.sh' --baseline theirs "

/* A program that did the scenario when its numbers were committed. */
static struct cli_rig *open_foreign_gate(void)
{
    struct cli_rig *rig = cli_rig_open();
    cr_assert_eq(cli_rig_sh(rig, "mkdir scenarios"), 0);
    cli_rig_write(rig, "scenarios/one.lua", PLAIN);
    cli_rig_write(rig, "pool.sh", "exec churn-host --pool owner\n");
    cr_assert_eq(cli_rig_sh(rig, FOREIGN "--out first --update-baseline"), 0, "%s", cli_rig_err(rig));
    check(rig, FOREIGN "--out whole", 0, "0 not in it, 0 missing");
    return rig;
}

/* Whether its first line says so, or the answer to the operation. */
Test(cli_gate, a_pool_that_drops_an_operation_is_not_green, .timeout = 120)
{
    static const struct {
        const char *filter, *says;
    } drops[] = {
        {"s/\"invalidate\",//", "is skipped now: the subject does not support: invalidate"},
        {"s/^leased.*/unsupported to invalidate/", "is skipped now: the subject does not support: to invalidate"},
    };
    struct cli_rig *rig = open_foreign_gate();
    for (size_t i = 0; i < ARRAY_LEN(drops); i++) {
        char pool[200];
        (void)snprintf(pool, sizeof pool, "churn-host --pool owner | sed -u '%s'\n", drops[i].filter);
        cli_rig_write(rig, "pool.sh", pool);
        check(rig, FOREIGN "--out less", 1, drops[i].says);
        check(rig, "cat less/junit.xml", 0, "<failure");
        check(rig, "churn judge less/results.json", 1, drops[i].says);
        check(rig, "churn gate --results less/results.json --baseline theirs", 1, "0 not in it, 1 missing");
    }
    (void)cli_rig_sh(rig, FOREIGN "--out gone --update-baseline");
    check(rig, FOREIGN "--out none", 77, "0 not in it, 0 missing"); /* meant, reviewed, committed */
    cli_rig_close(rig);
}

Test(cli_gate, what_this_machine_lacks_turns_nothing_red, .timeout = 120)
{
    struct cli_rig *rig = open_foreign_gate();
    cli_rig_write(rig, "pool.sh", "echo 'no Java here' >&2; exit 77\n");
    check(rig, FOREIGN "--out less", 77, "skip 1 runs that are in it: they cannot be made here");
    check(rig, FOREIGN "--out less2", 77, "0 not in it, 0 missing");
    cli_rig_close(rig);
}

/* The gate's command repeats the run whether it came to run or not. */
Test(cli_gate, a_run_that_was_skipped_is_repeated_by_the_gate, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "one.lua", PLAIN);
    check(rig, "churn gate one.lua --pool exec:cat --under asan --baseline b", 77,
          "churn gate one.lua --pool exec:cat ");
    cr_expect_not_null(strstr(cli_rig_out(rig), " --baseline b\n"), "%s", cli_rig_out(rig));
    cli_rig_close(rig);
}
