/*
 * helgrind.c: the native host under Valgrind's helgrind, for runs with threads. Without libfaketime, in which it would see
 * races. --fair-sched: otherwise one thread may run for so long that the others never meet it.
 */
#include "harness/backend/backend_internal.h"

#include <string.h>

static bool helgrind_available(const char *build_folder, struct problem *why)
{
    if (!program_is_there(build_folder, "churn-host", "build it with `make`", why))
        return false;
    if (program_is_in_path("valgrind"))
        return true;
    problem_set(why, ERR_SYSTEM, "valgrind is not there; `make setup` installs it");
    return false;
}

static enum err helgrind_command(const char *build_folder, const char *pool, struct backend_command *out,
                                 struct problem *why)
{
    static const char *const options[] = {
        "valgrind",
        "--command-line-only=yes",
        "--tool=helgrind",
        "--num-callers=20",
        "--error-exitcode=0",
        "--fair-sched=try",
        "--child-silent-after-fork=yes",
    };
    struct text_list argv = {0}, env = {0};

    *out = (struct backend_command){0};
    enum err err = command_refuse_foreign(pool, "helgrind", why);
    if (err == ERR_NONE)
        err = command_make_log_folder(out, why);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        text_list_addf(&argv, "%s", options[i]);
    text_list_addf(&argv, "--log-file=%s/helgrind.%%p", out->log_folder);
    text_list_addf(&argv, "%s/churn-host", build_folder);
    text_list_addf(&argv, "--pool");
    text_list_addf(&argv, "%s", pool);
    return command_set(out, &argv, &env, why);
}

static enum err helgrind_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
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
        if (run->tool_errors > 0)
            err = run_add_log(run, "helgrind", logs.data, logs.length);
    }
    buffer_free(&logs);
    return err;
}

static const struct backend helgrind = {
    .name = "helgrind",
    .about = "Valgrind's helgrind, for --threads",
    .slowdown = 30,
    .available = helgrind_available,
    .command = helgrind_command,
    .read_logs = helgrind_read_logs,
};
BACKEND_REGISTER(helgrind)
