/* ending.c: how the subject ended, in the words of a record. */
#include "harness/driver/driver_internal.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum ending ENDING_OF[SUBJECT_STATE_COUNT] = {
    [SUBJECT_ALIVE] = ENDING_RIG, [SUBJECT_CRASHED] = ENDING_CRASHED, [SUBJECT_EXITED] = ENDING_EXITED,
    [SUBJECT_HUNG] = ENDING_HUNG, [SUBJECT_BROKEN] = ENDING_PROTOCOL, [SUBJECT_STOPPED] = ENDING_STOPPED,
};

enum err drive_end_as(struct run *run, enum ending ending, int code, const char *format, ...)
{
    char detail[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    run->ending = ending;
    run->ending_code = code;
    return run_set_text(&run->ending_detail, detail[0] ? detail : NULL);
}

static void last_line(const char *text, char *out, size_t size)
{
    size_t end = strlen(text);

    while (end > 0 && text[end - 1] == '\n')
        end--;
    const char *newline = memrchr(text, '\n', end);
    const char *line = newline ? newline + 1 : text;
    snprintf(out, size, "%.*s", (int)(text + end - line), line);
}

/* The out-of-memory killer, a supervisor, a person: that says nothing of the pool. */
static bool comes_from_outside(int signal)
{
    return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
}

static enum err end_as_subject(struct drive *drive)
{
    struct subject_ending ending = subject_ending(drive->subject);
    const char *op = subject_last_op(drive->subject), *answer = subject_last_answer(drive->subject);
    bool ended_well = ending.state == SUBJECT_EXITED && ending.code == 0 && ending.detail[0] == '\0';

    /* It says itself that it cannot run here, and why: a toolchain is missing. */
    if (!subject_greeting(drive->subject)->name && ending.state == SUBJECT_EXITED && ending.code == EXIT_SKIPPED) {
        char reason[500];
        last_line(subject_stderr(drive->subject), reason, sizeof(reason));
        return drive_end_as(drive->run, ENDING_SKIPPED, SKIPPED_HERE, "%s",
                            reason[0] ? reason : "the subject cannot run here (it exited with status 77)");
    }
    /* No pool was made yet: it is the adapter's fault, or the command's. */
    if (!subject_greeting(drive->subject)->name && ending.state != SUBJECT_STOPPED && ending.state != SUBJECT_BROKEN)
        return drive_end_as(
            drive->run, ENDING_PROTOCOL, ending.code, "no greeting: %s%s", ending.detail,
            ending.state == SUBJECT_HUNG && !subject_stderr(drive->subject)[0] ? "; is its output flushed?" : "");
    if (ending.state == SUBJECT_CRASHED && comes_from_outside(ending.code))
        return drive_end_as(drive->run, ENDING_RIG, ending.code,
                            "%s: no program sends that to itself, so it came from outside; is the memory used up?",
                            ending.detail);
    if (ended_well)
        return drive_end_as(drive->run, ENDING_DONE, 0, "%s", "");
    if (strncmp(answer, "rung ", strlen("rung ")) == 0)
        answer = "rung"; /* its numbers are in the series */
    return drive_end_as(drive->run, ENDING_OF[ending.state], ending.code,
                        "%s; last operation sent: %s; last answer: %s", ending.detail, op[0] ? op : "none",
                        answer[0] ? answer : "none");
}

/* ---- lost memory by the world's own count ---- */

/* "churn-host: lost: 96 bytes in 3 blocks of tombstones". A block may be empty, and is lost all the same. */
static int64_t read_lost(const char *text)
{
    static const char word[] = "churn-host: lost: ";
    const char *line = strstr(text, word);
    int64_t bytes = line ? strtoll(line + strlen(word), NULL, 10) : 0;

    return line && bytes < 1 ? 1 : bytes;
}

static void note_lost(struct drive *drive)
{
    struct run *run = drive->run;

    if (run->ending != ENDING_EXITED || run->ending_code != ENDING_CODE_LOST || run->lost_bytes > 0)
        return;
    run->lost_bytes = read_lost(subject_stderr(drive->subject));
}

/* ---- logs ---- */

static enum err keep_stderr(struct drive *drive)
{
    const char *text = subject_stderr(drive->subject);
    char more[80];
    struct buffer log = {0};

    if (drive->violations_dropped > 0) {
        snprintf(more, sizeof(more), "churn: %" PRId64 " more violations were not kept\n", drive->violations_dropped);
        buffer_add_text(&log, more);
    }
    buffer_add_text(&log, text);
    enum err err = log.failed ? ERR_MEMORY : run_set_text(&drive->run->log, log.length > 0 ? log.data : NULL);
    buffer_free(&log);
    return err;
}

enum err drive_note_ending(struct drive *drive, struct problem *why)
{
    struct run *run = drive->run;
    struct problem local = {ERR_NONE, ""};
    enum err err = end_as_subject(drive);

    run->peak_rss_bytes = subject_peak_rss_bytes(drive->subject);
    if (err == ERR_NONE)
        err = keep_stderr(drive);
    if (err == ERR_NONE)
        err = drive->request->backend->read_logs(&drive->command, run, &local);
    if (err == ERR_SYSTEM) /* the tool failed: its silence is no proof */
        err = drive_end_as(run, ENDING_RIG, 0, "%s", local.text);
    note_lost(drive);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory at the end of a run");
}
