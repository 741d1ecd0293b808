#include "harness/base/base.h"

#include <stdio.h>
#include <string.h>

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

bool name_is_valid(const char *text, size_t length)
{
    if (length == 0 || length > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_name_byte(text[i]))
            return false;
    return true;
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------- */

/* How many bytes a sequence with this first byte has; 0: no sequence starts so. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    if (first >= 0xF0 && first <= 0xF4)
        return 4;
    return 0;
}

size_t text_utf8_sequence(const char *text, size_t length)
{
    if (length == 0)
        return 0;
    const unsigned char *s = (const unsigned char *)text;
    size_t n = sequence_length(s[0]);
    if (n == 0 || n > length)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

bool text_is_printable(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        unsigned char c = (unsigned char)text[at];
        size_t n = text_utf8_sequence(text + at, length - at);
        bool c1_control = n == 2 && c == 0xC2 && (unsigned char)text[at + 1] < 0xA0;
        if (n == 0 || c < 0x20 || c == 0x7F || c1_control)
            return false;
        at += n;
    }
    return true;
}

char *text_make_printable(const char *text, size_t length, char *out, size_t size)
{
    if (size == 0)
        return out;
    size_t used = 0;
    for (size_t at = 0; at < length;) {
        char piece[8];
        size_t taken = text_utf8_sequence(text + at, length - at);
        if (taken > 0 && text_is_printable(text + at, taken)) {
            memcpy(piece, text + at, taken);
            piece[taken] = '\0';
        } else {
            taken = 1;
            (void)snprintf(piece, sizeof(piece), "\\x%02X", (unsigned)(unsigned char)text[at]);
        }
        size_t wide = strlen(piece);
        if (used + wide >= size)
            break;
        memcpy(out + used, piece, wide);
        used += wide;
        at += taken;
    }
    out[used] = '\0';
    return out;
}

/* ---- "did you mean" ----------------------------------------------------------------------------------- */

#define CLOSEST_WORD_MAX 40

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance where two swapped neighbours count once (optimal string alignment). Both at most CLOSEST_WORD_MAX
 * long. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[3][CLOSEST_WORD_MAX + 1]; /* row[i % 3] is the line of the i first letters of a */
    for (size_t i = 0; i <= a_length; i++) {
        size_t *now = row[i % 3];
        const size_t *last = row[(i + 2) % 3], *before_last = row[(i + 1) % 3];
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                now[j] = i + j;
                continue;
            }
            now[j] = smallest(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before_last[j - 2] + 1 < now[j])
                now[j] = before_last[j - 2] + 1;
        }
    }
    return row[a_length % 3][b_length];
}

const char *text_closest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > CLOSEST_WORD_MAX)
        return NULL;
    const char *best = NULL;
    size_t best_distance =
        (length < 6 ? 1 : length / 3) + 1; /* a third of the word may be wrong, at least one letter */
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > CLOSEST_WORD_MAX)
            continue;
        size_t d = distance(word, length, candidates[i], other);
        if (d < best_distance && d < other) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
