/* The host as a program: lines in, answers out, exit status. Every pool that is built in, under every tool there is. */
#include "harness/base/base.h"
#include "harness/host/host.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- running it -------------------------------------------------------------------------------------------------- */

struct outcome {
    struct buffer out; /* stdout and, after it, stderr */
    int status;
};

static const char *build_folder(void)
{
    const char *folder = getenv("CHURN_BUILD");
    return folder != NULL ? folder : "build";
}

/* Runs PREFIX FOLDER/VARIANT/churn-host ARGS with `input`. The shell is only used for its redirections. */
static struct outcome run(const char *prefix, const char *variant, const char *args, const char *input)
{
    struct outcome outcome = {.status = -1};
    char plan[] = "/tmp/churn-test-XXXXXX";
    char command[1024], part[4096];
    int fd = mkstemp(plan);
    size_t n;

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, input, strlen(input)), (ssize_t)strlen(input));
    (void)close(fd);
    (void)snprintf(command, sizeof command,
                   "timeout 60 env %s %s/%schurn-host %s <%s 2>%s.err; s=$?; cat %s.err; exit $s", prefix,
                   build_folder(), variant, args, plan, plan, plan);
    FILE *child = popen(command, "r"); // NOLINT: a test's own command
    cr_assert_not_null(child);
    while ((n = fread(part, 1, sizeof part, child)) > 0)
        buffer_add(&outcome.out, part, n);
    outcome.status = WEXITSTATUS(pclose(child));
    buffer_add(&outcome.out, "", 0);
    (void)unlink(plan);
    (void)snprintf(command, sizeof command, "%s.err", plan);
    (void)unlink(command);
    return outcome;
}

static void expect_contains(const struct outcome *outcome, const char *words)
{
    cr_expect_not_null(strstr(outcome->out.data, words), "expected %s in:\n%s", words, outcome->out.data);
}

/* The value of a counter in the index-th rung; -1 when it is absent. */
static long long counter(const struct outcome *outcome, int index, const char *name)
{
    const char *at = outcome->out.data;
    long long value = -1;

    for (at = strstr(at, "\nrung {"); at != NULL && index > 0; index--)
        at = strstr(at + 1, "\nrung {");
    cr_assert_not_null(at, "too few rungs in:\n%s", outcome->out.data);
    json_t *sample = json_loads(at + strlen("\nrung "), JSON_DISABLE_EOF_CHECK, NULL);
    cr_assert_not_null(sample);
    json_t *number = json_object_get(sample, name);
    if (json_is_integer(number))
        value = json_integer_value(number);
    json_decref(sample);
    return value;
}

/* The environment of the recipe that moves the clock, or NULL where libfaketime is missing. */
static const char *faketime(void)
{
    static char prefix[400];
    glob_t found;

    if (glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found) != 0)
        return NULL;
    (void)snprintf(prefix, sizeof prefix,
                   "LD_PRELOAD=%s FAKETIME=+0 FAKETIME_NO_CACHE=1 FAKETIME_DISABLE_SHM=1 "
                   "ASAN_OPTIONS=verify_asan_link_order=0",
                   found.gl_pathv[0]);
    globfree(&found);
    return prefix;
}

/* ---- start and bad input ----------------------------------------------------------------------------------------- */

Test(host_program, greets_before_it_is_asked_anything)
{
    struct outcome outcome = run("", "", "--pool owner", "");

    cr_expect_eq(outcome.status, 0);
    cr_assert_eq(strncmp(outcome.out.data, "churn-subject 1 {", 17), 0, "%s", outcome.out.data);
    json_t *greeting = json_loads(outcome.out.data + strlen("churn-subject 1 "), JSON_DISABLE_EOF_CHECK, NULL);
    cr_assert_not_null(greeting);
    cr_expect_str_eq(json_string_value(json_object_get(greeting, "pool")), "owner");
    cr_expect_str_eq(json_string_value(json_object_get(greeting, "clock")), "real");
    json_t *ops = json_object_get(greeting, "ops");
    cr_expect_eq(json_array_size(ops), PLAN_VERB_COUNT - PLAN_GET - 2, "all but advance and step-clock");
    cr_expect_str_eq(json_string_value(json_array_get(ops, 0)), "get");
    json_decref(greeting);
    buffer_free(&outcome.out);
}

