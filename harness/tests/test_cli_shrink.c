/* churn shrink as a user calls it: bugs of the catalogue whose shortest story is known. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect(struct cli_rig *rig, const char *line, int code, const char *err)
{
    cli_rig_sh(rig, line);
    cr_expect_eq(rig->code, code, "%s: exit %d\n%s%s", line, rig->code, cli_rig_out(rig), cli_rig_err(rig));
    cr_expect(!err || strstr(cli_rig_err(rig), err), "%s: no \"%s\" in\n%s", line, err, cli_rig_err(rig));
}

/* The lines of small.plan that are operations. */
static int count_ops(struct cli_rig *rig)
{
    int count = -1;
    cli_rig_sh(rig, "grep -vcE '^(#|meta|pool|churn-plan)' small.plan");
    cr_expect_eq(sscanf(cli_rig_out(rig), "%d", &count), 1);
    return count;
}

/* Records, shrinks, and replays what came of it: the finding must be there, in a plan of at most `most` operations. */
static void expect_small(const char *scenario, const char *pool, const char *more, const char *finding, int most)
{
    struct cli_rig *rig = cli_rig_open();
    char line[500];
    snprintf(line, sizeof line,
             "churn record $TOP/scenarios/%s -o whole.plan --pool %s && churn shrink whole.plan %s --pool %s -o "
             "small.plan",
             scenario, pool, more, pool);
    expect(rig, line, 0, finding);
    int count = count_ops(rig);
    cr_expect(count > 0 && count <= most, "%s: %d operations", scenario, count);
    snprintf(line, sizeof line, "churn replay small.plan --pool %s -v", pool);
    cr_expect_eq(cli_rig_sh(rig, line), 1, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    snprintf(line, sizeof line, "churn replay small.plan --pool %s --json - | grep -q '\"finding\": *\"%.*s\"'", pool,
             (int)strcspn(finding, " "), finding);
    cr_expect_eq(cli_rig_sh(rig, line), 0, "%s: not %s", scenario, finding);
    cr_expect_neq(cli_rig_sh(rig, "churn replay small.plan --pool owner"), 1, "the pool without the bug is clean: %s",
                  cli_rig_out(rig)); /* or inconclusive: few rungs */
    snprintf(line, sizeof line, "grep -q '^# repeat: churn replay small.plan --pool %s --under native$' small.plan",
             pool);
    cr_expect_eq(cli_rig_sh(rig, line), 0);
    cli_rig_close(rig);
}

/* zio/zio#8820: one holds the place, one waits; the item is invalidated and comes back. And a rung to see it. */
Test(cli_shrink, a_lost_wake_up_is_five_operations, .timeout = 120)
{
    expect_small("lost-wakeup.lua", "owner:defect=unserved_waiters", "", "violates I3", 5);
}

/* commons-pool POOL-248: get, release, release. */
Test(cli_shrink, a_second_release_is_four_operations, .timeout = 120)
{
    expect_small("double-release.lua", "owner:defect=double_release", "", "violates I5", 4);
}

/* A creation fails and keeps its place: fail, get, get, rung. */
Test(cli_shrink, a_failed_creation_is_four_operations, .timeout = 120)
{
    expect_small("failing-factory.lua", "owner:defect=failed_create_keeps_slot", "", "violates I3", 4);
}

/* A slow creation ends after its caller went: slow, get, cancel, advance. */
Test(cli_shrink, lost_memory_is_four_operations, .timeout = 120)
{
    expect_small("slow-factory-cancel.lua", "owner:defect=drop_after_cancel", "", "lost", 4);
}

/* D2 needs three rungs; between them something must be added twice, with get and release: 3 + 2 x 2, and once before. */
Test(cli_shrink, growth_keeps_three_rungs, .timeout = 120)
{
    expect_small("timers.lua", "owner:defect=timer_per_release", "--control owner", "grows timers", 9);
}

/* zio/zio#9306: one other key must be there; each invalidation is get and invalidate. */
Test(cli_shrink, the_leak_that_it_began_with, .timeout = 120)
{
    expect_small("zio-9306.lua --set keys=4", "broadcast", "--control owner", "grows tombstones", 10);
}

#define LEAK "churn-plan 1\npool max=1\nget a k0\nget b k0\ninvalidate a\nrelease a\nrung\n"

Test(cli_shrink, mistakes_have_their_exit_codes, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "p", LEAK);
    cli_rig_write(rig, "bad", "churn-plan 1\npool max=1\nrelease a\n");
    expect(rig, "churn shrink p", 2, "one pool");
    expect(rig, "churn shrink p --pool owner,broadcast", 2, "one pool");
    expect(rig, "churn shrink p --pool owner --under native,asan", 2, "one backend");
    expect(rig, "churn shrink p --pool nobody", 2, "there is no pool");
    expect(rig, "churn shrink p --pool owner --control nobody", 2, "there is no pool");
    expect(rig, "churn shrink none --pool owner", 2, "cannot read none");
    expect(rig, "churn shrink . --pool owner", 2, "directory");
    expect(rig, "churn shrink bad --pool owner", 2, "bad:3: ");
    expect(rig, "churn shrink p --pool owner -o no/such/folder", 2, "cannot write");
    expect(rig, "mkdir f && churn shrink p --pool owner -o f", 2, "it is a folder");
    expect(rig, "churn shrink p --pool owner", 3, "nothing to shrink");
    expect(rig, "churn shrink p --pool exec:true", 3, "is broken");
    expect(rig, "churn shrink p --pool exec:true --under asan", 77, "native only");
    expect(rig, "churn shrink p --pool owner:defect=unserved_waiters --control owner:defect=unserved_waiters", 3,
           "control");
    cr_expect_not(cli_rig_has(rig, "small.plan"));
    cli_rig_close(rig);
}

