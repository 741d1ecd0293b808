/* The positive control of `churn noise` (D6): who sees no growth has to see a planted leak first, with the same statistics, on this
 * machine, in the same scenario. */
#include "harness/cli/noise.h"

#include <math.h>
#include <string.h>

#define PROCESSES    3
#define LEAST        8         /* bytes per operation */
#define LARGEST      (1 << 20) /* what the host can do (`meta leak`); larger scatter is not seen through */
#define TIMES_LARGER 16        /* than what would be found nine times in ten */
#define FOREIGN_POOL "owner"

/* Of whole bytes per operation. So much larger because three processes know their scatter badly: with t(0.99, 2) = 6.96, and 9.92
 * for the first of two metrics, the planted leak is at least 25 standard deviations and is missed where the scatter of three is more
 * than four times the true one: less than once in a million times. */
static int64_t leak_size(const struct noise_session *session)
{
    double size = LEAST;
    for (size_t m = 0; m < session->metrics.count; m++)
        size = fmax(size, ceil(TIMES_LARGER * session->batches[0].judged[m].detectable));
    return (int64_t)fmin(size, LARGEST);
}

static bool all_grow(const struct noise_session *session)
{
    bool all = true;
    for (size_t m = 0; m < session->metrics.count; m++)
        all = all && noise_grows(session, m);
    return all;
}

enum err noise_plant(struct noise_session *session, struct problem *why)
{
    const char *pool = session->pools[NOISE_POOL];
    if (all_grow(session))
        return ERR_NONE;
    /* in a foreign program nothing can be planted: what is looked at then is the machine, the probe and the statistics */
    if (strncmp(pool, "exec:", strlen("exec:")) == 0)
        session->pools[NOISE_POOL] = FOREIGN_POOL;
    enum err err =
        noise_batch_run(session, session->call->options->seed, PROCESSES, leak_size(session), &session->planted, why);
    session->pools[NOISE_POOL] = pool;
    return err;
}

bool noise_is_blind(const struct noise_session *session, size_t metric)
{
    return !noise_grows(session, metric) && !session->planted.judged[metric].grows;
}
