#include "harness/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: churn-host --pool NAME[:SETTING=VALUE]...   plan lines on stdin, answers on stdout\n"
    "       churn-host --pool ./POOL.so[:SETTING=VALUE]...\n"
    "       churn-host --list                           the built-in pools\n"
    "       churn-host --version\n";

/* ---- lines from stdin -------------------------------------------------------------------------------------------- */

struct input {
    size_t start, end;
    bool over;
    int64_t line;
    char data[256 * 1024];
};

/* Reads more, behind what is there. Whoever sends waits for our answers first. */
static enum err input_fill(struct input *input, struct answer *answer, struct problem *why)
{
    answer_flush(answer);
    memmove(input->data, input->data + input->start, input->end - input->start);
    input->end -= input->start;
    input->start = 0;
    if (input->end == sizeof input->data)
        return problem_set(why, ERR_INPUT, "a line of more than %zu bytes", sizeof input->data);
    for (;;) {
        ssize_t n = read(STDIN_FILENO, input->data + input->end, sizeof input->data - input->end);

        if (n >= 0) {
            input->over = n == 0;
            input->end += (size_t)n;
            return ERR_NONE;
        }
        if (errno != EINTR)
            return problem_set(why, ERR_SYSTEM, "stdin: %s", strerror(errno));
    }
}

/* The next line without its newline; *text NULL at the end. BORROWED until the next call. */
static enum err input_next(struct input *input, struct answer *answer, const char **text, size_t *length,
                           struct problem *why)
{
    *text = NULL;
    for (;;) {
        char *from = input->data + input->start;
        size_t there = input->end - input->start;
        const char *newline = memchr(from, '\n', there);

        if (newline != NULL || (input->over && there > 0)) {
            *text = from;
            *length = newline != NULL ? (size_t)(newline - from) : there;
            input->start += *length + (newline != NULL ? 1 : 0);
            input->line++;
            return ERR_NONE;
        }
        if (input->over)
            return ERR_NONE;
        enum err err = input_fill(input, answer, why);
        if (err != ERR_NONE) {
            input->line++;
            return err;
        }
    }
}

/* A whole plan file may be fed in as well: its first line, comments and empty lines say nothing to do. */
static bool line_is_silent(const struct input *input, const char *text, size_t length)
{
    static const char header[] = "churn-plan 1";

    return length == 0 || text[0] == '#' ||
           (input->line == 1 && length == strlen(header) && memcmp(text, header, length) == 0);
}

static enum err run_lines(struct host *host, struct input *input, struct problem *why)
{
    for (;;) {
        const char *text;
        size_t length = 0;
        struct plan_op op;
        enum err err = input_next(input, &host->answer, &text, &length, why);

        if (err != ERR_NONE || text == NULL || host->answer.failed)
            return err;
        if (line_is_silent(input, text, length))
            continue;
        err = plan_op_parse(text, length, &op, why);
        if (err == ERR_NONE)
            err = host_do(host, &op, why);
        if (err != ERR_NONE || host->refused)
            return err;
    }
}

/* ---- start and end ----------------------------------------------------------------------------------------------- */

static int complain(const struct problem *why)
{
    (void)fprintf(stderr, "churn-host: %s\n", why->text);
    return (int)problem_exit_code(why->kind);
}

/* All large storage is on the stack of this function: the heap holds nothing but what is measured. */
static int serve(const char *spec)
{
    struct problem why = {0};
    struct pool_choice choice;
    struct input input;
    struct host host;
    char lost[400] = "";
    int status = EXIT_PASS;

    memset(&host, 0, sizeof host);
    host.answer.fd = STDOUT_FILENO;
    input.start = input.end = 0;
    input.line = 0;
    input.over = false;
    host.tool = tool_watch();
    host.explain = explain_asked(host.tool);
    host.clock = clock_take_over();
    if (pool_choose(spec, &choice, &why) != ERR_NONE)
        return complain(&why);
    host.choice = &choice;
    host_greet(&host);

    enum err err = run_lines(&host, &input, &why);
    if (err != ERR_NONE) {
        answer_begin(&host.answer);
        answer_text(&host.answer, "error line ");
        answer_integer(&host.answer, input.line);
        answer_text(&host.answer, ": ");
        answer_words(&host.answer, why.text);
        answer_text(&host.answer, "\n");
        answer_end(&host.answer);
        status = (int)problem_exit_code(err);
    }
    if (host_end(&host, lost, sizeof lost) > 0) {
        (void)fprintf(stderr, "churn-host: lost: %s\n", lost);
        status = status == EXIT_PASS ? HOST_EXIT_LOST : status;
    }
    return host.answer.failed && status == EXIT_PASS ? EXIT_BROKEN : status;
}

static int list_pools(void)
{
    for (size_t i = 0; i < pool_registry_count(); i++)
        (void)printf("%s\t%s\n", pool_registry_at(i)->name, pool_registry_at(i)->about);
    return fflush(stdout) == 0 ? EXIT_PASS : EXIT_BROKEN;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--pool") == 0)
        return serve(argv[2]);
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list_pools();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("churn-host " HOST_VERSION) == EOF ? EXIT_BROKEN : EXIT_PASS;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(USAGE, stdout) == EOF ? EXIT_BROKEN : EXIT_PASS;
    (void)fprintf(stderr, "churn-host: expected --pool SPEC, --list, --version or --help\n%s", USAGE);
    return EXIT_USAGE;
}
