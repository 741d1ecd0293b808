/* Shared objects: what they take from malloc by themselves is counted, and alike under every tool. */
#include "harness/base/base.h"
#include "harness/host/plugin.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the program ------------------------------------------------------------------------------------------------- */

static const char *build_folder(void)
{
    const char *folder = getenv("CHURN_BUILD");
    return folder != NULL ? folder : "build";
}

enum { RUNGS = 12, RELEASES = 10 }; /* the first rung comes before, the last after shutdown */

static void write_plan(const char *path)
{
    FILE *plan = fopen(path, "w");

    cr_assert_not_null(plan);
    (void)fputs("pool min=0 max=2\nrung\n", plan);
    for (int rung = 1; rung < RUNGS - 1; rung++) {
        for (int i = 0; i < RELEASES; i++)
            (void)fputs("get a k0\nrelease a\n", plan);
        (void)fputs("rung\n", plan);
    }
    (void)fputs("shutdown\nrung\n", plan);
    cr_assert_eq(fclose(plan), 0);
}

/* What `PREFIX FOLDER/VARIANTchurn-host --pool POOL` answers to the plan. */
static struct buffer run(const char *prefix, const char *variant, const char *pool)
{
    struct buffer out = {0};
    char plan[] = "/tmp/churn-test-XXXXXX", command[1024], part[4096];
    size_t n;

    int fd = mkstemp(plan);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    write_plan(plan);
    (void)snprintf(command, sizeof command, "timeout 60 env %s %s/%schurn-host --pool %s <%s 2>&1", prefix,
                   build_folder(), variant, pool, plan);
    FILE *child = popen(command, "r"); // NOLINT: a test's own command
    cr_assert_not_null(child);
    while ((n = fread(part, 1, sizeof part, child)) > 0)
        buffer_add(&out, part, n);
    cr_expect_eq(pclose(child), 0, "%s", command);
    buffer_add(&out, "", 0);
    (void)unlink(plan);
    return out;
}

/* A counter at the index-th rung; -1: it is not there. */
static long long counter(const struct buffer *out, int index, const char *name)
{
    char quoted[64];
    const char *at = strstr(out->data, "\nrung {");

    for (; at != NULL && index > 0; index--)
        at = strstr(at + 1, "\nrung {");
    cr_assert_not_null(at, "too few rungs in:\n%s", out->data);
    const char *end = strchr(at + 1, '\n');
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(at, quoted);
    return found != NULL && found < end ? atoll(found + strlen(quoted)) : -1;
}

/* ---- counted ----------------------------------------------------------------------------------------------------- */

#define VALGRIND  "valgrind -q --error-exitcode=9"
#define LET_COUNT " --soname-synonyms=somalloc=nouserintercepts"

static const struct count_case {
    const char *prefix, *variant, *plant;
    long long bytes, blocks; /* kept by ten releases */
    int samples;             /* with the tool's own count */
} count_cases[] = {
    {"", "", "family", 40 + 45 + 6 + 1000 + 128 + 72 + 6 + 21 + 1, 9, 0},
    {"", "asan/", "family", 40 + 45 + 6 + 1000 + 128 + 72 + 6 + 21 + 1, 9, RUNGS},
    {VALGRIND LET_COUNT, "", "family", 40 + 45 + 6 + 1000 + 128 + 72 + 6 + 21 + 1, 9, 4},
    {"", "", "clean", 0, 0, 0},
    {"", "asan/", "clean", 0, 0, RUNGS},
    {VALGRIND LET_COUNT, "", "clean", 0, 0, 4},
};

ParameterizedTestParameters(plugin, memory_is_counted)
{
    static size_t indexes[ARRAY_LEN(count_cases)];

    for (size_t i = 0; i < ARRAY_LEN(indexes); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, ARRAY_LEN(indexes));
}

/* The tool's count moves as the host's own does, which has the plug-in's in it. */
static int expect_tool_agrees(const struct buffer *out)
{
    int seen = 0;
    long long bytes = 0, blocks = 0;

    for (int i = 0; i < RUNGS; i++) {
        if (counter(out, i, "tool_bytes") < 0)
            continue;
        long long bytes_apart = counter(out, i, "tool_bytes") - counter(out, i, "own_bytes");
        long long blocks_apart = counter(out, i, "tool_blocks") - counter(out, i, "own_blocks");
        cr_expect(seen == 0 || (bytes_apart == bytes && blocks_apart == blocks), "rung %d", i);
        bytes = bytes_apart;
        blocks = blocks_apart;
        seen++;
    }
    return seen;
}

