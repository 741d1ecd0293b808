/* Simpler operations in the place of those that are there. Each edit is tried at each operation, again while it helps. */
#include "harness/shrink/shrink_internal.h"

#include <stdio.h>
#include <string.h>

/* Changes the plan at an operation; false: there is nothing to change. What it changes must become less of something, so that it ends. */
typedef bool (*edit_fn)(struct plan *plan, size_t at);

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* The key that a plan names here for the first time becomes the first key of all, everywhere. */
static bool merge_key(struct plan *plan, size_t at)
{
    const char *first = NULL;
    char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1];
    memcpy(from, plan->ops[at].key, sizeof(from));
    for (size_t i = 0; i < at; i++) {
        const char *key = plan->ops[i].key;
        first = first == NULL && key[0] != '\0' ? key : first;
        if (strcmp(key, from) == 0)
            return false;
    }
    if (from[0] == '\0' || first == NULL)
        return false;
    memcpy(to, first, sizeof(to));
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->ops[i].key, from) == 0)
            memcpy(plan->ops[i].key, to, sizeof(to));
    return true;
}

static bool drop_scope(struct plan *plan, size_t at)
{
    struct plan_op *op = &plan->ops[at];
    if (op->verb != PLAN_GET || op->scope[0] == '\0')
        return false;
    op->scope[0] = '\0';
    return true;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static bool set_count(struct plan *plan, size_t at, int64_t to)
{
    struct plan_op *op = &plan->ops[at];
    if ((op->verb != PLAN_FAIL && op->verb != PLAN_FAIL_CLOSE) || to < 1 || to >= op->count)
        return false;
    op->count = to;
    op->text[0] = '\0';
    return true;
}

static bool halve_count(struct plan *plan, size_t at)
{
    return set_count(plan, at, plan->ops[at].count / 2);
}

static bool lower_count(struct plan *plan, size_t at)
{
    return set_count(plan, at, plan->ops[at].count - 1);
}

/* The longest time below `ns` that is a round number; 0: none. */
static int64_t shorter(int64_t ns)
{
    static const int64_t round[] = {1, 10, 100, 1000, 10000, 60000, 600000, 3600000, 36000000, 86400000, 864000000};
    for (size_t i = ARRAY_LEN(round); i-- > 0;)
        if (round[i] * NS_PER_MS < ns)
            return round[i] * NS_PER_MS;
    return 0;
}

static bool shorten(struct plan *plan, size_t at)
{
    struct plan_op *op = &plan->ops[at];
    int64_t less = shorter(op->duration_ns);
    if (less == 0)
        return false;
    op->duration_ns = less;
    op->text[0] = '\0';
    return true;
}

/* ---- the pool --------------------------------------------------------------------------------------------------- */

typedef void (*shape_edit_fn)(struct plan_shape *shape);

/* False: that is how it is already, or no shape at all. */
static bool edit_shape(struct plan *plan, size_t at, shape_edit_fn edit)
{
    struct plan_op *op = &plan->ops[at];
    char before[sizeof(op->text)], after[sizeof(op->text)];
    struct plan_shape shape;
    if (op->verb != PLAN_POOL || plan_shape_parse(op->text, &shape, NULL) != ERR_NONE)
        return false;
    plan_shape_print(&shape, before, sizeof(before));
    edit(&shape);
    plan_shape_print(&shape, after, sizeof(after));
    if (strcmp(before, after) == 0 || plan_shape_check(&shape, NULL) != ERR_NONE)
        return false;
    memcpy(op->text, after, sizeof(after));
    return true;
}

#define SHAPE_EDIT(NAME, CHANGE)                                                                                       \
    static void NAME##_of(struct plan_shape *shape)                                                                    \
    {                                                                                                                  \
        CHANGE;                                                                                                        \
    }                                                                                                                  \
    static bool NAME(struct plan *plan, size_t at)                                                                     \
    {                                                                                                                  \
        return edit_shape(plan, at, NAME##_of);                                                                        \
    }

SHAPE_EDIT(keep_nothing, shape->min = 0)
SHAPE_EDIT(keep_less, shape->min -= shape->min > 0)
SHAPE_EDIT(halve_max, shape->max = shape->max > 1 ? shape->max / 2 : shape->max)
SHAPE_EDIT(lower_max, shape->max -= shape->max > 1)
SHAPE_EDIT(never_give_up, shape->ttl_ns = INT64_MAX)
SHAPE_EDIT(plain_items, shape->items = PLAN_ITEMS_BYTES)
SHAPE_EDIT(no_payload, shape->payload_bytes = 0)
SHAPE_EDIT(unique_identities, shape->reuse_identities = false)
SHAPE_EDIT(no_fd_limit, shape->fd_limit = 0)

static void give_up_sooner_of(struct plan_shape *shape)
{
    int64_t less = shape->ttl_ns < INT64_MAX ? shorter(shape->ttl_ns) : 0;
    shape->ttl_ns = less > 0 ? less : shape->ttl_ns;
}

static bool give_up_sooner(struct plan *plan, size_t at)
{
    return edit_shape(plan, at, give_up_sooner_of);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static const edit_fn edits[] = {
    merge_key,   drop_scope, keep_nothing,      keep_less,   halve_max,   lower_max,   never_give_up, give_up_sooner,
    plain_items, no_payload, unique_identities, no_fd_limit, halve_count, lower_count, shorten,
};

static enum err try_edit(struct shrink *shrink, edit_fn edit, size_t at)
{
    enum err err = ERR_NONE;
    for (bool shows = true; err == ERR_NONE && shows;) {
        shrink_copy(shrink);
        if (!edit(&shrink->candidate, at))
            break;
        err = shrink_try(shrink, &shows);
    }
    return err;
}

enum err shrink_simplify(struct shrink *shrink)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(edits); i++)
        for (size_t at = 0; err == ERR_NONE && at < shrink->plan->count; at++)
            err = try_edit(shrink, edits[i], at);
    return err;
}
