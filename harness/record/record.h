/*
 * record: what a run left behind. The data that everything after a run works on, and the results file.
 *
 * A `struct run` holds what was asked, every sample, what the scenario expects (with its formulas already evaluated at
 * each rung) and what the judge said. It holds no pool, no Lua and no process, so that `churn judge` can judge it again
 * years later.
 *
 * Not thread-safe: one thread at a time may touch one run.
 */
#ifndef CHURN_RECORD_H
#define CHURN_RECORD_H

#include "harness/base/base.h"

#define RECORD_FORMAT "churn-results/1"
#define RECORD_NONE   INT64_MIN /* a sample that is missing: the subject does not count this */

/* ---- words ---------------------------------------------------------------------------------- */

/* What the numbers say. */
enum finding {
    FINDING_FLAT,     /* every exact series is the same in each window */
    FINDING_BOUNDED,  /* moves, but does not grow */
    FINDING_GROWS,    /* a series grows, at a rate per operation */
    FINDING_VIOLATES, /* an invariant does not hold */
    FINDING_LOST,     /* memory nobody can reach any more */
    FINDING_HANGS,    /* no answer within the time limit */
    FINDING_CRASHES,  /* ended by a signal, an exit or a memory error */
    FINDING_UNKNOWN,  /* nothing can be said: the rig failed, or the run was skipped */
    FINDING_COUNT
};

/* Whether that is what the scenario expects. */
enum status { STATUS_PASS, STATUS_FAIL, STATUS_BROKEN, STATUS_INCONCLUSIVE, STATUS_SKIP, STATUS_COUNT };

const char *finding_name(enum finding finding);
bool finding_from_name(const char *name, enum finding *out);
const char *status_name(enum status status);
bool status_from_name(const char *name, enum status *out);

/* The exit code of one status, and the worst of two exit codes in the order 130, 2, 1, 3, 77, 0. */
enum exit_code status_exit_code(enum status status);
enum exit_code exit_code_worst(enum exit_code a, enum exit_code b);

/* ---- metrics: the vocabulary ---------------------------------------------------------------- */

enum metric_kind {
    METRIC_LEVEL, /* exact, judged for growth: tombstones, bytes_live; and gets_failed and gets_closed, which ought to stand still */
    METRIC_TOTAL, /* exact, grows by its nature: created, set_ops; judged only when a scenario asks */
    METRIC_NOISY, /* rss_bytes, wall_ns: never judged as exact */
};

struct metric {
    const char *name;
    const char *unit; /* "entries", "items", "bytes", "ns" */
    enum metric_kind kind;
    bool same_everywhere; /* equal under native, asan and memcheck (D5). A LEVEL without it (fds: tools open files of
                             their own) must agree in its change since the first rung */
    const char *about;
    const char *again_of; /* the metric of which this is another count, or a part; NULL: it stands for itself */
};

/* NULL: not in the vocabulary. "bytes_live.POPULATION" and "blocks_live.POPULATION" are answered like bytes_live and
 * blocks_live. A counter that only a foreign pool knows is stored, and judged only when a scenario asks. */
const struct metric *metric_find(const char *name);
size_t metric_count(void);
const struct metric *metric_at(size_t index);

/* ---- expectations --------------------------------------------------------------------------- */

enum relation {
    RELATION_GROWS,   /* grows; with a formula: equals it at every rung */
    RELATION_EXACT,   /* equals the formula at every rung */
    RELATION_AT_MOST, /* is never above the formula */
    RELATION_COUNT
};

const char *relation_name(enum relation relation); /* "grows", "exactly", "at_most" */
bool relation_from_name(const char *name, enum relation *out);

/* What a scenario says of one metric. */
struct expected_metric {
    char *name;
    enum relation relation;
    bool predicted;  /* a formula exists: values[i] is what it gives at rung i */
    int64_t *values; /* rung_count of them, or NULL */
};

