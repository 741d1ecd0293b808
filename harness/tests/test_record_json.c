#include "harness/record/record.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a run with everything in it -------------------------------------------------------------- */

static void text(char **field, const char *value)
{
    cr_assert_eq(run_set_text(field, value), ERR_NONE);
}

static struct run *full_run(void)
{
    static const int64_t samples[] = {INT64_MAX, INT64_MIN + 1, 0, RECORD_NONE, 9007199254740993};
    struct run *run = run_make();
    size_t rung;
    text(&run->scenario, "zio-9306");
    text(&run->file, "scenarios/zio-9306.lua");
    text(&run->about, "quotes \" and \\ and \x01 and \xc3\xa4");
    text(&run->pool, "broadcast:finalizers=captured");
    text(&run->backend, "native");
    text(&run->repeat, "churn run x");
    text(&run->log, "line\n\xff\xfe no UTF-8\n");
    text(&run->twin_differs, "");
    text(&run->message, "m");
    text(&run->metric, "tombstones");
    text(&run->rate_unit, "per invalidation");
    run->rate = 7.0;
    run->seed = UINT64_MAX;
    run->pool_max = 4;
    run->ending = ENDING_EXITED;
    run->ending_code = ENDING_CODE_LOST;
    run->lost_bytes = 1;
    run->tool_blocks_growth = -3;
    run->ops = run->wall_ns = INT64_MAX;
    run->tried = (struct tried){.seeds = 12, .ops = INT64_MAX, .wall_ns = 5};
    run->cycles_per_rung = 8;
    run->period = 8;
    run->status = STATUS_FAIL;
    run->finding = FINDING_GROWS;
    cr_assert_eq(run_add_param(run, "keys", "8"), ERR_NONE);
    cr_assert_eq(run_add_param(run, "deep", "true"), ERR_NONE);
    cr_assert_eq(run_add_param(run, "code", "08"), ERR_NONE);
    cr_assert_eq(run_add_param(run, "huge", "99999999999999999999"), ERR_NONE);
    cr_assert_eq(run_add_param(run, "ttl", "60s"), ERR_NONE);
    cr_assert_eq(run_add_param(run, "no\xfftext", "\xfe"), ERR_NONE);
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        cr_assert_eq(run_add_rung(run, (int64_t)i, (int64_t)i * 8, 1, 2, &rung), ERR_NONE);
        cr_assert_eq(run_sample(run, "tombstones", rung, samples[i]), ERR_NONE);
    }
    cr_assert_eq(run_sample_before(run, "open", 5), ERR_NONE);
    cr_assert_eq(run_sample_after(run, "tombstones", 0), ERR_NONE);
    struct expected_metric *expected;
    run->expectation.finding = FINDING_GROWS;
    cr_assert_eq(expectation_add_metric(&run->expectation, "tombstones", RELATION_GROWS, &expected), ERR_NONE);
    expected->predicted = true;
    expected->values = calloc(ARRAY_LEN(samples), sizeof(int64_t));
    memcpy(expected->values, samples, sizeof(samples));
    cr_assert_eq(expectation_add_metric(&run->expectation, "open", RELATION_AT_MOST, &expected), ERR_NONE);
    cr_assert_eq(expectation_add_also(&run->expectation, "I4"), ERR_NONE);
    struct threshold ratio;
    cr_assert_eq(threshold_parse(THRESHOLD_RATIO, "open=1.1", &ratio, NULL), ERR_NONE);
    text(&ratio.control, "owner");
    cr_assert_eq(thresholds_add(&run->thresholds, &ratio), ERR_NONE);
    threshold_free(&ratio);
    text(&run->stack, "7 bytes\n  f (f.c:1)");
    text(&run->baseline_differs, "open last 1 -> 2");
    cr_assert_eq(run_add_violation(run, "I5", "item 17", NULL, -1, 12), ERR_NONE);
    cr_assert_eq(run_add_dose(run, "open", 12, 24), ERR_NONE);
    cr_assert_eq(run_add_example(run, "open", "item 17 of key k3"), ERR_NONE);
    cr_assert_eq(run_add_example(run, "tombstones", "no \xff text"), ERR_NONE);
    cr_assert_eq(run_add_example(run, "open", ""), ERR_NONE);
    char metric[] = "open", unit[] = "per get";
    struct found found = {.finding = FINDING_GROWS, .metric = metric, .rate = 1.0 / 3, .rate_unit = unit, .rung = 4};
    cr_assert_eq(run_add_found(run, &found), ERR_NONE);
    return run;
}

