/*
 * memcheck.c: the native host under Valgrind.
 *
 * The exit status is the child's own; errors and lost memory are read from the log. Leaks are kept out of the error count
 * (--errors-for-leak-kinds=none), so that the two can be told apart, and reachable memory at exit is no fault.
 */
#include "harness/backend/backend_internal.h"

#include <string.h>

static enum err memcheck_command(const char *build_folder, const char *pool, struct backend_command *out,
                                 struct problem *why)
{
    static const char *const options[] = {
        "--leak-check=full", "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=none",
        "--soname-synonyms=somalloc=nouserintercepts", /* the host's malloc counts, and calls the C library's */
    };
    struct text_list argv = {0}, env = {0};
    enum err err = command_open("memcheck", pool, out, why);

    if (err != ERR_NONE)
        return err;
    valgrind_add_options(out, "memcheck", options, ARRAY_LEN(options), &argv);
    command_add_host(&argv, build_folder, "churn-host", pool);
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
    enum err err = valgrind_read_errors(command, &logs, run, why);

    if (err == ERR_NONE) {
        run->lost_bytes = read_lost(logs.data);
        err = growth_read(logs.data, run);
    }
    if (err == ERR_NONE && (run->tool_errors > 0 || run->lost_bytes > 0))
        err = run_add_log(run, "memcheck", logs.data, logs.length);
    buffer_free(&logs);
    return err;
}

static const struct backend memcheck = {
    .name = "memcheck",
    .about = "Valgrind's memcheck",
    .slowdown = 20,
    .finds_lost = true,
    .available = valgrind_available,
    .command = memcheck_command,
    .read_logs = memcheck_read_logs,
};
BACKEND_REGISTER(memcheck)
