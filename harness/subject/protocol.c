/*
 * protocol.c: one line of the child becomes one event.
 *
 * Words are copied out, never cut in place: a line that turns out wrong is quoted as it came. The lines that come once per
 * operation are parsed by hand, JSON is left to the library.
 */
#include "harness/subject/subject_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- quoting ---- */

void protocol_break(struct subject *subject, const char *format, ...)
{
    char reason[400], quoted[400];
    va_list args;

    if (subject->state != SUBJECT_ALIVE)
        return;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    subject->state = SUBJECT_BROKEN;
    if (subject->line) {
        text_make_printable(subject->line, subject->line_length, quoted, sizeof(quoted));
        snprintf(subject->detail, sizeof(subject->detail), "%s, found \"%s\"", reason, quoted);
    } else {
        snprintf(subject->detail, sizeof(subject->detail), "%s", reason);
    }
}

/* ---- words ---- */

struct cursor {
    const char *at;
    const char *end;
};

/* The next word that is a name. */
static bool take_name(struct cursor *cursor, char out[NAME_MAX_LEN + 1])
{
    const char *space = memchr(cursor->at, ' ', (size_t)(cursor->end - cursor->at));
    const char *stop = space ? space : cursor->end;
    size_t length = (size_t)(stop - cursor->at);

    if (!name_is_valid(cursor->at, length))
        return false;
    memcpy(out, cursor->at, length);
    out[length] = '\0';
    cursor->at = space ? space + 1 : cursor->end;
    return true;
}

/* The next word as an identity: decimal, no sign, 64 bits. */
static bool take_item(struct cursor *cursor, uint64_t *out)
{
    const char *at = cursor->at;
    uint64_t value = 0;

    for (; at < cursor->end && *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (unsigned)(*at - '0'), &value))
            return false;
    }
    if (at == cursor->at || (at < cursor->end && *at != ' '))
        return false;
    cursor->at = at < cursor->end ? at + 1 : at;
    *out = value;
    return true;
}

static bool at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->end;
}

/* The rest of the line as text: UTF-8, no NUL. */
static bool take_text(struct cursor *cursor, const char **out)
{
    *out = cursor->at;
    while (cursor->at < cursor->end) {
        size_t length = text_utf8_sequence(cursor->at, (size_t)(cursor->end - cursor->at));
        if (length == 0 || *cursor->at == '\0')
            return false;
        cursor->at += length;
    }
    return true;
}

/* ---- events ---- */

static enum err emit(struct subject *subject, const struct subject_event *event, struct problem *why)
{
    struct problem local = {ERR_NONE, ""};
    enum err err = subject->on_event ? subject->on_event(subject->ctx, event, &local) : ERR_NONE;

    if (err == ERR_INPUT) {
        protocol_break(subject, "%s", local.text);
        return ERR_NONE;
    }
    if (err != ERR_NONE && why)
        *why = local;
    return err;
}

static enum err malformed(struct subject *subject, const char *expected)
{
    protocol_break(subject, "malformed answer, expected \"%s\"", expected);
    return ERR_NONE;
}

/* leased L ITEM */
static enum err take_leased(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    char lease[NAME_MAX_LEN + 1];
    struct subject_event event = {.kind = SUBJECT_LEASED, .lease = lease};

    if (!take_name(cursor, lease) || !take_item(cursor, &event.item) || !at_end(cursor))
        return malformed(subject, "leased LEASE NUMBER");
    return emit(subject, &event, why);
}

/* failed L WORDS */
static enum err take_failed(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    char lease[NAME_MAX_LEN + 1];
    struct subject_event event = {.kind = SUBJECT_FAILED, .lease = lease};

    if (!take_name(cursor, lease) || !take_text(cursor, &event.text))
        return malformed(subject, "failed LEASE WORDS");
    return emit(subject, &event, why);
}

static enum err take_lease_only(struct subject *subject, struct cursor *cursor, enum subject_event_kind kind,
                                struct problem *why)
{
    char lease[NAME_MAX_LEN + 1];
    struct subject_event event = {.kind = kind, .lease = lease};

    if (!take_name(cursor, lease) || !at_end(cursor))
        return malformed(subject, kind == SUBJECT_CANCELLED ? "cancelled LEASE" : "closed LEASE");
    return emit(subject, &event, why);
}

/* closed L */
static enum err take_closed(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    return take_lease_only(subject, cursor, SUBJECT_LEASE_CLOSED, why);
}

/* cancelled L */
static enum err take_cancelled(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    return take_lease_only(subject, cursor, SUBJECT_CANCELLED, why);
}

/* created ITEM KEY */
static enum err take_created(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    char key[NAME_MAX_LEN + 1];
    struct subject_event event = {.kind = SUBJECT_CREATED, .key = key};

    if (!take_item(cursor, &event.item) || !take_name(cursor, key) || !at_end(cursor))
        return malformed(subject, "created NUMBER KEY");
    return emit(subject, &event, why);
}

/* destroyed ITEM */
static enum err take_destroyed(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    struct subject_event event = {.kind = SUBJECT_DESTROYED};

    if (!take_item(cursor, &event.item) || !at_end(cursor))
        return malformed(subject, "destroyed NUMBER");
    return emit(subject, &event, why);
}