static struct results *full_results(void)
{
    char *words[] = {(char[]){"churn"}, (char[]){"run"}};
    struct results *results = results_make();
    cr_assert_eq(results_describe(results, "0.1.0", ARRAY_LEN(words), words), ERR_NONE);
    cr_assert_eq(results_add(results, full_run()), ERR_NONE);
    cr_assert_eq(results_add(results, run_make()), ERR_NONE);
    return results;
}

static char *printed(const struct results *results)
{
    struct buffer out = {0};
    cr_assert_eq(results_print(results, &out), ERR_NONE);
    return out.data;
}

/* Loads that text from a file. */
static enum err load_text(const char *bytes, size_t length, struct results **out, struct problem *why)
{
    char path[] = "/tmp/churn-record-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
    *why = (struct problem){0};
    enum err err = results_load(path, out, why);
    cr_assert(err == ERR_NONE || (strstr(why->text, path) && !*out), "%s", why->text);
    unlink(path);
    return err;
}

Test(record_json, saving_what_was_loaded_gives_the_same_bytes)
{
    struct results *results = full_results(), *again;
    struct problem why;
    char *first = printed(results);
    cr_assert_eq(load_text(first, strlen(first), &again, &why), ERR_NONE, "%s", why.text);
    char *second = printed(again);
    cr_assert_str_eq(first, second);

    const struct run *run = again->runs[0];
    cr_assert_eq(run->seed, UINT64_MAX);
    cr_assert_eq(run_series(run, "tombstones")->values[0], INT64_MAX);
    cr_assert_eq(run_series(run, "tombstones")->values[1], INT64_MIN + 1);
    cr_assert_eq(run_series(run, "tombstones")->values[3], RECORD_NONE);
    cr_assert_eq(run_series(run, "tombstones")->values[4], 9007199254740993, "more than a double holds");
    cr_assert_eq(run_series(run, "open")->before, 5);
    cr_assert_eq(run_series(run, "open")->after, RECORD_NONE);
    cr_assert_eq(run->expectation.metrics[0].values[4], 9007199254740993);
    cr_assert(run->expectation.metrics[0].predicted && !run->expectation.metrics[1].predicted);
    cr_assert_str_eq(run->params[0].value, "8");
    cr_assert_str_eq(run->params[2].value, "08");
    cr_assert_str_eq(run->params[3].value, "99999999999999999999");
    cr_assert_eq(run->pool_min, RECORD_NONE);
    cr_assert_eq(run->tool_blocks_growth, -3);
    cr_assert_eq(run->own_blocks_growth, RECORD_NONE);
    cr_assert(run->twin_differs && run->twin_differs[0] == '\0' && !run->control);
    cr_assert_eq(run->violations[0].rung, -1);
    cr_assert_eq(run->example_count, 3);
    cr_expect_str_eq(run->examples[0].words, "item 17 of key k3");
    cr_expect_str_eq(run->examples[2].words, "no \\xFF text", "those of one metric stand together");
    free(first);
    free(second);
    results_free(results);
    results_free(again);
}

Test(record_json, numbers_stay_as_they_are_written)
{
    struct results *results = full_results();
    char *first = printed(results);
    static const char *const expected[] = {"\"rate\": 7.0,",
                                           "9223372036854775807, -9223372036854775807, 0, null, 9007199254740993",
                                           "\"seed\": \"18446744073709551615\"",
                                           "\"keys\": 8, \"deep\": true, \"code\": \"08\"",
                                           "0.333333333333333",
                                           "line\\n\\\\xFF\\\\xFE no UTF-8\\n"};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        cr_assert(strstr(first, expected[i]), "%s", expected[i]);
    cr_assert_null(strstr(first, "nan"));
    free(first);
    results_free(results);
}

Test(record_json, not_a_number_is_never_written)
{
    struct results *results = full_results();
    results->runs[0]->rate = 0.0 / 0.0;
    results->runs[1]->rate = 1.0 / 0.0;
    char *first = printed(results);
    struct results *again;
    struct problem why;
    cr_assert_eq(load_text(first, strlen(first), &again, &why), ERR_NONE, "%s", why.text);
    free(first);
    results_free(results);
    results_free(again);
}

/* ---- what may not be believed ------------------------------------------------------------------- */

Test(record_json, a_file_that_was_cut_off)
{
    struct results *results = full_results(), *again;
    struct problem why;
    char *whole = printed(results);
    size_t length = strlen(whole) - 1; /* the last newline is not needed */
    for (size_t cut = 0; cut < length; cut += 13)
        cr_assert_eq(load_text(whole, cut, &again, &why), ERR_INPUT, "cut after %zu bytes", cut);
    free(whole);
    results_free(results);
}

