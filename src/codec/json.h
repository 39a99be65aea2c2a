/* All JSON that is not an event: documents of surveys, units, tokens. Through jansson,
 * which stays behind this header. */
#ifndef EMP_CODEC_JSON_H
#define EMP_CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/survey.h"
#include "model/defs.h"

/* A survey document. `name` from the URL must equal "name" when that is given. Strings
 * live in `a`. EMP_BAD_JSON, EMP_INVALID with pointer. Titles and texts are checked
 * ({lang: text}). */
EMP_MUST_CHECK enum emp_rc json_survey_read(struct survey *out, struct str name,
					    struct str text, struct arena *a,
					    struct problem *p);
/* The document as stored, with "questions" completed by those registered by answers. */
EMP_MUST_CHECK enum emp_rc json_survey_write(struct buf *out, const struct survey *s);
/* {"name","title"} or {"units":[...]} */
EMP_MUST_CHECK enum emp_rc json_units_read(struct unit_def **out, uint32_t *n,
					   struct str text, struct arena *a,
					   struct problem *p);
/* {"label","scopes":["ingest",...],"unit"} */
EMP_MUST_CHECK enum emp_rc json_token_read(struct token_def *out, struct str text,
					   struct problem *p);
/* One flat value for tools: a string or integer member of a small document. */
EMP_MUST_CHECK bool json_get_string(struct str text, const char *member,
				    struct arena *a, struct str *out);
EMP_MUST_CHECK bool json_get_int(struct str text, const char *member, int64_t *out);

#endif
