#include "harness/plan/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one operation ---- */

static enum err parse(const char *line, struct plan_op *op, struct problem *why)
{
    /* A copy without a NUL behind it, so that a read beyond the end is seen by ASan and Valgrind. */
    size_t length = strlen(line);
    char *exact = malloc(length > 0 ? length : 1);
    cr_assert_not_null(exact);
    memcpy(exact, line, length);
    enum err err = plan_op_parse(exact, length, op, why);
    free(exact);
    return err;
}

/* Every verb, with every spelling that must survive. */
Test(plan_op, printing_a_parsed_line_gives_the_same_bytes)
{
    static const char *const lines[] = {
        "meta scenario zio-9306",
        "meta source zio/zio#9306 \xc3\xa4",
        "pool min=0 max=4 ttl=60s",
        "pool max=1",
        "pool ttl=1.50m min=00 max=1k items=tcp payload=1KiB identities=reused fd_limit=64",
        "get a k0",
        "get a k0 scope-1",
        "release a",
        "cancel a",
        "invalidate a",
        "invalidate-value v_1",
        "share a k1",
        "fail k0 3",
        "fail k0 007",
        "fail k0 1k",
        "slow k0 5s",
        "slow k0 0s",
        "slow k0 5000ms",
        "kill a",
        "advance 61s",
        "advance 60s",
        "advance 1.50s",
        "step-clock 1h",
        "step-clock -1.50h",
        "close-scope s",
        "rung",
        "shutdown",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct plan_op op;
        struct problem why = {0};
        struct buffer out = {0};
        cr_assert_eq(parse(lines[i], &op, &why), ERR_NONE, "%s: %s", lines[i], why.text);
        plan_op_print(&op, &out);
        cr_assert_eq(out.length, strlen(lines[i]) + 1);
        out.data[out.length - 1] = '\0';
        cr_assert_str_eq(out.data, lines[i]);
        buffer_free(&out);
    }
}

Test(plan_op, reads_what_is_there)
{
    struct plan_op op;
    cr_assert_eq(parse("get a.1 k_0 s", &op, NULL), ERR_NONE);
    cr_assert_eq(op.verb, PLAN_GET);
    cr_assert_str_eq(op.lease, "a.1");
    cr_assert_str_eq(op.key, "k_0");
    cr_assert_str_eq(op.scope, "s");
    cr_assert_eq(parse("fail k 2k", &op, NULL), ERR_NONE);
    cr_assert_eq(op.count, 2000);
    cr_assert_eq(parse("advance 1.5m", &op, NULL), ERR_NONE);
    cr_assert_eq(op.duration_ns, INT64_C(90000000000));
}