/* Replaces `what` once. NULL: it is not there. */
static char *replaced(const char *whole, const char *what, const char *with)
{
    const char *at = strstr(whole, what);
    cr_assert_not_null(at, "%s", what);
    struct buffer out = {0};
    buffer_add(&out, whole, (size_t)(at - whole));
    buffer_add_text(&out, with);
    buffer_add_text(&out, at + strlen(what));
    return out.data;
}

Test(record_json, wrong_values_are_named_with_their_place)
{
    static const struct {
        const char *what, *with, *place;
    } wrong[] = {
        {"churn-results/1", "churn-results/2", "churn-results/2"},
        {"churn-results/1", "something", "no results file"},
        {"\"status\": \"fail\"", "\"status\": \"failed\"", "runs[0]: \"status\": no such word: \"failed\""},
        {"\"ops\": [0, 1, 2, 3, 4]", "\"ops\": [0, 1, 2, 3]", "runs[0].rungs.cycles"},
        {"\"ops\": [0, 1, 2, 3, 4]", "\"ops\": [0, 1, null, 3, 4]", "runs[0].rungs.ops[2]: expected an integer"},
        {"\"ops\": [0, 1, 2, 3, 4]", "\"ops\": [0, 1, 2.5, 3, 4]",
         "runs[0].rungs.ops[2]: expected an integer, found a fraction"},
        {"\"ops\": [0, 1, 2, 3, 4]", "\"ops\": [0, 1, 2, 1, 4]",
         "\"ops\": expected numbers from 0 that do not fall, found 1 at place 4"},
        {"\"ops\": [0, 1, 2, 3, 4]", "\"ops\": [-1, 1, 2, 3, 4]", "found -1 at place 1"},
        {"\"cycles_per_rung\": 8", "\"cycles_per_rung\": -8",
         "\"cycles_per_rung\": expected a number from 0, found -8"},
        {"\"tombstones\": [9223372036854775807", "\"tombstones\": [\"x\"",
         "runs[0].series.tombstones[0]: expected an integer or null, found text"},
        {"[9223372036854775807", "[9223372036854775808", "too big"},
        {"\"tombstones\": [", "\"tombstones\": [1, ", "runs[0].series.tombstones: expected 5 numbers"},
        {"\"seed\": \"18446744073709551615\"", "\"seed\": \"18446744073709551616\"", "\"seed\""},
        {"\"seed\": \"18446744073709551615\"", "\"seed\": -1", "\"seed\""},
        {"\"scenario\": \"zio-9306\"", "\"scenario\": 9306",
         "runs[0]: \"scenario\": expected text or null, found an integer"},
        {"\"rate\": 7.0", "\"rate\": NaN", "expected JSON"},
        {"\"rate\": 7.0", "\"rate\": 1e999", "expected JSON"},
        {"\"before\": {\"open\"", "\"before\": {\"opne\"", "runs[0].before.opne: there is no series of that name"},
        {"\"keys\": 8", "\"keys\": [8]", "runs[0]: params: \"keys\" is an array"},
        {"\"scenario\": \"zio-9306\"", "\"seed\": 1, \"scenario\": \"zio-9306\"", "duplicate"},
        {"\"op\": 12", "\"op\": true", "runs[0].violations[0].op"},
        {"\"open\": [12, 24]", "\"open\": [12]", "runs[0].doses.open"},
        {"\"item 17 of key k3\"", "17", "runs[0].examples.open: expected text, found an integer"},
        {"\"open\": [\"item 17 of key k3\", \"\"]", "\"open\": {}", "runs[0].examples.open: expected an array"},
        {"\"runs\": [", "\"runs\": [7, ", "runs[0]: expected an object"},
        {"zio-9306", "zio\xff", "expected JSON"},
        {"zio-9306", "zio\\u0000", "expected JSON"},
    };
    struct results *results = full_results(), *again;
    char *whole = printed(results);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct problem why;
        char *bytes = replaced(whole, wrong[i].what, wrong[i].with);
        cr_assert_eq(load_text(bytes, strlen(bytes), &again, &why), ERR_INPUT, "%s", wrong[i].with);
        cr_assert(strstr(why.text, wrong[i].place), "%s: \"%s\" lacks \"%s\"", wrong[i].with, why.text, wrong[i].place);
        free(bytes);
    }
    free(whole);
    results_free(results);
}

