/*
 * asan.c: the host built with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
 *
 * Works under libfaketime with gcc's dynamic runtime: the link order must not be verified then. Logs decide, not the exit
 * status: the same one is given for an error and for a leak, and a handler in the subject may change it.
 */
#include "harness/backend/backend_internal.h"

#include <string.h>

#define EXIT_STATUS ENDING_CODE_LOST

static bool asan_available(const char *build_folder, struct problem *why)
{
    return program_is_there(build_folder, "asan/churn-host", "build it with `make`", why);
}

static enum err asan_command(const char *build_folder, const char *pool, struct backend_command *out,
                             struct problem *why)
{
    struct text_list argv = {0}, env = {0};
    enum err err = command_open("asan", pool, out, why);

    if (err != ERR_NONE)
        return err;
    command_add_host(&argv, build_folder, "asan/churn-host", pool);
    command_add_faketime(out, &env);
    text_list_addf(&env,
                   "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:exitcode=%d:log_path=%s/asan:"
                   "allocator_may_return_null=1",
                   EXIT_STATUS, out->log_folder);
    text_list_addf(&env, "LSAN_OPTIONS=exitcode=%d", EXIT_STATUS);
    text_list_addf(&env, "UBSAN_OPTIONS=print_stacktrace=1:exitcode=%d:log_path=%s/ubsan", EXIT_STATUS,
                   out->log_folder);
    return command_set(out, &argv, &env, why);
}

/* "SUMMARY: AddressSanitizer: 80 byte(s) leaked in 2 allocation(s)." */
static void read_lost(const char *text, struct run *run)
{
    int64_t bytes;

    if (strstr(text, "leaked in") && text_last_number(text, "SUMMARY: AddressSanitizer:", &bytes))
        run->lost_bytes = bytes;
}

static enum err asan_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    struct buffer logs = {0};
    enum err err = command_read_logs(command, &logs, why);

    if (err == ERR_NONE && logs.length > 0) {
        run->tool_errors = text_count(logs.data, "ERROR: AddressSanitizer:") + text_count(logs.data, "runtime error:");
        read_lost(logs.data, run);
        err = run_add_log(run, "AddressSanitizer", logs.data, logs.length);
        /* Under ptrace, for one: then no leak would ever be seen. */
        if (err == ERR_NONE && strstr(logs.data, "LeakSanitizer has encountered a fatal error"))
            err = problem_set(why, ERR_SYSTEM, "LeakSanitizer does not work here; is the run traced (ptrace)?");
    }
    buffer_free(&logs);
    return err;
}

static const struct backend asan = {
    .name = "asan",
    .about = "AddressSanitizer with LeakSanitizer and UndefinedBehaviorSanitizer",
    .slowdown = 4,
    .finds_lost = true,
    .available = asan_available,
    .command = asan_command,
    .read_logs = asan_read_logs,
};
BACKEND_REGISTER(asan)
