/* Wrong scenarios: one clear message with file and line, whatever the script tries. */
#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct wrong {
    const char *script;
    int line;
    const char *says;
};

/* Loads the file and, when that works, makes the whole plan; one of them must say what is wrong, and where. */
static void check(const struct wrong *row)
{
    const char *path = script_file(row->script);
    struct problem why = {0};
    struct scenario *scenario;
    char place[80];
    enum err err = scenario_load(path, &scenario, &why);
    cr_assert((err == ERR_NONE) == (scenario != NULL));
    if (err == ERR_NONE) {
        struct scenario_plan *plan = plan_open(path, &why);
        err = why.kind;
        if (plan != NULL) {
            err = plan_drain(plan, &why);
            plan_close(plan);
        }
        scenario_free(scenario);
    }
    cr_assert_eq(err, ERR_INPUT, "%s", row->script);
    (void)snprintf(place, sizeof(place), "%s:%d: ", path, row->line);
    cr_assert(strncmp(why.text, place, strlen(place)) == 0, "line %d expected: %s", row->line, why.text);
    cr_assert_not_null(strstr(why.text, row->says), "\"%s\" expected: %s", row->says, why.text);
}

static void check_all(const struct wrong *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&rows[i]);
}

#define CYCLE(body) "scenario { about = 'x', cycle = function(p, i)\n" body " end }"

Test(scenario_input, files)
{
    static const struct wrong rows[] = {
        {"", 1, "expected a call scenario { ... }, found none"},
        {"x = 1", 1, "expected a call scenario { ... }, found none"},
        {"local x =\n= 3", 2, "unexpected symbol near '='"},
        {"\x1bLuaS", 1, "expected a text, found compiled Lua"},
        {"scenario()", 1, "expected a table"},
        {"\nscenario { about = 'x', cycle = function() end }\nscenario { about = 'x', cycle = function() end }", 3,
         "found a second"},
    };
    check_all(rows, ARRAY_LEN(rows));
    struct problem why = {0};
    struct scenario *scenario;
    cr_assert_eq(scenario_load("/nonexistent/x.lua", &scenario, &why), ERR_INPUT);
    cr_assert_not_null(strstr(why.text, "/nonexistent/x.lua"));
    cr_assert_eq(scenario_load("/tmp", &scenario, &why), ERR_INPUT);
    cr_assert_eq(scenario_load("/dev/zero", &scenario, &why), ERR_INPUT, "bounded, however long the file");
}

