/* Reading suggestions of confidential.db, as read_suggestions.c does those of the other
 * file; in the order of random keys, and with days for moments. A reader without a
 * daemon has no such file: it finds none. What employees did today is left out, but for
 * the author. */
#include "store/suggestion_row.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "store/case_shown.h"
#include "store/days.h"
#include "store/db.h"
#include "store/life.h"

enum row_column {
	ROW_KEY,
	ROW_CATEGORY,
	ROW_BOARD,
	ROW_KIND,
	ROW_STATE,
	ROW_STATUS,
	ROW_AUTOMATIC,
	ROW_SUBMITTED,
	ROW_MOMENTS,
	ROW_COUNTS = ROW_MOMENTS + LIFE_MOMENT_COUNT,
	ROW_PERSON = ROW_COUNTS + LIFE_COUNT_COUNT,
	ROW_DIMS,
	ROW_LIVES = ROW_DIMS + DIM_COUNT, /* lives have no more */
	ROW_TITLE = ROW_LIVES,
	ROW_BODY
};
#define LIFE_COLUMNS                                                                   \
	"SELECT state.suggestion, state.category, state.board, state.kind, state, "    \
	"status, auto_acknowledged, submitted, " LIFE_MOMENTS ", " LIFE_COUNTS         \
	", person, event.unit, channel, touchpoint, segment, initiative, lang"
static const char lives_sql[] = LIFE_COLUMNS
	" FROM suggestion_state AS state JOIN event ON event.key = state.suggestion "
	"WHERE submitted >= ?1 AND submitted < ?2";
static const char row_sql[] = LIFE_COLUMNS
	", title, body FROM suggestion_state AS state "
	"JOIN suggestion ON suggestion.key = state.suggestion "
	"JOIN event ON event.key = state.suggestion "
	"WHERE state.suggestion = ?1";

/* ---- rows ------------------------------------------------------------------------
 */

/* Start of the day; 0 for NULL. */
static enum emp_rc
read_day(sqlite3_stmt *s, int column, const struct tz *tz, int64_t *out)
{
	int64_t day;

	*out = 0;
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return EMP_OK;
	if (!day_parse(db_str(s, column), &day))
		return EMP_CORRUPT;
	*out = day_start(tz, day);
	return EMP_OK;
}

static enum emp_rc
read_life(sqlite3_stmt *s, const struct tz *tz, struct lifecycle *l)
{
	enum emp_rc rc;

	*l = (struct lifecycle){
		.kind = (uint8_t)suggestion_kind_find(db_str(s, ROW_KIND)),
		.state = (uint8_t)suggestion_state_find(db_str(s, ROW_STATE)),
		.status = (uint8_t)suggestion_status_find(db_str(s, ROW_STATUS)),
		.auto_acknowledged = sqlite3_column_int(s, ROW_AUTOMATIC) != 0};
	rc = read_day(s, ROW_SUBMITTED, tz, &l->submitted);
	for (int i = 0; rc == EMP_OK && i < LIFE_MOMENT_COUNT; i++)
		rc = read_day(s, ROW_MOMENTS + i, tz, life_moment(l, i));
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		*life_count(l, i) = (uint32_t)sqlite3_column_int64(s, ROW_COUNTS + i);
	return rc;
}

/* shown: NULL: all that is stored. */
static enum emp_rc
read_row(sqlite3_stmt *s, const struct tz *tz, struct case_shown *shown,
	 struct suggestion_row *row)
{
	enum emp_rc rc;

