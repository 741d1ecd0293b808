/* test_subject.c: whatever a child does, it gets the ending that fits, and no process is left. */
#include "harness/subject/subject.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SCRIPT "harness/tests/subjects/subject.sh"
#define SAFETY INT64_C(60000000000) /* ends a test that has gone wrong; no test waits for it */
#define SHORT  INT64_C(400000000)   /* for children that would hang for ever */

struct seen {
    int64_t count[SUBJECT_EVENT_COUNT];
    uint64_t last_item;
    int64_t leased;   /* the sample */
    enum err refusal; /* returned for every lease */
};

static enum err see(void *ctx, const struct subject_event *event, struct problem *why)
{
    struct seen *seen = ctx;

    seen->count[event->kind]++;
    if (event->kind == SUBJECT_LEASED)
        seen->last_item = event->item;
    if (event->kind == SUBJECT_SAMPLE && strcmp(event->text, "leased") == 0)
        seen->leased = event->value;
    if (event->kind == SUBJECT_LEASED && seen->refusal != ERR_NONE)
        return problem_set(why, seen->refusal, "not wanted");
    return ERR_NONE;
}

static struct subject *open_mode(const char *mode, int64_t timeout_ns, struct seen *seen)
{
    char script[] = SCRIPT, word[96];
    char *argv[] = {script, word, NULL};
    struct subject_launch launch = {.argv = argv, .timeout_ns = timeout_ns};
    struct subject *subject = NULL;
    struct problem why = {0};

    snprintf(word, sizeof(word), "%s", mode);
    cr_assert_eq(subject_open(&launch, see, seen, &subject, &why), ERR_NONE, "%s", why.text);
    return subject;
}

static enum err send_line(struct subject *subject, const char *line)
{
    struct problem why = {0};
    struct plan_op op;

    cr_assert_eq(plan_op_parse(line, strlen(line), &op, &why), ERR_NONE, "%s", why.text);
    return subject_send(subject, &op, &why);
}

/* Processes of that group that live: zombies whom nobody reaps are none. */
static int alive_in_group(pid_t group)
{
    DIR *proc = opendir("/proc");
    int alive = 0;

    cr_assert_not_null(proc);
    for (const struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char path[300], text[512];
        int pgrp;
        char state;
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        const char *after = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
        if (after && sscanf(after + 1, " %c %*d %d", &state, &pgrp) == 2)
            alive += pgrp == group && state != 'Z' && state != 'X';
        fclose(file);
    }
    closedir(proc);
    return alive;
}

static void check_nobody_left(pid_t group)
{
    const struct timespec moment = {0, 5000000};
    int tries = 0;

    while (alive_in_group(group) > 0 && tries++ < 1000)
        nanosleep(&moment, NULL); /* a killed process takes a moment to go */
    cr_assert_eq(alive_in_group(group), 0);
}

/* Ctrl-Z, a frozen container, a machine that is busy: that the harness was away is nobody's hang. */
Test(subject, time_without_the_harness_does_not_count, .timeout = 60)
{
    const struct timespec away = {2, 0};
    struct seen seen = {0};
    struct problem why = {0};
    struct subject *subject = open_mode("good", INT64_C(1500000000), &seen);

    nanosleep(&away, NULL);
    cr_assert_eq(send_line(subject, "rung"), ERR_NONE);
    cr_assert_eq(subject_wait(subject, &why), ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_ALIVE, "%s", subject_ending(subject).detail);
    cr_expect_eq(seen.count[SUBJECT_SAMPLE], 1);
    subject_close(subject);
}

/* ---- one table of everything that can go wrong ---- */

struct wrong {
    const char *mode;
    enum subject_state state;
    int code;
    const char *detail; /* part of it */
    bool hangs;         /* the time limit is what ends it */
};