static const struct refusal {
    const char *args, *input, *words;
    int status;
} refusals[] = {
    {"--pool nosuch", "", "there is no pool \"nosuch\"; expected one of: broadcast, membership, owner", 2},
    {"--pool owner:nosuch=1", "", "nosuch", 2},
    {"--pool owner:defect=nosuch", "", "waiters_not_woken, wall_clock\n", 2},
    {"--pool ''", "", "names no pool", 2},
    {"--pool /nonexistent.so", "", "pool /nonexistent.so cannot be loaded", 2},
    {"--pools owner", "", "expected --pool SPEC", 2},
    {"--pool owner", "pool min=0 max=1\nfrobnicate a\n", "\nerror line 2: ", 2},
    {"--pool owner", "# nothing\n\npool min=0 max=1\nrelease a\n", "\nerror line 4: unknown lease \"a\"", 2},
    {"--pool owner", "get a k0\n", "\nerror line 1: \"get\" before the \"pool\" line", 2},
    {"--pool owner", "pool min=0 max=1\nget a k0\nget a k0\n", "\nerror line 3: lease \"a\" is still leased", 2},
};

/* Criterion hands parameters to another process, where pointers mean nothing: so the parameter is an index. */
ParameterizedTestParameters(host_program, refuses)
{
    static size_t indexes[ARRAY_LEN(refusals)];

    for (size_t i = 0; i < ARRAY_LEN(indexes); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, ARRAY_LEN(indexes));
}

ParameterizedTest(const size_t *index, host_program, refuses)
{
    const struct refusal *refusal = &refusals[*index];
    struct outcome outcome = run("", "", refusal->args, refusal->input);

    cr_expect_eq(outcome.status, refusal->status, "%s: exit %d", refusal->args, outcome.status);
    expect_contains(&outcome, refusal->words);
    buffer_free(&outcome.out);
}

Test(host_program, takes_a_whole_plan_file_and_a_last_line_without_newline)
{
    struct outcome outcome =
        run("", "", "--pool owner", "churn-plan 1\nmeta seed 1\n\n# words\npool min=0 max=1\nget a k0\nrelease a");

    cr_expect_eq(outcome.status, 0);
    expect_contains(&outcome, "\ncreated 1 k0\nleased a 1\n");
    buffer_free(&outcome.out);
}

/* broadcast leaves an entry in every other key; a is item 1, invalidated by the 3rd operation and closed by the 4th. */
Test(host_program, gives_examples_where_it_is_asked_for_them)
{
    struct outcome outcome = run("", "", "--pool broadcast",
                                 "pool min=0 max=1\nget b k1\nget a k0\nget c k2\ninvalidate a\nrelease a\n"
                                 "rung\nmeta examples next-rung\nrung\nrung\n");

    cr_expect_eq(outcome.status, 0);
    expect_contains(
        &outcome, "}\nexample leased 1 in key k1\nexample leased 1 in key k2\nexample keys key k0, which has no item\n"
                  "example tombstones 1 in key k1\nexample tombstones 1 in key k2\n"
                  "example dead_retained item 2 of key k0, closed after 5 operations, references: 2\nrung {");
    const char *first = strstr(outcome.out.data, "\nexample leased");
    cr_expect_null(strstr(first + 1, "\nexample leased 1 in key k1"), "at one rung only");
    buffer_free(&outcome.out);
}

Test(host_program, lines_may_arrive_in_pieces_and_be_longer_than_any_buffer)
{
    struct outcome outcome = run("", "", "--pool owner", "");
    const size_t length = 300000;
    char *line = malloc(length + 1);

    buffer_free(&outcome.out);
    cr_assert_not_null(line);
    memset(line, 'x', length);
    line[length] = '\0';
    outcome = run("", "", "--pool owner", line);
    cr_expect_eq(outcome.status, 2);
    expect_contains(&outcome, "\nerror line 1: a line of more than ");
    buffer_free(&outcome.out);
    free(line);

    outcome = run("", "", "--version", "");
    expect_contains(&outcome, "churn-host " HOST_VERSION);
    buffer_free(&outcome.out);
}

/* ---- the clock --------------------------------------------------------------------------------------------------- */