	*row = (struct suggestion_row){
		.audience = AUDIENCE_EMPLOYEE,
		.category = db_str(s, ROW_CATEGORY),
		.board = sqlite3_column_int(s, ROW_BOARD) != 0,
		.has_person = sqlite3_column_type(s, ROW_PERSON) != SQLITE_NULL,
		.limit_cents = -1};
	for (int d = 0; d < DIM_COUNT; d++)
		row->dim[d] = db_str(s, ROW_DIMS + d);
	if (sqlite3_column_bytes(s, ROW_KEY) != HANDLE_BYTES ||
	    (row->has_person && sqlite3_column_bytes(s, ROW_PERSON) != PSEUDONYM_BYTES))
		return EMP_CORRUPT;
	memcpy(row->key, sqlite3_column_blob(s, ROW_KEY), HANDLE_BYTES);
	if (row->has_person)
		memcpy(row->person, sqlite3_column_blob(s, ROW_PERSON),
		       PSEUDONYM_BYTES);
	rc = read_life(s, tz, &row->life);
	return rc == EMP_OK && shown != NULL
		? case_shown_life(shown, row->key, &row->life)
		: rc;
}

static enum emp_rc
give(sqlite3_stmt *s, const struct tz *tz, struct case_shown *shown,
     const uint8_t key[HANDLE_BYTES], suggestion_fn *fn, void *ctx)
{
	char id[CASE_ID_CHARS + 1] = CASE_ID_PREFIX;
	struct suggestion_row row;
	bool found;
	enum emp_rc rc;

	sqlite3_bind_blob(s, 1, key, HANDLE_BYTES, SQLITE_STATIC);
	rc = db_step(s, &found);
	if (rc == EMP_OK && !found)
		rc = EMP_NOT_FOUND;
	if (rc == EMP_OK)
		rc = read_row(s, tz, shown, &row);
	if (rc == EMP_OK) {
		num_hex(id + sizeof CASE_ID_PREFIX - 1, row.key, HANDLE_BYTES);
		row.id = (struct str){id, CASE_ID_CHARS};
		row.title = db_str(s, ROW_TITLE);
		row.body = db_str(s, ROW_BODY);
		rc = fn(ctx, &row);
	}
	(void)sqlite3_reset(s);
	return rc;
}

/* The first day that begins at this moment or later, as text. */
static struct str
day_from(char dst[DAY_TEXT_MAX], const struct tz *tz, int64_t ms)
{
	/* Texts sort as days do from year 0 to 9999. */
	const int64_t last = INT64_C(253402214400000);
	int64_t day;

	ms = ms < 0 ? 0 : ms > last ? last : ms;
	day = day_of(tz, ms);
	day += ms > 0 && ms < last && day_start(tz, day) < ms;
	return (struct str){dst, day_format(dst, day)};
}

enum emp_rc
suggestion_lives_case(struct store_reader *r, int64_t from, int64_t to,
		      suggestion_fn *fn, void *ctx)
{
	char first[DAY_TEXT_MAX];
	char end[DAY_TEXT_MAX];
	struct case_shown shown;
	sqlite3_stmt *s = NULL;
	enum emp_rc rc;

	if (r->people == NULL)
		return EMP_OK;
	rc = case_shown_init(&shown, r);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->people, &s, lives_sql);
	if (rc == EMP_OK) {
		db_bind_str(s, 1, day_from(first, r->tz, from));
		db_bind_str(s, 2, day_from(end, r->tz, to));
	}
	while (rc == EMP_OK) {
		struct suggestion_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		rc = read_row(s, r->tz, &shown, &row);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
	}
	reader_finish(r, &s);
	case_shown_fini(&shown);
	return rc;
}

/* ---- pages -----------------------------------------------------------------------
 */

#define ROAD_COLUMNS                                                                   \
	"SELECT suggestion, kind, state, category, board, submitted, unit, "           \
	"withdrawn, reopened "                                                         \
	"FROM suggestion_state "
#define ROAD_REST " AND suggestion > ?1 ORDER BY suggestion LIMIT ?2"
static const char by_kind_sql[] = ROAD_COLUMNS
	"INDEXED BY suggestion_state_by_kind "
	"WHERE kind = ?3 AND state = ?4" ROAD_REST;
static const char by_board_sql[] = ROAD_COLUMNS
	"INDEXED BY suggestion_state_by_board "
	"WHERE board = 1 AND kind = ?3 AND state = ?4" ROAD_REST;
