/* The commit path of suggestions, beside that of all other events in group.c. What is
 * refused leaves nothing behind, not even a name: so everything that can be refused is
 * found out before the first row is written. */
#include "store/impl.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "store/db.h"

#include <stdio.h>

/* Whether nothing is to be stored: it is refused, or is stored already or says nothing
 * new, and of these two the client need not know which. */
static bool
is_done(struct store *s, enum emp_rc bad, bool nothing, struct store_outcome *out)
{
	if (bad != EMP_OK) {
		*out = (struct store_outcome){ITEM_INVALID, (uint8_t)bad, 0};
	} else if (nothing) {
		s->group.duplicates++;
		*out = (struct store_outcome){ITEM_DUPLICATE, EMP_OK, 0};
	}
	return bad != EMP_OK || nothing;
}

/* Numbers of the words of a submission. */
static enum emp_rc
name_words(struct store *s, const struct event *e, struct suggestion_ids *names)
{
	bool request = e->type == EVENT_BOUNDARY_REQUESTED;
	enum emp_rc rc = EMP_OK;

	if (request)
		rc = words_get(&s->words, WORD_ROLE, e->role, &names->role);
	if (rc == EMP_OK && request)
		rc = words_get(&s->words, WORD_CLASS, e->matter, &names->matter);
	return rc;
}

/* The person who asks for a wider boundary is in confidential.db. */
static enum emp_rc
put_requester(struct store *s, const struct event *e, struct main_ids *ids,
	      uint8_t people[PEOPLE_KEY_BYTES])
{
	enum emp_rc rc;

	if (e->type != EVENT_BOUNDARY_REQUESTED || !e->person.set)
		return EMP_OK;
	crypto_random(people, PEOPLE_KEY_BYTES);
	ids->people = people;
	rc = group_sealed_begin(s);
	if (rc != EMP_OK)
		return rc;
	return sealed_file_put_person(&s->sealed, people, "requester", 0, &e->person);
}

static enum emp_rc
put_submission(struct store *s, const struct event *e, struct main_ids *ids)
{
	enum suggestion_kind kind = e->type == EVENT_BOUNDARY_REQUESTED
		? SUGGESTION_BOUNDARY_REQUEST
		: (enum suggestion_kind)e->suggestion_kind;
	struct suggestion_ids names = {0};
	uint8_t people[PEOPLE_KEY_BYTES];
	uint32_t subject = 0;
	enum emp_rc rc = names_series(&s->names, e, &ids->series);

	if (rc == EMP_OK)
		rc = name_words(s, e, &names);
	if (rc == EMP_OK)
		rc = words_subject_of_suggestion(&s->words, kind, e->category,
						 &subject);
	/* Stored as it is counted: where there is no room for more subjects, too. */
	if (rc == EMP_OK)
		names.category = words_subject(&s->words, subject)->category;
	if (rc == EMP_OK)
		rc = put_requester(s, e, ids, people);
	if (rc == EMP_OK)
		rc = main_file_put(&s->main, e, ids);
	if (rc != EMP_OK)
		return rc;
	names.unit = s->names.series[ids->series - 1].dim[DIM_UNIT];
	rc = suggestions_put(&s->suggestions, e, ids, &names);
	if (rc != EMP_OK)
		return rc;
	return group_stage(s, e, ids->seq, ids->series, subject);
}

/* A rating that confidential.db has, and whose step was not committed after all, is
 * there twice when it is sent again: nothing ties it to the step by which to know. */
static enum emp_rc
put_rating_apart(struct store *s, const struct event *e, const struct suggestion_at *of)
{
	enum emp_rc rc = group_sealed_begin(s);

	if (rc != EMP_OK)
		return rc;
	return cases_put_rating(&s->cases, e, s->tz,
				names_series_unit(&s->names, of->series));
}

static enum emp_rc
put_step(struct store *s, const struct event *e, struct main_ids *ids,
	 struct suggestion_at *of)
{
	enum emp_rc rc = EMP_OK;

