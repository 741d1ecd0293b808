/*
 * terminal_internal: the parts of the terminal report. Internal to this room.
 *
 *   terminal.c          the order of the parts, the lines by pool, the summary
 *   terminal_rows.c     runs -> rows: backends that agree share a row
 *   terminal_table.c    rows -> aligned lines that fit the screen
 *   terminal_reasons.c  what is not a pass: why, and the command that repeats it
 *   terminal_ink.c      colour, width and cutting of text
 */
#ifndef CHURN_REPORT_TERMINAL_INTERNAL_H
#define CHURN_REPORT_TERMINAL_INTERNAL_H

#include "harness/report/report.h"
#include "harness/report/report_overview.h"

/* ---- ink ---- */

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_GREEN, INK_RED, INK_YELLOW, INK_MAGENTA, INK_CYAN, INK_COUNT };

enum ink ink_of_status(enum status status);

/* Adds the text in a colour when the screen wants colour. It must hold no control characters (text_add made it so). */
void ink_add(struct buffer *out, const struct report_options *options, enum ink ink, const char *text);

/* The same, exactly `width` columns wide: filled with blanks, or cut with a mark that says so. */
void ink_add_wide(struct buffer *out, const struct report_options *options, enum ink ink, const char *text,
                  size_t width);

/* Characters, which is columns for all we print. */
size_t ink_columns(const char *text);

/* A text of a result, made fit for this screen. */
void ink_add_foreign(struct buffer *out, const struct report_options *options, const char *text);

/* A text of a result as a paragraph: `indent` blanks before every line but the first, broken between words at the width. */
void ink_add_paragraph(struct buffer *out, const struct report_options *options, const char *text, size_t indent);

/* ---- rows ---- */

enum column {
    COLUMN_PARAMS,
    COLUMN_POOL,
    COLUMN_BACKENDS,
    COLUMN_FINDING,
    COLUMN_METRIC, /* whose curve it is */
    COLUMN_SERIES,
    COLUMN_LAST,
    COLUMN_STATUS,
    COLUMN_COUNT
};

/* One pool in one case of a scenario, with the backends that found the same. */
struct row {
    const struct run *run; /* the first of those that agree; BORROWED */
    const char *hint;      /* the metric that grows in this case, NULL: none; BORROWED */
    bool first_of_scenario;
    bool first_of_case;
    struct buffer cells[COLUMN_COUNT]; /* OWNED */
};

struct rows {
    struct row *list; /* OWNED */
    size_t count;
    size_t width[COLUMN_COUNT]; /* of the widest cell */
    bool one_backend_set;       /* the backends are the same in every row */
};

/* ERR_MEMORY; rows_free accepts what a failed call left behind. `rows` BORROWS from the overview. */
enum err rows_make(struct rows *rows, const struct overview *overview, const struct report_options *options) MUST_CHECK;
void rows_free(struct rows *rows);

/* The sparkline is drawn last, in the width that is left for it. */
void row_draw_series(struct row *row, const struct report_options *options, size_t width);

/* "native asan memcheck" of runs[0..count), each name once, in the overview's order. */
void rows_add_backends(struct buffer *out, const struct overview *overview, const struct run *const *runs,
                       size_t count);

/* ---- table and reasons ---- */

void table_add(struct buffer *out, struct rows *rows, const struct report_options *options);
void reasons_add(struct buffer *out, const struct overview *overview, const struct report_options *options);

#endif
