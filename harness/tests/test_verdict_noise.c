/* N1-N3: slopes, Student's t and Holm against tables, closed forms and hand work; and everything against scripts/verdict-oracle. */
#include "harness/verdict/verdict.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEAR(a, b, tolerance)                                                                                          \
    cr_expect(fabs((a) - (b)) <= (tolerance), "%.9g, should be %.9g", (double)(a), (double)(b))

/* ---- Student's t ------------------------------------------------------------------------------------------------- */

/* The table in NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, to its three decimals. */
Test(noise, t_is_that_of_the_printed_table)
{
    static const struct {
        size_t degrees;
        double tail, t;
    } rows[] = {
        {1, 0.10, 3.078},  {1, 0.01, 31.821}, {2, 0.01, 6.965},   {3, 0.01, 4.541}, {4, 0.10, 1.533},
        {7, 0.10, 1.415},  {7, 0.01, 2.998},  {7, 0.005, 3.499},  {8, 0.01, 2.896}, {19, 0.01, 2.539},
        {30, 0.01, 2.457}, {60, 0.01, 2.390}, {63, 0.001, 3.225},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        NEAR(verdict_t_value(rows[i].tail, rows[i].degrees), rows[i].t, 0.0005);
        NEAR(verdict_t_tail(rows[i].t, rows[i].degrees), rows[i].tail, 0.003 * rows[i].tail);
    }
}

/* One degree is Cauchy's distribution, two have a closed form; both sides of 0. */
Test(noise, t_has_the_closed_forms)
{
    for (double t = -50; t <= 50; t += 0.37) {
        NEAR(verdict_t_tail(t, 1), 0.5 - atan(t) / M_PI, 1e-14);
        NEAR(verdict_t_tail(t, 2), 0.5 - t / (2 * sqrt(2 + t * t)), 1e-14);
    }
}

/* ---- slopes ------------------------------------------------------------------------------------------------------- */

enum { RUNGS = 40, OPS = 50 };

struct line {
    int64_t values[RUNGS], ops[RUNGS];
};

static struct line make_line(int64_t per_rung)
{
    struct line line;
    for (int64_t i = 0; i < RUNGS; i++) {
        line.ops[i] = 1000 + i * OPS;
        line.values[i] = 70000 + i * per_rung;
    }
    return line;
}

static double slope_of(const struct line *line)
{
    double slope;
    cr_assert_eq(verdict_slope(line->values, line->ops, RUNGS, &slope), ERR_NONE);
    return slope;
}

Test(noise, a_line_has_its_slope)
{
    struct line up = make_line(25), down = make_line(-25), flat = make_line(0);
    NEAR(slope_of(&up), 0.5, 1e-12);
    NEAR(slope_of(&down), -0.5, 1e-12);
    NEAR(slope_of(&flat), 0, 0);
}

/* A fifth of the samples may be anything: the median does not care. */
Test(noise, outliers_do_not_bend_it)
{
    struct line line = make_line(25);
    line.values[22] = INT64_C(1) << 40;
    line.values[27] = 0;
    line.values[31] = INT64_C(1) << 50;
    line.values[39] = -5;
    cr_expect(fabs(slope_of(&line) - 0.5) < 0.05);
}

Test(noise, the_first_half_is_dropped)
{
    struct line line = make_line(0);
    for (size_t i = 0; i < RUNGS / 2; i++)
        line.values[i] = (int64_t)(i * i * 4096);
    line.values[3] = RECORD_NONE;
    NEAR(slope_of(&line), 0, 0);
}

Test(noise, what_cannot_be_measured_is_refused)
{
    double slope;
    struct line line = make_line(25);
    cr_expect_eq(verdict_slope(line.values, line.ops, 4, &slope), ERR_INPUT, "two samples are left");
    cr_expect_eq(verdict_slope(line.values, line.ops, 5, &slope), ERR_NONE);
    line.values[RUNGS - 1] = RECORD_NONE;
    cr_expect_eq(verdict_slope(line.values, line.ops, RUNGS, &slope), ERR_INPUT, "one is missing");
    line = make_line(25);
    for (size_t i = 0; i < RUNGS; i++)
        line.ops[i] = 7;
    cr_expect_eq(verdict_slope(line.values, line.ops, RUNGS, &slope), ERR_INPUT, "nothing was done");
}

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

