#include "harness/report/report_text.h"
#include "harness/report/terminal_internal.h"

#include <string.h>

static const char *const codes[INK_COUNT] = {
    [INK_BOLD] = "\033[1m",    [INK_DIM] = "\033[2m",      [INK_GREEN] = "\033[32m", [INK_RED] = "\033[1;31m",
    [INK_YELLOW] = "\033[33m", [INK_MAGENTA] = "\033[35m", [INK_CYAN] = "\033[36m"};

enum ink ink_of_status(enum status status)
{
    static const enum ink inks[STATUS_COUNT] = {[STATUS_PASS] = INK_GREEN,
                                                [STATUS_FAIL] = INK_RED,
                                                [STATUS_BROKEN] = INK_MAGENTA,
                                                [STATUS_INCONCLUSIVE] = INK_YELLOW,
                                                [STATUS_SKIP] = INK_DIM};
    return inks[status];
}

/* True at the first byte of a character. */
static bool starts_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

size_t ink_columns(const char *text)
{
    size_t columns = 0;
    for (; text && *text; text++)
        columns += starts_character(*text);
    return columns;
}

/* The bytes of the first `columns` characters. */
static size_t bytes_of(const char *text, size_t columns)
{
    size_t bytes = 0;
    for (; text[bytes]; bytes++)
        if (starts_character(text[bytes]) && columns-- == 0)
            break;
    return bytes;
}

void ink_add(struct buffer *out, const struct report_options *options, enum ink ink, const char *text)
{
    if (!text || !*text)
        return;
    bool colored = options->color && codes[ink];
    buffer_add_text(out, colored ? codes[ink] : "");
    buffer_add_text(out, text);
    buffer_add_text(out, colored ? "\033[0m" : "");
}

void ink_add_wide(struct buffer *out, const struct report_options *options, enum ink ink, const char *text,
                  size_t width)
{
    struct buffer cut = {0};
    size_t columns = ink_columns(text);
    if (columns > width && width > 0) {
        buffer_add(&cut, text, bytes_of(text, width - 1));
        buffer_add_text(&cut, options->utf8 ? "…" : "~");
        text = cut.failed ? "" : cut.data;
        columns = ink_columns(text);
    }
    ink_add(out, options, ink, text);
    for (; columns < width; columns++)
        buffer_add_text(out, " ");
    buffer_free(&cut);
}

void ink_add_foreign(struct buffer *out, const struct report_options *options, const char *text)
{
    struct buffer line = {0};
    text_add(&line, text, MARKUP_LINE);
    out->failed |= line.failed;
    for (size_t i = 0; !line.failed && i < line.length; i++)
        if (options->utf8 || (unsigned char)line.data[i] < 0x80)
            buffer_add(out, &line.data[i], 1);
        else if (starts_character(line.data[i]))
            buffer_add_text(out, "?");
    buffer_free(&line);
}

/* How much of the text fits a line: up to the last blank within `columns`, or the whole first word. */
static size_t line_length(const char *text, size_t columns)
{
    size_t limit = bytes_of(text, columns), end = limit;
    if (!text[limit])
        return limit;
    while (end > 0 && text[end] != ' ')
        end--;
    return end > 0 ? end : strcspn(text, " ");
}

void ink_add_paragraph(struct buffer *out, const struct report_options *options, const char *text, size_t indent)
{
    struct buffer line = {0};
    size_t width = options->width > (int)indent + 20 ? (size_t)options->width - indent : SIZE_MAX;
    ink_add_foreign(&line, options, text);
    out->failed |= line.failed;
    for (const char *rest = line.failed || !line.data ? "" : line.data; *rest;) {
        size_t length = line_length(rest, width);
        buffer_add(out, rest, length);
        rest += length;
        rest += strspn(rest, " ");
        buffer_addf(out, "\n%*s", *rest ? (int)indent : 0, "");
    }
    if (line.length == 0)
        buffer_add_text(out, "\n");
    buffer_free(&line);
}
