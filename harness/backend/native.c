/* native.c: the host program as it is, or a foreign program. */
#include "harness/backend/backend_internal.h"

static bool native_available(const char *build_folder, struct problem *why)
{
    return program_is_there(build_folder, "churn-host", "build it with `make`", why);
}

static enum err native_command(const char *build_folder, const char *pool, struct backend_command *out,
                               struct problem *why)
{
    const char *foreign = backend_foreign_command(pool);
    struct text_list argv = {0}, env = {0};

    *out = (struct backend_command){0};
    if (foreign) {
        text_list_addf(&argv, "/bin/sh");
        text_list_addf(&argv, "-c");
        text_list_addf(&argv, "exec %s", foreign);
    } else {
        command_add_host(&argv, build_folder, "churn-host", pool);
        command_add_faketime(out, &env);
    }
    return command_set(out, &argv, &env, why);
}

/* No tool, no logs: what the world counted as lost came by the exit status. */
static enum err native_read_logs(const struct backend_command *command, struct run *run, struct problem *why)
{
    (void)command;
    (void)run;
    (void)why;
    return ERR_NONE;
}

static const struct backend native = {
    .name = "native",
    .about = "the program as it is",
    .slowdown = 1,
    .runs_foreign = true,
    .available = native_available,
    .command = native_command,
    .read_logs = native_read_logs,
};
BACKEND_REGISTER(native)
