/* Shrinking with made-up findings, whose smallest plan is known. */
#include "harness/shrink/shrink.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A plan from lines; values v0, v1 ... are operations that hang on nothing. */
static void add_line(struct plan *plan, const char *line)
{
    struct plan_op op;
    struct problem why = {0};
    cr_assert_eq(plan_op_parse(line, strlen(line), &op, &why), ERR_NONE, "%s: %s", line, why.text);
    cr_assert_eq(plan_add(plan, &op, &why), ERR_NONE);
}

static void add_values(struct plan *plan, size_t count)
{
    char line[64];
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof line, "invalidate-value v%zu", i);
        add_line(plan, line);
    }
}

static void expect_text(const struct plan *plan, const char *expected)
{
    struct buffer text = {0};
    for (size_t i = 0; i < plan->count; i++)
        plan_op_print(&plan->ops[i], &text);
    cr_expect_str_eq(text.data ? text.data : "", expected);
    buffer_free(&text);
}

static bool has_value(const struct plan *plan, size_t value)
{
    char name[32];
    snprintf(name, sizeof name, "v%zu", value);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->ops[i].verb == PLAN_INVALIDATE_VALUE && strcmp(plan->ops[i].lease, name) == 0)
            return true;
    return false;
}

/* How many operations of a verb there are. */
static size_t count_verb(const struct plan *plan, enum plan_verb verb)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->ops[i].verb == verb;
    return count;
}

/* What names a lease comes after its get, and the pool line is first: what a plan file must keep to. */
static bool is_valid(const struct plan *plan)
{
    size_t *owners = calloc(plan->count + 1, sizeof *owners);
    bool valid = plan->count > 0 && plan->ops[0].verb == PLAN_POOL;
    cr_assert_eq(plan_find_owners(plan, owners, NULL), ERR_NONE);
    for (size_t i = 0; i < plan->count; i++)
        valid =
            valid && (plan->ops[i].lease[0] == '\0' || plan->ops[i].verb == PLAN_INVALIDATE_VALUE || owners[i] <= i);
    free(owners);
    return valid;
}

/* A finding: all of some values, at least so many operations of some verbs. */
struct need {
    size_t values[8], value_count;
    size_t verbs[PLAN_VERB_COUNT];
    bool even;          /* not monotone: only with an even number of values */
    size_t asked, last; /* calls; how many operations the last plan that showed it had */
    size_t stop_at;     /* an error at that call; 0: none */
};

static enum err need_shows(void *ctx, const struct plan *plan, bool *shows, struct problem *why)
{
    struct need *need = ctx;
    need->asked++;
    cr_expect(is_valid(plan), "a candidate that no plan file could be");
    *shows = !need->even || count_verb(plan, PLAN_INVALIDATE_VALUE) % 2 == 0;
    for (size_t i = 0; *shows && i < need->value_count; i++)
        *shows = has_value(plan, need->values[i]);
    for (size_t verb = 0; *shows && verb < PLAN_VERB_COUNT; verb++)
        *shows = count_verb(plan, (enum plan_verb)verb) >= need->verbs[verb];
    if (need->stop_at > 0 && need->asked >= need->stop_at)
        return problem_set(why, ERR_STOPPED, "stopped");
    if (*shows)
        need->last = plan->count;
    return ERR_NONE;
}

/* No single operation, with what hangs on it, can be left out. */
static void expect_minimal(const struct plan *plan, shrink_shows_fn shows, void *ctx)
{
    size_t *owners = calloc(plan->count + 1, sizeof *owners);
    cr_assert_eq(plan_find_owners(plan, owners, NULL), ERR_NONE);
    for (size_t out = 0; out < plan->count; out++) {
        struct plan without = {0};
        bool still = false;
        for (size_t i = 0; i < plan->count; i++)
            if (i != out && owners[i] != out)
                cr_assert_eq(plan_add(&without, &plan->ops[i], NULL), ERR_NONE);
        if (plan->ops[out].verb != PLAN_POOL)
            cr_assert_eq(shows(ctx, &without, &still, NULL), ERR_NONE);
        cr_expect_not(still, "operation %zu can be left out", out);
        plan_free(&without);
    }
    free(owners);
}

