#include "harness/tests/test_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char script_path[64];

static void remove_script(void)
{
    (void)unlink(script_path);
}

const char *script_file(const char *text)
{
    if (script_path[0] == '\0') {
        (void)snprintf(script_path, sizeof(script_path), "/tmp/churn-script-%d.lua", (int)getpid());
        (void)atexit(remove_script);
    }
    struct problem why;
    cr_assert_eq(file_write_whole(script_path, text, strlen(text), &why), ERR_NONE, "%s", why.text);
    return script_path;
}

const char *scenario_file_with(const char *body)
{
    struct buffer text = {0};
    buffer_addf(&text, "scenario { about = \"x\",\n%s }\n", body);
    const char *path = script_file(text.data);
    buffer_free(&text);
    return path;
}

struct scenario_plan *plan_open(const char *path, struct problem *why)
{
    struct scenario_request request = {.pool = "owner", .seed = 1, .dose = 1};
    struct scenario_plan *plan;
    enum err err = scenario_plan_open(path, &request, &plan, why);
    cr_assert((err == ERR_NONE) == (plan != NULL));
    return plan;
}

void plan_close(struct scenario_plan *plan)
{
    struct plan_source *source = scenario_plan_source(plan);
    source->free(source);
}

char *plan_text(const char *path, uint64_t seed, size_t limit)
{
    struct scenario_request request = {.pool = "owner", .seed = seed, .dose = 1};
    struct scenario_plan *plan;
    struct problem why = {0};
    struct buffer out = {0};
    cr_assert_eq(scenario_plan_open(path, &request, &plan, &why), ERR_NONE, "%s", why.text);
    struct plan_source *source = scenario_plan_source(plan);
    bool head = true, done = false;
    for (size_t taken = 0; taken < limit;) {
        struct plan_op op;
        cr_assert_eq(source->next(source, &op, &done, &why), ERR_NONE, "%s", why.text);
        if (done)
            break;
        if (!head) {
            plan_op_print(&op, &out);
            taken++;
        }
        head = head && op.verb != PLAN_RUNG;
    }
    source->free(source);
    return out.data;
}

enum err plan_drain(struct scenario_plan *plan, struct problem *why)
{
    struct plan_source *source = scenario_plan_source(plan);
    for (;;) {
        struct plan_op op;
        bool done = false;
        enum err err = source->next(source, &op, &done, why);
        if (err != ERR_NONE || done)
            return err;
    }
}
