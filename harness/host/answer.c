#include "harness/host/host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void flush_locked(struct answer *answer)
{
    size_t sent = 0;

    while (sent < answer->length && !answer->failed) {
        ssize_t n = write(answer->fd, answer->data + sent, answer->length - sent);

        if (n > 0)
            sent += (size_t)n;
        else if (n < 0 && errno != EINTR)
            answer->failed = true;
    }
    answer->length = 0;
}

void answer_flush(struct answer *answer)
{
    answer_begin(answer);
    flush_locked(answer);
    answer_end(answer);
}

void answer_begin(struct answer *answer)
{
    pthread_mutex_lock(&answer->lock);
}

void answer_end(struct answer *answer)
{
    pthread_mutex_unlock(&answer->lock);
}

static void answer_add(struct answer *answer, const char *bytes, size_t length)
{
    if (answer->muted)
        return;
    while (length > 0) {
        size_t room = sizeof answer->data - answer->length;
        size_t part = length < room ? length : room;

        memcpy(answer->data + answer->length, bytes, part);
        answer->length += part;
        bytes += part;
        length -= part;
        if (answer->length == sizeof answer->data)
            flush_locked(answer);
    }
}

void answer_text(struct answer *answer, const char *text)
{
    answer_add(answer, text, strlen(text));
}

void answer_number(struct answer *answer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    answer_add(answer, digits + at, sizeof digits - at);
}

void answer_integer(struct answer *answer, int64_t number)
{
    if (number < 0)
        answer_add(answer, "-", 1);
    answer_number(answer, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void answer_words(struct answer *answer, const char *words)
{
    char printable[1024];

    answer_text(answer, text_make_printable(words, strlen(words), printable, sizeof printable));
}
