/* Operations as text. One table says what words follow each verb; parsing and printing both walk it. */
#include "harness/plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum operand {
    OPERAND_NONE,
    OPERAND_LEASE,
    OPERAND_KEY,
    OPERAND_SCOPE,
    OPERAND_SCOPE_MAYBE,
    OPERAND_COUNT,
    OPERAND_DURATION,
    OPERAND_STEP,
    OPERAND_THREAD,
    OPERAND_REST, /* everything up to the end of the line */
};

#define OPERANDS_MAX 3

static const struct verb {
    const char *name;
    const char *usage;
    enum operand operands[OPERANDS_MAX];
} verbs[PLAN_VERB_COUNT] = {
    [PLAN_META] = {"meta", "meta NAME VALUE...", {OPERAND_REST}},
    [PLAN_POOL] = {"pool", "pool NAME=VALUE...", {OPERAND_REST}},
    [PLAN_GET] = {"get", "get LEASE KEY [SCOPE]", {OPERAND_LEASE, OPERAND_KEY, OPERAND_SCOPE_MAYBE}},
    [PLAN_RELEASE] = {"release", "release LEASE", {OPERAND_LEASE}},
    [PLAN_CANCEL] = {"cancel", "cancel LEASE", {OPERAND_LEASE}},
    [PLAN_INVALIDATE] = {"invalidate", "invalidate LEASE", {OPERAND_LEASE}},
    [PLAN_INVALIDATE_VALUE] = {"invalidate-value", "invalidate-value VALUE", {OPERAND_LEASE}},
    [PLAN_SHARE] = {"share", "share LEASE KEY", {OPERAND_LEASE, OPERAND_KEY}},
    [PLAN_FAIL] = {"fail", "fail KEY COUNT", {OPERAND_KEY, OPERAND_COUNT}},
    [PLAN_SLOW] = {"slow", "slow KEY DURATION", {OPERAND_KEY, OPERAND_DURATION}},
    [PLAN_KILL] = {"kill", "kill LEASE", {OPERAND_LEASE}},
    [PLAN_ADVANCE] = {"advance", "advance DURATION", {OPERAND_DURATION}},
    [PLAN_CLOSE_SCOPE] = {"close-scope", "close-scope SCOPE", {OPERAND_SCOPE}},
    [PLAN_RUNG] = {"rung", "rung", {OPERAND_NONE}},
    [PLAN_SHUTDOWN] = {"shutdown", "shutdown", {OPERAND_NONE}},
    [PLAN_FAIL_CLOSE] = {"fail-close", "fail-close KEY COUNT", {OPERAND_KEY, OPERAND_COUNT}},
    [PLAN_STEP_CLOCK] = {"step-clock", "step-clock [-]DURATION", {OPERAND_STEP}},
    [PLAN_THREAD] = {"thread", "thread NUMBER", {OPERAND_THREAD}},
};

const char *plan_verb_name(enum plan_verb verb)
{
    return (unsigned)verb < PLAN_VERB_COUNT ? verbs[verb].name : "?";
}

bool plan_verb_from_name(const char *name, enum plan_verb *out)
{
    for (size_t i = 0; i < PLAN_VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            *out = (enum plan_verb)i;
            return true;
        }
    }
    return false;
}

/* ---- parsing -------------------------------------------------------------------------------------------- */

/* A line being read, word by word. */
struct words {
    const char *line;
    size_t length;
    size_t at; /* the first byte that was not read yet */
};

struct word {
    const char *text;
    size_t length;
    size_t column; /* 1 for the first */
    bool at_end;   /* nothing follows */
};

/* The next word, without the space before it. An empty word is the end of the line, or two spaces in a row. */
static struct word word_next(struct words *words)
{
    if (words->at > 0 && words->at < words->length)
        words->at++; /* the space that ended the word before */
    struct word word = {words->line + words->at, 0, words->at + 1, words->at >= words->length};
    while (words->at + word.length < words->length && word.text[word.length] != ' ')
        word.length++;
    words->at += word.length;
    return word;
}