static struct noise judge(const double *slopes, size_t count, double threshold, double resolution)
{
    const struct noise_test test = {slopes, count, threshold, resolution};
    struct noise noise;
    cr_assert_eq(verdict_noise(&test, 1, &noise), ERR_NONE);
    return noise;
}

/* By hand: mean 20, deviations -1 0 1, so sd 1; t(0.99, 2) = 6.965 and t(0.90, 2) = 1.886. */
Test(noise, three_slopes_by_hand)
{
    struct noise noise = judge((double[]){19, 20, 21}, 3, 0.5, 0.1);
    NEAR(noise.mean, 20, 1e-12);
    NEAR(noise.sd, 1, 1e-12);
    NEAR(noise.lower, 20 - 6.965 / sqrt(3), 0.001);
    NEAR(noise.detectable, 0.5 + (6.965 + 1.886) / sqrt(3), 0.001);
    cr_expect(noise.grows && noise.level == 0.01);
    cr_expect_not(judge((double[]){19, 20, 21}, 3, 16.1, 0).grows, "L is 15.98");
    cr_expect(judge((double[]){19, 20, 21}, 3, 15.9, 0).grows);
}

Test(noise, no_scatter_is_no_division_by_zero)
{
    cr_expect(judge((double[]){0.75, 0.75}, 2, 0.5, 0).grows);
    cr_expect_not(judge((double[]){0.5, 0.5}, 2, 0.5, 0).grows, "growth is above tau, not at it");
    struct noise flat = judge((double[]){0, 0, 0, 0}, 4, 0.5, 3);
    cr_expect(!flat.grows && flat.p == 1 && flat.detectable == 3, "pages are lumps: 0 does not mean that all is seen");
}

/* Two slopes m - d, m + d: t = (m - threshold) / d with one degree, so that any p can be made. */
static void slopes_with_p(double p, double out[2])
{
    double t = tan(M_PI * (0.5 - p));
    out[0] = 1 + t - 1;
    out[1] = 1 + t + 1;
}

static unsigned grown(const double *ps, size_t count)
{
    double slopes[4][2];
    struct noise_test tests[4];
    struct noise out[4];
    unsigned mask = 0;
    for (size_t i = 0; i < count; i++) {
        slopes_with_p(ps[i], slopes[i]);
        tests[i] = (struct noise_test){slopes[i], 2, 1, 0};
    }
    cr_assert_eq(verdict_noise(tests, count, out), ERR_NONE);
    for (size_t i = 0; i < count; i++) {
        NEAR(out[i].p, ps[i], 1e-9);
        mask |= (unsigned)out[i].grows << i;
    }
    return mask;
}

Test(noise, several_tests_share_one_percent)
{
    cr_expect_eq(grown((double[]){0.009}, 1), 1u);
    cr_expect_eq(grown((double[]){0.011}, 1), 0u);
    cr_expect_eq(grown((double[]){0.009, 0.004}, 2), 3u, "0.004 < 0.01/2, then 0.009 < 0.01/1");
    cr_expect_eq(grown((double[]){0.006, 0.009}, 2), 0u, "the smallest fails at 0.005, and that ends it");
    cr_expect_eq(grown((double[]){0.4, 0.003, 0.004, 0.002}, 4), 14u, "0.0025, 0.0033, 0.005");
    cr_expect_eq(grown((double[]){0.4, 0.0034, 0.002, 0.0034}, 4), 4u, "0.002 < 0.0025; 0.0034 > 0.01/3");
}

/* ---- how often it is wrong --------------------------------------------------------------------------------------------- */