Test(record_json, nesting_is_bounded)
{
    struct problem why;
    struct results *results;
    size_t depth = 200000;
    char *deep = malloc(depth);
    memset(deep, '[', depth);
    cr_assert_eq(load_text(deep, depth, &results, &why), ERR_INPUT);
    free(deep);
    cr_assert_eq(load_text("[]", 2, &results, &why), ERR_INPUT);
    cr_assert_eq(load_text("{} {}", 5, &results, &why), ERR_INPUT);
    cr_assert_eq(results_load("/nonexistent/results.json", &results, &why), ERR_INPUT);
}

/* Members whose own members are names of series or parameters: any may be missing. */
static bool is_free_form(const char *name)
{
    static const char *const names[] = {"params", "series", "before", "after", "doses", "examples", "summary"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* What came later, and may be missing in a file of before. */
static bool is_optional(const char *name)
{
    static const char *const names[] = {"abi", "as", "thresholds", "examples", "stack", "baseline_differs", "tried"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void refused_without(json_t *whole, json_t *object, const char *name)
{
    json_t *member = json_incref(json_object_get(object, name));
    struct results *results;
    struct problem why;
    cr_assert_eq(json_object_del(object, name), 0);
    char *bytes = json_dumps(whole, JSON_COMPACT);
    cr_assert_eq(load_text(bytes, strlen(bytes), &results, &why), ERR_INPUT, "without %s", name);
    cr_assert(strstr(why.text, name), "without %s: %s", name, why.text);
    free(bytes);
    cr_assert_eq(json_object_set_new(object, name, member), 0);
}

/* Takes each member out in turn, on every level of `object`; the file must then be refused, whatever is missing. */
static void refused_without_any(json_t *whole, json_t *object)
{
    json_t *names = json_copy(object), *ignored;
    const char *name;
    json_object_foreach(names, name, ignored)
    {
        json_t *member = json_object_get(object, name);
        if (json_is_object(member) && !is_free_form(name))
            refused_without_any(whole, member);
        if (json_is_object(json_array_get(member, 0)))
            refused_without_any(whole, json_array_get(member, 0));
        if (!is_optional(name))
            refused_without(whole, object, name);
    }
    json_decref(names);
}

Test(record_json, every_member_is_needed)
{
    struct results *results = full_results();
    char *bytes = printed(results);
    json_t *whole = json_loads(bytes, 0, NULL);
    refused_without_any(whole, whole);
    json_decref(whole);
    free(bytes);
    results_free(results);
}

/* A file of 3 TB that holds nothing, refused before a byte of it is read; and one that comes through a pipe. */
Test(record_json, a_file_that_is_too_large, .timeout = 60)
{
    char path[] = "/tmp/churn-record-XXXXXX";
    struct results *results = NULL;
    struct problem why = {0};
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && ftruncate(fd, (off_t)3 << 40) == 0 && close(fd) == 0);
    cr_expect_eq(results_load(path, &results, &why), ERR_INPUT);
    cr_expect(strstr(why.text, "expected at most 256 MiB") && strstr(why.text, "found 3") &&
                  strstr(why.text, "one by one"),
              "%s", why.text);
    unlink(path);
    cr_expect_eq(results_load("/dev/zero", &results, &why), ERR_INPUT);
    cr_expect(strstr(why.text, "/dev/zero: expected at most 268435456 bytes"), "%s", why.text);
    cr_expect_null(results);
}

/* Whatever their order; what is wrong is told with its place in the whole. */
Test(record_json, the_whole_is_read_member_by_member)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", ":1:1: expected JSON: '{' expected"},
        {"[]", ":1:1: expected JSON: '{' expected"},
        {"{}", "no results file"},
        {"{\n \"runs\": [],\n \"runs\": []}", ":3:8: expected JSON: duplicate object key"},
        {"{\"runs\": []", "expected JSON: '}' expected"},
        {"{\"runs\": [],}", "expected JSON"},
        {"{\"runs\" []}", "expected JSON: ':' expected"},
        {"{1: []}", "a string expected"},
        {"{\"format\": \"churn-results/1\", \"runs\": [\n\n  {\"a\": tru}]}",
         ":3:11: expected JSON: invalid token near 'tru'"},
        {"{\"format\": \"churn-results/7\", \"runs\": [8]}", "churn-results/7"},
        {"{\"format\": \"churn-results/1\", \"runs\": {}}", "is missing"},
    };
    struct results *results = full_results(), *again;
    struct problem why;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        cr_expect_eq(load_text(wrong[i].text, strlen(wrong[i].text), &again, &why), ERR_INPUT, "%s", wrong[i].text);
        cr_expect(strstr(why.text, wrong[i].says), "%s: \"%s\" lacks \"%s\"", wrong[i].text, why.text, wrong[i].says);
    }
    char *bytes = printed(results), *other;
    json_t *whole = json_loads(bytes, 0, NULL), *runs = json_incref(json_object_get(whole, "runs"));
    cr_assert_eq(json_object_del(whole, "runs"), 0);
    json_t *turned = json_pack("{s:o}", "runs", runs);
    cr_assert_eq(json_object_update(turned, whole), 0);
    other = json_dumps(turned, 0);
    cr_assert_eq(load_text(other, strlen(other), &again, &why), ERR_NONE, "the runs first: %s", why.text);
    char *second = printed(again);
    cr_expect_str_eq(bytes, second);
    free(bytes);
    free(other);
    free(second);
    json_decref(whole);
    json_decref(turned);
    results_free(results);
    results_free(again);
}

