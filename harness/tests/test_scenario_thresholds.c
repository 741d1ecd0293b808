#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A scenario with these fields. */
static enum err read_thresholds(const char *fields, struct thresholds *out, struct problem *why)
{
    char path[] = "/tmp/churn-thresholds-XXXXXX.lua", text[600];
    int fd = mkstemps(path, 4);
    int length = snprintf(text, sizeof(text),
                          "scenario { about = \"x\", cycle = function(p, i) release(get(1)) end, %s }", fields);
    cr_assert(fd >= 0 && write(fd, text, (size_t)length) == length && close(fd) == 0);
    const struct scenario_request request = {.pool = "owner", .seed = 1, .dose = 1};
    struct scenario_plan *plan = NULL;
    enum err err = scenario_plan_open(path, &request, &plan, why);
    if (err == ERR_NONE) {
        err = scenario_plan_thresholds(plan, out, why);
        struct plan_source *source = scenario_plan_source(plan);
        source->free(source);
    }
    unlink(path);
    return err;
}

Test(scenario_thresholds, a_scenario_states_its_own)
{
    struct thresholds all = {0};
    struct problem why = {0};
    cr_assert_eq(read_thresholds("budget = { tombstones = \"0/op\", bytes_live = \"0.5B/op\" }, limit = { fds = 100, "
                                 "peak_rss = \"64MiB\" }",
                                 &all, &why),
                 ERR_NONE, "%s", why.text);
    cr_assert_eq(all.count, 4);
    cr_expect_eq(all.list[0].value, 0.5); /* sorted by name, budgets first */
    cr_expect_str_eq(all.list[0].metric, "bytes_live");
    cr_expect_str_eq(all.list[1].metric, "tombstones");
    cr_expect_eq(all.list[2].value, 100);
    cr_expect_eq(all.list[3].value, 64.0 * 1024 * 1024);
    cr_expect_not(all.list[3].from_command);
    thresholds_free(&all);
}

Test(scenario_thresholds, mistakes_name_field_and_metric)
{
    static const char *const rows[][2] = {
        {"budget = { tombstone = \"0/op\" }", "did you mean tombstones"},
        {"budget = { tombstones = 0 }", "field budget: tombstones: expected VALUE/op"},
        {"limit = { peak_rss = 64 }", "field limit: peak_rss: expected bytes with a unit"},
        {"limit = { fds = true }", "field limit: fds: expected a text or an integer"},
        {"limit = { 100 }", "field limit: expected METRIC = VALUE"},
        {"limit = 3", "field limit: expected a table"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct thresholds all = {0};
        struct problem why = {0};
        cr_expect_eq(read_thresholds(rows[i][0], &all, &why), ERR_INPUT, "%s", rows[i][0]);
        cr_expect(strstr(why.text, rows[i][1]), "%s: %s", rows[i][0], why.text);
        thresholds_free(&all);
    }
}
