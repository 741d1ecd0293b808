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

/* Adds libfaketime's variables when it is there. */
void command_add_faketime(struct backend_command *command, struct text_list *env);

/* ---- faketime.c ---- */

/* Makes what libfaketime would make for each process by itself. NULL: it could not; then libfaketime does. OWNED:
 * faketime_unshare, which accepts NULL. */
char *faketime_share(void);
void faketime_unshare(char *name);

/* Makes a folder for logs below $TMPDIR. */
enum err command_make_log_folder(struct backend_command *command, struct problem *why) MUST_CHECK;

/* Moves the lists into the command (TAKEN, also on failure). */
enum err command_set(struct backend_command *command, struct text_list *argv, struct text_list *env,
                     struct problem *why) MUST_CHECK;

/* False, and why, when the program is not there or may not be run. `advice` says how to get it. */
bool program_is_there(const char *build_folder, const char *name, const char *advice, struct problem *why);

bool program_is_in_path(const char *program);

/* ERR_INPUT when the pool is a foreign program: the backend of that name cannot look into one. */
enum err command_refuse_foreign(const char *pool, const char *backend, struct problem *why) MUST_CHECK;

/* Everything the tool wrote, file after file, each cut to its last part when it is huge. */
enum err command_read_logs(const struct backend_command *command, struct buffer *out, struct problem *why) MUST_CHECK;

/* Adds the last part of `text` to run->log, under a heading. */
enum err run_add_log(struct run *run, const char *heading, const char *text, size_t length) MUST_CHECK;

/* The number after the last "LABEL" in the text, thousands separated by commas as Valgrind writes them. */
bool text_last_number(const char *text, const char *label, int64_t *out);

/* Sets run->stack when the host had memcheck list what grew (CHURN_EXPLAIN). */
enum err growth_read(const char *log, struct run *run) MUST_CHECK;

#endif
