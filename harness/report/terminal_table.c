#include "harness/report/report_text.h"
#include "harness/report/terminal_internal.h"

#include <string.h>

#define GAP         2
#define SERIES_WIDE 12
#define SERIES_SLIM 8

static const char *const heads[COLUMN_COUNT] = {
    [COLUMN_PARAMS] = "case",   [COLUMN_POOL] = "pool", [COLUMN_BACKENDS] = "backends", [COLUMN_FINDING] = "finding",
    [COLUMN_METRIC] = "series", [COLUMN_SERIES] = "",   [COLUMN_LAST] = "last",         [COLUMN_STATUS] = "status"};

/* The width of every column; 0: the column is left out. */
struct layout {
    size_t width[COLUMN_COUNT];
    bool params_above; /* a case has a line of its own */
};

static size_t layout_width(const struct layout *layout)
{
    size_t sum = 0;
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        if (layout->width[c] > 0)
            sum += GAP + layout->width[c];
    return sum;
}

/* Widths as the cells want them. */
static struct layout natural_layout(const struct rows *rows)
{
    struct layout layout = {.params_above = false};
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        size_t head = strlen(heads[c]);
        layout.width[c] = rows->width[c] > head ? rows->width[c] : head;
    }
    if (rows->width[COLUMN_PARAMS] == 0)
        layout.width[COLUMN_PARAMS] = 0;
    layout.width[COLUMN_SERIES] = SERIES_WIDE;
    return layout;
}

/* "7 tombstones per invalidation" -> "7 tombstones/invalidation". */
static void shorten_findings(struct rows *rows, struct layout *layout)
{
    static const char per[] = " per ";
    size_t widest = strlen(heads[COLUMN_FINDING]);
    for (size_t r = 0; r < rows->count; r++) {
        char *text = rows->list[r].cells[COLUMN_FINDING].data;
        char *at = text ? strstr(text, per) : NULL;
        if (at) {
            *at = '/';
            memmove(at + 1, at + strlen(per), strlen(at + strlen(per)) + 1);
        }
        widest = ink_columns(text) > widest ? ink_columns(text) : widest;
    }
    layout->width[COLUMN_FINDING] = widest;
}

/* Takes columns away from one cell until the rows fit or the cell has only `least` left. */
static void cut_column(struct layout *layout, enum column column, size_t least, size_t screen)
{
    while (layout_width(layout) > screen && layout->width[column] > least)
        layout->width[column]--;
}

/* Gives up one thing after the other until the rows fit: the backends when they are the same everywhere (the line above the
 * table names them), the names of the series, the last samples, the column of the cases, half of the curve, words of the finding; at last cells are cut. */
static struct layout fit_layout(struct rows *rows, size_t screen)
{
    struct layout layout = natural_layout(rows);
    if (screen == 0)
        return layout;
    if (layout_width(&layout) > screen && rows->one_backend_set)
        layout.width[COLUMN_BACKENDS] = 0;
    if (layout_width(&layout) > screen)
        layout.width[COLUMN_METRIC] = 0;
    if (layout_width(&layout) > screen)
        layout.width[COLUMN_LAST] = 0;
    if (layout_width(&layout) > screen && layout.width[COLUMN_PARAMS] > 0) {
        layout.width[COLUMN_PARAMS] = 0;
        layout.params_above = true;
    }
    if (layout_width(&layout) > screen)
        layout.width[COLUMN_SERIES] = SERIES_SLIM;
    if (layout_width(&layout) > screen)
        shorten_findings(rows, &layout);
    cut_column(&layout, COLUMN_POOL, 20, screen);
    cut_column(&layout, COLUMN_FINDING, 20, screen);
    cut_column(&layout, COLUMN_POOL, 8, screen);
    return layout;
}

/* What a row's status says may be seen from afar; an expected leak is neither good nor bad news. */
static enum ink ink_of_cell(const struct run *run, enum column column)
{
    if (column == COLUMN_STATUS)
        return ink_of_status(run->status);
    if (column == COLUMN_FINDING && run->status != STATUS_PASS)
        return ink_of_status(run->status);
    if (column == COLUMN_FINDING || column == COLUMN_SERIES)
        return run_is_reproduction(run) ? INK_CYAN : INK_PLAIN;
    return column == COLUMN_BACKENDS || column == COLUMN_METRIC ? INK_DIM : INK_PLAIN;
}

