/*
 * ledger.h: what the harness knows by itself of leases and items, without asking the pool.
 *
 * It is told of every operation before it is sent and of every answer. Answers come later than the operations that were
 * sent meanwhile, so it is careful: it reports only what no order of events allowed by the protocol can explain. What it
 * calls a violation is one, whatever the timing of this run was.
 */
#ifndef CHURN_DRIVER_LEDGER_H
#define CHURN_DRIVER_LEDGER_H

#include "harness/subject/subject.h"

/* Told of each invariant that does not hold. The texts are BORROWED for the call. */
typedef enum err (*ledger_violation_fn)(void *ctx, const char *invariant, const char *metric, const char *detail);

struct ledger;

/* NULL: out of memory. OWNED: ledger_free (accepts NULL). */
struct ledger *ledger_make(ledger_violation_fn on_violation, void *ctx);
void ledger_free(struct ledger *ledger);

/* The subject answers every get that was given up (subject_greeting.says_cancelled). */
void ledger_expect_cancelled(struct ledger *ledger);

enum err ledger_sent(struct ledger *ledger, const struct plan_op *op) MUST_CHECK;

/* ERR_INPUT: it answers a get that was not asked for. */
enum err ledger_answered(struct ledger *ledger, const struct subject_event *event, struct problem *why) MUST_CHECK;

/* What is compared with the subject's own counters. */
struct ledger_counts {
    int64_t leases_out;                            /* leased and not given back */
    int64_t gets_waiting;                          /* asked, not answered, not given up */
    int64_t gets_leased, gets_failed, gets_closed; /* how gets were answered, since the start */
    int64_t items_seen; /* distinct items handed out since the start; -1: the subject does not say when it makes them */
    int64_t destroyed_unused; /* items that were destroyed without ever having been leased, since the start */
};

/* From the first `thread` on only misuse is heard, and every count is -1: the subject counts itself (leases_out,
 * gets_waiting ... in its samples). Otherwise: at a rung, when its answer has come: every answer to what was sent before is there. Gets without one are waiting. */
struct ledger_counts ledger_settle(struct ledger *ledger);

/* The subject is being ended: whatever it does with items now is its own business. */
void ledger_close(struct ledger *ledger);

#endif
