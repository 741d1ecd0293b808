/* The line that moves on a terminal: how far, how long, how fast, which run and rung. */
#include "harness/cli/cli.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define JOBS 4

/* Stands in for stderr; what was written there comes out of `master`. */
struct terminal {
    int master, kept;
};

static struct terminal open_terminal(void)
{
    struct terminal terminal = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)};
    cr_assert(terminal.master >= 0 && grantpt(terminal.master) == 0 && unlockpt(terminal.master) == 0);
    int slave = open(ptsname(terminal.master), O_RDWR | O_NOCTTY);
    terminal.kept = dup(STDERR_FILENO);
    cr_assert(slave >= 0 && terminal.kept >= 0 && dup2(slave, STDERR_FILENO) >= 0);
    close(slave);
    const struct winsize wide = {.ws_col = 200, .ws_row = 24};
    cr_assert_eq(ioctl(terminal.master, TIOCSWINSZ, &wide), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("CI");
    return terminal;
}

/* The last line that was drawn. */
static const char *last_line(const struct terminal *terminal, char *out, size_t size)
{
    ssize_t got = read(terminal->master, out, size - 1);
    out[got > 0 ? got : 0] = '\0';
    const char *last = strrchr(out, '\r');
    return last ? last : out;
}

static void close_terminal(struct terminal *terminal)
{
    dup2(terminal->kept, STDERR_FILENO);
    close(terminal->kept);
    close(terminal->master);
}

/* How long a busy machine took until the line was drawn is read from the line itself: three of four equal runs are left and need three
 * times as long, and 3000 operations were told. */
static bool agrees_with_itself(const char *line)
{
    int minutes, seconds, minutes_left, seconds_left, rate, end = 0;
    const char *done = strstr(line, " 1/4  ");
    if (!done || sscanf(done, " 1/4 %d:%2d, about %d:%2d left, %d op/s%n", &minutes, &seconds, &minutes_left,
                        &seconds_left, &rate, &end) != 5)
        return false;
    int passed = minutes * 60 + seconds;
    return passed >= 1 && minutes_left * 60 + seconds_left == 3 * passed && rate == 3000 / passed &&
           strcmp(done + end, "  rung 7/30 of second owner native\033[K") == 0;
}

/* One of four runs is done after a second or more; the one begun last is shown until it ends. */
Test(cli_progress, says_run_rung_rate_and_time_left)
{
    struct options options = {0};
    struct job jobs[JOBS];
    struct matrix matrix = {.jobs = jobs, .job_count = JOBS};
    struct progress *progress;
    char text[4096];
    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = (struct job){
            .path = i == 1 ? "x/second.lua" : "x/first.lua", .pool = "owner", .backend = backend_find("native")};
    struct terminal terminal = open_terminal();
    cr_assert_eq(progress_open(&options, &matrix, &progress, NULL), ERR_NONE);
    progress_begin(progress, &jobs[0]);
    progress_begin(progress, &jobs[1]);
    progress_rung(progress, &jobs[0], 9, 30, 2000);
    progress_rung(progress, &jobs[1], 7, 30, 1000);
    usleep(1100000);
    progress_end(progress, &jobs[0]);
    progress_tick(progress);
    const char *line = last_line(&terminal, text, sizeof(text));
    bool right = agrees_with_itself(line);
    progress_end(progress, &jobs[1]);
    progress_rung(progress, &jobs[2], 3, 0, 0);
    usleep(110000);
    progress_tick(progress);
    char more[4096];
    const char *next = last_line(&terminal, more, sizeof(more));
    bool moved = strstr(next, "  rung 3 of first owner native\033[K") != NULL;
    progress_close(progress, false);
    close_terminal(&terminal);
    cr_expect(right, "%s", line);
    cr_expect(moved, "%s", next);
}
