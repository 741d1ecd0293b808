/* The host in this process, holding a pool that does what its key says, well or wrongly. */
#include "harness/host/host.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- a pool that misbehaves on request --------------------------------------------------------------------------- */

struct keyed_pool {
    const struct pool_env *env;
    struct pool_lease *waiting;
    int out;
    bool down, refuses_cancel, refuses_release, releases_anything;
};

static enum pool_result odd_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                 char *message, size_t size)
{
    if (config->min > 0) {
        (void)snprintf(message, size, "min (it makes items when they are asked for)");
        return POOL_UNSUPPORTED;
    }
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return POOL_NO_MEMORY;
    (*out)->env = env;
    return POOL_OK;
}

static void odd_free(struct keyed_pool *pool)
{
    free(pool);
}

static enum pool_result odd_serve(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    enum pool_result result = pool->env->create(pool->env->ctx, key, NULL, &lease->item);

    if (result == POOL_OK) {
        lease->record = pool;
        pool->out++;
    }
    return result;
}

static enum pool_result odd_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->down)
        return POOL_CLOSED;
    if (strcmp(key, "wait") == 0) {
        pool->waiting = lease;
        return POOL_PENDING;
    }
    if (strcmp(key, "nonsense") == 0)
        return POOL_BAD_SETTING;
    enum pool_result result = odd_serve(pool, key, lease);
    if (strcmp(key, "gone") == 0)
        (void)pool->env->destroy(pool->env->ctx, lease->item);
    if (strcmp(key, "early") == 0 || strcmp(key, "both") == 0)
        pool->env->lease_done(pool->env->ctx, lease, result);
    if (strcmp(key, "both") == 0)
        pool->env->lease_done(pool->env->ctx, lease, result);
    return strcmp(key, "early") == 0 ? POOL_PENDING : result;
}

static enum pool_result odd_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (pool->releases_anything)
        return POOL_OK;
    if (lease->record == NULL || pool->refuses_release)
        return POOL_VOID;
    (void)pool->env->destroy(pool->env->ctx, lease->item);
    lease->item = NULL;
    lease->record = NULL;
    pool->out--;
    struct pool_lease *next = pool->waiting;
    pool->waiting = NULL;
    if (next != NULL)
        pool->env->lease_done(pool->env->ctx, next, odd_serve(pool, "wait", next));
    if (pool->down && pool->out == 0)
        pool->env->shutdown_done(pool->env->ctx);
    return POOL_OK;
}

static enum pool_result odd_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (pool->refuses_cancel || pool->waiting != lease)
        return POOL_VOID;
    pool->waiting = NULL;
    return POOL_OK;
}

static enum pool_result odd_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    pool->env->item_ref(pool->env->ctx, item); /* something that a test can see */
    pool->env->item_unref(pool->env->ctx, item);
    return POOL_OK;
}

static enum pool_result odd_shutdown(struct keyed_pool *pool)
{
    if (pool->down)
        return POOL_VOID;
    pool->down = true;
    return pool->out > 0 ? POOL_PENDING : POOL_OK;
}

static void odd_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    out->value[POOL_STAT_LEASED] = pool->out;
}

static const struct keyed_pool_ops odd_ops = {
    .abi = KEYED_POOL_ABI,
    .name = "odd",
    .about = "for tests",
    .make = odd_make,
    .free = odd_free,
    .get = odd_get,
    .release = odd_release,
    .cancel = odd_cancel,
    .invalidate = odd_invalidate,
    .shutdown = odd_shutdown,
    .stats = odd_stats,
};

/* ---- a host that is told lines and asked what it answered -------------------------------------------------------- */

static struct pool_choice odd_choice = {.spec = "odd", .ops = &odd_ops, .settings = ""};

static struct host *host_start(void)
{
    struct host *host = calloc(1, sizeof *host);

    cr_assert_not_null(host);
    host->choice = &odd_choice;
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
    char text[1024];
    char *rest = NULL;
    struct problem why = {0};

    (void)snprintf(text, sizeof text, "%s", lines);
    for (char *line = strtok_r(text, ";", &rest); line != NULL; line = strtok_r(NULL, ";", &rest))
        cr_assert_eq(tell_line(host, line, &why), ERR_NONE, "%s: %s", line, why.text);
}

