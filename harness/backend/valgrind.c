/* valgrind.c: what the two tools of Valgrind have in common. */
#include "harness/backend/backend_internal.h"

bool valgrind_available(const char *build_folder, struct problem *why)
{
    if (!program_is_there(build_folder, "churn-host", "build it with `make`", why))
        return false;
    if (program_is_in_path("valgrind"))
        return true;
    problem_set(why, ERR_SYSTEM, "valgrind is not there; `make setup` installs it");
    return false;
}

void valgrind_add_options(const struct backend_command *command, const char *tool, const char *const *options,
                          size_t count, struct text_list *argv)
{
    text_list_addf(argv, "valgrind");
    text_list_addf(argv, "--command-line-only=yes"); /* no ~/.valgrindrc, no VALGRIND_OPTS */
    text_list_addf(argv, "--tool=%s", tool);
    text_list_addf(argv, "--num-callers=20");
    text_list_addf(argv, "--fullpath-after="); /* with folders: whose file a frame is in (growth.c) */
    text_list_addf(argv, "--error-exitcode=0");
    text_list_addf(argv, "--child-silent-after-fork=yes");
    for (size_t i = 0; i < count; i++)
        text_list_addf(argv, "%s", options[i]);
    text_list_addf(argv, "--log-file=%s/%s.%%p", command->log_folder, tool);
}

enum err valgrind_read_errors(const struct backend_command *command, struct buffer *logs, struct run *run,
                              struct problem *why)
{
    enum err err = command_read_logs(command, logs, why);
    int64_t errors = 0;

    if (err == ERR_NONE && logs->length == 0)
        return problem_set(why, ERR_SYSTEM, "valgrind left no log: it did not start");
    if (err == ERR_NONE && text_last_number(logs->data, "ERROR SUMMARY:", &errors))
        run->tool_errors = errors;
    else if (err == ERR_NONE && (run->ending == ENDING_DONE || run->ending == ENDING_EXITED))
        /* it was not killed, so that its silence is no proof */
        return problem_set(why, ERR_SYSTEM, "valgrind's log ends without its summary; is the disk full?");
    return err;
}
