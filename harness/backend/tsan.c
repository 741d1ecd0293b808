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

    *out = (struct backend_command){0};
    enum err err = command_refuse_foreign(pool, "tsan", why);
    if (err == ERR_NONE)
        err = command_make_log_folder(out, why);
    if (err != ERR_NONE)
        return err;
    text_list_addf(&argv, "%s/tsan/churn-host", build_folder);
    text_list_addf(&argv, "--pool");
    text_list_addf(&argv, "%s", pool);
    text_list_addf(&env, "TSAN_OPTIONS=log_path=%s/tsan:exitcode=0:second_deadlock_stack=1", out->log_folder);
    return command_set(out, &argv, &env, why);
}

static int64_t count_text(const char *text, const char *what)
{
    int64_t count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

static enum err tsan_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    struct buffer logs = {0};
    enum err err = command_read_logs(command, &logs, why);

    if (err == ERR_NONE && logs.length > 0) {
        run->tool_errors = count_text(logs.data, "WARNING: ThreadSanitizer:");
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
    .available = tsan_available,
    .command = tsan_command,
    .read_logs = tsan_read_logs,
};
BACKEND_REGISTER(tsan)
