#include "harness/report/report_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct escape {
    char from;
    const char *to;
};

/* How one place wants a text: what a line break becomes, and which characters are written differently. */
struct place {
    const char *line_break;
    struct escape escapes[20];
};

/* Markdown: a mention or an issue number would notify people; an empty comment splits the word without being seen. */
static const struct place places[MARKUP_COUNT] = {
    [MARKUP_LINE] = {" ", {{0, NULL}}},
    [MARKUP_XML] = {"\n", {{0, NULL}}},
    [MARKUP_HTML] = {"\n", {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}, {0, NULL}}},
    [MARKUP_MARKDOWN] = {"<br>",
                         {{'&', "&amp;"},
                          {'<', "&lt;"},
                          {'>', "&gt;"},
                          {'"', "&quot;"},
                          {'\\', "\\\\"},
                          {'`', "\\`"},
                          {'*', "\\*"},
                          {'_', "\\_"},
                          {'[', "\\["},
                          {']', "\\]"},
                          {'!', "\\!"},
                          {'~', "\\~"},
                          {'$', "\\$"},
                          {'|', "&#124;"},
                          {'@', "@<!-- -->"},
                          {'#', "#<!-- -->"},
                          {0, NULL}}},
    [MARKUP_CSV] = {"\n", {{'"', "\"\""}, {0, NULL}}},
    [MARKUP_TAP] = {" ", {{'\\', "\\\\"}, {'#', "\\#"}, {0, NULL}}},
    [MARKUP_YAML] = {"\\n", {{'\\', "\\\\"}, {'"', "\\\""}, {0, NULL}}},
    [MARKUP_OPENMETRICS] = {"\\n", {{'\\', "\\\\"}, {'"', "\\\""}, {0, NULL}}},
    [MARKUP_GITHUB_DATA] = {"%0A", {{'%', "%25"}, {0, NULL}}},
    [MARKUP_GITHUB_PROPERTY] = {"%0A", {{'%', "%25"}, {':', "%3A"}, {',', "%2C"}, {0, NULL}}},
};

static const char *escape_find(const struct place *place, char from)
{
    for (const struct escape *escape = place->escapes; escape->to; escape++)
        if (escape->from == from)
            return escape->to;
    return NULL;
}

/* U+FFFE and U+FFFF are valid UTF-8 but no characters of XML. */
static bool is_noncharacter(const char *at)
{
    return (unsigned char)at[0] == 0xEF && (unsigned char)at[1] == 0xBF && ((unsigned char)at[2] | 1) == 0xBF;
}

static void add_escaped(struct buffer *out, const char *text, const struct place *place)
{
    const char *plain = text;
    for (; *text; text++) {
        const char *to = is_noncharacter(text) ? "?" : escape_find(place, *text);
        if (!to)
            continue;
        buffer_add(out, plain, (size_t)(text - plain));
        buffer_add_text(out, to);
        if (is_noncharacter(text))
            text += 2;
        plain = text + 1;
    }
    buffer_add(out, plain, (size_t)(text - plain));
}

/* One line of the text, without its break. */
static void add_segment(struct buffer *out, const char *text, size_t length, const struct place *place)
{
    size_t size = 4 * length + 1;
    char *printable = malloc(size);
    if (!printable) {
        out->failed = true;
        return;
    }
    add_escaped(out, text_make_printable(text, length, printable, size), place);
    free(printable);
}

void text_add(struct buffer *out, const char *text, enum markup markup)
{
    const struct place *place = &places[markup];
    if (!text)
        return;
    /* A spreadsheet takes a cell that begins like this for a formula. */
    if (markup == MARKUP_CSV && *text && strchr("=+-@", *text))
        buffer_add_text(out, "'");
    for (;;) {
        size_t length = strcspn(text, "\r\n\t");
        add_segment(out, text, length, place);
        text += length;
        if (!*text)
            return;
        if (text[0] == '\r' && text[1] == '\n')
            text++;
        buffer_add_text(out, *text == '\t' ? " " : place->line_break);
        text++;
    }
}

void text_add_cut(struct buffer *out, const char *text, size_t limit, enum markup markup)
{
    if (!text || strlen(text) <= limit) {
        text_add(out, text, markup);
        return;
    }
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80)
        limit--;
    char *start = strndup(text, limit);
    out->failed |= !start;
    text_add(out, start, markup);
    buffer_add_text(out, "…");
    free(start);
}

