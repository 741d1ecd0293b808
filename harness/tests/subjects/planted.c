/* planted.c: a subject that makes one known mistake, for tools to find: `planted --pool MISTAKE`. Built by the test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct node {
    struct node *next;
    char bytes[56];
};

static void *kept; /* reachable at the end: no mistake */

static void leak(void)
{
    char *volatile lost = malloc(80);
    lost[0] = 1;
    lost = NULL;
}

/* 64 bytes that nothing points to, which point to 64 more. */
static void leak_chain(void)
{
    struct node *volatile first = malloc(sizeof(*first));
    first->next = malloc(sizeof(*first));
    first->next->next = NULL;
    first = NULL;
}

static int read_beyond(void)
{
    char *bytes = malloc(10);
    memset(bytes, 0, 10);
    volatile int at = 10;
    int value = bytes[at];
    free(bytes);
    return value;
}

static int read_freed(void)
{
    char *volatile bytes = malloc(10);
    free(bytes);
    return bytes[3];
}

/* Something on the stack may still point to what was lost: write over it. */
static void wipe_stack(void)
{
    volatile char bytes[4096];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0;
}

int main(int argc, char **argv)
{
    const char *mistake = argc == 3 ? argv[2] : "";
    struct timespec now;
    int value = 0;

    /* As the host does: libfaketime sets itself up at the first call, and must not do so in LeakSanitizer's tracer. */
    clock_gettime(CLOCK_MONOTONIC, &now);

    puts("churn-subject 1 {\"name\":\"planted\",\"version\":\"1\",\"ops\":[],\"counters\":[]}");
    fflush(stdout);
    kept = malloc(1000);
    if (strcmp(mistake, "leak") == 0)
        leak();
    else if (strcmp(mistake, "leak-chain") == 0)
        leak_chain();
    else if (strcmp(mistake, "read-beyond") == 0)
        value = read_beyond();
    else if (strcmp(mistake, "read-freed") == 0)
        value = read_freed();
    else if (strcmp(mistake, "crash") == 0)
        *(volatile int *)(size_t)(value + 8) = 1;
    wipe_stack();
    while (getchar() != EOF)
        ;
    return value != 0 && kept == NULL;
}
