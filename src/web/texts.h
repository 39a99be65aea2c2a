/* What people read, in each language: compiled in from i18n, one file a
 * language. A text has places for numbers, {such} as this; the numbers come from what
 * is in force, never from the text. [any] */
#ifndef EMP_WEB_TEXTS_H
#define EMP_WEB_TEXTS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The first is what is spoken where nothing else is asked for. */
enum lang { LANG_EN, LANG_ES, LANG_PL, LANG_COUNT };

enum text {
#define TEXT(id, key) TEXT_##id,
#include "web/texts.def"
#undef TEXT
	TEXT_COUNT
};

extern const char *const texts_data[LANG_COUNT][TEXT_COUNT];

/* "en": the tag of the language, and back; LANG_COUNT when it is not spoken here. A
 * regional tag (es-MX) finds its language. */
const char *lang_name(enum lang l);
enum lang lang_find(struct str tag);

struct text_value {
	const char *name; /* of the place, without its braces */
	struct str value;
};
/* The text with every place filled, in the arena. A place that has no value is a
 * mistake of the caller. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc text_fill(struct str *out, enum lang l, enum text t,
				     const struct text_value *values, size_t n,
				     struct arena *a);

#endif