static void cut_blanks(struct buffer *out)
{
    while (out->length > 0 && out->data && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
}

static void add_heads(struct buffer *out, const struct layout *layout, const struct report_options *options)
{
    struct buffer line = {0};
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        if (layout->width[c] > 0)
            buffer_addf(&line, c == COLUMN_LAST ? "%*s%*s" : "%*s%-*s", GAP, "", (int)layout->width[c], heads[c]);
    cut_blanks(&line);
    out->failed |= line.failed;
    ink_add(out, options, INK_DIM, line.data);
    buffer_add_text(out, "\n");
    buffer_free(&line);
}

static void add_scenario(struct buffer *out, const struct run *run, const struct report_options *options)
{
    struct buffer name = {0}, about = {0};
    ink_add_foreign(&name, options, run->scenario);
    ink_add_foreign(&about, options, run->about);
    out->failed |= name.failed || about.failed;
    size_t used = ink_columns(name.data) + GAP, wants = ink_columns(about.data);
    size_t room = options->width > 0 ? (size_t)options->width : SIZE_MAX;
    room = room > used ? room - used : 0;
    buffer_add_text(out, "\n");
    ink_add(out, options, INK_BOLD, name.data);
    if (wants > 0 && room > 10) {
        buffer_addf(out, "%*s", GAP, "");
        ink_add_wide(out, options, INK_DIM, about.data, wants < room ? wants : room);
    }
    buffer_add_text(out, "\n");
    buffer_free(&name);
    buffer_free(&about);
}

static void add_row(struct buffer *out, struct row *row, const struct layout *layout,
                    const struct report_options *options)
{
    row_draw_series(row, options, layout->width[COLUMN_SERIES]);
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        const char *text = row->cells[c].data;
        if (layout->width[c] == 0)
            continue;
        if (c == COLUMN_PARAMS && !row->first_of_case)
            text = NULL;
        size_t lead = c == COLUMN_LAST ? layout->width[c] - ink_columns(text) : 0; /* numbers stand at the right */
        buffer_addf(out, "%*s", GAP + (int)lead, "");
        ink_add_wide(out, options, ink_of_cell(row->run, (enum column)c), text ? text : "", layout->width[c] - lead);
    }
    cut_blanks(out);
    buffer_add_text(out, "\n");
}

/* Everything the judge found, when the reader asked for it. */
static void add_details(struct buffer *out, const struct row *row, const struct report_options *options)
{
    const struct run *run = row->run;
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        struct buffer line = {0};
        buffer_addf(&line, "    %s ", options->utf8 ? "·" : "-");
        text_add_finding(&line, found->finding, found->metric, found->rate, found->rate_unit, MARKUP_LINE);
        if (found->detail && *found->detail) {
            buffer_add_text(&line, "; ");
            text_add(&line, found->detail, MARKUP_LINE);
        }
        buffer_add_text(&line, found->expected ? " (expected)" : "");
        out->failed |= line.failed;
        if (!line.failed && options->utf8)
            ink_add(out, options, INK_DIM, line.data);
        else if (!line.failed)
            ink_add_foreign(out, options, line.data);
        buffer_add_text(out, "\n");
        buffer_free(&line);
    }
}

void table_add(struct buffer *out, struct rows *rows, const struct report_options *options)
{
    if (rows->count == 0)
        return;
    struct layout layout = fit_layout(rows, options->width > 0 ? (size_t)options->width : 0);
    if (layout.width[COLUMN_BACKENDS] == 0 && rows->list[0].cells[COLUMN_BACKENDS].data)
        buffer_addf(out, "every row: %s\n", rows->list[0].cells[COLUMN_BACKENDS].data);
    add_heads(out, &layout, options);
    for (size_t r = 0; r < rows->count; r++) {
        struct row *row = &rows->list[r];
        if (row->first_of_scenario)
            add_scenario(out, row->run, options);
        if (layout.params_above && row->first_of_case && row->cells[COLUMN_PARAMS].length > 0)
            buffer_addf(out, " %s\n", row->cells[COLUMN_PARAMS].data);
        add_row(out, row, &layout, options);
        if (options->verbose)
            add_details(out, row, options);
    }
    buffer_add_text(out, "\n");
}
