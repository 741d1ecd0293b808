/*
 * scenario: a Lua 5.4 file becomes a plan and expectations. The only room that includes lua.h.
 *
 * Running a script touches no pool: it emits operations. Scripts are sandboxed (no files, no processes, no modules, no
 * bytecode, bounded memory and steps) and run cycle by cycle, so that a plan of any length needs constant memory.
 * The same
 * scenario, parameters and seed give the same operations in every process.
 * How to write one: scenarios/README.md. A `struct scenario` and a `struct scenario_plan` are used by one thread at
 * a time.
 */
#ifndef CHURN_SCENARIO_H
#define CHURN_SCENARIO_H

#include "harness/plan/plan.h"
#include "harness/record/record.h"

struct scenario;

/* Loads and checks a file. Problems name file and line, what was expected and what was found. *out is OWNED:
 * scenario_free. */
enum err scenario_load(const char *path, struct scenario **out, struct problem *why) MUST_CHECK;
void scenario_free(struct scenario *scenario);

const char *scenario_name(const struct scenario *scenario);   /* the file's name without .lua */
const char *scenario_file(const struct scenario *scenario);   /* the path as given */
const char *scenario_about(const struct scenario *scenario);  /* one line */
const char *scenario_source(const struct scenario *scenario); /* "zio/zio#9306" */

/* The pools this scenario runs on when the command line names none; NULL at the end:
 * "broadcast:finalizers=captured". */
const char *scenario_pool(const struct scenario *scenario, size_t index);

/* Its cases: sets of parameter values to run with. At least one. */
size_t scenario_case_count(const struct scenario *scenario);

/* What is asked of one run. */
struct scenario_request {
    size_t case_index;
    const struct setting
        *overrides; /* --set NAME=VALUE; may be empty. Names that this scenario does not have are ERR_INPUT */
    size_t override_count;
    const char *pool; /* decides which expectation applies */
    const char *as;   /* a pool whose expectation applies instead; NULL: none */
    uint64_t seed;
    int64_t dose; /* 1; 2 = twice the measured cycles (D3) */
    bool brief;   /* only one period of warm-up and two rungs of one: too short to judge growth */
};

/* True when the scenario declares a parameter of that name. */
bool scenario_has_param(const struct scenario *scenario, const char *name);

/* True when an earlier case has the same parameters once the overrides are applied: it need not be run again.
 * Overrides that do not
 * fit are left out here and reported by scenario_plan_open. */
bool scenario_case_repeats(const struct scenario *scenario, size_t index, const struct setting *overrides,
                           size_t count);

/* The verbs that the plan uses (bit 1 << verb), found by making a short one: set-up, one period of cycles, one rung,
 * teardown. */
enum err scenario_verbs(const char *path, const struct scenario_request *request, uint32_t *verbs,
                        struct problem *why) MUST_CHECK;

/* A plan being generated. It is a plan_source (first member), so that it can be printed, sent or stored. */
struct scenario_plan;
enum err scenario_plan_open(const char *path, const struct scenario_request *request, struct scenario_plan **out,
                            struct problem *why) MUST_CHECK;
struct plan_source *scenario_plan_source(struct scenario_plan *plan); /* BORROWED; freeing the source frees the plan */

/* The parameters in force, sorted by name; the shape of the pool; the layout of the rungs. BORROWED until the plan
 * is freed. */
const struct setting *scenario_plan_params(const struct scenario_plan *plan, size_t *count);
const struct plan_shape *scenario_plan_shape(const struct scenario_plan *plan);
int64_t scenario_plan_cycles_per_rung(const struct scenario_plan *plan);
int64_t scenario_plan_period(const struct scenario_plan *plan);
size_t scenario_plan_rungs(const struct scenario_plan *plan);
/* The time limit the scenario asks for one run under the native backend, 0: none stated. */
int64_t scenario_plan_timeout_ns(const struct scenario_plan *plan);

/* The scenario says that every cycle stands by itself, so that cycles may be done by several threads at once. */
bool scenario_plan_may_thread(const struct scenario_plan *plan);
/* The cycle that the last operation belongs to: 0, 1, 2 ...; -1: none (set-up, settle, a rung, teardown). */
int64_t scenario_plan_cycle(const struct scenario_plan *plan);

/* What was emitted up to now. */
const struct plan_counts *scenario_plan_counts(const struct scenario_plan *plan);

/* The expectation for the request's pool: exact match of the whole pool text first
 * ("broadcast:finalizers=captured"), then its
 * name, then "default", then bounded(). Formulas are not evaluated yet (values are NULL). *out is OWNED by the caller
 * (run.expectation: run_free frees it). */
enum err scenario_plan_expectation(struct scenario_plan *plan, struct expectation *out, struct problem *why) MUST_CHECK;

/* Adds the budgets and limits that the scenario states. */
enum err scenario_plan_thresholds(struct scenario_plan *plan, struct thresholds *out, struct problem *why) MUST_CHECK;

/* Evaluates every formula at the present point of the plan, right after the rung's operation was taken, into
 * expectation->metrics[i].values[rung]; the first call makes room for scenario_plan_rungs values. rung: 0 for the
 * first measured
 * one. ERR_INPUT: a formula gave no whole number. */
enum err scenario_plan_predict(struct scenario_plan *plan, struct expectation *expectation, size_t rung,
                               struct problem *why) MUST_CHECK;

#endif
