/*
 * Leaves operations out, by parts: half of all parts that are there, then a quarter of them at a time, at last one by one. From the end,
 * for what comes late hangs on what came before. n parts are asked about 2n times.
 */
#include "harness/shrink/shrink_internal.h"

#include <stdlib.h>
#include <string.h>

#define NO_PART SIZE_MAX

struct removal {
    struct shrink *shrink;
    size_t *part_of; /* of each operation of the plan as it was; NO_PART: it stays */
    size_t *origin;  /* of each operation of the plan as it is: its index in the plan as it was */
    size_t *parts;   /* those that are left, in order */
    bool *goes;      /* by part: it is left out in the candidate */
    bool *gone;      /* by operation of the plan as it is: not in the candidate */
    size_t count;    /* of parts */
};

/* ---- which part an operation belongs to ------------------------------------------------------------------------ */

static enum err part_of_key(const struct shrink *shrink, size_t i, struct numbers *keys, size_t *out)
{
    const struct plan *plan = shrink->plan;
    size_t owner = shrink->owners[i];
    const char *key = plan->ops[i].key;
    if (key[0] == '\0' && owner != PLAN_NO_OWNER)
        key = plan->ops[owner].key;
    return key[0] != '\0' ? numbers_of(keys, key, out, shrink->why) : ERR_NONE;
}

static enum err find_parts(struct removal *removal, enum part part)
{
    struct shrink *shrink = removal->shrink;
    struct numbers keys = {0};
    size_t stretch = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < shrink->plan->count; i++) {
        const struct plan_op *op = &shrink->plan->ops[i];
        size_t *out = &removal->part_of[i];
        *out = NO_PART;
        if (!shrink_may_leave_out(op))
            continue;
        if (part == PART_STRETCH)
            *out = stretch;
        else if (part == PART_KEY)
            err = part_of_key(shrink, i, &keys, out);
        else
            *out = part == PART_LEASE && shrink->owners[i] != PLAN_NO_OWNER ? shrink->owners[i] : i;
        stretch += op->verb == PLAN_RUNG;
    }
    numbers_free(&keys);
    return err;
}

/* Each part once, in the order in which they begin. Borrows `goes` to know which it has. */
static void list_parts(struct removal *removal)
{
    for (size_t i = 0; i < removal->shrink->plan->count; i++) {
        size_t part = removal->part_of[i];
        removal->origin[i] = i;
        if (part == NO_PART || removal->goes[part])
            continue;
        removal->goes[part] = true;
        removal->parts[removal->count++] = part;
    }
    memset(removal->goes, 0, removal->shrink->plan->count * sizeof(*removal->goes));
}

/* ---- leaving some out ------------------------------------------------------------------------------------------- */

/* The plan without the parts that go, and without what names a lease that nobody gets any more. */
static void make_candidate(struct removal *removal)
{
    struct shrink *shrink = removal->shrink;
    struct plan *candidate = &shrink->candidate;
    candidate->count = 0;
    for (size_t i = 0; i < shrink->plan->count; i++) {
        size_t part = removal->part_of[removal->origin[i]], owner = shrink->owners[i];
        bool orphan = owner != PLAN_NO_OWNER && owner != i && removal->gone[owner];
        removal->gone[i] = (part != NO_PART && removal->goes[part]) || orphan;
        if (!removal->gone[i])
            candidate->ops[candidate->count++] = shrink->plan->ops[i];
    }
}

static void follow(struct removal *removal, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!removal->gone[i])
            removal->origin[left++] = removal->origin[i];
}

/* Tries to do without the parts [from, to) of the list. */
static enum err leave_out(struct removal *removal, size_t from, size_t to, bool *done)
{
    size_t count = removal->shrink->plan->count;
    enum err err = ERR_NONE;
    for (size_t i = from; i < to; i++)
        removal->goes[removal->parts[i]] = true;
    make_candidate(removal);
    *done = removal->shrink->candidate.count == count; /* they went with the gets that named their leases */
    if (!*done)
        err = shrink_try(removal->shrink, done);
    for (size_t i = from; i < to; i++)
        removal->goes[removal->parts[i]] = false;
    if (err != ERR_NONE || !*done)
        return err;
    follow(removal, count);
    memmove(removal->parts + from, removal->parts + to, (removal->count - to) * sizeof(*removal->parts));
    removal->count -= to - from;
    return ERR_NONE;
}

/* Goes over all parts once, `size` of them at a time. */
static enum err sweep(struct removal *removal, size_t size)
{
    enum err err = ERR_NONE;
    for (size_t end = removal->count; err == ERR_NONE && end > 0;) {
        size_t from = end > size ? end - size : 0;
        bool done = false;
        err = leave_out(removal, from, end, &done);
        end = from;
    }
    return err;
}

static enum err sweep_all(struct removal *removal)
{
    enum err err = ERR_NONE;
    for (size_t size = removal->count / 2; err == ERR_NONE && size > 1; size /= 2)
        err = sweep(removal, size);
    return err == ERR_NONE ? sweep(removal, 1) : err;
}

enum err shrink_remove(struct shrink *shrink, enum part part)
{
    size_t count = shrink->plan->count;
    struct removal removal = {.shrink = shrink};
    removal.part_of = calloc(count + 1, sizeof(*removal.part_of));
    removal.origin = calloc(count + 1, sizeof(*removal.origin));
    removal.parts = calloc(count + 1, sizeof(*removal.parts));
    removal.goes = calloc(count + 1, sizeof(*removal.goes));
    removal.gone = calloc(count + 1, sizeof(*removal.gone));
    enum err err = ERR_MEMORY;
    if (removal.part_of && removal.origin && removal.parts && removal.goes && removal.gone)
        err = find_parts(&removal, part);
    else
        problem_set(shrink->why, err, "out of memory while shrinking a plan");
    if (err == ERR_NONE) {
        list_parts(&removal);
        err = sweep_all(&removal);
    }
    free(removal.part_of);
    free(removal.origin);
    free(removal.parts);
    free(removal.goes);
    free(removal.gone);
    return err;
}
