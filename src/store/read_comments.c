/* Reading what people said in words: comments and texts of customers, and public
 * recognition. Newest first; where they are is kept apart, so that the many rows
 * without words are never looked at. What is before a moment can be older than any of
 * them, as events may come late: so the way there is walked, and a part of it at a
 * time. */
#include "store/page.h"
#include "store/reader_impl.h"
#include "store/voice.h"

#include <stdlib.h>

#include "store/db.h"
#include "store/main_file.h"

/* Columns of a road beside the place. */
#define ROAD_TIME 1

static const char comment_road_sql[] =
	"SELECT event_seq, event.time FROM survey_comment AS place "
	"CROSS JOIN event ON event.seq = place.event_seq WHERE place.survey_id = ?3 "
	"AND event_seq < ?1 AND event_seq >= ?4 ORDER BY event_seq DESC LIMIT ?2";
static const char text_road_sql[] =
	"SELECT answer_key, event.time FROM question_text "
	"CROSS JOIN event ON event.seq = answer_key >> 8 WHERE question_id = ?3 "
	"AND answer_key < ?1 AND answer_key >= ?4 << 8 "
	"ORDER BY answer_key DESC LIMIT ?2";
static const char comment_sql[] =
	"SELECT seq, time, series_id, survey_id, id, comment, NULL FROM event "
	"WHERE seq = ?1";
static const char text_sql[] =
	"SELECT event.seq, event.time, event.series_id, event.survey_id, event.id, "
	"answer.text, question.name FROM answer "
	"JOIN event ON event.seq = answer.key >> 8 "
	"JOIN question ON question.id = answer.question_id WHERE answer.key = ?1";

struct asked {
	int64_t from, to;
	int64_t first; /* no earlier event is of that time */
	struct road_source comments, texts;
	sqlite3_stmt *comment, *text;
};

static bool
fits(void *ctx, sqlite3_stmt *s)
{
	const struct asked *a = ctx;
	int64_t time = sqlite3_column_int64(s, ROAD_TIME);

	return time >= a->from && time < a->to;
}

/* A road per row of `sql`, of which ?1 is the survey and ?2 the metric of texts. */
static enum emp_rc
add_roads(struct store_reader *r, struct page *p, const struct asked *a,
	  const struct road_source *source, const char *sql, uint32_t survey)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = reader_prepare(r, r->db, &s, sql);

	if (rc == EMP_OK) {
		db_bind_id(s, 1, survey);
		sqlite3_bind_int(s, 2, METRIC_TEXT);
	}
	while (rc == EMP_OK) {
		struct road_arg arg[] = {{.number = 0}, {.number = a->first}};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		arg[0].number = sqlite3_column_int64(s, 0);
		rc = page_add_road(p, source, arg, 2);
	}
	reader_finish(r, &s);
	return rc;
}

static enum emp_rc
prepare(struct store_reader *r, struct asked *a)
{
	const struct db_statement statements[] = {
		{&a->comments.statement, comment_road_sql},
		{&a->texts.statement, text_road_sql},
		{&a->comment, comment_sql},
		{&a->text, text_sql},
	};

	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < sizeof statements / sizeof *statements;
	     i++)
		rc = reader_prepare(r, r->db, statements[i].out, statements[i].sql);
	return rc;
}

static enum emp_rc
find(struct store_reader *r, struct asked *a, uint32_t survey, int64_t before_seq,
     uint32_t max, struct feed_end *end, struct place *place, uint32_t *n)
{
	struct page p = {.fits = fits, .ctx = a, .scan_max = end->scan};
	struct place after;
	enum emp_rc rc = add_roads(
		r, &p, a, &a->comments,
		"SELECT id FROM survey WHERE (?1 IS NULL OR id = ?1) "
		"AND ?2 = ?2",
		survey);

	if (rc == EMP_OK)
		rc = add_roads(r, &p, a, &a->texts,
			       "SELECT id FROM question WHERE "
			       "(?1 IS NULL OR survey_id = ?1) AND metric_id = ?2",
			       survey);
	place_of_seq(&after, before_seq, 0);
	if (rc == EMP_OK)
		rc = page_find(&p, before_seq != 0 ? &after : NULL, max, place, n);
	if (rc == EMP_OK) {
		end->scan -= p.unfit;
		end->more = end->scan == 0 && p.more;
		/* Of one event all rows are of one time: it is over. */
		end->seq = end->more ? place_seq(&p.end) : 0;
	}
	page_fini(&p);
	return rc;
}

