#include "harness/record/record.h"

#include <string.h>

static const char *const finding_words[FINDING_COUNT] = {
    [FINDING_FLAT] = "flat",         [FINDING_BOUNDED] = "bounded", [FINDING_GROWS] = "grows",
    [FINDING_VIOLATES] = "violates", [FINDING_LOST] = "lost",       [FINDING_HANGS] = "hangs",
    [FINDING_CRASHES] = "crashes",   [FINDING_UNKNOWN] = "unknown",
};

static const char *const status_words[STATUS_COUNT] = {
    [STATUS_PASS] = "pass", [STATUS_FAIL] = "fail", [STATUS_BROKEN] = "broken", [STATUS_INCONCLUSIVE] = "inconclusive",
    [STATUS_SKIP] = "skip",
};

static const char *const relation_words[RELATION_COUNT] = {
    [RELATION_GROWS] = "grows",
    [RELATION_EXACT] = "exactly",
    [RELATION_AT_MOST] = "at_most",
};

static const char *const ending_words[ENDING_COUNT] = {
    [ENDING_DONE] = "done", [ENDING_CRASHED] = "crashed",   [ENDING_EXITED] = "exited",   [ENDING_HUNG] = "hung",
    [ENDING_RIG] = "rig",   [ENDING_PROTOCOL] = "protocol", [ENDING_SKIPPED] = "skipped", [ENDING_STOPPED] = "stopped",
};

static const char *word_at(const char *const *words, size_t count, size_t index)
{
    return index < count ? words[index] : "?";
}

static bool word_find(const char *const *words, size_t count, const char *word, size_t *index)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) {
            *index = i;
            return true;
        }
    return false;
}

/* The two functions of one enum: its word, and back. */
#define WORDS(ENUM, COUNT)                                                                                             \
    const char *ENUM##_name(enum ENUM value)                                                                           \
    {                                                                                                                  \
        return word_at(ENUM##_words, COUNT, (size_t)value);                                                            \
    }                                                                                                                  \
    bool ENUM##_from_name(const char *name, enum ENUM *out)                                                            \
    {                                                                                                                  \
        size_t index = 0;                                                                                              \
        if (!word_find(ENUM##_words, COUNT, name, &index))                                                             \
            return false;                                                                                              \
        *out = (enum ENUM)index;                                                                                       \
        return true;                                                                                                   \
    }

WORDS(finding, FINDING_COUNT)
WORDS(status, STATUS_COUNT)
WORDS(relation, RELATION_COUNT)
WORDS(ending, ENDING_COUNT)

enum exit_code status_exit_code(enum status status)
{
    switch (status) {
    case STATUS_PASS:
        return EXIT_PASS;
    case STATUS_FAIL:
        return EXIT_FAIL;
    case STATUS_SKIP:
        return EXIT_SKIPPED;
    case STATUS_BROKEN:
    case STATUS_INCONCLUSIVE:
    case STATUS_COUNT:
        break;
    }
    return EXIT_BROKEN;
}

enum exit_code exit_code_worst(enum exit_code a, enum exit_code b)
{
    static const enum exit_code worst_first[] = {EXIT_INTERRUPTED, EXIT_USAGE,   EXIT_FAIL,
                                                 EXIT_BROKEN,      EXIT_SKIPPED, EXIT_PASS};
    for (size_t i = 0; i < ARRAY_LEN(worst_first); i++)
        if (a == worst_first[i] || b == worst_first[i])
            return worst_first[i];
    return EXIT_BROKEN;
}
