#include "harness/record/record.h"

#include <criterion/criterion.h>
#include <string.h>

Test(record_threshold, values_are_in_the_unit_of_the_metric)
{
    static const struct {
        enum threshold_kind kind;
        const char *text, *metric;
        double value;
        enum threshold_per per;
    } rows[] = {
        {THRESHOLD_BUDGET, "tombstones=0/op", "tombstones", 0, PER_OP},
        {THRESHOLD_BUDGET, "bytes_live=0.5B/op", "bytes_live", 0.5, PER_OP},
        {THRESHOLD_BUDGET, "bytes_live.items=1.5KiB/cycle", "bytes_live.items", 1536, PER_CYCLE},
        {THRESHOLD_BUDGET, "created=0.25/invalidation", "created", 0.25, PER_INVALIDATION},
        {THRESHOLD_BUDGET, "cpu_ns=2.5us/op", "cpu_ns", 2500, PER_OP},
        {THRESHOLD_LIMIT, "peak_rss=64MiB", "peak_rss_bytes", 67108864, PER_OP},
        {THRESHOLD_LIMIT, "rss=1MB", "rss_bytes", 1000000, PER_OP},
        {THRESHOLD_LIMIT, "bytes_live=0", "bytes_live", 0, PER_OP},
        {THRESHOLD_LIMIT, "fds=100", "fds", 100, PER_OP},
        {THRESHOLD_LIMIT, "created=2k", "created", 2000, PER_OP},
        {THRESHOLD_LIMIT, "somebodys_counter=3", "somebodys_counter", 3, PER_OP},
        {THRESHOLD_RATIO, "bytes_live=1.1", "bytes_live", 1.1, PER_OP},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct threshold threshold;
        struct problem why = {0};
        cr_assert_eq(threshold_parse(rows[i].kind, rows[i].text, &threshold, &why), ERR_NONE, "%s: %s", rows[i].text,
                     why.text);
        cr_expect_str_eq(threshold.metric, rows[i].metric);
        cr_expect_str_eq(threshold.text, rows[i].text);
        cr_expect_eq(threshold.value, rows[i].value, "%s: %g", rows[i].text, threshold.value);
        cr_expect_eq(threshold.per, rows[i].per, "%s", rows[i].text);
        threshold_free(&threshold);
    }
}

Test(record_threshold, what_is_wrong_is_refused_and_named)
{
    static const struct {
        enum threshold_kind kind;
        const char *text, *says;
    } rows[] = {
        {THRESHOLD_BUDGET, "tombstones", "expected METRIC=VALUE"},
        {THRESHOLD_BUDGET, "=0/op", "expected METRIC=VALUE"},
        {THRESHOLD_BUDGET, "tombstones=0", "expected VALUE/op"},
        {THRESHOLD_BUDGET, "tombstones=0/ops", "expected VALUE/op"},
        {THRESHOLD_BUDGET, "tombstones=0/op/op", "expected VALUE/op"},
        {THRESHOLD_BUDGET, "tombstone=0/op", "did you mean tombstones"},
        {THRESHOLD_BUDGET, "bytes_live=1/op", "0.5B"},
        {THRESHOLD_BUDGET, "tombstones=1B/op", "expected a number"},
        {THRESHOLD_BUDGET, "tombstones=-1/op", "expected a number"},
        {THRESHOLD_BUDGET, "tombstones=1e3/op", "expected a number"},
        {THRESHOLD_BUDGET, "tombstones=.5/op", "expected a number"},
        {THRESHOLD_BUDGET, "tombstones=/op", "expected a number"},
        {THRESHOLD_LIMIT, "fds=100/op", "without \"/\""},
        {THRESHOLD_LIMIT, "fds=", "expected a number"},
        {THRESHOLD_LIMIT, "peak_rss=64", "bytes with a unit"},
        {THRESHOLD_LIMIT, "peak_rss=64 MiB", "bytes with a unit"},
        {THRESHOLD_LIMIT, "fds=nan", "expected a number"},
        {THRESHOLD_LIMIT, "fds=99999999999999999999999999", "expected a number"},
        {THRESHOLD_RATIO, "bytes_live=1.1x", "a factor"},
        {THRESHOLD_RATIO, "bytes_live=0", "a factor"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct threshold threshold;
        struct problem why = {0};
        cr_expect_eq(threshold_parse(rows[i].kind, rows[i].text, &threshold, &why), ERR_INPUT, "%s", rows[i].text);
        cr_expect(strstr(why.text, rows[i].says), "%s: %s", rows[i].text, why.text);
        threshold_free(&threshold);
    }
}

Test(record_threshold, the_last_word_on_a_metric_counts)
{
    struct thresholds all = {0};
    static const char *const texts[] = {"fds=1", "open=2", "fds=3"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct threshold threshold;
        cr_assert_eq(threshold_parse(THRESHOLD_LIMIT, texts[i], &threshold, NULL), ERR_NONE);
        cr_assert_eq(thresholds_add(&all, &threshold), ERR_NONE);
        threshold_free(&threshold);
    }
    cr_assert_eq(all.count, 2);
    cr_expect_str_eq(all.list[0].text, "fds=3");
    cr_expect_str_eq(all.list[1].text, "open=2");
    thresholds_free(&all);
}
