/* Reading suggestions of empowerd.db: lists, figures, one with its history.
 *
 * A list is a few ranges of one index: per kind and state asked for (and category, or
 * board), per unit of the subtree asked for, or of the category in any kind and state.
 * Each is in the order of the list, so a page costs what its rows cost, wherever it
 * begins and however rare they are. What the index does not hold (state with unit,
 * times) is looked at row by row, of a bounded number of rows for a page. */
#include "store/suggestion_row.h"

#include <stdlib.h>

#include "store/db.h"
#include "store/life.h"

enum row_column {
	ROW_SEQ,
	ROW_SERIES,
	ROW_PERSON,
	ROW_RECEIVED,
	ROW_CATEGORY,
	ROW_BOARD,
	ROW_KIND,
	ROW_STATE,
	ROW_STATUS,
	ROW_AUTOMATIC,
	ROW_SUBMITTED,
	ROW_MOMENTS,
	ROW_COUNTS = ROW_MOMENTS + LIFE_MOMENT_COUNT,
	ROW_FELT_HEARD = ROW_COUNTS + LIFE_COUNT_COUNT,
	ROW_LIVES, /* lives have no more */
	ROW_ID = ROW_LIVES,
	ROW_SOURCE,
	ROW_TITLE,
	ROW_BODY,
	ROW_ROLE,
	ROW_CLASS,
	ROW_LIMIT
};
#define LIFE_COLUMNS                                                                   \
	"SELECT state.event_seq, event.series_id, event.person, event.received, "      \
	"category.name, state.board, state.kind_id, condition_id, status_id, "         \
	"auto_acknowledged, submitted, " LIFE_MOMENTS ", " LIFE_COUNTS ", felt_heard"
/* Lives, by three roads: the few requests by their kind; few of a window by its index;
 * and many in the order in which they lie in the file, as looking up each of them would
 * take longer than passing by those that are not asked for. */
#define LIVES_JOIN                                                                     \
	"CROSS JOIN event ON event.seq = state.event_seq "                             \
	"LEFT JOIN category ON category.id = state.category_id "                       \
	"WHERE submitted >= ?1 AND submitted < ?2 "
#define LIVES_FEW 10000
static const char lives_of_requests[] = LIFE_COLUMNS
	" FROM suggestion_state AS state "
	"INDEXED BY suggestion_state_by_kind " LIVES_JOIN
	"AND state.kind_id = ?3 AND ?4 IS NOT NULL";
static const char lives_of_few[] = LIFE_COLUMNS
	" FROM suggestion_state AS state "
	"INDEXED BY suggestion_state_by_submitted " LIVES_JOIN
	"AND state.kind_id <> ?3 AND ?4 IS NOT NULL";
static const char lives_of_many[] = LIFE_COLUMNS
	" FROM suggestion_state AS state NOT INDEXED " LIVES_JOIN
	"AND state.kind_id <> ?3 AND state.event_seq >= ?4";
static const char lives_count[] =
	"SELECT count(*) FROM (SELECT 1 FROM suggestion_state "
	"INDEXED BY suggestion_state_by_submitted "
	"WHERE submitted >= ?1 AND submitted < ?2 LIMIT ?3)";
/* Whole, by a list of numbers in their order: one statement whose cursors stay open is
 * half the work of one statement for each. */
static const char rows_sql[] = LIFE_COLUMNS
	", suggestion.id, source.name, title, body, role.name, "
	"class.name, limit_cents FROM json_each(?1) AS wanted "
	"CROSS JOIN suggestion_state AS state ON state.event_seq = wanted.value "
	"CROSS JOIN suggestion ON suggestion.event_seq = state.event_seq "
	"CROSS JOIN event ON event.seq = state.event_seq "
	"LEFT JOIN category ON category.id = state.category_id "
	"LEFT JOIN source ON source.id = suggestion.source_id "
	"LEFT JOIN role ON role.id = suggestion.role_id "
	"LEFT JOIN class ON class.id = suggestion.class_id";

/* ---- rows ------------------------------------------------------------------------
 */

