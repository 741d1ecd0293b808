/* The option table: what it parses, and that help and man page know every row. */
#include "harness/cli/cli.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MOST 16

/* Parses a command line of words with one blank between them; '_' stands for a blank inside a word. */
static enum err parse(enum command_id command, const char *line, struct options *options, struct problem *why)
{
    char *argv[WORDS_MOST + 1], *text = strdup(line), *rest = NULL;
    int argc = 0;
    cr_assert_not_null(text);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        for (char *at = word; (at = strchr(at, '_')) != NULL;)
            *at = ' ';
        cr_assert(argc < WORDS_MOST);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    enum err err = options_parse(command, argc, argv, options, why);
    free(text);
    return err;
}

static struct options parsed(enum command_id command, const char *line)
{
    struct options options;
    struct problem why = {0};
    cr_assert_eq(parse(command, line, &options, &why), ERR_NONE, "%s: %s", line, why.text);
    return options;
}

Test(cli_options, nothing_given_means_the_defaults)
{
    struct options options = parsed(COMMAND_RUN, "run a.lua");
    cr_assert_eq(options.seed, 1);
    cr_assert(options.shard == 1 && options.shards == 1 && options.jobs == 0 && options.timeout_ns == 0);
    cr_assert(!options.quiet && !options.verbose && !options.no_twin && options.color == WHEN_AUTO);
    cr_assert_eq(options.operands.count, 1);
    cr_assert_str_eq(options.operands.list[0], "a.lua");
    options_free(&options);
}

Test(cli_options, options_and_operands_mix)
{
    struct options options = parsed(COMMAND_RUN, "run a.lua -j3 --seed=18446744073709551615 b --timeout 1.5s -- --c");
    cr_assert_eq(options.jobs, 3);
    cr_assert_eq(options.seed, UINT64_MAX);
    cr_assert_eq(options.timeout_ns, 1500000000);
    cr_assert_eq(options.operands.count, 3);
    cr_assert_str_eq(options.operands.list[2], "--c");
    options_free(&options);
}

Test(cli_options, lists_split_at_commas_and_drop_doubles)
{
    struct options options =
        parsed(COMMAND_RUN, "run a --pool owner,broadcast:finalizers=captured --pool owner,./x.so");
    cr_assert_eq(options.pools.count, 3);
    cr_assert_str_eq(options.pools.list[1], "broadcast:finalizers=captured");
    cr_assert_str_eq(options.pools.list[2], "./x.so");
    options_free(&options);
}

Test(cli_options, a_command_keeps_its_commas)
{
    struct options options = parsed(COMMAND_RUN, "run a --pool owner,exec:sh_-c_a,b,c");
    cr_assert_eq(options.pools.count, 2);
    cr_assert_str_eq(options.pools.list[1], "exec:sh -c a,b,c");
    options_free(&options);
}

Test(cli_options, the_last_value_of_a_setting_wins)
{
    struct options options = parsed(COMMAND_RUN, "run a --set keys=8 --set key=1 --set keys=a=b");
    cr_assert_eq(options.settings.count, 2);
    cr_assert_str_eq(options.settings.list[0].name, "keys");
    cr_assert_str_eq(options.settings.list[0].value, "a=b");
    options_free(&options);
}

Test(cli_options, shards)
{
    struct options options = parsed(COMMAND_RUN, "run a --shard 2/4");
    cr_assert(options.shard == 2 && options.shards == 4);
    options_free(&options);
}