static double normal(struct rng *rng)
{
    double u = ((double)(rng_next(rng) >> 11) + 0.5) / 9007199254740992.0;
    double v = (double)(rng_next(rng) >> 11) / 9007199254740992.0;
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static int count_growing(double truth, uint64_t seed, int rounds)
{
    struct rng rng;
    int found = 0;
    rng_init(&rng, seed);
    for (int round = 0; round < rounds; round++) {
        double slopes[8];
        for (size_t i = 0; i < ARRAY_LEN(slopes); i++)
            slopes[i] = truth + 0.3 * normal(&rng);
        found += judge(slopes, ARRAY_LEN(slopes), 0.5, 0).grows;
    }
    return found;
}

/* At the threshold itself 1 % are called growth: 100 of 10000, give or take four standard deviations of 10. */
Test(noise, errs_as_often_as_it_says)
{
    int alarms = count_growing(0.5, 1, 10000);
    cr_expect(alarms >= 60 && alarms <= 140, "%d of 10000", alarms);
    cr_expect_leq(count_growing(0, 2, 10000), 2);

    /* the detectable growth, from the true scatter: nine times in ten (the sd of eight varies: a bit less) */
    double slopes[8], truth;
    for (size_t i = 0; i < 8; i++)
        slopes[i] = i % 2 ? 0.3 : -0.3;
    truth = 0.5 + (judge(slopes, 8, 0.5, 0).detectable - 0.5) * sqrt(7.0 / 8.0);
    int found = count_growing(truth, 3, 10000);
    cr_expect(found >= 8300 && found <= 9700, "%d of 10000 at %.3f", found, truth);
}

/* ---- against the independent recomputation -------------------------------------------------------------------------- */

/* What one measurement is made of, written as `churn noise --json` does. */
struct sheet {
    FILE *file;
    struct rng rng;
    size_t processes, rungs;
    bool paired;
    int kind; /* of samples: flat, steps, a line with scatter, a random walk */
    int64_t rate;
};

static int64_t draw(struct sheet *sheet, int64_t i, int64_t *walk)
{
    switch (sheet->kind) {
    case 0:
        return 4096 * 600;
    case 1:
        return i * sheet->rate / 4096 * 4096;
    case 2:
        return i * sheet->rate + (int64_t)rng_below(&sheet->rng, 4000);
    default:
        return *walk += (int64_t)rng_below(&sheet->rng, 3) * 4096 - 4096;
    }
}

/* One process: its samples go to the file, its slope is returned. */
static double write_process(struct sheet *sheet, int64_t ops_per_rung)
{
    int64_t values[64], ops[64], walk = 0;
    double slope;
    for (size_t i = 0; i < sheet->rungs; i++) {
        ops[i] = 13 + (int64_t)i * ops_per_rung;
        values[i] = draw(sheet, (int64_t)i, &walk);
    }
    fprintf(sheet->file, "{\"seed\":\"1\",\"ops\":[");
    for (size_t i = 0; i < sheet->rungs; i++)
        fprintf(sheet->file, "%s%lld", i ? "," : "", (long long)ops[i]);
    fprintf(sheet->file, "],\"samples\":{\"m\":[");
    for (size_t i = 0; i < sheet->rungs; i++)
        fprintf(sheet->file, "%s%lld", i ? "," : "", (long long)values[i]);
    fprintf(sheet->file, "]}}");
    cr_assert_eq(verdict_slope(values, ops, sheet->rungs, &slope), ERR_NONE);
    return slope;
}

static void write_arm(struct sheet *sheet, const char *name, bool present, int64_t ops_per_rung, double *slopes)
{
    fprintf(sheet->file, "\"%s\":[", name);
    for (size_t i = 0; present && i < sheet->processes; i++) {
        fprintf(sheet->file, "%s", i ? "," : "");
        double slope = write_process(sheet, ops_per_rung);
        slopes[i] = strcmp(name, "control") == 0 ? slopes[i] - slope : slope;
    }
    fprintf(sheet->file, "],");
}

static void write_judged(struct sheet *sheet, const double *slopes, double threshold, double kept_ops, bool *grows)
{
    struct noise noise = judge(slopes, sheet->processes, threshold, 2 * 4096 / kept_ops);
    fprintf(sheet->file,
            "\"metrics\":[{\"metric\":\"m\",\"threshold\":%.17g,\"mean\":%.17g,\"sd\":%.17g,\"lower\":%.17g,"
            "\"p\":%.17g,\"detectable\":%.17g,\"grows\":%s,\"page_bytes\":4096,\"slopes\":[",
            threshold, noise.mean, noise.sd, noise.lower, noise.p, noise.detectable, noise.grows ? "true" : "false");
    for (size_t i = 0; i < sheet->processes; i++)
        fprintf(sheet->file, "%s%.17g", i ? "," : "", slopes[i]);
    fprintf(sheet->file, "]}]");
    *grows = noise.grows;
}

/* A batch, or the planted one; whether it grows. */
static bool write_batch(struct sheet *sheet)
{
    double slopes[12] = {0};
    int64_t ops_per_rung = 1 + (int64_t)rng_below(&sheet->rng, 4000);
    double kept_ops = (double)((int64_t)(sheet->rungs - 1 - sheet->rungs / 2) * ops_per_rung);
    bool grows;
    fprintf(sheet->file, "{");
    write_arm(sheet, "pool", true, ops_per_rung, slopes);
    write_arm(sheet, "control", sheet->paired, ops_per_rung, slopes);
    write_judged(sheet, slopes, sheet->paired ? 0.25 : 0.5, kept_ops, &grows);
    fprintf(sheet->file, "}");
    return grows;
}

/* `lie`: the file says the opposite of the judgement. */
static bool write_sheet(struct sheet *sheet, const char *path, bool lie)
{
    sheet->file = fopen(path, "we");
    cr_assert_not_null(sheet->file);
    fprintf(sheet->file, "{\"format\":\"churn-noise/1\",\"batches\":[");
    bool grows = write_batch(sheet);
    fprintf(sheet->file, "],\"planted\":");
    sheet->kind = (int)rng_below(&sheet->rng, 4);
    bool planted_seen = write_batch(sheet);
    const char *verdict = !planted_seen ? "inconclusive" : grows != lie ? "not confirmed" : "no growth seen";
    fprintf(sheet->file, ",\"verdicts\":{\"m\":\"%s\"}}\n", lie && !planted_seen ? "no growth seen" : verdict);
    fclose(sheet->file);
    return grows;
}

static int ask_oracle(const char *folder, const char *files, char *said, size_t size)
{
    char command[200];
    snprintf(command, sizeof command, "scripts/verdict-oracle %s/%s 2>&1", folder, files);
    FILE *oracle = popen(command, "r");
    cr_assert_not_null(oracle);
    said[fread(said, 1, size - 1, oracle)] = '\0';
    return pclose(oracle);
}

Test(noise, the_oracle_agrees, .timeout = 120)
{
    char folder[] = "/tmp/churn-noise-XXXXXX", path[100], command[100], said[4000];
    struct sheet sheet = {0};
    int growing = 0;
    if (system("command -v python3 >/dev/null") != 0)
        cr_skip_test("python3 is not here: nothing recomputes the judge's numbers");
    cr_assert_not_null(mkdtemp(folder));
    rng_init(&sheet.rng, 9306);
    for (int i = 0; i < 120; i++) {
        sheet.processes = 2 + rng_below(&sheet.rng, 11);
        sheet.rungs = 8 + rng_below(&sheet.rng, 50);
        sheet.paired = rng_below(&sheet.rng, 2);
        sheet.kind = (int)rng_below(&sheet.rng, 4);
        sheet.rate = (int64_t)rng_below(&sheet.rng, 9000);
        snprintf(path, sizeof path, "%s/%d.json", folder, i);
        growing += write_sheet(&sheet, path, false);
    }
    cr_expect(growing > 10 && growing < 110, "%d of 120 grow: too one-sided to be a test", growing);
    cr_expect_eq(ask_oracle(folder, "*.json", said, sizeof said), 0, "%s", said);
    snprintf(path, sizeof path, "%s/lie.json", folder);
    write_sheet(&sheet, path, true);
    cr_expect_neq(ask_oracle(folder, "lie.json", said, sizeof said), 0, "it sees a difference");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}
