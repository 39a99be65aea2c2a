/* What readers ask of empowerd.db; and of confidential.db, for the people of what is in
 * empowerd.db without them. */
#include "store/reader_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/voice.h"

static void
finish(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
	*s = NULL;
}

static struct str
blob(sqlite3_stmt *s, int column)
{
	const char *p = sqlite3_column_blob(s, column);

	return (struct str){p, (size_t)sqlite3_column_bytes(s, column)};
}

enum emp_rc
store_read_cells(struct store_reader *r, enum grain g, int64_t from, int64_t to,
		 enum emp_rc (*fn)(void *ctx, const struct cell *c), void *ctx)
{
	uint32_t *slots = calloc(SURVEY_SLOTS_MAX, sizeof *slots);
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = slots == NULL
		? EMP_NOMEM
		: db_prepare(r->db, &s,
			     "SELECT series_id, subject, start, seq, slots "
			     "FROM cell WHERE grain = ?1 AND start >= ?2 "
			     "AND start < ?3");

	if (rc == EMP_OK) {
		sqlite3_bind_int(s, 1, g);
		sqlite3_bind_int64(s, 2, from);
		sqlite3_bind_int64(s, 3, to);
	}
	while (rc == EMP_OK) {
		struct cell c = {.key.grain = (uint8_t)g, .slots = slots};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		c.key.series = (uint32_t)sqlite3_column_int64(s, 0);
		c.key.subject = (uint32_t)sqlite3_column_int64(s, 1);
		c.key.start = sqlite3_column_int64(s, 2);
		c.seq = sqlite3_column_int64(s, 3);
		rc = cell_unpack(blob(s, 4), slots, SURVEY_SLOTS_MAX, &c.n_slots);
		if (rc == EMP_OK)
			rc = fn(ctx, &c);
	}
	finish(&s);
	free(slots);
	return rc;
}

/* ---- events ------------------------------------------------------------------------
 */

/* Rare types have a table of their own, by which they are found without looking at all
 * others; the rest is one scan. */
struct road {
	uint64_t types;
	const char *from;
	bool bare; /* neither signal nor recognition is joined */
};
static const struct road roads[] = {
	{UINT64_C(1) << EVENT_SIGNAL_RECORDED,
	 "signal CROSS JOIN event ON event.seq = signal.event_seq "
	 "LEFT JOIN recognition ON recognition.event_seq = event.seq "
	 "WHERE signal.event_seq >= ?1",
	 false},
	{UINT64_C(1) << EVENT_RECOGNITION_GIVEN,
	 "recognition CROSS JOIN event ON event.seq = recognition.event_seq "
	 "LEFT JOIN signal ON signal.event_seq = event.seq "
	 "WHERE recognition.event_seq >= ?1",
	 false},
	{UINT64_C(1) << EVENT_SURVEY_INVITED,
	 "invitation CROSS JOIN event ON event.seq = invitation.event_seq "
	 "WHERE invitation.event_seq >= ?1",
	 true},
	{UINT64_C(1) << EVENT_SURVEY_ANSWERED, "event WHERE event.seq >= ?1", true},
	{UINT64_MAX,
	 "event LEFT JOIN signal ON signal.event_seq = event.seq "
	 "LEFT JOIN recognition ON recognition.event_seq = event.seq "
	 "WHERE event.seq >= ?1",
	 false},
};

#define IN_TIME "event.time >= ?2 AND event.time < ?3"
/* Also what names an invitation, whatever the times. */
#define IN_TIME_OR_NAMING                                                              \
	"(" IN_TIME " OR EXISTS (SELECT 1 FROM reference "                             \
	"WHERE reference.event_seq = event.seq))"

enum event_column {
	COL_SEQ,
	COL_TIME,
	COL_RECEIVED,
	COL_SERIES,
	COL_SURVEY,
	COL_TYPE,
	COL_COMPLETE,
	COL_PERSON,
	COL_REF,
	COL_SIGNAL,
	COL_KIND,
	COL_VISIBILITY,
	COL_LEADER,
	COL_PEOPLE
};

enum emp_rc
reader_first_seq(struct store_reader *r, int64_t from, int64_t *out)
{
	const int64_t received = from > FUTURE_MAX_MS ? from - FUTURE_MAX_MS : 0;
	sqlite3_stmt *s = NULL;
	int64_t low = 1;
	int64_t high = 1;
	enum emp_rc rc = EMP_OK;

	if (received > 0)
		rc = reader_int(r, "SELECT ifnull(max(seq), 0) + 1 FROM event", &high);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->db, &s,
				    "SELECT seq, received FROM event WHERE seq >= ?1 "
				    "ORDER BY seq LIMIT 1");
	while (rc == EMP_OK && low < high) {
		int64_t middle = low + (high - low) / 2;
		bool row;

		sqlite3_bind_int64(s, 1, middle);
		rc = db_step(s, &row);
		if (rc != EMP_OK)
			break;
		if (!row || sqlite3_column_int64(s, 1) >= received)
			high = middle;
		else
			low = sqlite3_column_int64(s, 0) + 1;
		(void)sqlite3_reset(s);
	}
	reader_finish(r, &s);
	*out = low;
	return rc;
}