/* What was answered since the last call, lines separated by ';'. */
static void take_answers(struct host *host, char text[4096])
{
    int fd = host->answer.fd;

    answer_flush(&host->answer);
    off_t end = lseek(fd, 0, SEEK_CUR);
    ssize_t length = pread(fd, text, 4095, 0);
    cr_assert_eq(length, end);
    text[length] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\n')
            *at = at[1] == '\0' ? '\0' : ';';
    cr_assert_eq(ftruncate(fd, 0), 0);
    (void)lseek(fd, 0, SEEK_SET);
}

static void expect_answers(struct host *host, const char *expected)
{
    char text[4096];

    take_answers(host, text);
    cr_expect_str_eq(text, expected);
}

static void expect_refused(struct host *host, const char *line, const char *reason)
{
    struct problem why = {0};

    cr_expect_eq(tell_line(host, line, &why), ERR_INPUT, "%s", line);
    cr_expect_not_null(strstr(why.text, reason), "%s: %s", line, why.text);
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

Test(host_leases, answers_come_in_the_order_in_which_things_happened)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0;get b wait;release a;fail k0 1;get c k0;release b");
    expect_answers(host, "created 1 k0;leased a 1;destroyed 1;created 2 wait;leased b 2;"
                         "failed c the factory was told to fail;destroyed 2");
    host_stop(host);
}

Test(host_leases, a_name_is_free_again_when_its_lease_is_over)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0");
    expect_refused(host, "get a k1", "\"a\" is still leased");
    tell(host, "release a;get a wait");
    expect_refused(host, "get a k1", "\"a\" is still pending");
    tell(host, "cancel a;get a k1;release a;shutdown;get a k0;get a k0");
    expect_answers(host, "created 1 k0;leased a 1;destroyed 1;cancelled a;created 2 k1;leased a 2;destroyed 2;"
                         "done shutdown;closed a;closed a");
    expect_refused(host, "release z", "unknown lease \"z\"");
    expect_refused(host, "invalidate z", "unknown lease \"z\"");
    host_stop(host);
}

Test(host_leases, operations_on_a_lease_in_another_state_do_nothing)
{
    struct host *host = host_start();

    tell(host,
         "pool min=0 max=1;get a k0;cancel a;release a;release a;cancel a;kill a;invalidate a;get b wait;release b;"
         "invalidate b;cancel b;release b");
    expect_answers(host, "created 1 k0;leased a 1;destroyed 1;cancelled b");
    host_stop(host);
}

Test(host_leases, a_closing_scope_releases_and_cancels_its_leases_last_first)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0 s;get b k0 s;get c k0 s;release b;get d wait s;get e k0 t");
    expect_answers(host, "created 1 k0;leased a 1;created 2 k0;leased b 2;created 3 k0;leased c 3;destroyed 2;"
                         "created 4 k0;leased e 4");
    cr_expect_eq(world_count(host->world, WORLD_REQUEST_FINALIZERS), 4, "a c d e");
    tell(host, "close-scope s;close-scope s;close-scope unknown");
    expect_answers(host, "cancelled d;destroyed 3;destroyed 1");
    cr_expect_eq(world_count(host->world, WORLD_REQUEST_FINALIZERS), 1);
    cr_expect_null(host->pool->waiting);
    tell(host, "get d k0;release d;release e");
    expect_answers(host, "created 5 k0;leased d 5;destroyed 5;destroyed 4");
    host_stop(host);
}

Test(host_leases, a_get_that_could_not_be_cancelled_is_released_when_it_is_served_after_its_scope)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0;get b wait s");
    host->pool->refuses_cancel = true;
    tell(host, "close-scope s;release a");
    expect_answers(host, "created 1 k0;leased a 1;destroyed 1;created 2 wait;leased b 2;destroyed 2");
    host_stop(host);
}

/* Too late to cancel means that the answer is on its way. One that has not come when its name is used again, or at a rung, will
 * not come: told once, and the name is free. */