Test(plan_op, wrong_lines)
{
    static const struct {
        const char *line;
        const char *column;
        const char *says;
    } rows[] = {
        {"", "column 1:", "an operation"},
        {" get a k", "column 1:", "a space too many"},
        {"relase a", "column 1:", "did you mean release?"},
        {"GET a k", "column 1:", "\"GET\""},
        {"get", "column 4:", "lease"},
        {"get a", "column 6:", "key"},
        {"get  a k", "column 5:", "a space too many"},
        {"get a k ", "column 9:", "scope"},
        {"get a k s t", "column 10:", "end of the line"},
        {"get a\tb k", "column 5:", "\\x09"},
        {"release a ", "column 10:", "end of the line"},
        {"rung 1", "column 5:", "end of the line"},
        {"shutdown ", "column 9:", "end of the line"},
        {"fail k -1", "column 8:", "count"},
        {"fail k 1.5", "column 8:", "count"},
        {"slow k", "column 7:", "duration"},
        {"slow k 5", "column 8:", "duration"},
        {"advance inf", "column 9:", "finite"},
        {"advance 60 s", "column 9:", "duration"},
        {"advance -60s", "column 9:", "duration"},
        {"step-clock inf", "column 12:", "60s or -60s"},
        {"step-clock --1h", "column 12:", "60s or -60s"},
        {"step-clock -", "column 12:", "60s or -60s"},
        {"step-clock +1h", "column 12:", "60s or -60s"},
        {"advance 1s\r", "column 9:", "\\x0D"},
        {"meta", "column 5:", "meta NAME VALUE"},
        {"meta x", "column 6:", "meta NAME VALUE"},
        {"meta x y ", "column 9:", "one space"},
        {"meta x \x01", "column 6:", "UTF-8"},
        {"meta x \xff", "column 6:", "UTF-8"},
        {"pool", "column 5:", "pool NAME=VALUE"},
        {"pool max", "", "NAME=VALUE"},
        {"pool max=4  min=1", "", "one space"},
        {"pool max=4 max=4", "", "twice"},
        {"pool max=0", "", "at least 1"},
        {"pool min=5 max=4", "", "at most max"},
        {"pool mx=4", "", "did you mean max?"},
        {"pool items=udp", "", "bytes or tcp"},
        {"pool ttl=60", "", "duration"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct plan_op op;
        struct problem why = {0};
        cr_assert_eq(parse(rows[i].line, &op, &why), ERR_INPUT, "\"%s\" was accepted", rows[i].line);
        cr_assert(strncmp(why.text, rows[i].column, strlen(rows[i].column)) == 0, "\"%s\": %s", rows[i].line, why.text);
        cr_assert_not_null(strstr(why.text, rows[i].says), "\"%s\": %s", rows[i].line, why.text);
    }
}

Test(plan_op, a_name_has_64_bytes_at_most)
{
    char line[128] = "release ";
    struct plan_op op;
    memset(line + 8, 'n', 64);
    cr_assert_eq(parse(line, &op, NULL), ERR_NONE);
    cr_assert_eq(strlen(op.lease), 64);
    line[72] = 'n';
    cr_assert_eq(parse(line, &op, NULL), ERR_INPUT);
}

/* ---- properties over random operations ---- */

static void random_name(struct rng *rng, char out[NAME_MAX_LEN + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = 1 + rng_below(rng, rng_below(rng, 8) == 0 ? NAME_MAX_LEN : 4);
    for (size_t i = 0; i < length; i++)
        out[i] = letters[rng_below(rng, sizeof(letters) - 1)];
    out[length] = '\0';
}

static void random_shape(struct rng *rng, struct plan_shape *out)
{
    plan_shape_init(out);
    out->max = 1 + (int64_t)rng_below(rng, 1000);
    out->min = (int64_t)rng_below(rng, (uint64_t)out->max + 1);
    out->ttl_ns = rng_below(rng, 3) == 0 ? INT64_MAX : (int64_t)(rng_next(rng) >> (1 + rng_below(rng, 60)));
    out->items = (enum plan_items)rng_below(rng, PLAN_ITEMS_COUNT);
    out->payload_bytes = (int64_t)rng_below(rng, 3) * 1000;
    out->reuse_identities = rng_below(rng, 2) == 1;
    out->fd_limit = (int64_t)rng_below(rng, 2) * 64;
}

/* An operation as a program makes it: numbers without a spelling. */
static struct plan_op random_op(struct rng *rng)
{
    struct plan_op op = {.verb = (enum plan_verb)rng_below(rng, PLAN_VERB_COUNT)};
    struct plan_shape shape;
    switch (op.verb) {
    case PLAN_META:
        (void)snprintf(op.text, sizeof(op.text), "name %llu#x", (unsigned long long)rng_next(rng));
        break;
    case PLAN_POOL:
        random_shape(rng, &shape);
        plan_shape_print(&shape, op.text, sizeof(op.text));
        break;
    case PLAN_GET:
        random_name(rng, op.lease);
        random_name(rng, op.key);
        if (rng_below(rng, 2) == 0)
            random_name(rng, op.scope);
        break;
    case PLAN_SHARE:
        random_name(rng, op.lease);
        random_name(rng, op.key);
        break;
    case PLAN_FAIL:
    case PLAN_FAIL_CLOSE:
        random_name(rng, op.key);
        op.count = (int64_t)rng_below(rng, 1000000);
        break;
    case PLAN_THREAD:
        op.count = (int64_t)rng_below(rng, PLAN_THREADS_MAX + 1);
        break;
    case PLAN_SLOW:
        random_name(rng, op.key);
        op.duration_ns = (int64_t)(rng_next(rng) >> 2);
        break;
    case PLAN_ADVANCE:
        op.duration_ns = (int64_t)(rng_next(rng) >> (2 + rng_below(rng, 40)));
        break;
    case PLAN_STEP_CLOCK:
        op.duration_ns = (int64_t)(rng_next(rng) >> (2 + rng_below(rng, 40))) * (rng_below(rng, 2) == 0 ? 1 : -1);
        break;
    case PLAN_CLOSE_SCOPE:
        random_name(rng, op.scope);
        break;
    case PLAN_RUNG:
    case PLAN_SHUTDOWN:
        break;
    default:
        random_name(rng, op.lease);
        break;
    }
    return op;
}

static bool same_op(const struct plan_op *a, const struct plan_op *b)
{
    bool text = a->verb != PLAN_META && a->verb != PLAN_POOL; /* a number's spelling does not count */
    return a->verb == b->verb && strcmp(a->lease, b->lease) == 0 && strcmp(a->key, b->key) == 0 &&
           strcmp(a->scope, b->scope) == 0 && a->count == b->count && a->duration_ns == b->duration_ns &&
           (text || strcmp(a->text, b->text) == 0);
}

Test(plan_op, any_operation_survives_print_and_parse)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 0; i < 20000; i++) {
        struct plan_op op = random_op(&rng), back;
        struct problem why = {0};
        struct buffer first = {0}, second = {0};
        plan_op_print(&op, &first);
        cr_assert_eq(plan_op_parse(first.data, first.length - 1, &back, &why), ERR_NONE, "%s%s", first.data, why.text);
        cr_assert(same_op(&op, &back), "%s", first.data);
        plan_op_print(&back, &second);
        cr_assert_str_eq(first.data, second.data);
        buffer_free(&first);
        buffer_free(&second);
    }
}