/* misuse ITEM WORDS */
static enum err take_misuse(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    struct subject_event event = {.kind = SUBJECT_MISUSE};

    if (!take_item(cursor, &event.item) || !take_text(cursor, &event.text))
        return malformed(subject, "misuse NUMBER WORDS");
    return emit(subject, &event, why);
}

/* example COUNTER WORDS */
static enum err take_example(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    char counter[NAME_MAX_LEN + 1];
    struct subject_event event = {.kind = SUBJECT_EXAMPLE, .key = counter};

    if (!take_name(cursor, counter) || !take_text(cursor, &event.text))
        return malformed(subject, "example COUNTER WORDS");
    return emit(subject, &event, why);
}

/* unsupported WORDS */
static enum err take_unsupported(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    struct subject_event event = {.kind = SUBJECT_UNSUPPORTED};

    if (!take_text(cursor, &event.text))
        return malformed(subject, "unsupported WORDS");
    return emit(subject, &event, why);
}

/* error WORDS: the adapter says itself that it is at fault. */
static enum err take_error(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    (void)cursor;
    (void)why;
    protocol_break(subject, "the subject reports an error of its own");
    return ERR_NONE;
}

/* done shutdown */
static enum err take_done(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    const struct subject_event event = {.kind = SUBJECT_DONE_SHUTDOWN};
    size_t length = (size_t)(cursor->end - cursor->at);

    if (length != strlen("shutdown") || memcmp(cursor->at, "shutdown", length) != 0)
        return malformed(subject, "done shutdown");
    if (subject->shutdowns_answered == subject->shutdowns_asked) {
        protocol_break(subject, "an answer to a shutdown that was not asked for");
        return ERR_NONE;
    }
    subject->shutdowns_answered++;
    return emit(subject, &event, why);
}

/* ---- rung {JSON} ---- */

static bool rung_is_complete(struct subject *subject, const json_t *object)
{
    for (const char **name = subject->counters; name && *name; name++) {
        if (!json_object_get(object, *name)) {
            protocol_break(subject, "the announced counter \"%s\" is missing", *name);
            return false;
        }
    }
    return true;
}

static enum err emit_samples(struct subject *subject, json_t *object, struct problem *why)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        struct subject_event event = {.kind = SUBJECT_SAMPLE, .text = name, .value = json_integer_value(value)};
        if (!json_is_integer(value) || event.value == INT64_MIN || !name_is_valid(name, strlen(name))) {
            protocol_break(subject, "expected integers above -2^63 in the rung, and names for them");
            return ERR_NONE;
        }
        enum err err = emit(subject, &event, why);
        if (err != ERR_NONE || subject->state != SUBJECT_ALIVE)
            return err;
    }
    return ERR_NONE;
}

static enum err take_rung(struct subject *subject, struct cursor *cursor, struct problem *why)
{
    const struct subject_event complete = {.kind = SUBJECT_RUNG};
    json_error_t error;

    if (subject->rungs_answered == subject->rungs_asked) {
        protocol_break(subject, "an answer to a rung that was not asked for");
        return ERR_NONE;
    }
    json_t *object = json_loadb(cursor->at, (size_t)(cursor->end - cursor->at), JSON_REJECT_DUPLICATES, &error);
    enum err err = ERR_NONE;
    if (!json_is_object(object)) {
        protocol_break(subject, "bad JSON in the rung: %s", object ? "expected an object" : error.text);
    } else if (rung_is_complete(subject, object)) {
        err = emit_samples(subject, object, why);
    }
    json_decref(object);
    if (err != ERR_NONE || subject->state != SUBJECT_ALIVE)
        return err;
    subject->rungs_answered++;
    subject->answer_bytes = 0;
    subject->answer_budget = SUBJECT_FLOOD_MAX;
    return emit(subject, &complete, why);
}

/* ---- one line ---- */

struct answer {
    const char *word;
    size_t length;
    enum err (*take)(struct subject *subject, struct cursor *cursor, struct problem *why);
};

#define ANSWER(word, take)                                                                                             \
    {                                                                                                                  \
        word, sizeof(word) - 1, take                                                                                   \
    }

/* The frequent ones first. */
static const struct answer ANSWERS[] = {
    ANSWER("leased", take_leased),   ANSWER("destroyed", take_destroyed), ANSWER("created", take_created),
    ANSWER("failed", take_failed),   ANSWER("closed", take_closed),       ANSWER("cancelled", take_cancelled),
    ANSWER("rung", take_rung),       ANSWER("done", take_done),           ANSWER("misuse", take_misuse),
    ANSWER("example", take_example), ANSWER("error", take_error),         ANSWER("unsupported", take_unsupported),
};

enum err protocol_take_line(struct subject *subject, struct problem *why)
{
    const char *line = subject->line;
    size_t length = subject->line_length;
    const char *space = memchr(line, ' ', length);
    size_t word = space ? (size_t)(space - line) : length;

    if (!subject->greeted)
        return greeting_take_line(subject, why);
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        if (ANSWERS[i].length != word || memcmp(ANSWERS[i].word, line, word) != 0)
            continue;
        struct cursor cursor = {space ? space + 1 : line + length, line + length};
        return ANSWERS[i].take(subject, &cursor, why);
    }
    protocol_break(subject, "unknown answer (notes belong on stderr)");
    return ERR_NONE;
}
