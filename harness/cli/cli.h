/*
 * cli: the command line. Reads options, plans runs, spreads them over threads, shows progress, writes results.
 *
 * stdout carries the result, stderr everything else. Exit codes are a promise (docs/formats.md). One file per command; a new
 * command is a file and a row in commands.c, a new option a row in options.c.
 */
#ifndef CHURN_CLI_H
#define CHURN_CLI_H

#include <stdio.h>

#include "harness/backend/backend.h"
#include "harness/record/record.h"
#include "harness/scenario/scenario.h"

#define CHURN_VERSION "0.1.0"

/* ---- words: a list of texts ---------------------------------------------------------------------------------- */

/* Zero-initialised is empty. */
struct words {
    char **list; /* OWNED, and each text */
    size_t count;
};

enum err words_add(struct words *words, const char *text, size_t length) MUST_CHECK;
enum err words_add_text(struct words *words, const char *text) MUST_CHECK;
bool words_have(const struct words *words, const char *text);
void words_sort(struct words *words);
void words_free(struct words *words);

/* " (did you mean X?)" or nothing. `size` bytes of `out`; returns out. */
char *suggestion(const char *word, const struct words *candidates, char *out, size_t size);

/* ---- options -------------------------------------------------------------------------------------------------- */

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

#define FAIL_ALLOC_ALL (-1)

struct settings {
    struct setting *list; /* OWNED */
    size_t count;
};

/* What the command line says. options_free frees what it owns. */
struct options {
    struct words operands;
    struct words pools, backends; /* empty: the defaults */
    struct settings settings;     /* --set, the last of a name wins */
    uint64_t seed;
    int64_t timeout_ns;   /* 0: the scenario's own */
    int64_t jobs;         /* 0: one per core */
    int64_t threads;      /* of the subject; 0: the plan as it is */
    int64_t fail_alloc;   /* 0: none; FAIL_ALLOC_ALL */
    char *schedule;       /* "pct:3"; NULL: as the system likes */
    int64_t ops, seconds; /* run again until then; 0: once. noise: ops of one process */
    int64_t tries;        /* shrink: runs of one plan; 0: one */
    char *finding;        /* shrink: the one that is to stay; NULL: the main one */
    int64_t processes;    /* noise: fresh ones in a batch; 0: 8 */
    struct words metrics; /* noise */
    char *control, *calibration;
    char *as;                     /* the pool whose expectation applies to all; NULL: each its own */
    int64_t shard, shards;        /* 1/1: everything */
    struct thresholds thresholds; /* --budget, --limit, --ratio; the last of a kind and metric wins */
    struct words formats, arms;   /* report --as; compare --arms: two pools */
    char *results_file, *baseline, *durations;
    bool update_baseline, explain;
    char *out, *json_file, *output;
    bool json, no_twin, check_each, quiet, verbose, help, version;
    enum when color;
};

enum option_kind {
    OPTION_FLAG,       /* bool */
    OPTION_TEXT,       /* char * */
    OPTION_LIST,       /* struct words; by comma, and the option may be repeated */
    OPTION_SETTING,    /* struct settings */
    OPTION_SEED,       /* uint64_t */
    OPTION_DURATION,   /* int64_t, nanoseconds */
    OPTION_COUNT,      /* int64_t, 1 to 1024 */
    OPTION_BATCH,      /* int64_t, 2 to 64 */
    OPTION_THREADS,    /* int64_t, 1 to PLAN_THREADS_MAX */
    OPTION_FAIL_ALLOC, /* int64_t, at least 1, or FAIL_ALLOC_ALL */
    OPTION_SCHEDULE,   /* char *, pct:D */
    OPTION_NUMBER,     /* int64_t, a count like 100k, at least 1 */
    OPTION_SHARD,      /* shard and shards */
    OPTION_BUDGET,     /* struct thresholds */
    OPTION_LIMIT,      /* the same */
    OPTION_RATIO,      /* the same */
    OPTION_WHEN,       /* enum when */
};