void text_add_count(struct buffer *out, int64_t value)
{
    char digits[32], grouped[48];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value < 0 ? -(uint64_t)value : (uint64_t)value);
    size_t used = 0;
    if (value < 0)
        grouped[used++] = '-';
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = digits[i];
    }
    buffer_add(out, grouped, used);
}

bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

const char *text_unit(const char *metric)
{
    const struct metric *known = metric ? metric_find(metric) : NULL;
    return known && known->unit ? known->unit : "";
}

static void add_nanoseconds(struct buffer *out, int64_t ns)
{
    static const struct {
        double ns;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && fabs((double)ns) < units[i].ns)
        i++;
    buffer_addf(out, "%.3g %s", (double)ns / units[i].ns, units[i].unit);
}

void text_add_value(struct buffer *out, const char *metric, int64_t value)
{
    const char *unit = text_unit(metric);
    if (value == RECORD_NONE) {
        buffer_add_text(out, "-");
    } else if (strcmp(unit, "bytes") == 0) {
        char text[32];
        quantity_print_bytes(value, text, sizeof text);
        buffer_add_text(out, text);
    } else if (strcmp(unit, "ns") == 0) {
        add_nanoseconds(out, value);
    } else {
        text_add_count(out, value);
        buffer_addf(out, "%s%s", *unit ? " " : "", unit);
    }
}

void text_add_params(struct buffer *out, const struct run *run, enum markup markup)
{
    for (size_t i = 0; i < run->param_count; i++) {
        buffer_add_text(out, i > 0 ? " " : "");
        text_add(out, run->params[i].name, markup);
        buffer_add_text(out, "=");
        text_add(out, run->params[i].value, markup);
    }
}

void text_add_tried(struct buffer *out, const struct tried *tried)
{
    if (tried->seeds == 0)
        return;
    text_add_count(out, tried->seeds);
    buffer_add_text(out, tried->seeds == 1 ? " seed tried, " : " seeds tried, ");
    text_add_count(out, tried->ops);
    buffer_add_text(out, tried->ops == 1 ? " operation" : " operations");
}

struct tried text_sum_tried(const struct results *results)
{
    struct tried sum = {0};
    for (size_t i = 0; i < results->run_count; i++) {
        const struct tried *tried = &results->runs[i]->tried;
        if (__builtin_add_overflow(sum.seeds, tried->seeds, &sum.seeds))
            sum.seeds = INT64_MAX;
        if (__builtin_add_overflow(sum.ops, tried->ops, &sum.ops))
            sum.ops = INT64_MAX;
    }
    return sum;
}

void text_add_run(struct buffer *out, const struct run *run, enum markup markup)
{
    text_add(out, run->scenario, markup);
    buffer_add_text(out, run->param_count > 0 ? " " : "");
    text_add_params(out, run, markup);
    buffer_add_text(out, " / ");
    text_add(out, run->pool, markup);
    buffer_add_text(out, " / ");
    text_add(out, run->backend, markup);
    buffer_addf(out, " / seed %" PRIu64, run->seed);
}

const char *text_rate_per(const char *rate_unit)
{
    if (!rate_unit || !*rate_unit)
        return "cycle";
    return strncmp(rate_unit, "per ", 4) == 0 ? rate_unit + 4 : rate_unit;
}

void text_add_finding(struct buffer *out, enum finding finding, const char *metric, double rate, const char *rate_unit,
                      enum markup markup)
{
    buffer_add_text(out, finding_name(finding));
    if (!metric || !*metric)
        return;
    buffer_add_text(out, ": ");
    text_add(out, metric, markup);
    if (finding != FINDING_GROWS || !isfinite(rate) || fabs(rate) < 1e-300)
        return;
    buffer_addf(out, " %+.6g per ", rate);
    text_add(out, text_rate_per(rate_unit), markup);
}

void text_add_main_finding(struct buffer *out, const struct run *run, enum markup markup)
{
    if (run->finding == FINDING_UNKNOWN)
        buffer_add_text(out, status_name(run->status));
    else
        text_add_finding(out, run->finding, run->metric, run->rate, run->rate_unit, markup);
}

const char *text_reason(const struct run *run)
{
    if (run->message && *run->message)
        return run->message;
    if (run->ending_detail && *run->ending_detail)
        return run->ending_detail;
    return finding_name(run->finding);
}

enum err text_finish(const struct buffer *out, const char *sink, struct problem *why)
{
    if (out->failed)
        return problem_set(why, ERR_MEMORY, "out of memory while writing the %s report", sink);
    return ERR_NONE;
}
