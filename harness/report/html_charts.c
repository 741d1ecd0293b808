/*
 * Curves -> gnuplot's svg terminal -> SVG that stands inside the page.
 *
 * gnuplot gets numbers and its own words only; names of pools and metrics reach it cut to harmless characters. Of each picture the page takes
 * what stands between the symbols and the end, without empty groups, with colours as #rrggbb: the style sheet turns exactly these colours into those
 * of the dark page. Margins are fixed, so that the columns one can point at (their <title> has the values) fit the curves.
 */
#include "harness/report/html_internal.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 32 /* characters of an axis that fit its length */
#define WIDTH     640.0
#define HEIGHT    300.0
#define LEFT      0.125 /* shares of the picture, from the left and from the bottom as gnuplot counts */
#define RIGHT     0.985
#define BOTTOM    0.19
#define TOP       0.95

/* Okabe and Ito's colours, which people with any kind of colour vision can tell apart; html_style.h has their dark twins. */
static const struct {
    const char *color;
    int mark; /* gnuplot's point type */
} styles[CHART_CURVES] = {{"#d55e00", 7}, {"#0072b2", 4},  {"#009e73", 8}, {"#cc79a7", 13},
                          {"#e69f00", 5}, {"#56b4e9", 10}, {"#7a6f9b", 6}, {"#8c6d31", 12}};
#define COLOR_PREDICTED "#24292f"
#define COLOR_WORDS     "#57606a"
#define COLOR_AXIS      "#8c959f"
#define COLOR_GRID      "#d8dee4"

struct scale {
    double divisor;
    char label[48];
};

struct frame {
    double x_low, x_high, y_low, y_high; /* in the units of the samples */
    struct scale x, y;
};

struct chart *chart_list_add(struct chart_list *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        struct chart *larger = realloc(list->charts, capacity * sizeof *larger);
        if (!larger)
            return NULL;
        list->charts = larger;
        list->capacity = capacity;
    }
    list->charts[list->count] = (struct chart){0};
    return &list->charts[list->count++];
}

void chart_list_free(struct chart_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        buffer_free(&list->charts[i].svg);
    buffer_free(&list->symbols);
    free(list->charts);
    *list = (struct chart_list){0};
}

/* ---- axes ---- */

/* Bytes and times in a unit that keeps the numbers short; counts in thousands or millions when they are large. */
static struct scale scale_for(const char *unit, double largest)
{
    static const struct {
        const char *unit;
        double at_least, divisor;
        const char *label;
    } scales[] = {{"bytes", 1 << 30, 1 << 30, "GiB"},
                  {"bytes", 1 << 20, 1 << 20, "MiB"},
                  {"bytes", 1 << 10, 1 << 10, "KiB"},
                  {"ns", 1e9, 1e9, "s"},
                  {"ns", 1e6, 1e6, "ms"},
                  {"ns", 1e3, 1e3, "us"}};
    struct scale scale = {.divisor = 1};
    for (size_t i = 0; i < ARRAY_LEN(scales); i++)
        if (strcmp(unit, scales[i].unit) == 0 && largest >= scales[i].at_least) {
            scale.divisor = scales[i].divisor;
            snprintf(scale.label, sizeof scale.label, "%s", scales[i].label);
            return scale;
        }
    bool counted = strcmp(unit, "bytes") != 0 && strcmp(unit, "ns") != 0;
    scale.divisor = counted && largest >= 1e7 ? 1e6 : counted && largest >= 1e5 ? 1e3 : 1;
    snprintf(scale.label, sizeof scale.label, "%s%s",
             scale.divisor > 1e5   ? "million "
             : scale.divisor > 1.5 ? "thousand "
                                   : "",
             unit);
    return scale;
}

static void widen(const struct curve *curve, struct frame *frame)
{
    for (size_t i = 0; i < curve->count; i++) {
        if (curve->y[i] == RECORD_NONE)
            continue;
        double x = (double)curve->x[i], y = (double)curve->y[i];
        frame->x_low = x < frame->x_low ? x : frame->x_low;
        frame->x_high = x > frame->x_high ? x : frame->x_high;
        frame->y_low = y < frame->y_low ? y : frame->y_low;
        frame->y_high = y > frame->y_high ? y : frame->y_high;
    }
}

