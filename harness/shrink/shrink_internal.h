/* shrink_internal.h: one shrinking while it goes on. */
#ifndef CHURN_SHRINK_INTERNAL_H
#define CHURN_SHRINK_INTERNAL_H

#include "harness/shrink/shrink.h"

struct shrink {
    struct plan *plan;     /* the smallest so far; BORROWED */
    struct plan candidate; /* what is asked about; as much room as the plan had at the beginning */
    size_t *owners;        /* plan_find_owners of the plan */
    shrink_shows_fn shows;
    void *ctx;
    bool changed; /* in this round */
    struct problem *why;
};

/* False: the pool line, a note. */
bool shrink_may_leave_out(const struct plan_op *op);

/* Makes the candidate the same as the plan, to be changed. */
void shrink_copy(struct shrink *shrink);
/* Asks about the candidate; when it shows, it is the plan from now on. */
enum err shrink_try(struct shrink *shrink, bool *shows) MUST_CHECK;

/* ---- remove.c: operations that are left out ---- */
enum part { PART_STRETCH, PART_KEY, PART_LEASE, PART_OP };
enum err shrink_remove(struct shrink *shrink, enum part part) MUST_CHECK;

/* ---- values.c: simpler operations ---- */
enum err shrink_simplify(struct shrink *shrink) MUST_CHECK;

/* ---- names.c ---- */

/* A number for each text, 0 for the first that was seen. Zero-initialised is empty. */
struct numbers {
    struct number *all;
};
enum err numbers_of(struct numbers *numbers, const char *text, size_t *out, struct problem *why) MUST_CHECK;
void numbers_free(struct numbers *numbers);

/* Every get a lease name of its own, in order (a, b, c, or l1, l2 ... when there are many), keys k0, k1 ..., scopes s0, s1 ... */
enum err shrink_rename(struct shrink *shrink) MUST_CHECK;

#endif
