/* The commands through the built program: exit codes, files, streams. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/record/record.h"

/* zio/zio#9306 in small: K - 1 entries for each invalidation. %s: what is expected of every pool. */
#define LEAK(EXPECT)                                                                                                   \
    "scenario { about = 'leak', params = { keys = 4 }, pools = { 'broadcast' }, period = function(p) return p.keys "   \
    "end,\n"                                                                                                           \
    "  pool = function() return { min = 0, max = 2 } end,\n"                                                           \
    "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"                                        \
    "  cycle = function(p, i) local l = get(i % p.keys) invalidate(l) release(l) end,\n"                               \
    "  expect = { default = " EXPECT " } }\n"

static const char BOUNDED[] = LEAK("bounded()");
#define GROWTH                                                                                                         \
    "grows { tombstones = function(p, n) return n.invalidations * (p.keys - 1) end, "                                  \
    "dead_retained = function(p, n) return n.invalidations end }"
static const char GROWS[] = LEAK(GROWTH);

static struct results *load(struct cli_rig *rig, const char *name)
{
    char path[200];
    struct results *results = NULL;
    struct problem why = {0};
    snprintf(path, sizeof path, "%s/%s", rig->folder, name);
    cr_assert_eq(results_load(path, &results, &why), ERR_NONE, "%s", why.text);
    return results;
}

Test(cli_run, a_predicted_leak_passes_and_is_kept, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --set keys=9"), 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_assert(strstr(cli_rig_out(rig), "grows 8 tombstones per invalidation, as predicted"), "%s", cli_rig_out(rig));
    cr_assert(strstr(cli_rig_out(rig), "1 run: 1 passed\n"));
    cr_assert_str_empty(cli_rig_err(rig), "a short run needs no progress: %s", cli_rig_err(rig));
    struct results *results = load(rig, "results/runs/latest/results.json");
    cr_assert_eq(results->run_count, 1);
    const struct run *run = results->runs[0];
    cr_assert_eq(run->rate, 8.0);
    cr_assert_str_eq(run->about, "leak");
    cr_assert_str_eq(run->repeat, "churn run leak.lua --pool broadcast --under native --set keys=9 --seed 1");
    cr_assert_str_eq(run->twin_differs, "", "native runs have a twin");
    for (size_t i = 0; i < run->rung_count; i++)
        cr_assert_eq(run_series(run, "tombstones")->values[i], run->rung_invalidations[i] * 8);
    results_free(results);
    cli_rig_close(rig);
}

Test(cli_run, an_unexpected_leak_fails_and_can_be_repeated, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", BOUNDED);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --out o"), 1, "%s", cli_rig_err(rig));
    cr_assert(strstr(cli_rig_out(rig), "tombstones grows by 3 entries per invalidation"), "%s", cli_rig_out(rig));
    cr_assert(strstr(cli_rig_out(rig), "held by tombstones"), "%s", cli_rig_out(rig));
    char *repeat = strstr(rig->out.data, "repeat: ");
    cr_assert_not_null(repeat);
    char line[300];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(repeat + 8, "\n"), repeat + 8);
    cr_assert_eq(cli_rig_sh(rig, line), 1, "%s: %s", line, cli_rig_err(rig));
    cli_rig_close(rig);
}

Test(cli_run, a_leak_that_does_not_show_is_inconclusive, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool owner"), 3, "%s", cli_rig_out(rig));
    cr_assert(strstr(cli_rig_out(rig), "inconclusive"));
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool owner,broadcast"), 3, "the worst of both");
    cli_rig_close(rig);
}

/* What a scenario says of a model is asked of another pool, and the results and the command to repeat say so. */
Test(cli_run, as_holds_a_pool_against_a_model, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", LEAK("bounded(), broadcast = " GROWTH));
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool owner"), 0, "%s", cli_rig_out(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool owner --as broadcast"), 3, "%s", cli_rig_out(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool broadcast --as owner --out o"), 1, "%s", cli_rig_out(rig));
    struct results *results = load(rig, "o/results.json");
    cr_assert_str_eq(results->runs[0]->pool, "broadcast");
    cr_assert_str_eq(results->runs[0]->as, "owner");
    cr_assert(strstr(results->runs[0]->repeat, "--pool broadcast --as owner "), "%s", results->runs[0]->repeat);
    results_free(results);
    cli_rig_close(rig);
}

