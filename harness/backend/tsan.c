/*
 * tsan.c: the host built with ThreadSanitizer, for runs with threads. Without libfaketime: with it preloaded the program dies
 * before main and says nothing. Logs decide; the exit status is left to the program.
 */
#include "harness/backend/backend_internal.h"

#include <string.h>

static bool tsan_available(const char *build_folder, struct problem *why)
{
    return program_is_there(build_folder, "tsan/churn-host", "build it with `make`", why);
}

static enum err tsan_command(const char *build_folder, const char *pool, struct backend_command *out,
                             struct problem *why)
{
    struct text_list argv = {0}, env = {0};
    enum err err = command_open("tsan", pool, out, why);

    if (err != ERR_NONE)
        return err;
    command_add_host(&argv, build_folder, "tsan/churn-host", pool);
    text_list_addf(&env, "TSAN_OPTIONS=log_path=%s/tsan:exitcode=0:second_deadlock_stack=1", out->log_folder);
    return command_set(out, &argv, &env, why);
}

static enum err tsan_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    struct buffer logs = {0};
    enum err err = command_read_logs(command, &logs, why);

    if (err == ERR_NONE && logs.length > 0) {
        run->tool_errors = text_count(logs.data, "WARNING: ThreadSanitizer:");
        err = run_add_log(run, "ThreadSanitizer", logs.data, logs.length);
        if (err == ERR_NONE && strstr(logs.data, "FATAL: ThreadSanitizer"))
            err = problem_set(why, ERR_SYSTEM, "ThreadSanitizer does not work here: %.300s", logs.data);
    }
    buffer_free(&logs);
    return err;
}

static const struct backend tsan = {
    .name = "tsan",
    .about = "ThreadSanitizer, for --threads",
    .slowdown = 10,
    .finds_races = true,
    .available = tsan_available,
    .command = tsan_command,
    .read_logs = tsan_read_logs,
};
BACKEND_REGISTER(tsan)
