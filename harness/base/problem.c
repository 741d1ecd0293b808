#include "harness/base/base.h"

#include <stdio.h>
#include <string.h>

/* The text is made aside, so that an argument may be the old text of the same problem. */
PRINTF_LIKE(2, 0) static void set_text(struct problem *why, const char *format, va_list args)
{
    char text[sizeof(why->text)];
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    memcpy(why->text, text, strlen(text) + 1);
}

enum err problem_set(struct problem *why, enum err kind, const char *format, ...)
{
    if (why != NULL) {
        va_list args;
        va_start(args, format);
        set_text(why, format, args);
        va_end(args);
        why->kind = kind;
    }
    return kind;
}

void problem_prefix(struct problem *why, const char *format, ...)
{
    if (why == NULL)
        return;
    char old[sizeof(why->text)];
    memcpy(old, why->text, sizeof(old));

    va_list args;
    va_start(args, format);
    set_text(why, format, args);
    va_end(args);

    size_t used = strlen(why->text);
    (void)snprintf(why->text + used, sizeof(why->text) - used, ": %s", old);
}

enum exit_code problem_exit_code(enum err kind)
{
    switch (kind) {
    case ERR_NONE:
        return EXIT_PASS;
    case ERR_INPUT:
        return EXIT_USAGE;
    case ERR_STOPPED:
        return EXIT_INTERRUPTED;
    case ERR_SYSTEM:
    case ERR_MEMORY:
    case ERR_COUNT:
        break;
    }
    return EXIT_BROKEN;
}
