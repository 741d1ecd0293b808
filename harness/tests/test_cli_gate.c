/* churn gate through the built program, against a baseline of its own. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* A pool that keeps one item of BYTES for each key: nothing grows within a run. */
static void write_scenario(struct cli_rig *rig, int bytes)
{
    char text[800];
    snprintf(text, sizeof(text),
             "scenario { about = 'steady', params = { keys = 4 }, pools = { 'owner', 'membership' },\n"
             "  pool = function() return { min = 0, max = 2, payload = '%dB' } end,\n"
             "  cycle = function(p, i) release(get(i %% p.keys)) end,\n"
             "  expect = { default = bounded() } }\n",
             bytes);
    cli_rig_write(rig, "steady.lua", text);
}

Test(cli_gate, the_baseline_written_twice_is_the_same, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    write_scenario(rig, 100);
    cr_assert_eq(cli_rig_sh(rig, "churn gate steady.lua --baseline b --update-baseline --jobs 1"), 0, "%s",
                 cli_rig_err(rig));
    cr_assert(cli_rig_has(rig, "b/steady.json") && cli_rig_has(rig, "b/durations.tsv"));
    cr_assert_eq(cli_rig_sh(rig, "cp -r b first && churn gate steady.lua --baseline b --update-baseline --jobs 2 && "
                                 "diff -r first b"),
                 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_assert_eq(cli_rig_sh(rig, "grep -c owner b/durations.tsv"), 0);
    cr_assert_str_eq(cli_rig_out(rig), "1\n");
    cr_assert_eq(cli_rig_sh(rig, "grep -E 'wall|\"ms\"|rss' b/steady.json"), 1, "noise: %s", cli_rig_out(rig));
    cli_rig_close(rig);
}

/* A byte a commit: each looks like the one before it, and the baseline that stands still sees the first. */
Test(cli_gate, growth_that_creeps_from_commit_to_commit, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    write_scenario(rig, 100);
    cr_assert_eq(cli_rig_sh(rig, "churn gate steady.lua --baseline b --update-baseline --out 0"), 0, "%s",
                 cli_rig_err(rig));
    for (int commit = 1; commit <= 5; commit++) {
        char line[120];
        write_scenario(rig, 100 + commit);
        snprintf(line, sizeof(line), "churn run steady.lua --out %d && churn compare %d %d", commit, commit - 1,
                 commit);
        cr_expect_eq(cli_rig_sh(rig, line), 0, "no run grows: %s", cli_rig_out(rig));
        cr_expect_eq(cli_rig_sh(rig, "churn gate steady.lua --baseline b --out gated"), 1, "%s", cli_rig_out(rig));
        snprintf(line, sizeof(line), "bytes_live.payloads last 400 -> %d", 4 * (100 + commit)); /* an item a key */
        cr_expect(strstr(cli_rig_out(rig), line), "%s: %s", line, cli_rig_out(rig));
    }
    write_scenario(rig, 99); /* and less is a difference as well */
    cr_expect_eq(cli_rig_sh(rig, "churn gate steady.lua --baseline b --out gated"), 1, "%s", cli_rig_out(rig));
    write_scenario(rig, 100);
    cr_expect_eq(cli_rig_sh(rig, "churn gate steady.lua --baseline b --out gated"), 0, "%s", cli_rig_out(rig));
    cli_rig_close(rig);
}