static enum emp_rc
read_row(sqlite3_stmt *s, struct suggestion_row *row)
{
	struct lifecycle *l = &row->life;

	*row = (struct suggestion_row){
		.seq = sqlite3_column_int64(s, ROW_SEQ),
		.series = (uint32_t)sqlite3_column_int64(s, ROW_SERIES),
		.received = sqlite3_column_int64(s, ROW_RECEIVED),
		.category = db_str(s, ROW_CATEGORY),
		.board = sqlite3_column_int(s, ROW_BOARD) != 0,
		.life = {.kind = (uint8_t)sqlite3_column_int(s, ROW_KIND),
			 .state = (uint8_t)sqlite3_column_int(s, ROW_STATE),
			 .status = (uint8_t)sqlite3_column_int(s, ROW_STATUS),
			 .auto_acknowledged = sqlite3_column_int(s, ROW_AUTOMATIC) != 0,
			 .submitted = sqlite3_column_int64(s, ROW_SUBMITTED)},
		.felt_heard = (uint8_t)sqlite3_column_int(s, ROW_FELT_HEARD),
		.has_person = sqlite3_column_type(s, ROW_PERSON) != SQLITE_NULL,
		.limit_cents = -1};
	row->audience = l->kind == SUGGESTION_BOUNDARY_REQUEST ? AUDIENCE_EMPLOYEE
							       : AUDIENCE_CUSTOMER;
	for (int i = 0; i < LIFE_MOMENT_COUNT; i++)
		*life_moment(l, i) = sqlite3_column_int64(s, ROW_MOMENTS + i);
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		*life_count(l, i) = (uint32_t)sqlite3_column_int64(s, ROW_COUNTS + i);
	if (!row->has_person)
		return EMP_OK;
	if (sqlite3_column_bytes(s, ROW_PERSON) != PSEUDONYM_BYTES)
		return EMP_CORRUPT;
	memcpy(row->person, sqlite3_column_blob(s, ROW_PERSON), PSEUDONYM_BYTES);
	return EMP_OK;
}

static enum emp_rc
read_whole(sqlite3_stmt *s, struct suggestion_row *row)
{
	enum emp_rc rc = read_row(s, row);

	row->id = db_str(s, ROW_ID);
	row->source = db_str(s, ROW_SOURCE);
	row->title = db_str(s, ROW_TITLE);
	row->body = db_str(s, ROW_BODY);
	row->role = db_str(s, ROW_ROLE);
	row->matter = db_str(s, ROW_CLASS);
	if (sqlite3_column_type(s, ROW_LIMIT) != SQLITE_NULL)
		row->limit_cents = sqlite3_column_int64(s, ROW_LIMIT);
	return rc;
}

/* Those of the page, in its order. */
static enum emp_rc
give(struct store_reader *r, const struct place *place, uint32_t n, suggestion_fn *fn,
     void *ctx)
{
	sqlite3_stmt *s = NULL;
	uint32_t given = 0;
	struct buf list;
	enum emp_rc rc;

	buf_init(&list, 0);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(&list, "%c%lld", i == 0 ? '[' : ',',
			   (long long)place_seq(&place[i]));
	buf_add_z(&list, n == 0 ? "[]" : "]");
	rc = buf_ok(&list) ? reader_prepare(r, r->db, &s, rows_sql) : EMP_NOMEM;
	if (rc == EMP_OK)
		db_bind_str(s, 1, (struct str){list.p, list.n});
	while (rc == EMP_OK) {
		struct suggestion_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		rc = read_whole(s, &row);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
		given++;
	}
	reader_finish(r, &s);
	buf_fini(&list);
	return rc == EMP_OK && given < n ? EMP_CORRUPT : rc;
}

static enum emp_rc
lives_road(struct store_reader *r, bool requests, int64_t from, int64_t to,
	   const char **sql)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum emp_rc rc;

	*sql = lives_of_requests;
	if (requests)
		return EMP_OK;
	rc = reader_prepare(r, r->db, &s, lives_count);
	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, from);
		sqlite3_bind_int64(s, 2, to);
		sqlite3_bind_int(s, 3, LIVES_FEW);
		rc = db_step(s, &row);
	}
	if (rc == EMP_OK)
		*sql = row && sqlite3_column_int(s, 0) < LIVES_FEW ? lives_of_few
								   : lives_of_many;
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
suggestion_lives_main(struct store_reader *r, bool requests, int64_t from, int64_t to,
		      suggestion_fn *fn, void *ctx)
{
	sqlite3_stmt *s = NULL;
	const char *sql;
	int64_t first = 0;
	enum emp_rc rc = lives_road(r, requests, from, to, &sql);

	if (rc == EMP_OK)
		rc = reader_first_seq(r, from, &first);
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->db, &s, sql);
	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, from);
		sqlite3_bind_int64(s, 2, to);
		sqlite3_bind_int(s, 3, SUGGESTION_BOUNDARY_REQUEST);
		sqlite3_bind_int64(s, 4, first);
	}
	while (rc == EMP_OK) {
		struct suggestion_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		rc = read_row(s, &row);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
	}
	reader_finish(r, &s);
	return rc;
}

