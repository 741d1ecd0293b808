#include "harness/report/report_text.h"
#include "harness/report/terminal_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INDENT        14 /* "inconclusive" and two blanks */
#define TROUBLES_MOST 25
#define OTHERS_MOST   3
#define LOG_LINES     5

static void add_label(struct buffer *out, const struct report_options *options, enum ink ink, const char *label)
{
    ink_add_wide(out, options, ink, label, INDENT);
}

static void add_command(struct buffer *out, const struct report_options *options, const struct run *run)
{
    if (!run->repeat || !*run->repeat)
        return;
    add_label(out, options, INK_PLAIN, "");
    ink_add(out, options, INK_DIM, "repeat: ");
    ink_add_foreign(out, options, run->repeat);
    buffer_add_text(out, "\n");
}

/* What else was found and not expected, so that one line says how far the damage goes. */
static void add_others(struct buffer *out, const struct report_options *options, const struct run *run)
{
    struct buffer line = {0};
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (found->expected || (found->finding == run->finding && text_same(found->metric, run->metric)))
            continue;
        if (shown == OTHERS_MOST && !options->verbose) {
            more++;
            continue;
        }
        buffer_add_text(&line, shown++ > 0 ? "; " : "also ");
        text_add_finding(&line, found->finding, found->metric, found->rate, found->rate_unit, MARKUP_LINE);
    }
    if (more > 0)
        buffer_addf(&line, "; and %zu more", more);
    out->failed |= line.failed;
    if (shown > 0 && !line.failed) {
        add_label(out, options, INK_PLAIN, "");
        ink_add_paragraph(out, options, line.data, INDENT);
    }
    buffer_free(&line);
}

static void add_tried(struct buffer *out, const struct report_options *options, const struct run *run)
{
    if (run->tried.seeds == 0)
        return;
    add_label(out, options, INK_PLAIN, "");
    buffer_addf(out, "seed %" PRIu64 ": ", run->seed);
    text_add_tried(out, &run->tried);
    buffer_add_text(out, "\n");
}

/* The last lines of what the subject and the tool said: a crash explains itself there. */
static void add_log(struct buffer *out, const struct report_options *options, const struct run *run)
{
    const char *log = run->log;
    bool wanted = options->verbose || run->status == STATUS_BROKEN || run->finding == FINDING_CRASHES ||
                  run->finding == FINDING_LOST;
    if (!log || !*log || !wanted)
        return;
    size_t lines = 1;
    for (const char *at = log; *at; at++)
        lines += at[0] == '\n' && at[1] != '\0';
    while (lines > LOG_LINES && !options->verbose) {
        log = strchr(log, '\n') + 1;
        lines--;
    }
    while (*log) {
        size_t length = strcspn(log, "\n");
        char *line = strndup(log, length);
        out->failed |= !line;
        add_label(out, options, INK_PLAIN, "");
        ink_add(out, options, INK_DIM, "| ");
        ink_add_foreign(out, options, line);
        buffer_add_text(out, "\n");
        free(line);
        log += length + (log[length] == '\n');
    }
}

/* One for all: where a tool left a log, that; else native, which is the quickest to repeat. */
static const struct run *speaker_of(const struct run_slice *trouble)
{
    for (size_t i = 0; i < trouble->count; i++)
        if (trouble->runs[i]->log && *trouble->runs[i]->log)
            return trouble->runs[i];
    return slice_main(trouble);
}

static void add_trouble(struct buffer *out, const struct overview *overview, const struct run_slice *trouble,
                        const struct report_options *options)
{
    const struct run *run = speaker_of(trouble);
    struct buffer where = {0};
    text_add(&where, run->scenario, MARKUP_LINE);
    buffer_add_text(&where, run->param_count > 0 ? " " : "");
    text_add_params(&where, run, MARKUP_LINE);
    buffer_add_text(&where, ", ");
    text_add(&where, run->pool, MARKUP_LINE);
    buffer_add_text(&where, ", ");
    rows_add_backends(&where, overview, trouble->runs, trouble->count);
    out->failed |= where.failed;
    add_label(out, options, ink_of_status(run->status), status_name(run->status));
    ink_add_foreign(out, options, where.failed ? "" : where.data);
    buffer_add_text(out, "\n");
    add_label(out, options, INK_PLAIN, "");
    ink_add_paragraph(out, options, text_reason(run), INDENT);
    add_others(out, options, run);
    add_tried(out, options, run);
    add_log(out, options, run);
    add_command(out, options, run);
    buffer_free(&where);
}

/* Skips come in crowds with one reason ("valgrind is not installed"): one line for each reason. */
static void add_skips(struct buffer *out, const struct overview *overview, const struct report_options *options)
{
    for (size_t i = 0; i < overview->run_count; i++) {
        const struct run *run = overview->runs[i];
        size_t count = 0;
        bool seen = run->status != STATUS_SKIP;
        for (size_t j = 0; j < i && !seen; j++)
            seen =
                overview->runs[j]->status == STATUS_SKIP && text_same(text_reason(overview->runs[j]), text_reason(run));
        if (seen)
            continue;
        for (size_t j = i; j < overview->run_count; j++)
            count +=
                overview->runs[j]->status == STATUS_SKIP && text_same(text_reason(overview->runs[j]), text_reason(run));
        struct buffer line = {0};
        buffer_addf(&line, "%zu run%s: ", count, count == 1 ? "" : "s");
        text_add(&line, text_reason(run), MARKUP_LINE);
        out->failed |= line.failed;
        add_label(out, options, INK_DIM, status_name(STATUS_SKIP));
        ink_add_paragraph(out, options, line.failed ? "" : line.data, INDENT);
        add_command(out, options, run);
        buffer_free(&line);
    }
}

void reasons_add(struct buffer *out, const struct overview *overview, const struct report_options *options)
{
    size_t start = out->length, shown = 0;
    for (; shown < overview->trouble_count && (shown < TROUBLES_MOST || options->verbose); shown++)
        add_trouble(out, overview, &overview->troubles[shown], options);
    if (shown < overview->trouble_count)
        buffer_addf(out, "%*s%zu more like these; --verbose shows all\n", INDENT, "", overview->trouble_count - shown);
    add_skips(out, overview, options);
    if (out->length > start)
        buffer_add_text(out, "\n");
}