static enum emp_rc
prepare_events(struct store_reader *r, sqlite3_stmt **out, const struct road *road,
	       uint64_t types, bool naming, bool named)
{
	struct buf sql;
	enum emp_rc rc;

	buf_init(&sql, 0);
	buf_add_z(&sql,
		  "SELECT event.seq, event.time, event.received, event.series_id, "
		  "event.survey_id, event.type_id, event.complete, event.person, ");
	buf_add_z(&sql,
		  named ? "(SELECT min(invited.event_seq) FROM reference "
			  "JOIN invitation AS invited ON invited.id = reference.id "
			  "AND (reference.source_id IS NULL "
			  "OR invited.source_id IS reference.source_id) "
			  "WHERE reference.event_seq = event.seq), "
			: "NULL, ");
	buf_add_z(&sql,
		  road->bare ? "NULL, NULL, NULL, NULL, NULL FROM "
			     : "signal.kind_id, recognition.kind_id, "
			       "recognition.visibility_id, recognition.by_leader, "
			       "recognition.people_key FROM ");
	buf_printf(&sql, "%s AND %s AND event.type_id IN (0", road->from,
		   naming && named ? IN_TIME_OR_NAMING : IN_TIME);
	for (int t = 1; t < EVENT_TYPE_COUNT; t++) {
		if (types >> t & 1)
			buf_printf(&sql, ", %d", t);
	}
	buf_add(&sql, ")", sizeof ")"); /* with the end */
	rc = buf_ok(&sql) ? db_prepare(r->db, out, sql.p) : EMP_NOMEM;
	buf_fini(&sql);
	return rc;
}

/* The two places where people of a recognition are: rows of whether it is the giver,
 * and who. */
struct people_sql {
	sqlite3_stmt *of_customers;   /* of an event; its giver is in the event */
	sqlite3_stmt *of_operational; /* of a key; NULL where they are not known */
	uint8_t to[RECIPIENTS_MAX][PSEUDONYM_BYTES];
};

static enum emp_rc
people_prepare(struct store_reader *r, struct people_sql *p)
{
	enum emp_rc rc = db_prepare(r->db, &p->of_customers,
				    "SELECT 0, person FROM recognition_recipient "
				    "WHERE event_seq = ?1 ORDER BY number");

	if (rc == EMP_OK && r->people != NULL)
		rc = db_prepare(r->people, &p->of_operational,
				"SELECT role = 'giver', person FROM operational_person "
				"WHERE key = ?1 ORDER BY role, number");
	return rc;
}

static enum emp_rc
add_person(struct people_sql *p, struct event_row *e, bool giver, struct str person)
{
	if (person.n != PSEUDONYM_BYTES || (!giver && e->n_to == RECIPIENTS_MAX))
		return EMP_CORRUPT;
	memcpy(giver ? e->person : p->to[e->n_to++], person.p, PSEUDONYM_BYTES);
	e->has_person = e->has_person || giver;
	return EMP_OK;
}

static enum emp_rc
read_people(struct people_sql *p, struct event_row *e, struct str key)
{
	sqlite3_stmt *s = key.n > 0 ? p->of_operational : p->of_customers;
	enum emp_rc rc = EMP_OK;

	if (s == NULL)
		return EMP_OK;
	if (key.n > 0)
		sqlite3_bind_blob(s, 1, key.p, (int)key.n, SQLITE_STATIC);
	else
		sqlite3_bind_int64(s, 1, e->seq);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = add_person(p, e, sqlite3_column_int(s, 0) != 0, blob(s, 1));
	}
	(void)sqlite3_reset(s);
	e->to = (const uint8_t(*)[PSEUDONYM_BYTES])p->to;
	return rc;
}

static enum emp_rc
read_event(sqlite3_stmt *s, struct event_row *e)
{
	struct str person = blob(s, COL_PERSON);

	*e = (struct event_row){
		.seq = sqlite3_column_int64(s, COL_SEQ),
		.time = sqlite3_column_int64(s, COL_TIME),
		.received = sqlite3_column_int64(s, COL_RECEIVED),
		.series = (uint32_t)sqlite3_column_int64(s, COL_SERIES),
		.survey = (uint32_t)sqlite3_column_int64(s, COL_SURVEY),
		.type = (uint8_t)sqlite3_column_int(s, COL_TYPE),
		.complete = sqlite3_column_int(s, COL_COMPLETE) != 0,
		.signal = (uint8_t)sqlite3_column_int(s, COL_SIGNAL),
		.recognition = (uint8_t)sqlite3_column_int(s, COL_KIND),
		.visibility = (uint8_t)sqlite3_column_int(s, COL_VISIBILITY),
		.by_leader = sqlite3_column_int(s, COL_LEADER) != 0,
		.ref_seq = sqlite3_column_int64(s, COL_REF),
		.has_person = person.n > 0};
	if (person.n > 0 && person.n != PSEUDONYM_BYTES)
		return EMP_CORRUPT;
	if (person.n > 0)
		memcpy(e->person, person.p, PSEUDONYM_BYTES);
	return EMP_OK;
}