/* The commands that have an option: 1 << enum command_id. */
enum command_id {
    COMMAND_RUN,
    COMMAND_GATE,
    COMMAND_COMPARE,
    COMMAND_JUDGE,
    COMMAND_REPORT,
    COMMAND_RECORD,
    COMMAND_REPLAY,
    COMMAND_SHRINK,
    COMMAND_MERGE,
    COMMAND_NOISE,
    COMMAND_LIST,
    COMMAND_HELP,
    COMMAND_NONE, /* before a command: churn --version */
    COMMAND_COUNT
};

/* One option. The table feeds the parser, the help and the test of the man page. */
struct option_row {
    const char *name;     /* "pool", without the dashes */
    char letter;          /* 'j', 0: none */
    const char *argument; /* "P,...", NULL: it takes none */
    enum option_kind kind;
    size_t offset; /* in struct options */
    unsigned commands;
    const char *about;
};

const struct option_row *option_at(size_t index); /* NULL: there are no more */

/* Reads argv[1..] for a command (argv[0] is skipped). *out is OWNED, also after an error: options_free. ERR_INPUT says which
 * option, and what was meant. */
enum err options_parse(enum command_id command, int argc, char **argv, struct options *out,
                       struct problem *why) MUST_CHECK;
void options_free(struct options *options);

/* ---- commands --------------------------------------------------------------------------------------------------- */

/* The call of one command. All BORROWED. */
struct call {
    const char *program; /* argv[0] */
    int argc;            /* the whole command line, for the results file */
    char **argv;
    const struct options *options;
};

struct command {
    const char *name;
    const char *operands; /* "SCENARIO..." */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs */
    const char *examples;
    size_t operands_least, operands_most;
    /* *code is the exit code; an error is printed by the caller and gives its own. */
    enum err (*run)(const struct call *call, enum exit_code *code, struct problem *why);
};

const struct command *command_at(enum command_id id); /* NULL: there is no such one, as of COMMAND_NONE */
enum command_id command_find(const char *name);       /* COMMAND_NONE: there is none */

/* main() without its name, so that tests can call it. */
int cli_main(int argc, char **argv);

