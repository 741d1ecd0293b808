/* The option table and its parser. A new option is a row here, a member of struct options, and its paragraph in docs/churn.1. */
#include "harness/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/driver/driver.h"

#define ON(COMMAND)  (1U << COMMAND_##COMMAND)
#define EVERYWHERE   ((1U << COMMAND_COUNT) - 1)
#define GATED        (ON(RUN) | ON(GATE))
#define RUNS         (GATED | ON(REPLAY))
#define SCRIPTED     (GATED | ON(RECORD) | ON(NOISE))
#define MEMBER(NAME) offsetof(struct options, NAME)

static const struct option_row rows[] = {
    {"pool", 0, "P,...", OPTION_LIST, MEMBER(pools), RUNS | ON(SHRINK) | ON(RECORD) | ON(NOISE),
     "the pools: built-in names with settings (owner:finalizers=captured), paths of shared objects, or exec:COMMAND "
     "for a "
     "foreign program (COMMAND is the rest of the value, commas included); default: those that the scenario names"},
    {"as", 0, "MODEL", OPTION_TEXT, MEMBER(as), GATED,
     "hold the pools against what the scenario expects of MODEL (broadcast:finalizers=captured) instead of their own "
     "expectations: for real pools that ought to behave like a model"},
    {"under", 0, "B,...", OPTION_LIST, MEMBER(backends), RUNS | ON(SHRINK),
     "the backends: native, asan, memcheck, and for threads tsan, helgrind; default native. One that this machine "
     "lacks is "
     "skipped"},
    {"set", 0, "NAME=VALUE", OPTION_SETTING, MEMBER(settings), SCRIPTED,
     "a parameter of the scenarios; may be repeated. Scenarios without that parameter run as they are"},
    {"seed", 0, "N", OPTION_SEED, MEMBER(seed), RUNS | ON(RECORD) | ON(NOISE),
     "of the scenario's random numbers; default 1"},
    {"timeout", 0, "D", OPTION_DURATION, MEMBER(timeout_ns), RUNS | ON(NOISE),
     "time limit of one run, as in 20s; slower backends get a multiple. Default: the scenario's own, else 60s"},
    {"timeout", 0, "D", OPTION_DURATION, MEMBER(timeout_ns), ON(SHRINK),
     "time limit of one run, as in 20s; slower backends get a multiple. Default: 60s for the plan as it is, then five "
     "times what it took, at least 1s"},
    {"finding", 0, "F", OPTION_TEXT, MEMBER(finding), ON(SHRINK),
     "which of the things that the plan shows is to stay: crashes, hangs, lost, a metric that grows, or an invariant, "
     "with what breaks it or without (I5, I6:shutdown); default: the main one"},
    {"tries", 0, "N", OPTION_COUNT, MEMBER(tries), ON(SHRINK),
     "a plan counts when one of N runs shows the finding, for findings that do not come each time; default 1"},
    {"control", 0, "P", OPTION_TEXT, MEMBER(control), ON(SHRINK),
     "a pool without the bug, which must stay clean with every smaller plan: what is left then tells the two apart"},
    {"jobs", 'j', "N", OPTION_COUNT, MEMBER(jobs), RUNS, "runs at the same time; default: one per core"},
    {"threads", 0, "T", OPTION_THREADS, MEMBER(threads), ON(RUN),
     "carry the cycles out on T threads of the pool's program, at once; "
     "scenarios whose cycles do not stand by themselves are skipped"},
    {"schedule", 0, "pct:D", OPTION_SCHEDULE, MEMBER(schedule), ON(RUN),
     "with --threads: one thread at a time, in an order drawn from the seed with D changes of priority "
     "(PCT), so that what is found is found again by its seed"},
    {"fail-alloc", 0, "N", OPTION_FAIL_ALLOC, MEMBER(fail_alloc), ON(RUN),
     "of a short plan of each scenario let allocation N of the pool fail, or all, one after the other; what breaks is "
     "printed with the command that repeats it, and no results are written"},
    {"ops", 0, "N", OPTION_NUMBER, MEMBER(ops), ON(RUN),
     "run again with the next seed until N operations were carried out, or a run does not pass"},
    {"seconds", 0, "S", OPTION_NUMBER, MEMBER(seconds), ON(RUN),
     "run again with the next seed until S seconds have passed, or a run does not pass"},
    {"ops", 0, "N", OPTION_NUMBER, MEMBER(ops), ON(NOISE),
     "operations of one process, about, in at most 3000 rungs; default 150k"},
    {"processes", 0, "R", OPTION_BATCH, MEMBER(processes), ON(NOISE),
     "fresh processes in a batch, each with a seed of its own; default 8"},
    {"metric", 0, "M,...", OPTION_LIST, MEMBER(metrics), ON(NOISE),
     "what is measured, in bytes: rss_bytes, pss_bytes (the default is both), or any other metric in bytes"},
    {"budget", 0, "M=V/op", OPTION_BUDGET, MEMBER(thresholds), GATED,
     "growth of metric M that is allowed, per /op, /invalidation or /cycle (bytes_live=0.5B/op); without one: none. "
     "May be "
     "repeated, like the next two"},
    {"limit", 0, "M=V", OPTION_LIMIT, MEMBER(thresholds), GATED,
     "a value that no sample of M may be above: peak_rss=64MiB, fds=100, dead_retained=0"},
    {"ratio", 0, "M=F", OPTION_RATIO, MEMBER(thresholds), GATED,
     "the last sample of M may be F times that of the pool of --control, in the same scenario: bytes_live=1.1"},
    {"control", 0, "P", OPTION_TEXT, MEMBER(control), GATED,
     "the pool that --ratio compares with; it must be among those that run"},
    {"explain", 0, NULL, OPTION_FLAG, MEMBER(explain), ON(RUN),
     "run what grows and fails once more under memcheck, and say whose allocations grow (churn gate always does)"},
    {"results", 0, "FILE", OPTION_TEXT, MEMBER(results_file), ON(GATE),
     "take these results instead of running anything"},
    {"baseline", 0, "DIR", OPTION_TEXT, MEMBER(baseline), ON(GATE), "the committed numbers; default results/baseline"},
    {"update-baseline", 0, NULL, OPTION_FLAG, MEMBER(update_baseline), ON(GATE),
     "write the numbers of this run as the new baseline, to be reviewed and committed"},
    {"arms", 0, "A,B", OPTION_LIST, MEMBER(arms), ON(COMPARE),
     "compare two pools instead: A with the leak (in BASE), B with the fix (in HEAD, or in BASE when there is only one "
     "file)"},
    {"as", 0, "R,...", OPTION_LIST, MEMBER(formats), ON(REPORT),
     "which reports (churn list reports); default: all that "
     "are files"},
    {"durations", 0, "FILE", OPTION_TEXT, MEMBER(durations), GATED,
     "with --shard: a results file of an earlier run that says how long runs take; default: durations.tsv of the "
     "baseline"},
    {"control", 0, "P", OPTION_TEXT, MEMBER(control), ON(NOISE),
     "a pool that does not grow (the fixed one, the one before a change): its slopes with the same seeds are taken "
     "off"},
    {"calibration", 0, "FILE", OPTION_TEXT, MEMBER(calibration), ON(NOISE),
     "the threshold of this machine. When FILE is not there yet it is measured, in 20 batches on the pool owner, and "
     "written. Default: 0.5 bytes per operation"},
    {"shard", 0, "I/N", OPTION_SHARD, MEMBER(shard), GATED,
     "run only part I of N; all backends of a case stay together, so that they can be compared"},
    {"out", 0, "DIR", OPTION_TEXT, MEMBER(out), GATED,
     "folder for the results; default results/runs/TIME-PID, and results/runs/latest points at it"},
    {"output", 'o', "DIR", OPTION_TEXT, MEMBER(output), ON(REPORT),
     "folder for the reports; without it a single report goes to stdout"},
    {"output", 'o', "FILE", OPTION_TEXT, MEMBER(output), ON(RECORD) | ON(SHRINK) | ON(MERGE),
     "file to write; - is stdout"},
    {"json", 0, "FILE", OPTION_TEXT, MEMBER(json_file), RUNS | ON(JUDGE) | ON(NOISE),
     "write the results file here as well; - prints it instead of the table"},
    {"json", 0, NULL, OPTION_FLAG, MEMBER(json), ON(LIST), "print JSON instead of a table"},
    {"check-each", 0, NULL, OPTION_FLAG, MEMBER(check_each), ON(RUN) | ON(REPLAY) | ON(SHRINK),
     "check the invariants after every operation too, so that the first one that breaks one is named; slow, and not "
     "with --threads"},
    {"no-twin", 0, NULL, OPTION_FLAG, MEMBER(no_twin), GATED,
     "leave out the second run with the same seed that shows whether the numbers can be trusted"},
    {"quiet", 'q', NULL, OPTION_FLAG, MEMBER(quiet), RUNS | ON(SHRINK) | ON(NOISE), "no progress on stderr"},
    {"verbose", 'v', NULL, OPTION_FLAG, MEMBER(verbose), RUNS | ON(JUDGE) | ON(REPORT) | ON(COMPARE),
     "a line for every run that ends, and everything that was found"},
    {"color", 0, "WHEN", OPTION_WHEN, MEMBER(color), RUNS | ON(JUDGE) | ON(REPORT),
     "auto (default: on a terminal, unless NO_COLOR is set), always or never"},
    {"help", 'h', NULL, OPTION_FLAG, MEMBER(help), EVERYWHERE, "show help and stop"},
    {"version", 0, NULL, OPTION_FLAG, MEMBER(version), ON(NONE), "show the version and stop"},
};

