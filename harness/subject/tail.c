/* tail.c: the last 16 KiB of what the child wrote on its stderr. */
#include "harness/subject/subject_internal.h"

#include <string.h>

void tail_add(struct subject_tail *tail, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t at = tail->total % TAIL_SIZE;
        size_t part = length - done < TAIL_SIZE - at ? length - done : TAIL_SIZE - at;
        memcpy(tail->ring + at, bytes + done, part);
        tail->total += part;
        done += part;
    }
}

/* The kept bytes in their order; returns how many. */
static size_t unroll(const struct subject_tail *tail, char *out)
{
    if (tail->total <= TAIL_SIZE) {
        memcpy(out, tail->ring, tail->total);
        return tail->total;
    }
    size_t at = tail->total % TAIL_SIZE;
    memcpy(out, tail->ring + at, TAIL_SIZE - at);
    memcpy(out + TAIL_SIZE - at, tail->ring, at);
    return TAIL_SIZE;
}

/* Made printable line by line, so that newlines stay what they are. */
const char *tail_text(struct subject_tail *tail)
{
    char bytes[TAIL_SIZE];
    size_t length = unroll(tail, bytes), used = 0;

    tail->text[0] = '\0';
    for (size_t from = 0; from < length;) {
        const char *newline = memchr(bytes + from, '\n', length - from);
        size_t line = newline ? (size_t)(newline - bytes) - from : length - from;
        text_make_printable(bytes + from, line, tail->text + used, sizeof(tail->text) - used);
        used += strlen(tail->text + used);
        if (newline && used + 1 < sizeof(tail->text)) {
            tail->text[used++] = '\n';
            tail->text[used] = '\0';
        }
        from += line + 1;
    }
    return tail->text;
}