enum err command_run(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_gate(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_compare(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_report(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_judge(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_record(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_replay(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_shrink(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_merge(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_noise(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_list(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;
enum err command_help(const struct call *call, enum exit_code *code, struct problem *why) MUST_CHECK;

/* Help as text: of one command, or of churn itself (NULL). */
void help_add(struct buffer *out, const struct command *command);
enum err help_print(const struct command *command, struct problem *why) MUST_CHECK;

/* ---- the machine ------------------------------------------------------------------------------------------------ */

/* Runs a program with nothing on its stdin and keeps what it writes to `stream` (1 or 2). *status is its exit status, -1 when it was
 * killed or needed longer than `limit_ms`. ERR_SYSTEM: it cannot be started. */
enum err capture(char *const *argv, int stream, int limit_ms, struct buffer *out, int *status,
                 struct problem *why) MUST_CHECK;

/* The built-in pools with one line each, asked from the host program. */
enum err pools_list(const char *build_folder, struct words *names, struct words *abouts,
                    struct problem *why) MUST_CHECK;

/* Can this pool be used? `names` are the built-in ones. ERR_INPUT says why not. */
enum err pool_check(const char *build_folder, const struct words *names, const char *pool,
                    struct problem *why) MUST_CHECK;

/* The scenario files that the words name: a .lua file, or a folder for all .lua files right in it; each once. */
enum err scenarios_find(const struct words *operands, struct words *files, struct problem *why) MUST_CHECK;

/* Writes to stdout, all of it. ERR_SYSTEM: the disk is full, the reader went away. */
enum err stdout_write(const char *bytes, size_t length, struct problem *why) MUST_CHECK;

/* Ctrl-C and its friends are taken as news instead of the end of the process. */
struct interrupt {
    unsigned char saved[128]; /* the mask of before, a sigset_t */
    int seen;                 /* signals so far */
};

void interrupt_open(struct interrupt *interrupt);
/* Waits up to `ms`; true when the user wants to stop. At the second time everything is killed and the process ends. */
bool interrupt_wait(struct interrupt *interrupt, int ms);
void interrupt_close(struct interrupt *interrupt);

struct driver_request; /* harness/driver/driver.h */

/* ---- many runs ---------------------------------------------------------------------------------------------------- */

/* One run to do. */
struct job {
    const char *path; /* of the scenario or of the plan; BORROWED */
    bool is_plan;
    const char *about; /* BORROWED, NULL: none */
    size_t case_index;
    const struct settings *overrides; /* BORROWED */
    const struct settings *params;    /* in force, to name the run before it ran; BORROWED, NULL: none */
    const char *pool;                 /* BORROWED */
    const struct backend *backend;
    size_t group; /* jobs that differ only in their backend have one number: they are compared, and stay in one shard */
    bool twin;
    bool is_control; /* no run of the user's: the positive control of its backend */
    char *skip;      /* OWNED; why it cannot be run; NULL: it can */

    struct run *run;           /* OWNED; the result */
    struct fail_alloc *points; /* OWNED; with --fail-alloc, what came of it */
    char *control;             /* OWNED; of a control: "" the planted leak was caught, or why not */
    enum err err;
    struct problem why;
};

/* All runs of a command. */
struct matrix {
    char *build_folder;
    struct words files, pool_names;
    struct target *targets; /* one per scenario file */
    size_t target_count;
    const struct backend **backends;
    char **unavailable; /* per backend: why not; NULL: it is here */
    size_t backend_count;
    struct job *jobs;
    size_t job_count;
    struct job *controls; /* one per backend that is used */
    size_t control_count;
};

/* Loads every scenario, tries every case and every expectation, checks pools and backends, and lists the jobs. Nothing has been run
 * when it returns an error. matrix_free accepts what a failed call left behind. */
enum err matrix_make(struct matrix *matrix, const struct options *options, struct problem *why) MUST_CHECK;
/* The same for a plan file. */
enum err matrix_make_replay(struct matrix *matrix, const struct options *options, struct problem *why) MUST_CHECK;
/* Can this pool be used as well? ERR_INPUT says why not. */
enum err matrix_check_pool(struct matrix *matrix, const char *pool, struct problem *why) MUST_CHECK;
void matrix_free(struct matrix *matrix);

/* The positive control (D6): one job per backend, run beside the others; then what came of it, for every run under that backend. */
enum err controls_add(struct matrix *matrix, struct problem *why) MUST_CHECK;
/* Does one of them; with --fail-alloc the block is lost where an allocation failed. */
enum err control_run(struct job *job, const struct call *call, const struct driver_request *request,
                     struct problem *why) MUST_CHECK;
enum err controls_note(const struct matrix *matrix, struct results *results, struct problem *why) MUST_CHECK;

/* --fail-alloc: one allocation of the pool fails, and then another. */
struct fail_alloc;
enum err fail_alloc_run(struct matrix *matrix, const struct call *call, enum exit_code *code,
                        struct problem *why) MUST_CHECK;
void fail_alloc_free(struct fail_alloc *points);

/* Does one job, on a thread of its own; `request` (BORROWED) has all that the command line says. What comes of it goes to the job. */
typedef enum err (*job_fn)(struct job *job, const struct call *call, const struct driver_request *request,
                           struct problem *why);

/* Does all jobs, and the controls. *stopped: the user wanted to stop, some jobs were not done. */
enum err jobs_run(struct matrix *matrix, const struct call *call, job_fn do_job, bool *stopped,
                  struct problem *why) MUST_CHECK;
/* A job_fn: job->run is the run, or job->err says why there is none. A rig that failed is a run too: broken, with the reason. */
enum err job_run(struct job *job, const struct call *call, const struct driver_request *request,
                 struct problem *why) MUST_CHECK;

/* Moves the runs into `results`, prints each different error once; *code is made as bad as they are. */
enum err jobs_collect(struct matrix *matrix, struct results *results, enum exit_code *code,
                      struct problem *why) MUST_CHECK;

/* Leaves only the jobs of this shard. Groups go, the longest first, to the shard with least to do, by the recorded durations: the same
 * for everyone who has the same scenarios and the same record. */
enum err shard_keep(struct matrix *matrix, const struct options *options, struct problem *why) MUST_CHECK;

/* Sets run->repeat: the command that does this run again. */
enum err repeat_set(struct run *run, const struct call *call, bool is_plan) MUST_CHECK;

/* ---- progress ------------------------------------------------------------------------------------------------------- */

struct progress;

/* *out is OWNED: progress_close. All functions may be called by any thread. */
enum err progress_open(const struct options *options, const struct matrix *matrix, struct progress **out,
                       struct problem *why) MUST_CHECK;
void progress_begin(struct progress *progress, const struct job *job);
/* A rung of the job is done: its number, how many there will be (0: not known), and the operations since the one before. */
void progress_rung(struct progress *progress, const struct job *job, size_t rung, size_t rungs, int64_t ops);
void progress_end(struct progress *progress, const struct job *job);
void progress_tick(struct progress *progress); /* now and then */
void progress_close(struct progress *progress, bool stopped);
/* stderr is a terminal on which a line can be drawn over, and no log of CI. */
bool progress_can_move(void);

/* ---- results ---------------------------------------------------------------------------------------------------------- */

/* Where files go. Zero-initialised is nowhere. */
struct output {
    char *folder;   /* OWNED */
    bool is_latest; /* results/runs/latest will point at it */
};

/* Can this file be written? ERR_INPUT says why not; nothing is left behind. */
enum err output_try_file(const char *path, struct problem *why) MUST_CHECK;

/* Makes the folder (when `wants_folder`) and makes sure that it and --json FILE can be written. ERR_INPUT: they cannot. */
enum err output_open(struct output *output, const struct options *options, bool wants_folder,
                     struct problem *why) MUST_CHECK;
/* Writes every report that is a file, and --json FILE. */
enum err output_save(const struct output *output, const struct options *options, const struct results *results,
                     struct problem *why) MUST_CHECK;
/* Prints the table, or with --json - the results file. */
enum err output_print(const struct output *output, const struct options *options, const struct results *results,
                      struct problem *why) MUST_CHECK;
void output_close(struct output *output);

/* Empty results that know this machine and this command. *out is OWNED: results_free. */
enum err results_begin(const struct call *call, struct results **out, struct problem *why) MUST_CHECK;

/* Loads results files (or folders that hold one) into one, sorted; a run that is in two of them is ERR_INPUT. */
enum err results_join(const struct words *paths, struct results **out, struct problem *why) MUST_CHECK;
/* The same for what must be whole: a part of a division into shards that is missing is ERR_INPUT, and so are parts of two
 * divisions, or of two versions of churn. */
enum err results_merge(const struct words *paths, struct results **out, struct problem *why) MUST_CHECK;

/* A comparison with the numbers that were committed. */
struct gate;

/* Judges every run, compares it with the baseline, judges again, and notes what is missing. `stopped`: not every run was made. */
enum err gate_judge(struct gate *gate, struct results *results, bool stopped, struct problem *why) MUST_CHECK;
/* Prints the differences, or with --update-baseline writes the baseline. *code is made as bad as what was found. */
enum err gate_finish(struct gate *gate, const struct results *results, enum exit_code *code,
                     struct problem *why) MUST_CHECK;

/* Runs the jobs, judges, saves and prints: what run, gate and replay have in common. `gate` may be NULL. */
enum err run_matrix(struct matrix *matrix, const struct call *call, bool wants_folder, struct gate *gate,
                    enum exit_code *code, struct problem *why) MUST_CHECK;
/* Judges, saves and prints results that are there: what judge and gate have in common. */
enum err judge_results(struct results *results, const struct call *call, struct gate *gate, enum exit_code *code,
                       struct problem *why) MUST_CHECK;

#endif