const struct option_row *option_at(size_t index)
{
    return index < ARRAY_LEN(rows) ? &rows[index] : NULL;
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void *member_of(struct options *options, const struct option_row *row)
{
    return (char *)options + row->offset;
}

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while reading the command line");
}

/* What was wrong with a value, with the option's name before it. */
static enum err bad_value(const struct option_row *row, struct problem *why, const char *expected, const char *found)
{
    return problem_set(why, ERR_INPUT, "--%s: expected %s, found \"%s\"", row->name, expected, found);
}

static enum err set_text(char **member, const char *text, struct problem *why)
{
    free(*member);
    *member = strdup(text);
    return *member ? ERR_NONE : no_memory(why);
}

/* Words by comma; the command after exec: may hold commas, and so ends the list. */
static enum err add_list(struct words *words, const struct option_row *row, const char *text, struct problem *why)
{
    for (;;) {
        size_t length = strncmp(text, "exec:", 5) == 0 ? strlen(text) : strcspn(text, ",");
        if (length == 0)
            return problem_set(why, ERR_INPUT, "--%s: expected names with a comma between them, found an empty one",
                               row->name);
        char *word = strndup(text, length);
        enum err err = !word ? ERR_MEMORY : words_have(words, word) ? ERR_NONE : words_add_text(words, word);
        free(word);
        if (err != ERR_NONE)
            return no_memory(why);
        text += length;
        if (!*text)
            return ERR_NONE;
        text++;
    }
}

