#include "harness/report/sparkline.h"

#include <string.h>

#define HEIGHTS 8

static const char *const blocks[HEIGHTS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const marks[HEIGHTS] = {"_", ".", "-", "~", "=", "+", "*", "#"};

/* A total ("created") rises whatever the pool does: a curve of it would frighten for nothing. */
static const struct series *level(const struct run *run, const char *name)
{
    const struct metric *metric = name ? metric_find(name) : NULL;
    return !name || (metric && metric->kind == METRIC_TOTAL) ? NULL : run_series(run, name);
}

const struct series *sparkline_choose(const struct run *run, const char *hint)
{
    static const char *const usual[] = {"bytes_live", "blocks_live", "open"};
    const struct series *series = run->metric ? run_series(run, run->metric) : NULL;
    if (!series)
        series = level(run, hint);
    for (size_t i = 0; !series && i < run->expectation.metric_count; i++)
        series = level(run, run->expectation.metrics[i].name);
    for (size_t i = 0; !series && i < ARRAY_LEN(usual); i++)
        series = run_series(run, usual[i]);
    for (size_t i = 0; !series && i < run->series_count; i++)
        series = level(run, run->series[i].name);
    return series;
}

/* The largest sample of some rungs; RECORD_NONE, the smallest integer, when none is there. */
static int64_t largest(const int64_t *values, size_t from, size_t to)
{
    int64_t max = RECORD_NONE;
    for (size_t i = from; i < to; i++)
        if (values[i] > max)
            max = values[i];
    return max;
}

static int64_t smallest(const int64_t *values, size_t count)
{
    int64_t min = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (values[i] != RECORD_NONE && values[i] < min)
            min = values[i];
    return min;
}

void sparkline_add(struct buffer *out, const struct series *series, size_t rung_count, size_t width, bool utf8)
{
    if (!series || !series->values || rung_count == 0)
        return;
    if (width > rung_count)
        width = rung_count;
    double low = (double)smallest(series->values, rung_count);
    double high = (double)largest(series->values, 0, rung_count);
    for (size_t i = 0; i < width; i++) {
        int64_t value = largest(series->values, i * rung_count / width, (i + 1) * rung_count / width);
        if (value == RECORD_NONE) {
            buffer_add_text(out, " ");
            continue;
        }
        size_t height = high > low ? (size_t)(((double)value - low) / (high - low) * (HEIGHTS - 1) + 0.5) : 0;
        buffer_add_text(out, utf8 ? blocks[height] : marks[height]);
    }
}