Test(cli_run, backends_that_are_missing_are_skipped_with_the_reason, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    const char *line =
        "PATH=/nowhere; /bin/ln -s \"$(/usr/bin/dirname $TOP/x)\" t; $BUILD/churn run leak.lua --under memcheck";
    struct buffer script = {0};
    buffer_addf(&script, "BUILD='%s'; %s", rig->build, line);
    cr_assert_eq(cli_rig_sh(rig, script.data), 77, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_assert(strstr(cli_rig_out(rig), "skip          1 run: memcheck cannot run here: valgrind is not there"), "%s",
              cli_rig_out(rig));
    buffer_clear(&script);
    buffer_addf(&script, "BUILD='%s'; PATH=/nowhere; $BUILD/churn run leak.lua --under native,memcheck", rig->build);
    cr_assert_eq(cli_rig_sh(rig, script.data), 0, "a skip beside a pass is a pass");
    buffer_free(&script);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool exec:cat --under asan"), 77, "%s", cli_rig_out(rig));
    cli_rig_close(rig);
}

Test(cli_run, the_number_of_jobs_changes_nothing, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "a.lua", GROWS);
    cli_rig_write(rig, "b.lua", BOUNDED);
    cli_rig_sh(rig, "churn run a.lua b.lua --pool broadcast,owner,membership -j1 --out one");
    cli_rig_sh(rig, "churn run a.lua b.lua --pool broadcast,owner,membership -j7 --out many");
    struct results *one = load(rig, "one/results.json"), *many = load(rig, "many/results.json");
    cr_assert_eq(one->run_count, 6);
    cr_assert_eq(many->run_count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct run *a = one->runs[i], *b = many->runs[i];
        cr_assert_eq(run_compare(a, b), 0);
        cr_assert_str_eq(a->message, b->message);
        for (size_t r = 0; r < a->rung_count; r++)
            cr_assert_eq(run_series(a, "bytes_live")->values[r], run_series(b, "bytes_live")->values[r]);
    }
    results_free(one);
    results_free(many);
    cli_rig_close(rig);
}

