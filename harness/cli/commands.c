/* The command table, and main. */
#include "harness/cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <lua.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    [COMMAND_RUN] =
        {
            .name = "run",
            .operands = "SCENARIO...",
            .summary = "run scenarios on pools, judge them, print the table",
            .details = "A SCENARIO is a .lua file, or a folder for every .lua file right in it. Each of its cases runs "
                       "on every pool under "
                       "every backend, in a process of its own. The table goes to stdout, progress to stderr, "
                       "results.json and the other "
                       "reports to the folder for results.\n"
                       "A growth that the scenario predicts is a pass: the reproduction worked. One that it does not "
                       "predict fails; a "
                       "predicted growth that does not show is inconclusive.",
            .examples =
                "churn run scenarios/zio-9306.lua --pool broadcast,owner --under native,asan,memcheck --set keys=64\n"
                "churn run scenarios --pool ./mypool.so\n"
                "churn run scenarios --pool 'exec:java -jar zio-subject.jar' --jobs 2\n"
                "churn run scenarios --shard 2/4 --out shard-2",
            .operands_least = 1,
            .operands_most = SIZE_MAX,
            .run = command_run,
        },
    [COMMAND_GATE] =
        {
            .name = "gate",
            .operands = "[SCENARIO...]",
            .summary = "run, hold against thresholds and the committed numbers: for CI",
            .details =
                "Does what run does, by default with the folder scenarios, and compares the exact numbers of every "
                "run with those in results/baseline. A difference in either direction fails; the baseline never "
                "follows by itself. What grows and fails is run once more under memcheck, to say whose "
                "allocations grow.\n"
                "Bytes are not compared with a baseline from another processor or C library; runs on threads have "
                "none.",
            .examples = "churn gate\n"
                        "churn gate scenarios/zio-9306.lua --pool owner --budget bytes_live=0.5B/op --limit "
                        "peak_rss=64MiB\n"
                        "churn gate --results results/runs/latest\n"
                        "churn gate --update-baseline && git diff results/baseline",
            .operands_least = 0,
            .operands_most = SIZE_MAX,
            .run = command_gate,
        },
    [COMMAND_COMPARE] =
        {
            .name = "compare",
            .operands = "BASE [HEAD]",
            .summary = "what became better or worse between two results files",
            .details = "Says of every run whether it is fixed, new (a problem that BASE does not have), worse, better, "
                       "unchanged or missing in HEAD. Exit 1 when something is new or worse, 3 when "
                       "something is missing.\n"
                       "With --arms it compares two pools, and says how much of the growth the fix removes; when the "
                       "pool with the leak does not grow, that is inconclusive (exit 3).",
            .examples = "churn compare main/results.json results/runs/latest\n"
                        "churn compare results/runs/latest --arms broadcast,owner",
            .operands_least = 1,
            .operands_most = 2,
            .run = command_compare,
        },
    [COMMAND_REPORT] =
        {
            .name = "report",
            .operands = "RESULTS...",
            .summary = "write reports from results",
            .details = "RESULTS are results files or the folders that hold them; several are joined first. Nothing is "
                       "judged anew: the reports say what the files say.",
            .examples = "churn report results/runs/latest --as html,junit -o reports\n"
                        "churn report results.json --as markdown >>$GITHUB_STEP_SUMMARY",
            .operands_least = 1,
            .operands_most = SIZE_MAX,
            .run = command_report,
        },
    [COMMAND_JUDGE] =
        {
            .name = "judge",
            .operands = "RESULTS...",
            .summary = "judge stored samples again, without a run",
            .details = "RESULTS are results files or the folders that hold them; several are joined first. The "
                       "judgement that is "
                       "stored in them is not looked at.",
            .examples = "churn judge results/runs/latest\nchurn judge shard-*/results.json --json all.json",
            .operands_least = 1,
            .operands_most = SIZE_MAX,
            .run = command_judge,
        },
    [COMMAND_RECORD] =
        {
            .name = "record",
            .operands = "SCENARIO",
            .summary = "write the plan of a scenario: every operation, as text",
            .details = "The same scenario, parameters and seed give the same bytes on every machine. The first case is "
                       "written; --set "
                       "chooses another. Without --output the plan goes to stdout.",
            .examples = "churn record scenarios/zio-9306.lua --set keys=2 -o zio.plan",
            .operands_least = 1,
            .operands_most = 1,
            .run = command_record,
        },
    [COMMAND_REPLAY] =
        {
            .name = "replay",
            .operands = "PLAN",
            .summary = "run a recorded plan on a pool",
            .details = "A plan expects nothing, so that every growth is a failure. PLAN - is stdin.",
            .examples = "churn replay zio.plan --pool owner\nchurn replay zio.plan --pool broadcast --under memcheck",
            .operands_least = 1,
            .operands_most = 1,
            .run = command_replay,
        },
    [COMMAND_SHRINK] =
        {
            .name = "shrink",
            .operands = "PLAN",
            .summary = "the smallest plan that still shows the same finding",
            .details =
                "Runs the plan twice on the pool to learn what it shows, then ever smaller ones, and writes the "
                "smallest that shows the same finding, and nothing that the whole plan does not show. None of its "
                "operations can be left out. Without --output it goes to stdout. PLAN - is stdin.\n"
                "Exit 3 when the plan shows nothing, or not each time. Ctrl-C writes the smallest plan so far.",
            .examples = "churn record scenarios/lost-wakeup.lua -o whole.plan\n"
                        "churn shrink whole.plan --pool owner:defect=unserved_waiters -o small.plan\n"
                        "churn shrink whole.plan --pool ./mypool.so --control owner --under asan",
            .operands_least = 1,
            .operands_most = 1,
            .run = command_shrink,
        },
    [COMMAND_MERGE] =
        {
            .name = "merge",
            .operands = "RESULTS...",
            .summary = "join the results of shards into one file",
            .details = "RESULTS are results files or the folders that hold them. A run that is in two of them is an "
                       "error. The joined "
                       "file is judged as a whole, so that backends which ran in different shards are compared; the "
                       "exit code only "
                       "says that the file was written (churn judge gives the verdict).",
            .examples = "churn merge shard-*/results.json -o results.json",
            .operands_least = 1,
            .operands_most = SIZE_MAX,
            .run = command_merge,
        },
    [COMMAND_NOISE] =
        {
            .name = "noise",
            .operands = "SCENARIO",
            .summary = "measure whether resident memory grows, over fresh processes",
            .details =
                "Runs the scenario (its first case; --set chooses another) long enough to see a slope, in several "
                "fresh "
                "processes with different seeds, natively, and judges the slopes together. Growth is confirmed by a "
                "second batch with fresh seeds; both must show it.\n"
                "Resident memory only warns or confirms: the exit code is 1 only for growth above ten times its "
                "threshold. The counts of `churn run` decide.",
            .examples = "churn noise scenarios/zio-9306.lua --pool owner\n"
                        "churn noise scenarios/zio-9306.lua --pool broadcast --control owner --set keys=64\n"
                        "churn noise scenarios/zio-9306.lua --pool ./mypool.so --json noise.json",
            .operands_least = 1,
            .operands_most = 1,
            .run = command_noise,
        },
    [COMMAND_LIST] =
        {
            .name = "list",
            .operands = "pools|scenarios [FOLDER]|probes|reports|backends|metrics",
            .summary = "list what there is",
            .details = "The scenarios are those in FOLDER, or in the folder scenarios.",
            .examples = "churn list pools\nchurn list backends --json",
            .operands_least = 1,
            .operands_most = 2,
            .run = command_list,
        },
    [COMMAND_HELP] =
        {
            .name = "help",
            .operands = "[COMMAND]",
            .summary = "show help of a command",
            .details = "",
            .examples = "churn help run",
            .operands_least = 0,
            .operands_most = 1,
            .run = command_help,
        },
};

