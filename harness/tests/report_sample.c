#include "harness/tests/report_sample.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNGS           30
#define CYCLES_PER_RUNG 16
#define RETAINED_BYTES  48 /* of one entry and of what it keeps */

static const char *const backends[] = {"native", "asan", "memcheck"};

#define MUST(CALL) cr_assert_eq((CALL), ERR_NONE, "out of memory in a sample")

static void set(char **field, const char *text)
{
    MUST(run_set_text(field, text));
}

static void set_param(struct run *run, const char *name, const char *value)
{
    MUST(run_add_param(run, name, value));
}

static struct run *make_run(const char *scenario, const char *pool, const char *backend)
{
    char text[256];
    struct run *run = run_make();
    cr_assert_not_null(run);
    set(&run->scenario, scenario);
    snprintf(text, sizeof text, "scenarios/%s.lua", scenario);
    set(&run->file, text);
    set(&run->about, "an invalidated item leaves an entry behind in every other key's pool");
    set(&run->pool, pool);
    set(&run->backend, backend);
    snprintf(text, sizeof text, "churn run scenarios/%s.lua --pool %s --under %s --seed 1", scenario, pool, backend);
    set(&run->repeat, text);
    run->seed = 1;
    run->ops = 4 * RUNGS * CYCLES_PER_RUNG;
    run->wall_ns = 12345678;
    run->peak_rss_bytes = 3 << 20;
    run->cycles_per_rung = CYCLES_PER_RUNG;
    run->period = 8;
    run->status = STATUS_PASS;
    run->finding = FINDING_FLAT;
    run->expectation.finding = FINDING_BOUNDED;
    return run;
}

/* `slope` entries per invalidation; bytes follow; idle goes up and down as a cache with a TTL does. */
static void add_samples(struct run *run, size_t rungs, int64_t slope)
{
    for (size_t i = 0; i < rungs; i++) {
        size_t rung = 0;
        int64_t cycles = (int64_t)(i + 2) * CYCLES_PER_RUNG;
        MUST(run_add_rung(run, 4 * cycles, cycles, cycles, cycles, &rung));
        MUST(run_sample(run, "tombstones", rung, slope * cycles));
        MUST(run_sample(run, "bytes_live", rung, 20480 + RETAINED_BYTES * slope * cycles));
        MUST(run_sample(run, "idle", rung, (int64_t)(i * 7 % 5)));
        MUST(run_sample(run, "open", rung, 8));
        if (i % 10 == 0)
            MUST(run_sample(run, "tool_bytes", rung, 20480 + RETAINED_BYTES * slope * cycles));
    }
}

static void expect_growth(struct run *run, const char *metric, int64_t slope)
{
    struct expected_metric *expected = NULL;
    MUST(expectation_add_metric(&run->expectation, metric, RELATION_GROWS, &expected));
    expected->predicted = true;
    expected->values = calloc(run->rung_count, sizeof *expected->values);
    cr_assert_not_null(expected->values);
    for (size_t i = 0; i < run->rung_count; i++)
        expected->values[i] = slope * run->rung_invalidations[i];
    run->expectation.finding = FINDING_GROWS;
}

static void add_found(struct run *run, const char *metric, double rate, bool expected)
{
    char name[64], unit[] = "per invalidation", detail[] = "held by population entries";
    snprintf(name, sizeof name, "%s", metric);
    struct found found = {.finding = FINDING_GROWS,
                          .metric = name,
                          .rate = rate,
                          .rate_unit = unit,
                          .detail = detail,
                          .rung = 1,
                          .expected = expected};
    MUST(run_add_found(run, &found));
    if (run->metric)
        return;
    run->finding = FINDING_GROWS;
    run->rate = rate;
    set(&run->metric, metric);
    set(&run->rate_unit, unit);
}

static void add_leak(struct results *results, const char *scenario, int keys)
{
    static const char *const pools[] = {"broadcast", "membership", "owner"};
    for (size_t p = 0; p < ARRAY_LEN(pools); p++)
        for (size_t b = 0; b < ARRAY_LEN(backends); b++) {
            char value[16];
            int64_t slope = p == 0 ? keys - 1 : 0;
            struct run *run = make_run(scenario, pools[p], backends[b]);
            snprintf(value, sizeof value, "%d", keys);
            set_param(run, "keys", value);
            set_param(run, "max", "4");
            add_samples(run, RUNGS, slope);
            if (slope > 0) {
                expect_growth(run, "tombstones", slope);
                add_found(run, "tombstones", (double)slope, true);
                add_found(run, "bytes_live", RETAINED_BYTES * (double)slope, true);
                set(&run->message, "tombstones grow exactly as predicted");
            }
            MUST(results_add(results, run));
        }
}

static void add_bounded(struct results *results)
{
    static const char *const pools[] = {"membership", "owner"};
    for (size_t p = 0; p < ARRAY_LEN(pools); p++)
        for (size_t b = 0; b < ARRAY_LEN(backends); b++) {
            struct expected_metric *cap = NULL;
            struct run *run = make_run("ttl-saw", pools[p], backends[b]);
            set(&run->about, "idle items come and go with their time to live");
            add_samples(run, RUNGS, 0);
            run->finding = FINDING_BOUNDED;
            MUST(expectation_add_metric(&run->expectation, "idle", RELATION_AT_MOST, &cap));
            cap->predicted = true;
            cap->values = calloc(RUNGS, sizeof *cap->values);
            cr_assert_not_null(cap->values);
            for (size_t i = 0; i < RUNGS; i++)
                cap->values[i] = 6;
            MUST(results_add(results, run));
        }
}