/* What a scenario expects of one pool. */
struct expectation {
    enum finding finding; /* GROWS, VIOLATES, LOST, HANGS, CRASHES; anything else means BOUNDED (flat is bounded too) */
    char *violates;       /* VIOLATES: the invariant, "I6" */
    struct expected_metric *metrics;
    size_t metric_count;
    char **also; /* metrics and invariants that may grow or be violated beside the main finding */
    size_t also_count;
};

/* ---- thresholds ----------------------------------------------------------------------------- */

enum threshold_kind {
    THRESHOLD_BUDGET, /* growth per operation, invalidation or cycle that is allowed; without one: 0 */
    THRESHOLD_LIMIT,  /* a value that no sample may be above */
    THRESHOLD_RATIO,  /* how many times the control pool's last sample is allowed */
    THRESHOLD_COUNT
};

enum threshold_per { PER_OP, PER_INVALIDATION, PER_CYCLE, PER_COUNT };

/* What may not be passed, by the scenario's word or the command line's. */
struct threshold {
    enum threshold_kind kind;
    char *metric;           /* the series: "peak_rss_bytes" */
    double value;           /* in the unit of the metric */
    enum threshold_per per; /* BUDGET */
    char *control;          /* RATIO: the pool to compare with */
    char *text;             /* as given: "peak_rss=64MiB" */
    bool from_command;      /* the command line's; else the scenario's */
};

/* Zero-initialised is empty. OWNED: thresholds_free. */
struct thresholds {
    struct threshold *list;
    size_t count;
};

const char *threshold_kind_name(enum threshold_kind kind); /* "budget" */
bool threshold_kind_from_name(const char *name, enum threshold_kind *out);
const char *threshold_per_name(enum threshold_per per); /* "op" */

/* "tombstones=0/op", "bytes_live=0.5B/op"; "peak_rss=64MiB", "fds=100"; "bytes_live=1.1". The unit must be the metric's.
 * ERR_INPUT says what was expected. *out is OWNED: threshold_free. */
enum err threshold_parse(enum threshold_kind kind, const char *text, struct threshold *out,
                         struct problem *why) MUST_CHECK;
void threshold_free(struct threshold *threshold);

/* Adds a copy in the place of one of the same kind and metric. */
enum err thresholds_add(struct thresholds *all, const struct threshold *threshold) MUST_CHECK;
void thresholds_free(struct thresholds *all);

/* ---- a run ---------------------------------------------------------------------------------- */

struct series {
    char *name;
    int64_t *values; /* one per rung; RECORD_NONE when missing */
    int64_t before;  /* the sample right after the pool was made */
    int64_t after;   /* the sample after shutdown */
};

struct setting {
    char *name;
    char *value;
};

/* An invariant that did not hold. */
struct violation {
    char *invariant; /* "I5" */
    char *metric;    /* what it is about: "idle", "item 17" */
    char *detail;    /* "item 17 was leased twice at once" */
    int64_t rung;    /* -1: before the first rung */
    int64_t op;      /* how many operations had been sent */
};

/* What a counter counted at the last measured rung, for instance: "item 17 of key k3, closed after 40 operations". */
struct example {
    char *metric;
    char *words;
};

/* D3: how far a metric grew over its rungs, with the cycles as given and with twice as many. */
struct dose_growth {
    char *metric;
    int64_t single, twice;
};

/* One thing the judge found. */
struct found {
    enum finding finding;
    char *metric;    /* the series; or the invariant, "I4"; NULL when none */
    double rate;     /* GROWS: per `rate_unit` */
    char *rate_unit; /* "per invalidation", "per cycle" */
    char *detail;
    int64_t rung;  /* first rung that shows it, -1: none */
    bool expected; /* the scenario says so */
};

/* How the subject ended. */
enum ending {
    ENDING_DONE,     /* shut down and exited 0 */
    ENDING_CRASHED,  /* killed by a signal it did not expect: ending_code is the signal */
    ENDING_EXITED,   /* exited by itself before it was asked to, or not 0: ending_code is the exit status */
    ENDING_HUNG,     /* the time limit */
    ENDING_PROTOCOL, /* broke the protocol, or said `error`: the adapter's fault */
    ENDING_RIG,      /* could not be started, or the harness failed */
    ENDING_SKIPPED,  /* not run; the detail says why, and ending_code whose doing that is */
    ENDING_STOPPED,  /* Ctrl-C */
    ENDING_COUNT
};

