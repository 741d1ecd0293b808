/* greeting.c: the first line of a subject: `churn-subject 1 {JSON}`. */
#include "harness/subject/subject_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREETING_WORD "churn-subject "

static const char *const CLOCK_NAME[] = {"real", "virtual", "faked"};

/* A word this churn does not know is an operation of a later version: nothing here will ask for it. */
static uint32_t read_ops(const json_t *array)
{
    uint32_t ops = 0;

    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *word = json_string_value(json_array_get(array, i));
        for (int verb = 0; word && verb < PLAN_VERB_COUNT; verb++)
            if (strcmp(word, plan_verb_name((enum plan_verb)verb)) == 0)
                ops |= 1u << verb;
    }
    return ops;
}

static bool all_names(const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *word = json_array_get(array, i);
        if (!json_is_string(word) || !name_is_valid(json_string_value(word), json_string_length(word)))
            return false;
    }
    return json_is_array(array);
}

static bool read_clock(const json_t *clock, enum subject_clock *out)
{
    for (size_t i = 0; i < ARRAY_LEN(CLOCK_NAME); i++) {
        if (json_is_string(clock) && strcmp(json_string_value(clock), CLOCK_NAME[i]) == 0) {
            *out = (enum subject_clock)i;
            return true;
        }
    }
    return false;
}

/* What is wrong with the object, NULL when it is fine and was read into the greeting. */
static const char *read_object(struct subject *subject, const json_t *object)
{
    struct subject_greeting *greeting = &subject->greeting;
    const json_t *version = json_object_get(object, "version"), *clock = json_object_get(object, "clock");

    greeting->name = json_string_value(json_object_get(object, "name"));
    greeting->version = version ? json_string_value(version) : "";
    if (!greeting->name || !greeting->version)
        return "\"name\" and \"version\" must be strings";
    if (!all_names(json_object_get(object, "ops")))
        return "\"ops\" must be a list of operations";
    if (!all_names(json_object_get(object, "counters")))
        return "\"counters\" must be a list of names";
    if (clock && !read_clock(clock, &greeting->clock))
        return "\"clock\" must be \"real\", \"virtual\" or \"faked\"";
    greeting->ops = read_ops(json_object_get(object, "ops"));
    greeting->says_cancelled = json_is_true(json_object_get(object, "cancelled"));
    greeting->says_examples = json_is_true(json_object_get(object, "examples"));
    return NULL;
}

static enum err keep_counters(struct subject *subject, const json_t *array, struct problem *why)
{
    size_t count = json_array_size(array);

    subject->counters = calloc(count + 1, sizeof(*subject->counters));
    if (!subject->counters)
        return problem_set(why, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        subject->counters[i] = json_string_value(json_array_get(array, i));
    subject->greeting.counters = subject->counters;
    return ERR_NONE;
}

/* No sign, no zero in front: what is accepted here would have to be accepted for ever. */
static bool is_our_version(const char *text)
{
    char ours[24];

    int length = snprintf(ours, sizeof(ours), "%d ", SUBJECT_PROTOCOL);
    return strncmp(text, ours, (size_t)length) == 0;
}

enum err greeting_take_line(struct subject *subject, struct problem *why)
{
    const char *line = subject->line;
    size_t word = strlen(GREETING_WORD);
    json_error_t error;

    if (subject->line_length < word || memcmp(line, GREETING_WORD, word) != 0) {
        protocol_break(subject, "expected the greeting `churn-subject 1 {...}`");
        return ERR_NONE;
    }
    if (!is_our_version(line + word)) {
        protocol_break(subject, "expected version %d of the subject protocol", SUBJECT_PROTOCOL);
        return ERR_NONE;
    }
    const char *json = strchr(line + word, ' ') + 1;
    subject->greeting_json =
        json_loadb(json, subject->line_length - (size_t)(json - line), JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(subject->greeting_json)) {
        protocol_break(subject, "bad JSON in the greeting: %s",
                       subject->greeting_json ? "expected an object" : error.text);
        return ERR_NONE;
    }
    const char *wrong = read_object(subject, subject->greeting_json);
    if (wrong) {
        protocol_break(subject, "wrong greeting: %s", wrong);
        return ERR_NONE;
    }
    subject->greeted = true;
    return keep_counters(subject, json_object_get(subject->greeting_json, "counters"), why);
}