Test(cli_options, wrong_values_are_refused_with_what_was_expected)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"run a --seed x", "--seed: expected an integer from 0"},
        {"run a --seed -1", "found \"-1\""},
        {"run a --seed 18446744073709551616", "--seed: expected"},
        {"run a --jobs 0", "--jobs: expected an integer from 1"},
        {"run a --jobs 2x", "found \"2x\""},
        {"run a -j", "--jobs needs a value"},
        {"run a --shard 0/4", "--shard: expected I/N"},
        {"run a --shard 5/4", "--shard: expected I/N"},
        {"run a --shard 1/", "--shard: expected I/N"},
        {"run a --timeout 5", "--timeout: "},
        {"run a --timeout 0s", "--timeout: expected more than nothing"},
        {"run a --color red", "expected auto, always or never, found \"red\""},
        {"run a --pool a,,b", "found an empty one"},
        {"run a --pool a,", "found an empty one"},
        {"run a --set keys", "--set: expected NAME=VALUE, found \"keys\""},
        {"run a --set =8", "--set: expected NAME=VALUE"},
        {"run a --quiet=3", "--quiet takes no value"},
        {"run a --polo x", "there is no option --polo (did you mean --pool?)"},
        {"run a -z", "there is no option -z"},
        {"judge a --pool owner", "there is no option --pool"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct options options;
        struct problem why = {0};
        enum command_id command = rows[i].line[0] == 'j' ? COMMAND_JUDGE : COMMAND_RUN;
        cr_assert_eq(parse(command, rows[i].line, &options, &why), ERR_INPUT, "%s", rows[i].line);
        cr_assert(strstr(why.text, rows[i].says), "%s: %s", rows[i].line, why.text);
        options_free(&options);
    }
}

/* ---- the tables against the texts ----------------------------------------------------------------------------- */

static struct buffer man_page(void)
{
    struct buffer text = {0};
    struct problem why = {0};
    cr_assert_eq(file_read_whole("docs/churn.1", 1 << 20, &text, &why), ERR_NONE, "%s", why.text);
    return text;
}

/* Two commands may have options of one name with explanations of their own: that is a row each. */
static bool has_option(enum command_id command, const struct option_row *like)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        if (row->commands >> command & 1 && strcmp(row->name, like->name) == 0 && !row->argument == !like->argument &&
            (!row->argument || strcmp(row->argument, like->argument) == 0))
            return true;
    return false;
}

Test(cli_docs, help_of_a_command_names_its_options_and_no_others)
{
    for (int c = 0; c < COMMAND_NONE; c++) {
        struct buffer help = {0};
        const struct option_row *row;
        help_add(&help, command_at((enum command_id)c));
        cr_assert_not(help.failed);
        char *options = strstr(help.data, "options:\n"), *end = strstr(help.data, "examples:\n");
        cr_assert(options && end, "%s", help.data);
        *end = '\0';
        for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
            /* A flag is followed by the gap to its explanation, not by a word. */
            char name[64];
            snprintf(name, sizeof name, "--%s%s%s", row->name, row->argument ? " " : "  ",
                     row->argument ? row->argument : "");
            bool there = strstr(options, name) != NULL;
            cr_assert_eq(there, has_option((enum command_id)c, row), "%s in the help of %s", name,
                         command_at((enum command_id)c)->name);
        }
        buffer_free(&help);
    }
}

Test(cli_docs, help_names_every_command)
{
    struct buffer help = {0};
    help_add(&help, NULL);
    for (int c = 0; c < COMMAND_NONE; c++)
        cr_assert(strstr(help.data, command_at((enum command_id)c)->summary), "%s",
                  command_at((enum command_id)c)->name);
    cr_assert(strstr(help.data, "--version") && strstr(help.data, "77 all skipped, 130 interrupted\n"));
    buffer_free(&help);
}

Test(cli_docs, the_man_page_names_every_command_and_every_option)
{
    struct buffer page = man_page();
    const struct option_row *row;
    char wanted[64];
    for (int c = 0; c < COMMAND_NONE; c++) {
        snprintf(wanted, sizeof wanted, ".It Cm %s\n", command_at((enum command_id)c)->name);
        cr_assert(strstr(page.data, wanted), "docs/churn.1 lacks %s", wanted);
    }
    char *options = strstr(page.data, ".Sh OPTIONS");
    cr_assert_not_null(options);
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        const char *at = options;
        snprintf(wanted, sizeof wanted, "Fl -%s", row->name);
        while ((at = strstr(at, wanted)) != NULL && !strchr(" \n", at[strlen(wanted)]))
            at++;
        cr_assert(at, "docs/churn.1 lacks --%s", row->name);
    }
    buffer_free(&page);
}
