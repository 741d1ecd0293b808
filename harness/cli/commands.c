/* The table of commands. */
#include "harness/cli/cli.h"

#include <string.h>

static const struct command commands[] = {
    [COMMAND_RUN] =
        {
            .name = "run",
            .operands = "SCENARIO...",
            .summary = "run scenarios on pools, judge them, print the table",
            .details = "A SCENARIO is a .lua file, or a folder: then every .lua file in it, but not in folders below "
                       "it. Each of its cases runs "
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
                "Exit 3 when the plan shows nothing, not what is named, or not each time. Ctrl-C writes the smallest "
                "plan so far.",
            .examples = "churn record scenarios/lost-wakeup.lua -o whole.plan\n"
                        "churn shrink whole.plan --pool owner:defect=unserved_waiters -o small.plan\n"
                        "churn shrink whole.plan --pool ./mypool.so --control owner --under asan\n"
                        "churn shrink whole.plan --pool ./mypool.so --finding I6:shutdown",
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
                "threshold. The counts of `churn run` decide. Where nothing grows a planted leak must be seen "
                "first, or the exit code is 3.",
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

enum command_id command_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return (enum command_id)i;
    return COMMAND_NONE;
}
