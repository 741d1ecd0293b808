#include "harness/tests/report_sample.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(report_tap, says_ok_and_not_ok)
{
    struct results *results = sample_troubled();
    char *text = sample_write(results, "tap");
    cr_assert_eq(strncmp(text, "TAP version 14\n1..32\n", 21), 0);
    cr_assert_not_null(strstr(text, " - zio-9306 keys=8 max=4 / broadcast / native / seed 1: grows: tombstones +7 per "
                                    "invalidation\n"));
    cr_assert_not_null(
        strstr(text, " - ttl-saw / broadcast / native / seed 1 # SKIP the subject cannot do: advance\n"));
    cr_assert_not_null(strstr(text, "  repeat: \"churn run scenarios/slow-close.lua --pool membership"));
    /* a '#' in a name would begin a directive */
    cr_assert_not_null(strstr(text, " - <script>alert('x')</script> & \"q\" | `c` @you \\#1 % ::error::\\\\x01"));
    free(text);
    results_free(results);
}

/* A consumer counts as we do. prove exits 1 when a test failed, and names how many. */
/* Debian 12's prove stops at version 13; of what is new in 14 we use nothing that 13 has not. */
#define PROVE "f=$(mktemp) && sed '1s/14/13/' >$f && prove --exec cat $f; s=$?; rm -f $f; exit $s"

Test(report_tap, is_understood_by_prove)
{
    char out[8192];
    if (sample_pipe("", "command -v prove", out, sizeof out) != 0)
        cr_skip_test("no prove");
    struct results *good = sample_good(), *troubled = sample_troubled();
    char *text = sample_write(good, "tap");
    cr_assert_eq(sample_pipe(text, PROVE, out, sizeof out), 0, "%s", out);
    cr_assert_not_null(strstr(out, "Tests=24"));
    free(text);
    text = sample_write(troubled, "tap");
    cr_assert_eq(sample_pipe(text, PROVE, out, sizeof out), 1, "%s", out);
    cr_assert_not_null(strstr(out, "Failed 7/32"), "%s", out);
    cr_assert_null(strstr(out, "Parse errors"), "%s", out);
    free(text);
    results_free(good);
    results_free(troubled);
}

Test(report_tap, no_runs)
{
    struct results *results = results_make();
    char *text = sample_write(results, "tap");
    cr_assert_str_eq(text, "TAP version 14\n1..0 # SKIP no runs\n");
    free(text);
    results_free(results);
}
