#include "harness/base/base.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- registry ---- */

Test(base_registry, sorts_whatever_the_order_of_coming)
{
    struct registry registry = {0};
    static const char *const coming[] = {"native", "asan", "tsan", "helgrind"};
    static const char *const sorted[] = {"asan", "helgrind", "native", "tsan"};
    for (size_t i = 0; i < ARRAY_LEN(coming); i++)
        registry_add(&registry, coming[i], coming[i]);
    cr_assert_eq(registry.count, ARRAY_LEN(sorted));
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
        cr_assert_str_eq(registry_at(&registry, i), sorted[i]);
    cr_assert_null(registry_at(&registry, ARRAY_LEN(sorted)));
    cr_assert_eq(registry_find(&registry, "tsan"), coming[2]);
    cr_assert_null(registry_find(&registry, "tsa"));
}

/* ---- problems ---- */

Test(base_problem, keeps_the_kind_and_cuts_the_text)
{
    struct problem why;
    char *too_long = malloc(5000);
    cr_assert_not_null(too_long);
    memset(too_long, 'x', 4999);
    too_long[4999] = '\0';
    cr_assert_eq(problem_set(&why, ERR_INPUT, "%s", too_long), ERR_INPUT);
    cr_assert_eq(why.kind, ERR_INPUT);
    cr_assert_eq(strlen(why.text), sizeof(why.text) - 1);
    free(too_long);
}

Test(base_problem, may_be_made_from_its_own_text)
{
    struct problem why;
    (void)problem_set(&why, ERR_SYSTEM, "inner");
    (void)problem_set(&why, ERR_SYSTEM, "outer (%s)", why.text);
    cr_assert_str_eq(why.text, "outer (inner)");
    problem_prefix(&why, "%s:%d", "file.lua", 12);
    cr_assert_str_eq(why.text, "file.lua:12: outer (inner)");
}

Test(base_problem, nobody_has_to_listen)
{
    cr_assert_eq(problem_set(NULL, ERR_MEMORY, "x"), ERR_MEMORY);
    problem_prefix(NULL, "x");
}

/* docs/formats.md: 2 usage or scenario error, 3 broken. */
Test(base_problem, exit_codes)
{
    cr_assert_eq(problem_exit_code(ERR_NONE), 0);
    cr_assert_eq(problem_exit_code(ERR_INPUT), 2);
    cr_assert_eq(problem_exit_code(ERR_SYSTEM), 3);
    cr_assert_eq(problem_exit_code(ERR_MEMORY), 3);
    cr_assert_eq(problem_exit_code(ERR_STOPPED), 130);
}

/* ---- random numbers ---- */

/* The published values for seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64"). */
Test(base_rng, is_splitmix64)
{
    static const uint64_t published[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                         UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                         UINT64_C(16408922859458223821)};
    struct rng rng;
    rng_init(&rng, 1234567);
    for (size_t i = 0; i < ARRAY_LEN(published); i++)
        cr_assert_eq(rng_next(&rng), published[i]);
}

Test(base_rng, below_stays_below_and_reaches_everything)
{
    struct rng rng;
    rng_init(&rng, 1);
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t value = rng_below(&rng, 7);
        cr_assert_lt(value, 7);
        seen |= 1u << value;
    }
    cr_assert_eq(seen, 0x7f);
    cr_assert_eq(rng_below(&rng, 1), 0);
    cr_assert_eq(rng_below(&rng, 0), 0);
}

/* With a bound of 3 * 2^62 a plain `% bound` gives the lowest third twice as often as the others. */
Test(base_rng, below_has_no_bias)
{
    struct rng rng;
    rng_init(&rng, 2);
    int low = 0;
    for (int i = 0; i < 9000; i++)
        low += rng_below(&rng, UINT64_C(3) << 62) < (UINT64_C(1) << 62);
    cr_assert(low > 2700 && low < 3300, "%d of 9000 in the lowest third", low);
}

/* ---- buffer ---- */

Test(base_buffer, grows_and_ends_with_nul)
{
    struct buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        buffer_addf(&buffer, "%d,", i);
    buffer_add_text(&buffer, "end");
    buffer_add(&buffer, "", 0);
    cr_assert_not(buffer.failed);
    cr_assert_eq(buffer.length, (size_t)(10 * 2 + 90 * 3 + 900 * 4 + 3));
    cr_assert_eq(strlen(buffer.data), buffer.length);
    cr_assert_str_eq(buffer.data + buffer.length - 7, "999,end");

    buffer_drop_front(&buffer, buffer.length - 3);
    cr_assert_str_eq(buffer.data, "end");
    buffer_drop_front(&buffer, 100);
    cr_assert_str_eq(buffer.data, "");
    buffer_free(&buffer);
    cr_assert_null(buffer.data);
}

Test(base_buffer, a_size_that_cannot_be_fails_and_stays_failed)
{
    struct buffer buffer = {0};
    buffer_add_text(&buffer, "kept");
    buffer_add(&buffer, "", SIZE_MAX / 2);
    cr_assert(buffer.failed);
    buffer_add_text(&buffer, "ignored");
    cr_assert_str_eq(buffer.data, "kept");
    buffer_clear(&buffer);
    buffer_add_text(&buffer, "again");
    cr_assert_str_eq(buffer.data, "again");
    buffer_free(&buffer);
}