/* The exit status by which the host and LeakSanitizer say that memory was lost: no crash. */
#define ENDING_CODE_LOST 23

/* The ending_code of ENDING_SKIPPED: this machine lacks what the run needs, or such a run makes no sense; or the pool cannot do
 * it, on any machine. */
enum { SKIPPED_HERE, SKIPPED_BY_POOL };

const char *ending_name(enum ending ending);
bool ending_from_name(const char *name, enum ending *out);

struct run {
    /* what was asked */
    char *scenario; /* "zio-9306" */
    char *file;     /* the path as given */
    char *about;
    struct setting *params;
    size_t param_count;
    char *pool;       /* "broadcast:finalizers=captured" */
    char *as;         /* the pool whose expectation it was held against instead of its own (--as); NULL: its own */
    int64_t pool_min; /* its shape: items per key, at least and at most; RECORD_NONE: not known */
    int64_t pool_max;
    char *backend; /* "native" */
    uint64_t seed;
    char *repeat;       /* the command that does this run again */
    char *subject_name; /* from the greeting */
    char *subject_version;

    /* how it went */
    enum ending ending;
    int ending_code;
    char *ending_detail; /* with the last operation sent */
    char *log;           /* the bounded tail of the subject's stderr and of the tool's log; NULL when empty */
    int64_t tool_errors; /* errors the tool reported: of memory (ASan, memcheck), races (TSan, helgrind) */
    int64_t lost_bytes;  /* unreachable memory at exit, by the tool's or the world's count */
    int64_t ops, wall_ns, peak_rss_bytes;
    /* --seconds, --ops: the runs up to this one, each with a seed of its own, the last of them `seed`. 0: one was asked for. */
    struct tried {
        int64_t seeds, ops, wall_ns;
    } tried;

    /* samples */
    size_t rung_count;
    int64_t cycles_per_rung;
    int64_t period;    /* cycles of the scenario's own period */
    int64_t *rung_ops; /* rung_count each: counted by the harness as it sent them */
    int64_t *rung_cycles;
    int64_t *rung_invalidations;
    int64_t *rung_gets;
    struct series *series; /* sorted by name */
    size_t series_count;
    struct violation *violations;
    size_t violation_count;
    struct example *examples;
    size_t example_count;

    struct expectation expectation;
    struct thresholds thresholds;

    /* Who made the memory that grows: its largest parts with their frames, by a second run under memcheck. NULL: not
     * asked. */
    char *stack;
    /* How the exact numbers differ from those that were committed, ready to be read. NULL: not compared, "": equal. */
    char *baseline_differs;

    /* D0: a second fresh process with the same seed. NULL: none was run. "": all equal. Otherwise the series that
     * differ, by comma. */
    char *twin_differs;
    /* D3: growth in this run and in the same run with twice the cycles (verdict_add_dose). None: it was not run. */
    struct dose_growth *doses;
    size_t dose_count;
    /* D5 inside the run: growth of blocks and bytes by the tool's own count over the rungs where it was asked.
     * RECORD_NONE: not asked. */
    int64_t tool_bytes_growth, tool_blocks_growth, own_bytes_growth, own_blocks_growth;
    /* D6: "" the planted leak was caught; a text: why not; NULL: not tried. */
    char *control;

    /* what the judge said (harness/verdict) */
    enum status status;
    enum finding finding;
    char *metric;
    double rate;
    char *rate_unit;
    char *message;
    struct found *found;
    size_t found_count;
};

/* A zeroed run with every RECORD_NONE in place; NULL: out of memory. OWNED: run_free (accepts NULL). */
struct run *run_make(void);
void run_free(struct run *run);