Test(cli_run, shards_merge_into_the_whole, .timeout = 120)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "a.lua", GROWS);
    cli_rig_write(rig, "b.lua", GROWS);
    const char *run =
        "for i in 1 2 3; do churn run a.lua b.lua --pool broadcast,membership --shard $i/3 --under native,asan "
        "--out s$i; done; churn run a.lua b.lua --pool broadcast,membership --under native,asan --out all";
    cli_rig_sh(rig, run);
    struct results *shard = load(rig, "s1/results.json");
    for (size_t i = 0; i + 1 < shard->run_count; i += 2)
        cr_assert_str_eq(shard->runs[i]->pool, shard->runs[i + 1]->pool, "backends stay together");
    results_free(shard);
    cr_assert_eq(cli_rig_sh(rig, "churn merge s1 s2/results.json s3 -o m.json"), 0, "%s", cli_rig_err(rig));
    struct results *merged = load(rig, "m.json"), *all = load(rig, "all/results.json");
    cr_assert_eq(all->run_count, 8);
    cr_assert_eq(merged->run_count, 8);
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(run_compare(merged->runs[i], all->runs[i]), 0);
    results_free(merged);
    results_free(all);
    cr_assert_eq(cli_rig_sh(rig, "churn merge s1 s2 all -o n.json"), 2);
    cr_assert(strstr(cli_rig_err(rig), " is in s1 and in all") || strstr(cli_rig_err(rig), " is in all and in s1"),
              "%s", cli_rig_err(rig));
    cr_assert_not(cli_rig_has(rig, "n.json"));
    cr_assert_eq(cli_rig_sh(rig, "churn merge s1 s3 -o n.json"), 2);
    cr_assert(strstr(cli_rig_err(rig), "part 2 of 3 is missing: expected the results of --shard 2/3"), "%s",
              cli_rig_err(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn merge m.json -o n.json"), 0, "it is whole now: %s", cli_rig_err(rig));
    cli_rig_close(rig);
}

Test(cli_run, judging_again_says_the_same, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", BOUNDED);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --pool broadcast,owner --out o --json copy.json"), 1);
    cr_assert_eq(cli_rig_sh(rig, "cmp o/results.json copy.json"), 0);
    cr_assert_eq(cli_rig_sh(rig, "churn judge o --json again.json"), 1, "%s", cli_rig_err(rig));
    cr_assert(strstr(cli_rig_out(rig), "2 runs: 1 passed, 1 failed"), "%s", cli_rig_out(rig));
    cr_assert_eq(cli_rig_sh(rig, "cmp o/results.json again.json"), 0, "%s", cli_rig_out(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn judge o --json - | cmp - copy.json"), 0, "%s", cli_rig_out(rig));
    cli_rig_close(rig);
}

Test(cli_run, record_and_replay, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    cr_assert_eq(
        cli_rig_sh(rig, "churn record leak.lua -o a.plan && churn record leak.lua > b.plan && cmp a.plan b.plan"), 0,
        "%s", cli_rig_err(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn record leak.lua --set keys=5 | cmp -s - a.plan"), 1,
                 "another parameter, another plan");
    cr_assert_eq(cli_rig_sh(rig, "head -n 1 a.plan"), 0);
    cr_assert_str_eq(cli_rig_out(rig), "churn-plan 1\n");
    cr_assert_eq(cli_rig_sh(rig, "churn replay a.plan --pool owner"), 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_assert_eq(cli_rig_sh(rig, "churn replay a.plan --pool broadcast --json r.json"), 1, "a plan expects nothing");
    struct results *results = load(rig, "r.json");
    cr_assert_eq(results->runs[0]->finding, FINDING_GROWS);
    results_free(results);
    cr_assert_eq(cli_rig_sh(rig, "cat a.plan | churn replay - --pool owner"), 0, "%s", cli_rig_err(rig));
    cr_assert_not(cli_rig_has(rig, "results"), "replay keeps nothing that was not asked for");
    cli_rig_close(rig);
}

Test(cli_run, ctrl_c_keeps_what_was_measured_and_leaves_no_child, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    /* The second pool never answers; it leads its own process group and ignores what it can. */
    cli_rig_write(rig, "mute.sh", "trap '' INT TERM HUP; echo $$ > pid; while :; do sleep 1; done\n");
    const char *line = "churn run leak.lua --pool broadcast,'exec:sh mute.sh' -j1 --out o & run=$!; "
                       "while ! [ -s pid ]; do sleep 0.05; done; kill -TERM $run; wait $run; echo exit $?; "
                       "if kill -0 $(cat pid); then echo alive; fi; ls o";
    cli_rig_sh(rig, line);
    cr_assert(strstr(cli_rig_out(rig), "exit 130"), "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_assert_null(strstr(cli_rig_out(rig), "alive"));
    cr_assert(strstr(cli_rig_err(rig), "churn: stopped after"), "%s", cli_rig_err(rig));
    cr_assert_null(strstr(cli_rig_out(rig), "results.json."), "no half-written file: %s", cli_rig_out(rig));
    struct results *results = load(rig, "o/results.json");
    cr_assert(results->run_count >= 1);
    cr_assert_eq(results->runs[0]->status, STATUS_PASS, "the first run had ended");
    results_free(results);
    cli_rig_close(rig);
}

Test(cli_run, a_full_disk_is_said, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    cr_assert_eq(cli_rig_sh(rig, "churn run leak.lua --out o > /dev/full"), 3);
    cr_assert(strstr(cli_rig_err(rig), "cannot write to stdout: No space left"), "%s", cli_rig_err(rig));
    cr_assert(cli_rig_has(rig, "o/results.json"), "what could be written was written before");
    cli_rig_close(rig);
}

Test(cli_run, quiet_verbose_and_plain_progress, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "leak.lua", GROWS);
    cli_rig_sh(rig, "churn run leak.lua --out o --verbose");
    cr_assert(strstr(cli_rig_err(rig), "churn: leak keys=4 broadcast native: grows, pass, "), "%s", cli_rig_err(rig));
    cli_rig_sh(rig, "churn run leak.lua --out o --quiet --verbose");
    cr_assert_str_empty(cli_rig_err(rig));
    cli_rig_sh(rig, "churn run leak.lua --pool 'exec:sleep 7' --timeout 6s --out o");
    cr_assert(strstr(cli_rig_err(rig), "churn: 0 of 1 runs, 0:05; now leak keys=4 exec:sleep 7 native\n"), "%s",
              cli_rig_err(rig));
    cr_assert_null(strchr(cli_rig_err(rig), '\r'), "nothing moves in a file");
    cli_rig_close(rig);
}

Test(cli_run, lists, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_sh(rig, "mkdir scenarios");
    cli_rig_write(rig, "scenarios/leak.lua", GROWS);
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"churn list pools", "broadcast  "},       {"churn list scenarios", "leak"},
        {"churn list probes", "rss_bytes"},        {"churn list reports", "results.json"},
        {"churn list backends", "native    here"}, {"churn list metrics", "tombstones_foreign"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[200];
        cr_assert_eq(cli_rig_sh(rig, rows[i].line), 0, "%s", cli_rig_err(rig));
        cr_assert(strstr(cli_rig_out(rig), rows[i].says), "%s: %s", rows[i].line, cli_rig_out(rig));
        snprintf(line, sizeof line,
                 "%s --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0][\"name\"])'", rows[i].line);
        cr_assert_eq(cli_rig_sh(rig, line), 0, "%s", cli_rig_err(rig));
    }
    cli_rig_close(rig);
}

/* zio/zio#9306 as 2.1.12 and 2.1.13 had it, with the second leak of that time; what the README asks of the real ones. */
Test(cli_run, the_first_leak_beside_the_second, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    char *path = realpath("scenarios/zio-9306.lua", NULL), line[600];
    cr_assert_not_null(path);
    snprintf(line, sizeof line, "churn run %s --pool broadcast:finalizers=captured,membership:finalizers=captured",
             path);
    cr_expect_eq(cli_rig_sh(rig, line), 0, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    snprintf(line, sizeof line,
             "churn run %s --set keys=3 --pool membership:finalizers=captured --as broadcast:finalizers=captured",
             path);
    cr_expect_eq(cli_rig_sh(rig, line), 3, "%s", cli_rig_out(rig));
    cr_expect_not_null(strstr(cli_rig_out(rig), "tombstones is not as predicted"), "%s", cli_rig_out(rig));
    free(path);
    cli_rig_close(rig);
}
