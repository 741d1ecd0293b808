/* A plan held in memory, and whose lease each of its operations means. */
#include "harness/plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* ---- the list --------------------------------------------------------------------------------------------- */

enum err plan_add(struct plan *plan, const struct plan_op *op, struct problem *why)
{
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity > 0 ? 2 * plan->capacity : 64;
        struct plan_op *ops = reallocarray(plan->ops, capacity, sizeof(*ops));
        if (ops == NULL)
            return problem_set(why, ERR_MEMORY, "out of memory for a plan of %zu operations", plan->count + 1);
        plan->ops = ops;
        plan->capacity = capacity;
    }
    plan->ops[plan->count++] = *op;
    return ERR_NONE;
}

enum err plan_read(struct plan *plan, struct plan_source *source, struct problem *why)
{
    bool done = false;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && !done) {
        struct plan_op op;
        err = source->next(source, &op, &done, why);
        if (err == ERR_NONE && !done)
            err = plan_add(plan, &op, why);
    }
    return err;
}

void plan_free(struct plan *plan)
{
    free(plan->ops);
    *plan = (struct plan){0};
}

/* ---- as a source ------------------------------------------------------------------------------------------ */

struct list_source {
    struct plan_source source; /* first: it is one */
    const struct plan *plan;
    size_t at;
};

static enum err list_next(struct plan_source *source, struct plan_op *out, bool *done, struct problem *why)
{
    struct list_source *self = (struct list_source *)(void *)source;
    (void)why;
    *done = self->at == self->plan->count;
    if (!*done)
        *out = self->plan->ops[self->at++];
    return ERR_NONE;
}

static void list_free(struct plan_source *source)
{
    free(source);
}

enum err plan_as_source(const struct plan *plan, struct plan_source **out, struct problem *why)
{
    struct list_source *self = calloc(1, sizeof(*self));
    *out = NULL;
    if (self == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    *self = (struct list_source){.source = {list_next, list_free}, .plan = plan};
    *out = &self->source;
    return ERR_NONE;
}

/* ---- whose lease ------------------------------------------------------------------------------------------- */

struct named {
    UT_hash_handle hh;
    size_t get;                  /* the last one of that name */
    char name[NAME_MAX_LEN + 8]; /* "3 l7": lease l7 of thread 3 */
};

static struct named *find(struct named *all, int64_t thread, const char *lease, char name[NAME_MAX_LEN + 8])
{
    struct named *found;
    (void)snprintf(name, NAME_MAX_LEN + 8, "%" PRId64 " %s", thread, lease);
    HASH_FIND_STR(all, name, found);
    return found;
}

static enum err note_get(struct named **all, int64_t thread, const char *lease, size_t at, struct problem *why)
{
    char name[NAME_MAX_LEN + 8];
    struct named *named = find(*all, thread, lease, name);
    if (named != NULL) {
        named->get = at;
        return ERR_NONE;
    }
    named = calloc(1, sizeof(*named));
    if (named != NULL) {
        named->get = at;
        memcpy(named->name, name, sizeof(name));
        HASH_ADD_STR(*all, name, named);
    }
    if (named != NULL && named->hh.tbl != NULL)
        return ERR_NONE;
    free(named);
    return problem_set(why, ERR_MEMORY, "out of memory for the leases of a plan");
}

static size_t owner_of(struct named *all, int64_t thread, const struct plan_op *op)
{
    char name[NAME_MAX_LEN + 8];
    if (op->lease[0] == '\0' || op->verb == PLAN_INVALIDATE_VALUE)
        return PLAN_NO_OWNER;
    const struct named *named = find(all, thread, op->lease, name);
    if (named == NULL)
        named = find(all, 0, op->lease, name);
    return named != NULL ? named->get : PLAN_NO_OWNER;
}

enum err plan_find_owners(const struct plan *plan, size_t *owners, struct problem *why)
{
    struct named *all = NULL, *named, *next;
    int64_t thread = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < plan->count; i++) {
        const struct plan_op *op = &plan->ops[i];
        if (op->verb == PLAN_THREAD)
            thread = op->count;
        if (op->verb == PLAN_GET)
            err = note_get(&all, thread, op->lease, i, why);
        owners[i] = err == ERR_NONE ? owner_of(all, thread, op) : PLAN_NO_OWNER;
    }
    HASH_ITER(hh, all, named, next)
    {
        HASH_DEL(all, named);
        free(named);
    }
    return err;
}