/* Noise and damaged lines: refused or read, never a crash; what is read prints as it was. */
Test(plan_op, any_bytes_are_read_or_refused)
{
    struct rng rng;
    rng_init(&rng, 8);
    for (int i = 0; i < 20000; i++) {
        struct plan_op op = random_op(&rng);
        struct buffer line = {0}, out = {0};
        plan_op_print(&op, &line);
        size_t length = line.length - 1;
        for (uint64_t damage = rng_below(&rng, 4); damage > 0 && length > 0; damage--)
            line.data[rng_below(&rng, length)] = (char)rng_below(&rng, 256);
        length = rng_below(&rng, 3) == 0 ? rng_below(&rng, length + 1) : length;
        if (plan_op_parse(line.data, length, &op, NULL) == ERR_NONE) {
            plan_op_print(&op, &out);
            cr_assert_eq(out.length, length + 1);
            cr_assert_eq(memcmp(out.data, line.data, length), 0);
        }
        buffer_free(&line);
        buffer_free(&out);
    }
}

/* ---- the shape ---- */

Test(plan_shape, defaults_and_values)
{
    struct plan_shape shape;
    cr_assert_eq(plan_shape_parse("max=4", &shape, NULL), ERR_NONE);
    cr_assert(shape.min == 0 && shape.max == 4 && shape.ttl_ns == INT64_MAX && shape.items == PLAN_ITEMS_BYTES);
    cr_assert(shape.payload_bytes == 0 && !shape.reuse_identities && shape.fd_limit == 0);
    cr_assert_eq(
        plan_shape_parse("items=tcp payload=1KiB identities=reused fd_limit=64 min=1 max=2 ttl=1m", &shape, NULL),
        ERR_NONE);
    cr_assert(shape.min == 1 && shape.max == 2 && shape.ttl_ns == INT64_C(60000000000));
    cr_assert(shape.items == PLAN_ITEMS_TCP && shape.payload_bytes == 1024 && shape.reuse_identities);
    cr_assert_eq(shape.fd_limit, 64);
}

Test(plan_shape, prints_min_max_ttl_always)
{
    struct plan_shape shape;
    char out[256];
    plan_shape_init(&shape);
    plan_shape_print(&shape, out, sizeof(out));
    cr_assert_str_eq(out, "min=0 max=1 ttl=inf");
    shape.payload_bytes = 256;
    shape.items = PLAN_ITEMS_TCP;
    shape.ttl_ns = INT64_C(60000000000);
    plan_shape_print(&shape, out, sizeof(out));
    cr_assert_str_eq(out, "min=0 max=1 ttl=1m items=tcp payload=256B");
}

Test(plan_shape, survives_print_and_parse)
{
    struct rng rng;
    rng_init(&rng, 9);
    for (int i = 0; i < 5000; i++) {
        struct plan_shape shape, back;
        char out[256];
        struct problem why = {0};
        random_shape(&rng, &shape);
        plan_shape_print(&shape, out, sizeof(out));
        cr_assert_eq(plan_shape_parse(out, &back, &why), ERR_NONE, "%s: %s", out, why.text);
        cr_assert(shape.min == back.min && shape.max == back.max && shape.ttl_ns == back.ttl_ns, "%s", out);
        cr_assert(shape.items == back.items && shape.payload_bytes == back.payload_bytes, "%s", out);
        cr_assert(shape.reuse_identities == back.reuse_identities && shape.fd_limit == back.fd_limit, "%s", out);
    }
}

/* ---- files ---- */

static struct plan_source *open_text(const char *text, size_t length, struct problem *why)
{
    char path[] = "/tmp/churn-plan-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, length), (ssize_t)length);
    cr_assert_eq(close(fd), 0);
    struct plan_source *source = NULL;
    enum err err = plan_file_open(path, &source, why);
    cr_assert((err == ERR_NONE) == (source != NULL));
    cr_assert_eq(unlink(path), 0);
    return source;
}