/* Replaces an owned string (copies `text`, which may be *field itself; NULL clears it). ERR_MEMORY: nothing changed. */
enum err run_set_text(char **field, const char *text) MUST_CHECK;

/* The series of that name, NULL when there is none. BORROWED until the run is changed. */
struct series *run_series(const struct run *run, const char *name);

/* Adds one sample; makes the series when it is new (earlier rungs are RECORD_NONE). `rung` < rung_count. */
enum err run_sample(struct run *run, const char *name, size_t rung, int64_t value) MUST_CHECK;
enum err run_sample_before(struct run *run, const char *name, int64_t value) MUST_CHECK;
enum err run_sample_after(struct run *run, const char *name, int64_t value) MUST_CHECK;

/* Opens the next rung with what was sent so far; *rung is its index. */
enum err run_add_rung(struct run *run, int64_t ops, int64_t cycles, int64_t invalidations, int64_t gets,
                      size_t *rung) MUST_CHECK;

enum err run_add_violation(struct run *run, const char *invariant, const char *metric, const char *detail, int64_t rung,
                           int64_t op) MUST_CHECK;
enum err run_add_example(struct run *run, const char *metric, const char *words) MUST_CHECK;
void run_clear_examples(struct run *run);
enum err run_add_param(struct run *run, const char *name, const char *value) MUST_CHECK;
enum err run_add_dose(struct run *run, const char *metric, int64_t single, int64_t twice) MUST_CHECK;

/* Makes room for one more entry of an expectation. *out is BORROWED until the next one is added; `name` is copied. */
enum err expectation_add_metric(struct expectation *expectation, const char *name, enum relation relation,
                                struct expected_metric **out) MUST_CHECK;
enum err expectation_add_also(struct expectation *expectation, const char *name) MUST_CHECK;
void expectation_free(struct expectation *expectation); /* what it owns, not itself; run_free does it for a run's */

/* Forgets what a judge said, before judging again. */
void run_clear_judgement(struct run *run);
enum err run_add_found(struct run *run, const struct found *found /* copied */) MUST_CHECK;

/* ---- the results file ----------------------------------------------------------------------- */

struct machine {
    char *system, *kernel, *processor; /* uname and /proc/cpuinfo */
    char *abi;                         /* what sizes in bytes depend on: "x86_64 64-bit glibc"; NULL: not known */
    int64_t cores, memory_bytes;
    char *compiler, *valgrind, *libfaketime, *lua; /* versions; NULL: not there */
};

struct results {
    char *started; /* 2026-11-23T10:00:00Z */
    char *version; /* churn's own */
    struct machine machine;
    char **command;
    size_t command_count;
    struct run **runs; /* OWNED; in the order of run_compare */
    size_t run_count;
};

/* Order of runs in a file: scenario, params, pool, backend, seed. Makes files the same whatever --jobs was. */
int run_compare(const struct run *a, const struct run *b);

struct results *results_make(void); /* empty; NULL: out of memory */
void results_free(struct results *results);
/* Sets `started` to now, the version of churn, the command, and the machine as far as this room can see it (the caller
 * fills in machine.valgrind, .libfaketime and .lua). */
enum err results_describe(struct results *results, const char *version, size_t argc, char *const *argv) MUST_CHECK;
enum err results_add(struct results *results, struct run *run /* TAKEN, also on failure */) MUST_CHECK;
void results_sort(struct results *results);
int64_t results_count_status(const struct results *results, enum status status);
/* The exit code of all runs together: the worst; EXIT_SKIPPED only when every run was skipped, or there is none. */
enum exit_code results_exit_code(const struct results *results);

/* Writes the file aside and renames it; integers are exact, a missing sample is null. Reads one back; ERR_INPUT names
 * the file and the place in it. Unknown members are dropped, missing ones are errors.
 * The schema: docs/results.schema.json. */
enum err results_save(const struct results *results, const char *path, struct problem *why) MUST_CHECK;
enum err results_print(const struct results *results, struct buffer *out) MUST_CHECK;
enum err results_load(const char *path, struct results **out, struct problem *why) MUST_CHECK;

#endif