static enum err add_setting(struct settings *settings, const struct option_row *row, const char *text,
                            struct problem *why)
{
    const char *equals = strchr(text, '=');
    struct setting *at = NULL;
    if (!equals || !name_is_valid(text, (size_t)(equals - text)))
        return bad_value(row, why, "NAME=VALUE", text);
    size_t length = (size_t)(equals - text);
    for (size_t i = 0; i < settings->count; i++)
        if (strncmp(settings->list[i].name, text, length) == 0 && settings->list[i].name[length] == '\0')
            at = &settings->list[i];
    if (at)
        return set_text(&at->value, equals + 1, why);
    struct setting *list = reallocarray(settings->list, settings->count + 1, sizeof *list);
    if (!list)
        return no_memory(why);
    const struct setting added = {strndup(text, length), strdup(equals + 1)};
    settings->list = list;
    list[settings->count++] = added;
    return added.name && added.value ? ERR_NONE : no_memory(why);
}

/* Digits only: no sign, no blank, no unit. */
static bool read_digits(const char *text, uint64_t most, uint64_t *out, const char **end)
{
    char *stop = NULL;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &stop, 10);
    *end = stop;
    return errno == 0 && *out <= most;
}

static enum err set_seed(uint64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    const char *end = NULL;
    if (!read_digits(text, UINT64_MAX, member, &end) || *end)
        return bad_value(row, why, "an integer from 0 to 18446744073709551615", text);
    return ERR_NONE;
}

static enum err set_count(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    uint64_t value = 0;
    const char *end = NULL;
    if (!read_digits(text, 1024, &value, &end) || *end || value == 0)
        return bad_value(row, why, "an integer from 1 to 1024", text);
    *member = (int64_t)value;
    return ERR_NONE;
}

static enum err set_batch(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    uint64_t value = 0;
    const char *end = NULL;
    if (!read_digits(text, 64, &value, &end) || *end || value < 2)
        return bad_value(row, why, "an integer from 2 to 64", text);
    *member = (int64_t)value;
    return ERR_NONE;
}

static enum err set_threads(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    uint64_t value = 0;
    const char *end = NULL;
    if (!read_digits(text, PLAN_THREADS_MAX, &value, &end) || *end || value == 0)
        return bad_value(row, why, "an integer from 1 to 64", text);
    *member = (int64_t)value;
    return ERR_NONE;
}

