/*
 * test_driver_ledger.c: what the ledger calls a violation, and what it must not.
 *
 * A story is written as it happens on the wire: "> get a k0" is sent, "< leased a 1" is read. The same story is told with the
 * answers at once and as late as can be, because both happen.
 */
#include "harness/driver/ledger.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct story {
    struct ledger *ledger;
    char violations[1024];
};

static enum err note(void *ctx, const char *invariant, const char *metric, const char *detail)
{
    struct story *story = ctx;
    size_t used = strlen(story->violations);

    (void)metric;
    snprintf(story->violations + used, sizeof(story->violations) - used, "%s: %s\n", invariant, detail);
    return ERR_NONE;
}

static void send_line(struct story *story, const char *line)
{
    struct problem why = {0};
    struct plan_op op;

    cr_assert_eq(plan_op_parse(line, strlen(line), &op, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(ledger_sent(story->ledger, &op), ERR_NONE);
}

static enum err answer_line(struct story *story, const char *line)
{
    char verb[32] = "", one[65] = "", two[200] = "";
    struct subject_event event = {.kind = SUBJECT_EVENT_COUNT};
    struct problem why = {0};

    cr_assert_geq(sscanf(line, "%31s %64s %199[^\n]", verb, one, two), 2);
    event.lease = one;
    event.text = two;
    event.key = two;
    if (strcmp(verb, "leased") == 0) {
        event.kind = SUBJECT_LEASED;
        event.item = strtoull(two, NULL, 10);
    } else if (strcmp(verb, "failed") == 0) {
        event.kind = SUBJECT_FAILED;
    } else if (strcmp(verb, "closed") == 0) {
        event.kind = SUBJECT_LEASE_CLOSED;
    } else if (strcmp(verb, "cancelled") == 0) {
        event.kind = SUBJECT_CANCELLED;
    } else {
        event.item = strtoull(one, NULL, 10);
        event.kind = strcmp(verb, "created") == 0     ? SUBJECT_CREATED
                     : strcmp(verb, "destroyed") == 0 ? SUBJECT_DESTROYED
                                                      : SUBJECT_MISUSE;
    }
    return ledger_answered(story->ledger, &event, &why);
}

/* Tells the story and settles. `late`: all answers come after all operations. */
static struct ledger_counts tell(struct story *story, const char *const *lines, bool late)
{
    story->ledger = ledger_make(note, story);
    cr_assert_not_null(story->ledger);
    for (size_t i = 0; late && lines[i]; i++)
        if (lines[i][0] == '>')
            send_line(story, lines[i] + 2);
    for (size_t i = 0; lines[i]; i++) {
        if (lines[i][0] == '>' && !late)
            send_line(story, lines[i] + 2);
        else if (lines[i][0] == '<')
            cr_assert_eq(answer_line(story, lines[i] + 2), ERR_NONE, "%s", lines[i]);
    }
    struct ledger_counts counts = ledger_settle(story->ledger);
    ledger_free(story->ledger);
    return counts;
}

#define STORY(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Nothing wrong, whether the answers come at once or late. */
static struct ledger_counts tell_well(const char *const *lines)
{
    struct story prompt = {0}, late = {0};
    struct ledger_counts a = tell(&prompt, lines, false), b = tell(&late, lines, true);

    cr_expect_str_eq(prompt.violations, "");
    cr_expect_str_eq(late.violations, "");
    cr_expect_eq(memcmp(&a, &b, sizeof(a)), 0, "out %d, %d; waiting %d, %d", (int)a.leases_out, (int)b.leases_out,
                 (int)a.gets_waiting, (int)b.gets_waiting);
    return a;
}

/* A violation that is certain however late the answers are read. */
static void tell_wrong(const char *const *lines, const char *violation)
{
    struct story prompt = {0}, late = {0};

    (void)tell(&prompt, lines, false);
    (void)tell(&late, lines, true);
    cr_expect_str_eq(prompt.violations, violation);
    cr_expect_str_eq(late.violations, violation);
}

/* ---- what is right ---- */

Test(driver_ledger, counts_what_is_out_and_what_waits)
{
    struct ledger_counts counts =
        tell_well(STORY("> get a k0", "< created 1 k0", "< leased a 1", "> get b k0", "> get c k1",
                        "< failed c refused", "> get d k2", "< created 2 k2", "< leased d 2", "> release d"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.gets_waiting, 1);
    cr_expect_eq(counts.gets_failed, 1);
    cr_expect_eq(counts.gets_leased, 2);
    cr_expect_eq(counts.items_seen, 2);
}

Test(driver_ledger, an_item_goes_from_hand_to_hand)
{
    struct ledger_counts counts =
        tell_well(STORY("> get a k0", "< created 1 k0", "< leased a 1", "> get b k0", "> get c k0", "> release a",
                        "< leased b 1", "> release b", "< leased c 1"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.items_seen, 1);
}

Test(driver_ledger, a_name_is_used_again)
{
    struct ledger_counts counts = tell_well(STORY("> get a k0", "< leased a 1", "> release a", "> get a k1",
                                                  "< leased a 2", "> release a", "> get a k0", "< leased a 1"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.gets_leased, 3);
}

Test(driver_ledger, a_get_that_was_given_up_is_not_waiting)
{
    struct ledger_counts counts = tell_well(
        STORY("> get a k0", "< leased a 1", "> get b k0", "> cancel b", "> release a", "> get b k0", "< leased b 1"));
    cr_expect_eq(counts.gets_waiting, 0);
    cr_expect_eq(counts.leases_out, 1);
}

Test(driver_ledger, a_cancel_that_comes_too_late_changes_nothing)
{
    struct ledger_counts counts = tell_well(STORY("> get a k0", "< leased a 1", "> cancel a"));
    cr_expect_eq(counts.leases_out, 1);
}

Test(driver_ledger, a_scope_takes_its_leases_along)
{
    struct ledger_counts counts = tell_well(STORY("> get a k0 s", "< leased a 1", "> get b k1 s", "< leased b 2",
                                                  "> get c k2", "< leased c 3", "> get d k2 s", "> close-scope s"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.gets_waiting, 0);
}

Test(driver_ledger, releasing_twice_is_void)
{
    struct ledger_counts counts =
        tell_well(STORY("> get a k0", "< leased a 1", "> release a", "> release a", "> get b k0", "< leased b 1"));
    cr_expect_eq(counts.leases_out, 1);
}

/* The answer to b, which was asked later, shows that a waited when it was "released". */
Test(driver_ledger, releasing_a_get_that_waits_is_void)
{
    struct ledger_counts counts =
        tell_well(STORY("> get a k0", "> release a", "> get b k1", "< leased b 1", "< leased a 2"));
    cr_expect_eq(counts.leases_out, 2);

    /* so does the release that made its item free */
    counts = tell_well(STORY("> get a k0", "< created 1 k0", "< leased a 1", "> get b k0", "> release b", "> release a",
                             "< leased b 1"));
    cr_expect_eq(counts.leases_out, 1);

    counts = tell_well(STORY("> get a k0", "> release a"));
    cr_expect_eq(counts.gets_waiting, 1);
}

/* c is served before b, who came first: the first release of b is void, the second is not, whenever its answer is read. */
Test(driver_ledger, a_release_after_one_that_was_void)
{
    struct ledger_counts counts = tell_well(
        STORY("> get a k0", "< created 1 k0", "< leased a 1", "> get b k0", "> get c k0", "> release a", "< leased c 1",
              "> release b", "> release c", "< leased b 1", "> release b", "> get d k0", "< leased d 1"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.gets_waiting, 0);
}

Test(driver_ledger, a_shared_item_has_more_holders)
{
    struct ledger_counts counts =
        tell_well(STORY("> get a k0", "< leased a 1", "> share a k1", "> get b k1", "< leased b 1"));
    cr_expect_eq(counts.leases_out, 2);
}

Test(driver_ledger, an_identity_may_be_given_again)
{
    struct ledger_counts counts = tell_well(STORY(
        "> get a k0", "< created 1 k0", "< leased a 1", "> invalidate a", "> release a", "< destroyed 1", "> get b k0",
        "< created 1 k0", "< leased b 1", "> invalidate a", "> release b", "> get c k0", "< leased c 1"));
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.items_seen, 2);
}

Test(driver_ledger, counts_items_destroyed_unused)
{
    struct ledger_counts counts = tell_well(STORY("> get a k0", "< created 1 k0", "< created 2 k0", "< leased a 1",
                                                  "< destroyed 2", "> invalidate a", "> release a", "< destroyed 1"));
    cr_expect_eq(counts.destroyed_unused, 1);
}

Test(driver_ledger, a_subject_may_say_what_was_given_up)
{
    struct story story = {0};

    story.ledger = ledger_make(note, &story);
    ledger_expect_cancelled(story.ledger);
    send_line(&story, "get a k0");
    send_line(&story, "cancel a");
    send_line(&story, "get a k1");
    send_line(&story, "get b k1");
    cr_expect_eq(answer_line(&story, "cancelled a x"), ERR_NONE);
    cr_expect_eq(answer_line(&story, "leased a 1"), ERR_NONE);
    cr_expect_eq(answer_line(&story, "cancelled b x"), ERR_INPUT); /* nobody gave it up */
    struct ledger_counts counts = ledger_settle(story.ledger);
    cr_expect_eq(counts.leases_out, 1);
    cr_expect_eq(counts.gets_waiting, 1);
    ledger_free(story.ledger);
}

/* The lease waited when it was "invalidated", and was served by the release that came between: its item is as good as before. */
Test(driver_ledger, an_invalidation_of_one_who_waits_changes_nothing)
{
    (void)tell_well(STORY("> get a k0", "> get b k0", "< leased a 1", "> invalidate b", "> release a", "< leased b 1",
                          "> release b", "> get c k0", "< leased c 1"));
}

/* ---- what is wrong ---- */

Test(driver_ledger, an_item_is_leased_after_it_was_destroyed)
{
    tell_wrong(STORY("> get a k0", "< created 1 k0", "< leased a 1", "> release a", "< destroyed 1", "> get b k0",
                     "< leased b 1"),
               "I5: item 1 was leased though it is not alive: destroyed before, or never created\n");
}

Test(driver_ledger, an_item_is_leased_after_it_was_invalidated)
{
    tell_wrong(STORY("> get a k0", "< leased a 1", "> invalidate a", "> release a", "> get b k0", "< leased b 1"),
               "I5: item 1 was leased after it was invalidated\n");
}

Test(driver_ledger, an_item_is_leased_twice_at_once)
{
    tell_wrong(STORY("> get a k0", "< leased a 1", "> get b k0", "< leased b 1"),
               "I5: item 1 was leased twice at once\n");
}

Test(driver_ledger, a_shared_item_is_leased_once_too_often)
{
    tell_wrong(
        STORY("> get a k0", "< leased a 1", "> share a k1", "> get b k1", "< leased b 1", "> get c k1", "< leased c 1"),
        "I5: item 1 was leased twice at once\n");
}

Test(driver_ledger, an_item_is_destroyed_twice)
{
    tell_wrong(STORY("> get a k0", "< created 1 k0", "< leased a 1", "> release a", "< destroyed 1", "< destroyed 1"),
               "I5: item 1 was destroyed though it is not alive: twice, or never created\n");
}

Test(driver_ledger, an_item_is_destroyed_in_use)
{
    tell_wrong(STORY("> get a k0", "< created 1 k0", "< leased a 1", "< destroyed 1"),
               "I5: item 1 was destroyed while it was leased\n");
}

Test(driver_ledger, an_identity_is_given_twice)
{
    tell_wrong(STORY("> get a k0", "< created 1 k0", "< created 1 k0", "< leased a 1"),
               "I5: item 1 was created though one of that identity is alive\n");
}

Test(driver_ledger, an_item_is_leased_after_the_shutdown)
{
    tell_wrong(STORY("> shutdown", "> get a k0", "< leased a 1"), "I6: item 1 was leased after the shutdown\n");
}

Test(driver_ledger, the_world_saw_something)
{
    tell_wrong(STORY("< misuse 4 was destroyed twice"), "I5: item 4 was destroyed twice\n");
}

Test(driver_ledger, after_the_end_nothing_is_wrong)
{
    struct story story = {0};

    story.ledger = ledger_make(note, &story);
    send_line(&story, "get a k0");
    cr_expect_eq(answer_line(&story, "created 1 k0"), ERR_NONE);
    cr_expect_eq(answer_line(&story, "leased a 1"), ERR_NONE);
    ledger_close(story.ledger);
    cr_expect_eq(answer_line(&story, "destroyed 1"), ERR_NONE);
    cr_expect_str_eq(story.violations, "");
    ledger_free(story.ledger);
}

Test(driver_ledger, an_answer_nobody_asked_for_is_refused)
{
    struct story story = {0};

    story.ledger = ledger_make(note, &story);
    cr_expect_eq(answer_line(&story, "leased a 1"), ERR_INPUT);
    send_line(&story, "get a k0");
    cr_expect_eq(answer_line(&story, "leased a 1"), ERR_NONE);
    cr_expect_eq(answer_line(&story, "leased a 2"), ERR_INPUT);
    cr_expect_eq(answer_line(&story, "failed b x"), ERR_INPUT);
    ledger_free(story.ledger);
}
