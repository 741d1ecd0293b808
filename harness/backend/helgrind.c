/*
 * helgrind.c: the native host under Valgrind's helgrind, for runs with threads. Without libfaketime, in which it would see
 * races. --fair-sched: otherwise one thread may run for so long that the others never meet it.
 */
#include "harness/backend/backend_internal.h"

static enum err helgrind_command(const char *build_folder, const char *pool, struct backend_command *out,
                                 struct problem *why)
{
    static const char *const options[] = {"--fair-sched=try"};
    struct text_list argv = {0}, env = {0};
    enum err err = command_open("helgrind", pool, out, why);

    if (err != ERR_NONE)
        return err;
    valgrind_add_options(out, "helgrind", options, ARRAY_LEN(options), &argv);
    command_add_host(&argv, build_folder, "churn-host", pool);
    return command_set(out, &argv, &env, why);
}

static enum err helgrind_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    struct buffer logs = {0};
    enum err err = valgrind_read_errors(command, &logs, run, why);

    if (err == ERR_NONE && run->tool_errors > 0)
        err = run_add_log(run, "helgrind", logs.data, logs.length);
    buffer_free(&logs);
    return err;
}

static const struct backend helgrind = {
    .name = "helgrind",
    .about = "Valgrind's helgrind, for --threads",
    .slowdown = 30,
    .finds_races = true,
    .available = valgrind_available,
    .command = helgrind_command,
    .read_logs = helgrind_read_logs,
};
BACKEND_REGISTER(helgrind)