Test(host_program, advance_makes_slow_creations_and_ttls_due)
{
    const char *prefix = faketime();
    if (prefix == NULL)
        cr_skip_test("libfaketime is not there");
    struct outcome outcome = run(prefix, "", "--pool owner",
                                 "pool min=0 max=1 ttl=60s\nslow k0 1h\nget a k0\nadvance 59m\nrung\nadvance 2m\nrung\n"
                                 "release a\nadvance 59s\nrung\nadvance 2s\nrung\nshutdown\n");

    cr_expect_eq(outcome.status, 0);
    expect_contains(&outcome, "\"clock\":\"faked\"");
    cr_expect_eq(counter(&outcome, 0, "open"), 0, "not due");
    cr_expect_eq(counter(&outcome, 1, "open"), 1);
    cr_expect_eq(counter(&outcome, 2, "open"), 1, "quiet for 59 s");
    cr_expect_eq(counter(&outcome, 3, "open"), 0, "quiet for 61 s");
    expect_contains(&outcome, "created 1 k0\nleased a 1\n");
    buffer_free(&outcome.out);
}

#define VALGRIND "valgrind -q --leak-check=full --show-leak-kinds=definite,indirect --error-exitcode=9"

static const struct clock_case {
    const char *prefix, *variant;
} clock_cases[] = {{"", ""}, {"", "asan/"}, {VALGRIND, ""}};

ParameterizedTestParameters(host_program, only_the_wall_clock_is_stepped)
{
    static size_t indexes[ARRAY_LEN(clock_cases)];

    for (size_t i = 0; i < ARRAY_LEN(indexes); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, ARRAY_LEN(indexes));
}

/* A tool may make it slow: a few seconds more have passed then. */
static void expect_seconds(const struct outcome *outcome, int rung, const char *clock, long long seconds)
{
    long long found = counter(outcome, rung, clock);

    cr_expect(found >= seconds && found <= seconds + 5, "rung %d: %s: %lld s, expected %lld", rung, clock, found,
              seconds);
}

/* harness/tests/pools/clocks.c looks at its clocks and waits on them at each get: timers is the wall clock, listeners the other. */
ParameterizedTest(const size_t *index, host_program, only_the_wall_clock_is_stepped)
{
    const struct clock_case *tool = &clock_cases[*index];
    char prefix[800], args[400];

    if (faketime() == NULL)
        cr_skip_test("libfaketime is not there");
    (void)snprintf(prefix, sizeof prefix, "%s %s", faketime(), tool->prefix);
    (void)snprintf(args, sizeof args, "--pool %s/selftest/clocks.so", build_folder());
    struct outcome outcome =
        run(prefix, tool->variant, args,
            "pool min=0 max=1\nget a k0\nrung\nstep-clock -1h\nget b k0\nrung\nstep-clock 1.5h\nget c k0\nrung\n"
            "advance 2h\nget d k0\nrung\nstep-clock -100d\nget e k0\nrung\nadvance 1.5s\nget f k0\nrung\n"
            "release a\nrelease b\nrelease c\nrelease d\nrelease e\nrelease f\n");

    cr_expect_eq(outcome.status, 0);
    for (int rung = 0; rung < 6; rung++)
        cr_expect_eq(counter(&outcome, rung, "leased"), rung + 1, "rung %d: a clock or a wait went wrong", rung);
    static const long long wall[] = {0, -3600, 1800, 9000, 9000 - 100 * 86400, 9001 - 100 * 86400};
    static const long long monotonic[] = {0, 0, 0, 7200, 7200, 7201};
    for (int rung = 0; rung < 6; rung++) {
        expect_seconds(&outcome, rung, "timers", wall[rung]);
        expect_seconds(&outcome, rung, "listeners", monotonic[rung]);
    }
    buffer_free(&outcome.out);
}

Test(host_program, a_clock_has_an_end)
{
    if (faketime() == NULL)
        cr_skip_test("libfaketime is not there");
    static const char *const plans[] = {"advance 20000d\nadvance 20000d\n", "step-clock 7000d\nstep-clock 7000d\n",
                                        "step-clock -7000d\nstep-clock -7000d\n"};
    for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
        char plan[100];
        (void)snprintf(plan, sizeof plan, "pool min=0 max=1\n%s", plans[i]);
        struct outcome outcome = run(faketime(), "", "--pool owner", plan);
        cr_expect_eq(outcome.status, 2);
        expect_contains(&outcome, i == 0 ? "\nerror line 3: the clock cannot advance by more than 73 years in all"
                                         : "\nerror line 3: the wall clock cannot be set by more than 36 years in all");
        buffer_free(&outcome.out);
    }
}

