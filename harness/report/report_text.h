/*
 * report_text: the words, numbers and escapes that several sinks share. Internal to this room.
 *
 * Every text of a result may hold anything a foreign program said: control characters, broken UTF-8, markup. All of it goes
 * through text_add, which makes it printable first and then escapes it for the place it is written to.
 */
#ifndef CHURN_REPORT_TEXT_H
#define CHURN_REPORT_TEXT_H

#include "harness/record/record.h"

/* Where a text is written to, and so what must be escaped. */
enum markup {
    MARKUP_LINE,            /* plain text, one line */
    MARKUP_XML,             /* plain text in which lines may break; the XML writer escapes */
    MARKUP_HTML,            /* text and double-quoted attributes */
    MARKUP_MARKDOWN,        /* GitHub's and GitLab's, also inside a table; mentions nobody */
    MARKUP_CSV,             /* between double quotes; never a formula */
    MARKUP_TAP,             /* a test's description */
    MARKUP_YAML,            /* between double quotes */
    MARKUP_OPENMETRICS,     /* a label's value, between double quotes */
    MARKUP_GITHUB_DATA,     /* the message of a workflow command */
    MARKUP_GITHUB_PROPERTY, /* a property of a workflow command */
    MARKUP_COUNT
};

/* NULL adds nothing. Valid UTF-8 stays, every other byte is written as \xNN; line breaks become what the place allows. */
void text_add(struct buffer *out, const char *text, enum markup markup);

/* The same for at most `limit` bytes of the text (whole characters); what is cut is replaced by an ellipsis. */
void text_add_cut(struct buffer *out, const char *text, size_t limit, enum markup markup);

/* Also when both are NULL. */
bool text_same(const char *a, const char *b);

/* 1234567 -> "1,234,567". */
void text_add_count(struct buffer *out, int64_t value);
/* What --seconds or --ops tried: "412 seeds tried, 1,234,567 operations". Nothing for none. */
void text_add_tried(struct buffer *out, const struct tried *tried);
/* Of all runs together. */
struct tried text_sum_tried(const struct results *results);

/* In the metric's own unit: "7,000 entries", "1.21 MiB", "2.5 ms"; RECORD_NONE gives "-". */
void text_add_value(struct buffer *out, const char *metric, int64_t value);

/* The unit of a metric, "" when it is not in the vocabulary. Never NULL. */
const char *text_unit(const char *metric);

/* "keys=8 max=4"; nothing when the scenario has no parameters. */
void text_add_params(struct buffer *out, const struct run *run, enum markup markup);

/* "zio-9306 keys=8 max=4 / broadcast / native / seed 1": names one run and no other. */
void text_add_run(struct buffer *out, const struct run *run, enum markup markup);

/* "grows: tombstones +7 per invalidation"; "grows: tombstones" when the rate is not known; "bounded". */
void text_add_finding(struct buffer *out, enum finding finding, const char *metric, double rate, const char *rate_unit,
                      enum markup markup);

/* The same for the main finding of a run; its status when nothing was found out: "skip", "broken". */
void text_add_main_finding(struct buffer *out, const struct run *run, enum markup markup);

/* Why a run is what it is, never NULL: the judge's message, else how it ended, else the finding's name. BORROWED from the run. */
const char *text_reason(const struct run *run);

/* What a finding's number is per: "per invalidation" -> "invalidation". Never NULL. */
const char *text_rate_per(const char *rate_unit);

/* ERR_MEMORY with the sink's name when an addition failed; the last line of each sink. */
enum err text_finish(const struct buffer *out, const char *sink, struct problem *why) MUST_CHECK;

#endif
