/* Shards: every job in exactly one, cases whole, all about as long, and the same for everybody. */
#include "harness/cli/cli.h"
#include "harness/record/baseline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES    40
#define BACKENDS 2

/* CASES cases of one scenario, each under two backends; the parameter tells them apart. */
struct rig {
    struct job jobs[CASES * BACKENDS];
    struct settings params[CASES];
    struct setting values[CASES];
    char folder[40];
    struct options options;
    struct matrix matrix;
};

static void set_up(struct rig *rig)
{
    static const char *const tools[BACKENDS] = {"native", "memcheck"};
    *rig = (struct rig){.folder = "/tmp/churn-shard-XXXXXX"};
    cr_assert_not_null(mkdtemp(rig->folder));
    for (size_t i = 0; i < CASES; i++) {
        rig->values[i] = (struct setting){.name = strdup("keys")};
        cr_assert(asprintf(&rig->values[i].value, "%zu", i) > 0);
        rig->params[i] = (struct settings){.list = &rig->values[i], .count = 1};
    }
    for (size_t i = 0; i < ARRAY_LEN(rig->jobs); i++)
        rig->jobs[i] = (struct job){.path = "some/where/sample.lua",
                                    .params = &rig->params[i / BACKENDS],
                                    .pool = "owner",
                                    .backend = backend_find(tools[i % BACKENDS]),
                                    .group = i / BACKENDS};
    rig->options = (struct options){.baseline = rig->folder};
}

static void tear_down(struct rig *rig)
{
    char path[80];
    snprintf(path, sizeof(path), "%s/durations.tsv", rig->folder);
    (void)unlink(path);
    (void)rmdir(rig->folder);
    for (size_t i = 0; i < CASES; i++) {
        free(rig->values[i].name);
        free(rig->values[i].value);
    }
    free(rig->matrix.jobs);
}

/* What is left of all jobs for shard I of N. */
static enum err keep(struct rig *rig, int64_t shard, int64_t shards, struct problem *why)
{
    free(rig->matrix.jobs);
    rig->matrix.jobs = malloc(sizeof(rig->jobs));
    cr_assert_not_null(rig->matrix.jobs);
    memcpy(rig->matrix.jobs, rig->jobs, sizeof(rig->jobs));
    rig->matrix.job_count = ARRAY_LEN(rig->jobs);
    rig->options.shard = shard;
    rig->options.shards = shards;
    return shard_keep(&rig->matrix, &rig->options, why);
}

static void write_durations(const struct rig *rig, const char *text)
{
    char path[80];
    snprintf(path, sizeof(path), "%s/durations.tsv", rig->folder);
    cr_assert_eq(file_write_whole(path, text, strlen(text), NULL), ERR_NONE);
}

static int64_t ms_of_case(size_t i)
{
    return (int64_t)(7919 * (i + 1) % 997); /* anything uneven */
}

/* Of the native runs alone; memcheck's are scaled. */
static void write_uneven(const struct rig *rig, bool backwards)
{
    struct buffer text = {0};
    for (size_t n = 0; n < CASES; n++) {
        size_t i = backwards ? CASES - 1 - n : n;
        buffer_addf(&text, "%d\tsample\tkeys=%zu\towner\tnative\t1\n", (int)ms_of_case(i), i);
    }
    write_durations(rig, text.data);
    buffer_free(&text);
}

Test(cli_shard, each_case_is_whole_in_exactly_one)
{
    struct rig rig;
    set_up(&rig);
    write_uneven(&rig, false);
    for (int64_t shards = 1; shards <= 7; shards++) {
        int seen[CASES] = {0};
        for (int64_t shard = 1; shard <= shards; shard++) {
            cr_assert_eq(keep(&rig, shard, shards, NULL), ERR_NONE);
            for (size_t i = 0; i < rig.matrix.job_count; i++) {
                const struct job *job = &rig.matrix.jobs[i];
                seen[job->group]++;
                cr_expect_eq(rig.matrix.jobs[i ^ 1].group, job->group, "its other backend is in the same part");
            }
        }
        for (size_t i = 0; i < CASES; i++)
            cr_expect_eq(seen[i], BACKENDS, "case %zu of %d shards: %d times", i, (int)shards, seen[i]);
    }
    tear_down(&rig);
}

/* The longest first to the one with least to do: no two parts differ by more than one case is long. */
Test(cli_shard, parts_take_about_as_long_as_each_other)
{
    struct rig rig;
    set_up(&rig);
    write_uneven(&rig, false);
    for (int64_t shards = 2; shards <= 6; shards++) {
        int64_t least = INT64_MAX, most = 0, longest = 0;
        for (int64_t shard = 1; shard <= shards; shard++) {
            int64_t load = 0;
            cr_assert_eq(keep(&rig, shard, shards, NULL), ERR_NONE);
            for (size_t i = 0; i < rig.matrix.job_count; i += BACKENDS) {
                int64_t ms = ms_of_case(rig.matrix.jobs[i].group);
                load += ms;
                longest = ms > longest ? ms : longest;
            }
            least = load < least ? load : least;
            most = load > most ? load : most;
        }
        cr_expect_leq(most - least, longest, "%d shards: %d to %d ms, the longest case %d", (int)shards, (int)least,
                      (int)most, (int)longest);
    }
    tear_down(&rig);
}

