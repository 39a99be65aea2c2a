/* All JSON that is not an event: documents of surveys, units, tokens. Through jansson,
 * which stays behind this header. */
#ifndef EMP_CODEC_JSON_H
#define EMP_CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/survey.h"
#include "model/defs.h"

#define SURVEY_TEXT_MAX 1024  /* bytes of a title or question in one language */
#define SURVEY_LANGS_MAX 64   /* languages of a text */
#define SURVEY_ORIGINS_MAX 32 /* web origins that may post to a public survey */
#define SURVEY_FIELD_VALUES_MAX 256
#define UNITS_MAX 10000 /* units in one document */

/* A survey document; strings live in `a`, questions have no ids and slots yet. `name`
 * from the address must equal "name" when that is given; without a name from there
 * (STR_NONE) "name" is required. Questions marked "registered" are what an answer of
 * the server told, not a declaration: they are checked and left out. out->document is
 * the canonical text. Twins in other surveys are for surveys_check_twins. EMP_BAD_JSON,
 * EMP_INVALID with pointer. [any] */
EMP_MUST_CHECK enum emp_rc json_survey_read(struct survey *out, struct str name,
					    struct str text, struct arena *a,
					    struct problem *p);
/* The document as stored, with "questions" completed by those registered by answers, or
 * kept because of their answers, each with "registered":true. What it writes can be
 * read again. EMP_CORRUPT when the stored text is no document. [any] */
EMP_MUST_CHECK enum emp_rc json_survey_write(struct buf *out, const struct survey *s);
/* {"name","title"} or {"units":[...]}, sorted by name. With `name` from the address it
 * is one unit, whose "name" may be left out and else must be the same. [any] */
EMP_MUST_CHECK enum emp_rc json_units_read(struct unit_def **out, uint32_t *n,
					   struct str name, struct str text,
					   struct arena *a, struct problem *p);
void json_unit_write(struct buf *out, const struct unit_def *u);
/* {"label","scopes":["ingest",...],"unit"}; id, hash and time are the caller's. [any]
 */
EMP_MUST_CHECK enum emp_rc json_token_read(struct token_def *out, struct str text,
					   struct problem *p);
/* {"id","label","scopes","unit","created"}: nothing of the secret. [any] */
void json_token_write(struct buf *out, const struct token_def *t);

#endif