/* From 0 on, unless all samples lie close together far away from it. */
static struct frame frame_for(const struct chart *chart)
{
    struct frame frame = {.x_low = 1e300, .x_high = -1e300, .y_low = 1e300, .y_high = -1e300};
    for (size_t i = 0; i < chart->curve_count; i++)
        widen(&chart->curves[i], &frame);
    for (size_t i = 0; i < chart->prediction_count; i++)
        widen(&chart->predictions[i], &frame);
    double span = frame.y_high - frame.y_low;
    bool far_away = span > 0 && frame.y_low > 0.6 * frame.y_high;
    frame.y_low = far_away ? frame.y_low - 0.1 * span : frame.y_low < 0 ? frame.y_low * 1.08 : 0;
    frame.y_high = frame.y_high <= 0 ? 1 : frame.y_high + 0.08 * (frame.y_high - frame.y_low);
    if (frame.x_high <= frame.x_low)
        frame.x_high = frame.x_low + 1;
    frame.x = scale_for(chart->x_unit, frame.x_high);
    frame.y = scale_for(text_unit(chart->metric), frame.y_high);
    return frame;
}

/* ---- the script ---- */

static void add_harmless(struct buffer *script, const char *text)
{
    for (size_t length = 0; *text && length < LABEL_MAX; text++, length++) {
        bool harmless = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                        (*text >= '0' && *text <= '9') || strchr(" _.:=/()-", *text);
        buffer_add(script, harmless ? text : "?", 1);
    }
}

static void add_axes(struct buffer *script, const struct chart *chart, const struct frame *frame)
{
    double high = frame->y_high / frame->y.divisor, low = frame->y_low / frame->y.divisor;
    buffer_addf(script, "set xrange [%.10g:%.10g]\nset yrange [%.10g:%.10g]\n", frame->x_low / frame->x.divisor,
                frame->x_high / frame->x.divisor, low, high);
    /* No fractions of an entry on the axis. */
    buffer_addf(script, "set ytics %s\n", frame->y.divisor < 1.5 && high - low <= 6 ? "1" : "autofreq");
    buffer_add_text(script, "set xlabel '");
    add_harmless(script, frame->x.label);
    buffer_add_text(script, "'\nset ylabel '");
    add_harmless(script, chart->metric);
    if (*frame->y.label) {
        buffer_add_text(script, " (");
        add_harmless(script, frame->y.label);
        buffer_add_text(script, ")");
    }
    buffer_add_text(script, "'\n");
}

static void add_data(struct buffer *script, const char *name, size_t number, const struct curve *curve,
                     const struct frame *frame)
{
    buffer_addf(script, "$%s%zu << END\n", name, number);
    for (size_t i = 0; i < curve->count; i++)
        if (curve->y[i] != RECORD_NONE)
            buffer_addf(script, "%.10g %.10g\n", (double)curve->x[i] / frame->x.divisor,
                        (double)curve->y[i] / frame->y.divisor);
    buffer_add_text(script, "END\n");
}

/* How many later curves lie exactly on this one. */
static size_t count_covering(const struct chart *chart, size_t index)
{
    const struct curve *curve = &chart->curves[index];
    size_t covering = 0;
    for (size_t i = index + 1; i < chart->curve_count; i++)
        covering += chart->curves[i].count == curve->count &&
                    memcmp(chart->curves[i].y, curve->y, curve->count * sizeof *curve->y) == 0;
    return covering;
}

/* A curve under others is drawn broader, so that all of them are seen; marks are set at different rungs for the same reason. */
static void add_plot(struct buffer *script, const struct chart *chart)
{
    size_t count = chart->curve_count, every = 2 * count < 4 ? 4 : 2 * count;
    buffer_add_text(script, "plot ");
    for (size_t i = 0; i < count; i++)
        buffer_addf(script, "$m%zu with lines lw %.1f lc rgb '%s', ", i, 2.2 + 3.2 * (double)count_covering(chart, i),
                    styles[chart->curves[i].color].color);
    for (size_t i = 0; i < chart->prediction_count; i++)
        buffer_addf(script, "$p%zu with lines lw 1.6 dt (5,4) lc rgb '" COLOR_PREDICTED "', ", i);
    for (size_t i = 0; i < count; i++)
        buffer_addf(script, "$m%zu every %zu::%zu with points pt %d ps 0.75 lw 1.5 lc rgb '%s'%s", i, every, 2 * i,
                    styles[chart->curves[i].color].mark, styles[chart->curves[i].color].color,
                    i + 1 < count ? ", " : "\n");
}

