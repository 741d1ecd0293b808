#include "harness/tests/test_world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and the folder itself */

    cr_assert_not_null(folder);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

/* Sockets in TIME_WAIT on either side of the listener's port, by the kernel's own table. */
static int sockets_in_time_wait(unsigned port)
{
    enum { TIME_WAIT = 6 };
    FILE *table = fopen("/proc/net/tcp", "r");
    char line[256];
    int count = 0;

    cr_assert_not_null(table);
    while (fgets(line, sizeof line, table) != NULL) {
        unsigned local, remote, state;
        if (sscanf(line, " %*d: %*x:%x %*x:%x %x", &local, &remote, &state) == 3 && state == TIME_WAIT &&
            (local == port || remote == port))
            count++;
    }
    (void)fclose(table);
    return count;
}

/* 0: the peer has closed; -1 and EAGAIN: it is there. */
static ssize_t peek(const struct pool_item *item)
{
    char byte;
    return recv(item->pool_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

Test(world_tcp, both_ends_are_held_until_the_item_is_destroyed)
{
    enum { N = 20 };
    struct witness witness;
    struct world *world = world_of("min=0 max=1 items=tcp", &witness);
    struct pool_item *items[N];
    int before = open_descriptors();

    for (int i = 0; i < N; i++)
        items[i] = item_of(world, "k0");
    cr_expect_eq(open_descriptors(), before + 2 * N);
    for (int i = 0; i < N; i++) {
        world_env(world)->item_ref(world, items[i]);
        (void)world_env(world)->destroy(world, items[i]);
    }
    cr_expect_eq(open_descriptors(), before, "a reference keeps the memory, not the connection");
    for (int i = 0; i < N; i++)
        world_env(world)->item_unref(world, items[i]);
    cr_expect_eq(world_free(world, NULL, 0), 0);
    cr_expect_eq(open_descriptors(), before - 1, "the listener is closed");
}

Test(world_tcp, kill_closes_the_peer_of_that_item_only)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 items=tcp", &witness);
    struct pool_item *first = item_of(world, "k0"), *second = item_of(world, "k0");
    int before = open_descriptors();

    world_item_kill(world, first);
    world_item_kill(world, first);
    cr_expect_eq(open_descriptors(), before - 1);
    cr_expect_eq(peek(first), 0);
    cr_expect_eq(peek(second), -1);
    cr_expect_eq(errno, EAGAIN);
    cr_expect_eq(world_count(world, WORLD_OPEN), 2, "the pool is not told");
    (void)world_env(world)->destroy(world, first);
    (void)world_env(world)->destroy(world, second);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_tcp, no_port_is_left_in_time_wait)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 items=tcp", &witness);
    unsigned port = ntohs(world->listen_address.sin_port);

    for (int i = 0; i < 40; i++) {
        struct pool_item *item = item_of(world, "k0");
        if (i % 2 == 0)
            world_item_kill(world, item);
        (void)world_env(world)->destroy(world, item);
    }
    cr_expect_eq(sockets_in_time_wait(port), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_tcp, without_descriptors_creation_fails_with_the_reason_and_recovers)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 items=tcp", &witness);
    struct pool_item *items[8], *item = NULL;
    char words[128];
    struct rlimit full, tight;
    int before = open_descriptors();

    /* Room for one end of a connection: it is accepted by nobody and must not be taken for a later one. */
    int lowest_free = dup(STDIN_FILENO);
    (void)close(lowest_free);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
    tight = full;
    tight.rlim_cur = (rlim_t)lowest_free + 1;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(world_env(world)->create(world, "k0", NULL, &item), POOL_FAILED);
    world_last_error(world, words, sizeof words);
    cr_expect_str_eq(words, "accept: Too many open files");
    cr_expect_eq(world_count(world, WORLD_CREATED), 0);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);

    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
    cr_expect_eq(open_descriptors(), before);
    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        items[i] = item_of(world, "k0");
    world_item_kill(world, items[3]);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        cr_expect_eq(peek(items[i]), i == 3 ? 0 : -1);
        (void)world_env(world)->destroy(world, items[i]);
    }
    cr_expect_eq(world_free(world, NULL, 0), 0);
}
