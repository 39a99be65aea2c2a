/* Exports, an object per event, put together by the database from what an analyst
 * would see of it by names. Members that say nothing are left out: a patch of {} does
 * that. */
#include "store/export.h"

#include <string.h>

#include "store/db.h"
#include "store/reader_impl.h"

/* ?1 the number of the event, ?2 what the person is in it. */
static const char main_sql[] =
	"SELECT json_patch('{}', json_object('role', ?2, 'type', event_type.name, "
	"'time', strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch'), "
	"'source', source.name, 'id', event.id, "
	"'audience', audience.name, 'unit', unit.name, 'channel', channel.name, "
	"'touchpoint', touchpoint.name, 'segment', segment.name, "
	"'initiative', initiative.name, 'lang', lang.name, 'survey', survey.name, "
	"'complete', event.complete, 'comment', event.comment, "
	"'ref', (SELECT reference.id FROM reference WHERE event_seq = ?1), "
	"'answers', json((SELECT CASE WHEN count(*) > 0 THEN json_group_array("
	" json_patch('{}', json_object('question', question.name,"
	"  'value', CASE WHEN question_option.name IS NULL THEN answer.value END,"
	"  'option', question_option.name, 'text', answer.text))) END FROM answer"
	" JOIN question ON question.id = answer.question_id"
	" LEFT JOIN question_option ON question_option.question_id = question.id"
	"  AND question_option.number = answer.value"
	" WHERE answer.key >= ?1 << 8 AND answer.key < (?1 + 1) << 8)), "
	"'signal', (SELECT signal_kind.name FROM signal"
	" JOIN signal_kind ON signal_kind.id = signal.kind_id WHERE event_seq = ?1), "
	"'recognition', json((SELECT json_object('kind', recognition_kind.name,"
	" 'visibility', visibility.name, 'by_leader', by_leader,"
	" 'from_name', from_name, 'to_name', to_name, 'message', message)"
	" FROM recognition"
	" JOIN recognition_kind ON recognition_kind.id = recognition.kind_id"
	" LEFT JOIN visibility ON visibility.id = recognition.visibility_id"
	" WHERE event_seq = ?1)), "
	"'decision', json((SELECT json_object('role', role.name, 'class', class.name,"
	" 'rule', rule.name, 'answer', decision_answer.name, 'amount', amount,"
	" 'within', within.name, 'escalated', escalated,"
	" 'rule_did_not_fit', rule_did_not_fit, 'conflict', conflict,"
	" 'special_request', special_request, 'self_rating', self_rating,"
	" 'moment', moment, 'goal', goal) FROM decision"
	" JOIN subject ON subject.id = decision.subject_id"
	" JOIN role ON role.id = subject.role_id"
	" JOIN class ON class.id = subject.class_id"
	" JOIN decision_answer ON decision_answer.id = decision.answer_id"
	" JOIN within ON within.id = decision.within_id"
	" LEFT JOIN rule ON rule.id = subject.rule_id WHERE event_seq = ?1)), "
	"'boundary', json((SELECT json_object('role', role.name, 'class', class.name,"
	" 'limit', limit_amount, 'mode', boundary_mode.name,"
	" 'requires_training', requires_training, 'reason', reason) FROM boundary"
	" JOIN role ON role.id = boundary.role_id"
	" JOIN class ON class.id = boundary.class_id"
	" JOIN boundary_mode ON boundary_mode.id = boundary.mode_id"
	" WHERE event_seq = ?1)), "
	"'suggestion', json((SELECT json_object('kind', kind, 'category', category,"
	" 'title', title, 'body', body, 'board', board, 'role', role, 'class', class,"
	" 'limit', limit_amount, 'mode', mode, 'state', state, 'status', status,"
	" 'supporters', supporters, 'felt_heard', felt_heard)"
	" FROM v_suggestion WHERE event_seq = ?1)), "
	"'steps', json((SELECT CASE WHEN count(*) > 0 THEN json_group_array("
	" json_patch('{}', json_object('type', type, 'time', at, 'status', status,"
	"  'will_examine', will_examine, 'reason', reason, 'body', body,"
	"  'felt_heard', felt_heard))) END"
	" FROM (SELECT * FROM v_suggestion_step WHERE suggestion_seq = ?1"
	"  ORDER BY event_seq)))"
	")) FROM event "
	"JOIN event_type ON event_type.id = event.type_id "
	"JOIN series ON series.id = event.series_id "
	"JOIN audience ON audience.id = series.audience_id "
	"LEFT JOIN source ON source.id = event.source_id "
	"LEFT JOIN survey ON survey.id = event.survey_id "
	"LEFT JOIN unit ON unit.id = series.unit_id "
	"LEFT JOIN channel ON channel.id = series.channel_id "
	"LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id "
	"LEFT JOIN segment ON segment.id = series.segment_id "
	"LEFT JOIN initiative ON initiative.id = series.initiative_id "
	"LEFT JOIN lang ON lang.id = series.lang_id WHERE event.seq = ?1";