	ids->series = of->series;
	if (suggestions_rated_apart(e, of))
		rc = put_rating_apart(s, e, of);
	if (rc == EMP_OK && e->ref_id.n > 0)
		rc = names_source(&s->names, e->ref_source, &ids->ref_source);
	if (rc == EMP_OK)
		rc = main_file_put(&s->main, e, ids);
	if (rc == EMP_OK)
		rc = suggestions_put_step(&s->suggestions, e, ids, of);
	return rc == EMP_OK ? group_stage(s, e, ids->seq, ids->series, 0) : rc;
}

enum emp_rc
put_suggestion(struct store *s, const struct event *e, struct store_outcome *out)
{
	struct main_ids ids = {.seq = s->next_seq, .received = s->group.now};
	struct suggestion_at of;
	bool step = life_is_step(e);
	enum emp_rc bad = EMP_OK;
	enum emp_rc rc = group_main_begin(s);
	bool nothing = false;

	if (rc == EMP_OK && step) {
		rc = suggestions_find(&s->suggestions, &s->names, e, &of, &bad);
		nothing = of.at.nothing;
	} else if (rc == EMP_OK) {
		rc = suggestions_known(&s->suggestions, e, &nothing);
	}
	if (rc != EMP_OK || is_done(s, bad, nothing, out))
		return rc;
	rc = names_source(&s->names, e->source, &ids.source);
	if (rc == EMP_OK)
		rc = step ? put_step(s, e, &ids, &of) : put_submission(s, e, &ids);
	if (rc != EMP_OK)
		return rc;
	s->next_seq++;
	*out = (struct store_outcome){ITEM_STORED, EMP_OK, ids.seq};
	return EMP_OK;
}

/* The fewest people that were ever declared in a unit: where it says nothing itself, in
 * those below it that do. */
static enum emp_rc
fewest_people(struct store *s, struct str unit, int64_t *out)
{
	char counted[UNIT_MAX_BYTES + 1] = "";
	sqlite3_stmt *q = NULL;
	/* A unit comes before those below it, and these before any other. */
	enum emp_rc rc = db_prepare(
		s->main.db, &q,
		"SELECT unit.name, min(headcount.headcount) FROM headcount "
		"CROSS JOIN event ON event.seq = headcount.event_seq "
		"CROSS JOIN series ON series.id = event.series_id "
		"CROSS JOIN unit ON unit.id = series.unit_id "
		"WHERE headcount.headcount IS NOT NULL AND (unit.name = ?1 OR "
		"unit.name > ?1 || '/' AND unit.name < ?1 || '0') "
		"GROUP BY unit.id ORDER BY replace(unit.name, '/', char(1))");

	*out = 0;
	if (rc == EMP_OK)
		db_bind_str(q, 1, unit);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		if (counted[0] != '\0' && unit_below(db_str(q, 0), str_from(counted)))
			continue;
		snprintf(counted, sizeof counted, "%.*s", STR_FMT(db_str(q, 0)));
		*out += sqlite3_column_int64(q, 1);
	}
	sqlite3_finalize(q);
	return rc;
}

/* Whether who may see one unit only may know that a suggestion is from there. Of a
 * small one its members would be told from all others by trying token after token. */
static enum emp_rc
check_unit(struct store *s, const struct event *e, enum emp_rc *bad)
{
	int64_t people;
	enum emp_rc rc;

	if (!e->has_handle || !life_is_step(e) || e->only_unit.n == 0)
		return EMP_OK;
	rc = fewest_people(s, e->only_unit, &people);
	if (rc == EMP_OK && people < CASE_UNIT_PEOPLE_MIN)
		*bad = EMP_UNKNOWN_REF;
	return rc;
}

enum emp_rc
put_case(struct store *s, const struct event *e, struct store_outcome *out)
{
	enum emp_rc bad = EMP_OK;
	bool nothing = false;
	enum emp_rc rc = group_sealed_begin(s);

	if (rc == EMP_OK)
		rc = check_unit(s, e, &bad);
	if (rc == EMP_OK && bad == EMP_OK)
		rc = cases_put(&s->cases, e, s->tz, &bad, &nothing);
	if (rc != EMP_OK || is_done(s, bad, nothing, out))
		return rc;
	s->group.n_sealed++;
	*out = (struct store_outcome){ITEM_STORED, EMP_OK, 0};
	return sealed_file_put_id(&s->sealed, e, s->group.now / MS_PER_S / S_PER_DAY);
}