static void add_preamble(struct buffer *script)
{
    buffer_addf(script,
                "unset key\nset lmargin at screen %g\nset rmargin at screen %g\nset bmargin at screen %g\n"
                "set tmargin at screen %g\n",
                LEFT, RIGHT, BOTTOM, TOP);
    buffer_add_text(
        script, "set border 1 lc rgb '" COLOR_AXIS "'\nset tics nomirror out scale 0.5\n"
                "set xtics offset 0,0.3 textcolor rgb '" COLOR_WORDS "'\nset ytics textcolor rgb '" COLOR_WORDS "'\n"
                "set xlabel offset 0,0.6 textcolor rgb '" COLOR_WORDS "'\nset ylabel textcolor rgb '" COLOR_WORDS "'\n"
                "set format '%g'\nset grid ytics lt 1 lw 1 lc rgb '" COLOR_GRID "'\n");
}

static void add_chart(struct buffer *script, const struct chart *chart, size_t number)
{
    struct frame frame = frame_for(chart);
    for (size_t i = 0; i < chart->curve_count; i++)
        add_data(script, "m", i, &chart->curves[i], &frame);
    for (size_t i = 0; i < chart->prediction_count; i++)
        add_data(script, "p", i, &chart->predictions[i], &frame);
    add_axes(script, chart, &frame);
    buffer_addf(script, "set terminal svg size %g,%g dynamic noenhanced font 'sans-serif,13' name 'c%zu'\n", WIDTH,
                HEIGHT, number);
    add_plot(script, chart);
}

/* ---- gnuplot's answer ---- */

/* "rgb( 86, 180, 233)" -> "#56b4e9". Returns what follows it, or NULL. */
static const char *take_color(const char *at, char out[8])
{
    unsigned red, green, blue;
    int used = 0;
    if (sscanf(at, "rgb(%u ,%u ,%u )%n", &red, &green, &blue, &used) != 3 || used == 0 || (red | green | blue) > 255)
        return NULL;
    snprintf(out, 8, "#%02x%02x%02x", red & 255, green & 255, blue & 255);
    return at + used;
}

/* A group without content: gnuplot opens one for every change of its pen. */
static const char *skip_empty_group(const char *at)
{
    if (strncmp(at, "<g ", 3) != 0)
        return NULL;
    const char *close = strchr(at, '>');
    if (!close)
        return NULL;
    close += 1 + strspn(close + 1, " \t\n");
    return strncmp(close, "</g>", 4) == 0 ? close + 4 + strspn(close + 4, "\n") : NULL;
}

/* gnuplot's names of curves would pop up as hints. */
static const char *skip_title(const char *at)
{
    const char *end = strncmp(at, "<title>", 7) == 0 ? strstr(at, "</title>") : NULL;
    return end ? end + 8 : NULL;
}

static void add_tidied(struct buffer *out, const char *at, const char *end)
{
    char color[8];
    while (at < end) {
        const char *next = *at == '<' ? skip_empty_group(at) : NULL;
        next = next || *at != '<' ? next : skip_title(at);
        if (!next && *at == 'r' && (next = take_color(at, color)))
            buffer_add_text(out, color);
        if (next) {
            at = next;
            continue;
        }
        size_t plain = 1 + strcspn(at + 1, "<r");
        plain = plain < (size_t)(end - at) ? plain : (size_t)(end - at);
        buffer_add(out, at, plain);
        at += plain;
    }
}

/* ---- what one can point at ---- */

void chart_add_prediction_name(struct buffer *out, const struct curve *prediction)
{
    buffer_add_text(out, prediction->bound ? "at most, for " : "predicted for ");
    text_add(out, prediction->run->pool, MARKUP_HTML);
    buffer_add_text(out, prediction->shared ? " and others" : "");
}

static void add_column_title(struct buffer *out, const struct chart *chart, size_t rung)
{
    buffer_add_text(out, "<title>");
    text_add_count(out, chart->curves[0].x[rung]);
    buffer_addf(out, " %s (rung %zu)", chart->x_unit, rung + 1);
    for (size_t i = 0; i < chart->curve_count + chart->prediction_count; i++) {
        bool predicted = i >= chart->curve_count;
        const struct curve *curve = predicted ? &chart->predictions[i - chart->curve_count] : &chart->curves[i];
        if (rung >= curve->count)
            continue;
        buffer_add_text(out, "\n");
        if (predicted)
            chart_add_prediction_name(out, curve);
        else
            text_add(out, curve->run->pool, MARKUP_HTML);
        buffer_add_text(out, ": ");
        text_add_value(out, chart->metric, curve->y[rung]);
    }
    buffer_add_text(out, "</title>");
}

