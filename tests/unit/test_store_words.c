/*
 * store: words and subjects are as many as there is room for, and those that come later
 * are counted together; what is rolled back was never there.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/schema.h"
#include "store/words.h"
#include "unit.h"

static sqlite3 *db;
static struct words *words;

static void
setup(void)
{
	db_setup();
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (const struct migration *m = schema_main; m->number != 0; m++)
		ck_assert_int_eq(db_exec(db, m->sql), EMP_OK);
	words = calloc(1, sizeof *words);
	ck_assert_ptr_nonnull(words);
	ck_assert_int_eq(words_open(words, db), EMP_OK);
}

static void
teardown(void)
{
	words_close(words);
	free(words);
	db_close(&db);
}

static uint32_t
of_decision(const char *role, const char *rule)
{
	uint32_t subject = 0;

	ck_assert_int_eq(words_subject_of_decision(words, str_from(role), STR("refund"),
						   str_from(rule), &subject),
			 EMP_OK);
	return subject;
}

static uint32_t
of_suggestion(enum suggestion_kind kind, const char *category)
{
	uint32_t subject = 0;

	ck_assert_int_eq(
		words_subject_of_suggestion(words, kind, str_from(category), &subject),
		EMP_OK);
	return subject;
}

static bool
role_is(uint32_t subject, const char *role)
{
	return str_is(intern_text(words->word[WORD_ROLE],
				  words_subject(words, subject)->role),
		      role);
}

START_TEST(each_has_its_number)
{
	uint32_t first = of_decision("clerk", NULL);

	ck_assert_uint_eq(first, SUBJECT_FIRST_VOICE);
	ck_assert_uint_eq(of_decision("clerk", "r"), first + 1);
	ck_assert_uint_eq(of_decision("boss", NULL), first + 2);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_OPINION, NULL), first + 3);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_OPINION, "food"), first + 4);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_QUESTION, "food"), first + 5);
	ck_assert_uint_eq(of_decision("clerk", NULL), first);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_OPINION, "food"), first + 4);
	words_commit(words);
	/* And the same when they are read. */
	words_close(words);
	memset(words, 0, sizeof *words);
	ck_assert_int_eq(words_open(words, db), EMP_OK);
	ck_assert_uint_eq(of_decision("boss", NULL), first + 2);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_QUESTION, "food"), first + 5);
	ck_assert(!words_subject_known(words, first + 6));
}
END_TEST

START_TEST(what_is_rolled_back_was_never_there)
{
	uint32_t first = of_decision("clerk", NULL);

	words_commit(words);
	ck_assert_int_eq(db_exec(db, "BEGIN"), EMP_OK);
	for (int i = 0; i < 1000; i++) {
		char role[16];

		snprintf(role, sizeof role, "role-%d", i);
		(void)of_decision(role, i % 2 ? "r" : NULL);
	}
	ck_assert_int_eq(db_exec(db, "ROLLBACK"), EMP_OK);
	words_rollback(words);
	ck_assert_uint_eq(words->n, 1);
	ck_assert_uint_eq(intern_find_pending(words->word[WORD_RULE], STR("r")),
			  INTERN_NONE);
	ck_assert_uint_eq(of_decision("clerk", NULL), first);
	ck_assert_uint_eq(of_decision("role-7", "r"), first + 1);
	ck_assert_uint_eq(of_decision("role-8", NULL), first + 2);
}
END_TEST

/* Rules go first, then all. */
START_TEST(beyond_the_limit_they_are_counted_together)
{
	uint32_t other;
	uint32_t n;

	ck_assert_int_eq(db_exec(db, "BEGIN"), EMP_OK);
	(void)of_decision("clerk", NULL);
	for (uint32_t i = 1; i < SUBJECTS_RULES_MAX; i++) {
		char rule[16];

		snprintf(rule, sizeof rule, "r-%u", i);
		(void)of_decision("clerk", rule);
	}
	words_commit(words);
	n = words->n;
	other = of_decision("clerk", "one-more");
	ck_assert_uint_eq(other, of_decision("clerk", "and-more"));
	ck_assert_uint_eq(words->n, n + 1);
	ck_assert(role_is(other, "clerk"));
	ck_assert_uint_eq(intern_find_pending(words->word[WORD_RULE], STR("one-more")),
			  INTERN_NONE);
	/* What is known stays what it is. */
	ck_assert_uint_eq(of_decision("clerk", "r-7"), SUBJECT_FIRST_VOICE + 7);
	/* Categories leave room for those who decide. */
	ck_assert_uint_eq(of_suggestion(SUGGESTION_QUESTION, "one-more"),
			  of_suggestion(SUGGESTION_QUESTION, "and-more"));
	ck_assert(role_is(of_decision("new-role", NULL), "new-role"));
	while (words->n < SUBJECTS_MAX) {
		char role[16];

		snprintf(role, sizeof role, "role-%u", words->n);
		(void)of_decision(role, NULL);
	}
	words_commit(words);
	n = words->n;
	ck_assert_uint_eq(of_decision("new-a", NULL), of_decision("new-b", NULL));
	ck_assert_uint_eq(of_decision("new-a", "r"), of_decision("new-b", "q"));
	ck_assert(role_is(of_decision("new-a", "r"), OTHER_NAME));
	ck_assert(words_subject(words, of_decision("new-a", "r"))->rule != 0);
	ck_assert(words_subject(words, of_decision("new-a", NULL))->rule == 0);
	ck_assert_uint_eq(of_decision("clerk", "two-more"), other);
	ck_assert_uint_eq(of_suggestion(SUGGESTION_CONCERN, "a"),
			  of_suggestion(SUGGESTION_CONCERN, "b"));
	ck_assert_uint_ne(of_suggestion(SUGGESTION_CONCERN, "a"),
			  of_suggestion(SUGGESTION_OPINION, "a"));
	ck_assert_uint_eq(words->n, n + 4);
	ck_assert_int_eq(db_exec(db, "COMMIT"), EMP_OK);
	words_commit(words);
	words_close(words);
	memset(words, 0, sizeof *words);
	ck_assert_int_eq(words_open(words, db), EMP_OK);
	ck_assert_uint_eq(words->n, n + 4);
}
END_TEST

Suite *
store_words_suite(void)
{
	Suite *s = suite_create("store_words");
	TCase *tc = tcase_create("words");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, each_has_its_number);
	tcase_add_test(tc, what_is_rolled_back_was_never_there);
	tcase_add_test(tc, beyond_the_limit_they_are_counted_together);
	suite_add_tcase(s, tc);
	return s;
}