static const char by_category_sql[] = ROAD_COLUMNS
	"INDEXED BY suggestion_state_by_category "
	"WHERE category = ?3 AND kind = ?4 AND state = ?5" ROAD_REST;
static const char by_unit_sql[] = ROAD_COLUMNS
	"INDEXED BY suggestion_state_by_unit WHERE unit = ?3" ROAD_REST;

enum road_column {
	ROAD_KEY,
	ROAD_KIND,
	ROAD_STATE,
	ROAD_CATEGORY,
	ROAD_BOARD,
	ROAD_SUBMITTED,
	ROAD_UNIT,
	ROAD_WITHDRAWN,
	ROAD_REOPENED
};

struct asked {
	const struct suggestion_filter *f;
	struct case_shown shown;
	struct road_source source;
	char from_text[DAY_TEXT_MAX], to_text[DAY_TEXT_MAX];
	struct str from, to; /* to.n == 0: no end */
	/* Names of units that roads borrow. */
	char (*unit)[UNIT_MAX_BYTES + 1];
};

static bool
fits(void *ctx, sqlite3_stmt *s)
{
	const struct asked *a = ctx;
	const struct suggestion_filter *f = a->f;
	struct str day = db_str(s, ROAD_SUBMITTED);
	enum suggestion_state state = suggestion_state_find(db_str(s, ROAD_STATE));

	return (f->kinds >> suggestion_kind_find(db_str(s, ROAD_KIND)) & 1) != 0 &&
		((f->states >> state & 1) != 0 ||
		 case_shown_differs(&a->shown, state, db_str(s, ROAD_WITHDRAWN),
				    db_str(s, ROAD_REOPENED))) &&
		(f->category.n == 0 || str_eq(db_str(s, ROAD_CATEGORY), f->category)) &&
		(!f->board_only || sqlite3_column_int(s, ROAD_BOARD) != 0) &&
		str_cmp(day, a->from) >= 0 &&
		(a->to.n == 0 || str_cmp(day, a->to) < 0) &&
		(f->unit.n == 0 || unit_below(db_str(s, ROAD_UNIT), f->unit));
}

/* A road for a unit of which a->unit[p->n] is the name. */
static enum emp_rc
add_unit(struct page *p, struct asked *a)
{
	struct road_arg arg = {.text = str_from(a->unit[p->n])};

	return page_add_road(p, &a->source, &arg, 1);
}

/* The next unit in which something was submitted; "" when there is none. */
static enum emp_rc
next_unit(sqlite3_stmt *s, const char *last, struct str top,
	  char out[UNIT_MAX_BYTES + 1])
{
	struct str unit = STR("");
	bool row;
	enum emp_rc rc;

	sqlite3_bind_text(s, 1, last, -1, SQLITE_STATIC);
	db_bind_str(s, 2, top);
	rc = db_step(s, &row);
	if (rc == EMP_OK && row && sqlite3_column_type(s, 0) != SQLITE_NULL)
		unit = db_str(s, 0);
	if (unit.n > UNIT_MAX_BYTES)
		rc = EMP_CORRUPT;
	else
		snprintf(out, UNIT_MAX_BYTES + 1, "%.*s", STR_FMT(unit));
	(void)sqlite3_reset(s);
	return rc;
}

/* A road per unit of the subtree in which something was submitted; *all: there are so
 * many that looking at every row is cheaper. */