/* ---- pages -----------------------------------------------------------------------
 */

/* The roads, by what stands before the number of the event in the index. The last two
 * parameters of each: the first number, and whether the name of the unit is needed.
 * `bare`: where all on the road fit; then the index is enough. */
struct road_sql {
	const char *bare, *looking;
};
#define ROAD_COLUMNS(named)                                                            \
	", kind_id, condition_id, category_id, board, submitted, "                     \
	"iif(" named ", (SELECT name FROM unit WHERE id = unit_id), NULL) "
#define ROAD_TEXT(columns, range, first)                                               \
	"SELECT event_seq" columns                                                     \
	" FROM suggestion_state INDEXED BY suggestion_state_" range                    \
	" AND event_seq < ?1 AND event_seq >= " first                                  \
	" ORDER BY event_seq DESC LIMIT ?2"
#define ROAD(range, first, named)                                                      \
	{                                                                              \
		ROAD_TEXT("", range, first),                                           \
			ROAD_TEXT(ROAD_COLUMNS(named), range, first)                   \
	}
static const struct road_sql by_kind = ROAD("by_kind WHERE kind_id = ?3", "?4", "?5");
static const struct road_sql by_condition = ROAD("by_condition WHERE kind_id = ?3 "
						 "AND condition_id = ?4",
						 "?5", "?6");
static const struct road_sql by_board = ROAD(
	"by_board WHERE board = 1 AND kind_id = ?3 AND condition_id = ?4", "?5", "?6");
static const struct road_sql by_category = ROAD(
	"by_category WHERE category_id = ?3 AND kind_id = ?4 AND condition_id = ?5",
	"?6", "?7");
static const struct road_sql newest_of_category = ROAD(
	"newest_of_category WHERE category_id = ?3", "?4", "?5");
static const struct road_sql by_unit = ROAD("by_unit WHERE unit_id = ?3", "?4", "?5");

enum road_column {
	ROAD_SEQ,
	ROAD_KIND,
	ROAD_STATE,
	ROAD_CATEGORY,
	ROAD_BOARD,
	ROAD_SUBMITTED,
	ROAD_UNIT_NAME
};

struct asked {
	const struct suggestion_filter *f;
	struct road_source source;
	int64_t category; /* 0: any */
	bool by_unit;     /* the roads are those of the units asked for */
	int64_t first;    /* no earlier event is of that time */
};

static bool
fits(void *ctx, sqlite3_stmt *s)
{
	const struct asked *a = ctx;
	const struct suggestion_filter *f = a->f;
	int64_t submitted = sqlite3_column_int64(s, ROAD_SUBMITTED);

	return (f->kinds >> sqlite3_column_int(s, ROAD_KIND) & 1) != 0 &&
		(f->states >> sqlite3_column_int(s, ROAD_STATE) & 1) != 0 &&
		(a->category == 0 ||
		 sqlite3_column_int64(s, ROAD_CATEGORY) == a->category) &&
		(!f->board_only || sqlite3_column_int(s, ROAD_BOARD) != 0) &&
		submitted >= f->from && (f->to == 0 || submitted < f->to) &&
		(f->unit.n == 0 || a->by_unit ||
		 unit_below(db_str(s, ROAD_UNIT_NAME), f->unit));
}

static enum emp_rc
category_id(struct store_reader *r, struct str name, int64_t *id)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum emp_rc rc = reader_prepare(r, r->db, &s,
					"SELECT id FROM category WHERE name = ?1");

	*id = 0;
	if (rc == EMP_OK) {
		db_bind_str(s, 1, name);
		rc = db_step(s, &row);
	}
	if (rc == EMP_OK && row)
		*id = sqlite3_column_int64(s, 0);
	reader_finish(r, &s);
	return rc;
}

/* A road per unit of the subtree; none where there are so many that looking at every
 * row is cheaper. */