static enum err expected(struct problem *why, const struct word *word, const char *what)
{
    char found[NAME_MAX_LEN * 2];
    if (word->length == 0)
        return problem_set(why, ERR_INPUT, "column %zu: expected %s, found %s", word->column, what,
                           word->at_end ? "the end of the line" : "a space too many");
    text_make_printable(word->text, word->length, found, sizeof(found));
    return problem_set(why, ERR_INPUT, "column %zu: expected %s, found \"%s\"", word->column, what, found);
}

static enum err parse_name(const struct word *word, const char *what, char out[NAME_MAX_LEN + 1], struct problem *why)
{
    if (!name_is_valid(word->text, word->length)) {
        char hint[96];
        (void)snprintf(hint, sizeof(hint), "%s (1 to %d of A-Z a-z 0-9 _ . -)", what, NAME_MAX_LEN);
        return expected(why, word, hint);
    }
    memcpy(out, word->text, word->length);
    out[word->length] = '\0';
    return ERR_NONE;
}

typedef enum err (*quantity_fn)(const char *text, int64_t *out, struct problem *why);

/* Keeps the text as it was written, so that printing gives the same bytes. */
static enum err parse_quantity(const struct word *word, const char *what, quantity_fn parse, struct plan_op *op,
                               int64_t *out, struct problem *why)
{
    if (word->length == 0 || word->length > 32)
        return expected(why, word, what);
    memcpy(op->text, word->text, word->length);
    op->text[word->length] = '\0';
    if (strlen(op->text) != word->length || parse(op->text, out, NULL) != ERR_NONE || *out == INT64_MAX)
        return expected(why, word, what);
    return ERR_NONE;
}

static enum err parse_thread(const char *text, int64_t *out, struct problem *why)
{
    enum err err = quantity_parse_count(text, out, why);
    return err == ERR_NONE && *out > PLAN_THREADS_MAX ? ERR_INPUT : err;
}

static enum err parse_rest(struct words *words, struct plan_op *op, struct problem *why)
{
    size_t from = words->at < words->length ? words->at + 1 : words->at; /* without the space */
    struct word rest = {words->line + from, words->length - from, from + 1, from == words->length};
    words->at = words->length;
    if (rest.length == 0)
        return expected(why, &rest, verbs[op->verb].usage);
    if (rest.text[0] == ' ' || rest.text[rest.length - 1] == ' ')
        return problem_set(why, ERR_INPUT, "column %zu: expected one space between words and none at the end",
                           rest.text[0] == ' ' ? rest.column : rest.column + rest.length - 1);
    if (rest.length >= sizeof(op->text))
        return problem_set(why, ERR_INPUT, "column %zu: expected at most %zu bytes, found %zu", rest.column,
                           sizeof(op->text) - 1, rest.length);
    if (!text_is_printable(rest.text, rest.length))
        return problem_set(why, ERR_INPUT, "column %zu: expected UTF-8 without control characters", rest.column);
    memcpy(op->text, rest.text, rest.length);
    op->text[rest.length] = '\0';
    return ERR_NONE;
}

static enum err parse_operand(struct words *words, enum operand operand, struct plan_op *op, struct problem *why)
{
    if (operand == OPERAND_REST)
        return parse_rest(words, op, why);
    if (operand == OPERAND_SCOPE_MAYBE && words->at == words->length)
        return ERR_NONE;
    struct word word = word_next(words);
    switch (operand) {
    case OPERAND_LEASE:
        return parse_name(&word, op->verb == PLAN_INVALIDATE_VALUE ? "a value's name" : "a lease's name", op->lease,
                          why);
    case OPERAND_KEY:
        return parse_name(&word, "a key's name", op->key, why);
    case OPERAND_SCOPE:
    case OPERAND_SCOPE_MAYBE:
        return parse_name(&word, "a scope's name", op->scope, why);
    case OPERAND_COUNT:
        return parse_quantity(&word, "a count like 3", quantity_parse_count, op, &op->count, why);
    case OPERAND_DURATION:
        return parse_quantity(&word, "a finite duration like 60s (units ns, us, ms, s, m, h, d)",
                              quantity_parse_duration, op, &op->duration_ns, why);
    case OPERAND_STEP:
        return parse_quantity(&word, "a duration like 60s or -60s (units ns, us, ms, s, m, h, d)",
                              quantity_parse_signed_duration, op, &op->duration_ns, why);
    case OPERAND_THREAD:
        return parse_quantity(&word, "a thread from 0 to 64", parse_thread, op, &op->count, why);
    case OPERAND_REST:
    case OPERAND_NONE:
        break;
    }
    return ERR_NONE;
}

