/* Decisions that later events name. */
#include "store/decision_ref.h"

#include <string.h>

#include "store/db.h"
#include "store/impl.h"

static struct str
text_of(const struct intern *names, uint32_t id)
{
	return id != INTERN_NONE ? intern_text(names, id) : STR_NONE;
}

static enum emp_rc
read_row(struct store *s, sqlite3_stmt *q, struct decision_ref *out)
{
	const void *key = sqlite3_column_blob(q, 2);
	const uint32_t series = (uint32_t)sqlite3_column_int64(q, 3);
	const uint32_t subject = (uint32_t)sqlite3_column_int64(q, 4);
	const struct subject_def *def;

	if (sqlite3_column_bytes(q, 2) != PEOPLE_KEY_BYTES || series == 0 ||
	    series > s->names.n_series || !words_subject_known(&s->words, subject))
		return EMP_CORRUPT;
	def = words_subject(&s->words, subject);
	out->seq = sqlite3_column_int64(q, 0);
	out->time = sqlite3_column_int64(q, 1);
	memcpy(out->key, key, PEOPLE_KEY_BYTES);
	out->unit = names_series_unit(&s->names, series);
	out->role = text_of(s->words.word[WORD_ROLE], def->role);
	out->matter = text_of(s->words.word[WORD_CLASS], def->matter);
	return EMP_OK;
}

enum emp_rc
decision_ref_find(struct store *s, const struct event *e, struct decision_ref *out)
{
	sqlite3_stmt *q = s->main.decision;
	uint32_t source = 0;
	bool row = false;
	enum emp_rc rc;

	if (e->ref_source.n > 0) {
		source = intern_find_pending(s->names.source, e->ref_source);
		if (source == INTERN_NONE)
			return EMP_UNKNOWN_REF;
	}
	db_bind_str(q, 1, e->ref_id);
	db_bind_id(q, 2, source);
	rc = db_step(q, &row);
	if (rc == EMP_OK)
		rc = row ? read_row(s, q, out) : EMP_UNKNOWN_REF;
	(void)sqlite3_reset(q);
	if (rc == EMP_OK && !unit_below(out->unit, e->only_unit))
		rc = EMP_UNKNOWN_REF;
	return rc;
}
