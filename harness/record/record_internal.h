/* Shared by the files of this room only. */
#ifndef CHURN_RECORD_INTERNAL_H
#define CHURN_RECORD_INTERNAL_H

#include "harness/record/record.h"

enum err machine_describe(struct machine *machine) MUST_CHECK;
void machine_fini(struct machine *machine);
/* The series of that name, made with every sample missing when it is new. *out is BORROWED until the run is changed. */
enum err run_need_series(struct run *run, const char *name, struct series **out) MUST_CHECK;
enum err results_add_word(struct results *results, const char *word) MUST_CHECK;

/* `before`, then the text as JSON. */
void json_print_text(struct buffer *out, const char *before, const char *text);

#endif