Test(cli_shard, the_order_of_the_record_does_not_matter)
{
    struct rig rig;
    bool first[CASES] = {false}, second[CASES] = {false};
    set_up(&rig);
    write_uneven(&rig, false);
    cr_assert_eq(keep(&rig, 2, 3, NULL), ERR_NONE);
    for (size_t i = 0; i < rig.matrix.job_count; i++)
        first[rig.matrix.jobs[i].group] = true;
    write_uneven(&rig, true);
    cr_assert_eq(keep(&rig, 2, 3, NULL), ERR_NONE);
    for (size_t i = 0; i < rig.matrix.job_count; i++)
        second[rig.matrix.jobs[i].group] = true;
    cr_expect_arr_eq(first, second, sizeof(first));
    tear_down(&rig);
}

Test(cli_shard, without_a_record_the_cases_are_dealt_out)
{
    struct rig rig;
    set_up(&rig);
    for (int64_t shard = 1; shard <= 4; shard++) {
        cr_assert_eq(keep(&rig, shard, 4, NULL), ERR_NONE);
        cr_expect_eq(rig.matrix.job_count, CASES * BACKENDS / 4);
    }
    tear_down(&rig);
}

/* One case of 100 s, 39 that nobody knows (under 7 s each): the long one is alone with few others. */
Test(cli_shard, a_long_case_is_balanced_by_many_short_ones)
{
    struct rig rig;
    set_up(&rig);
    write_durations(&rig, "# a comment\n100000\tsample\tkeys=5\towner\tmemcheck\t1\n"
                          "9\tsample\tkeys=5\tother\tnative\t1\n9\telse\tkeys=5\towner\tnative\t1\n");
    for (int64_t shard = 1; shard <= 2; shard++) {
        bool has_it = false;
        cr_assert_eq(keep(&rig, shard, 2, NULL), ERR_NONE);
        for (size_t i = 0; i < rig.matrix.job_count; i++)
            has_it = has_it || rig.matrix.jobs[i].group == 5;
        size_t cases = rig.matrix.job_count / BACKENDS;
        cr_expect(has_it ? cases < CASES / 2 : cases > CASES / 2, "%zu cases", cases);
    }
    tear_down(&rig);
}

Test(cli_shard, a_damaged_record_is_named)
{
    static const char *const wrong[] = {"3\tsample\tkeys=1\towner\tnative", "x\tsample\tkeys=1\towner\tnative\t1",
                                        "-1\tsample\tkeys=1\towner\tnative\t1", "3\ta\tb\tc\td\t1\te"};
    struct rig rig;
    set_up(&rig);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char text[200];
        struct problem why = {0};
        snprintf(text, sizeof(text), "# first\n%s\n", wrong[i]);
        write_durations(&rig, text);
        cr_expect_eq(keep(&rig, 1, 2, &why), ERR_INPUT, "%s", wrong[i]);
        cr_expect(strstr(why.text, "durations.tsv:2: expected milliseconds"), "%s", why.text);
    }
    tear_down(&rig);
}

Test(cli_shard, durations_read_back_as_they_were_written)
{
    struct rig rig;
    struct baseline all = {0}, again;
    static const char *const pools[] = {"owner", "broadcast", "a\tb", "unknown"};
    set_up(&rig);
    for (size_t i = 0; i < ARRAY_LEN(pools); i++) {
        struct baseline_entry *entry;
        cr_assert_eq(baseline_add(&all, &entry), ERR_NONE);
        *entry = (struct baseline_entry){.scenario = strdup("s"), .params = strdup(""), .pool = strdup(pools[i])};
        entry->backend = strdup("asan");
        entry->seed = UINT64_MAX;
        entry->ms = i < 3 ? 7 + (int64_t)i : 0;
    }
    cr_assert_eq(durations_save(rig.folder, &all, NULL), ERR_NONE);
    cr_assert_eq(durations_load(rig.folder, &again, NULL), ERR_NONE);
    cr_assert_eq(again.count, 2, "not the one with a tab, nor the one that is not known");
    cr_expect_str_eq(again.entries[0].pool, "broadcast");
    cr_expect_eq(again.entries[0].ms, 8);
    cr_expect_eq(again.entries[1].seed, UINT64_MAX);
    cr_expect_str_eq(again.entries[1].params, "");
    baseline_free(&all);
    baseline_free(&again);
    tear_down(&rig);
}
