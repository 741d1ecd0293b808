/*
 * What the tests of pools share: a pool in a world, and loans that remember what they were told.
 *
 * The suite in contract_*.c knows a pool only by its operations, so that a shared object can be put through it as well:
 * contract_pool_at() is the one list of pools under test.
 */
#ifndef CHURN_POOL_TEST_RIG_H
#define CHURN_POOL_TEST_RIG_H

#include "harness/world/world.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdatomic.h>

#define HOUR_NS INT64_C(3600000000000)
#define NEVER   INT64_MAX
#define LOANS   64

struct rig;

/* A lease and what became of it. Zero-initialised is "never asked". */
struct loan {
    struct pool_lease lease;
    struct rig *rig;
    struct pool_item *item; /* what it held last; the rig keeps a reference for the host */
    enum pool_result result;
    _Atomic int answers; /* times lease_done was called since the last get */
};

struct shape {
    size_t min, max;
    int64_t ttl_ns; /* 0: everything quiet is due at once */
    const char *settings;
    bool reuse_identities;
    bool own_scope; /* the pool lives in the scope "app", which a test can close */
};

struct rig {
    const struct keyed_pool_ops *ops;
    struct keyed_pool *pool;
    struct world *world;
    struct pool_env env; /* a copy: a test may put something between pool and world */
    int64_t max;
    bool captured;                      /* finalizers=captured: open items say nothing about slots */
    void (*on_done)(struct loan *loan); /* called inside lease_done */
    _Atomic int misuses, shutdowns_done;
    const char *misuse;
    char lost[256]; /* after closing: blocks by population */
};

void rig_open(struct rig *rig, const struct keyed_pool_ops *ops, struct shape shape);
/* In two steps, to change rig->env in between. */
void rig_open_world(struct rig *rig, const struct keyed_pool_ops *ops, struct shape shape);
enum pool_result rig_open_pool(struct rig *rig, struct shape shape);
/* Frees pool and world. Nothing may be lost and nothing misused. */
void rig_close(struct rig *rig);
/* The same, but misuse was the point. Returns how many blocks were lost. */
int64_t rig_close_misused(struct rig *rig);

int64_t rig_stat(struct rig *rig, enum pool_stat stat);
int64_t rig_blocks(struct rig *rig, const char *population);
/* Creations that are slow are answered now. */
void rig_slow(struct rig *rig, const char *key);
void rig_quick(struct rig *rig, const char *key);
void rig_complete(struct rig *rig);
void rig_fail(struct rig *rig, const char *key, int64_t count);
/* Invariants of a healthy pool whose finalizers belong to its items (VERDICTS I1 - I3). */
void rig_check(struct rig *rig);

/* POOL_PENDING when it waits; otherwise what it was told. */
enum pool_result loan_get(struct rig *rig, struct loan *loan, const char *key);
enum pool_result loan_now(const struct loan *loan);
enum pool_result loan_release(struct loan *loan);
enum pool_result loan_cancel(struct loan *loan);
enum pool_result loan_invalidate(struct loan *loan);
enum pool_result loan_share(struct loan *loan, const char *key);
uint64_t loan_identity(const struct loan *loan);
void loan_drop(struct loan *loan); /* the rig's reference to its item */

/* get that must succeed. */
void lend(struct rig *rig, struct loan *loan, const char *key);
/* get, invalidate, release. */
void churn_once(struct rig *rig, struct loan *loan, const char *key);
const char *key_name(int index, char name[32]);

/* The pools under test: those that are built in, then shared objects. A test that asks a shared object for what the contract
 * leaves open (share, settings of our core) is skipped. */
const struct keyed_pool_ops *contract_pool_at(size_t index);
bool contract_is_plugin(const struct keyed_pool_ops *ops);
/* How many finalizers: a pool need not register any. */
int64_t contract_finalizers(const struct keyed_pool_ops *ops, int64_t ours);
struct criterion_test_params contract_parameters(void);

/* A test of the contract: runs once for each pool. */
#define CONTRACT(NAME)                                                                                                 \
    static void contract_##NAME(const struct keyed_pool_ops *ops);                                                     \
    ParameterizedTestParameters(contract, NAME)                                                                        \
    {                                                                                                                  \
        return contract_parameters();                                                                                  \
    }                                                                                                                  \
    ParameterizedTest(size_t *index, contract, NAME)                                                                   \
    {                                                                                                                  \
        contract_##NAME(contract_pool_at(*index));                                                                     \
    }                                                                                                                  \
    static void contract_##NAME(const struct keyed_pool_ops *ops)

#define EXPECT_STAT(RIG, STAT, EXPECTED)                                                                               \
    cr_expect_eq(rig_stat(RIG, STAT), (EXPECTED), "%s: %s is %lld, expected %lld", (RIG)->ops->name,                   \
                 pool_stat_name(STAT), (long long)rig_stat(RIG, STAT), (long long)(EXPECTED))
#define EXPECT_COUNT(RIG, COUNT, EXPECTED)                                                                             \
    cr_expect_eq(world_count((RIG)->world, COUNT), (EXPECTED), "%s: %s is %lld, expected %lld", (RIG)->ops->name,      \
                 #COUNT, (long long)world_count((RIG)->world, COUNT), (long long)(EXPECTED))
#define EXPECT_RESULT(CALL, EXPECTED)                                                                                  \
    do {                                                                                                               \
        enum pool_result result_ = (CALL);                                                                             \
        cr_expect_eq(result_, EXPECTED, "%s gave %s", #CALL, pool_result_name(result_));                               \
    } while (0)

#endif
