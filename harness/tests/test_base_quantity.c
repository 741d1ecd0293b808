#include "harness/base/base.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

typedef enum err (*parse_fn)(const char *text, int64_t *out, struct problem *why);

struct right {
    const char *text;
    int64_t value;
};

static void check_right(parse_fn parse, const struct right *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -1;
        struct problem why = {0};
        cr_assert_eq(parse(rows[i].text, &value, &why), ERR_NONE, "%s: %s", rows[i].text, why.text);
        cr_assert_eq(value, rows[i].value, "%s gave %" PRId64, rows[i].text, value);
    }
}

static void check_wrong(parse_fn parse, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -1;
        struct problem why = {0};
        cr_assert_eq(parse(texts[i], &value, &why), ERR_INPUT, "\"%s\" gave %" PRId64, texts[i], value);
        cr_assert(strstr(why.text, "column") && strstr(why.text, "expected") && strstr(why.text, "found"), "%s",
                  why.text);
    }
}

Test(base_quantity, durations)
{
    static const struct right right[] = {
        {"0s", 0},
        {"60s", 60 * SECOND},
        {"5ms", SECOND / 200},
        {"250us", 250000},
        {"10ns", 10},
        {"2m", 120 * SECOND},
        {"12h", 12 * 3600 * SECOND},
        {"30d", 30 * 86400 * SECOND},
        {"inf", INT64_MAX},
        {"1.5s", 3 * SECOND / 2},
        {"0.000000001s", 1},
        {"0.5m", 30 * SECOND},
        {"1.0ns", 1},
        {"007s", 7 * SECOND},
        {"9223372036854775806ns", INT64_MAX - 1},
        {"106751d", INT64_C(106751) * 86400 * SECOND},
    };
    static const char *const wrong[] = {
        "",
        "60",
        "s",
        "60 s",
        " 60s",
        "60s ",
        "60S",
        "-1s",
        "+1s",
        "1e3s",
        "0x10s",
        "1.s",
        ".5s",
        "1.5.5s",
        "1,5s",
        "60sec",
        "1h30m",
        "inf ",
        "INF",
        "infinite",
        "nan",
        "0.5ns",
        "1.23ns",
        "106752d",
        "9223372036854775807ns",
        "99999999999999999999999999s",
        "\xc2\xb5s",
        "60s\n",
        "0.00000000000000000000000000000000001s",
    };
    check_right(quantity_parse_duration, right, ARRAY_LEN(right));
    check_wrong(quantity_parse_duration, wrong, ARRAY_LEN(wrong));
}

Test(base_quantity, sizes)
{
    static const struct right right[] = {
        {"0", 0},         {"0B", 0},           {"512B", 512},
        {"64KiB", 65536}, {"1.5MiB", 1572864}, {"2GiB", INT64_C(2147483648)},
        {"10kB", 10000},  {"1MB", 1000000},    {"3GB", INT64_C(3000000000)},
        {"0.5KiB", 512},
    };
    static const char *const wrong[] = {"512", "64KB",  "64kib",          "64K", "1.5B",
                                        "0.0", "1 MiB", "99999999999GiB", "-1B", "inf"};
    check_right(quantity_parse_bytes, right, ARRAY_LEN(right));
    check_wrong(quantity_parse_bytes, wrong, ARRAY_LEN(wrong));
}

Test(base_quantity, counts)
{
    static const struct right right[] = {
        {"0", 0},
        {"250", 250},
        {"100k", 100000},
        {"2M", 2000000},
        {"1G", 1000000000},
        {"1.5k", 1500},
        {"9223372036854775806", INT64_MAX - 1},
    };
    static const char *const wrong[] = {"", "k", "1K", "1.5", "-1", "1e6", "1_000", "9223372036854775807", "10s"};
    check_right(quantity_parse_count, right, ARRAY_LEN(right));
    check_wrong(quantity_parse_count, wrong, ARRAY_LEN(wrong));
}

Test(base_quantity, says_where)
{
    struct problem why;
    int64_t value;
    cr_assert_eq(quantity_parse_duration("12x", &value, &why), ERR_INPUT);
    cr_assert(strncmp(why.text, "column 3: expected a duration", 29) == 0, "%s", why.text);
    cr_assert_not_null(strstr(why.text, "found \"x\""));
    cr_assert_eq(quantity_parse_duration("12", &value, &why), ERR_INPUT);
    cr_assert_not_null(strstr(why.text, "found the end"));
}

Test(base_quantity, durations_with_a_sign)
{
    static const struct right right[] = {
        {"1h", 3600 * SECOND}, {"-1h", -3600 * SECOND}, {"-0s", 0}, {"-1.5s", -3 * SECOND / 2}};
    static const char *const wrong[] = {"",    "-",    "--1h", "+1h",    "inf",     "-inf",
                                        "1h-", "- 1h", "-1",   "-0.5ns", "-106752d"};
    check_right(quantity_parse_signed_duration, right, ARRAY_LEN(right));
    check_wrong(quantity_parse_signed_duration, wrong, ARRAY_LEN(wrong));
}

Test(base_quantity, prints_the_shortest_duration)
{
    static const struct right rows[] = {
        {"0s", 0},
        {"inf", INT64_MAX},
        {"1m", 60 * SECOND},
        {"61s", 61 * SECOND},
        {"1.5s", 3 * SECOND / 2},
        {"90s", 90 * SECOND},
        {"1d", 86400 * SECOND},
        {"1ms", 1000000},
        {"1000001ns", 1000001},
        {"1us", 1000},
        {"-1h", -3600 * SECOND},
        {"-1.5s", -3 * SECOND / 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[32];
        quantity_print_duration(rows[i].value, out, sizeof(out));
        cr_assert_str_eq(out, rows[i].text);
    }
}

/* Whatever the value, printing and parsing gives it back, in 31 bytes at most. */
Test(base_quantity, printed_durations_parse_back)
{
    struct rng rng;
    rng_init(&rng, 42);
    for (int i = 0; i < 20000; i++) {
        int64_t ns = (int64_t)(rng_next(&rng) >> (1 + rng_below(&rng, 62)));
        if (i % 2 == 0)
            ns -= ns % (SECOND / 10);
        char out[32];
        int64_t back = -1;
        quantity_print_duration(ns, out, sizeof(out));
        cr_assert_eq(quantity_parse_duration(out, &back, NULL), ERR_NONE, "%s", out);
        cr_assert_eq(back, ns, "%s", out);
    }
}

Test(base_quantity, bytes_for_people)
{
    static const struct right rows[] = {
        {"0 B", 0},          {"999 B", 999},      {"1.00 KiB", 1024}, {"1.21 MiB", 1268777},
        {"12.0 KiB", 12288}, {"100 KiB", 102400}, {"0.98 KiB", 1000}, {"-1.00 KiB", -1024},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[32];
        quantity_print_bytes(rows[i].value, out, sizeof(out));
        cr_assert_str_eq(out, rows[i].text);
    }
}
