/*
 * subject: the harness's side of a pool under test, whatever it is.
 *
 * Every subject is a child process that reads plan lines and answers by the subject protocol, version 1
 * (docs/formats.md): a built-in pool or a shared object inside the host program (harness/host), or a foreign program.
 * The harness reads and writes at the same time and never waits for one to finish the other; lines and memory are
 * bounded, whatever the child floods, withholds or half-writes. The child has its own process group, which is killed as
 * a whole. One thread uses one subject.
 */
#ifndef CHURN_SUBJECT_H
#define CHURN_SUBJECT_H

#include <stdatomic.h>
#include <sys/types.h>

#include "harness/plan/plan.h"

#define SUBJECT_PROTOCOL   1
#define SUBJECT_LINE_MAX   (64 * 1024)
#define SUBJECT_FLOOD_MAX  (64 * 1024 * 1024) /* between two rungs, beside SUBJECT_ANSWER_MAX for each operation sent */
#define SUBJECT_ANSWER_MAX 512

/* How to start the child. All BORROWED for subject_open. */
struct subject_launch {
    char *const *argv;       /* argv[0] is looked up in PATH */
    char *const *extra_env;  /* "NAME=VALUE", added to the environment; NULL-terminated; may be NULL */
    int64_t timeout_ns;      /* for the whole life of the subject, real time; 0: none */
    const atomic_bool *stop; /* set by the user's Ctrl-C, on any thread; may be NULL. BORROWED until subject_close */
};

enum subject_clock { SUBJECT_CLOCK_REAL, SUBJECT_CLOCK_VIRTUAL, SUBJECT_CLOCK_FAKED };

/* What the child said of itself. BORROWED until subject_close. */
struct subject_greeting {
    const char *name;
    const char *version;
    uint32_t ops;                /* bit 1 << plan_verb */
    const char *const *counters; /* NULL-terminated */
    enum subject_clock clock;
    bool says_cancelled; /* "cancelled":true: every get that was given up is answered `cancelled L` */
    bool says_examples;  /* "examples":true: knows `meta examples next-rung` */
};

enum subject_event_kind {
    SUBJECT_LEASED,       /* lease, item */
    SUBJECT_FAILED,       /* lease, text */
    SUBJECT_LEASE_CLOSED, /* lease */
    SUBJECT_CANCELLED,    /* lease: a pending get was given up (extension, see says_cancelled) */
    SUBJECT_CREATED,      /* item, key */
    SUBJECT_DESTROYED,    /* item */
    SUBJECT_SAMPLE,       /* one counter of a rung's answer: text = name, value */
    SUBJECT_RUNG,         /* the rung's answer is complete */
    SUBJECT_DONE_SHUTDOWN,
    SUBJECT_UNSUPPORTED, /* text */
    SUBJECT_MISUSE,      /* `misuse ITEM WORDS`: the world saw something no pool may do: item, text */
    SUBJECT_EXAMPLE, /* `example COUNTER WORDS`: what the next rung's answer counts, for instance: key = counter, text */
    SUBJECT_EVENT_COUNT
};

/* One answer. Text members are BORROWED for the call. */
struct subject_event {
    enum subject_event_kind kind;
    const char *lease;
    const char *key;
    const char *text;
    uint64_t item;
    int64_t value;
};

/* Called for every answer, in order. ERR_INPUT says that this answer breaks the protocol (it was not asked for): the
 * subject becomes SUBJECT_BROKEN, with why's text and the line quoted. Any other error ends the exchange and is returned
 * to the caller. */
typedef enum err (*subject_event_fn)(void *ctx, const struct subject_event *event, struct problem *why);

/* What became of an exchange. */
enum subject_state {
    SUBJECT_ALIVE,
    SUBJECT_CRASHED, /* signal in subject_ending().code */
    SUBJECT_EXITED,  /* status in .code */
    SUBJECT_HUNG,    /* the time limit passed; the group was killed */
    SUBJECT_BROKEN,  /* broke the protocol or said `error`; .detail quotes the line, made printable */
    SUBJECT_STOPPED, /* *stop became true */
    SUBJECT_STATE_COUNT
};

struct subject_ending {
    enum subject_state state;
    int code;
    const char *detail; /* BORROWED until subject_close */
};

struct subject;

/* Starts the child and reads its greeting. ERR_SYSTEM: it could not be started. A child that starts and then crashes,
 * hangs or talks nonsense gives ERR_NONE and an ending. *out is OWNED: subject_close. */
enum err subject_open(const struct subject_launch *launch, subject_event_fn on_event, void *ctx, struct subject **out,
                      struct problem *why) MUST_CHECK;

const struct subject_greeting *subject_greeting(const struct subject *subject);
pid_t subject_pid(const struct subject *subject);

/* Queues one operation; sends and reads without waiting once the queue is large, and waits while more than 1 MiB is
 * unsent. When the subject is no longer SUBJECT_ALIVE nothing is sent. ERR_* only for what the event function returned,
 * or no memory. */
enum err subject_send(struct subject *subject, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* Sends everything and reads until the answer to the last rung or shutdown has come (SUBJECT_RUNG,
 * SUBJECT_DONE_SHUTDOWN), or the subject ended. */
enum err subject_wait(struct subject *subject, struct problem *why) MUST_CHECK;

/* Closes its stdin and waits until it has exited (the time limit still holds); kills what is left of its group. The
 * ending is then SUBJECT_EXITED with its status (0 is the good one), or what went wrong on the way. */
enum err subject_finish(struct subject *subject, struct problem *why) MUST_CHECK;

struct subject_ending subject_ending(const struct subject *subject);
/* The last 16 KiB of its stderr, made printable. BORROWED until subject_close. */
const char *subject_stderr(const struct subject *subject);
/* The last operation that was sent, as a plan line. */
const char *subject_last_op(const struct subject *subject);
/* The last answer that came, printable. */
const char *subject_last_answer(const struct subject *subject);
int64_t subject_peak_rss_bytes(const struct subject *subject); /* the high-water mark; at rungs and at the end */

/* Kills whatever is still alive and frees. Accepts NULL. */
void subject_close(struct subject *subject);

#endif
