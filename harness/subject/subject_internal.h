/* subject_internal.h: what the files of this room share. */
#ifndef CHURN_SUBJECT_INTERNAL_H
#define CHURN_SUBJECT_INTERNAL_H

#include <jansson.h>

#include "harness/subject/subject.h"

#define TAIL_SIZE   ((size_t)16 * 1024)
#define INPUT_SIZE  ((size_t)256 * 1024) /* a whole line fits, with room to read on */
#define DETAIL_SIZE 1024

/* The child and our ends of its pipes; -1 when closed. */
struct subject_child {
    pid_t pid;
    int in, out, err;
};

/* The last bytes of an endless stream. */
struct subject_tail {
    char ring[TAIL_SIZE];
    size_t total;
    char text[4 * TAIL_SIZE + 1]; /* made printable */
};

struct subject {
    struct subject_child child;
    bool reaped;

    struct subject_greeting greeting;
    bool greeted;
    json_t *greeting_json; /* what greeting points into */
    const char **counters;

    subject_event_fn on_event;
    void *ctx;

    /* going out */
    struct buffer queue;
    size_t sent; /* of queue */
    char last_op[512];

    /* coming in */
    char *input; /* INPUT_SIZE bytes */
    size_t input_length;
    const char *line; /* the one being parsed */
    size_t line_length;
    char last_answer[128];
    int64_t answer_bytes; /* since the last rung's answer */
    int64_t answer_budget;
    struct subject_tail *tail;

    /* what is owed */
    int64_t rungs_asked, rungs_answered;
    int64_t shutdowns_asked, shutdowns_answered;
    bool last_asked_shutdown; /* of rung and shutdown, which was the last */
    bool finishing;

    /* limits */
    int64_t timeout_ns;
    int64_t deadline_ns;    /* INT64_MAX: none */
    int64_t looked_ns;      /* the last time the harness itself was there */
    int64_t exit_looked_ns; /* the last time it looked whether the child has exited */
    int64_t lost_ns;        /* when it was seen to have closed a pipe; 0: it has not */
    const atomic_bool *stop;

    enum subject_state state;
    int code;
    char detail[DETAIL_SIZE];
    int64_t peak_rss_bytes;
};

/* ---- spawn.c ---- */
enum err subject_spawn(const struct subject_launch *launch, struct subject_child *out, struct problem *why) MUST_CHECK;
void subject_close_fd(int *fd);

/* ---- exchange.c ---- */

/* Reads and writes what can be without waiting longer than `wait_ms`. */
enum err exchange_turn(struct subject *subject, int wait_ms, struct problem *why) MUST_CHECK;
/* Kills the whole group and reaps the child. */
void exchange_kill(struct subject *subject);

/* ---- protocol.c ---- */

/* Takes one line without its newline; it is NUL-terminated. May set the state to SUBJECT_BROKEN. */
enum err protocol_take_line(struct subject *subject, struct problem *why) MUST_CHECK;
/* The child is at fault: SUBJECT_BROKEN, with the present line quoted. */
void protocol_break(struct subject *subject, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- greeting.c ---- */
enum err greeting_take_line(struct subject *subject, struct problem *why) MUST_CHECK;

/* ---- tail.c ---- */
void tail_add(struct subject_tail *tail, const char *bytes, size_t length);
const char *tail_text(struct subject_tail *tail);

#endif
