/*
 * Reads a results file back, run by run: as JSON a run needs about ten times the memory of its text, and of many
 * thousands only one is in that form at a time. The file may have been cut off, edited by hand or written by another
 * version.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/record/json_take.h"
#include "harness/record/record_internal.h"

#define FILE_LIMIT ((size_t)256 << 20)

/* Where reading is in the text. */
struct stream {
    struct reader reader;
    const char *text;
    size_t length, at;
};

/* ---- JSON, a value at a time ----------------------------------------------------------------- */

/* Says what is wrong at `line` and `column` of the part that begins where reading is, counted from 1. */
static void complain_at(struct stream *stream, int line, int column, const char *what)
{
    int before = 1, left = 0;
    if (stream->reader.err != ERR_NONE)
        return;
    for (size_t i = 0; i < stream->at; i++) {
        left = stream->text[i] == '\n' ? 0 : left + 1;
        before += stream->text[i] == '\n';
    }
    stream->reader.err = problem_set(stream->reader.why, ERR_INPUT, "%s:%d:%d: expected JSON: %s", stream->reader.file,
                                     before + line - 1, line > 1 ? column : left + column, what);
}

static json_t *take_value(struct stream *stream)
{
    json_error_t error = {0}; /* jansson leaves it when it runs out of memory early */
    if (stream->reader.err != ERR_NONE)
        return NULL;
    json_t *value = json_loadb(stream->text + stream->at, stream->length - stream->at,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
    if (value)
        stream->at += (size_t)error.position;
    else if (json_error_code(&error) == json_error_out_of_memory)
        take_check(&stream->reader, ERR_MEMORY);
    else
        complain_at(stream, error.line, error.column, error.text);
    return value;
}

static bool has_sign(struct stream *stream, char sign)
{
    stream->at += strspn(stream->text + stream->at, " \t\r\n");
    if (stream->reader.err != ERR_NONE || stream->text[stream->at] != sign)
        return false;
    stream->at++;
    return true;
}

static void need_sign(struct stream *stream, char sign)
{
    char what[] = "'?' expected";
    what[1] = sign;
    if (!has_sign(stream, sign))
        complain_at(stream, 1, 1, what);
}

/* ---- what is in it ---------------------------------------------------------------------------- */

static void read_machine(struct reader *reader, const json_t *object, struct machine *machine)
{
    size_t mark = take_enter(reader, ".machine");
    take_text(reader, object, "system", &machine->system);
    take_text(reader, object, "kernel", &machine->kernel);
    take_text(reader, object, "processor", &machine->processor);
    take_optional_text(reader, object, "abi", &machine->abi);
    machine->cores = take_integer(reader, object, "cores", false);
    machine->memory_bytes = take_integer(reader, object, "memory_bytes", false);
    take_text(reader, object, "compiler", &machine->compiler);
    take_text(reader, object, "valgrind", &machine->valgrind);
    take_text(reader, object, "libfaketime", &machine->libfaketime);
    take_text(reader, object, "lua", &machine->lua);
    take_leave(reader, mark);
}

static void read_command(struct reader *reader, const json_t *array, struct results *results)
{
    const json_t *word;
    size_t index;
    json_array_foreach(array, index, word)
    {
        if (!json_is_string(word))
            take_complain(reader, "command[%zu]: expected text, found %s", index, take_type_word(word));
        else if (reader->err == ERR_NONE)
            take_check(reader, results_add_word(results, json_string_value(word)));
    }
}

/* It comes first in a file of churn, so that files of other versions are told from damaged ones. */
static void check_format(struct reader *reader, const json_t *top)
{
    const char *format = json_string_value(json_object_get(top, "format"));
    if (!format || strncmp(format, "churn-results/", strlen("churn-results/")) != 0)
        take_complain(reader, "this is no results file of churn: it does not say \"format\": \"%s\"", RECORD_FORMAT);
    else if (strcmp(format, RECORD_FORMAT) != 0)
        take_complain(reader, "written as \"%.40s\"; this churn reads \"%s\"", format, RECORD_FORMAT);
}

static void read_top(struct reader *reader, const json_t *top, struct results *results)
{
    check_format(reader, top);
    take_text(reader, top, "churn", &results->version);
    take_text(reader, top, "started", &results->started);
    read_machine(reader, take_container(reader, top, "machine", JSON_OBJECT), &results->machine);
    read_command(reader, take_container(reader, top, "command", JSON_ARRAY), results);
    (void)take_container(reader, top, "runs", JSON_ARRAY);
    (void)take_container(reader, top, "summary", JSON_OBJECT); /* counted anew from the runs */
}

static void read_one_run(struct stream *stream, struct results *results)
{
    struct reader *reader = &stream->reader;
    json_t *object = take_value(stream);
    struct run *run = object ? run_make() : NULL;
    size_t mark = take_enter(reader, ".runs[%zu]", results->run_count);
    if (run)
        json_read_run(reader, object, run);
    take_leave(reader, mark);
    take_check(reader, run ? results_add(results, run) : ERR_MEMORY);
    json_decref(object);
}

/* Each is forgotten as JSON before the next is read. */
static void read_runs(struct stream *stream, struct results *results)
{
    if (has_sign(stream, ']'))
        return;
    do
        read_one_run(stream, results);
    while (has_sign(stream, ','));
    need_sign(stream, ']');
}

/* One member of the whole: kept in `top`, but for the runs, of which only an empty array stands there. */
static void read_member(struct stream *stream, json_t *top, struct results *results)
{
    json_t *key = take_value(stream), *value = NULL;
    const char *name = json_string_value(key);
    if (key && !name)
        complain_at(stream, 1, 1, "a string expected");
    if (name && json_object_get(top, name))
        complain_at(stream, 1, 1, "duplicate object key");
    need_sign(stream, ':');
    if (name && strcmp(name, "runs") == 0 && has_sign(stream, '[')) {
        if (json_object_get(top, "format")) /* else it is looked for at the end */
            check_format(&stream->reader, top);
        read_runs(stream, results);
        value = json_array();
    } else {
        value = take_value(stream);
    }
    if (stream->reader.err != ERR_NONE)
        json_decref(value);
    else if (json_object_set_new(top, name, value) != 0)
        take_check(&stream->reader, ERR_MEMORY);
    json_decref(key);
}

static void read_whole(struct stream *stream, struct results *results)
{
    json_t *top = json_object();
    if (!top || !results)
        take_check(&stream->reader, ERR_MEMORY);
    need_sign(stream, '{');
    if (stream->reader.err == ERR_NONE && !has_sign(stream, '}')) {
        do
            read_member(stream, top, results);
        while (has_sign(stream, ','));
        need_sign(stream, '}');
    }
    (void)has_sign(stream, '\0'); /* skips what is empty */
    if (stream->at < stream->length)
        complain_at(stream, 1, 1, "end of file expected");
    if (stream->reader.err == ERR_NONE)
        read_top(&stream->reader, top, results);
    json_decref(top);
}

/* Before anything is read. What comes through a pipe is read up to the limit. */
static enum err refuse_huge(const char *path, struct problem *why)
{
    struct stat info;
    char size[32];
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || (size_t)info.st_size <= FILE_LIMIT)
        return ERR_NONE;
    quantity_print_bytes(info.st_size, size, sizeof(size));
    return problem_set(
        why, ERR_INPUT,
        "%s: expected at most 256 MiB (about 18,000 runs), found %s; leave the results of shards in files "
        "of their own, and judge, compare and report them one by one",
        path, size);
}

enum err results_load(const char *path, struct results **out, struct problem *why)
{
    struct buffer text = {0};
    enum err err = refuse_huge(path, why);
    *out = NULL;
    if (err == ERR_NONE)
        err = file_read_whole(path, FILE_LIMIT, &text, why);
    if (err != ERR_NONE)
        return err;
    struct results *results = results_make();
    struct stream stream = {
        .reader = {.file = path, .why = why}, .text = text.data ? text.data : "", .length = text.length};
    read_whole(&stream, results);
    buffer_free(&text);
    if (stream.reader.err == ERR_NONE)
        *out = results;
    else
        results_free(results);
    return stream.reader.err;
}
