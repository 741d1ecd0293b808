/* --fail-alloc, through the built program: pools that are known to break, or not, when they are out of memory. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* harness/tests/pools/frail.c in a short plan of one period of warm-up and two rungs of one: three gets. It asks for its population, itself
 * and two blocks when it is made, and in each get for a note, and the world for an item. */
enum { MAKING = 4, GETS = 3, BY_GET = 2, ALL = MAKING + GETS * BY_GET };

static const char SCENARIO[] = "scenario { about = 'one lease at a time', pools = { 'owner' },\n"
                               "  warmup = 1, cycle = function() release(get(0)) end }\n";

static struct cli_rig *open_rig(void)
{
    struct cli_rig *rig = cli_rig_open();

    cli_rig_write(rig, "s.lua", SCENARIO);
    return rig;
}

/* Runs `churn run s.lua --pool frail:plant=PLANT WORDS`. */
static void run(struct cli_rig *rig, const char *plant, const char *words, int code)
{
    char line[400];

    (void)snprintf(line, sizeof line,
                   "churn run s.lua --pool $(dirname $(command -v churn))/selftest/frail.so:plant=%s %s", plant, words);
    cr_assert_eq(cli_rig_sh(rig, line), code, "%s: exit %d\n%s%s", line, rig->code, cli_rig_out(rig), cli_rig_err(rig));
}

