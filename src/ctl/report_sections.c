/* What a month's review looks at, in its order: the one place that says so. */
#include "ctl/report.h"

#define WINDOW_UNIT (REPORT_WINDOW | REPORT_UNIT)

/* What is said about suggestions of either audience. */
#define ABOUT_SUGGESTIONS                                                              \
	"n", "open", "acknowledged", "triaged", "answered", "withdrawn", "reopened",   \
		"supporters", "told", "reason", "reach", "adoption",                   \
		"answered_in_time", "acknowledged_in_time", "overdue_sla",             \
		"overdue_feedback", "overdue_acknowledgement", "repeat_share"
#define CUSTOMERS_WAIT                                                                 \
	"first_response_median_h", "first_response_median_h_at_least",                 \
		"first_response_p90_h", "first_response_p90_h_at_least", "felt_heard"
#define EMPLOYEES_WAIT                                                                 \
	"first_response_median_d", "first_response_median_d_at_least",                 \
		"first_response_p90_d", "first_response_p90_d_at_least"
#define ABOUT_QUESTIONS                                                                \
	.keys = {"survey", "question"},                                                \
	.figures = {"n",         "csat",    "nps",         "nps_margin", "ces_easy",   \
		    "favorable", "neutral", "unfavorable", "mean"}
#define ABOUT_PRAISE                                                                   \
	{.title = "Over all kinds",                                                    \
	 .member = "figures",                                                          \
	 .form = REPORT_DOWN,                                                          \
	 .figures = {"n", "by_leader", "recipients", "givers", "headcount",            \
		     "coverage", "giver_participation", "leader_participation",        \
		     "frequency", "recency_7d", "recency_30d", "backing_rate"}},       \
	{                                                                              \
		.title = "By kind", .member = "rows", .keys = {"kind"}, .figures = {   \
			"n",                                                           \
			"by_leader",                                                   \
			"recipients",                                                  \
			"givers"                                                       \
		}                                                                      \
	}
#define ABOUT_VOICE                                                                    \
	{.title = "Surveys",                                                           \
	 .member = "rows",                                                             \
	 .keys = {"survey"},                                                           \
	 .figures = {"response_rate", "invited", "shown", "answered", "complete",      \
		     "respondents", "unsolicited"}},                                   \
	{                                                                              \
		.title = "Breadth of voice", .member = "voice", .form = REPORT_DOWN,   \
		.figures = {                                                           \
			"people",                                                      \
			"active",                                                      \
			"headcount",                                                   \
			"breadth"                                                      \
		}                                                                      \
	}

#define PAIRS(name, area)                                                              \
	{                                                                              \
		.title = (name), .member = (area), .form = REPORT_PAIRS                \
	}

