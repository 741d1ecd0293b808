/* The table a person reads, and every sink on runs that no sane driver would leave behind. */
#include "harness/tests/report_sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/sparkline.h"

static char *print(const struct results *results, struct report_options options)
{
    struct buffer out = {0};
    struct problem why = {0};
    cr_assert_eq(report_find("terminal")->write(results, &options, &out, &why), ERR_NONE, "%s", why.text);
    return out.data;
}

static size_t columns_of(const char *line, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)line[i] & 0xC0) != 0x80;
    return columns;
}

/* Without what sets colours. */
static void strip_color(char *text)
{
    char *to = text;
    for (; *text; text++)
        if (*text == '\033')
            text = strchr(text, 'm');
        else
            *to++ = *text;
    *to = '\0';
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* sample_good: two cases of zio-9306 with three pools, one of ttl-saw with two: 8 rows of three backends each. */
Test(report_terminal, backends_that_agree_share_a_row)
{
    struct results *results = sample_good();
    char *text = print(results, (struct report_options){.utf8 = true});
    cr_assert_eq(count(text, "native asan memcheck"), 8, "%s", text);
    cr_assert_eq(count(text, "grows 7 tombstones per invalidation, as predicted"), 1, "%s", text);
    cr_assert_eq(count(text, "grows 63 tombstones per invalidation, as predicted"), 1, "%s", text);
    cr_assert(strstr(text, "24 runs: 24 passed\n"), "%s", text);
    cr_assert(strstr(text, "owner       3 cases: 3 stay bounded\n"), "%s", text);
    cr_assert(strstr(text, "broadcast   2 cases: 2 leak as the scenarios predict\n"), "%s", text);
    cr_assert_null(strstr(text, "max=4"), "a parameter that never changes tells nothing: %s", text);
    free(text);
    results_free(results);
}

/* sample_good: in zio-9306 every pool's curve is that of what grows in the leaky one. */
Test(report_terminal, a_curve_has_its_name)
{
    struct results *results = sample_good();
    char *text = print(results, (struct report_options){.utf8 = true});
    cr_assert(strstr(text, "finding                                             series"), "%s", text);
    cr_assert_eq(count(text, "  tombstones  "), 6, "%s", text);
    free(text);
    results_free(results);
}

/* What breaks is no leak: one pool hands an item to two callers, as the scenario said. */
Test(report_terminal, what_breaks_is_not_called_a_leak)
{
    struct results *results = sample_good();
    for (size_t i = 0; i < results->run_count; i++)
        if (strcmp(results->runs[i]->pool, "broadcast") == 0 && results->runs[i]->finding == FINDING_GROWS) {
            results->runs[i]->finding = FINDING_VIOLATES;
            cr_assert_eq(run_set_text(&results->runs[i]->metric, "I5"), ERR_NONE);
        }
    char *text = print(results, (struct report_options){.utf8 = true});
    cr_assert(strstr(text, "broadcast   2 cases: 2 break as the scenarios predict\n"), "%s", text);
    free(text);
    results_free(results);
}

Test(report_terminal, a_backend_that_disagrees_has_its_own_row)
{
    struct results *results = sample_good();
    struct run *odd = NULL;
    for (size_t i = 0; i < results->run_count && !odd; i++)
        if (strcmp(results->runs[i]->pool, "owner") == 0 && strcmp(results->runs[i]->backend, "asan") == 0)
            odd = results->runs[i];
    cr_assert_not_null(odd);
    odd->status = STATUS_BROKEN;
    cr_assert_eq(run_set_text(&odd->message, "bytes_live differs from native"), ERR_NONE);
    char *text = print(results, (struct report_options){.utf8 = true});
    cr_assert_eq(count(text, "native asan memcheck"), 7, "%s", text);
    cr_assert(strstr(text, "native memcheck "), "%s", text);
    cr_assert(strstr(text, "broken"), "%s", text);
    cr_assert(strstr(text, "bytes_live differs from native"), "%s", text);
    cr_assert(strstr(text, odd->repeat), "%s", text);
    free(text);
    results_free(results);
}

Test(report_terminal, every_line_fits_the_screen)
{
    struct results *all[] = {sample_good(), sample_large()};
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        for (int width = 60; width <= 200; width += 7) {
            char *text = print(all[s], (struct report_options){.utf8 = width % 2, .width = width});
            for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                cr_assert(columns_of(line, strcspn(line, "\n")) <= (size_t)width, "%d: %.*s", width,
                          (int)strcspn(line, "\n"), line);
            cr_assert(s > 0 || strstr(text, "owner"), "%s", text);
            free(text);
        }
        results_free(all[s]);
    }
}

Test(report_terminal, eighty_columns_still_say_as_predicted)
{
    struct results *results = sample_good();
    char *text = print(results, (struct report_options){.utf8 = true, .width = 80});
    cr_assert(strstr(text, "grows 63 tombstones/invalidation, as predicted"), "%s", text);
    cr_assert(strstr(text, "every row: native asan memcheck\n"), "%s", text);
    free(text);
    results_free(results);
}