static const struct wrong WRONG[] = {
    {"good", SUBJECT_EXITED, 0, "", false},
    {"exit-7-at-end", SUBJECT_EXITED, 7, "exited with status 7", false},
    {"lost-at-end", SUBJECT_EXITED, 23, "exited with status 23", false},
    {"leave-grandchild", SUBJECT_EXITED, 0, "", false},
    {"flood-stderr", SUBJECT_EXITED, 0, "", false},
    {"crash", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"crash-with-grandchild", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"abort-with-words", SUBJECT_CRASHED, SIGABRT, "killed by signal 6", false},
    {"exit-3", SUBJECT_EXITED, 3, "exited with status 3 before it was asked to", false},
    {"exit-0", SUBJECT_EXITED, 0, "exited with status 0 before it was asked to", false},
    {"silent", SUBJECT_HUNG, 0, "time limit of 0.4s", true},
    {"deaf", SUBJECT_HUNG, 0, "time limit of 0.4s", true},
    {"hang", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"half-line", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"stuck-shutdown", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"stubborn", SUBJECT_HUNG, 0, "did not end within the time limit", true},
    {"no-greeting", SUBJECT_BROKEN, 0, "found \"hello world\"", false},
    {"old-greeting", SUBJECT_BROKEN, 0, "expected version 1", false},
    {"bad-greeting", SUBJECT_BROKEN, 0, "bad JSON in the greeting", false},
    {"nameless", SUBJECT_BROKEN, 0, "must be strings", false},
    {"garbage", SUBJECT_BROKEN, 0, "unknown answer (notes belong on stderr), found \"what is this\"", false},
    {"half-line-at-end", SUBJECT_BROKEN, 0, "found \"leased arung", false},
    {"close-stdout", SUBJECT_BROKEN, 0, "closed its standard output", false},
    {"flood-stdout", SUBJECT_BROKEN, 0, "more than 64 MiB", false},
    {"long-line", SUBJECT_BROKEN, 0, "more than 64 KiB", false},
    {"endless-line", SUBJECT_BROKEN, 0, "more than 64 KiB", false},
    {"nul", SUBJECT_BROKEN, 0, "with a \\x00 in it", false},
    {"nul-in-word", SUBJECT_BROKEN, 0, "unknown answer (notes belong on stderr), found \"lea\\x00sed", false},
    {"no-utf8", SUBJECT_BROKEN, 0, "\\xFF\\xFE", false},
    {"empty-line", SUBJECT_BROKEN, 0, "unknown answer (notes belong on stderr), found \"\"", false},
    {"no-identity", SUBJECT_BROKEN, 0, "malformed answer, expected \"leased LEASE NUMBER\", found \"leased a\"", false},
    {"huge-identity", SUBJECT_BROKEN, 0, "malformed answer", false},
    {"unasked-rung", SUBJECT_BROKEN, 0, "a rung that was not asked for", false},
    {"unasked-shutdown", SUBJECT_BROKEN, 0, "a shutdown that was not asked for", false},
    {"error", SUBJECT_BROKEN, 0, "found \"error the adapter lost its way\"", false},
    {"missing-counter", SUBJECT_BROKEN, 0, "counter \"leased\" is missing", false},
    {"bad-json", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"array-json", SUBJECT_BROKEN, 0, "expected an object", false},
    {"real-number", SUBJECT_BROKEN, 0, "expected integers", false},
    {"example", SUBJECT_EXITED, 0, "", false},
    {"bad-example", SUBJECT_BROKEN, 0,
     "malformed answer, expected \"example COUNTER WORDS\", found \"example no/name x\"", false},
    {"twice", SUBJECT_BROKEN, 0, "a rung that was not asked for", false},
    /* ends while others hold or flood its pipes */
    {"crash-flooded", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"crash-flooded-on-stderr", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"crash-held", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"exit-3-chatter", SUBJECT_EXITED, 3, "exited with status 3 before it was asked to", false},
    {"held-at-end", SUBJECT_EXITED, 0, "", false},
    {"chatter-at-end", SUBJECT_EXITED, 0, "", false},
    {"chatter-on-stderr", SUBJECT_EXITED, 0, "", false},
    /* other ways to end, or not to */
    {"crash-half-line", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"crash-at-end", SUBJECT_CRASHED, SIGSEGV, "killed by signal 11", false},
    {"terminated", SUBJECT_CRASHED, SIGTERM, "killed by signal 15", false},
    {"exit-3-after-answers", SUBJECT_EXITED, 3, "exited with status 3 before it was asked to", false},
    {"exit-1-after-shutdown", SUBJECT_EXITED, 1, "exited with status 1", false},
    {"exit-at-once", SUBJECT_EXITED, 0, "exited with status 0 before it was asked to", false},
    {"exit-greeted", SUBJECT_EXITED, 0, "exited with status 0 before it was asked to", false},
    {"half-greeting-exit", SUBJECT_EXITED, 0, "exited with status 0 before it was asked to", false},
    {"half-greeting", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"stopped", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"unkillable", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    {"other-group", SUBJECT_HUNG, 0, "no answer within the time limit", true},
    /* closes its streams */
    {"mute", SUBJECT_BROKEN, 0, "it closed its standard output and lives on", false},
    {"close-stdin", SUBJECT_BROKEN, 0, "it closed its standard input and lives on", false},
    {"close-stdin-stdout", SUBJECT_BROKEN, 0, "it closed its standard output and lives on", false},
    {"close-stdout-stderr-stdin", SUBJECT_BROKEN, 0, "it closed its standard output and lives on", false},
    {"close-stderr-stdout", SUBJECT_BROKEN, 0, "it closed its standard output and lives on", false},
    {"close-stderr", SUBJECT_EXITED, 0, "", false},
    {"close-all-exit-4", SUBJECT_EXITED, 4, "exited with status 4 before it was asked to", false},
    /* greetings */
    {"version:+1", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found \"churn-subject +1 {", false},
    {"version:-1", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found", false},
    {"version:01", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found", false},
    {"version:0x1", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found", false},
    {"version: 1", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found", false},
    {"version:4294967297", SUBJECT_BROKEN, 0, "expected version 1 of the subject protocol, found", false},
    {"nul-greeting", SUBJECT_BROKEN, 0, "bad JSON in the greeting", false},
    {"answer-first", SUBJECT_BROKEN, 0, "expected the greeting `churn-subject 1 {...}`, found \"leased a 1\"", false},
    {"greeting-twice", SUBJECT_BROKEN, 0, "unknown answer (notes belong on stderr), found \"churn-subject 1", false},
    {"greeting-late", SUBJECT_EXITED, 0, "", false},
    /* lines and numbers */
    {"line-of-65536", SUBJECT_EXITED, 0, "", false},
    {"line-of-65537", SUBJECT_BROKEN, 0, "a line of 65537 bytes, more than 64 KiB", false},
    {"get:leased %s 1\\r", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\", found \"leased a 1\\x0D\"", false},
    {"get:leased  %s 1", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\"", false},
    {"get:leased %s 18446744073709551615", SUBJECT_EXITED, 0, "", false},
    {"get:leased %s 18446744073709551616", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\"", false},
    {"get:leased %s +1", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\", found \"leased a +1\"", false},
    {"get:leased %s -1", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\"", false},
    {"get:leased %s 0x1", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\"", false},
    {"get:leased %s 1.0", SUBJECT_BROKEN, 0, "expected \"leased LEASE NUMBER\"", false},
    {"get:leased %s 007", SUBJECT_EXITED, 0, "", false},
    {"get:LEASED %s 1", SUBJECT_BROKEN, 0, "unknown answer", false},
    {"rung:rung {\"leased\":9223372036854775807}", SUBJECT_EXITED, 0, "", false},
    {"rung:rung {\"leased\":9223372036854775808}", SUBJECT_BROKEN, 0, "bad JSON in the rung: too big integer", false},
    {"rung:rung {\"leased\":-9223372036854775808}", SUBJECT_BROKEN, 0, "above -2^63", false},
    {"rung:rung {\"leased\":+1}", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"rung:rung {\"leased\":01}", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"rung:rung {\"leased\":0x1}", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"rung:rung {\"leased\":\"1\"}", SUBJECT_BROKEN, 0, "expected integers", false},
    {"rung:rung {\"leased\":1}\\000", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"rung:rung {\"leased\":1,\"leased\":1}", SUBJECT_BROKEN, 0, "bad JSON in the rung: duplicate object key", false},
    {"rung:rung", SUBJECT_BROKEN, 0, "bad JSON in the rung", false},
    {"rung:done shutdown", SUBJECT_BROKEN, 0, "a shutdown that was not asked for", false},
    {"shutdown:done", SUBJECT_BROKEN, 0, "malformed answer, expected \"done shutdown\", found \"done\"", false},
    {"shutdown:done shutdown\\ndone shutdown", SUBJECT_BROKEN, 0, "a shutdown that was not asked for", false},
    {"shutdown:rung {\"leased\":1}", SUBJECT_BROKEN, 0, "a rung that was not asked for", false},
};

/* By index: a test runs in a process of its own, where pointers of this one mean nothing. */
ParameterizedTestParameters(subject, every_way_to_go_wrong)
{
    static size_t index[ARRAY_LEN(WRONG)];

    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, ARRAY_LEN(WRONG));
}

static bool same_words(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

ParameterizedTest(const size_t *index, subject, every_way_to_go_wrong, .timeout = 120)
{
    const struct wrong *wrong = &WRONG[*index];
    static const char *const plan[] = {"pool min=0 max=1 ttl=inf", "get a k0", "rung", "shutdown"};
    struct seen seen = {.leased = -1};
    struct problem why = {0};
    struct subject *subject = open_mode(wrong->mode, wrong->hangs ? SHORT : SAFETY, &seen);
    enum err err = ERR_NONE;

    for (size_t i = 0; i < ARRAY_LEN(plan) && err == ERR_NONE; i++) {
        err = send_line(subject, plan[i]);
        if (err == ERR_NONE && i >= 2)
            err = subject_wait(subject, &why);
    }
    if (err == ERR_NONE)
        err = subject_finish(subject, &why);
    struct subject_ending ending = subject_ending(subject);
    pid_t pid = subject_pid(subject);
    cr_expect_eq(err, ERR_NONE, "%s: %s", wrong->mode, why.text);
    cr_expect_eq(ending.state, wrong->state, "%s: %d: %s", wrong->mode, (int)ending.state, ending.detail);
    cr_expect_eq(ending.code, wrong->code, "%s: %d", wrong->mode, ending.code);
    cr_expect(same_words(ending.detail, wrong->detail), "%s: %s", wrong->mode, ending.detail);
    subject_close(subject);
    check_nobody_left(pid);
}

/* ---- what it hands on ---- */

Test(subject, says_what_it_is)
{
    struct seen seen = {0};
    struct subject *subject = open_mode("good", SAFETY, &seen);
    const struct subject_greeting *greeting = subject_greeting(subject);

    cr_expect_str_eq(greeting->name, "shell");
    cr_expect_str_eq(greeting->version, "3");
    cr_expect_eq(greeting->ops,
                 1u << PLAN_GET | 1u << PLAN_RELEASE | 1u << PLAN_INVALIDATE | 1u << PLAN_RUNG | 1u << PLAN_SHUTDOWN);
    cr_expect_str_eq(greeting->counters[0], "leased");
    cr_expect_null(greeting->counters[1]);
    cr_expect_eq(greeting->clock, SUBJECT_CLOCK_REAL);
    subject_close(subject);
}

/* The shell reads byte by byte: it is far slower than we write. */
Test(subject, a_slow_reader_gets_everything)
{
    enum { GETS = 5000 };
    struct seen seen = {0};
    struct problem why = {0};
    struct subject *subject = open_mode("good", SAFETY, &seen);
    char line[160];

    for (int i = 0; i < GETS; i++) {
        snprintf(line, sizeof(line), "get a%d a-key-with-a-long-name-that-fills-the-pipe-before-it-is-read", i);
        cr_assert_eq(send_line(subject, line), ERR_NONE);
    }
    cr_assert_eq(send_line(subject, "rung"), ERR_NONE);
    cr_assert_eq(subject_wait(subject, &why), ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_ALIVE);
    cr_expect_eq(seen.count[SUBJECT_LEASED], GETS);
    cr_expect_eq(seen.last_item, GETS);
    cr_expect_eq(seen.leased, GETS);
    cr_expect_str_eq(subject_last_op(subject), "rung");
    cr_expect_gt(subject_peak_rss_bytes(subject), 0);
    subject_close(subject);
}

/* Our pipe is full and stays full, for a grandchild holds its other end. */
Test(subject, an_exit_is_seen_though_nobody_reads, .timeout = 120)
{
    enum { GETS = 40000 };
    struct seen seen = {0};
    struct subject *subject = open_mode("heir", SAFETY, &seen);

    for (int i = 0; i < GETS; i++)
        cr_assert_eq(send_line(subject, "get a a-key-with-a-long-name-that-fills-the-pipe-and-what-is-behind-it"),
                     ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_EXITED);
    cr_expect_eq(subject_ending(subject).code, 3);
    subject_close(subject);
}

Test(subject, keeps_the_end_of_stderr)
{
    struct seen seen = {0};
    struct problem why = {0};
    struct subject *subject = open_mode("flood-stderr", SAFETY, &seen);

    cr_assert_eq(subject_finish(subject, &why), ERR_NONE);
    const char *text = subject_stderr(subject);
    size_t length = strlen(text);
    cr_expect_eq(length, 16 * 1024);
    cr_expect_str_eq(text + length - strlen("xthe end of it\n"), "xthe end of it\n");
    subject_close(subject);
}

Test(subject, keeps_words_before_a_crash)
{
    struct seen seen = {0};
    struct problem why = {0};
    struct subject *subject = open_mode("abort-with-words", SAFETY, &seen);

    cr_assert_eq(send_line(subject, "get a k0"), ERR_NONE);
    cr_assert_eq(send_line(subject, "rung"), ERR_NONE);
    cr_assert_eq(subject_wait(subject, &why), ERR_NONE);
    cr_expect_str_eq(subject_stderr(subject), "pool: assertion failed\n");
    subject_close(subject);
}

Test(subject, an_answer_that_is_refused_breaks_the_protocol)
{
    struct seen seen = {.refusal = ERR_INPUT};
    struct problem why = {0};
    struct subject *subject = open_mode("unknown-lease", SAFETY, &seen);

    cr_assert_eq(send_line(subject, "get a k0"), ERR_NONE);
    cr_assert_eq(send_line(subject, "rung"), ERR_NONE);
    cr_assert_eq(subject_wait(subject, &why), ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_BROKEN);
    cr_expect_str_eq(subject_ending(subject).detail, "not wanted, found \"leased nobody 1\"");
    subject_close(subject);
}

Test(subject, other_errors_of_the_caller_come_back)
{
    struct seen seen = {.refusal = ERR_MEMORY};
    struct problem why = {0};
    struct subject *subject = open_mode("good", SAFETY, &seen);

    cr_assert_eq(send_line(subject, "get a k0"), ERR_NONE);
    cr_assert_eq(send_line(subject, "rung"), ERR_NONE);
    cr_expect_eq(subject_wait(subject, &why), ERR_MEMORY);
    cr_expect_str_eq(why.text, "not wanted");
    subject_close(subject);
}

Test(subject, stops_when_the_user_says_so)
{
    static const atomic_bool stop = true;
    char script[] = SCRIPT, mode[] = "silent";
    char *argv[] = {script, mode, NULL};
    struct subject_launch launch = {.argv = argv, .timeout_ns = SAFETY, .stop = &stop};
    struct subject *subject = NULL;
    struct problem why = {0};

    cr_assert_eq(subject_open(&launch, NULL, NULL, &subject, &why), ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_STOPPED);
    pid_t pid = subject_pid(subject);
    subject_close(subject);
    check_nobody_left(pid);
}

Test(subject, a_program_that_is_not_there_is_a_rig_error)
{
    char name[] = "/nowhere/to/be/found";
    char *argv[] = {name, NULL};
    struct subject_launch launch = {.argv = argv, .timeout_ns = SAFETY};
    struct subject *subject = NULL;
    struct problem why = {0};

    cr_expect_eq(subject_open(&launch, NULL, NULL, &subject, &why), ERR_SYSTEM);
    cr_expect_null(subject);
    cr_expect_str_eq(why.text, "cannot start /nowhere/to/be/found: No such file or directory");
}

Test(subject, extra_environment_wins)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char command[] = "echo \"$HOME $CHURN_TEST\" >&2";
    char home[] = "HOME=/elsewhere", added[] = "CHURN_TEST=there";
    char *argv[] = {shell, option, command, NULL};
    char *env[] = {home, added, NULL};
    struct subject_launch launch = {.argv = argv, .extra_env = env, .timeout_ns = SAFETY};
    struct subject *subject = NULL;
    struct problem why = {0};

    cr_assert_eq(subject_open(&launch, NULL, NULL, &subject, &why), ERR_NONE);
    cr_expect_eq(subject_ending(subject).state, SUBJECT_EXITED);
    cr_expect_str_eq(subject_stderr(subject), "/elsewhere there\n");
    subject_close(subject);
}

/* The child's files are counted: a file that another thread has just opened must not be among them. */
Test(subject, the_child_inherits_no_file)
{
    char shell[] = "/bin/sh", option[] = "-c", command[] = "cd /proc/$$/fd && echo * >&2";
    char *argv[] = {shell, option, command, NULL};
    struct subject_launch launch = {.argv = argv, .timeout_ns = SAFETY};
    struct subject *subject = NULL;
    struct problem why = {0};
    int inherited = open("/dev/null", O_RDONLY);
    int high = fcntl(inherited, F_DUPFD, 100);

    cr_assert_geq(high, 100);
    cr_assert_eq(subject_open(&launch, NULL, NULL, &subject, &why), ERR_NONE);
    const char *files = subject_stderr(subject);
    cr_expect_eq(strncmp(files, "0 1 2", 5), 0, "%s", files);
    cr_expect_null(strstr(files, "100"), "%s", files);
    subject_close(subject);
    close(inherited);
    close(high);
}

static int count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    cr_assert_not_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

Test(subject, leaves_no_file_open)
{
    struct seen seen = {0};
    int before = count_fds();

    for (size_t i = 0; i < 3; i++)
        subject_close(open_mode(i == 0 ? "good" : i == 1 ? "no-greeting" : "leave-grandchild", SAFETY, &seen));
    cr_expect_eq(count_fds(), before);
}
