#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

static void expect_text(const char *path, size_t limit, const char *expected)
{
    char *text = plan_text(path, 1, limit);
    cr_assert_str_eq(text, expected);
    free(text);
}

static void with(const char *body, size_t limit, const char *expected)
{
    expect_text(scenario_file_with(body), limit, expected);
}

/* ---- the whole plan ---- */

Test(scenario_plan, has_a_head_cycles_rungs_and_an_end)
{
    const char *path = script_file("scenario {\n"
                                   "  about = 'all parts', params = { keys = 2, big = '64KiB', on = true },\n"
                                   "  pool = function(p) return { max = p.keys, ttl = '60s', payload = p.big } end,\n"
                                   "  period = 2, warmup = 2, rungs = 9, cycles = 2,\n"
                                   "  setup = function() invalidate_value('s') end,\n"
                                   "  cycle = function(p, i) invalidate_value(i) end,\n"
                                   "  settle = function() advance('61s') end,\n"
                                   "  teardown = function() invalidate_value('t') end,\n"
                                   "  after_shutdown = function() invalidate_value('a') end,\n"
                                   "}");
    struct buffer expected = {0}, text = {0};
    struct problem why = {0};
    buffer_add_text(&expected, "meta seed 1\nmeta set big=64KiB\nmeta set keys=2\nmeta set on=true\n"
                               "pool min=0 max=2 ttl=1m payload=65536B\nrung\n"
                               "invalidate-value s\ninvalidate-value v0\ninvalidate-value v1\n");
    for (int rung = 0; rung < 9; rung++)
        buffer_addf(&expected, "invalidate-value v%d\ninvalidate-value v%d\nadvance 61s\nrung\n", 2 + 2 * rung,
                    3 + 2 * rung);
    buffer_add_text(&expected, "invalidate-value t\nshutdown\ninvalidate-value a\nrung\n");

    struct scenario_plan *plan = plan_open(path, &why);
    cr_assert_not_null(plan, "%s", why.text);
    struct plan_source *source = scenario_plan_source(plan);
    struct plan_op op;
    bool done = false;
    cr_assert_eq(source->next(source, &op, &done, &why), ERR_NONE);
    cr_assert(op.verb == PLAN_META && strncmp(op.text, "scenario churn-script-", 22) == 0, "%s", op.text);
    while (source->next(source, &op, &done, &why) == ERR_NONE && !done)
        plan_op_print(&op, &text);
    cr_assert(done, "%s", why.text);
    cr_assert_str_eq(text.data, expected.data);
    cr_assert_eq(source->next(source, &op, &done, &why), ERR_NONE);
    cr_assert(done, "the end stays the end");
    cr_assert_eq(scenario_plan_counts(plan)->cycles, 20);
    cr_assert_eq(scenario_plan_counts(plan)->by_verb[PLAN_RUNG], 11);
    plan_close(plan);
    buffer_free(&expected);
    buffer_free(&text);
}

/* VERDICTS: M = 30 rungs, W = 2 periods, c a multiple of the period with M x c >= 300. */
Test(scenario_plan, default_layout)
{
    static const struct {
        int64_t period, cycles;
    } rows[] = {{1, 10}, {2, 10}, {3, 12}, {7, 14}, {10, 10}, {11, 11}, {64, 64}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char body[128];
        struct problem why = {0};
        (void)snprintf(body, sizeof(body), "period = %d, cycle = function() get(0) end", (int)rows[i].period);
        struct scenario_plan *plan = plan_open(scenario_file_with(body), &why);
        cr_assert_not_null(plan, "%s", why.text);
        cr_assert_eq(scenario_plan_period(plan), rows[i].period);
        cr_assert_eq(scenario_plan_cycles_per_rung(plan), rows[i].cycles);
        cr_assert_eq(scenario_plan_rungs(plan), 30);
        cr_assert_eq(scenario_plan_timeout_ns(plan), 0);
        cr_assert_eq(plan_drain(plan, &why), ERR_NONE);
        cr_assert_eq(scenario_plan_counts(plan)->cycles, 2 * rows[i].period + 30 * rows[i].cycles);
        plan_close(plan);
    }
}

