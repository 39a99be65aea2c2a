/* What readers ask about suggestions, decisions, reviews, training and contact. Second
 * half of the engine's seam; see store.h. All [reader]; a callback that returns non-OK
 * stops. What of this may be shown, and to whom, privacy/ decides. */
#ifndef EMP_STORE_VOICE_H
#define EMP_STORE_VOICE_H

#include "model/boundaries.h"
#include "model/voice.h"
#include "store/store.h"

/* Names that are interned beside the dimensions. [any], like store_names. */
enum word { WORD_ROLE, WORD_CLASS, WORD_RULE, WORD_CATEGORY, WORD_COUNT };
const struct intern *store_words(const struct store *s, enum word w);

/* Subjects of counters that come with the events: (role, class, rule) of decisions,
 * (kind, category) of suggestions in empowerd.db. Numbers from SUBJECT_FIRST_VOICE up
 * in the order they came. [any]; published like names. */
struct subject_def {
	uint8_t suggestion_kind;     /* 0: a subject of decisions */
	uint32_t category;           /* WORD_CATEGORY; 0 none */
	uint32_t role, matter, rule; /* rule 0: none */
};
uint32_t store_subjects(const struct store *s); /* how many */
const struct subject_def *store_subject(const struct store *s, uint32_t i);

/* Counts commits of confidential.db that change figures at once, for caches of what is
 * read from there: what counts from the next day on is not among them. Never leaves the
 * process. [any] */
uint64_t store_sealed_version(const struct store *s);

/* Counts releases that show something, as the present process has seen them; for caches
 * and notices. [any] */
uint64_t store_releases_version(const struct store *s);

/* Counts commits of what store_read_levels reads, before they are acknowledged. [any]
 * And as it was before the present job's first look at the file. [reader] */
uint64_t store_levels_version(const struct store *s);
uint64_t store_read_levels_version(const struct store_reader *r);

/* A block of a release in empowerd.db, by end of the release, then survey, question,
 * verified, unit. */
struct release_row {
	uint32_t survey;   /* id */
	struct str period; /* its name */
	int64_t from, to;  /* of the period, ms, half open */
	struct str question;
	uint8_t metric; /* with the scale as it was then: */
	int8_t lo, hi;
	uint16_t satisfied;
	uint32_t unit; /* interned; 0: the root. What is in it and in no block below */
	bool verified;
	uint64_t people;
	/* As release_width: per value, or people and then per option; text: people. */
	const uint64_t *count;
	uint32_t n_count;
	const struct str *options; /* choice: their names as of then */
	uint32_t n_options;
};
/* survey 0: of all. */
EMP_MUST_CHECK enum emp_rc
store_read_releases(struct store_reader *r, uint32_t survey,
		    enum emp_rc (*fn)(void *ctx, const struct release_row *row),
		    void *ctx);
/* Released comments of employees, in the order of random keys behind `after` (NULL:
 * from the start). From confidential.db: none without a daemon. */
struct release_comment_row {
	uint8_t key[16];
	struct str survey, period, question, unit, text; /* question n == 0: on all */
	int64_t to;                                      /* end of the period, ms */
	bool verified;
};
EMP_MUST_CHECK enum emp_rc store_read_release_comments(
	struct store_reader *r, struct str survey, const uint8_t after[16],
	uint32_t max,
	enum emp_rc (*fn)(void *ctx, const struct release_comment_row *row), void *ctx);
/* Answers of released periods as they are stored, and what was released of them, for
 * verify: calls fn for each question of each, with what `release` of the hooks was
 * given, and the blocks of confidential.db. None without a daemon. */
struct release_stored {
	struct str survey, period, question; /* question n == 0: comments */
	uint32_t k;
	const struct release_tree *tree;
	const struct release_question *answers;
	const struct release_blocks *blocks; /* as stored */
};
EMP_MUST_CHECK enum emp_rc store_read_release_inputs(
	struct store_reader *r,
	enum emp_rc (*fn)(void *ctx, const struct release_stored *row), void *ctx);

/* A page of at most `max` rows, text included. Requests for wider boundaries are in
 * empowerd.db and asked for alone (kinds), whatever the audience; beside others they
 * are left out. to == 0: no end. The filter is not looked at again once rows come. */
EMP_MUST_CHECK enum emp_rc
store_read_suggestions(struct store_reader *r, const struct suggestion_filter *f,
		       enum audience a, uint32_t max,
		       enum emp_rc (*fn)(void *ctx, const struct suggestion_row *row),
		       void *ctx);
/* All with from <= submitted < to, without text: for figures. Every kind; of employees
 * the cases of confidential.db (series 0) and the requests of empowerd.db. */
EMP_MUST_CHECK enum emp_rc
store_read_lives(struct store_reader *r, enum audience a, int64_t from, int64_t to,
		 enum emp_rc (*fn)(void *ctx, const struct suggestion_row *row),
		 void *ctx);
/* One, by its id as shown (source "": any, the newest), or by its receipt; then its
 * steps in order. EMP_NOT_FOUND. A supporter's receipt finds what it supports, and
 * *author is false. */
