/* Names: numbers for texts, and new names for all. */
#include "harness/shrink/shrink_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define LETTERS 26

struct number {
    UT_hash_handle hh;
    size_t value;
    char text[NAME_MAX_LEN + 1];
};

enum err numbers_of(struct numbers *numbers, const char *text, size_t *out, struct problem *why)
{
    struct number *number;
    HASH_FIND_STR(numbers->all, text, number);
    if (number == NULL) {
        number = calloc(1, sizeof(*number));
        if (number == NULL)
            return problem_set(why, ERR_MEMORY, "out of memory for names");
        (void)snprintf(number->text, sizeof(number->text), "%s", text);
        number->value = HASH_COUNT(numbers->all);
        HASH_ADD_STR(numbers->all, text, number);
        if (number->hh.tbl == NULL) {
            free(number);
            return problem_set(why, ERR_MEMORY, "out of memory for names");
        }
    }
    *out = number->value;
    return ERR_NONE;
}

void numbers_free(struct numbers *numbers)
{
    struct number *number, *next;
    HASH_ITER(hh, numbers->all, number, next)
    {
        HASH_DEL(numbers->all, number);
        free(number);
    }
}

/* A name that says where it came from in order: "k0" for the first. */
static enum err rename_one(char name[NAME_MAX_LEN + 1], const char *prefix, struct numbers *numbers,
                           struct problem *why)
{
    size_t number = 0;
    if (name[0] == '\0')
        return ERR_NONE;
    enum err err = numbers_of(numbers, name, &number, why);
    if (err == ERR_NONE)
        (void)snprintf(name, NAME_MAX_LEN + 1, "%s%zu", prefix, number);
    return err;
}

static void name_lease(char name[NAME_MAX_LEN + 1], size_t number, bool few)
{
    if (few)
        (void)snprintf(name, NAME_MAX_LEN + 1, "%c", (char)('a' + number));
    else
        (void)snprintf(name, NAME_MAX_LEN + 1, "l%zu", number + 1);
}

static enum err rename_all(struct shrink *shrink)
{
    struct plan *plan = &shrink->candidate;
    struct numbers keys = {0}, scopes = {0};
    size_t gets = 0, named = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < plan->count; i++)
        gets += plan->ops[i].verb == PLAN_GET;
    for (size_t i = 0; err == ERR_NONE && i < plan->count; i++) {
        struct plan_op *op = &plan->ops[i];
        size_t owner = shrink->owners[i];
        if (owner == i)
            name_lease(op->lease, named++, gets <= LETTERS);
        else if (owner != PLAN_NO_OWNER)
            memcpy(op->lease, plan->ops[owner].lease, sizeof(op->lease));
        err = rename_one(op->key, "k", &keys, shrink->why);
        if (err == ERR_NONE)
            err = rename_one(op->scope, "s", &scopes, shrink->why);
    }
    numbers_free(&keys);
    numbers_free(&scopes);
    return err;
}

static bool is_renamed(const struct shrink *shrink)
{
    for (size_t i = 0; i < shrink->plan->count; i++) {
        const struct plan_op *a = &shrink->plan->ops[i], *b = &shrink->candidate.ops[i];
        if (strcmp(a->lease, b->lease) != 0 || strcmp(a->key, b->key) != 0 || strcmp(a->scope, b->scope) != 0)
            return true;
    }
    return false;
}

enum err shrink_rename(struct shrink *shrink)
{
    bool shows;
    shrink_copy(shrink);
    enum err err = rename_all(shrink);
    return err == ERR_NONE && is_renamed(shrink) ? shrink_try(shrink, &shows) : err;
}
