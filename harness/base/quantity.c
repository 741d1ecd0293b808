/*
 * Strict quantities: decimal digits, perhaps a fraction, then a unit from a table. Everything is integer arithmetic:
 * "0.1s" is
 * exactly 100 ms, and what does not come out whole is an error, never rounded.
 */
#include "harness/base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* The whole rest of the text must be the unit, so the order is free; printing prefers later ones. */
static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", INT64_C(1000000000)},
    {"m", INT64_C(60) * 1000000000},
    {"h", INT64_C(3600) * 1000000000},
    {"d", INT64_C(86400) * 1000000000},
};
static const struct unit bytes_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
};
static const struct unit count_units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}};

struct kind {
    const char *expected; /* for messages */
    const struct unit *units;
    size_t unit_count;
    bool zero_needs_no_unit, may_be_negative;
};

static const struct kind duration_kind = {"a duration like 60s (units ns, us, ms, s, m, h, d) or inf", duration_units,
                                          ARRAY_LEN(duration_units), false, false};
static const struct kind signed_duration_kind = {"a duration like 60s or -60s (units ns, us, ms, s, m, h, d)",
                                                 duration_units, ARRAY_LEN(duration_units), false, true};
static const struct kind bytes_kind = {"a size like 64KiB (units B, kB, MB, GB, KiB, MiB, GiB) or 0", bytes_units,
                                       ARRAY_LEN(bytes_units), true, false};
static const struct kind count_kind = {"a count like 250 or 100k (units k, M, G)", count_units, ARRAY_LEN(count_units),
                                       false, false};

/* The most digits of a fraction that are looked at: 10^12 times the largest factor still fits 128 bits many times
 * over. */
#define FRACTION_DIGITS_MAX 12

static enum err wrong(const struct kind *kind, const char *text, const char *at, struct problem *why)
{
    char found[48];
    text_make_printable(at, strlen(at), found, sizeof(found));
    if (*at == '\0')
        return problem_set(why, ERR_INPUT, "column %zu: expected %s, found the end", (size_t)(at - text) + 1,
                           kind->expected);
    return problem_set(why, ERR_INPUT, "column %zu: expected %s, found \"%s\"", (size_t)(at - text) + 1, kind->expected,
                       found);
}

static enum err out_of_range(const struct kind *kind, const char *text, const char *trouble, struct problem *why)
{
    char found[48];
    text_make_printable(text, strlen(text), found, sizeof(found));
    return problem_set(why, ERR_INPUT, "column 1: expected %s, found \"%s\", which %s", kind->expected, found, trouble);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct unit *unit_find(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->unit_count; i++)
        if (strcmp(kind->units[i].name, name) == 0)
            return &kind->units[i];
    return NULL;
}

/* A number without its unit: digits / 10^decimals. */
struct decimal {
    __int128 digits;
    int decimals;
    bool too_big;
    bool too_fine;
};

/* Reads digits and perhaps a fraction. Returns where it stopped; on wrong input that is where a digit was missing,
 * with *ok = false. */
static const char *decimal_read(const char *at, struct decimal *out, bool *ok)
{
    *out = (struct decimal){0};
    *ok = is_digit(*at);
    for (; is_digit(*at); at++) {
        out->digits = out->digits * 10 + (*at - '0');
        if (out->digits > INT64_MAX)
            out->too_big = true, out->digits = INT64_MAX;
    }
    if (!*ok || *at != '.')
        return at;

    at++;
    *ok = is_digit(*at);
    for (; is_digit(*at); at++) {
        if (out->decimals == FRACTION_DIGITS_MAX) {
            out->too_fine |= *at != '0';
            continue;
        }
        out->digits = out->digits * 10 + (*at - '0');
        out->decimals++;
    }
    return at;
}

static enum err parse(const struct kind *kind, const char *text, int64_t *out, struct problem *why)
{
    struct decimal number;
    bool ok, negative = kind->may_be_negative && text[0] == '-';
    const char *rest = decimal_read(text + negative, &number, &ok);
    if (!ok)
        return wrong(kind, text, rest, why);

    const struct unit *unit = unit_find(kind, rest);
    bool bare_zero = kind->zero_needs_no_unit && number.digits == 0 && number.decimals == 0 && *rest == '\0';
    if (unit == NULL && !bare_zero)
        return wrong(kind, text, rest, why);
    if (number.too_big)
        return out_of_range(kind, text, "is too large", why);

    __int128 value = number.digits * (unit != NULL ? unit->factor : 1);
    for (int i = 0; i < number.decimals; i++) {
        number.too_fine |= value % 10 != 0;
        value /= 10;
    }
    if (number.too_fine)
        return out_of_range(kind, text, "is no whole number of the smallest unit", why);
    if (value >= INT64_MAX)
        return out_of_range(kind, text, "is too large", why);
    *out = negative ? -(int64_t)value : (int64_t)value;
    return ERR_NONE;
}

enum err quantity_parse_duration(const char *text, int64_t *ns, struct problem *why)
{
    if (strcmp(text, "inf") == 0) {
        *ns = INT64_MAX;
        return ERR_NONE;
    }
    return parse(&duration_kind, text, ns, why);
}

enum err quantity_parse_signed_duration(const char *text, int64_t *ns, struct problem *why)
{
    return parse(&signed_duration_kind, text, ns, why);
}

enum err quantity_parse_bytes(const char *text, int64_t *bytes, struct problem *why)
{
    return parse(&bytes_kind, text, bytes, why);
}

enum err quantity_parse_count(const char *text, int64_t *count, struct problem *why)
{
    return parse(&count_kind, text, count, why);
}

/* Writes `ns` in `unit`. False: it has no finite decimal form there (1s is 0.01666...m). */
static bool print_in_unit(int64_t ns, const struct unit *unit, char *out, size_t size)
{
    char fraction[FRACTION_DIGITS_MAX + 1];
    size_t decimals = 0;
    __int128 rest = ns % unit->factor;
    while (rest != 0 && decimals < FRACTION_DIGITS_MAX) {
        rest *= 10;
        fraction[decimals++] = (char)('0' + (int)(rest / unit->factor));
        rest %= unit->factor;
    }
    if (rest != 0)
        return false;
    fraction[decimals] = '\0';
    (void)snprintf(out, size, "%" PRId64 "%s%s%s", ns / unit->factor, decimals > 0 ? "." : "", fraction, unit->name);
    return true;
}

void quantity_print_duration(int64_t ns, char *out, size_t size)
{
    if (ns == INT64_MAX) {
        (void)snprintf(out, size, "inf");
        return;
    }
    if (ns == 0) {
        (void)snprintf(out, size, "0s");
        return;
    }
    const bool back = ns < 0;
    if (back)
        ns = -ns;
    char best[48] = "";
    for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
        char text[48];
        if (print_in_unit(ns, &duration_units[i], text, sizeof(text)) &&
            (best[0] == '\0' || strlen(text) <= strlen(best)))
            memcpy(best, text, sizeof(best));
    }
    (void)snprintf(out, size, "%s%s", back ? "-" : "", best);
}

void quantity_print_bytes(int64_t bytes, char *out, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while ((value >= 999.5 || value <= -999.5) && unit + 1 < ARRAY_LEN(units)) {
        value /= 1024;
        unit++;
    }
    double size_of_value = value < 0 ? -value : value;
    int decimals = unit == 0 || size_of_value >= 99.95 ? 0 : size_of_value >= 9.995 ? 1 : 2;
    (void)snprintf(out, size, "%.*f %s", decimals, value, units[unit]);
}
