/* Decisions: what is counted of one, and what they say together. A decision's slots are
 * counted where it was made (its series and time), whenever what they tell came: so a
 * figure is about the decisions of a window, and a late outcome belongs to them. Pure.
 * [any] */
#ifndef EMP_MODEL_DECISION_H
#define EMP_MODEL_DECISION_H

#include "model/cell.h"
#include "model/metrics.h"

/* Slots of the subject of a (role, class, rule): stored, append only. */
enum decision_slot {
	DECISION_MADE,
	DECISION_YES,
	DECISION_NO,
	DECISION_PARTIAL,
	DECISION_ESCALATED,
	DECISION_INSIDE,
	DECISION_OVER,
	DECISION_WITHOUT,          /* no boundary was in force */
	DECISION_INSIDE_ESCALATED, /* over-escalation */
	DECISION_OVER_KEPT,        /* overreach: over, not escalated */
	DECISION_RULE,             /* a rule decided it */
	DECISION_RESTRICTED,       /* a rule, and (no or escalated) */
	DECISION_RULE_UNFIT,       /* rule_did_not_fit */
	DECISION_CONFLICT,
	DECISION_SPECIAL, /* special_request */
	DECISION_SETTLED,
	DECISION_ESCALATED_SETTLED,
	DECISION_SETTLED_AS_PROPOSED, /* of those escalated */
	DECISION_INTERFERED,          /* settled though inside and not escalated */
	DECISION_OUTCOME,             /* has one */
	DECISION_BENEFIT,             /* last customer_benefit true */
	DECISION_NO_BENEFIT,          /* last customer_benefit false */
	DECISION_SELF_RATING,         /* 5 slots, 1-5 */
	/* Per driver: predicted (yes, no, unsure) x last observed (yes, no). */
	DECISION_DRIVERS = DECISION_SELF_RATING + 5,
	DECISION_SLOTS = DECISION_DRIVERS + DRIVER_COUNT * 3 * 2
};

/* A decision as stored, with the last of what followed. */
struct decision_facts {
	uint8_t answer;  /* enum decision_answer */
	uint8_t settled; /* the same; 0: not settled */
	uint8_t within;  /* enum within */
	bool escalated, has_rule, rule_did_not_fit, conflict, special_request;
	int8_t self_rating;              /* -1 */
	uint8_t predicted[DRIVER_COUNT]; /* enum driver_view */
	bool has_outcome;
	int8_t customer_benefit; /* last that said it; -1 */
	uint8_t observed[DRIVER_COUNT];
};

/* The slots that a decision with these facts counts in. The one place that says so:
 * what a later step changes is the difference of two calls. out has room for
 * DECISION_SLOTS; returns how many. */
uint32_t decision_slots(const struct decision_facts *f, uint8_t out[DECISION_SLOTS]);

/* Figures from the sums of slots; NAN for what has no denominator. Sources: see
 * metrics.h. */
struct decision_figures {
	double delegated;       /* not escalated / all */
	double over_escalation; /* escalated inside / inside */
	double overreach;       /* not escalated and over / over */
	double interference;    /* settled though inside and not escalated / inside and
				   not escalated */
	double rubber_stamp;    /* settled as proposed / settled of escalated */
	double restriction;     /* (rule and (no or escalated)) / all */
	double outcome_share;   /* with an outcome / all */
	double benefit;         /* customer_benefit true / said */
	double rule_unfit;      /* rule did not fit / all */
	double self_rating;     /* mean */
	struct driver_figures {
		uint64_t n; /* predicted yes or no, and observed */
		uint64_t yes_yes, yes_no, no_yes, no_no; /* predicted, observed */
		uint64_t unsure; /* predicted unsure, and observed */
		double accuracy; /* (yes_yes + no_no) / n */
	} driver[DRIVER_COUNT];
};
void decision_figures(const uint64_t sums[DECISION_SLOTS],
		      struct decision_figures *out);

/* Boundary candidates: evidence for asking that a boundary be widened. */
#define CANDIDATE_MIN_N 20
#define CANDIDATE_MIN_WILSON 0.75
#define CANDIDATE_MIN_USE 0.8   /* median amount / limit */
#define CANDIDATE_MIN_STAMP 0.9 /* settled as proposed / settled */
struct candidate_facts {
	uint64_t n, good; /* decisions whose last outcome says customer_benefit; true */
	uint64_t sanctions;
	bool training_current;         /* or none is required */
	int64_t median_amount_cents;   /* -1: no amounts */
	int64_t limit_cents;           /* -1: none in force */
	uint64_t settled, as_proposed; /* of the escalated ones */
};
struct candidate {
	double wilson;       /* lower bound, 0-1; NAN for n == 0 */
	double use;          /* median / limit; NAN */
	double rubber_stamp; /* 0-1; NAN */
	bool candidate;
};
void candidate_of(const struct candidate_facts *f, struct candidate *out);
/* Median of amounts, which it sorts: of an even number the mean of the middle two,
 * rounded half up. -1 for none. */
int64_t amounts_median(int64_t *cents, size_t n);

#endif