Test(scenario_plan, dose_multiplies_the_measured_rungs)
{
    const char *path = scenario_file_with("warmup = 5, rungs = 10, cycles = 3, cycle = function() get(0) end");
    struct scenario_request request = {.pool = "owner", .seed = 1, .dose = 2};
    struct scenario_plan *plan;
    struct problem why = {0};
    cr_assert_eq(scenario_plan_open(path, &request, &plan, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(scenario_plan_rungs(plan), 20);
    cr_assert_eq(plan_drain(plan, &why), ERR_NONE);
    cr_assert_eq(scenario_plan_counts(plan)->cycles, 5 + 20 * 3);
    plan_close(plan);
}

/* ---- operations ---- */

Test(scenario_ops, each_one_is_emitted_as_written)
{
    with("cycle = function()\n"
         "  local a = get(0) local b = get('name', 3) local c = get(-1, 'scope')\n"
         "  invalidate(a) kill(b) share(a, 1) release(a) cancel(b)\n"
         "  fail(2, 3) fail(2, '1k') slow('k.x', '1.50s') advance('60s') invalidate_value(9) invalidate_value('x')\n"
         "  close_scope('scope') close_scope(3) step_clock('-1.50h') step_clock('1h')\n"
         "end",
         18,
         "get l1 k0\nget l2 name s3\nget l3 k-1 scope\n"
         "invalidate l1\nkill l2\nshare l1 k1\nrelease l1\ncancel l2\n"
         "fail k2 3\nfail k2 1k\nslow k.x 1.50s\nadvance 60s\ninvalidate-value v9\ninvalidate-value x\n"
         "close-scope scope\nclose-scope s3\nstep-clock -1.50h\nstep-clock 1h\n");
}

Test(scenario_ops, a_float_that_is_whole_is_an_integer)
{
    with("cycle = function() get(4 / 2) fail(0, 6 / 2) end", 2, "get l1 k2\nfail k0 3\n");
}

/* The lowest free name; free at the end of the cycle in which the lease was released or cancelled. */
Test(scenario_names, are_taken_and_given_back_by_rule)
{
    with("setup = function() held = get('h') gone = get('g') release(gone) end,\n"
         "cycle = function(p, i)\n"
         "  local a = get(0) release(a) local b = get(0) cancel(b)\n"
         "  invalidate(a)\n"
         "  if i == 1 then release(held) end\n"
         "end",
         18,
         "get l1 h\nget l2 g\nrelease l2\n"
         "get l2 k0\nrelease l2\nget l3 k0\ncancel l3\ninvalidate l2\n"
         "get l2 k0\nrelease l2\nget l3 k0\ncancel l3\ninvalidate l2\nrelease l1\n"
         "get l1 k0\nrelease l1\nget l2 k0\ncancel l2\n");
}

Test(scenario_names, closing_a_scope_gives_its_leases_back)
{
    with("cycle = function(p, i)\n"
         "  if i == 0 then a = get(0, 'x') b = get(0, 'y') c = get(0) end\n"
         "  if i == 1 then close_scope('x') end\n"
         "  if i == 2 then d = get(1) e = get(1) end\n"
         "  if i == 3 then close_scope('y') close_scope('y') close_scope('nobody') end\n"
         "  if i == 4 then get(2) get(2) end\n"
         "end",
         11,
         "get l1 k0 x\nget l2 k0 y\nget l3 k0\nclose-scope x\nget l1 k1\nget l4 k1\n"
         "close-scope y\nclose-scope y\nclose-scope nobody\nget l2 k2\nget l5 k2\n");
}

Test(scenario_names, a_lease_may_be_used_until_its_name_is_taken_again)
{
    with("cycle = function(p, i)\n"
         "  if i == 0 then old = get(0) release(old) end\n"
         "  if i == 1 then invalidate(old) release(old) end\n"
         "end",
         4, "get l1 k0\nrelease l1\ninvalidate l1\nrelease l1\n");
}

/* ---- the same bytes everywhere ---- */

Test(scenario_same, pairs_goes_in_the_order_of_the_keys)
{
    with("cycle = function()\n"
         "  local t = { z = 1, a = 1, [3] = 1, [1] = 1, [2.5] = 1, [true] = 1, [false] = 1, m = 1 }\n"
         "  for key in pairs(t) do get(tostring(key)) end\n"
         "end",
         8, "get l1 1\nget l2 2.5\nget l3 3\nget l4 a\nget l5 m\nget l6 z\nget l7 false\nget l8 true\n");
}

Test(scenario_same, pairs_forgives_removal)
{
    with("cycle = function()\n"
         "  local t = { a = 1, b = 2, c = 3 }\n"
         "  for key, value in pairs(t) do get(key .. value) t.b = nil t.a = nil end\n"
         "  invalidate_value('end')\n"
         "end",
         3, "get l1 a1\nget l2 c3\ninvalidate-value end\n");
}

/* Every Lua state has another hash seed (its address is part of it): what depends on one differs between two of
 * them. */
Test(scenario_same, two_states_emit_the_same_bytes)
{
    const char *path = scenario_file_with(
        "setup = function()\n"
        "  t = {} for i = 1, 500 do t['key' .. i * 7919 % 1000] = i end\n"
        "end,\n"
        "cycle = function(p, i)\n"
        "  for key, value in pairs(t) do release(get(key .. '.' .. random(10) .. math.random(5, 9))) end\n"
        "  get(string.format('%s.%s', {}, tostring(get)))\n"
        "end");
    char *first = plan_text(path, 1, 3000);
    char *ballast = malloc(123456);
    char *second = plan_text(path, 1, 3000);
    char *other_seed = plan_text(path, 2, 3000);
    cr_assert_str_eq(first, second);
    cr_assert_neq(strcmp(first, other_seed), 0);
    cr_assert_not_null(strstr(first, "table.function\n"));
    free(first);
    free(second);
    free(other_seed);
    free(ballast);
}

/* random(n) is rng_below of a generator seeded with the run's seed: computed here by itself. */
Test(scenario_same, random_numbers_come_from_the_seed)
{
    struct rng rng;
    struct buffer expected = {0};
    rng_init(&rng, 99);
    for (int i = 0; i < 20; i++)
        buffer_addf(&expected, "get l%d k%d\n", i + 1, (int)rng_below(&rng, 1000));
    const char *path = scenario_file_with("warmup = 20, cycle = function() get(random(1000)) end");
    char *text = plan_text(path, 99, 20);
    cr_assert_str_eq(text, expected.data);
    free(text);
    buffer_free(&expected);
}

/* ---- constant memory ---- */

static long peak_kib(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

Test(scenario_memory, a_long_plan_needs_no_more_than_a_short_one)
{
    const int64_t cycles = RUNNING_ON_VALGRIND ? 3000 : 1000000;
    char body[256];
    struct problem why = {0};
    (void)snprintf(body, sizeof(body),
                   "rungs = 10, warmup = 0, cycles = %lld, period = 1, cycle = function(p, i)\n"
                   "  local l = get('key' .. i %% 7, i) invalidate(l) close_scope(i) end",
                   (long long)cycles / 10);
    struct scenario_plan *plan = plan_open(scenario_file_with(body), &why);
    cr_assert_not_null(plan, "%s", why.text);
    struct plan_source *source = scenario_plan_source(plan);
    struct plan_op op;
    bool done = false;
    long early = 0;
    for (int64_t ops = 0; !done; ops++) {
        cr_assert_eq(source->next(source, &op, &done, &why), ERR_NONE, "%s", why.text);
        if (ops == 30 * cycles / 100)
            early = peak_kib();
        cr_assert(op.verb != PLAN_GET || strcmp(op.lease, "l1") == 0, "%s", op.lease);
    }
    cr_assert_eq(scenario_plan_counts(plan)->ops, 3 * cycles);
    long grown = peak_kib() - early;
#ifndef __SANITIZE_ADDRESS__ /* its quarantine keeps what was freed */
    cr_assert_lt(grown, 1024, "%ld KiB more after %lld cycles", grown, (long long)cycles);
#else
    (void)grown;
#endif
    plan_close(plan);
}

/* ---- parameters, cases, verbs ---- */

static char *first_line_with(const char *path, size_t case_index, const struct setting *overrides, size_t count)
{
    struct scenario_request request = {.case_index = case_index,
                                       .overrides = overrides,
                                       .override_count = count,
                                       .pool = "owner",
                                       .seed = 1,
                                       .dose = 1};
    struct scenario_plan *plan;
    struct problem why = {0};
    cr_assert_eq(scenario_plan_open(path, &request, &plan, &why), ERR_NONE, "%s", why.text);
    size_t params;
    const struct setting *setting = scenario_plan_params(plan, &params);
    struct buffer out = {0};
    for (size_t i = 0; i < params; i++)
        buffer_addf(&out, "%s=%s ", setting[i].name, setting[i].value);
    plan_close(plan);
    return out.data;
}

Test(scenario_params, defaults_cases_and_overrides)
{
    const char *path = script_file(
        "scenario { about = 'x', params = { keys = 8, size = '64KiB', wait = '60s', on = false, n = '10k' },\n"
        "cases = { { keys = 1 }, { on = true, size = '1MiB' } }, cycle = function() get(0) end }");
    struct setting all[] = {{(char[]){"keys"}, (char[]){"2k"}},
                            {(char[]){"size"}, (char[]){"10B"}},
                            {(char[]){"wait"}, (char[]){"5ms"}},
                            {(char[]){"on"}, (char[]){"true"}}};
    char *text = first_line_with(path, 0, NULL, 0);
    cr_assert_str_eq(text, "keys=1 n=10000 on=false size=64KiB wait=60s ");
    free(text);
    text = first_line_with(path, 1, NULL, 0);
    cr_assert_str_eq(text, "keys=8 n=10000 on=true size=1MiB wait=60s ");
    free(text);
    text = first_line_with(path, 1, all, ARRAY_LEN(all));
    cr_assert_str_eq(text, "keys=2000 n=10000 on=true size=10B wait=5ms ");
    free(text);

    struct scenario *scenario;
    struct problem why = {0};
    cr_assert_eq(scenario_load(path, &scenario, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(scenario_case_count(scenario), 2);
    cr_assert(scenario_has_param(scenario, "size") && !scenario_has_param(scenario, "sizes"));
    cr_assert_not(scenario_case_repeats(scenario, 1, NULL, 0));
    cr_assert_not(scenario_case_repeats(scenario, 1, all, 1));
    struct setting same[] = {all[0], {(char[]){"size"}, (char[]){"1024KiB"}}, all[3]};
    cr_assert(scenario_case_repeats(scenario, 1, same, 3));
    cr_assert_not(scenario_case_repeats(scenario, 0, same, 3));
    scenario_free(scenario);
}

Test(scenario_params, wrong_overrides)
{
    static const struct {
        const char *name, *value, *says;
    } rows[] = {
        {"keys", "many", "parameter keys: expected an integer like 8 or 10k, found \"many\""},
        {"keys", "1.5", "parameter keys: expected an integer"},
        {"keys", "", "parameter keys: expected an integer"},
        {"keys", "64KiB", "parameter keys: expected an integer"},
        {"size", "64", "parameter size: expected a size"},
        {"size", "60s", "parameter size: expected a size"},
        {"on", "yes", "parameter on: expected true or false"},
        {"kyes", "1", "parameter \"kyes\" is unknown; did you mean keys? (there are keys, on, size)"},
        {"zzz", "1", "parameter \"zzz\" is unknown (there are keys, on, size)"},
    };
    const char *path = script_file(
        "scenario { about = 'x', params = { keys = 8, size = '64KiB', on = true }, cycle = function() get(0) end }");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[16], value[16];
        (void)snprintf(name, sizeof(name), "%s", rows[i].name);
        (void)snprintf(value, sizeof(value), "%s", rows[i].value);
        struct setting setting = {name, value};
        struct scenario_request request = {
            .overrides = &setting, .override_count = 1, .pool = "owner", .seed = 1, .dose = 1};
        struct scenario_plan *plan;
        struct problem why = {0};
        cr_assert_eq(scenario_plan_open(path, &request, &plan, &why), ERR_INPUT);
        cr_assert_null(plan);
        cr_assert(strstr(why.text, rows[i].says) && strncmp(why.text, path, strlen(path)) == 0, "%s", why.text);
    }
}

Test(scenario_params, verbs_that_a_plan_uses)
{
    const char *path = scenario_file_with("period = 3, setup = function() fail(0, 1) end,\n"
                                          "cycle = function(p, i) if i == 2 then kill(get(0)) end end,\n"
                                          "settle = function() advance('1s') end");
    struct scenario_request request = {.pool = "owner", .seed = 1, .dose = 1};
    struct problem why = {0};
    uint32_t verbs;
    cr_assert_eq(scenario_verbs(path, &request, &verbs, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(verbs, 1u << PLAN_META | 1u << PLAN_POOL | 1u << PLAN_FAIL | 1u << PLAN_KILL | 1u << PLAN_GET |
                            1u << PLAN_ADVANCE | 1u << PLAN_RUNG | 1u << PLAN_SHUTDOWN);
}
