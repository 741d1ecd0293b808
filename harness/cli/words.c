#include "harness/cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum err words_add(struct words *words, const char *text, size_t length)
{
    char **list = reallocarray(words->list, words->count + 1, sizeof *list);
    if (!list)
        return ERR_MEMORY;
    words->list = list;
    list[words->count] = strndup(text, length);
    if (!list[words->count])
        return ERR_MEMORY;
    words->count++;
    return ERR_NONE;
}

enum err words_add_text(struct words *words, const char *text)
{
    return words_add(words, text, strlen(text));
}

bool words_have(const struct words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->list[i], text) == 0)
            return true;
    return false;
}

static int order_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void words_sort(struct words *words)
{
    if (words->count > 1)
        qsort(words->list, words->count, sizeof *words->list, order_texts);
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct words){0};
}

char *suggestion(const char *word, const struct words *candidates, char *out, size_t size)
{
    const char *near = text_closest(word, (const char *const *)candidates->list, candidates->count);
    out[0] = '\0';
    if (near)
        (void)snprintf(out, size, " (did you mean %s?)", near);
    return out;
}