/* What grows is a side table that is too large as well, and that shows at once: two keys, one invalidation, a rung. */
Test(cli_shrink, one_of_several_findings, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    expect_small("zio-9306.lua --set keys=4", "broadcast", "--control owner --finding I4", "violates I4", 4);
    expect(rig,
           "churn record $TOP/scenarios/zio-9306.lua --set keys=2 -o whole.plan && "
           "churn shrink whole.plan --pool broadcast --control owner --finding tombstones_foreign -o small.plan",
           0, "grows tombstones_foreign");
    cr_expect_eq(cli_rig_sh(rig, "grep '^# grows tombstones_foreign: +1 per invalidation$' small.plan"), 0);
    cli_rig_write(rig, "p", LEAK "get c k1\nrelease c\nrelease c\nrung\n");
    expect(rig, "churn shrink p --pool owner:defect=double_release --finding I5:item -o small.plan", 0, "violates I5");
    cr_expect_eq(cli_rig_sh(rig, "grep '^# violates I5: item [0-9]' small.plan"), 0);
    expect(rig, "churn shrink p --pool owner:defect=double_release --finding I2 -o small.plan", 0, "violates I2");
    cr_expect_eq(cli_rig_sh(rig, "grep '^# violates I2: 2 items for 1 keys' small.plan"), 0);
    expect(rig, "churn shrink p --pool owner:defect=double_release --finding I5:shutdown -o none.plan", 3,
           "p on owner:defect=double_release does not show I5:shutdown; it shows I5:item ");
    expect(rig, "churn shrink p --pool owner:defect=double_release --finding crashes:x -o none.plan", 3, "not show");
    expect(rig, "churn shrink p --pool owner:defect=double_release --finding hangs -o none.plan", 3, "not show hangs");
    cr_expect_not(cli_rig_has(rig, "none.plan"));
    cli_rig_close(rig);
}

/* A name of what breaks it gets the words of that, and --tries goes on until it is there: this program holds a timer back after the
 * shutdown every other time, and an item each time. */
Test(cli_shrink, a_finding_that_comes_beside_another_now_and_then, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(
        rig, "s.sh",
        "echo 'churn-subject 1 {\"name\":\"s\",\"version\":\"1\",\"ops\":[\"get\",\"release\",\"rung\","
        "\"shutdown\"],\"counters\":[\"idle\",\"timers\"],\"clock\":\"virtual\"}'\n"
        "idle=0 timers=0\n"
        "while read -r verb rest; do\n"
        "  case $verb in\n"
        "  rung) echo \"rung {\\\"idle\\\":$idle,\\\"timers\\\":$timers}\";;\n"
        "  shutdown) echo 'done shutdown'; idle=1; if test -e odd; then rm odd; timers=1; else touch odd; fi;;\n"
        "  esac\n"
        "done\n");
    cli_rig_write(rig, "p", "churn-plan 1\npool max=1\nrung\nshutdown\nrung\n");
    expect(rig, "churn shrink p --pool 'exec:sh s.sh' --finding I6:timers -o none.plan", 3, "it shows I6:idle");
    expect(rig, "rm -f odd; churn shrink p --pool 'exec:sh s.sh' --finding I6:timers --tries 2 -o small.plan", 0,
           "violates I6");
    cr_expect_eq(cli_rig_sh(rig, "grep '^# violates I6: timers is 1 after shutdown' small.plan"), 0);
    cli_rig_close(rig);
}

/* With threads the subject counts leases itself; a sample after each operation must take its word. */
Test(cli_shrink, a_sound_pool_with_threads_is_not_accused, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "p", "churn-plan 1\npool max=1\nthread 1\nget a k0\nrelease a\nthread 0\nrung\n");
    expect(rig, "churn shrink p --pool owner --check-each", 3, "nothing to shrink");
    cli_rig_close(rig);
}

/* A plan goes in and out by pipe, and says how it was made; a second shrinking changes nothing but the comments. */
Test(cli_shrink, pipes_and_is_stable, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "p", LEAK);
    expect(rig, "cat p | churn shrink - --pool owner:defect=unserved_waiters >1.plan", 0, "5 of 5 operations");
    expect(rig,
           "churn shrink 1.plan --pool owner:defect=unserved_waiters -q >2.plan && grep -v '^#' 1.plan >1 && "
           "grep -v '^#' 2.plan | cmp - 1",
           0, NULL);
    cr_expect_str_empty(cli_rig_err(rig), "quiet");
    cli_rig_close(rig);
}

