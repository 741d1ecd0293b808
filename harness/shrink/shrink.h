/*
 * shrink: the smallest plan that still shows something. No I/O, no pool: whether a plan shows it is asked of the caller.
 *
 * Delta debugging (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002) over the operations,
 * in passes that know what a plan is: whole stretches between rungs, then keys, then leases, then single operations; and between
 * them simpler values (fewer keys, a plainer pool, shorter times).
 */
#ifndef CHURN_SHRINK_H
#define CHURN_SHRINK_H

#include "harness/plan/plan.h"

/* Does `plan` (BORROWED for the call) still show it? An error ends the shrinking. */
typedef enum err (*shrink_shows_fn)(void *ctx, const struct plan *plan, bool *shows, struct problem *why);

/* Makes `plan`, which shows it, as small as it can. On return, after an error too, it is the smallest plan that was seen to show it.
 * After ERR_NONE none of its operations can be left out: shows() said no to each of these plans. Leaving a get out leaves out what names
 * its lease as well. The pool line and the notes (meta) stay; a note of a schedule counts as an operation.
 * A round asks shows() about 2n times for n operations, 2n for the leases and so on, and once or more for each value; there are rounds until
 * one changes nothing, mostly three. Names of leases, keys and scopes are new ones. */
enum err shrink_plan(struct plan *plan, shrink_shows_fn shows, void *ctx, struct problem *why) MUST_CHECK;

/* How many operations could be left out one by one: all but the pool line and the notes. */
size_t shrink_size(const struct plan *plan);

#endif