Test(host_leases, a_caller_whom_the_pool_forgets_is_told_of)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a wait");
    host->pool->refuses_cancel = true;
    host->pool->waiting = NULL;
    tell(host, "cancel a;get a k0;release a;get b wait;cancel b");
    expect_answers(host, "misuse 0 a get waits for ever: the pool did not let it be cancelled, and does not answer it;"
                         "cancelled a;created 1 k0;leased a 1;destroyed 1");
    for (int rung = 0; rung < 2; rung++) {
        char text[4096];
        tell(host, "rung");
        take_answers(host, text);
        cr_expect_eq(strstr(text, "misuse 0 a get waits for ever") != NULL, rung == 0, "%s", text);
    }
    host_stop(host);
}

/* The pool was wrong when it said that it is too late: what comes then is no answer to the get that has the name now. */
Test(host_leases, a_caller_who_was_told_of_is_answered_after_all)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get b k0;get a wait");
    host->pool->refuses_cancel = true;
    struct pool_lease *forgotten = host->pool->waiting;
    tell(host, "cancel a;get a k0;release b");
    expect_answers(host, "created 1 k0;leased b 1;"
                         "misuse 0 a get waits for ever: the pool did not let it be cancelled, and does not answer it;"
                         "cancelled a;created 2 k0;leased a 2;destroyed 1;created 3 wait;"
                         "misuse 0 a get was answered that is not pending");
    cr_assert_eq(host->choice->ops->release(host->pool, forgotten), POOL_OK);
    tell(host, "release a");
    expect_answers(host, "destroyed 3;destroyed 2");
    host_stop(host);
}

Test(host_leases, names_that_are_used_again_cost_no_memory)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0 s;get b k0;release b;close-scope s");
    int64_t bytes = world_count(host->world, WORLD_OWN_BYTES), blocks = world_count(host->world, WORLD_OWN_BLOCKS);
    for (int i = 0; i < 1000; i++)
        tell(host, "get a k0 s;get b k0;invalidate b;release b;close-scope s;invalidate a;fail k 2;fail k 0");
    cr_expect_eq(world_count(host->world, WORLD_OWN_BYTES), bytes);
    cr_expect_eq(world_count(host->world, WORLD_OWN_BLOCKS), blocks);
    cr_expect_eq(world_count(host->world, WORLD_BYTES_LIVE), 0);
    host_stop(host);
}

/* ---- what no pool may do ----------------------------------------------------------------------------------------- */

Test(host_leases, an_answer_before_get_returns_is_fine_a_second_one_is_misuse)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a early;release a;get b both;release b");
    expect_answers(host,
                   "created 1 early;leased a 1;destroyed 1;created 2 both;leased b 2;"
                   "misuse 2 a get was answered that is not pending;misuse 2 a get was answered twice;destroyed 2");
    host_stop(host);
}

Test(host_leases, an_answer_after_a_cancel_is_misuse)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a wait");
    struct pool_lease *waiting = host->pool->waiting;
    tell(host, "cancel a");
    world_env(host->world)->lease_done(host->world, waiting, POOL_FAILED);
    expect_answers(host, "cancelled a;misuse 0 a get was answered that is not pending");
    host_stop(host);
}

Test(host_leases, a_second_release_must_be_void_and_a_first_must_not)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0;release a");
    host->pool->releases_anything = true;
    tell(host, "release a");
    host->pool->releases_anything = false;
    tell(host, "get b k0");
    host->pool->refuses_release = true;
    tell(host, "release b");
    expect_answers(host, "created 1 k0;leased a 1;destroyed 1;misuse 1 a lease that was not out could be released;"
                         "created 2 k0;leased b 2;misuse 2 the pool refused the release of a lease that is out");
    cr_expect_eq(host_end(host, (char[100]){""}, 100), 1, "item 2 is lost");
    (void)close(host->answer.fd);
    free(host);
}

Test(host_leases, an_item_that_is_gone_is_not_leased)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a gone;get b nonsense");
    expect_answers(host, "created 1 gone;destroyed 1;"
                         "misuse 0 an item was used after its last reference was given back;"
                         "failed a the pool leased an item that is gone;"
                         "misuse 0 a get was answered with something that is no answer to a get;failed b bad setting");
    host_stop(host);
}

/* ---- shutdown, order, what a pool cannot do ---------------------------------------------------------------------- */