static enum emp_rc
give(struct asked *a, const struct place *place,
     enum emp_rc (*fn)(void *ctx, const struct comment_row *row), void *ctx)
{
	int64_t seq = place_seq(place);
	uint8_t at = place_in_event(place);
	sqlite3_stmt *s = at == 0 ? a->comment : a->text;
	bool row;
	enum emp_rc rc;

	sqlite3_bind_int64(s, 1, at == 0 ? seq : seq << ANSWER_KEY_SHIFT | (at - 1));
	rc = db_step(s, &row);
	if (rc == EMP_OK && !row)
		rc = EMP_CORRUPT;
	if (rc == EMP_OK) {
		const struct comment_row c = {
			.seq = sqlite3_column_int64(s, 0),
			.time = sqlite3_column_int64(s, 1),
			.series = (uint32_t)sqlite3_column_int64(s, 2),
			.survey = (uint32_t)sqlite3_column_int64(s, 3),
			.id = db_str(s, 4),
			.text = db_str(s, 5),
			.question = db_str(s, 6)};

		rc = fn(ctx, &c);
	}
	(void)sqlite3_reset(s);
	return rc;
}

enum emp_rc
store_read_comments(struct store_reader *r, uint32_t survey, int64_t from, int64_t to,
		    int64_t before_seq, uint32_t max, struct feed_end *end,
		    enum emp_rc (*fn)(void *ctx, const struct comment_row *row),
		    void *ctx)
{
	struct asked a = {.from = from,
			  .to = to,
			  .comments.kind = PLACE_SEQ,
			  .texts.kind = PLACE_ANSWER};
	struct place *place = calloc(max > 0 ? max : 1, sizeof *place);
	uint32_t n = 0;
	enum emp_rc rc = place == NULL ? EMP_NOMEM
				       : reader_first_seq(r, from, &a.first);

	if (rc == EMP_OK)
		rc = prepare(r, &a);
	if (rc == EMP_OK)
		rc = find(r, &a, survey, before_seq, max, end, place, &n);
	for (uint32_t i = 0; rc == EMP_OK && i < n; i++)
		rc = give(&a, &place[i], fn, ctx);
	reader_finish(r, &a.comments.statement);
	reader_finish(r, &a.texts.statement);
	reader_finish(r, &a.comment);
	reader_finish(r, &a.text);
	free(place);
	return rc;
}

/* Recognition among employees has its people elsewhere. */
static const char praise_sql[] =
	"SELECT event_seq, event.time, event.series_id, kind_id, by_leader, from_name, "
	"to_name, message FROM recognition INDEXED BY recognition_public "
	"CROSS JOIN event ON event.seq = recognition.event_seq "
	"WHERE visibility_id = 1 AND (people_key IS NULL) = ?1 AND event_seq < ?2 "
	"AND event_seq >= ?3 ORDER BY event_seq DESC";

static struct praise_row
praise_of(sqlite3_stmt *s)
{
	return (struct praise_row){.seq = sqlite3_column_int64(s, 0),
				   .time = sqlite3_column_int64(s, ROAD_TIME),
				   .series = (uint32_t)sqlite3_column_int64(s, 2),
				   .kind = (uint8_t)sqlite3_column_int(s, 3),
				   .by_leader = sqlite3_column_int(s, 4) != 0,
				   .from_name = db_str(s, 5),
				   .to_name = db_str(s, 6),
				   .message = db_str(s, 7)};
}

enum emp_rc
store_read_praise(struct store_reader *r, enum audience audience, int64_t from,
		  int64_t to, int64_t before_seq, uint32_t max, struct feed_end *end,
		  enum emp_rc (*fn)(void *ctx, const struct praise_row *row), void *ctx)
{
	struct asked a = {.from = from, .to = to};
	sqlite3_stmt *s = NULL;
	uint32_t n = 0;
	enum emp_rc rc = reader_first_seq(r, from, &a.first);

	end->more = false;
	if (rc == EMP_OK)
		rc = reader_prepare(r, r->db, &s, praise_sql);
	if (rc == EMP_OK) {
		sqlite3_bind_int(s, 1, audience != AUDIENCE_EMPLOYEE);
		sqlite3_bind_int64(s, 2, before_seq != 0 ? before_seq : INT64_MAX);
		sqlite3_bind_int64(s, 3, a.first);
	}
	while (rc == EMP_OK && n < max) {
		struct praise_row row;
		bool found;

		rc = db_step(s, &found);
		if (rc != EMP_OK || !found)
			break;
		if (fits(&a, s)) {
			row = praise_of(s);
			rc = fn(ctx, &row);
			n++;
			continue;
		}
		end->seq = sqlite3_column_int64(s, 0);
		if (--end->scan > 0)
			continue;
		rc = db_step(s, &end->more);
		break;
	}
	reader_finish(r, &s);
	return rc;
}