static enum err set_number(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    if (quantity_parse_count(text, member, NULL) != ERR_NONE || *member == 0)
        return bad_value(row, why, "a count above 0, like 250 or 100k", text);
    return ERR_NONE;
}

/* "all" is every number in turn. */
static enum err set_fail_alloc(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    if (strcmp(text, "all") == 0)
        *member = FAIL_ALLOC_ALL;
    else if (quantity_parse_count(text, member, NULL) != ERR_NONE || *member == 0)
        return bad_value(row, why, "a count above 0, or all", text);
    return ERR_NONE;
}

static enum err set_schedule(char **member, const struct option_row *row, const char *text, struct problem *why)
{
    const char *expected = driver_schedule_check(text);
    return expected ? bad_value(row, why, expected, text) : set_text(member, text, why);
}

static enum err set_shard(struct options *options, const struct option_row *row, const char *text, struct problem *why)
{
    uint64_t shard = 0, shards = 0;
    const char *end = NULL;
    bool valid = read_digits(text, 1000000, &shard, &end) && *end == '/' &&
                 read_digits(end + 1, 1000000, &shards, &end) && !*end && shard >= 1 && shard <= shards;
    if (!valid)
        return bad_value(row, why, "I/N with I from 1 to N, as in 2/4", text);
    options->shard = (int64_t)shard;
    options->shards = (int64_t)shards;
    return ERR_NONE;
}

static enum err add_threshold(struct thresholds *thresholds, enum threshold_kind kind, const struct option_row *row,
                              const char *text, struct problem *why)
{
    struct threshold threshold;
    enum err err = threshold_parse(kind, text, &threshold, why);
    if (err != ERR_NONE) {
        problem_prefix(why, "--%s", row->name);
        return err;
    }
    threshold.from_command = true;
    err = thresholds_add(thresholds, &threshold);
    threshold_free(&threshold);
    return err == ERR_NONE ? ERR_NONE : no_memory(why);
}

/* --control belongs to every --ratio. */
static enum err join_control(struct options *options, struct problem *why)
{
    for (size_t i = 0; i < options->thresholds.count; i++) {
        struct threshold *threshold = &options->thresholds.list[i];
        if (threshold->kind != THRESHOLD_RATIO)
            continue;
        if (!options->control)
            return problem_set(why, ERR_INPUT, "--ratio compares with a pool: say which with --control POOL");
        if (run_set_text(&threshold->control, options->control) != ERR_NONE)
            return no_memory(why);
    }
    return ERR_NONE;
}

static enum err set_duration(int64_t *member, const struct option_row *row, const char *text, struct problem *why)
{
    enum err err = quantity_parse_duration(text, member, why);
    if (err == ERR_NONE && *member == 0)
        err = problem_set(why, ERR_INPUT, "expected more than nothing, found \"%s\"", text);
    if (err != ERR_NONE)
        problem_prefix(why, "--%s", row->name);
    return err;
}

static enum err set_when(enum when *member, const struct option_row *row, const char *text, struct problem *why)
{
    static const char *const words[] = {[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *member = (enum when)i;
            return ERR_NONE;
        }
    return bad_value(row, why, "auto, always or never", text);
}

static enum err set_value(struct options *options, const struct option_row *row, const char *text, struct problem *why)
{
    void *member = member_of(options, row);
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return ERR_NONE;
    case OPTION_TEXT:
        return *text ? set_text(member, text, why) : bad_value(row, why, row->argument, text);
    case OPTION_LIST:
        return add_list(member, row, text, why);
    case OPTION_SETTING:
        return add_setting(member, row, text, why);
    case OPTION_SEED:
        return set_seed(member, row, text, why);
    case OPTION_DURATION:
        return set_duration(member, row, text, why);
    case OPTION_COUNT:
        return set_count(member, row, text, why);
    case OPTION_BATCH:
        return set_batch(member, row, text, why);
    case OPTION_THREADS:
        return set_threads(member, row, text, why);
    case OPTION_FAIL_ALLOC:
        return set_fail_alloc(member, row, text, why);
    case OPTION_SCHEDULE:
        return set_schedule(member, row, text, why);
    case OPTION_NUMBER:
        return set_number(member, row, text, why);
    case OPTION_SHARD:
        return set_shard(options, row, text, why);
    case OPTION_BUDGET:
        return add_threshold(member, THRESHOLD_BUDGET, row, text, why);
    case OPTION_LIMIT:
        return add_threshold(member, THRESHOLD_LIMIT, row, text, why);
    case OPTION_RATIO:
        return add_threshold(member, THRESHOLD_RATIO, row, text, why);
    case OPTION_WHEN:
        return set_when(member, row, text, why);
    }
    return problem_set(why, ERR_SYSTEM, "--%s has no kind", row->name);
}