const struct command *command_at(enum command_id id)
{
    return (size_t)id < ARRAY_LEN(commands) ? &commands[id] : NULL;
}

/* ---- small answers ----------------------------------------------------------------------------------------- */

enum err stdout_write(const char *bytes, size_t length, struct problem *why)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return problem_set(why, ERR_SYSTEM, "cannot write to stdout: %s", strerror(errno));
        bytes += written;
        length -= (size_t)written;
    }
    return ERR_NONE;
}

static enum err print_help(const struct command *command, struct problem *why)
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
        return print_help(NULL, why);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, operands->list[0]) == 0)
            return print_help(&commands[i], why);
    return problem_set(why, ERR_INPUT, "there is no command \"%s\" (`churn help` lists them)", operands->list[0]);
}

static enum err print_version(struct problem *why)
{
    char text[200];
    int length = snprintf(text, sizeof text, "churn %s\n%s, jansson %s\n", CHURN_VERSION, LUA_RELEASE, JANSSON_VERSION);
    return stdout_write(text, (size_t)length, why);
}

/* ---- from the command line to a command -------------------------------------------------------------------- */

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
        err = print_help(command, why);
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
        err = options.version ? print_version(why) : print_help(NULL, why);
    options_free(&options);
    return err;
}

static enum err refuse_command(const char *name, struct problem *why)
{
    struct words names = {0};
    char more[100];
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (words_add_text(&names, commands[i].name) != ERR_NONE)
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
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return run_command((enum command_id)i, argc, argv, code, why);
    return refuse_command(argv[1], why);
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
