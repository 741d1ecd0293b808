#include "harness/record/json_take.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- places and types ----------------------------------------------------------------------- */

void take_complain(struct reader *reader, const char *format, ...)
{
    char text[400];
    va_list args;
    if (reader->err != ERR_NONE)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *place = reader->place[0] == '.' ? reader->place + 1 : reader->place;
    reader->err = problem_set(reader->why, ERR_INPUT, "%s: %s: %s", reader->file, place[0] ? place : "top", text);
}

void take_check(struct reader *reader, enum err err)
{
    if (reader->err == ERR_NONE && err != ERR_NONE)
        reader->err = problem_set(reader->why, err, "%s: out of memory while reading results", reader->file);
}

/* Steps into a member; the result is given to `leave`. A place that is too long is cut, nothing else happens. */
size_t take_enter(struct reader *reader, const char *format, ...)
{
    size_t mark = strlen(reader->place);
    va_list args;
    va_start(args, format);
    vsnprintf(reader->place + mark, sizeof(reader->place) - mark, format, args);
    va_end(args);
    return mark;
}

void take_leave(struct reader *reader, size_t mark)
{
    reader->place[mark] = '\0';
}

const char *take_type_word(const json_t *value)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "text", [JSON_INTEGER] = "an integer",
        [JSON_REAL] = "a fraction",  [JSON_TRUE] = "true",      [JSON_FALSE] = "false", [JSON_NULL] = "null",
    };
    return value ? words[json_typeof(value)] : "nothing";
}

/* The member, or NULL and a complaint. */
json_t *take_member(struct reader *reader, const json_t *object, const char *name)
{
    json_t *value = reader->err == ERR_NONE ? json_object_get(object, name) : NULL;
    if (!value)
        take_complain(reader, "member \"%s\" is missing", name);
    return value;
}

json_t *take_container(struct reader *reader, const json_t *object, const char *name, json_type type)
{
    json_t *value = take_member(reader, object, name);
    if (value && json_typeof(value) != type) {
        size_t mark = take_enter(reader, ".%s", name);
        take_complain(reader, "expected %s, found %s", type == JSON_OBJECT ? "an object" : "an array",
                      take_type_word(value));
        take_leave(reader, mark);
        return NULL;
    }
    return value;
}

void take_is_object(struct reader *reader, const json_t *value)
{
    if (!json_is_object(value))
        take_complain(reader, "expected an object, found %s", take_type_word(value));
}

/* ---- single values -------------------------------------------------------------------------- */

int64_t take_integer_of(struct reader *reader, const json_t *value, bool may_be_null)
{
    if (may_be_null && json_is_null(value))
        return RECORD_NONE;
    if (!json_is_integer(value))
        take_complain(reader, "expected an integer%s, found %s", may_be_null ? " or null" : "", take_type_word(value));
    return json_integer_value(value);
}

int64_t take_integer(struct reader *reader, const json_t *object, const char *name, bool may_be_null)
{
    json_t *value = take_member(reader, object, name);
    if (!value)
        return 0;
    size_t mark = take_enter(reader, ".%s", name);
    int64_t integer = take_integer_of(reader, value, may_be_null);
    take_leave(reader, mark);
    return integer;
}

double take_real(struct reader *reader, const json_t *object, const char *name)
{
    json_t *value = take_member(reader, object, name);
    if (value && !json_is_number(value))
        take_complain(reader, "\"%s\": expected a number, found %s", name, take_type_word(value));
    return json_number_value(value);
}

bool take_bool(struct reader *reader, const json_t *object, const char *name)
{
    json_t *value = take_member(reader, object, name);
    if (value && !json_is_boolean(value))
        take_complain(reader, "\"%s\": expected true or false, found %s", name, take_type_word(value));
    return json_is_true(value);
}

/* BORROWED text, or NULL. */
const char *take_peek(struct reader *reader, const json_t *object, const char *name, bool may_be_null)
{
    json_t *value = take_member(reader, object, name);
    if (value && !json_is_string(value) && !(may_be_null && json_is_null(value)))
        take_complain(reader, "\"%s\": expected text%s, found %s", name, may_be_null ? " or null" : "",
                      take_type_word(value));
    return json_string_value(value);
}

void take_text(struct reader *reader, const json_t *object, const char *name, char **out)
{
    const char *text = take_peek(reader, object, name, true);
    if (reader->err == ERR_NONE)
        take_check(reader, run_set_text(out, text));
}

void take_optional_text(struct reader *reader, const json_t *object, const char *name, char **out)
{
    if (json_object_get(object, name))
        take_text(reader, object, name, out);
}

/* An array of exactly `count` integers. *out is OWNED. */
void take_integers_of(struct reader *reader, const json_t *array, size_t count, bool may_be_null, int64_t *out)
{
    if (json_array_size(array) != count)
        take_complain(reader, "expected %zu numbers, one a rung, found %zu", count, json_array_size(array));
    for (size_t i = 0; i < count && reader->err == ERR_NONE; i++) {
        size_t mark = take_enter(reader, "[%zu]", i);
        out[i] = take_integer_of(reader, json_array_get(array, i), may_be_null);
        take_leave(reader, mark);
    }
}

void take_counts(struct reader *reader, const json_t *object, const char *name, size_t count, int64_t **out)
{
    json_t *array = take_container(reader, object, name, JSON_ARRAY);
    if (!array)
        return;
    *out = calloc(count + 1, sizeof(**out));
    if (!*out) {
        take_check(reader, ERR_MEMORY);
        return;
    }
    size_t mark = take_enter(reader, ".%s", name);
    take_integers_of(reader, array, count, false, *out);
    take_leave(reader, mark);
}