/* A foreign program that crashes at the third operation, whatever it is; and one that does so every other time. */
static const char crashing[] =
    "#!/bin/sh\n"
    "echo 'churn-subject 1 "
    "{\"name\":\"c\",\"version\":\"1\",\"ops\":[\"get\",\"release\",\"advance\",\"rung\",\"shutdown\"],"
    "\"counters\":[],\"clock\":\"virtual\"}'\n"
    "n=0\n"
    "while read -r verb rest; do\n"
    "  case $verb in\n"
    "  rung) echo 'rung {}';;\n"
    "  shutdown) echo 'done shutdown';;\n"
    "  advance) n=$((n + 1)); if [ $n = 3 ]; then kill -SEGV $$; fi;;\n"
    "  esac\n"
    "done\n";

Test(cli_shrink, a_crash_of_a_foreign_program, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "c.sh", crashing);
    expect(
        rig,
        "{ printf 'churn-plan 1\\npool max=1\\n'; for i in 1 2 3 4 5 6 7 8; do echo rung; echo advance 90s; done; } >p",
        0, NULL);
    expect(rig, "churn shrink p --pool 'exec:sh c.sh' -o small.plan", 0, "crashes");
    cr_expect_eq(cli_rig_sh(rig, "test $(grep -c '^advance 1ms' small.plan) = 3 && ! grep -q ^rung small.plan"), 0);
    expect(rig,
           "sed 's/n=0/n=0; test -e odd \\&\\& { rm odd; n=9; } || touch odd/' c.sh >odd.sh && "
           "churn shrink p --pool 'exec:sh odd.sh' -o odd.plan",
           3, "not the second");
    cr_expect_not(cli_rig_has(rig, "odd.plan"), "nothing is written");
    expect(rig, "churn shrink p --pool 'exec:sh odd.sh' --tries 2 -o odd.plan", 0, "crashes");
    cli_rig_close(rig);
}

/* The program misuses an item at each advance and crashes at the third. The misuse alone is kept together with the crash: a smaller plan
 * ends in the same way. A crash has nothing that breaks it. */
Test(cli_shrink, a_finding_beside_a_crash, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "c.sh", crashing);
    expect(rig,
           "sed 's/  advance)/  advance) echo misuse 1 was destroyed twice;/' c.sh >m.sh && "
           "{ printf 'churn-plan 1\\npool max=1\\n'; for i in 1 2 3 4; do echo rung; echo advance 1ms; done; } >p",
           0, NULL);
    expect(rig, "churn shrink p --pool 'exec:sh m.sh' --finding crashes:x -o none.plan", 3, "does not show crashes:x");
    expect(rig, "churn shrink p --pool 'exec:sh m.sh' --finding I5 -o small.plan", 0, "violates I5");
    cr_expect_eq(cli_rig_sh(rig, "test $(grep -c '^advance' small.plan) = 3"), 0);
    cli_rig_close(rig);
}

/* a waits when it is released: that does nothing, and later it has the item. Only a sample in between tells this from a release in
 * time; without one a sound pool seems to keep what came back. */
Test(cli_shrink, a_sample_after_each_operation_tells_when_a_release_came, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "p",
                  "churn-plan 1\npool max=1\nrung\nslow k0 5s\nget a k0\nrelease a\nadvance 6s\nshutdown\nrung\n");
    if (cli_rig_sh(rig, "churn replay p --pool owner -q") != 77) { /* without libfaketime nothing moves the clock */
        expect(rig, "churn replay p --pool owner --check-each -q", 3, NULL);
        expect(rig, "churn shrink p --pool owner --check-each", 3, "nothing to shrink");
    }
    cli_rig_write(rig, "q", LEAK);
    expect(rig, "churn shrink q --pool owner:defect=unserved_waiters --check-each -o small.plan", 0, "I3");
    cr_expect_eq(cli_rig_sh(rig, "grep '^# repeat: .* --check-each$' small.plan"), 0);
    cli_rig_close(rig);
}

Test(cli_shrink, ctrl_c_writes_the_smallest_so_far, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    char slow[sizeof crashing + 40];
    snprintf(slow, sizeof slow, "%.10ssleep 0.1\n%s", crashing, crashing + 10);
    cli_rig_write(rig, "c.sh", slow);
    expect(rig, "{ printf 'churn-plan 1\\npool max=1\\n'; for i in $(seq 400); do echo advance 90s; done; } >p", 0,
           NULL);
    expect(rig, "timeout --foreground -s INT 1.5 churn shrink p --pool 'exec:sh c.sh' -o small.plan; test $? = 124", 0,
           "stopped");
    expect(rig, "grep -q interrupted small.plan && churn replay small.plan --pool 'exec:sh c.sh'", 1, NULL);
    cli_rig_close(rig);
}