/* ---- the parser: getopt_long, with messages of our own --------------------------------------------------- */

#define ROW_BASE 256 /* getopt's values of long options; letters are below */

struct getopt_tables {
    struct option longs[ARRAY_LEN(rows) + 1];
    char letters[2 * ARRAY_LEN(rows) + 2];
};

static struct getopt_tables make_tables(enum command_id command)
{
    struct getopt_tables tables = {.letters = ":"};
    size_t count = 0, used = 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct option_row *row = &rows[i];
        if (!(row->commands & 1U << command))
            continue;
        tables.longs[count++] =
            (struct option){row->name, row->argument ? required_argument : no_argument, NULL, ROW_BASE + (int)i};
        if (row->letter) {
            tables.letters[used++] = row->letter;
            if (row->argument)
                tables.letters[used++] = ':';
        }
    }
    return tables;
}

static const struct option_row *row_of(enum command_id command, int value)
{
    if (value >= ROW_BASE && value < ROW_BASE + (int)ARRAY_LEN(rows))
        return &rows[value - ROW_BASE];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (value > 0 && rows[i].letter == value && rows[i].commands & 1U << command)
            return &rows[i];
    return NULL;
}

static enum err refuse_unknown(enum command_id command, const char *text, struct problem *why)
{
    struct words names = {0};
    char more[100] = "", option[64];
    enum err err = ERR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(rows) && err == ERR_NONE; i++) {
        (void)snprintf(option, sizeof option, "--%s", rows[i].name);
        if (rows[i].commands & 1U << command)
            err = words_add_text(&names, option);
    }
    (void)snprintf(option, sizeof option, "%.*s", (int)strcspn(text, "="), text);
    if (err == ERR_NONE && text[0] == '-' && text[1] == '-')
        suggestion(option, &names, more, sizeof more);
    words_free(&names);
    const struct command *known = command_at(command);
    return problem_set(why, ERR_INPUT, "there is no option %.60s%s (`churn help%s%s` lists them)", option, more,
                       known ? " " : "", known ? known->name : "");
}

/* getopt says '?' for three things: unknown, ambiguous, a value where none belongs. */
static enum err refuse(enum command_id command, int value, char **argv, struct problem *why)
{
    const struct option_row *row = row_of(command, optopt);
    char letter[] = {'-', (char)optopt, '\0'};
    if (!row)
        return refuse_unknown(command, optopt > 0 ? letter : argv[optind - 1], why);
    if (value == ':')
        return problem_set(why, ERR_INPUT, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
    return problem_set(why, ERR_INPUT, "--%s takes no value", row->name);
}

enum err options_parse(enum command_id command, int argc, char **argv, struct options *out, struct problem *why)
{
    struct getopt_tables tables = make_tables(command);
    enum err err = ERR_NONE;
    int value;
    *out = (struct options){.seed = 1, .shard = 1, .shards = 1};
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while (err == ERR_NONE && (value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        const struct option_row *row = value == '?' || value == ':' ? NULL : row_of(command, value);
        err = row ? set_value(out, row, optarg ? optarg : "", why) : refuse(command, value, argv, why);
    }
    for (int i = optind; err == ERR_NONE && i < argc; i++)
        if (words_add_text(&out->operands, argv[i]) != ERR_NONE)
            err = no_memory(why);
    return err == ERR_NONE ? join_control(out, why) : err;
}

void options_free(struct options *options)
{
    words_free(&options->operands);
    words_free(&options->pools);
    words_free(&options->backends);
    words_free(&options->metrics);
    free(options->control);
    free(options->finding);
    free(options->calibration);
    for (size_t i = 0; i < options->settings.count; i++) {
        free(options->settings.list[i].name);
        free(options->settings.list[i].value);
    }
    free(options->settings.list);
    free(options->schedule);
    free(options->as);
    words_free(&options->formats);
    words_free(&options->arms);
    thresholds_free(&options->thresholds);
    free(options->results_file);
    free(options->baseline);
    free(options->durations);
    free(options->out);
    free(options->json_file);
    free(options->output);
    *options = (struct options){0};
}