/* ?1 the key of the event, ?2 as above. Nothing of a survey. */
static const char sealed_sql[] =
	"SELECT json_patch('{}', json_object('role', ?2, 'type', event.type, "
	"'day', event.day, 'audience', event.audience, 'unit', event.unit, "
	"'channel', event.channel, 'touchpoint', event.touchpoint, "
	"'segment', event.segment, 'initiative', event.initiative, "
	"'lang', event.lang, 'comment', event.comment, "
	"'signal', signal.kind, 'voluntary', signal.voluntary, 'days', signal.days, "
	"'topic', training.topic, 'hours', training.hours, "
	"'recognition', CASE WHEN recognition.event_key IS NOT NULL THEN"
	" json_object('kind', recognition.kind, 'visibility', visibility,"
	"  'by_leader', by_leader, 'message', message) END, "
	"'review', CASE WHEN review.event_key IS NOT NULL THEN"
	" json_object('day', review.day, 'role', review.role, 'class', review.class,"
	"  'verdict', verdict, 'lesson', lesson, 'driver_missed', driver_missed,"
	"  'rule', rule) END, "
	"'suggestion', json((SELECT json_object('kind', kind, 'category', category,"
	" 'title', title, 'body', body, 'board', board, 'state', state,"
	" 'status', status, 'supporters', supporters)"
	" FROM v_suggestion WHERE v_suggestion.key = ?1)), "
	"'steps', json((SELECT CASE WHEN count(*) > 0 THEN json_group_array("
	" json_patch('{}', json_object('type', type, 'day', day, 'status', status,"
	"  'will_examine', will_examine, 'reason', reason, 'body', body))) END"
	" FROM (SELECT * FROM suggestion_step WHERE suggestion = ?1 ORDER BY number)))"
	")) FROM event "
	"LEFT JOIN signal ON signal.event_key = event.key "
	"LEFT JOIN training ON training.event_key = event.key "
	"LEFT JOIN recognition ON recognition.event_key = event.key "
	"LEFT JOIN review ON review.event_key = event.key "
	"WHERE event.key = ?1 AND event.class <> 'sealed'";

struct collected {
	sqlite3_stmt *object;
	struct buf *out;
	bool first;
};

/* The object of the row that `places` stands on: column 0 its place, 1 the role. */
static enum emp_rc
add_object(struct collected *x, sqlite3_stmt *places)
{
	bool row;
	enum emp_rc rc;

	sqlite3_bind_value(x->object, 1, sqlite3_column_value(places, 0));
	sqlite3_bind_value(x->object, 2, sqlite3_column_value(places, 1));
	rc = db_step(x->object, &row);
	if (rc == EMP_OK && row) {
		if (!x->first)
			buf_add_str(x->out, STR(",\n"));
		x->first = false;
		buf_add_str(x->out, db_str(x->object, 0));
	}
	(void)sqlite3_reset(x->object);
	return rc == EMP_OK && !buf_ok(x->out) ? EMP_TOO_LARGE : rc;
}

static enum emp_rc
add_all(struct collected *x, sqlite3_stmt *places)
{
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK) {
		bool row;

		rc = db_step(places, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = add_object(x, places);
	}
	return rc;
}

/* Whoever comes next has an object of its own. */
static void
end(struct collected *x)
{
	sqlite3_finalize(x->object);
	x->object = NULL;
}

/* Objects of `db` by the places that `sql` finds by 16 bytes. */
static enum emp_rc
add_found(struct collected *x, sqlite3 *db, const char *object, const char *sql,
	  const uint8_t bytes[16])
{
	sqlite3_stmt *places = NULL;
	enum emp_rc rc = db_prepare(db, &x->object, object);

	if (rc == EMP_OK)
		rc = db_prepare(db, &places, sql);
	if (rc == EMP_OK) {
		sqlite3_bind_blob(places, 1, bytes, PSEUDONYM_BYTES, SQLITE_STATIC);
		rc = add_all(x, places);
	}
	sqlite3_finalize(places);
	end(x);
	return rc;
}