static enum emp_rc
unit_roads(struct store_reader *r, struct page *p, struct asked *a, bool *all)
{
	char last[UNIT_MAX_BYTES + 2];
	sqlite3_stmt *s = NULL;
	enum emp_rc rc;

	*all = false;
	if (a->f->unit.n > UNIT_MAX_BYTES)
		return EMP_OK;
	a->unit = calloc(ROAD_UNITS_MAX + 1, sizeof *a->unit);
	if (a->unit == NULL)
		return EMP_NOMEM;
	memcpy(a->unit[0], a->f->unit.p, a->f->unit.n);
	/* What is below it begins behind this. */
	snprintf(last, sizeof last, "%s/", a->unit[0]);
	rc = add_unit(p, a);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->people, &s,
				    "SELECT min(unit) FROM suggestion_state "
				    "WHERE unit > ?1 AND unit < ?2 || '0'");
	while (rc == EMP_OK) {
		rc = next_unit(s, last, a->f->unit, a->unit[p->n]);
		if (rc != EMP_OK || a->unit[p->n][0] == '\0')
			break;
		*all = p->n == ROAD_UNITS_MAX;
		if (*all)
			break;
		snprintf(last, sizeof last, "%s", a->unit[p->n]);
		rc = add_unit(p, a);
	}
	reader_finish(r, &s);
	if (*all)
		page_fini(p);
	return rc;
}

/* Chooses the index, and its ranges. */
static enum emp_rc
settle_roads(struct store_reader *r, struct page *p, struct asked *a, const char **sql)
{
	struct suggestion_filter f = *a->f;
	struct road_arg category = {.text = f.category};
	bool all = true;
	enum emp_rc rc = EMP_OK;

	/* In which there may be some that are shown in another: see fits(). */
	f.states |= 1u << STATE_WITHDRAWN | 1u << STATE_REOPENED;
	*sql = by_unit_sql;
	if (f.unit.n > 0)
		rc = unit_roads(r, p, a, &all);
	if (rc != EMP_OK || !all)
		return rc;
	if (f.category.n > 0) {
		*sql = by_category_sql;
		return suggestion_roads(p, &a->source, &f, &category, NULL, 0);
	}
	*sql = f.board_only ? by_board_sql : by_kind_sql;
	return suggestion_roads(p, &a->source, &f, NULL, NULL, 0);
}

/* Both ends of what may be shown. */
static void
settle_days(struct asked *a, const struct tz *tz)
{
	const struct suggestion_filter *f = a->f;
	int64_t to = f->to;

	if (f->before_day != 0 && (to == 0 || f->before_day < to))
		to = f->before_day;
	a->from = day_from(a->from_text, tz, f->from);
	a->to = to != 0 ? day_from(a->to_text, tz, to) : STR_NONE;
}

static enum emp_rc
find_page(struct store_reader *r, struct asked *a, uint32_t max, struct place *place,
	  uint32_t *n)
{
	const struct suggestion_filter *f = a->f;
	struct page p = {
		.fits = fits, .ctx = a, .scan_max = f->end != NULL ? PAGE_SCAN_MAX : 0};
	struct place after;
	const char *sql = NULL;
	enum emp_rc rc = settle_roads(r, &p, a, &sql);

	if (rc == EMP_OK)
		rc = reader_prepare(r, r->people, &a->source.statement, sql);
	memcpy(after.b, f->after_key, sizeof after.b);
	if (rc == EMP_OK)
		rc = page_find(&p, f->has_after ? &after : NULL, max, place, n);
	reader_finish(r, &a->source.statement);
	if (rc == EMP_OK && f->end != NULL) {
		f->end->more = p.more;
		if (p.more)
			memcpy(f->end->key, p.end.b, sizeof f->end->key);
	}
	page_fini(&p);
	return rc;
}

enum emp_rc
suggestion_page_case(struct store_reader *r, const struct suggestion_filter *f,
		     uint32_t max, suggestion_fn *fn, void *ctx)
{
	struct asked a = {.f = f, .source.kind = PLACE_KEY};
	struct place *place;
	sqlite3_stmt *s = NULL;
	uint32_t n = 0;
	enum emp_rc rc;

	_Static_assert((int)PLACE_BYTES == (int)HANDLE_BYTES, "a place is a key");
	if (r->people == NULL)
		return EMP_OK;
	settle_days(&a, r->tz);
	place = calloc(max > 0 ? max : 1, sizeof *place);
	rc = case_shown_init(&a.shown, r);
	if (rc == EMP_OK)
		rc = place == NULL ? EMP_NOMEM : find_page(r, &a, max, place, &n);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->people, &s, row_sql);
	for (uint32_t i = 0; rc == EMP_OK && i < n; i++)
		rc = give(s, r->tz, &a.shown, place[i].b, fn, ctx);
	reader_finish(r, &s);
	case_shown_fini(&a.shown);
	free(place);
	free(a.unit);
	return rc;
}

