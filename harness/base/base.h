/*
 * base: what every other room of the harness stands on.
 *
 * Problems (one message a person can act on), strict quantities, a seeded random generator and a growable
 * byte buffer. Nothing here knows what a pool is. All functions are thread-safe as long as two threads do not
 * use the same object at once; there is no hidden state.
 */
#ifndef CHURN_BASE_H
#define CHURN_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))

/* Exit codes of every command; a promise, see docs/formats.md. */
enum exit_code {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,
    EXIT_USAGE = 2,
    EXIT_BROKEN = 3,
    EXIT_SKIPPED = 77,
    EXIT_INTERRUPTED = 130,
};

/* ---- problems ---------------------------------------------------------------------------------------- */

/* What kind of thing went wrong, and so which exit code the program ends with. */
enum err {
    ERR_NONE = 0,
    ERR_INPUT,   /* a scenario, plan, option or file the user gave is wrong: exit 2 */
    ERR_SYSTEM,  /* the machine or the rig: exit 3 */
    ERR_MEMORY,  /* out of memory: exit 3 */
    ERR_STOPPED, /* the user pressed Ctrl-C: exit 130 */
    ERR_COUNT
};

/* One message: where (file:line when there is one), what was expected, what was found, what to do. */
struct problem {
    enum err kind;
    char text[800];
};

/* Writes the message (cut at the end of the buffer, never overrun) and returns `kind`, so that callers can
 * write `return problem_set(why, ERR_INPUT, "...")`. `why` may be NULL: then only the kind is returned. */
enum err problem_set(struct problem *why, enum err kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "PREFIX: " before the text that is there already; used to add file and line on the way up. */
void problem_prefix(struct problem *why, const char *format, ...) PRINTF_LIKE(2, 3);

/* The exit code that goes with a kind. */
enum exit_code problem_exit_code(enum err kind);

/* ---- quantities: strict, with a unit, no guessing ----------------------------------------------------- */

/* "60s", "5ms", "250us", "10ns", "2m", "12h", "30d", "inf" -> nanoseconds (inf = INT64_MAX). The number is a decimal
 * integer or a decimal fraction that gives a whole number of nanoseconds; never negative. Anything else, and
 * overflow, is ERR_INPUT with the column, what was expected and what was found. */
enum err quantity_parse_duration(const char *text, int64_t *ns, struct problem *why) MUST_CHECK;

/* The same, forward or, with a "-" in front, back: "-1h" -> -3600000000000. No "inf". */
enum err quantity_parse_signed_duration(const char *text, int64_t *ns, struct problem *why) MUST_CHECK;

/* "0", "512B", "64KiB", "1.5MiB", "2GiB", "10kB", "1MB" -> bytes. */
enum err quantity_parse_bytes(const char *text, int64_t *bytes, struct problem *why) MUST_CHECK;

/* "0", "250", "100k", "2M", "1G" (powers of ten) -> a count. */
enum err quantity_parse_count(const char *text, int64_t *count, struct problem *why) MUST_CHECK;

/* The shortest text that parses back to the same value: 60000000000 -> "1m", -3600000000000 -> "-1h". `out` has `size` bytes, 32
 * suffice. Below 0 not the smallest int64_t. */
void quantity_print_duration(int64_t ns, char *out, size_t size);

/* For people: 3 significant digits and a binary unit, "1.21 MiB". */
void quantity_print_bytes(int64_t bytes, char *out, size_t size);

/* A name in a plan: [A-Za-z0-9_.-]{1,64}. */
#define NAME_MAX_LEN 64
bool name_is_valid(const char *text, size_t length);

/* ---- time ----------------------------------------------------------------------------------------------- */

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS  INT64_C(1000000)

/* CLOCK_MONOTONIC in nanoseconds: for limits and durations, of no meaning to another process. */
int64_t clock_now_ns(void);

/* ---- random numbers: same seed, same sequence, on every machine ---------------------------------------- */

struct rng {
    uint64_t state;
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);                  /* splitmix64 */
uint64_t rng_below(struct rng *rng, uint64_t bound); /* 0 .. bound-1 without bias; bound 0 gives 0 */

/* ---- buffer: bytes that grow --------------------------------------------------------------------------- */

/* Zero-initialised is empty. `data` is always NUL-terminated once something was added. OWNED by the caller:
 * buffer_free. */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed; /* an addition ran out of memory; all later additions are ignored: check once at the end */
};

void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_addf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_drop_front(struct buffer *buffer, size_t length); /* what was consumed */
void buffer_clear(struct buffer *buffer);                     /* keeps the memory */
void buffer_free(struct buffer *buffer);

/* Copies `text` with every byte that is not printable ASCII or valid UTF-8 written as \xNN, cut to `size`;
 * for quoting what a foreign program said. Returns `out`. */
char *text_make_printable(const char *text, size_t length, char *out, size_t size);

/* The length in bytes of the UTF-8 sequence that `text` begins with; 0: not valid UTF-8 (or nothing there). */
size_t text_utf8_sequence(const char *text, size_t length);

/* Valid UTF-8 without control characters. */
bool text_is_printable(const char *text, size_t length);

/* The candidate that `word` is most likely a misspelling of, for "did you mean"; NULL: none is near. */
const char *text_closest(const char *word, const char *const *candidates, size_t count);

/* ---- registry: things that register themselves before main, sorted by name ------------------------------- */

/* Zero-initialised is empty. Filled by constructors, whose order is that of linking; read-only once main has begun. */
struct registry {
    struct {
        const char *name;
        const void *thing;
    } entries[32];
    size_t count;
};

/* `name` and `thing` are BORROWED for ever. Aborts when the table is full. */
void registry_add(struct registry *registry, const char *name, const void *thing);
const void *registry_at(const struct registry *registry, size_t index);       /* NULL past the end */
const void *registry_find(const struct registry *registry, const char *name); /* NULL: there is none */

/* ---- files --------------------------------------------------------------------------------------------- */

/* Writes the file whole or not at all: a temporary file beside it, fsync, rename. ERR_SYSTEM names the path. */
enum err file_write_whole(const char *path, const void *bytes, size_t length, struct problem *why) MUST_CHECK;

/* Reads a whole file into `out` (OWNED by the caller, NUL-terminated); at most `limit` bytes, else ERR_INPUT. */
enum err file_read_whole(const char *path, size_t limit, struct buffer *out, struct problem *why) MUST_CHECK;

/* mkdir -p. */
enum err folder_make(const char *path, struct problem *why) MUST_CHECK;

#endif