/* Reads to the end; returns the error and prints what came into `out`. */
static enum err read_all(struct plan_source *source, struct buffer *out, struct problem *why)
{
    for (;;) {
        struct plan_op op;
        bool done = false;
        enum err err = source->next(source, &op, &done, why);
        if (err != ERR_NONE || done)
            return err;
        plan_op_print(&op, out);
    }
}

Test(plan_file, comments_and_empty_lines_are_skipped)
{
    static const char text[] = "churn-plan 1 # the header\n"
                               "# a comment\n"
                               "\n"
                               "meta source zio/zio#9306\n"
                               "pool max=4   # shape\n"
                               "   # indented\n"
                               "get a k0\n"
                               "release a # back\n"
                               "rung";
    struct problem why = {0};
    struct buffer out = {0};
    struct plan_source *source = open_text(text, strlen(text), &why);
    cr_assert_not_null(source, "%s", why.text);
    cr_assert_eq(read_all(source, &out, &why), ERR_NONE, "%s", why.text);
    cr_assert_str_eq(out.data, "meta source zio/zio#9306\npool max=4\nget a k0\nrelease a\nrung\n");
    source->free(source);
    buffer_free(&out);
}

Test(plan_file, problems_name_file_and_line)
{
    static const struct {
        const char *text;
        size_t length; /* 0: strlen */
        const char *says;
    } rows[] = {
        {"", 0, ":1: expected the first line \"churn-plan 1\", found an empty file"},
        {"churn-plan 2\n", 0, ":1: expected the first line \"churn-plan 1\", found \"churn-plan 2\""},
        {"pool max=4\n", 0, ":1: expected the first line"},
        {"churn-plan 1\nget a k\n", 0, ":2: expected the pool line before the first operation, found get"},
        {"churn-plan 1\npool max=4\n\npool max=4\n", 0, ":4: expected one pool line"},
        {"churn-plan 1\npool max=4\nget a\n", 0, ":3: column 6: expected a key's name"},
        {"churn-plan 1\npool max=4\nget a k\nrelease b\n", 0, ":4: expected a lease that an earlier get named"},
        {"churn-plan 1\npool max=4\r\n", 0, ":2: "},
        {"churn-plan 1\npool max=4\nrung\0\n", 29, ":3: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct problem why = {0};
        struct buffer out = {0};
        size_t length = rows[i].length > 0 ? rows[i].length : strlen(rows[i].text);
        struct plan_source *source = open_text(rows[i].text, length, &why);
        if (source != NULL) {
            cr_assert_eq(read_all(source, &out, &why), ERR_INPUT, "row %zu", i);
            source->free(source);
        }
        cr_assert_not_null(strstr(why.text, rows[i].says), "row %zu: %s", i, why.text);
        cr_assert_not_null(strstr(why.text, "/tmp/churn-plan-"), "row %zu: %s", i, why.text);
        buffer_free(&out);
    }
}

Test(plan_file, an_endless_line_is_refused)
{
    struct plan_source *source = NULL;
    struct problem why = {0};
    cr_assert_eq(plan_file_open("/dev/zero", &source, &why), ERR_INPUT);
    cr_assert_not_null(strstr(why.text, "/dev/zero:1: expected a line of at most"), "%s", why.text);
    cr_assert_eq(plan_file_open("/nonexistent/plan", &source, &why), ERR_INPUT);
    cr_assert_eq(plan_file_open("/tmp", &source, &why), ERR_INPUT, "a folder");
    cr_assert_null(source);
}

Test(plan_file, the_header_is_what_open_expects)
{
    struct buffer text = {0};
    struct problem why = {0};
    plan_print_header(&text);
    struct plan_source *source = open_text(text.data, text.length, &why);
    cr_assert_not_null(source, "%s", why.text);
    source->free(source);
    buffer_free(&text);
}

/* ---- counts ---- */

Test(plan_counts, ops_are_what_a_pool_is_asked)
{
    struct plan_counts counts = {0};
    for (int verb = 0; verb < PLAN_VERB_COUNT; verb++) {
        struct plan_op op = {.verb = (enum plan_verb)verb};
        plan_counts_add(&counts, &op);
        cr_assert_eq(counts.by_verb[verb], 1);
    }
    cr_assert_eq(counts.ops, PLAN_VERB_COUNT - 5, "all but meta, pool, rung, shutdown and thread");
    cr_assert_eq(counts.cycles, 0);
}