Test(report_terminal, colour_only_adds_colour)
{
    struct results *results = sample_troubled();
    char *plain = print(results, (struct report_options){.utf8 = true, .width = 100});
    char *colored = print(results, (struct report_options){.utf8 = true, .width = 100, .color = true});
    cr_assert_null(strchr(plain, '\033'));
    cr_assert(strchr(colored, '\033'));
    strip_color(colored);
    cr_assert_str_eq(colored, plain);
    free(plain);
    free(colored);
    results_free(results);
}

Test(report_terminal, hostile_texts_cannot_move_the_cursor)
{
    struct results *results = sample_troubled();
    for (int utf8 = 0; utf8 < 2; utf8++) {
        char *text = print(results, (struct report_options){.utf8 = utf8, .verbose = true});
        for (const char *at = text; *at; at++)
            cr_assert((unsigned char)*at >= 0x20 || *at == '\n', "a control character: %d", *at);
        for (const char *at = text; *at && !utf8; at++)
            cr_assert((unsigned char)*at < 0x80, "not ASCII");
        free(text);
    }
    results_free(results);
}

Test(report_terminal, whatever_is_not_a_pass_has_a_reason_and_a_command)
{
    struct results *results = sample_troubled();
    char *text = print(results, (struct report_options){.utf8 = true});
    for (size_t i = 0; i < results->run_count; i++) {
        const struct run *run = results->runs[i];
        if (run->status == STATUS_PASS || strchr(run->repeat, '<'))
            continue;
        bool folded = strstr(run->repeat, "native") == NULL || strcmp(run->scenario, "scope-close") == 0;
        cr_assert(folded || strstr(text, run->repeat), "%s", run->repeat);
    }
    cr_assert(strstr(text, "expected to grow, but finalizers stay at 8"), "%s", text);
    cr_assert(strstr(text, "no answer within 20 s"), "%s", text);
    cr_assert(strstr(text, "1 run: the subject cannot do: advance"), "%s", text);
    free(text);
    results_free(results);
}

/* One pool fails alike under three backends: the native one is the quickest to repeat; the log of a tool says more. */
Test(report_terminal, one_of_several_speaks)
{
    static const char *const expected[] = {"--under native", "--under memcheck"};
    struct results *results = sample_good();
    for (size_t with_log = 0; with_log < ARRAY_LEN(expected); with_log++) {
        for (size_t i = 0; i < results->run_count; i++) {
            struct run *run = results->runs[i];
            if (strcmp(run->pool, "broadcast") != 0)
                continue;
            run->status = STATUS_FAIL;
            if (with_log && strcmp(run->backend, "memcheck") == 0)
                cr_assert_eq(run_set_text(&run->log, "lost"), ERR_NONE);
        }
        char *text = print(results, (struct report_options){.utf8 = true});
        cr_expect_eq(count(text, "repeat: "), 2, "%s", text);
        cr_expect_eq(count(text, expected[with_log]), 2, "%s", text);
        free(text);
    }
    results_free(results);
}

Test(report_terminal, no_runs)
{
    struct results *results = results_make();
    char *text = print(results, (struct report_options){.folder = "results/runs/x"});
    cr_assert(strstr(text, "0 runs: nothing was run\nresults: results/runs/x/results.json\n"), "%s", text);
    free(text);
    results_free(results);
}

/* ---- sparklines ------------------------------------------------------------------------------------------------- */

static char *draw(int64_t *values, size_t n, size_t width)
{
    char name[] = "open";
    const struct series series = {.name = name, .values = values};
    struct buffer out = {0};
    sparkline_add(&out, &series, n, width, true);
    buffer_add_text(&out, "");
    return out.data;
}

Test(report_sparkline, shapes)
{
    int64_t ramp[] = {0, 1, 2, 3, 4, 5, 6, 7}, flat[] = {5, 5, 5, 5}, peak[] = {0, 0, 0, 7, 0, 0, 0, 0};
    int64_t gap[] = {0, RECORD_NONE, 7}, none[] = {RECORD_NONE, RECORD_NONE}, wide[] = {INT64_MIN + 1, 0, INT64_MAX};
    const struct {
        int64_t *values;
        size_t count, width;
        const char *shows;
    } rows[] = {
        {ramp, 8, 8, "▁▂▃▄▅▆▇█"}, {ramp, 8, 80, "▁▂▃▄▅▆▇█"}, {ramp, 8, 4, "▂▄▆█"}, {flat, 4, 8, "▁▁▁▁"},
        {peak, 8, 4, "▁█▁▁"},     {gap, 3, 8, "▁ █"},        {none, 2, 8, "  "},   {wide, 3, 8, "▁▅█"},
        {ramp, 1, 8, "▁"},        {ramp, 0, 8, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = draw(rows[i].values, rows[i].count, rows[i].width);
        cr_expect_str_eq(text ? text : "", rows[i].shows, "row %zu: \"%s\"", i, text);
        free(text);
    }
}

/* ---- every sink, odd runs ------------------------------------------------------------------------------------------ */

static const char *odd_text(struct rng *rng)
{
    static const char *const texts[] = {NULL,           "",          "x",           "per ", "tombstones",
                                        "\xff\xfe\x01", "a\nb\tc\r", SAMPLE_HOSTILE};
    return texts[rng_below(rng, ARRAY_LEN(texts))];
}

static int64_t odd_number(struct rng *rng)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN + 1, RECORD_NONE, 1000000};
    return numbers[rng_below(rng, ARRAY_LEN(numbers))];
}