static void PRINTF_LIKE(2, 3) expect_says(struct cli_rig *rig, const char *format, ...)
{
    char words[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    cr_expect_not_null(strstr(cli_rig_out(rig), words), "expected %s in:\n%s", words, cli_rig_out(rig));
}

Test(cli_fail_alloc, every_allocation_is_tried_those_of_the_making_included, .timeout = 60)
{
    struct cli_rig *rig = open_rig();

    run(rig, "clean", "--fail-alloc all", 0);
    expect_says(rig, "%d allocations tried, 0 broke something\n", ALL);
    expect_says(rig, "\n%d allocations failed in turn, 0 broke something\n", ALL);
    cr_expect_not(cli_rig_has(rig, "results"), "no results are written");
    run(rig, "clean", "--fail-alloc all --under native,asan", 0);
    expect_says(rig, "\n%d allocations failed in turn, 0 broke something\n", 2 * ALL);
    run(rig, "clean", "--fail-alloc 4", 0);
    expect_says(rig, "  1 allocation tried, 0 broke something\n");
    cli_rig_close(rig);
}

static const struct breaks {
    const char *plant, *words;
    int first, count; /* which allocation breaks it first, and how many do */
} BREAKS[] = {
    {"lose", "lost", MAKING, 1},
    {"crash", "crashes", MAKING + 1, GETS},
    {"drift", "violates I1", MAKING + 1, GETS}, /* and I2: a lease that is none, of an item that is none */
};

Test(cli_fail_alloc, what_breaks_is_found_and_can_be_repeated, .timeout = 120)
{
    for (size_t i = 0; i < ARRAY_LEN(BREAKS); i++) {
        const struct breaks *breaks = &BREAKS[i];
        struct cli_rig *rig = open_rig();
        char command[800];

        run(rig, breaks->plant, "--fail-alloc all", 1);
        expect_says(rig, "%d allocations tried, %d broke something\n", ALL, breaks->count);
        expect_says(rig, "  allocation %d: %s", breaks->first, breaks->words);
        const char *repeat = strstr(cli_rig_out(rig), "repeat: ");
        cr_assert_not_null(repeat);
        (void)snprintf(command, sizeof command, "%.*s", (int)strcspn(repeat + 8, "\n"), repeat + 8);
        cr_assert_eq(cli_rig_sh(rig, command), 1, "%s\n%s", command, cli_rig_out(rig));
        expect_says(rig, "  1 allocation tried, 1 broke something\n");
        expect_says(rig, "  allocation %d: %s", breaks->first, breaks->words);
        cli_rig_close(rig);
    }
}

Test(cli_fail_alloc, a_hang_is_found, .timeout = 60)
{
    struct cli_rig *rig = open_rig();

    run(rig, "hang", "--timeout 1s --fail-alloc 5", 1);
    expect_says(rig, "  allocation 5: hangs");
    cli_rig_close(rig);
}

Test(cli_fail_alloc, an_allocation_that_is_never_asked_for, .timeout = 60)
{
    struct cli_rig *rig = open_rig();
    char words[40];

    (void)snprintf(words, sizeof words, "--fail-alloc %d", ALL);
    run(rig, "clean", words, 0);
    expect_says(rig, "  1 allocation tried");
    (void)snprintf(words, sizeof words, "--fail-alloc %d", ALL + 1);
    run(rig, "clean", words, 77);
    expect_says(rig, "that allocation is not reached");
    cli_rig_close(rig);
}

/* D6: a host that lets every allocation succeed breaks nothing, and that is no pass. */
Test(cli_fail_alloc, a_failure_that_does_not_happen_is_inconclusive, .timeout = 60)
{
    struct cli_rig *rig = open_rig();

    run(rig, "clean", "--fail-alloc 4", 0);
    expect_says(rig, "control: a block lost where an allocation failed was found under native\n");
    cli_rig_write(rig, "deaf", "#!/bin/sh\nsed -u '/^meta fail-alloc/d' | \"$REAL\"/churn-host \"$@\"\n");
    cr_expect_eq(
        cli_rig_sh(
            rig, "export REAL=$(dirname $(command -v churn)); cp $REAL/churn churn; chmod +x deaf; mv deaf churn-host;"
                 "./churn run s.lua --pool $REAL/selftest/frail.so:plant=lose --fail-alloc all"),
        3, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    expect_says(
        rig, "inconclusive: nothing is known under native: a block lost where an allocation failed was not reported");
    cli_rig_close(rig);
}

Test(cli_fail_alloc, ctrl_c_before_the_second_control, .timeout = 60)
{
    struct cli_rig *rig = open_rig();

    /* a host that hangs: of two controls and one thread the second never has its turn */
    cli_rig_write(
        rig, "slow",
        "#!/bin/sh\n[ \"${2%%:*}\" = control ] || exec \"$REAL\"/churn-host \"$@\"\n: >started\nexec sleep 1000\n");
    cr_expect_eq(cli_rig_sh(rig, "export REAL=$(dirname $(command -v churn)); cp $REAL/churn churn; chmod +x slow\n"
                                 "cp slow churn-host; mkdir asan; cp slow asan/churn-host\n"
                                 "env --default-signal=INT ./churn run s.lua --pool owner --under native,asan --jobs 1 "
                                 "--fail-alloc all & p=$!\n"
                                 "while [ ! -e started ]; do sleep 0.01; done; kill -INT $p; wait $p"),
                 130, "%s%s", cli_rig_out(rig), cli_rig_err(rig));
    cr_expect_not_null(strstr(cli_rig_out(rig), "0 allocations failed in turn"), "%s%s", cli_rig_out(rig),
                       cli_rig_err(rig));
    cli_rig_close(rig);
}

/* Nobody may say that a block was found lost where no tool looked for one. */
Test(cli_fail_alloc, a_tool_for_races_says_what_it_was_shown, .timeout = 120)
{
    struct cli_rig *rig = open_rig();

    if (cli_rig_sh(rig, "churn run s.lua --pool owner --under helgrind --fail-alloc 4") == 0)
        expect_says(rig, "control: a race was found under helgrind\n");
    cli_rig_close(rig);
}

/* It is not looked into: a foreign program takes its memory where it likes. */
Test(cli_fail_alloc, a_foreign_program_has_no_allocations_of_ours, .timeout = 60)
{
    struct cli_rig *rig = open_rig();

    cli_rig_write(rig, "subject.sh", "exec \"$TOP/harness/tests/subjects/subject.sh\" good\n");
    cr_expect_eq(cli_rig_sh(rig, "churn run s.lua --pool 'exec:sh subject.sh' --as owner --fail-alloc all"), 77, "%s%s",
                 cli_rig_out(rig), cli_rig_err(rig));
    cli_rig_close(rig);
}