static double pixel_at(const struct frame *frame, double x)
{
    return WIDTH * (LEFT + (RIGHT - LEFT) * (x - frame->x_low) / (frame->x_high - frame->x_low));
}

/* One column per rung of the first curve, up to halfway to its neighbours. */
static void add_columns(struct buffer *out, const struct chart *chart)
{
    struct frame frame = frame_for(chart);
    const struct curve *curve = &chart->curves[0];
    for (size_t i = 0; i < curve->count; i++) {
        double here = pixel_at(&frame, (double)curve->x[i]);
        double left = i > 0 ? (pixel_at(&frame, (double)curve->x[i - 1]) + here) / 2 : here;
        double right = i + 1 < curve->count ? (here + pixel_at(&frame, (double)curve->x[i + 1])) / 2 : here;
        if (right - left < 0.5)
            continue;
        buffer_addf(out, "<rect class=\"col\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", left,
                    HEIGHT * (1 - TOP), right - left, HEIGHT * (TOP - BOTTOM));
        add_column_title(out, chart, i);
        buffer_add_text(out, "</rect>\n");
    }
}

static void add_picture(struct chart *chart, const char *begin, const char *end)
{
    struct buffer *out = &chart->svg;
    buffer_addf(out, "<svg class=\"chart\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    text_add(out, chart->metric, MARKUP_HTML);
    buffer_addf(out, " over %s; the values are in the table below\">\n<g>", chart->x_unit);
    add_tidied(out, begin, end); /* closes the group */
    add_columns(out, chart);
    buffer_add_text(out, "</svg>\n");
}

/* Splits what gnuplot printed; pictures carry their number, so that a missing one moves no other. */
static void take_pictures(struct chart_list *list, const char *text)
{
    const char *at = text;
    size_t number;
    while ((at = strstr(at, "<title>c"))) {
        const char *symbols = strstr(at, "<defs>"), *begin = strstr(at, "</defs>"), *end = strstr(at, "</svg>");
        if (!symbols || !begin || !end || end < begin)
            return;
        if (list->symbols.length == 0) {
            buffer_add_text(&list->symbols, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"symbols\">");
            buffer_add(&list->symbols, symbols, (size_t)(begin - symbols));
            buffer_add_text(&list->symbols, "</defs></svg>\n");
        }
        if (sscanf(at, "<title>c%zu<", &number) == 1 && number < list->count && list->charts[number].svg.length == 0)
            add_picture(&list->charts[number], begin + 7, end);
        at = end;
    }
}

static enum err check_pictures(const struct chart_list *list, struct problem *why)
{
    size_t missing = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->charts[i].svg.failed)
            return problem_set(why, ERR_MEMORY, "out of memory while drawing charts");
        missing += list->charts[i].svg.length == 0;
    }
    if (missing > 0)
        return problem_set(why, ERR_SYSTEM, "gnuplot drew %zu of %zu charts", list->count - missing, list->count);
    return ERR_NONE;
}

enum err chart_list_draw(struct chart_list *list, struct problem *why)
{
    struct buffer script = {0}, text = {0};
    if (list->count == 0)
        return ERR_NONE;
    add_preamble(&script);
    for (size_t i = 0; i < list->count; i++)
        add_chart(&script, &list->charts[i], i);
    enum err err = script.failed ? problem_set(why, ERR_MEMORY, "out of memory while drawing charts") : ERR_NONE;
    err = err ? err : gnuplot_run(&script, &text, why);
    if (!err && text.data)
        take_pictures(list, text.data);
    err = err ? err : check_pictures(list, why);
    buffer_free(&script);
    buffer_free(&text);
    return err;
}

/* gnuplot's symbols 0.. are named gpPt<type - 1>. */
void chart_add_swatch(struct buffer *out, size_t color, bool predicted)
{
    buffer_add_text(out, "<svg class=\"swatch\" viewBox=\"0 0 34 12\" aria-hidden=\"true\">");
    if (predicted)
        buffer_add_text(out, "<path d=\"M1,6 H33\" stroke=\"" COLOR_PREDICTED
                             "\" stroke-width=\"1.6\" stroke-dasharray=\"5,4\"/></svg>");
    else
        buffer_addf(
            out,
            "<path d=\"M1,6 H33\" stroke=\"%s\" stroke-width=\"3\"/><use href=\"#gpPt%d\" fill=\"none\" color=\"%s\" "
            "transform=\"translate(17,6) scale(3.6)\"/></svg>",
            styles[color].color, styles[color].mark - 1, styles[color].color);
}