static double odd_rate(struct rng *rng)
{
    const double rates[] = {0, 1, -1, 1e300, -1e-300, NAN, INFINITY, 1.0 / 3};
    return rates[rng_below(rng, ARRAY_LEN(rates))];
}

#define MUST(CALL) cr_assert_eq((CALL), ERR_NONE)

static void add_odd_samples(struct run *run, struct rng *rng)
{
    static const char *const names[] = {"tombstones", "bytes_live", "created", "never heard of", "idle"};
    for (uint64_t n = rng_below(rng, 4); n > 0; n--) {
        size_t rung;
        MUST(run_add_rung(run, odd_number(rng), odd_number(rng), odd_number(rng), odd_number(rng), &rung));
        for (uint64_t s = rng_below(rng, 4); s > 0; s--)
            MUST(run_sample(run, names[rng_below(rng, ARRAY_LEN(names))], rung, odd_number(rng)));
    }
}

static void add_odd_judgement(struct run *run, struct rng *rng)
{
    for (uint64_t n = rng_below(rng, 4); n > 0; n--) {
        char name[] = "tombstones", unit[] = "per get";
        const struct found found = {.finding = (enum finding)rng_below(rng, FINDING_COUNT),
                                    .metric = rng_below(rng, 2) ? name : NULL,
                                    .rate = odd_rate(rng),
                                    .rate_unit = rng_below(rng, 2) ? unit : NULL,
                                    .rung = odd_number(rng)};
        MUST(run_add_found(run, &found));
    }
    for (uint64_t n = rng_below(rng, 2); n > 0; n--)
        MUST(run_add_violation(run, odd_text(rng), odd_text(rng), odd_text(rng), odd_number(rng), odd_number(rng)));
    if (rng_below(rng, 2)) {
        struct expected_metric *expected = NULL;
        MUST(expectation_add_metric(&run->expectation, "tombstones", RELATION_GROWS, &expected));
    }
    run->expectation.finding = (enum finding)rng_below(rng, FINDING_COUNT);
}

static struct run *odd_run(struct rng *rng)
{
    struct run *run = run_make();
    char **texts[] = {&run->scenario, &run->file,          &run->about,  &run->pool,   &run->backend,
                      &run->repeat,   &run->ending_detail, &run->log,    &run->metric, &run->rate_unit,
                      &run->message,  &run->twin_differs,  &run->control};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        MUST(run_set_text(texts[i], odd_text(rng)));
    for (uint64_t n = rng_below(rng, 3); n > 0; n--)
        MUST(run_add_param(run, n == 1 ? "keys" : "max", SAMPLE_HOSTILE));
    run->seed = rng_next(rng);
    run->status = (enum status)rng_below(rng, STATUS_COUNT);
    run->finding = (enum finding)rng_below(rng, FINDING_COUNT);
    run->ending = (enum ending)rng_below(rng, ENDING_COUNT);
    run->rate = odd_rate(rng);
    run->wall_ns = odd_number(rng);
    run->ops = odd_number(rng);
    run->lost_bytes = odd_number(rng);
    add_odd_samples(run, rng);
    add_odd_judgement(run, rng);
    return run;
}

Test(report_odd, no_sink_stumbles, .timeout = 120)
{
    for (uint64_t seed = 0; seed < 150; seed++) {
        struct rng rng;
        struct results *results = results_make();
        rng_init(&rng, seed);
        for (uint64_t n = rng_below(&rng, 6); n > 0; n--)
            MUST(results_add(results, odd_run(&rng)));
        for (size_t i = 0; i < report_count(); i++) {
            const struct report *report = report_at(i);
            const struct report_options options = {
                .utf8 = seed & 1, .color = seed & 2, .verbose = seed & 4, .width = (int)rng_below(&rng, 130)};
            struct buffer out = {0};
            struct problem why = {0};
            if (strcmp(report->name, "html") == 0 && seed >= 8)
                continue; /* it starts gnuplot each time */
            cr_assert_eq(report->write(results, &options, &out, &why), ERR_NONE, "%s, seed %d: %s", report->name,
                         (int)seed, why.text);
            buffer_free(&out);
        }
        results_free(results);
    }
}

Test(report_registry, is_sorted_and_has_no_doubles)
{
    cr_assert(report_count() >= 2 && report_find("terminal") && report_find("json"));
    cr_assert_null(report_find("nonsense"));
    cr_assert_null(report_at(report_count()));
    for (size_t i = 1; i < report_count(); i++)
        cr_assert(strcmp(report_at(i - 1)->name, report_at(i)->name) < 0);
}
