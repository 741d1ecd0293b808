/* Help from the two tables: commands and options. */
#include "harness/cli/cli.h"

#include <string.h>

#define WIDTH       100
#define COLUMN_TEXT 22 /* where explanations begin */

/* Words of `text` up to the width, later lines indented. A newline starts a new paragraph. */
static void add_wrapped(struct buffer *out, const char *text, size_t column, size_t indent)
{
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column + word > WIDTH && column > indent) {
            buffer_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        buffer_add(out, text, word);
        column += word;
        text += word;
        if (*text == '\n') {
            buffer_addf(out, "\n%*s", (int)indent, "");
            column = indent;
            text++;
        } else if (*text == ' ') {
            if (column + 1 + strcspn(text + 1, " \n") <= WIDTH) {
                buffer_add_text(out, " ");
                column++;
            } else {
                buffer_addf(out, "\n%*s", (int)indent, "");
                column = indent;
            }
            text++;
        }
    }
    buffer_add_text(out, "\n");
}

static void add_option(struct buffer *out, const struct option_row *row)
{
    char head[80], letter[8] = "";
    if (row->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
    int used = snprintf(head, sizeof head, "  %s--%s%s%s", letter, row->name, row->argument ? " " : "",
                        row->argument ? row->argument : "");
    buffer_add_text(out, head);
    if (used + 2 > COLUMN_TEXT)
        buffer_addf(out, "\n%*s", COLUMN_TEXT, "");
    else
        buffer_addf(out, "%*s", COLUMN_TEXT - used, "");
    add_wrapped(out, row->about, COLUMN_TEXT, COLUMN_TEXT);
}

static void add_options(struct buffer *out, enum command_id id)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        if (row->commands & 1U << id)
            add_option(out, row);
}

static void add_examples(struct buffer *out, const char *examples)
{
    while (*examples) {
        size_t length = strcspn(examples, "\n");
        buffer_addf(out, "  %.*s\n", (int)length, examples);
        examples += length + (examples[length] == '\n');
    }
}

static void add_overview(struct buffer *out)
{
    const struct command *command;
    buffer_add_text(out, "usage: churn COMMAND ...\n\n");
    add_wrapped(
        out,
        "Reproduces leaks of resource pools from short scripts, measures them exactly, and says which number grows.", 0,
        0);
    buffer_add_text(out, "\ncommands:\n");
    for (size_t i = 0; (command = command_at((enum command_id)i)) != NULL; i++)
        buffer_addf(out, "  %-8s  %s\n", command->name, command->summary);
    buffer_add_text(out, "\noptions:\n");
    add_options(out, COMMAND_NONE);
    buffer_add_text(out, "\n`churn help COMMAND` shows its options, `man churn` everything.\n");
    buffer_add_text(
        out, "\nexit codes: 0 pass, 1 fail, 2 usage, scenario or plan error, 3 broken or inconclusive, 77 all skipped, "
             "130 interrupted\n");
}

void help_add(struct buffer *out, const struct command *command)
{
    if (!command) {
        add_overview(out);
        return;
    }
    buffer_addf(out, "usage: churn %s [OPTION...] %s\n\n%s\n\n", command->name, command->operands, command->summary);
    if (*command->details) {
        add_wrapped(out, command->details, 0, 0);
        buffer_add_text(out, "\n");
    }
    buffer_add_text(out, "options:\n");
    add_options(out, (enum command_id)(command - command_at(COMMAND_RUN)));
    buffer_add_text(out, "\nexamples:\n");
    add_examples(out, command->examples);
}

enum err help_print(const struct command *command, struct problem *why)
{
    struct buffer text = {0};
    help_add(&text, command);
    enum err err = text.failed ? problem_set(why, ERR_MEMORY, "out of memory while writing help")
                               : stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}

enum err command_help(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct words *operands = &call->options->operands;
    *code = EXIT_PASS;
    if (operands->count == 0)
        return help_print(NULL, why);
    enum command_id id = command_find(operands->list[0]);
    if (id != COMMAND_NONE)
        return help_print(command_at(id), why);
    return problem_set(why, ERR_INPUT, "there is no command \"%s\" (`churn help` lists them)", operands->list[0]);
}
