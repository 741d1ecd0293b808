/*
 * N1-N3: does resident memory grow?
 *
 * One process proves nothing: pages come in lumps, and a trend test on one run accuses more than half of the clean
 * ones. So each fresh process gives one number, its slope, and the slopes are judged by their scatter.
 *
 * Student's t is computed here and not by GSL: for whole degrees of freedom it is a short finite sum (Abramowitz and
 * Stegun 26.7.3 and 26.7.4), and GSL's licence, the GPL, would become that of the program.
 */
#include "harness/verdict/verdict.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA  0.01 /* N1, N2, N3: false alarms, all tests of a measurement together */
#define MISSED 0.10 /* of growth of the detectable size */

/* ---- the slope of one process -------------------------------------------------------------------------------- */

/* The k-th smallest, 0 the least; reorders the values. Quickselect: a run has half a million pairs. */
static double take_kth(double *values, size_t count, size_t k)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;; i++, j--) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = values[i];
            values[i] = values[j];
            values[j] = swap;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return values[k];
}

static double take_median(double *values, size_t count)
{
    double upper = take_kth(values, count, count / 2);
    return count % 2 == 1 ? upper : (take_kth(values, count, count / 2 - 1) + upper) / 2;
}

enum err verdict_slope(const int64_t *values, const int64_t *ops, size_t count, double *slope)
{
    size_t first = count / 2, kept = count - first, pairs = 0;
    *slope = 0;
    if (kept < 3)
        return ERR_INPUT;
    for (size_t i = first; i < count; i++)
        if (values[i] == RECORD_NONE)
            return ERR_INPUT;
    double *slopes = calloc(kept * (kept - 1) / 2, sizeof *slopes);
    if (!slopes)
        return ERR_MEMORY;
    for (size_t i = first; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (ops[j] > ops[i])
                slopes[pairs++] = ((double)values[j] - (double)values[i]) / (double)(ops[j] - ops[i]);
    if (pairs > 0)
        *slope = take_median(slopes, pairs);
    free(slopes);
    return pairs > 0 ? ERR_NONE : ERR_INPUT;
}

/* ---- Student's t ------------------------------------------------------------------------------------------------ */

double verdict_t_tail(double t, size_t degrees)
{
    double n = (double)degrees, cos2 = n / (n + t * t), sine = t / sqrt(n + t * t);
    bool odd = degrees % 2 == 1;
    double term = odd ? sqrt(cos2) : 1, sum = degrees == 1 ? 0 : term;
    for (size_t j = odd ? 3 : 2; j + 2 <= degrees; j += 2) {
        term *= (double)(j - 1) / (double)j * cos2;
        sum += term;
    }
    double within = odd ? (atan(t / sqrt(n)) + sine * sum) / M_PI_2 : sine * sum; /* between -t and t */
    return fmax(0, (1 - within) / 2);
}

double verdict_t_value(double tail, size_t degrees)
{
    double low = 0, high = 1;
    while (verdict_t_tail(high, degrees) > tail)
        high *= 2;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (verdict_t_tail(middle, degrees) > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- N1, N2 ------------------------------------------------------------------------------------------------------ */

static struct noise judge_alone(const struct noise_test *test)
{
    struct noise noise = {.level = ALPHA};
    double n = (double)test->count, squares = 0;
    for (size_t i = 0; i < test->count; i++)
        noise.mean += test->slopes[i] / n;
    for (size_t i = 0; i < test->count; i++)
        squares += (test->slopes[i] - noise.mean) * (test->slopes[i] - noise.mean);
    noise.sd = sqrt(squares / (n - 1));

    size_t degrees = test->count - 1;
    double error = noise.sd / sqrt(n), sure = verdict_t_value(ALPHA, degrees), seen = verdict_t_value(MISSED, degrees);
    noise.lower = noise.mean - sure * error;
    noise.detectable = fmax(test->threshold + (sure + seen) * error, test->resolution);
    if (error > 0)
        noise.p = verdict_t_tail((noise.mean - test->threshold) / error, degrees);
    else
        noise.p = noise.mean > test->threshold ? 0 : 1;
    return noise;
}

/* ---- N3 ------------------------------------------------------------------------------------------------------------ */

static int order_by_p(const void *a, const void *b)
{
    const struct noise *x = *(struct noise *const *)a, *y = *(struct noise *const *)b;
    return (x->p > y->p) - (x->p < y->p);
}

/* Holm: the smallest p is held against alpha / m, the next against alpha / (m - 1) ...; the first that fails ends it. */
enum err verdict_noise(const struct noise_test *tests, size_t count, struct noise *out)
{
    bool holds = true;
    struct noise **order = calloc(count + 1, sizeof(struct noise *));
    if (!order)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        out[i] = judge_alone(&tests[i]);
        order[i] = &out[i];
    }
    qsort(order, count, sizeof(struct noise *), order_by_p);
    for (size_t i = 0; i < count; i++) {
        if (holds)
            order[i]->level = ALPHA / (double)(count - i);
        else
            order[i]->level = order[i - 1]->level;
        holds = holds && order[i]->p < order[i]->level;
        order[i]->grows = holds;
    }
    free(order);
    return ERR_NONE;
}