/* What a walk along the roads is after. */
struct walk {
	int64_t from, to; /* ms */
	bool naming;      /* also what names an invitation, whatever its time */
	bool named;       /* something does, from the first sequence on */
	int64_t first;
	enum emp_rc (*fn)(void *ctx, const struct event_row *e);
	void *ctx;
};

static enum emp_rc
walk_road(struct store_reader *r, const struct walk *w, const struct road *road,
	  uint64_t types, struct people_sql *people)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = prepare_events(r, &s, road, types, w->naming, w->named);

	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, w->first);
		sqlite3_bind_int64(s, 2, w->from);
		sqlite3_bind_int64(s, 3, w->to);
	}
	while (rc == EMP_OK) {
		struct event_row e;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = read_event(s, &e);
		if (rc == EMP_OK && e.type == EVENT_RECOGNITION_GIVEN)
			rc = read_people(people, &e, blob(s, COL_PEOPLE));
		if (rc == EMP_OK)
			rc = w->fn(w->ctx, &e);
	}
	finish(&s);
	return rc;
}

/* Where nothing names an invitation no row need be asked for it. */
static enum emp_rc
walk_begin(struct store_reader *r, struct walk *w)
{
	int64_t last = 0;
	enum emp_rc rc = reader_first_seq(r, w->from, &w->first);

	if (rc == EMP_OK)
		rc = db_int(r->db, "SELECT ifnull(max(event_seq), 0) FROM reference",
			    &last);
	w->named = last >= w->first;
	return rc;
}

static enum emp_rc
walk_all(struct store_reader *r, struct walk *w, uint64_t types)
{
	struct people_sql people = {.of_customers = NULL};
	enum emp_rc rc = walk_begin(r, w);

	/* Not before empowerd.db was looked at: see reader.c. */
	if (rc == EMP_OK)
		rc = people_prepare(r, &people);
	for (size_t i = 0; rc == EMP_OK && i < sizeof roads / sizeof *roads; i++) {
		uint64_t wanted = types & roads[i].types;

		types &= ~wanted;
		if (wanted != 0)
			rc = walk_road(r, w, &roads[i], wanted, &people);
	}
	finish(&people.of_customers);
	finish(&people.of_operational);
	return rc;
}

enum emp_rc
store_read_events(struct store_reader *r, uint64_t types, int64_t from, int64_t to,
		  enum emp_rc (*fn)(void *ctx, const struct event_row *e), void *ctx)
{
	struct walk w = {.from = from, .to = to, .fn = fn, .ctx = ctx};

	return walk_all(r, &w, types);
}

enum emp_rc
store_read_responses(struct store_reader *r, int64_t from,
		     enum emp_rc (*fn)(void *ctx, const struct event_row *e), void *ctx)
{
	struct walk w = {
		.from = from, .to = INT64_MAX, .naming = true, .fn = fn, .ctx = ctx};

	return walk_all(r, &w, UINT64_C(1) << EVENT_SURVEY_ANSWERED);
}

static int64_t
level(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		? -1
		: sqlite3_column_int64(s, column);
}

enum emp_rc
store_read_levels(struct store_reader *r,
		  enum emp_rc (*fn)(void *ctx, const struct level_row *l), void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(
		r->db, &s,
		"SELECT event.seq, event.time, series.unit_id, series.audience_id, "
		"headcount.headcount, headcount.leaders, "
		"headcount.possible_days_cents, headcount.active FROM headcount "
		"JOIN event ON event.seq = headcount.event_seq "
		"JOIN series ON series.id = event.series_id "
		"ORDER BY event.time, event.seq");

	while (rc == EMP_OK) {
		struct level_row l;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		l.seq = sqlite3_column_int64(s, 0);
		l.time = sqlite3_column_int64(s, 1);
		l.unit = (uint32_t)sqlite3_column_int64(s, 2);
		l.audience = (uint8_t)sqlite3_column_int(s, 3);
		l.headcount = level(s, 4);
		l.leaders = level(s, 5);
		l.possible_days_cents = level(s, 6);
		l.active = level(s, 7);
		rc = fn(ctx, &l);
	}
	finish(&s);
	return rc;
}
