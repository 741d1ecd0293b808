#include "harness/tests/report_sample.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(report_text, escapes_for_each_place)
{
    static const struct {
        enum markup markup;
        const char *text, *expected;
    } cases[] = {
        {MARKUP_LINE, "a\nb\tc\r\nd", "a b c d"},
        {MARKUP_XML, "<a>\n&", "<a>\n&"},
        {MARKUP_HTML, "<a href=\"x\">'&\n", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\n"},
        {MARKUP_MARKDOWN, "*a*|@b #1\n`c`", "\\*a\\*&#124;@<!-- -->b #<!-- -->1<br>\\`c\\`"},
        {MARKUP_CSV, "=1+\"2\"", "'=1+\"\"2\"\""},
        {MARKUP_TAP, "a # b \\ c\nd", "a \\# b \\\\ c d"},
        {MARKUP_YAML, "a\"b\\c\nd", "a\\\"b\\\\c\\nd"},
        {MARKUP_OPENMETRICS, "a\"b\\c\nd", "a\\\"b\\\\c\\nd"},
        {MARKUP_GITHUB_DATA, "50%: a, b\nc", "50%25: a, b%0Ac"},
        {MARKUP_GITHUB_PROPERTY, "50%: a, b\nc", "50%25%3A a%2C b%0Ac"},
        {MARKUP_HTML, "\x01 ü \xff", "\\x01 ü \\xFF"},
        {MARKUP_LINE, "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer out = {0};
        buffer_add_text(&out, "");
        text_add(&out, cases[i].text, cases[i].markup);
        cr_assert_str_eq(out.data ? out.data : "", cases[i].expected, "case %zu", i);
        buffer_free(&out);
    }
}

Test(report_text, numbers)
{
    static const struct {
        int64_t value;
        const char *expected;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {-1234567, "-1,234,567"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer out = {0};
        text_add_count(&out, cases[i].value);
        cr_assert_str_eq(out.data, cases[i].expected);
        buffer_free(&out);
    }
}

Test(report_text, values_carry_the_unit_of_their_metric)
{
    struct buffer out = {0};
    text_add_value(&out, "tombstones", 7000);
    buffer_add_text(&out, "|");
    text_add_value(&out, "wall_ns", 2500000);
    buffer_add_text(&out, "|");
    text_add_value(&out, "of a foreign pool", 5);
    buffer_add_text(&out, "|");
    text_add_value(&out, "tombstones", RECORD_NONE);
    cr_assert_str_eq(out.data, "7,000 entries|2.5 ms|5|-");
    buffer_free(&out);
}

Test(report_overview, groups_what_a_person_reads_as_one)
{
    struct results *results = sample_troubled();
    struct overview overview;
    cr_assert_eq(overview_make(&overview, results), ERR_NONE);
    cr_assert_eq(overview.run_count, 32);
    cr_assert_eq(overview.panel_count, 8);
    /* the leak under three backends is one trouble; the worst come first */
    cr_assert_eq(overview.trouble_count, 5);
    size_t runs = 0;
    for (size_t i = 0; i < overview.trouble_count; i++) {
        runs += overview.troubles[i].count;
        if (i > 0)
            cr_assert_leq(status_rank(overview.troubles[i - 1].runs[0]->status),
                          status_rank(overview.troubles[i].runs[0]->status));
    }
    cr_assert_eq(runs, 7);
    cr_assert_eq(overview.backend_count, 3);
    cr_assert_str_eq(overview.backends[0], "native");
    cr_assert_str_eq(overview.backends[2], "memcheck");
    overview_free(&overview);
    results_free(results);
}

Test(report_overview, order_of_the_file_does_not_matter)
{
    struct results *results = sample_good();
    struct overview overview;
    struct run *first = results->runs[0];
    results->runs[0] = results->runs[results->run_count - 1];
    results->runs[results->run_count - 1] = first;
    cr_assert_eq(overview_make(&overview, results), ERR_NONE);
    cr_assert_eq(overview.panel_count, 3);
    overview_free(&overview);
    results_free(results);
}

Test(report_text, says_how_many_seeds_were_tried)
{
    static const struct {
        struct tried tried;
        const char *words;
    } rows[] = {
        {{0}, ""},
        {{.seeds = 1, .ops = 1}, "1 seed tried, 1 operation"},
        {{.seeds = 412, .ops = 1234567}, "412 seeds tried, 1,234,567 operations"},
    };
    struct results *results = results_make();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer out = {0};
        struct run *run = run_make();
        buffer_add(&out, "", 0);
        text_add_tried(&out, &rows[i].tried);
        cr_expect_str_eq(out.length > 0 ? out.data : "", rows[i].words);
        run->tried = rows[i].tried;
        cr_assert_eq(results_add(results, run), ERR_NONE);
        buffer_free(&out);
    }
    struct tried sum = text_sum_tried(results);
    cr_expect_eq(sum.seeds, 413);
    cr_expect_eq(sum.ops, 1234568);
    results->runs[0]->tried.ops = INT64_MAX;
    cr_expect_eq(text_sum_tried(results).ops, INT64_MAX, "no overflow");
    results_free(results);
}
