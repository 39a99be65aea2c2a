/* The surveys that ship: the documents of etc/surveys, compiled in, so that a fresh
 * daemon needs no file. */
#ifndef EMP_CODEC_BUILTIN_H
#define EMP_CODEC_BUILTIN_H

/* [any] The documents' texts, NULL behind the last; read each with json_survey_read
 * (STR_NONE as name). They live for ever. */
const char *const *builtin_surveys(void);

#endif