ParameterizedTest(const size_t *index, plugin, memory_is_counted)
{
    const struct count_case *one = &count_cases[*index];
    char pool[1024];

    (void)snprintf(pool, sizeof pool, "%s/selftest/heap.so:plant=%s", build_folder(), one->plant);
    struct buffer out = run(one->prefix, one->variant, pool);
    for (int i = 0; i < RUNGS; i++) {
        int rounds = i < RUNGS - 1 ? i : 0;
        cr_expect_eq(counter(&out, i, "plugin_bytes"), rounds * one->bytes, "%s: rung %d has %lld bytes", one->plant, i,
                     counter(&out, i, "plugin_bytes"));
        cr_expect_eq(counter(&out, i, "plugin_blocks"), rounds * one->blocks, "%s: rung %d has %lld blocks", one->plant,
                     i, counter(&out, i, "plugin_blocks"));
    }
    cr_expect_eq(expect_tool_agrees(&out), one->samples);
    buffer_free(&out);
}

Test(plugin, memory_of_its_own_threads_is_counted)
{
    static const char *const variants[] = {"", "asan/"};
    char pool[1024];

    (void)snprintf(pool, sizeof pool, "%s/selftest/heap.so:plant=thread", build_folder());
    for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
        struct buffer out = run("", variants[i], pool);
        for (int rung = 2; rung < RUNGS - 1;
             rung++) { /* from the first thread on, glibc keeps something for the next */
            long long before = counter(&out, 1, "plugin_bytes"), now = counter(&out, rung, "plugin_bytes");
            cr_expect_eq(now - before, (rung - 1) * RELEASES * 24, "%srung %d: %lld", variants[i], rung, now - before);
        }
        buffer_free(&out);
    }
}

/* Rather no number than a wrong one. */
Test(plugin, memory_that_cannot_be_seen_is_not_told)
{
    char pool[1024];

    (void)snprintf(pool, sizeof pool, "%s/selftest/heap.so:plant=family", build_folder());
    struct buffer out = run(VALGRIND, "", pool); /* Valgrind's malloc in the place of ours */
    cr_expect_eq(counter(&out, 1, "plugin_bytes"), -1);
    cr_expect_null(strstr(out.data, "plugin_bytes"));
    buffer_free(&out);
    out = run("", "", "owner");
    cr_expect_null(strstr(out.data, "plugin_bytes"), "a pool that is built in has none");
    buffer_free(&out);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* Against a plain array: 20,000 blocks of which, in a random order, some go and come again. */
Test(plugin, the_table_is_right_after_any_order)
{
    enum { BLOCKS = 20000, STEPS = 200000 };
    static char arena[BLOCKS * 16];
    static size_t sizes[BLOCKS]; /* 0: not there */
    int64_t bytes = 0, blocks = 0, counted_bytes = 0, counted_blocks = 0, base_bytes, base_blocks;
    struct rng rng;
    size_t size;

    plugin_memory_watch();
#ifndef __SANITIZE_ADDRESS__
    cr_skip_test("the allocations of the test program are seen through a sanitizer only");
#endif
    cr_assert(plugin_memory(&base_bytes, &base_blocks));
    rng_init(&rng, 1);
    for (int step = 0; step < STEPS; step++) {
        size_t at = (size_t)rng_below(&rng, BLOCKS);
        if (sizes[at] != 0) {
            cr_assert(plugin_gave_back(arena + at * 16, &size));
            cr_assert_eq(size, sizes[at]);
            bytes -= (int64_t)sizes[at];
            blocks--;
            sizes[at] = 0;
        } else {
            cr_assert_not(plugin_gave_back(arena + at * 16, &size));
            sizes[at] = 1 + (size_t)rng_below(&rng, 1000);
            plugin_took_back(arena + at * 16, sizes[at]);
            bytes += (int64_t)sizes[at];
            blocks++;
        }
    }
    cr_assert(plugin_memory(&counted_bytes, &counted_blocks));
    cr_expect_eq(counted_bytes - base_bytes, bytes);
    cr_expect_eq(counted_blocks - base_blocks, blocks);
}

/* ---- what is no pool --------------------------------------------------------------------------------------------- */

Test(plugin, a_missing_hook_is_named)
{
    struct keyed_pool_ops ops = *pool_registry_find("owner");

    cr_expect_null(pool_ops_check(&ops));
    ops.share = NULL;
    ops.cancel = NULL;
    ops.created = NULL;
    ops.maintain = NULL;
    cr_expect_null(pool_ops_check(&ops), "those may be missing");
    ops.stats = NULL;
    cr_expect_str_eq(pool_ops_check(&ops), "stats is missing");
    ops.release = NULL;
    cr_expect_str_eq(pool_ops_check(&ops), "release is missing");
    ops.name = "No Name";
    cr_expect_str_eq(pool_ops_check(&ops), "name: expected [a-z0-9_-]+");
    ops.abi++;
    cr_expect_str_eq(pool_ops_check(&ops),
                     "built for another version of keyed_pool.h (abi): compile it again with this one");
}
