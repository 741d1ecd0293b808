/* Threads of a plan: what each waits for, what the world sees, and orders that a seed repeats. */
#include "harness/host/host.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct pool_choice owner_choice = {.spec = "owner", .settings = ""};

static struct host *host_start(void)
{
    struct host *host = calloc(1, sizeof *host);

    cr_assert_not_null(host);
    owner_choice.ops = pool_registry_find("owner");
    cr_assert_not_null(owner_choice.ops);
    host->choice = &owner_choice;
    host->answer.fd = memfd_create("answers", MFD_CLOEXEC);
    cr_assert_geq(host->answer.fd, 0);
    return host;
}

static void host_stop(struct host *host)
{
    char lost[200] = "";

    cr_expect_eq(host_end(host, lost, sizeof lost), 0, "%s", lost);
    (void)close(host->answer.fd);
    free(host);
}

static enum err tell_line(struct host *host, const char *line, struct problem *why)
{
    struct plan_op op;
    enum err err = plan_op_parse(line, strlen(line), &op, why);

    return err == ERR_NONE ? host_do(host, &op, why) : err;
}

/* Lines separated by ';'. */
static void tell(struct host *host, const char *lines)
{
    char *text = strdup(lines), *rest = NULL;
    struct problem why = {0};

    for (char *line = strtok_r(text, ";", &rest); line != NULL; line = strtok_r(NULL, ";", &rest))
        cr_assert_eq(tell_line(host, line, &why), ERR_NONE, "%s: %s", line, why.text);
    free(text);
}

static void read_answers(struct host *host, char *out, size_t size)
{
    answer_flush(&host->answer);
    ssize_t length = pread(host->answer.fd, out, size - 1, 0);
    cr_assert_geq(length, 0);
    out[length] = '\0';
}

static void expect_counts(struct host *host, const char *counts)
{
    static char text[64 * 1024];

    read_answers(host, text, sizeof text);
    cr_expect_not_null(strstr(text, counts), "expected %s in %s", counts, text);
    cr_expect_null(strstr(text, "misuse"), "%s", text);
    cr_expect_null(strstr(text, "leased "), "%s", text);
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

Test(host_threads, a_get_waits_at_its_first_use, .timeout = 20)
{
    struct host *host = host_start();

    /* 2 uses its lease long before 1 gives the only item back */
    tell(host, "pool min=0 max=1;thread 1;get a k;thread 2;get b k;release b;thread 1;get c q;release c;release "
               "a;thread 0;rung");
    expect_counts(host, "\"leases_out\":0,\"gets_waiting\":0,\"gets_leased\":3,\"gets_failed\":0,\"gets_closed\":0");
    host_stop(host);
}

Test(host_threads, the_main_threads_leases_are_known_to_all, .timeout = 20)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;thread 0;get a k;get b k;thread 1;invalidate a;release a;release b;thread 0;rung");
    expect_counts(host, "\"leases_out\":0,\"gets_waiting\":0,\"gets_leased\":2");
    host_stop(host);
}

Test(host_threads, a_cancel_does_not_wait_and_leaves_nothing_behind, .timeout = 20)
{
    struct host *host = host_start();

    /* what 2 asks for is served only if 1 comes first; either way nothing stays out */
    tell(host, "pool min=0 max=1;thread 1;thread 2;get w k;thread 1;get a k;thread 2;get b k;cancel b;release w;"
               "thread 1;release a;thread 0;rung");
    expect_counts(host, "\"leases_out\":0,\"gets_waiting\":0");
    host_stop(host);
}

Test(host_threads, a_scope_belongs_to_its_thread, .timeout = 20)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=4;thread 1;get a k s;thread 2;get b k s;close-scope s;thread 0;rung");
    expect_counts(host, "\"leases_out\":1,\"gets_waiting\":0,"); /* b was given back, or given up */
    host_stop(host);
}

/* At the end nobody waits any more, whatever the plan left undone. */
Test(host_threads, the_end_is_not_waited_for, .timeout = 20)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;thread 1;get a k;thread 2;get b k;release b");
    host_stop(host);
}

Test(host_threads, a_mistake_of_a_thread_is_told_at_the_next_barrier, .timeout = 20)
{
    struct host *host = host_start();
    struct problem why = {0};

    tell(host, "pool min=0 max=1;thread 3;release z");
    cr_expect_eq(tell_line(host, "rung", &why), ERR_INPUT);
    cr_expect_not_null(strstr(why.text, "thread 3: unknown lease \"z\""), "%s", why.text);
    host_stop(host);
}

/* ---- schedules --------------------------------------------------------------------------------------------------- */

static void run_scheduled(const char *seed, char *out, size_t size)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=2");
    tell(host, seed);
    for (int cycle = 0; cycle < 40; cycle++) {
        char lines[200];
        (void)snprintf(lines, sizeof lines, "thread %d;get a k;get b k;cancel b;invalidate a;release a", 1 + cycle % 4);
        tell(host, lines);
    }
    tell(host, "thread 0;rung");
    read_answers(host, out, size);
    char *own = strstr(out, "\"own_bytes\""); /* the table of items grows with the luck of addresses */
    cr_assert_not_null(own);
    memset(own, ' ', strcspn(own, "k") + strcspn(own + strcspn(own, "k"), ",")); /* own_bytes, own_blocks */
    host_stop(host);
}

Test(host_schedule, the_same_seed_gives_the_same_order, .timeout = 60)
{
    static char first[16 * 1024], second[16 * 1024];
    int differ = 0;

    run_scheduled("meta schedule pct:3:1", first, sizeof first);
    run_scheduled("meta schedule pct:3:1", second, sizeof second);
    cr_expect_str_eq(first, second);
    for (int seed = 2; seed < 12; seed++) {
        char line[64];
        (void)snprintf(line, sizeof line, "meta schedule pct:3:%d", seed);
        run_scheduled(line, second, sizeof second);
        differ += strcmp(first, second) != 0;
    }
    cr_expect_gt(differ, 0, "ten other seeds gave that order too");
}

Test(host_schedule, a_wrong_one_is_refused)
{
    static const char *const wrong[] = {"pct", "pct:3", "pct:0:1", "pct:65:1", "pct:3:x", "pct:3:1x", "random:1:1"};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct host *host = host_start();
        struct problem why = {0};
        char line[80];
        tell(host, "pool min=0 max=1");
        (void)snprintf(line, sizeof line, "meta schedule %s", wrong[i]);
        cr_expect_eq(tell_line(host, line, &why), ERR_INPUT, "%s", line);
        host_stop(host);
    }
}