static struct results *make_results(void)
{
    char churn[] = "churn", verb[] = "run", path[] = "scenarios/";
    char *const argv[] = {churn, verb, path};
    struct results *results = results_make();
    cr_assert_not_null(results);
    MUST(results_describe(results, "0.1.0", ARRAY_LEN(argv), argv));
    set(&results->started, "2026-11-23T10:00:00Z");
    return results;
}

struct results *sample_good(void)
{
    struct results *results = make_results();
    add_leak(results, "zio-9306", 8);
    add_leak(results, "zio-9306", 64);
    add_bounded(results);
    results_sort(results);
    return results;
}

static struct run *add_trouble(struct results *results, const char *scenario, const char *pool, const char *backend,
                               enum status status, enum finding finding, const char *message)
{
    struct run *run = make_run(scenario, pool, backend);
    run->status = status;
    run->finding = finding;
    set(&run->message, message);
    MUST(results_add(results, run));
    return run;
}

/* Leaky on every backend, and one of them counts more: the charts cannot be shared. */
static void add_unexpected_growth(struct results *results)
{
    for (size_t b = 0; b < ARRAY_LEN(backends); b++) {
        struct run *run = add_trouble(results, "scope-close", "owner", backends[b], STATUS_FAIL, FINDING_UNKNOWN,
                                      "bytes_live grows by 48 bytes per invalidation since rung 2 (operation 128); "
                                      "budget 0; held by population entries");
        add_samples(run, RUNGS, b == 2 ? 2 : 1);
        add_found(run, "bytes_live", RETAINED_BYTES, false);
        add_found(run, "tombstones", 1, false);
        set(&run->log, "48 bytes in 1 blocks are still reachable\n  at malloc\n  by invalidate_owner (owner.c:41)\n");
    }
}

struct results *sample_troubled(void)
{
    struct results *results = sample_good();
    add_unexpected_growth(results);
    struct run *run = add_trouble(results, "slow-close", "membership", "native", STATUS_FAIL, FINDING_HANGS,
                                  "no answer within 20 s; last operation: shutdown");
    add_samples(run, 4, 0);
    run = add_trouble(results, SAMPLE_HOSTILE, SAMPLE_HOSTILE, "native", STATUS_FAIL, FINDING_VIOLATES, SAMPLE_HOSTILE);
    set_param(run, SAMPLE_HOSTILE, SAMPLE_HOSTILE);
    set(&run->about, SAMPLE_HOSTILE);
    set(&run->file, SAMPLE_HOSTILE);
    set(&run->repeat, SAMPLE_HOSTILE);
    set(&run->log, SAMPLE_HOSTILE);
    set(&run->metric, SAMPLE_HOSTILE);
    add_samples(run, 3, 1);
    MUST(run_sample(run, SAMPLE_HOSTILE, 0, 1));
    MUST(run_sample(run, SAMPLE_HOSTILE, 2, 3));
    add_trouble(results, "cancel", "exec:node subject.mjs", "native", STATUS_BROKEN, FINDING_UNKNOWN,
                "the subject broke the protocol: unknown line 'leasd a 17'");
    run = add_trouble(results, "zio-9329", "broadcast:finalizers=captured", "native", STATUS_INCONCLUSIVE, FINDING_FLAT,
                      "expected to grow, but finalizers stay at 8: the leak was not reproduced");
    add_samples(run, RUNGS, 0);
    expect_growth(run, "tombstones", 1);
    add_trouble(results, "ttl-saw", "broadcast", "native", STATUS_SKIP, FINDING_UNKNOWN,
                "the subject cannot do: advance");
    results_sort(results);
    return results;
}

struct results *sample_large(void)
{
    struct results *results = make_results();
    for (int i = 0; i < 25; i++) {
        char scenario[32];
        snprintf(scenario, sizeof scenario, "scenario-%02d", i);
        for (int p = 0; p < 2; p++)
            for (size_t b = 0; b < ARRAY_LEN(backends); b++) {
                struct run *run = make_run(scenario, p == 0 ? "broadcast" : "owner", backends[b]);
                add_samples(run, RUNGS, p == 0 ? i : 0);
                if (p == 0 && i > 0)
                    expect_growth(run, "tombstones", i);
                MUST(results_add(results, run));
            }
    }
    results_sort(results);
    return results;
}

char *sample_write(const struct results *results, const char *name)
{
    struct buffer out = {0};
    struct problem why = {0};
    const struct report_options options = {0};
    const struct report *report = report_find(name);
    cr_assert_not_null(report, "no report %s", name);
    cr_assert_eq(report->write(results, &options, &out, &why), ERR_NONE, "%s: %s", name, why.text);
    cr_assert_not(out.failed);
    char *text = out.data ? out.data : strdup(""); /* nothing to say: github without problems */
    cr_assert_not_null(text);
    return text;
}

int sample_pipe(const char *text, const char *command, char *out, size_t size)
{
    char in_path[] = "/tmp/churn-sample-XXXXXX", line[1024];
    int fd = mkstemp(in_path);
    cr_assert_geq(fd, 0);
    FILE *in = fdopen(fd, "w");
    cr_assert_not_null(in);
    cr_assert_geq(fputs(text, in), 0);
    cr_assert_eq(fclose(in), 0);
    snprintf(line, sizeof line, "{ %s ; } < %s 2>&1", command, in_path);
    FILE *pipe = popen(line, "r");
    cr_assert_not_null(pipe);
    size_t used = fread(out, 1, size - 1, pipe);
    out[used] = '\0';
    while (getc(pipe) != EOF)
        ;
    int status = pclose(pipe);
    unlink(in_path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
