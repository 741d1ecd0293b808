/* proc.h: reading /proc without allocating, for the probes of this room. */
#ifndef CHURN_PROBE_PROC_H
#define CHURN_PROBE_PROC_H

#include <sys/types.h>

#include "harness/base/base.h"

/* Reads /proc/PID/NAME into `out` (NUL-terminated, cut). */
bool proc_read(pid_t pid, const char *name, char *out, size_t size);

/* The number after "LABEL:" at the beginning of a line. */
bool proc_find_number(const char *text, const char *label, int64_t *out);

/* For self-checks: the value must have moved by `change`, give or take `tolerance`. */
enum err proc_expect_change(const char *probe, int64_t before, int64_t after, int64_t change, int64_t tolerance,
                            struct problem *why) MUST_CHECK;

/* 8 MiB of touched memory: rss and pss move by that much. NULL: no memory. */
#define PROC_CHECK_BYTES ((int64_t)8 * 1024 * 1024)
void *proc_touch_memory(void);
void proc_untouch_memory(void *memory);

#endif