/* ---- one -------------------------------------------------------------------------
 */

static enum emp_rc
first_key(struct store_reader *r, const char *sql, const struct suggestion_find *f,
	  bool *found, uint8_t key[HANDLE_BYTES])
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = reader_prepare(r, r->people, &s, sql);

	*found = false;
	if (rc == EMP_OK) {
		sqlite3_bind_blob(s, 1, f->receipt_hash, RECEIPT_HASH_BYTES,
				  SQLITE_STATIC);
		rc = db_step(s, found);
	}
	if (rc == EMP_OK && *found) {
		if (sqlite3_column_bytes(s, 0) == HANDLE_BYTES)
			memcpy(key, sqlite3_column_blob(s, 0), HANDLE_BYTES);
		else
			rc = EMP_CORRUPT;
	}
	reader_finish(r, &s);
	return rc;
}

static enum emp_rc
find_key(struct store_reader *r, const struct suggestion_find *f, bool *author,
	 bool *found, uint8_t key[HANDLE_BYTES])
{
	enum emp_rc rc;

	*author = false;
	if (!f->by_receipt) {
		struct str hex = {f->id.p + sizeof CASE_ID_PREFIX - 1,
				  2 * HANDLE_BYTES};

		*found = num_unhex(key, hex, HANDLE_BYTES);
		return EMP_OK;
	}
	rc = first_key(r, "SELECT key FROM suggestion WHERE receipt = ?1", f, found,
		       key);
	*author = *found;
	if (rc != EMP_OK || *found)
		return rc;
	return first_key(r,
			 "SELECT suggestion FROM suggestion_step WHERE supporter = ?1 "
			 "ORDER BY suggestion LIMIT 1",
			 f, found, key);
}

static enum emp_rc
read_steps(struct store_reader *r, const uint8_t key[HANDLE_BYTES],
	   suggestion_step_fn *fn, void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = reader_prepare(
		r, r->people, &s,
		"SELECT type, day, status, will_examine, automatic, "
		"reason, body FROM suggestion_step "
		"WHERE suggestion = ?1 ORDER BY number");

	if (rc == EMP_OK)
		sqlite3_bind_blob(s, 1, key, HANDLE_BYTES, SQLITE_STATIC);
	while (rc == EMP_OK) {
		struct suggestion_step_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		row = (struct suggestion_step_row){
			.type = (uint8_t)event_type_find(db_str(s, 0)),
			.status = (uint8_t)suggestion_status_find(db_str(s, 2)),
			.will_examine = suggestion_tristate(s, 3),
			.automatic = sqlite3_column_int(s, 4) != 0,
			.reason = db_str(s, 5),
			.body = db_str(s, 6)};
		rc = read_day(s, 1, r->tz, &row.time);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
	}
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
suggestion_one_case(struct store_reader *r, const struct suggestion_find *f,
		    bool *author, suggestion_fn *fn, suggestion_step_fn *step,
		    void *ctx)
{
	uint8_t key[HANDLE_BYTES];
	struct case_shown shown = {.steps = NULL};
	sqlite3_stmt *s = NULL;
	bool found = false;
	enum emp_rc rc = EMP_OK;

	*author = false;
	if (r->people != NULL)
		rc = find_key(r, f, author, &found, key);
	if (rc == EMP_OK && !found)
		rc = EMP_NOT_FOUND;
	if (rc == EMP_OK)
		rc = case_shown_init(&shown, r);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->people, &s, row_sql);
	if (rc == EMP_OK)
		rc = give(s, r->tz, *author ? NULL : &shown, key, fn, ctx);
	reader_finish(r, &s);
	case_shown_fini(&shown);
	return rc == EMP_OK ? read_steps(r, key, step, ctx) : rc;
}
