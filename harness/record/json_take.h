/*
 * Takes values out of parsed JSON, checked, with the place of the first thing that is wrong: "runs[3].series.open[4]".
 * For the files that read JSON in this room only.
 */
#ifndef CHURN_RECORD_JSON_TAKE_H
#define CHURN_RECORD_JSON_TAKE_H

#include <jansson.h>

#include "harness/record/record.h"

/* After the first problem nothing more is read, and every function gives 0 or NULL: look at `err` once at the end. */
struct reader {
    const char *file;
    struct problem *why;
    enum err err;
    char place[256]; /* where in the file, ".runs[3].pool" */
};

void take_complain(struct reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);
void take_check(struct reader *reader, enum err err); /* for errors that are no fault of the file */

/* Steps into a member; the result is given to take_leave. A place that is too long is cut, nothing else happens. */
size_t take_enter(struct reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);
void take_leave(struct reader *reader, size_t mark);

const char *take_type_word(const json_t *value); /* "an array" */

/* A member of an object; it must be there. All are BORROWED from the JSON. */
json_t *take_member(struct reader *reader, const json_t *object, const char *name);
json_t *take_container(struct reader *reader, const json_t *object, const char *name, json_type type);
void take_is_object(struct reader *reader, const json_t *value);
const char *take_peek(struct reader *reader, const json_t *object, const char *name, bool may_be_null);

/* null is RECORD_NONE where it is allowed. */
int64_t take_integer_of(struct reader *reader, const json_t *value, bool may_be_null);
int64_t take_integer(struct reader *reader, const json_t *object, const char *name, bool may_be_null);
double take_real(struct reader *reader, const json_t *object, const char *name);
bool take_bool(struct reader *reader, const json_t *object, const char *name);
void take_text(struct reader *reader, const json_t *object, const char *name,
               char **out); /* text or null; *out OWNED */
/* The same for what came after the first files of a format, and is written only when there is something to say. */
void take_optional_text(struct reader *reader, const json_t *object, const char *name, char **out);

/* json_read.c: one run, into an empty one. */
void json_read_run(struct reader *reader, const json_t *object, struct run *run);

/* An array of exactly `count` integers. *out has room for them; take_counts makes it (OWNED). */
void take_integers_of(struct reader *reader, const json_t *array, size_t count, bool may_be_null, int64_t *out);
void take_counts(struct reader *reader, const json_t *object, const char *name, size_t count, int64_t **out);

/* One of the words of an enum. */
#define TAKE_WORD(READER, OBJECT, NAME, FROM_NAME, OUT)                                                                \
    do {                                                                                                               \
        const char *word_ = take_peek(READER, OBJECT, NAME, false);                                                    \
        if (word_ && !FROM_NAME(word_, OUT))                                                                           \
            take_complain(READER, "\"%s\": no such word: \"%.40s\"", NAME, word_);                                     \
    } while (0)

#endif
