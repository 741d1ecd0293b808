/* Helpers of the scenario tests: scripts from texts, plans as texts. */
#ifndef CHURN_TEST_SCENARIO_H
#define CHURN_TEST_SCENARIO_H

#include "harness/scenario/scenario.h"

/* Writes the script into a file of its own (removed when the test's process ends); the path is BORROWED until the
 * next call. */
const char *script_file(const char *text);

/* scenario { about = "x", BODY } in a file. */
const char *scenario_file_with(const char *body);

/* Opens a plan of the file for the pool "owner", case 0, seed 1. NULL: it failed; `why` says why. */
struct scenario_plan *plan_open(const char *path, struct problem *why);

/* The operations after the head (meta lines, pool, first rung), at most `limit` of them, one a line. OWNED: free. */
char *plan_text(const char *path, uint64_t seed, size_t limit);

/* Reads the whole plan and returns how it ended. */
enum err plan_drain(struct scenario_plan *plan, struct problem *why);

void plan_close(struct scenario_plan *plan);

#endif