Test(shrink, finds_the_operations_that_are_needed_and_no_others)
{
    struct plan plan = {0};
    struct need need = {.values = {3, 17, 40}, .value_count = 3};
    add_line(&plan, "pool max=1");
    add_values(&plan, 64);
    cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
    expect_text(&plan, "pool max=1\ninvalidate-value v3\ninvalidate-value v17\ninvalidate-value v40\n");
    cr_expect_eq(shrink_size(&plan), 3);
    plan_free(&plan);
}

/* An even number only: leaving out one is never seen, leaving out two is. ddmin promises no more than 1-minimality then. */
Test(shrink, is_1_minimal_when_the_finding_is_not_monotone)
{
    struct plan plan = {0};
    struct need need = {.values = {5, 6}, .value_count = 2, .even = true};
    add_line(&plan, "pool max=1");
    add_values(&plan, 50);
    cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
    cr_expect(has_value(&plan, 5) && has_value(&plan, 6));
    expect_minimal(&plan, need_shows, &need);
    plan_free(&plan);
}

/* Each value can go only when all before it have gone: a sweep from the end takes one part at a time. */
static enum err chain_shows(void *ctx, const struct plan *plan, bool *shows, struct problem *why)
{
    const size_t *last = ctx;
    bool before = false;
    (void)why;
    *shows = has_value(plan, *last);
    for (size_t i = 0; i < *last; i++) {
        *shows = *shows && (!before || has_value(plan, i));
        before = before || has_value(plan, i);
    }
    return ERR_NONE;
}

Test(shrink, goes_round_again_until_nothing_can_go)
{
    struct plan plan = {0};
    size_t last = 100;
    add_line(&plan, "pool max=1");
    add_values(&plan, last + 1);
    cr_assert_eq(shrink_plan(&plan, chain_shows, &last, NULL), ERR_NONE);
    expect_text(&plan, "pool max=1\ninvalidate-value v100\n");
    plan_free(&plan);
}

Test(shrink, a_get_takes_along_what_names_its_lease)
{
    struct plan plan = {0};
    struct need need = {.verbs = {[PLAN_INVALIDATE] = 1, [PLAN_RUNG] = 1}};
    char line[64];
    add_line(&plan, "pool min=1 max=4 ttl=60s items=tcp payload=1KiB");
    for (int i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "get same k%d scope", i % 7);
        add_line(&plan, line);
        add_line(&plan, "invalidate same");
        add_line(&plan, "release same");
        add_line(&plan, "rung");
    }
    add_line(&plan, "shutdown");
    cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
    cr_expect_eq(shrink_size(&plan), 3);
    cr_expect_eq(count_verb(&plan, PLAN_GET), 1);
    cr_expect_str_eq(plan.ops[0].text, "min=0 max=1 ttl=inf");
    cr_expect_str_empty(plan.ops[1].scope);
    plan_free(&plan);
}

/* Shown by at least 3 failures and at least 45 minutes. */
static enum err amounts_show(void *ctx, const struct plan *plan, bool *shows, struct problem *why)
{
    int64_t fails = 0, time = 0;
    (void)ctx;
    (void)why;
    for (size_t i = 0; i < plan->count; i++) {
        fails += plan->ops[i].verb == PLAN_FAIL ? plan->ops[i].count : 0;
        time += plan->ops[i].verb == PLAN_ADVANCE ? plan->ops[i].duration_ns : 0;
    }
    *shows = fails >= 3 && time >= INT64_C(2700000000000);
    return ERR_NONE;
}

Test(shrink, values_become_simpler)
{
    struct plan plan = {0};
    add_line(&plan, "pool max=9");
    add_line(&plan, "fail x 100");
    add_line(&plan, "fail y 100");
    add_line(&plan, "advance 30d");
    add_line(&plan, "advance 1s");
    cr_assert_eq(shrink_plan(&plan, amounts_show, NULL, NULL), ERR_NONE);
    expect_text(&plan, "pool min=0 max=1 ttl=inf\nfail k0 3\nadvance 1h\n");
    plan_free(&plan);
}

Test(shrink, an_error_leaves_the_smallest_plan_so_far)
{
    struct plan plan = {0};
    struct need need = {.values = {1}, .value_count = 1, .stop_at = 9};
    struct problem why = {0};
    add_line(&plan, "pool max=1");
    add_values(&plan, 500);
    cr_assert_eq(shrink_plan(&plan, need_shows, &need, &why), ERR_STOPPED);
    cr_expect_eq(plan.count, need.last);
    cr_expect(plan.count < 501 && plan.count > 2);
    cr_expect(has_value(&plan, 1));
    plan_free(&plan);
}