static enum emp_rc
unit_roads(struct store_reader *r, struct page *p, struct asked *a)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = reader_prepare(r, r->db, &s,
					"SELECT id FROM unit WHERE name = ?1 UNION ALL "
					"SELECT id FROM unit WHERE name > ?1 || '/' "
					"AND name < ?1 || '0' LIMIT ?2");

	if (rc == EMP_OK) {
		db_bind_str(s, 1, a->f->unit);
		sqlite3_bind_int64(s, 2, ROAD_UNITS_MAX + 1);
	}
	while (rc == EMP_OK) {
		struct road_arg arg[] = {
			{.number = 0}, {.number = a->first}, {.number = 0}};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		arg[0].number = sqlite3_column_int64(s, 0);
		rc = page_add_road(p, &a->source, arg, 3);
	}
	reader_finish(r, &s);
	a->by_unit = p->n <= ROAD_UNITS_MAX;
	if (!a->by_unit)
		page_fini(p);
	return rc;
}

/* By number in empowerd.db, by name in confidential.db. */
static void
set_road(struct road_arg arg[2], unsigned kind, unsigned state, bool names)
{
	arg[0] = (struct road_arg){.number = kind};
	arg[1] = (struct road_arg){.number = state};
	if (!names)
		return;
	arg[0].text = str_from(suggestion_kind_name((enum suggestion_kind)kind));
	arg[1].text = str_from(suggestion_state_name((enum suggestion_state)state));
}

enum emp_rc
suggestion_roads(struct page *p, const struct road_source *source,
		 const struct suggestion_filter *f, const struct road_arg *first,
		 const struct road_arg *last, int n_last)
{
	struct road_arg arg[ROAD_ARGS_MAX];
	bool names = source->kind == PLACE_KEY;
	int n = first != NULL;
	enum emp_rc rc = EMP_OK;

	if (first != NULL)
		arg[0] = *first;
	for (int i = 0; i < n_last; i++)
		arg[n + 2 + i] = last[i];
	for (unsigned k = 1; rc == EMP_OK && k < SUGGESTION_KIND_COUNT; k++) {
		for (unsigned t = 1; rc == EMP_OK && t < STATE_COUNT; t++) {
			if ((f->kinds >> k & 1) == 0 || (f->states >> t & 1) == 0)
				continue;
			set_road(arg + n, k, t, names);
			rc = page_add_road(p, source, arg, n + 2 + n_last);
		}
	}
	return rc;
}

/* One per kind, in any state. */
static enum emp_rc
kind_roads(struct page *p, const struct asked *a, const struct road_arg *last,
	   int n_last)
{
	struct road_arg arg[ROAD_ARGS_MAX];
	enum emp_rc rc = EMP_OK;

	memcpy(arg + 1, last, (size_t)n_last * sizeof *last);
	for (unsigned k = 1; rc == EMP_OK && k < SUGGESTION_KIND_COUNT; k++) {
		if ((a->f->kinds >> k & 1) == 0)
			continue;
		arg[0] = (struct road_arg){.number = k};
		rc = page_add_road(p, &a->source, arg, 1 + n_last);
	}
	return rc;
}

/* Whether what is on the roads fits whatever else is asked for. */
static bool
all_fit(const struct suggestion_filter *f, const struct road_sql *sql)
{
	return f->from <= 0 && f->to == 0 && f->unit.n == 0 &&
		(!f->board_only || sql == &by_board) && sql != &newest_of_category;
}

/* The index that holds most of what is asked for in the order of the list. Of all kinds
 * but concerns or requests, which are few, those of a category are one road. */
static const struct road_sql *
choose(const struct asked *a)
{
	const struct suggestion_filter *f = a->f;
	bool any_state = f->states == STATE_BITS && !f->board_only;
	bool any_kind = (f->kinds | 1u << SUGGESTION_CONCERN | REQUEST_BIT) ==
		KIND_BITS;

	if (a->category != 0)
		return any_state && any_kind ? &newest_of_category : &by_category;
	if (any_state)
		return &by_kind;
	return f->board_only ? &by_board : &by_condition;
}