/* ---- text ---- */

Test(base_text, names)
{
    char longest[NAME_MAX_LEN + 2];
    memset(longest, 'a', sizeof(longest));
    cr_assert(name_is_valid("k0", 2));
    cr_assert(name_is_valid("A_z.9-", 6));
    cr_assert(name_is_valid(longest, NAME_MAX_LEN));
    cr_assert_not(name_is_valid(longest, NAME_MAX_LEN + 1));
    cr_assert_not(name_is_valid("", 0));
    cr_assert_not(name_is_valid("a b", 3));
    cr_assert_not(name_is_valid("a\0b", 3));
    cr_assert_not(name_is_valid("\xc3\xa4", 2));
}

Test(base_text, printable)
{
    static const struct {
        const char *in;
        size_t length;
        const char *out;
    } rows[] = {
        {"plain", 5, "plain"},
        {"a\tb\n", 4, "a\\x09b\\x0A"},
        {"\0", 1, "\\x00"},
        {"\xc3\xa4", 2, "\xc3\xa4"},
        {"\xc3", 1, "\\xC3"},                            /* cut in the middle */
        {"\xc0\xaf", 2, "\\xC0\\xAF"},                   /* overlong */
        {"\xed\xa0\x80", 3, "\\xED\\xA0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "\\xF4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xc2\x9b[31m", 6, "\\xC2\\x9B[31m"}, /* a control character that terminals obey */
        {"\x1b[31m", 5, "\\x1B[31m"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[64];
        cr_assert_str_eq(text_make_printable(rows[i].in, rows[i].length, out, sizeof(out)), rows[i].out, "row %zu", i);
    }
}

Test(base_text, printable_never_cuts_a_character)
{
    char out[4];
    cr_assert_str_eq(text_make_printable("a\xc3\xa4x", 4, out, sizeof(out)), "a\xc3\xa4");
    cr_assert_str_eq(text_make_printable("ab\xc3\xa4", 4, out, sizeof(out)), "ab");
    cr_assert_str_eq(text_make_printable("a\n", 2, out, sizeof(out)), "a");
}

Test(base_text, closest)
{
    static const char *const words[] = {"tombstones", "open", "idle", "idle_dead", "release"};
    static const struct {
        const char *word;
        const char *meant;
    } rows[] = {
        {"tombstons", "tombstones"},
        {"Tombstones", "tombstones"},
        {"relaese", "release"},
        {"ilde", "idle"},
        {"opne", "open"},
        {"xyz", NULL},
        {"", NULL},
        {"cat", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *found = text_closest(rows[i].word, words, ARRAY_LEN(words));
        if (rows[i].meant == NULL)
            cr_assert_null(found, "%s gave %s", rows[i].word, found);
        else
            cr_assert(found != NULL && strcmp(found, rows[i].meant) == 0, "%s", rows[i].word);
    }
}

/* ---- files ---- */

static void make_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/churn-base-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
}

Test(base_file, written_whole_and_read_back)
{
    char folder[64], path[96];
    struct problem why;
    struct buffer read = {0};
    make_folder(folder);
    (void)snprintf(path, sizeof(path), "%s/a/b/file", folder);

    cr_assert_eq(file_write_whole(path, "x", 1, &why), ERR_SYSTEM);
    cr_assert_not_null(strstr(why.text, path));
    (void)snprintf(path, sizeof(path), "%s/a/b", folder);
    cr_assert_eq(folder_make(path, &why), ERR_NONE);
    cr_assert_eq(folder_make(path, &why), ERR_NONE, "a folder that is there already is fine");
    (void)snprintf(path, sizeof(path), "%s/a/b/file", folder);
    cr_assert_eq(file_write_whole(path, "one\0two", 7, &why), ERR_NONE);
    cr_assert_eq(file_write_whole(path, "three", 5, &why), ERR_NONE);
    cr_assert_eq(file_read_whole(path, 5, &read, &why), ERR_NONE);
    cr_assert_str_eq(read.data, "three");
    buffer_free(&read);
    cr_assert_eq(file_read_whole(path, 4, &read, &why), ERR_INPUT);
    cr_assert_null(read.data);
    cr_assert_eq(folder_make(path, &why), ERR_SYSTEM, "a file is in the way");

    cr_assert_eq(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "%s/a/b", folder);
    cr_assert_eq(rmdir(path), 0, "nothing else was left beside the file");
    (void)snprintf(path, sizeof(path), "%s/a", folder);
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(rmdir(folder), 0);
}

Test(base_file, an_empty_file_is_an_empty_text)
{
    struct buffer read = {0};
    struct problem why;
    cr_assert_eq(file_read_whole("/dev/null", 10, &read, &why), ERR_NONE);
    cr_assert_eq(read.length, 0);
    cr_assert_str_eq(read.data, "");
    buffer_free(&read);
    cr_assert_eq(file_read_whole("/dev/zero", 1000, &read, &why), ERR_INPUT);
}
