/* backend_internal.h: what the backends share. */
#ifndef CHURN_BACKEND_INTERNAL_H
#define CHURN_BACKEND_INTERNAL_H

#include "harness/backend/backend.h"

/* Lists of texts being built: argv and the environment. */
struct text_list {
    char **items; /* NULL-terminated; OWNED with its texts */
    size_t count;
    bool failed;
};
void text_list_addf(struct text_list *list, const char *format, ...) PRINTF_LIKE(2, 3);
void text_list_free(struct text_list *list);

/* Begins a command: a folder for the tool's logs below $TMPDIR. ERR_INPUT when the pool is a foreign program: the backend
 * of that name cannot look into one. */
enum err command_open(const char *backend, const char *pool, struct backend_command *out,
                      struct problem *why) MUST_CHECK;

/* "BUILD/PROGRAM --pool POOL" */
void command_add_host(struct text_list *argv, const char *build_folder, const char *program, const char *pool);

/* Adds libfaketime's variables when it is there. */
void command_add_faketime(struct backend_command *command, struct text_list *env);

/* Moves the lists into the command (TAKEN, also on failure). */
enum err command_set(struct backend_command *command, struct text_list *argv, struct text_list *env,
                     struct problem *why) MUST_CHECK;

/* ---- faketime.c ---- */

/* Makes what libfaketime would make for each process by itself. NULL: it could not; then libfaketime does. OWNED:
 * faketime_unshare, which accepts NULL. */
char *faketime_share(void);
void faketime_unshare(char *name);

/* ---- programs ---- */

/* False, and why, when the program is not there or may not be run. `advice` says how to get it. */
bool program_is_there(const char *build_folder, const char *name, const char *advice, struct problem *why);

bool program_is_in_path(const char *program);

/* ---- logs ---- */

/* Everything the tool wrote, file after file, each cut to its last part when it is huge. */
enum err command_read_logs(const struct backend_command *command, struct buffer *out, struct problem *why) MUST_CHECK;

/* Adds the last part of `text` to run->log, under a heading. */
enum err run_add_log(struct run *run, const char *heading, const char *text, size_t length) MUST_CHECK;

/* How often `what` stands in the text. */
int64_t text_count(const char *text, const char *what);

/* The number after the last "LABEL" in the text, thousands separated by commas as Valgrind writes them. */
bool text_last_number(const char *text, const char *label, int64_t *out);

/* Sets run->stack when the host had memcheck list what grew (CHURN_EXPLAIN). */
enum err growth_read(const char *log, struct run *run) MUST_CHECK;

/* ---- valgrind.c: memcheck and helgrind ---- */

bool valgrind_available(const char *build_folder, struct problem *why);

/* "valgrind --tool=TOOL", what both tools want, `options`, and where the log goes. */
void valgrind_add_options(const struct backend_command *command, const char *tool, const char *const *options,
                          size_t count, struct text_list *argv);

/* Reads the logs (OWNED by the caller, also on failure) and sets run->tool_errors. ERR_SYSTEM: there is no log. */
enum err valgrind_read_errors(const struct backend_command *command, struct buffer *logs, struct run *run,
                              struct problem *why) MUST_CHECK;

#endif