Test(record_json, unknown_members_are_dropped)
{
    struct results *results = full_results(), *again;
    struct problem why;
    char *whole = printed(results);
    char *more = replaced(whole, "\"scenario\":", "\"from_the_future\": {\"a\": [1]}, \"scenario\":");
    cr_assert_eq(load_text(more, strlen(more), &again, &why), ERR_NONE, "%s", why.text);
    char *second = printed(again);
    cr_assert_str_eq(whole, second);
    free(whole);
    free(more);
    free(second);
    results_free(results);
    results_free(again);
}

Test(record_json, a_file_that_cannot_be_written)
{
    struct results *results = full_results();
    struct problem why = {0};
    cr_assert_eq(results_save(results, "/nonexistent/folder/results.json", &why), ERR_SYSTEM);
    cr_assert(strstr(why.text, "/nonexistent/folder/results.json"), "%s", why.text);
    results_free(results);
}

/* ---- no memory ---------------------------------------------------------------------------------- */

static long allocations_left;

/* Jansson overlooks that the text of a token could not grow (akheron/jansson#362, see preload/failalloc.c): such a text
 * grows in powers of two. */
static void *failing_malloc(size_t size)
{
    if (size >= 32 && (size & (size - 1)) == 0)
        return malloc(size);
    return allocations_left-- == 0 ? NULL : malloc(size);
}

/* Each of jansson's allocations fails once, in writing and in reading: an error, never a crash or a shorter file. */
Test(record_json, every_allocation_may_fail)
{
    struct results *results = full_results(), *again;
    struct problem why;
    char *whole = printed(results);
    long nth = 0;
    bool wrote = false, read = false;
    json_set_alloc_funcs(failing_malloc, free);
    for (; !wrote || !read; nth++) {
        struct buffer out = {0};
        allocations_left = nth;
        wrote = results_print(results, &out) == ERR_NONE;
        cr_assert(!wrote || strcmp(out.data, whole) == 0, "allocation %ld", nth);
        allocations_left = nth;
        read = load_text(whole, strlen(whole), &again, &why) == ERR_NONE;
        buffer_free(&out);
        results_free(again);
    }
    cr_assert_gt(nth, 100, "%ld allocations", nth);
    free(whole);
    results_free(results);
}

/* ---- the schema ------------------------------------------------------------------------------- */

/* What scripts/check-results says of these bytes. */
static int check_schema(const char *bytes)
{
    char path[] = "/tmp/churn-schema-XXXXXX", command[128];
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes) && close(fd) == 0);
    snprintf(command, sizeof(command), "scripts/check-results %s", path);
    int status = system(command);
    unlink(path);
    return status;
}

/* In a suite of its own: it starts a program, which the Valgrind lane leaves out. */
Test(schema, fits_the_results_file)
{
    static const struct {
        const char *what, *with;
    } wrong[] = {
        {"\"how\": \"exited\"", "\"how\": \"fled\""},
        {"\"seed\": \"18446744073709551615\"", "\"seed\": \"many\""},
        {"\"cores\"", "\"kernels\""},
        {"\"tombstones\": [", "\"tombstones\": [1, "},
        {"\"fail\": 1", "\"fail\": 2"},
        {"\"ops\": [0, 1,", "\"ops\": [-1, 1,"},
        {"\"invariant\": \"I5\"", "\"invariant\": \"five\""},
    };
    if (system("command -v python3 >/dev/null") != 0)
        cr_skip_test("python3 is not here: nothing reads the schema");
    struct results *results = full_results();
    char *whole = printed(results);
    cr_assert_eq(check_schema(whole), 0);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *bytes = replaced(whole, wrong[i].what, wrong[i].with);
        cr_assert_neq(check_schema(bytes), 0, "%s", wrong[i].with);
        free(bytes);
    }
    free(whole);
    results_free(results);
}
