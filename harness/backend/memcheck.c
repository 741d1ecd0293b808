/*
 * memcheck.c: the native host under Valgrind.
 *
 * The exit status is the child's own; errors and lost memory are read from the log. Leaks are kept out of the error count
 * (--errors-for-leak-kinds=none), so that the two can be told apart, and reachable memory at exit is no fault.
 */
#include "harness/backend/backend_internal.h"

#include <string.h>

static bool memcheck_available(const char *build_folder, struct problem *why)
{
    if (!program_is_there(build_folder, "churn-host", "build it with `make`", why))
        return false;
    if (program_is_in_path("valgrind"))
        return true;
    problem_set(why, ERR_SYSTEM, "valgrind is not there; `make setup` installs it");
    return false;
}

static enum err memcheck_command(const char *build_folder, const char *pool, struct backend_command *out,
                                 struct problem *why)
{
    static const char *const options[] = {
        "valgrind",
        "--command-line-only=yes",
        "--tool=memcheck",
        "--leak-check=full",
        "--num-callers=20",
        "--show-leak-kinds=definite,indirect",
        "--errors-for-leak-kinds=none",
        "--error-exitcode=0",
        "--child-silent-after-fork=yes",
        "--soname-synonyms=somalloc=nouserintercepts", /* the host's malloc counts, and calls the C library's */
    };
    struct text_list argv = {0}, env = {0};

    *out = (struct backend_command){0};
    enum err err = command_refuse_foreign(pool, "memcheck", why);
    if (err == ERR_NONE)
        err = command_make_log_folder(out, why);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        text_list_addf(&argv, "%s", options[i]);
    text_list_addf(&argv, "--log-file=%s/memcheck.%%p", out->log_folder);
    text_list_addf(&argv, "%s/churn-host", build_folder);
    text_list_addf(&argv, "--pool");
    text_list_addf(&argv, "%s", pool);
    command_add_faketime(out, &env);
    return command_set(out, &argv, &env, why);
}

/* The last leak summary counts: the host asks for searches of its own before. When the last word is that no leaks are
 * possible, there is no summary after it. */
static int64_t read_lost(const char *text)
{
    static const char none[] = "no leaks are possible";
    int64_t definite = 0, indirect = 0;
    const char *last = text;

    for (const char *at = text; (at = strstr(at, none)) != NULL; at += strlen(none))
        last = at;
    (void)text_last_number(last, "definitely lost:", &definite);
    (void)text_last_number(last, "indirectly lost:", &indirect);
    return definite + indirect;
}

static enum err memcheck_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    struct buffer logs = {0};
    enum err err = command_read_logs(command, &logs, why);

    if (err == ERR_NONE && logs.length == 0)
        err = problem_set(why, ERR_SYSTEM, "valgrind left no log: it did not start");
    if (err == ERR_NONE) {
        int64_t errors = 0;
        /* No summary: it was killed, which the ending says. */
        if (text_last_number(logs.data, "ERROR SUMMARY:", &errors))
            run->tool_errors = errors;
        run->lost_bytes = read_lost(logs.data);
        err = growth_read(logs.data, run);
        if (err == ERR_NONE && (run->tool_errors > 0 || run->lost_bytes > 0))
            err = run_add_log(run, "memcheck", logs.data, logs.length);
    }
    buffer_free(&logs);
    return err;
}

static const struct backend memcheck = {
    .name = "memcheck",
    .about = "Valgrind's memcheck",
    .slowdown = 20,
    .finds_lost = true,
    .available = memcheck_available,
    .command = memcheck_command,
    .read_logs = memcheck_read_logs,
};
BACKEND_REGISTER(memcheck)