/* What has its people in confidential.db. */
static enum emp_rc
add_operational(struct collected *x, struct store_reader *r,
		const uint8_t person[PSEUDONYM_BYTES])
{
	sqlite3_stmt *keys = NULL;
	sqlite3_stmt *places = NULL;
	enum emp_rc rc = db_prepare(r->people, &keys,
				    "SELECT key, role FROM operational_person "
				    "WHERE role = 'decider' AND person = ?1 UNION ALL "
				    "SELECT key, role FROM operational_person "
				    "WHERE role <> 'decider' AND person = ?1");

	if (rc == EMP_OK)
		rc = db_prepare(
			r->db, &places,
			"SELECT event_seq, ?2 FROM decision WHERE people_key = ?1 "
			"UNION ALL SELECT event_seq, ?2 FROM recognition "
			"WHERE people_key = ?1 UNION ALL SELECT event_seq, ?2 "
			"FROM suggestion WHERE people_key = ?1 UNION ALL "
			"SELECT event_seq, ?2 FROM boundary WHERE people_key = ?1");
	if (rc == EMP_OK)
		rc = db_prepare(r->db, &x->object, main_sql);
	if (rc == EMP_OK)
		sqlite3_bind_blob(keys, 1, person, PSEUDONYM_BYTES, SQLITE_STATIC);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(keys, &row);
		if (rc != EMP_OK || !row)
			break;
		sqlite3_bind_value(places, 1, sqlite3_column_value(keys, 0));
		sqlite3_bind_value(places, 2, sqlite3_column_value(keys, 1));
		rc = add_all(x, places);
	}
	sqlite3_finalize(keys);
	sqlite3_finalize(places);
	end(x);
	return rc;
}

static enum emp_rc
add_person(struct collected *x, struct store_reader *r, const struct erase_what *whom)
{
	enum emp_rc rc = add_found(x, r->db, main_sql,
				   "SELECT seq, 'person' FROM event WHERE person = ?1",
				   whom->customer);

	if (rc == EMP_OK)
		rc = add_found(x, r->db, main_sql,
			       "SELECT event_seq, 'recipient' "
			       "FROM recognition_recipient WHERE person = ?1",
			       whom->customer);
	return rc == EMP_OK && r->people != NULL
		? add_operational(x, r, whom->personnel)
		: rc;
}

static const char personnel_sql[] =
	"SELECT event.key, 'person' FROM event JOIN person_code "
	"ON person_code.person = event.person "
	"WHERE person_code.hash = ?1 AND event.class = 'personnel' "
	"UNION ALL SELECT event_key, 'recipient' FROM recognition_recipient "
	"JOIN person_code ON person_code.person = recognition_recipient.person "
	"WHERE person_code.hash = ?1 "
	"UNION ALL SELECT review.event_key, 'decider' FROM person_code "
	"CROSS JOIN operational_person AS who ON who.person = person_code.person "
	"AND who.role = 'decider' "
	"CROSS JOIN review ON review.decision_key = who.key "
	"WHERE person_code.hash = ?1";

enum emp_rc
store_export(struct store_reader *r, const struct erase_what *whom, struct buf *out)
{
	struct collected x = {.out = out, .first = true};
	int64_t newest;
	/* empowerd.db is looked at first: see reader.c. */
	enum emp_rc rc = db_int(r->db, "SELECT count(*) FROM progress", &newest);

	buf_add_str(out, STR("{\"events\":["));
	if (rc != EMP_OK)
		return rc;
	if (whom->has_customer)
		rc = add_person(&x, r, whom);
	else if (whom->by_receipt && !whom->confidential)
		rc = add_found(
			&x, r->db, main_sql,
			"SELECT event_seq, 'author' FROM suggestion WHERE receipt = ?1",
			whom->receipt_hash);
	else if (whom->by_receipt && r->people != NULL)
		rc = add_found(
			&x, r->people, sealed_sql,
			"SELECT key, 'author' FROM suggestion WHERE receipt = ?1",
			whom->receipt_hash);
	else if (whom->by_code && r->people != NULL)
		rc = add_found(&x, r->people, sealed_sql, personnel_sql,
			       whom->code_hash);
	buf_add_str(out, STR("]}\n"));
	return rc == EMP_OK && !buf_ok(out) ? EMP_TOO_LARGE : rc;
}
