/* examples.c: which keys and items hold what is counted, in the words of the subject. */
#include "harness/driver/driver_internal.h"

#include <string.h>

#define WORDS_MAX 200

/* Of a plan from a file nobody knows which rung is the last: each takes the place of the one before. */
enum err drive_ask_examples(struct drive *drive, struct problem *why)
{
    struct plan_op op = {.verb = PLAN_META, .text = "examples next-rung"};
    bool last = !drive->plan || drive->run->rung_count + 1 == scenario_plan_rungs(drive->plan);

    if (!last || drive->shutdown_sent || drive->counts.ops == 0)
        return ERR_NONE;
    run_clear_examples(drive->run);
    return subject_greeting(drive->subject)->says_examples ? subject_send(drive->subject, &op, why) : ERR_NONE;
}

enum err drive_keep_example(struct drive *drive, const struct subject_event *event, struct problem *why)
{
    char words[WORDS_MAX];

    if (drive->shutdown_sent || drive->run->example_count == EXAMPLES_MAX)
        return ERR_NONE;
    text_make_printable(event->text, strlen(event->text), words, sizeof(words));
    if (run_add_example(drive->run, event->key, words) != ERR_NONE)
        return problem_set(why, ERR_MEMORY, "out of memory at a rung");
    return ERR_NONE;
}