static enum err parse_verb(struct words *words, enum plan_verb *out, struct problem *why)
{
    const char *names[PLAN_VERB_COUNT];
    for (size_t i = 0; i < PLAN_VERB_COUNT; i++)
        names[i] = verbs[i].name;

    struct word word = word_next(words);
    char text[NAME_MAX_LEN];
    text_make_printable(word.text, word.length, text, sizeof(text));
    if (plan_verb_from_name(text, out))
        return ERR_NONE;
    enum err err = expected(why, &word, "an operation");
    const char *near = text_closest(text, names, ARRAY_LEN(names));
    if (near != NULL && why != NULL) {
        size_t used = strlen(why->text);
        (void)snprintf(why->text + used, sizeof(why->text) - used, "; did you mean %s?", near);
    }
    return err;
}

/* `name=value` pairs and `NAME VALUE` have their own grammar inside the rest of the line. */
static enum err check_text(const struct plan_op *op, struct problem *why)
{
    if (op->verb == PLAN_POOL) {
        struct plan_shape shape;
        return plan_shape_parse(op->text, &shape, why);
    }
    if (op->verb == PLAN_META) {
        size_t name = strcspn(op->text, " ");
        if (!name_is_valid(op->text, name) || op->text[name] == '\0')
            return problem_set(why, ERR_INPUT, "column 6: expected %s", verbs[PLAN_META].usage);
    }
    return ERR_NONE;
}

enum err plan_op_parse(const char *line, size_t length, struct plan_op *out, struct problem *why)
{
    *out = (struct plan_op){0};
    struct words words = {line, length, 0};
    enum err err = parse_verb(&words, &out->verb, why);
    for (size_t i = 0; err == ERR_NONE && i < OPERANDS_MAX; i++)
        if (verbs[out->verb].operands[i] != OPERAND_NONE)
            err = parse_operand(&words, verbs[out->verb].operands[i], out, why);
    if (err == ERR_NONE && words.at < length)
        err = problem_set(why, ERR_INPUT, "column %zu: expected the end of the line (%s)", words.at + 1,
                          verbs[out->verb].usage);
    return err != ERR_NONE ? err : check_text(out, why);
}

/* ---- printing ------------------------------------------------------------------------------------------- */

static void print_operand(const struct plan_op *op, enum operand operand, struct buffer *out)
{
    const char *text = op->text; /* the rest of the line, or a quantity as it was written */
    char number[32];
    switch (operand) {
    case OPERAND_NONE:
        return;
    case OPERAND_LEASE:
        text = op->lease;
        break;
    case OPERAND_KEY:
        text = op->key;
        break;
    case OPERAND_SCOPE:
    case OPERAND_SCOPE_MAYBE:
        text = op->scope;
        break;
    case OPERAND_COUNT:
    case OPERAND_THREAD:
        (void)snprintf(number, sizeof(number), "%" PRId64, op->count);
        text = text[0] != '\0' ? text : number;
        break;
    case OPERAND_DURATION:
    case OPERAND_STEP:
        quantity_print_duration(op->duration_ns, number, sizeof(number));
        text = text[0] != '\0' ? text : number;
        break;
    case OPERAND_REST:
        break;
    }
    if (operand == OPERAND_SCOPE_MAYBE && text[0] == '\0')
        return;
    buffer_add(out, " ", 1);
    buffer_add_text(out, text);
}

void plan_op_print(const struct plan_op *op, struct buffer *out)
{
    buffer_add_text(out, verbs[op->verb].name);
    for (size_t i = 0; i < OPERANDS_MAX; i++)
        print_operand(op, verbs[op->verb].operands[i], out);
    buffer_add(out, "\n", 1);
}