/* Chooses the index, and its ranges. */
static enum emp_rc
settle_roads(struct store_reader *r, struct page *p, struct asked *a, const char **text)
{
	const struct suggestion_filter *f = a->f;
	const struct road_arg category = {.number = a->category};
	const struct road_arg last[] = {{.number = a->first},
					{.number = f->unit.n > 0}};
	const struct road_sql *sql = choose(a);
	bool bare = all_fit(f, sql);
	int n_last = bare ? 1 : 2;
	enum emp_rc rc = EMP_OK;

	if (f->unit.n > 0)
		rc = unit_roads(r, p, a);
	*text = a->by_unit ? by_unit.looking : bare ? sql->bare : sql->looking;
	if (rc != EMP_OK || a->by_unit)
		return rc;
	if (bare)
		p->fits = NULL;
	if (sql == &by_kind)
		return kind_roads(p, a, last, n_last);
	if (sql == &newest_of_category)
		return page_add_road(p, &a->source,
				     (struct road_arg[]){category, last[0], last[1]},
				     1 + n_last);
	return suggestion_roads(p, &a->source, f, a->category != 0 ? &category : NULL,
				last, n_last);
}

static void
set_end(const struct suggestion_filter *f, const struct page *p)
{
	if (f->end == NULL)
		return;
	f->end->more = p->more;
	f->end->seq = p->more ? place_seq(&p->end) : 0;
}

static enum emp_rc
find_page(struct store_reader *r, struct asked *a, uint32_t max, struct place *place,
	  uint32_t *n)
{
	struct page p = {.fits = fits,
			 .ctx = a,
			 .scan_max = a->f->end != NULL ? PAGE_SCAN_MAX : 0};
	struct place after;
	const char *sql = NULL;
	enum emp_rc rc = reader_first_seq(r, a->f->from, &a->first);

	if (rc == EMP_OK)
		rc = settle_roads(r, &p, a, &sql);

	if (rc == EMP_OK)
		rc = reader_prepare(r, r->db, &a->source.statement, sql);
	place_of_seq(&after, a->f->after_seq, 0);
	if (rc == EMP_OK)
		rc = page_find(&p, a->f->has_after ? &after : NULL, max, place, n);
	reader_finish(r, &a->source.statement);
	if (rc == EMP_OK)
		set_end(a->f, &p);
	page_fini(&p);
	return rc;
}

enum emp_rc
suggestion_page_main(struct store_reader *r, const struct suggestion_filter *f,
		     uint32_t max, suggestion_fn *fn, void *ctx)
{
	struct asked a = {.f = f};
	struct place *place = calloc(max > 0 ? max : 1, sizeof *place);
	uint32_t n = 0;
	enum emp_rc rc = place == NULL ? EMP_NOMEM : EMP_OK;

	if (rc == EMP_OK && f->category.n > 0)
		rc = category_id(r, f->category, &a.category);
	if (rc == EMP_OK && (f->category.n == 0 || a.category != 0))
		rc = find_page(r, &a, max, place, &n);
	if (rc == EMP_OK)
		rc = give(r, place, n, fn, ctx);
	free(place);
	return rc;
}

/* ---- one -------------------------------------------------------------------------
 */

static enum emp_rc
first_int(struct store_reader *r, const char *sql, const struct suggestion_find *f,
	  int64_t *out)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum emp_rc rc = reader_prepare(r, r->db, &s, sql);

	*out = 0;
	if (rc == EMP_OK && f->by_receipt) {
		sqlite3_bind_blob(s, 1, f->receipt_hash, RECEIPT_HASH_BYTES,
				  SQLITE_STATIC);
	} else if (rc == EMP_OK) {
		db_bind_str(s, 1, f->id);
		db_bind_str(s, 2, f->source);
	}
	if (rc == EMP_OK)
		rc = db_step(s, &row);
	if (rc == EMP_OK && row)
		*out = sqlite3_column_int64(s, 0);
	reader_finish(r, &s);
	return rc;
}

static enum emp_rc
find_seq(struct store_reader *r, const struct suggestion_find *f, bool *author,
	 int64_t *seq)
{
	enum emp_rc rc;

	*author = false;
	if (!f->by_receipt)
		return first_int(r,
				 "SELECT event_seq FROM suggestion WHERE id = ?1 AND "
				 "(?2 IS NULL OR source_id = "
				 "(SELECT id FROM source WHERE name = ?2)) "
				 "ORDER BY event_seq DESC LIMIT 1",
				 f, seq);
	rc = first_int(r, "SELECT event_seq FROM suggestion WHERE receipt = ?1", f,
		       seq);
	*author = *seq != 0;
	if (rc != EMP_OK || *author)
		return rc;
	return first_int(r,
			 "SELECT suggestion_seq FROM suggestion_step "
			 "WHERE supporter = ?1 ORDER BY suggestion_seq DESC LIMIT 1",
			 f, seq);
}

