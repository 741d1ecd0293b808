/* From the command line to a command. */
#include "harness/cli/cli.h"

#include <jansson.h>
#include <locale.h>
#include <lua.h>
#include <signal.h>

static enum err print_version(struct problem *why)
{
    char text[200];
    int length = snprintf(text, sizeof text, "churn %s\n%s, jansson %s\n", CHURN_VERSION, LUA_RELEASE, JANSSON_VERSION);
    return stdout_write(text, (size_t)length, why);
}

static enum err check_operands(const struct command *command, const struct options *options, struct problem *why)
{
    if (options->operands.count < command->operands_least)
        return problem_set(why, ERR_INPUT, "expected churn %s %s (`churn help %s` explains)", command->name,
                           command->operands, command->name);
    if (options->operands.count > command->operands_most)
        return problem_set(why, ERR_INPUT, "expected churn %s %s, found also \"%s\"", command->name, command->operands,
                           options->operands.list[command->operands_most]);
    return ERR_NONE;
}

static enum err run_command(enum command_id id, int argc, char **argv, enum exit_code *code, struct problem *why)
{
    const struct command *command = command_at(id);
    struct options options;
    const struct call call = {.program = argv[0], .argc = argc, .argv = argv, .options = &options};
    enum err err = options_parse(id, argc - 1, argv + 1, &options, why);
    *code = EXIT_PASS;
    if (err == ERR_NONE && options.help)
        err = help_print(command, why);
    else if (err == ERR_NONE && (err = check_operands(command, &options, why)) == ERR_NONE)
        err = command->run(&call, code, why);
    options_free(&options);
    return err;
}

/* `churn --version` and `churn --help`. */
static enum err run_without_command(int argc, char **argv, struct problem *why)
{
    struct options options;
    enum err err = options_parse(COMMAND_NONE, argc, argv, &options, why);
    if (err == ERR_NONE && options.operands.count > 0)
        err = problem_set(why, ERR_INPUT, "the command comes first: churn %s ...", options.operands.list[0]);
    if (err == ERR_NONE)
        err = options.version ? print_version(why) : help_print(NULL, why);
    options_free(&options);
    return err;
}

static enum err refuse_command(const char *name, struct problem *why)
{
    struct words names = {0};
    char more[100];
    const struct command *command;
    for (size_t i = 0; (command = command_at((enum command_id)i)) != NULL; i++)
        if (words_add_text(&names, command->name) != ERR_NONE)
            break;
    suggestion(name, &names, more, sizeof more);
    words_free(&names);
    return problem_set(why, ERR_INPUT, "there is no command \"%.60s\"%s (`churn help` lists them)", name, more);
}

static enum err dispatch(int argc, char **argv, enum exit_code *code, struct problem *why)
{
    if (argc < 2)
        return problem_set(why, ERR_INPUT, "expected a command; `churn help` lists them");
    if (argv[1][0] == '-')
        return run_without_command(argc, argv, why);
    enum command_id id = command_find(argv[1]);
    return id == COMMAND_NONE ? refuse_command(argv[1], why) : run_command(id, argc, argv, code, why);
}

int cli_main(int argc, char **argv)
{
    enum exit_code code = EXIT_PASS;
    struct problem why = {0};
    (void)setlocale(LC_CTYPE, "");  /* only to know whether the terminal shows UTF-8; numbers stay in the C locale */
    (void)signal(SIGPIPE, SIG_IGN); /* a pool that dies and a pager that closes are errors of write */
    if (dispatch(argc, argv, &code, &why) == ERR_NONE)
        return (int)code;
    (void)fprintf(stderr, "churn: %s\n", why.text);
    return (int)problem_exit_code(why.kind);
}