Test(scenario_input, fields)
{
    static const struct wrong rows[] = {
        {"\nscenario { about = 'x', perod = 3, cycle = function() end }", 2,
         "field \"perod\" is unknown; did you mean period?"},
        {"scenario { cycle = function() end }", 1, "field about: expected a text, found nothing"},
        {"scenario { about = 'x' }", 1, "field cycle: expected a function, found nothing"},
        {"scenario { about = 3, cycle = function() end }", 1, "field about: expected a text, found 3"},
        {"scenario { about = 'a\\nb', cycle = function() end }", 1, "field about: expected one line"},
        {"scenario { 'x', about = 'x', cycle = function() end }", 1, "found a value without a name"},
        {"scenario { about = 'x', pools = 'owner', cycle = function() end }", 1, "field pools: expected a table"},
        {"scenario { about = 'x', pools = {}, cycle = function() end }", 1, "field pools: expected a list"},
        {"scenario { about = 'x', pools = { 3 }, cycle = function() end }", 1, "found 3"},
        {"scenario { about = 'x', timeout = '5', cycle = function() end }", 1,
         "timeout: column 2: expected a duration"},
        {"scenario { about = 'x', timeout = 'inf', cycle = function() end }", 1, "timeout: expected a finite duration"},
        {"scenario { about = 'x', period = 0, cycle = function() end }", 1, "period: expected an integer from 1"},
        {"scenario { about = 'x', period = 3, cycles = 4, cycle = function() end }", 1,
         "expected a multiple of the period (3), found 4"},
        {"scenario { about = 'x', rungs = 8, cycle = function() end }", 1, "rungs: expected an integer from 9"},
        {"scenario { about = 'x', warmup =\nfunction() return 1.5 end, cycle = function() end }", 2, "found 1.5"},
        {"scenario { about = 'x', warmup =\nfunction() end, cycle = function() end }", 2, "found nothing"},
        {"scenario { about = 'x', pool = { maxx = 1 }, cycle = function() end }", 1, "did you mean max?"},
        {"scenario { about = 'x', pool = { max = 0 }, cycle = function() end }", 1, "expected at least 1, found 0"},
        {"scenario { about = 'x', pool = { max = true }, cycle = function() end }", 1,
         "expected an integer or a text, found true"},
        {"scenario { about = 'x', pool = { ttl = 60 }, cycle = function() end }", 1,
         "expected a duration like 60s, or inf, found \"60\""},
        {"scenario { about = 'x', pool =\nfunction() return 3 end, cycle = function() end }", 2,
         "pool: expected settings"},
        {"scenario { about = 'x', params = { k = 1.5 }, cycle = function() end }", 1, "params: k: expected an integer"},
        {"scenario { about = 'x', params = { k = '3 apples' }, cycle = function() end }", 1, "found \"3 apples\""},
        {"scenario { about = 'x', params = { keys = 1 }, cases = { { kes = 2 } }, cycle = function() end }", 1,
         "cases: parameter \"kes\" is unknown; did you mean keys?"},
        {"scenario { about = 'x', params = { keys = 1 }, cases = { { keys = 'x' } }, cycle = function() end }", 1,
         "case 1: keys: expected an integer"},
        {"scenario { about = 'x', params = { keys = 1 }, cases = { 3 }, cycle = function() end }", 1, "found 3"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

Test(scenario_input, expectations)
{
    static const struct wrong rows[] = {
        {"scenario { about = 'x', cycle = function() end, expect = { ownr = bounded() } }", 1, "did you mean owner?"},
        {"scenario { about = 'x', cycle = function() end, expect = { owner = 3 } }", 1,
         "expect: owner: expected grows"},
        {"scenario { about = 'x', cycle = function() end, expect = { bounded() } }", 1, "found a list"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = grows('tombstons') } }", 2,
         "did you mean tombstones?"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = grows('bytes_live.') } }", 2,
         "metric \"bytes_live.\" is unknown"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = grows() } }", 2,
         "expected the name of a metric, found nothing"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = grows {} } }", 2, "at least one metric"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = grows { open = 'x' } } }", 2,
         "expected a formula"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded { open = true } } }", 2,
         "expected a formula"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded('open') } }", 2,
         "found \"open\""},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = violates('I9') } }", 2,
         "I1 to I8, found \"I9\""},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded():exactli {} } }", 2,
         "did you mean exactly?"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded():also('I0') } }", 2,
         "metric \"I0\" is unknown"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded().also('I1') } }", 2,
         "call it with a colon"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = bounded():exactly('open') } }", 2,
         "expected a table"},
        {"scenario { about = 'x', cycle = function() end, expect = {\nowner = function(p) return 3 end } }", 2,
         "expect: owner: expected grows"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

Test(scenario_input, operations)
{
    static const struct wrong rows[] = {
        {"get(1)", 1, "get: expected to be called by setup, cycle"},
        {"local x = random(3)", 1, "random(n): expected to be called by setup"},
        {CYCLE("relase(1)"), 2, "name \"relase\" is unknown; did you mean release?"},
        {CYCLE("release(1)"), 2, "release(lease): expected a lease (what get returned), found 1"},
        {CYCLE("release()"), 2, "found nothing"},
        {CYCLE("release('l1')"), 2, "found \"l1\""},
        {CYCLE("return release(1)"), 2, "found 1"},
        {CYCLE("get()"), 2, "expected a key"},
        {CYCLE("get(1.5)"), 2, "found 1.5"},
        {CYCLE("get('a b')"), 2, "found \"a b\""},
        {CYCLE("get(string.rep('x', 65))"), 2, "expected a key"},
        {CYCLE("get(1, 2, 3)"), 2, "expected 2 arguments, found 3"},
        {CYCLE("get(1, {})"), 2, "expected a scope"},
        {CYCLE("fail(1, -1)"), 2, "expected a count"},
        {CYCLE("fail(1, '1.5')"), 2, "expected a count"},
        {CYCLE("slow(1, 5)"), 2, "expected a duration as a text"},
        {CYCLE("advance('inf')"), 2, "expected a duration as a text"},
        {CYCLE("step_clock(1)"), 2, "like \"1h\" or \"-1h\", found 1"},
        {CYCLE("step_clock('+1h')"), 2, "found \"+1h\""},
        {CYCLE("advance('-1h')"), 2, "expected a duration as a text"},
        {CYCLE("share(get(1))"), 2, "expected a key"},
        {CYCLE("random(0)"), 2, "at least 1"},
        {CYCLE("math.random(3, 1)"), 2, "a range"},
        {CYCLE("get(1):release()"), 2, "attempt to index a lease value"},
        {"local k\nscenario { about = 'x', cycle = function(p, i)\n"
         "local l = get(1)\nif k then release(k) end\nrelease(l) k = l end }",
         4, "this lease is over since an earlier cycle, and its name l1 was given to another one"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

/* ---- the sandbox ---- */

Test(scenario_sandbox, what_is_not_there)
{
    static const char *const names[] = {
        "io",           "os",           "require", "load",       "loadfile", "dofile",  "debug",         "package",
        "setmetatable", "getmetatable", "rawset",  "rawget",     "pcall",    "xpcall",  "coroutine",     "print",
        "next",         "_G",           "_ENV_",   "loadstring", "module",   "getfenv", "collectgarbage"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char script[64], says[64];
        (void)snprintf(script, sizeof(script), "\nlocal x = %s", names[i]);
        (void)snprintf(says, sizeof(says), "name \"%s\" is unknown", names[i]);
        check(&(struct wrong){script, 2, says});
    }
    static const char *const members[] = {"string.dump",     "string.find", "string.gsub",     "string.match",
                                          "string.gmatch",   "string.pack", "table.sort",      "table.move",
                                          "math.randomseed", "math.sin",    "utf8.charpattern"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        char script[64];
        (void)snprintf(script, sizeof(script), "\nlocal x = %s", members[i]);
        check(&(struct wrong){script, 2, "is unknown"});
    }
}

Test(scenario_sandbox, ways_around)
{
    static const struct wrong rows[] = {
        {"\nlocal x = ('x').dump", 2, "string function \"dump\" is unknown"},
        {"\nlocal x = ('x'):gsub('x', 'y')", 2, "string function \"gsub\" is unknown"},
        {"\nlocal x = _ENV.io", 2, "name \"io\" is unknown"},
        {"\nlocal x = string.__index", 2, "is unknown"},
        {"\nlocal x = string.format('%p', {})", 2, "an address"},
        {"\nlocal x = string.format('%-10p', {})", 2, "an address"},
        {"\nerror({})", 2, "table"},
        {"\nerror(nil)", 2, "nil"},
        {"\nerror('a\\0b\\27[31m')", 2, "a"},
        {"\nassert(false)", 2, "assertion failed"},
        {"\nassert(nil, 'own words')", 2, "own words"},
        {"\nlocal t = {} t[{}] = 1\nfor k in pairs(t) do end", 3, "expected keys that are numbers"},
        {"goto x", 1, "no visible label 'x'"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

Test(scenario_sandbox, endless_loops_end)
{
    static const struct wrong rows[] = {
        {"\nwhile true do end", 2, "the script does not end"},
        {CYCLE("while true do end"), 2, "cycle does not end"},
        {CYCLE("\nrepeat local x = i until false"), 3, "does not end"},
        {CYCLE("local function f() return f() end f()"), 2, "does not end"},
        {"scenario { about = 'x', period = function()\nwhile true do end end, cycle = function() end }", 2,
         "does not end"},
        {CYCLE("for n = 1, 2e6 do get(1) end"), 2, "cycle emits more than 1000000 operations"},
        {CYCLE("while true do advance('1s') end"), 2, "cycle emits more than 1000000 operations"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

Test(scenario_sandbox, slow_steps_end)
{
    check(
        &(struct wrong){CYCLE("while true do local s = string.rep('x', 20000000) end"), 2, "does not end: it ran for"});
}

Test(scenario_sandbox, memory_is_bounded)
{
    static const struct wrong rows[] = {
        /* long strings: the memory is full long before the limit of time, also on a busy machine */
        {CYCLE("local t = {}\nwhile true do t[#t + 1] = ('x'):rep(9999) .. #t end"), 3,
         "more than 64 MiB of memory; let it keep less"},
        {CYCLE("local s = string.rep('x', 1000000000)"), 2, "more than 64 MiB of memory"},
        {CYCLE("local s = 'x'\nwhile true do s = s .. s end"), 3, "more than 64 MiB of memory"},
        {CYCLE("string.rep('x', 1 << 62)"), 2, "resulting string too large"},
        {"\nlocal s = ('x'):rep(1 << 30)", 2, "more than 64 MiB of memory"},
        {"\nlocal t = table.pack(table.unpack({}, 1, 100000000))", 2, "too many results to unpack"},
    };
    check_all(rows, ARRAY_LEN(rows));
}

/* Which limit is met first depends on the frames: both are clear. */
Test(scenario_sandbox, recursion_is_bounded)
{
    check(&(struct wrong){CYCLE("local function f() return 1 + f() end f()"), 2, ""});
    check(&(struct wrong){"\nlocal t = {} for i = 1, 100000 do t = { t } end error(t)", 2, "table"});
}

/* The one message without a line: Lua's parser gives none. */
Test(scenario_sandbox, nesting_is_bounded)
{
    struct buffer deep = {0};
    struct problem why = {0};
    struct scenario *scenario;
    buffer_add_text(&deep, "local x = ");
    for (int i = 0; i < 5000; i++)
        buffer_add_text(&deep, "{");
    cr_assert_eq(scenario_load(script_file(deep.data), &scenario, &why), ERR_INPUT);
    cr_assert_not_null(strstr(why.text, ".lua: C stack overflow"), "%s", why.text);
    buffer_free(&deep);
}

Test(scenario_sandbox, a_cycle_that_emits_nothing_ends)
{
    check(&(struct wrong){"scenario { about = 'x', cycles = 1000000000, cycle = function() end }", 1,
                          "emitted no operation"});
}
