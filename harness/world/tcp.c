#include "harness/world/world_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum err tcp_listen(struct world *world, struct problem *why)
{
    struct sockaddr_in *address = &world->listen_address;
    socklen_t length = sizeof *address;

    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    world->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (world->listen_fd < 0 || bind(world->listen_fd, (struct sockaddr *)address, length) != 0 ||
        listen(world->listen_fd, SOMAXCONN) != 0 ||
        getsockname(world->listen_fd, (struct sockaddr *)address, &length) != 0)
        return problem_set(why, ERR_SYSTEM, "items=tcp needs a listener on 127.0.0.1: %s", strerror(errno));
    return ERR_NONE;
}

void tcp_hang_up(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A reset instead of the usual goodbye: thousands of connections a second must not use up the ports in TIME_WAIT. */
void tcp_reset(int *fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (*fd >= 0)
        (void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    tcp_hang_up(fd);
}

/* The accepted end of the connection whose connecting end has the address `mine`. Connections that were given up before
 * they could be accepted (no descriptor was left) still stand in the queue before it. */
static int tcp_accept(int listen_fd, const struct sockaddr_in *mine)
{
    for (;;) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        int fd = accept4(listen_fd, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 || peer.sin_port == mine->sin_port)
            return fd;
        tcp_reset(&fd);
    }
}

bool tcp_connect_locked(struct world *world, int *pool_fd, int *peer_fd)
{
    const struct sockaddr *listener = (const struct sockaddr *)&world->listen_address;
    struct sockaddr_in mine;
    socklen_t length = sizeof mine;
    const char *step = "socket";

    *pool_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*pool_fd < 0)
        goto failed;
    step = "connect";
    if (connect(*pool_fd, listener, sizeof world->listen_address) != 0)
        goto failed;
    if (getsockname(*pool_fd, (struct sockaddr *)&mine, &length) != 0)
        goto failed;
    step = "accept";
    *peer_fd = tcp_accept(world->listen_fd, &mine);
    if (*peer_fd >= 0)
        return true;
failed:
    factory_set_error_locked(world, step, errno);
    tcp_reset(pool_fd);
    return false;
}
