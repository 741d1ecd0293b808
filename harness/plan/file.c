/* A plan file as a source of operations: read line by line, in memory that grows with nothing but lease names. */
#include "harness/plan/lease_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No operation is longer: meta with its text is the longest, at 5 + 255. What follows a # may be as long as it
 * likes. */
#define LINE_LENGTH_MAX 400

struct plan_file {
    struct plan_source source; /* first: the public type */
    FILE *file;
    char *path;
    size_t line;
    bool pool_seen;
    struct lease_name *leases;
    char text[LINE_LENGTH_MAX + 1];
};

static struct plan_file *from_source(struct plan_source *source)
{
    return (struct plan_file *)(void *)source;
}

/* Reads one line, without its newline and without a comment, into self->text. *ended: there was none. */
static enum err read_line(struct plan_file *self, size_t *length, bool *ended, struct problem *why)
{
    bool comment = false, any = false;
    int c;
    *length = 0;
    while ((c = getc(self->file)) != EOF && c != '\n') {
        any = true;
        comment = comment || (c == '#' && (*length == 0 || self->text[*length - 1] == ' '));
        if (comment)
            continue;
        if (*length == LINE_LENGTH_MAX)
            return problem_set(why, ERR_INPUT, "expected a line of at most %d bytes", LINE_LENGTH_MAX);
        self->text[(*length)++] = (char)c;
    }
    if (ferror(self->file))
        return problem_set(why, ERR_INPUT, "cannot read: %s", strerror(errno));
    *ended = c == EOF && !any;
    while (comment && *length > 0 && self->text[*length - 1] == ' ')
        (*length)--;
    self->text[*length] = '\0';
    return ERR_NONE;
}

/* `pool` comes once and before every operation on it. */
static enum err check_order(struct plan_file *self, const struct plan_op *op, struct problem *why)
{
    if (op->verb == PLAN_META)
        return ERR_NONE;
    if (op->verb == PLAN_POOL && self->pool_seen)
        return problem_set(why, ERR_INPUT, "expected one pool line, found a second");
    if (op->verb != PLAN_POOL && !self->pool_seen)
        return problem_set(why, ERR_INPUT, "expected the pool line before the first operation, found %s",
                           plan_verb_name(op->verb));
    self->pool_seen = true;
    return ERR_NONE;
}

static enum err file_next(struct plan_source *source, struct plan_op *out, bool *done, struct problem *why)
{
    struct plan_file *self = from_source(source);
    size_t length = 0;
    *done = false;
    enum err err;
    do {
        self->line++;
        err = read_line(self, &length, done, why);
    } while (err == ERR_NONE && !*done && length == 0);

    if (err == ERR_NONE && !*done)
        err = plan_op_parse(self->text, length, out, why);
    if (err == ERR_NONE && !*done)
        err = check_order(self, out, why);
    if (err == ERR_NONE && !*done)
        err = lease_names_check(&self->leases, out, why);
    if (err != ERR_NONE)
        problem_prefix(why, "%s:%zu", self->path, self->line);
    return err;
}

static void file_free(struct plan_source *source)
{
    struct plan_file *self = from_source(source);
    if (self->file != NULL && self->file != stdin)
        (void)fclose(self->file);
    lease_names_free(&self->leases);
    free(self->path);
    free(self);
}

static enum err check_header(struct plan_file *self, struct problem *why)
{
    size_t length;
    bool ended;
    self->line = 1;
    enum err err = read_line(self, &length, &ended, why);
    if (err == ERR_NONE && strcmp(self->text, "churn-plan 1") != 0) {
        char found[64];
        text_make_printable(self->text, length, found, sizeof(found));
        err = problem_set(why, ERR_INPUT, "expected the first line \"churn-plan %d\", found %s%s%s", PLAN_VERSION,
                          ended ? "an empty file" : "\"", ended ? "" : found, ended ? "" : "\"");
    }
    if (err != ERR_NONE)
        problem_prefix(why, "%s:1", self->path);
    return err;
}

enum err plan_file_open(const char *path, struct plan_source **out, struct problem *why)
{
    *out = NULL;
    struct plan_file *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    self->source = (struct plan_source){file_next, file_free};

    enum err err = ERR_NONE;
    bool standard_input = strcmp(path, "-") == 0;
    self->path = strdup(standard_input ? "standard input" : path);
    self->file = standard_input ? stdin : fopen(path, "re");
    if (self->path == NULL)
        err = problem_set(why, ERR_MEMORY, "out of memory");
    else if (self->file == NULL)
        err = problem_set(why, ERR_INPUT, "cannot read %s: %s", path, strerror(errno));
    else
        err = check_header(self, why);

    if (err != ERR_NONE)
        file_free(&self->source);
    else
        *out = &self->source;
    return err;
}

void plan_print_header(struct buffer *out)
{
    buffer_addf(out, "churn-plan %d\n", PLAN_VERSION);
}