Test(host, shutdown_is_done_when_the_last_lease_is_back)
{
    struct host *host = host_start();

    tell(host, "pool min=0 max=1;get a k0;shutdown;get b k0;release a;shutdown");
    expect_answers(host, "created 1 k0;leased a 1;closed b;destroyed 1;done shutdown;done shutdown");
    world_env(host->world)->shutdown_done(host->world);
    expect_answers(host, "misuse 0 a shutdown was reported that is not pending");
    host_stop(host);
}

Test(host, what_the_pool_cannot_do_is_unsupported_not_an_error)
{
    struct host *host = host_start();

    cr_expect_not(host_can(host, PLAN_SHARE));
    cr_expect(host_can(host, PLAN_CANCEL));
    tell(host, "pool min=0 max=1;get a k0;share a k1;slow k0 1s;advance 1s;step-clock -1s;release a");
    expect_answers(host, "created 1 k0;leased a 1;unsupported share by this pool;unsupported slow by this pool;"
                         "unsupported advance without libfaketime;"
                         "unsupported step-clock without libfaketime;destroyed 1");
    host->clock.moves = true;
    cr_expect_not(host_can(host, PLAN_ADVANCE), "it has no maintain");
    host_stop(host);
}

Test(host, a_shape_that_the_pool_cannot_have_is_unsupported_and_ends_the_plan)
{
    struct host *host = host_start();

    tell(host, "pool min=1 max=1;get a k0;rung;shutdown");
    expect_answers(host, "unsupported min (it makes items when they are asked for)");
    host_stop(host);
}

Test(host, the_pool_line_comes_first_and_once)
{
    struct host *host = host_start();

    expect_refused(host, "get a k0", "before the \"pool\" line");
    tell(host, "meta seed 1;pool min=0 max=1");
    expect_refused(host, "pool min=0 max=1", "a second \"pool\" line");
    host_stop(host);
}

Test(host, the_end_is_silent_and_says_what_is_lost)
{
    struct host *host = host_start();
    char lost[100];

    tell(host, "pool min=0 max=1 payload=10B;get a k0");
    expect_answers(host, "created 1 k0;leased a 1");
    cr_expect_eq(host_end(host, lost, sizeof lost), 2, "the pool forgets what is out");
    cr_expect_not_null(strstr(lost, " bytes in 1 block of items, 1 of payloads"), "%s", lost);
    expect_answers(host, "");
    (void)close(host->answer.fd);
    free(host);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

Test(host_answer, numbers_and_words_are_written_whole)
{
    static struct answer answer;
    char text[200] = "";

    answer.fd = memfd_create("answers", MFD_CLOEXEC);
    answer_integer(&answer, INT64_MIN);
    answer_text(&answer, " ");
    answer_number(&answer, UINT64_MAX);
    answer_text(&answer, " ");
    answer_number(&answer, 0);
    answer_words(&answer, "a\nb");
    answer_flush(&answer);
    cr_assert_gt(pread(answer.fd, text, sizeof text - 1, 0), 0);
    cr_expect_str_eq(text, "-9223372036854775808 18446744073709551615 0a\\x0Ab");
    (void)close(answer.fd);
}

Test(host_answer, more_than_the_buffer_holds_arrives_whole)
{
    static struct answer answer;
    const size_t lines = 40000; /* 7 bytes each: more than four buffers */
    char line[8];

    answer.fd = memfd_create("answers", MFD_CLOEXEC);
    for (size_t i = 0; i < lines; i++) {
        (void)snprintf(line, sizeof line, "%06zu\n", i);
        answer_text(&answer, line);
    }
    answer_flush(&answer);
    cr_expect_eq(lseek(answer.fd, 0, SEEK_END), (off_t)(7 * lines));
    for (size_t i = 0; i < lines; i += 977) {
        char there[8] = "";
        cr_assert_eq(pread(answer.fd, there, 7, (off_t)(7 * i)), 7);
        cr_expect_eq(strtoul(there, NULL, 10), i);
    }
    (void)close(answer.fd);
}

Test(host_answer, nobody_reading_is_noticed)
{
    static struct answer answer = {.fd = -1};

    answer_text(&answer, "words");
    answer_flush(&answer);
    cr_expect(answer.failed);
}
