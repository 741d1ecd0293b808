/*
 * growth.c: who allocated what grew, from memcheck's list of the blocks that came between two rungs.
 *
 * Valgrind lists the smallest first and every frame down to main; a reader wants the largest, and of each the frames of
 * the pool: not the allocator at the top, and not the host that carried out the plan at the bottom.
 */
#include "harness/backend/backend_internal.h"

#include <stdio.h>
#include <string.h>

#define PARTS_KEPT  4
#define FRAMES_KEPT 12

/* What is not the pool's: the allocators and the world, above it, and the host, below it. Our own are known by their folder, for a
 * pool may well have a file of that name. */
static const char *const above[] = {"vg_replace_malloc.c:", "vgpreload", "harness/host/interpose.c:", "harness/world/"};
static const char *const below[] = {"harness/host/"};

/* "==7==    by 0x10A2B4: tombs_add (tombs.c:77)" -> "tombs_add (tombs.c:77)"; NULL: no frame. */
static const char *frame_of(const char *line, size_t *length)
{
    const char *end = line + *length;
    const char *at = memmem(line, *length, " at 0x", 6);
    if (!at)
        at = memmem(line, *length, " by 0x", 6);
    const char *colon = at ? memchr(at, ':', (size_t)(end - at)) : NULL;
    if (!colon || colon + 2 >= end)
        return NULL;
    *length = (size_t)(end - (colon + 2));
    return colon + 2;
}

static bool has(const char *text, size_t length, const char *word)
{
    return memmem(text, length, word, strlen(word)) != NULL;
}

static bool has_one_of(const char *text, size_t length, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(text, length, words[i]))
            return true;
    return false;
}

/* "tombs_add (/home/me/pools/tombs.c:77)" -> "  tombs_add (tombs.c:77)"; an object keeps its folder, "??? (in /usr/lib/x.so)". */
static void add_frame(const char *frame, size_t length, struct buffer *out)
{
    const char *bracket = memchr(frame, '(', length);
    size_t head = bracket ? (size_t)(bracket + 1 - frame) : length;
    const char *file = frame + head, *slash = memrchr(file, '/', length - head);

    if (slash && !has(file, length - head, "in /"))
        file = slash + 1;
    buffer_addf(out, "  %.*s%.*s\n", (int)head, frame, (int)(frame + length - file), file);
}

/* "==7== 31,360 (+12,544) bytes in 560 (+224) blocks are still reachable in loss record 9 of 12": what grew is in the
 * brackets, or all of it is new. */
static void add_head(const char *line, size_t length, struct buffer *out)
{
    const char *start = memmem(line, length, "== ", 3), *end = memmem(line, length, " are ", 5);
    if (!end)
        end = memmem(line, length, " in loss record", 15);
    start = start ? start + 3 : line;
    if (end && end > start)
        buffer_add(out, start, (size_t)(end - start));
    buffer_add_text(out, ":\n");
}

/* One loss record up to its empty line; returns what follows. */
static const char *add_part(const char *at, const char *end, struct buffer *out)
{
    int frames = 0;
    bool over = false;
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    add_head(at, newline ? (size_t)(newline - at) : (size_t)(end - at), out);
    for (at = newline ? newline + 1 : end; at < end; at = newline ? newline + 1 : end) {
        newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);
        const char *frame = frame_of(at, &length);
        if (!frame)
            break;
        bool on_the_way = has_one_of(frame, length, above, ARRAY_LEN(above));
        over = over || (!on_the_way && has_one_of(frame, length, below, ARRAY_LEN(below)));
        if (over || on_the_way || frames == FRAMES_KEPT)
            continue;
        add_frame(frame, length, out);
        frames++;
    }
    return at;
}

struct parts {
    const char *kept[PARTS_KEPT]; /* the last ones, round and round */
    size_t found;
};

/* Collects the records of items, or all others. */
static void find_parts(const char *start, const char *end, bool items, struct parts *out)
{
    static const char record[] = " in loss record ", item[] = "harness/world/items.c:";
    const char *at = memmem(start, (size_t)(end - start), record, strlen(record));
    while (at) {
        const char *line = at, *next = memmem(at + 1, (size_t)(end - at - 1), record, strlen(record));
        size_t length = (size_t)((next ? next : end) - at);
        while (line > start && line[-1] != '\n')
            line--;
        if ((memmem(at, length, item, strlen(item)) != NULL) == items)
            out->kept[out->found++ % PARTS_KEPT] = line;
        at = next;
    }
}

static size_t add_parts(const struct parts *parts, size_t shown, const char *end, struct buffer *out)
{
    for (size_t i = 0; i < parts->found && shown < PARTS_KEPT; i++, shown++) {
        buffer_add_text(out, shown > 0 ? "\n" : "");
        (void)add_part(parts->kept[(parts->found - 1 - i) % PARTS_KEPT], end, out);
    }
    return shown;
}

/* Items come last: a pool closes old ones and makes new ones, and where these came through another function memcheck lists
 * them although there are no more of them than before. */
enum err growth_read(const char *log, struct run *run)
{
    static const char begins[] = "churn: growth begins", ends[] = "churn: growth ends";
    const char *start = strstr(log, begins), *end = start ? strstr(start, ends) : NULL;
    struct parts items = {.found = 0}, others = {.found = 0};
    struct buffer text = {0};
    if (!end)
        return ERR_NONE;
    find_parts(start, end, false, &others);
    find_parts(start, end, true, &items);
    size_t found = others.found + items.found, shown = add_parts(&others, 0, end, &text);
    shown = add_parts(&items, shown, end, &text);
    if (found > shown)
        buffer_addf(&text, "\nand %zu smaller parts\n", found - shown);
    enum err err = text.failed ? ERR_MEMORY : found > 0 ? run_set_text(&run->stack, text.data) : ERR_NONE;
    buffer_free(&text);
    return err;
}