/* Every operation is needed, or a half, or a third. Operations in one stretch, no keys, no leases: two passes (leases, operations) of at
 * most 2n + 6 questions (60 + 30 + 15 + ... in pieces of 1, 2, 3, 7, 15, 30), one for the stretch; and as much to see that it is over. */
Test(shrink, asks_no_more_often_than_it_says)
{
    enum { COUNT = 60 };
    for (size_t step = 1; step <= 3; step++) {
        struct plan plan = {0};
        struct need need = {.verbs = {[PLAN_INVALIDATE_VALUE] = COUNT / step}};
        add_line(&plan, "pool min=0 max=1 ttl=inf");
        add_values(&plan, COUNT);
        cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
        cr_expect_eq(plan.count, 1 + COUNT / step);
        cr_expect_leq(need.asked, 2 * (2 * (2 * COUNT + 6) + 1));
        plan_free(&plan);
    }
}

/* A random plan that a file could hold. */
static void make_random(struct plan *plan, struct rng *rng)
{
    char line[80];
    size_t gets = 0;
    add_line(plan, "pool min=1 max=4 ttl=60s");
    for (size_t i = 0, count = 20 + rng_below(rng, 120); i < count; i++) {
        uint64_t kind = rng_below(rng, 8), lease = gets > 0 ? rng_below(rng, gets) : 0;
        if (kind < 3 || gets == 0)
            snprintf(line, sizeof line, "get l%zu k%d", gets++, (int)rng_below(rng, 6));
        else if (kind < 6)
            snprintf(line, sizeof line, "%s l%d",
                     kind == 3   ? "release"
                     : kind == 4 ? "invalidate"
                                 : "cancel",
                     (int)lease);
        else
            snprintf(line, sizeof line, kind == 6 ? "rung" : "advance 90s");
        add_line(plan, line);
    }
}

Test(shrink, random_plans_end_1_minimal_and_still_show_it)
{
    struct rng rng;
    rng_init(&rng, 20021);
    for (int round = 0; round < 200; round++) {
        struct plan plan = {0};
        struct need need = {0};
        bool still = false;
        static const enum plan_verb verbs[] = {PLAN_GET, PLAN_RELEASE, PLAN_INVALIDATE, PLAN_CANCEL, PLAN_RUNG};
        make_random(&plan, &rng);
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
            need.verbs[verbs[i]] = rng_below(&rng, count_verb(&plan, verbs[i]) / 4 + 1);
        cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
        cr_assert_eq(need_shows(&need, &plan, &still, NULL), ERR_NONE);
        cr_expect(still, "round %d: the smallest plan does not show it", round);
        expect_minimal(&plan, need_shows, &need);
        plan_free(&plan);
    }
}

/* Without edits of values: an oracle that knows each value by name sees what is left in its old order. */
Test(shrink, what_is_left_keeps_its_order)
{
    struct plan plan = {0};
    struct need need = {.values = {40, 2, 33, 7, 21}, .value_count = 5};
    add_line(&plan, "pool min=0 max=1 ttl=inf");
    add_values(&plan, 48);
    cr_assert_eq(shrink_plan(&plan, need_shows, &need, NULL), ERR_NONE);
    expect_text(&plan, "pool min=0 max=1 ttl=inf\ninvalidate-value v2\ninvalidate-value v7\ninvalidate-value v21\n"
                       "invalidate-value v33\ninvalidate-value v40\n");
    plan_free(&plan);
}

/* ---- whose lease ---- */

Test(shrink, a_lease_is_the_last_get_of_that_name_in_its_thread_or_the_main_one)
{
    static const char *const lines[] = {"pool max=1", "get a k0",  "release a", "get a k1", "thread 1", "release a",
                                        "get a k0",   "release a", "thread 0",  "cancel a", "release b"};
    static const size_t expected[] = {PLAN_NO_OWNER, 1, 1, 3, PLAN_NO_OWNER, 3, 6, 6, PLAN_NO_OWNER, 3, PLAN_NO_OWNER};
    struct plan plan = {0};
    size_t owners[ARRAY_LEN(lines)];
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        add_line(&plan, lines[i]);
    cr_assert_eq(plan_find_owners(&plan, owners, NULL), ERR_NONE);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        cr_expect_eq(owners[i], expected[i], "%s", lines[i]);
    plan_free(&plan);
}
