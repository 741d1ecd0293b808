/* Whose growth it is: memcheck's list between two rungs, read for a reader. The log is as Valgrind writes it (mc_leakcheck.c:
 * a head, frames, an empty line; the smallest record first). */
#include "harness/backend/backend_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define BEGINS "**7** churn: growth begins\n"
#define ENDS   "**7** churn: growth ends\n"

/* A record of `blocks` blocks that came through one function of the pool. */
#define RECORD(BYTES, BLOCKS, KIND, FUNCTION)                                                                          \
    "==7== " BYTES " bytes in " BLOCKS " blocks " KIND " in loss record 1 of 9\n"                                      \
    "==7==    at 0x48407B4: malloc (vg_replace_malloc.c:381)\n"                                                        \
    "==7==    by 0x10F3A2: population_alloc (/src/churn/harness/world/populations.c:61)\n"                             \
    "==7==    by 0x10A2B4: " FUNCTION " (/src/churn/pools/tombs.c:77)\n"                                               \
    "==7==    by 0x10A2C0: broadcast_invalidate (broadcast.c:44)\n"                                                    \
    "==7==    by 0x10C111: lease_invalidate (/src/churn/harness/host/leases.c:201)\n"                                  \
    "==7==    by 0x10B000: main (/src/churn/harness/host/main.c:50)\n"                                                 \
    "==7== \n"

static char *stack_of(const char *log)
{
    struct run *run = run_make();
    cr_assert_not_null(run);
    cr_assert_eq(growth_read(log, run), ERR_NONE);
    char *stack = run->stack ? strdup(run->stack) : NULL;
    run_free(run);
    return stack;
}

Test(backend_growth, a_part_is_its_size_and_the_frames_of_the_pool)
{
    char *stack = stack_of("==7== before\n" BEGINS RECORD("31,360 (+12,544)", "560 (+224)", "are still reachable",
                                                          "tombs_add") ENDS "==7== after\n");
    cr_assert_str_eq(stack, "31,360 (+12,544) bytes in 560 (+224) blocks:\n"
                            "  tombs_add (tombs.c:77)\n  broadcast_invalidate (broadcast.c:44)\n");
    free(stack);
}

/* Valgrind lists the smallest first; four parts are kept, the largest first. */
Test(backend_growth, the_largest_come_first_and_the_rest_is_counted)
{
    char *stack =
        stack_of(BEGINS RECORD("1", "1", "are still reachable", "a") RECORD("2", "1", "are still reachable", "b")
                     RECORD("3", "1", "are definitely lost", "c") RECORD("4", "1", "are still reachable", "d")
                         RECORD("5", "1", "are possibly lost", "e") RECORD("6", "1", "are still reachable", "f") ENDS);
    const char *at = stack;
    static const char *const order[] = {"6 bytes in 1 blocks:\n  f (", "5 bytes in 1 blocks:\n  e (",
                                        "4 bytes in 1 blocks:\n  d (", "3 bytes in 1 blocks:\n  c (",
                                        "and 2 smaller parts\n"};
    cr_assert_not_null(stack);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        at = strstr(at, order[i]);
        cr_assert_not_null(at, "%s in:\n%s", order[i], stack);
    }
    cr_expect_null(strstr(stack, "  b ("));
    free(stack);
}

/* A thousand keys: memcheck has more bytes of items that came in place of others than of the leak (24 bytes a release). */
Test(backend_growth, items_that_came_in_place_of_others_hide_nothing)
{
    char *stack = stack_of(BEGINS RECORD("3,600", "150", "are still reachable", "my_get") RECORD(
        "13,600 (+13,600)", "100 (+100)", "are still reachable",
        "item_alloc (/src/churn/harness/world/items.c:32)\n==7==    by 0x10A2B5: item_make") ENDS);
    cr_assert_not_null(stack);
    cr_expect_eq(strncmp(stack, "3,600 bytes in 150 blocks:\n  my_get (", 36), 0, "%s", stack);
    cr_expect_not_null(strstr(stack, "\n\n13,600 (+13,600) bytes in 100 (+100) blocks:\n"), "%s", stack);
    free(stack);
}

/* Records before the first rung and after the last are no growth: Valgrind lists all of them at its end. */
Test(backend_growth, only_what_is_between_the_marks_counts)
{
    cr_expect_null(stack_of(""));
    cr_expect_null(stack_of(RECORD("9", "1", "are definitely lost", "f")));
    cr_expect_null(stack_of(BEGINS RECORD("9", "1", "are definitely lost", "f")), "it ended in the middle");
    cr_expect_null(stack_of(ENDS BEGINS));
    cr_expect_null(
        stack_of(RECORD("9", "1", "are definitely lost", "f") BEGINS ENDS RECORD("9", "1", "are lost", "f")));
}

/* A pool that calls itself without end does not fill the report, and a frame without a line is one as well. */
Test(backend_growth, long_and_odd_stacks)
{
    struct buffer log = {0};
    size_t lines = 0;
    buffer_add_text(&log, BEGINS
                    "==7== 8 bytes in 1 blocks are still reachable in loss record 1 of 1\n"
                    "==7==    at 0x48407B4: malloc (in /usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so)\n"
                    "==7==    by 0x1: ??? (in /tmp/mypool.so)\n");
    for (int i = 0; i < 40; i++)
        buffer_addf(&log, "==7==    by 0x10A2B4: again (deep.c:%d)\n", i);
    buffer_add_text(&log, "==7== \n" ENDS);
    char *stack = stack_of(log.data);
    cr_assert_not_null(stack);
    cr_expect_null(strstr(stack, "vgpreload"));
    cr_expect(strstr(stack, "8 bytes in 1 blocks:\n  ??? (in /tmp/mypool.so)\n  again (deep.c:0)\n"), "%s", stack);
    for (const char *at = stack; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_expect_eq(lines, 1 + 12, "a head and twelve frames");
    free(stack);
    buffer_free(&log);
}

/* What the world does on the way is not the pool's; a file of the pool may have the same name all the same. */
Test(backend_growth, the_worlds_own_frames_are_left_out)
{
    char *stack = stack_of(BEGINS "==7== 8 bytes in 1 blocks are still reachable in loss record 1 of 1\n"
                                  "==7==    at 0x48407B4: malloc (vg_replace_malloc.c:381)\n"
                                  "==7==    by 0x1: population_alloc (/src/churn/harness/world/populations.c:61)\n"
                                  "==7==    by 0x1: item_alloc (/src/churn/harness/world/items.c:32)\n"
                                  "==7==    by 0x1: item_make (/src/churn/harness/world/items.c:116)\n"
                                  "==7==    by 0x1: factory_finish (/src/churn/harness/world/factory.c:148)\n"
                                  "==7==    by 0x1: items_of_mine (/home/me/items.c:9)\n"
                                  "==7==    by 0x1: my_get (/home/me/host.c:60)\n"
                                  "==7==    by 0x1: ??? (in /home/me/threads.so)\n"
                                  "==7==    by 0x1: lease_get (/src/churn/harness/host/leases.c:9)\n"
                                  "==7== \n" ENDS);
    cr_assert_str_eq(stack, "8 bytes in 1 blocks:\n  items_of_mine (items.c:9)\n  my_get (host.c:60)\n"
                            "  ??? (in /home/me/threads.so)\n");
    free(stack);
}