/* ---- under the tools --------------------------------------------------------------------------------------------- */

/* Leases that end in every way, 8 keys, dead items kept by a leaking pool: own and tool count must move together. */
static void print_busy_plan(struct buffer *plan)
{
    buffer_add_text(plan, "pool min=0 max=2 ttl=60s payload=100B\nrung\n");
    for (int round = 0; round < 12; round++) {
        for (int key = 0; key < 8; key++)
            buffer_addf(
                plan,
                "get a k%d\nget b k%d\nget c k%d\nget d k%d s%d\ninvalidate a\nrelease a\nrelease b\n"
                "cancel c\nrelease c\nclose-scope s%d\ninvalidate-value v%d-%d\nfail k%d 1\nget e k%d\nfail k%d 0\n"
                "release e\nrelease d\ninvalidate a\n",
                key, key, key, key, round, round, round, key, key, key, key);
        buffer_add_text(plan, "rung\n");
    }
    buffer_add_text(plan, "shutdown\nrung\n");
}

/* Every sample that has the tool's count must have moved by as much as the host's own. Returns how many there were. */
static int expect_tool_agrees(const struct outcome *outcome, int rungs)
{
    int seen = 0;
    long long bytes = 0, blocks = 0;

    for (int i = 0; i < rungs; i++) {
        if (counter(outcome, i, "tool_bytes") < 0)
            continue;
        long long bytes_apart = counter(outcome, i, "tool_bytes") - counter(outcome, i, "own_bytes");
        long long blocks_apart = counter(outcome, i, "tool_blocks") - counter(outcome, i, "own_blocks");
        if (seen++ > 0) {
            cr_expect_eq(bytes_apart, bytes, "rung %d", i);
            cr_expect_eq(blocks_apart, blocks, "rung %d", i);
        }
        bytes = bytes_apart;
        blocks = blocks_apart;
    }
    return seen;
}

static const struct tool_case {
    const char *prefix, *variant;
    const char *pool;
    int samples; /* of 14 rungs; memcheck: 1, 2, 11, and the one after shutdown */
    bool faked;
} tool_cases[] = {
    {"", "", "broadcast:finalizers=captured", 0, false},
    {"", "asan/", "broadcast:finalizers=captured", 14, false},
    {"", "asan/", "broadcast", 14, true},
    {"", "asan/", "owner", 14, true},
    {VALGRIND, "", "broadcast", 4, false},
    {VALGRIND, "", "membership", 4, true},
};

ParameterizedTestParameters(host_program, moves_with_the_tool)
{
    static size_t indexes[ARRAY_LEN(tool_cases)];

    for (size_t i = 0; i < ARRAY_LEN(indexes); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, ARRAY_LEN(indexes));
}

ParameterizedTest(const size_t *index, host_program, moves_with_the_tool)
{
    const struct tool_case *tool = &tool_cases[*index];
    enum { RUNGS = 14 };
    struct buffer plan = {0};
    char prefix[800];

    if (tool->faked && faketime() == NULL)
        cr_skip_test("libfaketime is not there");
    (void)snprintf(prefix, sizeof prefix, "%s %s", tool->faked ? faketime() : "ASAN_OPTIONS=", tool->prefix);
    print_busy_plan(&plan);
    char args[200];
    (void)snprintf(args, sizeof args, "--pool %s", tool->pool);
    struct outcome outcome = run(prefix, tool->variant, args, plan.data);

    cr_expect_eq(outcome.status, 0, "%s", outcome.out.data);
    cr_expect_null(strstr(outcome.out.data, "misuse"));
    cr_expect_null(strstr(outcome.out.data, "ERROR: "), "%s", outcome.out.data);
    int samples = expect_tool_agrees(&outcome, RUNGS);
    cr_expect_eq(samples, tool->samples, "%d samples", samples);
    cr_expect_eq(counter(&outcome, RUNGS - 1, "bytes_live"), counter(&outcome, 0, "bytes_live"),
                 "after shutdown all is back");
    buffer_free(&plan);
    buffer_free(&outcome.out);
}
