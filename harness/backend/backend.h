/*
 * backend: how the child that holds the pool is started, and what the tool's logs say. One file per backend.
 *
 * native: the host program as it is. asan: the host built with AddressSanitizer and LeakSanitizer. memcheck: the native host under Valgrind.
 * tsan, helgrind: for runs with threads, by two tools that find races. Each of them runs it under libfaketime where the machine has it and the tool allows it.
 */
#ifndef CHURN_BACKEND_H
#define CHURN_BACKEND_H

#include "harness/base/base.h"
#include "harness/record/record.h"

struct backend_command {
    char **argv;      /* NULL-terminated */
    char **extra_env; /* NULL-terminated */
    char *log_folder; /* where the tool writes its logs; removed by backend_command_free */
    char *clock_name; /* what libfaketime shares among the processes of this run; removed too. NULL: nothing */
};

struct backend {
    const char *name;
    const char *about;
    int slowdown;      /* how much longer a run may take than native: multiplies the time limit */
    bool finds_lost;   /* reports memory that nobody can reach; the others have only the world's own count of it */
    bool finds_races;  /* reports threads that touch the same memory unguarded */
    bool runs_foreign; /* can start a foreign program ("exec:COMMAND"); no tool can look into one */

    /* Can it run here? False: *why says what is missing and how to get it. */
    bool (*available)(const char *build_folder, struct problem *why);

    /* The command for a pool spec (built-in or path) or for a foreign command ("exec:...", native only: ERR_INPUT
     * elsewhere). *out is OWNED: backend_command_free, which also removes the log folder. */
    enum err (*command)(const char *build_folder, const char *pool, struct backend_command *out, struct problem *why);

    /* After the child has ended: reads the logs into run->tool_errors, run->lost_bytes and run->log. Trusts logs, not
     * exit codes. ERR_SYSTEM: the tool itself failed, so that its silence means nothing. */
    enum err (*read_logs)(const struct backend_command *command, struct run *run, struct problem *why);
};

#define BACKEND_REGISTER(BACKEND)                                                                                      \
    __attribute__((constructor)) static void register_##BACKEND(void)                                                  \
    {                                                                                                                  \
        backend_registry_add(&BACKEND);                                                                                \
    }
void backend_registry_add(const struct backend *backend);
const struct backend *backend_find(const char *name);
size_t backend_count(void);
const struct backend *backend_at(size_t index); /* sorted by name */

/* "exec:COMMAND": the command; NULL for every other pool. BORROWED from `pool`. */
const char *backend_foreign_command(const char *pool);

void backend_command_free(struct backend_command *command);

/* The folder that holds the host programs: the one this program was started from, or the one above for a program of
 * the ASan variant. OWNED text: free(). */
enum err backend_build_folder(char **out, struct problem *why) MUST_CHECK;

/* Path of libfaketimeMT, or NULL with the reason. BORROWED for ever. */
const char *backend_faketime(struct problem *why);

#endif