const struct report_section report_sections[] = {
	{"At a glance",
	 "The month beside as long a time before it.",
	 "/v1/overview",
	 WINDOW_UNIT,
	 {PAIRS("Suggestions of customers", "suggestions"),
	  PAIRS("Decisions", "decisions"), PAIRS("Recognition", "recognition"),
	  PAIRS("Coherence", "coherence")}},
	{"What customers say",
	 "Scores per question; a bar is the share of the satisfied.",
	 "/v1/rollups/satisfaction?audience=customer",
	 WINDOW_UNIT,
	 {{.member = "rows", ABOUT_QUESTIONS}}},
	{"What employees say",
	 "What was released with a period that ended in the month: what was not, or "
	 "too few people said, is protected.",
	 "/v1/rollups/satisfaction?audience=employee&step=month",
	 REPORT_UNIT,
	 {{.member = "rows", .monthly = true, ABOUT_QUESTIONS}}},
	{"Customers who take part",
	 "How many of those asked answer, and how many of all are heard at all.",
	 "/v1/rollups/participation?audience=customer",
	 WINDOW_UNIT,
	 {ABOUT_VOICE}},
	{"Employees who take part",
	 "How many of all are heard at all; who answers a survey is never counted.",
	 "/v1/rollups/participation?audience=employee",
	 WINDOW_UNIT,
	 {ABOUT_VOICE}},
	{"Suggestions of customers",
	 "Those submitted in the month, as they stand now. Times run until a person "
	 "triages or answers.",
	 "/v1/rollups/suggestions?audience=customer",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .form = REPORT_DOWN,
	   .figures = {ABOUT_SUGGESTIONS, CUSTOMERS_WAIT}}}},
	{"Suggestions of employees",
	 "Those submitted in the month, as they stand now, where 10 people or more "
	 "could have.",
	 "/v1/rollups/suggestions?audience=employee",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .form = REPORT_DOWN,
	   .figures = {ABOUT_SUGGESTIONS, EMPLOYEES_WAIT}}}},
	{"Decisions",
	 "Who decides, inside which boundaries, and what came of it. A review "
	 "reinforces or coaches; a sanction without a rule is arbitrary.",
	 "/v1/rollups/decisions",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .form = REPORT_DOWN,
	   .figures = {"n", "delegated", "over_escalation", "overreach", "interference",
		       "rubber_stamp", "restriction", "rule_did_not_fit", "conflicts",
		       "special_requests", "settled", "outcome_share", "benefit",
		       "self_rating"}},
	  {.title = "What was expected, and what was seen",
	   .member = "drivers",
	   .keys = {"driver"},
	   .figures = {"n", "accuracy", "yes_yes", "yes_no", "no_yes", "no_no",
		       "unsure"}},
	  {.title = "Rules that say no most often",
	   .member = "blocking_rules",
	   .keys = {"rule"},
	   .figures = {"n", "restricted", "share"}},
	  {.title = "Reviews",
	   .member = "reviews",
	   .form = REPORT_DOWN,
	   .figures = {"n", "coverage", "reinforce", "coach", "sanction",
		       "reinforcement_share", "punitive", "arbitrary",
		       "latency_days"}}}},
	{"Decisions by role and class",
	 "A bar is the share that was not passed on.",
	 "/v1/rollups/decisions?group_by=role,class",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .keys = {"role", "class"},
	   .figures = {"n", "delegated", "overreach", "interference", "rubber_stamp",
		       "restriction", "benefit"}}}},
	{"Boundaries that could be wider",
	 "Of all time: what experience says. Nothing widens by itself.",
	 "/v1/boundaries/candidates",
	 REPORT_UNIT,
	 {{.member = "rows",
	   .no_bars = true,
	   .keys = {"role", "class", "unit"},
	   .figures = {"n", "good", "wilson", "use", "rubber_stamp", "limit",
		       "training_current", "candidate"}}}},
	{"Recognition of employees",
	 "By employees, in public; never about one person.",
	 "/v1/rollups/recognition?audience=employee",
	 WINDOW_UNIT,
	 {ABOUT_PRAISE}},
	{"Recognition by customers",
	 "What customers thanked for.",
	 "/v1/rollups/recognition?audience=customer",
	 WINDOW_UNIT,
	 {ABOUT_PRAISE}},
	{"Training",
	 "Who learns, and how long a request waits.",
	 "/v1/rollups/training?audience=employee",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .form = REPORT_DOWN,
	   .figures = {"completed", "requested", "hours", "hours_per_head", "people",
		       "reach", "lead_days", "lead_days_at_least", "open_requests",
		       "holders_trained"}}}},
	{"Contact",
	 "Meetings of leaders and those they lead, and days without one face to face.",
	 "/v1/rollups/contact?group_by=unit",
	 WINDOW_UNIT,
	 {{.title = "Logged",
	   .member = "rows",
	   .keys = {"unit", "mode"},
	   .figures = {"n", "by_leader"}},
	  {.title = "Days since face to face",
	   .member = "face_to_face",
	   .keys = {"unit"},
	   .figures = {"days_since_face_to_face"}}}},
	{"Employees who stay",
	 "Who joined, left and was absent, where 5 people or more could have (absence: "
	 "10).",
	 "/v1/rollups/retention?audience=employee",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .no_bars = true,
	   .keys = {"signal"},
	   .figures = {"n", "headcount", "joined_rate", "turnover",
		       "voluntary_turnover", "days", "possible_days", "lost_time",
		       "absence_frequency"}}}},
	{"Customers who stay",
	 "Retention from the customers there were and who signed up.",
	 "/v1/rollups/retention?audience=customer",
	 WINDOW_UNIT,
	 {{.form = REPORT_DOWN,
	   .figures = {"retention", "churn_of_due", "active_start", "active_end",
		       "signups"}},
	  {.title = "Signals",
	   .member = "rows",
	   .keys = {"signal"},
	   .figures = {"n"}}}},
	{"Coherence",
	 "The same care outside and inside, on 0 to 100: a bar is the level outside, a "
	 "positive gap is care that employees lack.",
	 "/v1/coherence",
	 WINDOW_UNIT,
	 {{.title = "Twins",
	   .member = "rows",
	   .keys = {"twin", "inside", "metric"},
	   .figures = {"external", "external_n", "internal", "internal_n", "gap",
		       "missing"}},
	  {.title = "Together",
	   .form = REPORT_DOWN,
	   .figures = {"twins", "care_deficit", "index"}},
	  {.title = "Questions without a twin",
	   .member = "missing_twins",
	   .keys = {"survey", "question"},
	   .figures = {"audience"}}}},
	{"Early warning",
	 "Categories that customers report more often than usual, by weeks that ended "
	 "in the month.",
	 "/v1/alerts",
	 WINDOW_UNIT,
	 {{.member = "rows",
	   .keys = {"category", "source"},
	   .figures = {"n", "baseline", "statistic", "threshold", "since",
		       "first_alarm", "last_alarm", "weeks", "open", "employees_first",
		       "lead_weeks"}}}},
	{"Initiatives",
	 "Of all time, before and after. Other things changed, too: no difference here "
	 "proves a cause.",
	 "/v1/initiatives",
	 REPORT_UNIT,
	 {{.member = "rows",
	   .keys = {"initiative", "unit"},
	   .figures = {"title", "started", "ended"}},
	  {.title = "Questions",
	   .member = "questions",
	   .keys = {"initiative", "unit", "survey", "question", "metric"},
	   .figures = {"before", "before_n", "after", "after_n"}},
	  {.title = "Signals",
	   .member = "signals",
	   .keys = {"initiative", "unit", "signal"},
	   .figures = {"before_n", "after_n"}}}},
	{.title = NULL},
};
