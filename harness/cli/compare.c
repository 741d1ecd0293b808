#include "harness/cli/cli.h"
enum err command_compare(const struct call *call, enum exit_code *code, struct problem *why)
{
    (void)call; (void)code;
    return problem_set(why, ERR_INPUT, "not yet");
}