struct suggestion_find {
	struct str source, id;
	bool by_receipt;
	bool confidential; /* by_receipt: in which file */
	uint8_t receipt_hash[RECEIPT_HASH_BYTES];
};
EMP_MUST_CHECK enum emp_rc store_read_suggestion(
	struct store_reader *r, const struct suggestion_find *f, bool *author,
	enum emp_rc (*fn)(void *ctx, const struct suggestion_row *row),
	enum emp_rc (*step)(void *ctx, const struct suggestion_step_row *row),
	void *ctx);

EMP_MUST_CHECK enum emp_rc store_read_decisions(
	struct store_reader *r, int64_t from, int64_t to, bool conflicts_only,
	enum emp_rc (*fn)(void *ctx, const struct decision_row *row), void *ctx);
/* What confidential.db has is not there for a reader without a daemon: it finds none.
 *
 * Keys of decisions that a private recognition backs, each once; from the day after the
 * recognition on, so that nobody sees one arrive. */
EMP_MUST_CHECK enum emp_rc
store_read_backings(struct store_reader *r,
		    enum emp_rc (*fn)(void *ctx, const uint8_t key[16]), void *ctx);
/* Months from <= month < to; cells in any order. A review counts from the day after it
 * on, by the clock, in the zone of the instance. */
EMP_MUST_CHECK enum emp_rc
store_read_reviews(struct store_reader *r, int32_t from, int32_t to,
		   enum emp_rc (*fn)(void *ctx, const struct review_cell *c),
		   void *ctx);
/* Distinct deciders of reviewed decisions, counted alike: one row per (month, unit,
 * role, class, person). */
EMP_MUST_CHECK enum emp_rc
store_read_reviewed_deciders(struct store_reader *r, int32_t from, int32_t to,
			     enum emp_rc (*fn)(void *ctx, const struct review_cell *c,
					       const uint8_t person[PSEUDONYM_BYTES]),
			     void *ctx);
/* Decisions with their decider, of one person, in any order. With reviews of today: see
 * row->reviewed. */
EMP_MUST_CHECK enum emp_rc
store_read_evidence(struct store_reader *r, const uint8_t person[PSEUDONYM_BYTES],
		    enum emp_rc (*fn)(void *ctx, const struct evidence_row *row),
		    void *ctx);
/* Of all, in the order of arrival, and less of each: of the decision when, where, role,
 * class, amount, answer, whether escalated, how settled and the customer's benefit; of
 * reviews only sanctions. */
EMP_MUST_CHECK enum emp_rc
store_read_all_evidence(struct store_reader *r,
			enum emp_rc (*fn)(void *ctx, const struct evidence_row *row),
			void *ctx);

/* With those of today; from <= time < to. */
EMP_MUST_CHECK enum emp_rc
store_read_trainings(struct store_reader *r, int64_t from, int64_t to,
		     enum emp_rc (*fn)(void *ctx, const struct training_row *row),
		     void *ctx);
/* Joined, separation, absence, referral of employees: from <= time < to, and of days
 * that are over. */
EMP_MUST_CHECK enum emp_rc
store_read_staff(struct store_reader *r, int64_t from, int64_t to,
		 enum emp_rc (*fn)(void *ctx, const struct staff_row *row), void *ctx);
EMP_MUST_CHECK enum emp_rc
store_read_contacts(struct store_reader *r, int64_t from, int64_t to,
		    enum emp_rc (*fn)(void *ctx, const struct contact_row *row),
		    void *ctx);
/* One row each, by name: its last start, the end after it, the last title. */
EMP_MUST_CHECK enum emp_rc
store_read_initiatives(struct store_reader *r,
		       enum emp_rc (*fn)(void *ctx, const struct initiative_row *row),
		       void *ctx);
/* Where decisions and suggestions changed counters since the event of this number:
 * series, subject, and the time of what is counted, ms. */
EMP_MUST_CHECK enum emp_rc store_read_changes(
	struct store_reader *r, int64_t seq,
	enum emp_rc (*fn)(void *ctx, uint32_t series, uint32_t subject, int64_t time),
	void *ctx);
/* How far back a feed was read. */
struct feed_end {
	uint32_t scan; /* in, out: rows of other times that may yet be looked at, > 0 */
	bool more;     /* out: none may any more, and there may be more before `seq` */
	int64_t seq;
};
/* Newest first, before `before_seq` (0: from the newest), at most max. */
EMP_MUST_CHECK enum emp_rc
store_read_comments(struct store_reader *r, uint32_t survey, int64_t from, int64_t to,
		    int64_t before_seq, uint32_t max, struct feed_end *end,
		    enum emp_rc (*fn)(void *ctx, const struct comment_row *row),
		    void *ctx);
EMP_MUST_CHECK enum emp_rc
store_read_praise(struct store_reader *r, enum audience a, int64_t from, int64_t to,
		  int64_t before_seq, uint32_t max, struct feed_end *end,
		  enum emp_rc (*fn)(void *ctx, const struct praise_row *row),
		  void *ctx);
/* The person of a personal code. EMP_NOT_FOUND. */
EMP_MUST_CHECK enum emp_rc store_read_person(struct store_reader *r,
					     const uint8_t hash[RECEIPT_HASH_BYTES],
					     uint8_t person[PSEUDONYM_BYTES]);

#endif