int8_t
suggestion_tristate(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		? -1
		: (int8_t)sqlite3_column_int(s, column);
}

static enum emp_rc
read_steps(struct store_reader *r, int64_t seq, suggestion_step_fn *fn, void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = reader_prepare(
		r, r->db, &s,
		"SELECT step.event_seq, event.time, step.type_id, status_id, "
		"will_examine, automatic, reason, body, felt_heard "
		"FROM suggestion_step AS step "
		"CROSS JOIN event ON event.seq = step.event_seq "
		"WHERE suggestion_seq = ?1 ORDER BY step.event_seq");

	if (rc == EMP_OK)
		sqlite3_bind_int64(s, 1, seq);
	while (rc == EMP_OK) {
		struct suggestion_step_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		row = (struct suggestion_step_row){
			.seq = sqlite3_column_int64(s, 0),
			.time = sqlite3_column_int64(s, 1),
			.type = (uint8_t)sqlite3_column_int(s, 2),
			.status = (uint8_t)sqlite3_column_int(s, 3),
			.will_examine = suggestion_tristate(s, 4),
			.automatic = sqlite3_column_int(s, 5) != 0,
			.reason = db_str(s, 6),
			.body = db_str(s, 7),
			.felt_heard = (uint8_t)sqlite3_column_int(s, 8)};
		rc = fn(ctx, &row);
	}
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
suggestion_one_main(struct store_reader *r, const struct suggestion_find *f,
		    bool *author, suggestion_fn *fn, suggestion_step_fn *step,
		    void *ctx)
{
	struct place place;
	int64_t seq = 0;
	enum emp_rc rc = find_seq(r, f, author, &seq);

	if (rc == EMP_OK && seq == 0)
		rc = EMP_NOT_FOUND;
	place_of_seq(&place, seq, 0);
	if (rc == EMP_OK)
		rc = give(r, &place, 1, fn, ctx);
	return rc == EMP_OK ? read_steps(r, seq, step, ctx) : rc;
}

/* ---- both files ------------------------------------------------------------------
 */

enum emp_rc
store_read_suggestions(struct store_reader *r, const struct suggestion_filter *asked,
		       enum audience a, uint32_t max, suggestion_fn *fn, void *ctx)
{
	struct suggestion_filter f = *asked;
	bool requests = f.kinds == REQUEST_BIT;

	if (!requests)
		f.kinds = (f.kinds != 0 ? f.kinds : KIND_BITS) & ~REQUEST_BIT;
	if (!f.concerns)
		f.kinds &= ~(1u << SUGGESTION_CONCERN);
	f.states = (f.states != 0 ? f.states : STATE_BITS) & STATE_BITS;
	f.kinds &= KIND_BITS;
	if (f.end != NULL)
		*f.end = (struct suggestion_end){.more = false};
	if (f.kinds == 0 || f.states == 0)
		return EMP_OK;
	if (requests || a == AUDIENCE_CUSTOMER)
		return suggestion_page_main(r, &f, max, fn, ctx);
	return suggestion_page_case(r, &f, max, fn, ctx);
}

enum emp_rc
store_read_lives(struct store_reader *r, enum audience a, int64_t from, int64_t to,
		 suggestion_fn *fn, void *ctx)
{
	enum emp_rc rc = suggestion_lives_main(r, a == AUDIENCE_EMPLOYEE, from, to, fn,
					       ctx);

	if (rc == EMP_OK && a == AUDIENCE_EMPLOYEE)
		rc = suggestion_lives_case(r, from, to, fn, ctx);
	return rc;
}

enum emp_rc
store_read_suggestion(struct store_reader *r, const struct suggestion_find *f,
		      bool *author, suggestion_fn *fn, suggestion_step_fn *step,
		      void *ctx)
{
	bool confidential = f->by_receipt
		? f->confidential
		: f->id.n == CASE_ID_CHARS && str_starts(f->id, STR(CASE_ID_PREFIX));

	*author = false;
	if (confidential)
		return suggestion_one_case(r, f, author, fn, step, ctx);
	return suggestion_one_main(r, f, author, fn, step, ctx);
}
