#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Opens the plan for a pool, reads to the rung with that index, evaluates the formulas there. */
static void predict(const char *path, const char *pool, size_t rung, struct expectation *out)
{
    struct scenario_request request = {.pool = pool, .seed = 1, .dose = 1};
    struct scenario_plan *plan;
    struct problem why = {0};
    cr_assert_eq(scenario_plan_open(path, &request, &plan, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(scenario_plan_expectation(plan, out, &why), ERR_NONE, "%s", why.text);
    struct plan_source *source = scenario_plan_source(plan);
    for (size_t seen = 0; seen < rung + 2;) { /* the rung before set-up is not measured */
        struct plan_op op;
        bool done;
        cr_assert_eq(source->next(source, &op, &done, &why), ERR_NONE, "%s", why.text);
        cr_assert_not(done);
        seen += op.verb == PLAN_RUNG;
    }
    cr_assert_eq(scenario_plan_predict(plan, out, rung, &why), ERR_NONE, "%s", why.text);
    source->free(source);
}

static void check_metric(const struct expectation *expectation, size_t index, const char *name, enum relation relation)
{
    cr_assert_lt(index, expectation->metric_count);
    cr_assert_str_eq(expectation->metrics[index].name, name);
    cr_assert_eq(expectation->metrics[index].relation, relation);
}

Test(scenario_expect, each_pool_has_its_own)
{
    const char *path =
        scenario_file_with("pools = { 'broadcast', 'owner', 'membership', 'a', 'b', 'c', 'd' },\n"
                           "cycle = function() invalidate_value('x') end,\n"
                           "expect = {\n"
                           "  broadcast = grows('tombstones', function(p, n) return n.invalidations * 2 end),\n"
                           "  ['broadcast:finalizers=captured'] = grows { open = 5, finalizers = true },\n"
                           "  a = violates('I6'), b = hangs(), c = lost(), d = crashes(),\n"
                           "  owner = bounded { idle_dead = 8 }:also('I1', 'open'):exactly { created = 3 },\n"
                           "  default = function(p) return bounded() end,\n"
                           "}");
    struct expectation got;
    predict(path, "broadcast", 0, &got);
    cr_assert(got.finding == FINDING_GROWS && got.metric_count == 1 && got.also_count == 0);
    check_metric(&got, 0, "tombstones", RELATION_GROWS);
    cr_assert(got.metrics[0].predicted);
    cr_assert_eq(got.metrics[0].values[0], 2 * (2 + 10), "2 cycles of warm-up, 10 of the first rung");
    cr_assert_eq(got.metrics[0].values[1], RECORD_NONE);
    expectation_free(&got);

    predict(path, "broadcast:defect=x", 29, &got);
    cr_assert_eq(got.metrics[0].values[29], 2 * (2 + 300), "a pool's settings do not change its name");
    expectation_free(&got);

    predict(path, "broadcast:finalizers=captured", 0, &got);
    cr_assert_eq(got.metric_count, 2);
    check_metric(&got, 0, "finalizers", RELATION_GROWS);
    cr_assert_not(got.metrics[0].predicted);
    check_metric(&got, 1, "open", RELATION_GROWS);
    cr_assert_eq(got.metrics[1].values[0], 5);
    expectation_free(&got);

    predict(path, "owner", 0, &got);
    cr_assert(got.finding == FINDING_BOUNDED && got.metric_count == 2 && got.also_count == 2);
    check_metric(&got, 0, "idle_dead", RELATION_AT_MOST);
    check_metric(&got, 1, "created", RELATION_EXACT);
    cr_assert_str_eq(got.also[0], "I1");
    cr_assert_str_eq(got.also[1], "open");
    expectation_free(&got);

    predict(path, "a", 0, &got);
    cr_assert_eq(got.finding, FINDING_VIOLATES);
    cr_assert_str_eq(got.violates, "I6");
    expectation_free(&got);

    static const struct {
        const char *pool;
        enum finding finding;
    } rows[] = {{"b", FINDING_HANGS},      {"c", FINDING_LOST},          {"d", FINDING_CRASHES},
                {"else", FINDING_BOUNDED}, {"./my.so", FINDING_BOUNDED}, {"exec:x y:z", FINDING_BOUNDED}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        predict(path, rows[i].pool, 0, &got);
        cr_assert_eq(got.finding, rows[i].finding, "%s", rows[i].pool);
        expectation_free(&got);
    }
}

Test(scenario_expect, nothing_said_is_bounded)
{
    struct expectation got;
    predict(scenario_file_with("cycle = function() get(0) end"), "owner", 0, &got);
    cr_assert(got.finding == FINDING_BOUNDED && got.metric_count == 0);
    expectation_free(&got);
}

Test(scenario_expect, a_method_leaves_the_old_one_alone)
{
    const char *path = scenario_file_with("cycle = function() get(0) end, expect = (function()\n"
                                          "  local plain = bounded()\n"
                                          "  return { owner = plain:exactly { open = 1 }, default = plain }\n"
                                          "end)()");
    struct expectation got;
    predict(path, "owner", 0, &got);
    cr_assert_eq(got.metric_count, 1);
    expectation_free(&got);
    predict(path, "membership", 0, &got);
    cr_assert_eq(got.metric_count, 0);
    expectation_free(&got);
}

/* Every member of n, over a plan whose operations are counted here by hand. */
Test(scenario_expect, formulas_see_what_was_emitted)
{
    const char *path = scenario_file_with(
        "params = { keys = 3 }, warmup = 1, cycles = 1, rungs = 9,\n"
        "setup = function() get(0) get(1) end,\n" /* 2 ops */
        "cycle = function()\n"                    /* 10 ops */
        "  local l = get(2) invalidate(l) invalidate_value('v') kill(l) share(l, 1) release(l)\n"
        "  cancel(get(3)) fail(0, 1) close_scope('s')\n"
        "end, settle = function() advance('1s') end,\n" /* 1 op */
        "expect = { owner = bounded():exactly {\n"
        "  open = function(p, n) return p.keys end, idle = function(p, n) return n.rung end,\n"
        "  size = function(p, n) return n.ops end, created = function(p, n) return n.gets end,\n"
        "  leased = function(p, n) return n.cycles end, timers = function(p, n) return n.releases end,\n"
        "  waiting = function(p, n) return n.cancels end, tombstones = function(p, n) return n.invalidations end,\n"
        "  tombstones_foreign = function(p, n) return n.values end, listeners = function(p, n) return n.shares end,\n"
        "  keys = function(p, n) return n.kills end, payloads = function(p, n) return n.advances end,\n"
        "} }");
    static const struct {
        const char *metric;
        int64_t value; /* at the third rung: 1 + 3 cycles, 3 settles */
    } rows[] = {
        {"open", 3},   {"idle", 3},     {"size", 2 + 4 * 10 + 3}, {"created", 2 + 4 * 2},    {"leased", 4},
        {"timers", 4}, {"waiting", 4},  {"tombstones", 8},        {"tombstones_foreign", 4}, {"listeners", 4},
        {"keys", 4},   {"payloads", 3},
    };
    struct expectation got;
    predict(path, "owner", 2, &got);
    cr_assert_eq(got.metric_count, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t at = 0;
        while (at < got.metric_count && strcmp(got.metrics[at].name, rows[i].metric) != 0)
            at++;
        cr_assert_lt(at, got.metric_count, "%s", rows[i].metric);
        cr_assert_eq(got.metrics[at].values[2], rows[i].value, "%s: %lld", rows[i].metric,
                     (long long)got.metrics[at].values[2]);
    }
    expectation_free(&got);
}

/* ---- formulas that go wrong ---- */

Test(scenario_expect, a_formula_must_give_a_whole_number)
{
    static const struct {
        const char *formula, *says;
    } rows[] = {
        {"return 0.5", "gives 0.5"},
        {"return 0 / 0", "gives no number (nan)"},
        {"return 1 / 0", "gives inf"},
        {"return", "gives nothing"},
        {"return '3'", "gives \"3\""},
        {"return {}", "gives a table"},
        {"return -1", "gives -1"},
        {"return math.maxinteger * 2", "gives -2"},
        {"return (n.gets + 3) * math.maxinteger", "gives 9223372036854775805"},
        {"return 1e300", "gives 1e+300"},
        {"return n.invalidation", "count \"invalidation\" is unknown; did you mean invalidations?"},
        {"return p.kyes", "parameter \"kyes\" is unknown; did you mean keys?"},
        {"return n.gets + nil", "attempt to perform arithmetic on a nil value"},
        {"while true do end", "does not end"},
        {"get(1) return 1", "get: expected to be called by setup"},
        {"return random(3)", "random(n): expected to be called by setup"},
        {"error('own words')", "own words"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char body[400], place[80];
        struct problem why = {0};
        struct expectation expectation;
        (void)snprintf(body, sizeof(body),
                       "params = { keys = 3 }, cycle = function() get(0) end, expect = {\n"
                       "  owner = grows('tombstones',\n" /* line 3 */
                       "    function(p, n) %s end) }",
                       rows[i].formula);
        const char *path = scenario_file_with(body);
        struct scenario_plan *plan = plan_open(path, &why);
        cr_assert_not_null(plan, "%s", why.text);
        cr_assert_eq(scenario_plan_expectation(plan, &expectation, &why), ERR_NONE);
        cr_assert_eq(scenario_plan_predict(plan, &expectation, 0, &why), ERR_INPUT, "%s", rows[i].formula);
        (void)snprintf(place, sizeof(place), "%s:4: ", path);
        cr_assert(strncmp(why.text, place, strlen(place)) == 0, "%s", why.text);
        cr_assert_not_null(strstr(why.text, rows[i].says), "%s", why.text);
        expectation_free(&expectation);
        plan_close(plan);
    }
}
