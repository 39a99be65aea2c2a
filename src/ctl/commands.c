/* The table of commands: the one place that lists them. Help, dispatch and the check of
 * the manual follow from it. Help texts are wrapped when shown; \n is kept. */
#include "ctl/ctl.h"

#define O(id) (UINT64_C(1) << CTL_OPT_##id)

const struct ctl_command ctl_commands[] = {
	{.name = "import",
	 .args = "FILE...",
	 .summary = "send events from files, resuming where it stopped",
	 .help = "Sends the events of newline-delimited JSON files, plain or gzip; - "
		 "is standard input. Lines that the daemon rejects are reported with "
		 "their numbers. A file that was imported is refused without --again, "
		 "and one that was interrupted goes on where it stopped. An event "
		 "without an id gets one made of the file's content and the line "
		 "number, so that nothing counts twice.",
	 .options = O(SOURCE) | O(AGAIN) | O(STATE) | O(RETRY),
	 .run = ctl_cmd_import},
	{.name = "verify",
	 .args = "",
	 .summary = "compare the counters with the stored events",
	 .help = "Has the daemon recompute every counter from the stored events. With "
		 "-d DIR and no -s it reads the files instead, whether a daemon runs "
		 "or not: integrity, references, and every cell against the events. "
		 "The exit status is 1 when anything differs.",
	 .run = ctl_cmd_verify},
	{.name = "snapshot",
	 .args = "FILE",
	 .summary = "copy the analysts' database into FILE",
	 .help = "Writes a complete, compact copy of empowerd.db, whether the daemon "
		 "runs or not. FILE must not exist. Reads the state directory (-d), "
		 "not the server.",
	 .run = ctl_cmd_snapshot},
	{.name = "survey",
	 .args = "apply FILE... | list | show NAME",
	 .summary = "create, change and show surveys",
	 .help = "apply sends survey documents; list shows all surveys; show prints "
		 "the document of one, with the questions that answers registered.",
	 .options = O(CSV),
	 .run = ctl_cmd_survey},
	{.name = "invite",
	 .args = "SURVEY [FILE]",
	 .summary = "make single-use invitations to an employees' survey",
	 .help = "Prints --count invitations for people of --unit, one a line, which "
		 "are shown only this once. With FILE, a table with a row for each "
		 "person (or with a column count) and a column unit, prints the same "
		 "table as CSV with the invitation of each behind it; the daemon "
		 "learns nothing of the other columns, such as addresses. With --url "
		 "also links to a form at that place, for instance\n"
		 " empowerctl invite pulse --url https://voice.example people.csv\n"
		 "The daemon serves no such form. Each invitation can be used once, "
		 "and nothing stored says by whom. A second run makes others that "
		 "count besides.",
	 .options = O(CSV) | O(UNIT) | O(INVITES) | O(URL),
	 .run = ctl_cmd_invite},
	{.name = "release",
	 .args = "SURVEY",
	 .summary = "close a period of an employees' survey and show its figures",
	 .help = "Until then nothing is shown of what employees answered; afterwards "
		 "what groups that are large enough say together. Without --period "
		 "it is the present wave, or the last week or month that is over with "
		 "those before it. The answer is the same whether anybody answered or "
		 "not. A release is final: invitations go with it, used or not, and "
		 "without --period a second run closes the next wave, too. On a "
		 "terminal it says what is about to be released and asks, unless "
		 "--yes is given.",
	 .options = O(PERIOD) | O(YES),
	 .run = ctl_cmd_release},
	{.name = "unit",
	 .args = "list | set NAME [TITLE]",
	 .summary = "declare and show units",
	 .help = "set declares a unit of the organisation, such as retail/north, with "
		 "a title for people (without one it has none any more); list shows "
		 "the declared ones.",
	 .options = O(CSV),
	 .run = ctl_cmd_unit},
	{.name = "token",
	 .args = "add LABEL --scopes LIST | list | revoke ID",
	 .summary = "create, show and revoke tokens",
	 .help = "add prints a new token, which is shown only this once; list shows "
		 "ids, labels and scopes; revoke makes a token invalid at once.",
	 .options = O(CSV) | O(SCOPES) | O(UNIT),
	 .run = ctl_cmd_token},
	{.name = "lint",
	 .args = "surveys [FILE...]",
	 .summary = "warn of what surveys lack",
	 .help = "Warns of questions on a scale without a twin: the same question put "
		 "to the other audience, without which nobody can say whether both get "
		 "the same care. Without files, of the daemon's surveys; with files, "
		 "also of what is wrong in them. The exit status is 1 when there is "
		 "anything.",
	 .run = ctl_cmd_lint},
	{.name = "rollup",
	 .args = "NAME [KEY=VALUE...]",
	 .summary = "show figures as a table with bars",
	 .help = "Asks for satisfaction, retention, recognition, participation, "
		 "suggestions, decisions, training or contact, or for the lists "
		 "coherence, alerts, initiatives, comments, feed, boundaries and "
		 "candidates, or for overview, what a dashboard shows first, with the "
		 "parameters of the HTTP interface, for instance\n"
		 " empowerctl rollup satisfaction survey=flight group_by=unit\n"
		 "--json and --csv print the daemon's answer as it is.",
	 .options = O(CSV) | O(BAR),
	 .run = ctl_cmd_rollup},
	{.name = "report",
	 .args = "",
	 .summary = "print a month's review",
	 .help = "Puts the figures of a month together: surveys, suggestions, "
		 "decisions, recognition, training, contact, coherence, early warning "
		 "and initiatives, as text with bars; --html prints one page that "
		 "needs nothing else, --csv a line per figure. What the token may not "
		 "see is left out, and the exit status is 1.",
	 .options = O(CSV) | O(HTML) | O(MONTH) | O(UNIT),
	 .run = ctl_cmd_report},
	{.name = "suggestion",
	 .args = "list [STATE,...] | show ID | acknowledge ID | "
		 "triage ID --examine YES|NO | answer ID STATUS | reopen ID",
	 .summary = "read and answer suggestions",
	 .help = "list shows customers' suggestions, newest first, or those of "
		 "employees (--audience employee); show also what happened to it. "
		 "acknowledge says that it has arrived; triage, whether it will be "
		 "examined; answer, what comes of it: accepted, planned, started, "
		 "done, declined or duplicate; reopen takes it up again. Every no "
		 "needs a --reason.",
	 .options = O(CSV) | O(SOURCE) | O(UNIT) | O(AUDIENCE) | O(KIND) | O(CATEGORY) |
		 O(FROM) | O(TO) | O(OVERDUE) | O(BOARD) | O(ROWS) | O(CURSOR) |
		 O(EXAMINE) | O(REASON) | O(AUTO) | O(TIME),
	 .run = ctl_cmd_suggestion},
	{.name = "decision",
	 .args = "log ROLE CLASS ANSWER [AMOUNT] | settle ID ANSWER | "
		 "review ID VERDICT | outcome ID",
	 .summary = "log decisions, settle and review them",
	 .help = "log prints the id of the decision, which the others refer to. "
		 "settle is the answer of a leader; review is reinforce, coach or "
		 "sanction; outcome says what came of it, by --benefit or --drivers. "
		 "For instance\n"
		 " empowerctl decision log agent refund yes 40 -p ana -u shop/north\n"
		 "ROLE, CLASS, ANSWER and AMOUNT may also be given as options.",
	 .options = O(SOURCE) | O(UNIT) | O(PERSON) | O(ROLE) | O(CLASS) | O(ANSWER) |
		 O(AMOUNT) | O(ESCALATED) | O(CASE) | O(RULE) | O(MISFIT) |
		 O(CONFLICT) | O(SPECIAL) | O(MOMENT) | O(SELF_RATING) | O(DRIVERS) |
		 O(GOAL) | O(BENEFIT) | O(LESSON) | O(MISSED) | O(ID) | O(TIME),
	 .run = ctl_cmd_decision},
	{.name = "boundary",
	 .args = "list | set ROLE CLASS MODE LIMIT | candidates | "
		 "check ROLE CLASS [AMOUNT]",
	 .summary = "set, show and ask for boundaries of decisions",
	 .help = "set says up to which LIMIT (none: without one) a role may decide: "
		 "MODE is act, or propose to somebody else. candidates shows where "
		 "experience says that a boundary could be wider. check says whether "
		 "to act or to propose, and what to think about before.",
	 .options = O(CSV) | O(UNIT) | O(PERSON) | O(ROLE) | O(CLASS) | O(AMOUNT) |
		 O(MODE) | O(LIMIT) | O(TRAINING) | O(REASON) | O(TIME),
	 .run = ctl_cmd_boundary},
	{.name = "person",
	 .args = "link PERSON | export | erase --yes",
	 .summary = "what is kept of a person: a code to see it, a copy, an end to it",
	 .help = "link prints a new personal code, which is shown only this once and "
		 "replaces the person's former one, and how to use it. export prints "
		 "as JSON what is kept of whoever is named by one of --person, "
		 "--receipt (that suggestion) and --code (as an employee, but in "
		 "surveys). erase forgets them: texts, ids and pseudonyms go, what was "
		 "counted stays. It cannot be taken back, and asks for --yes.",
	 .options = O(PERSON) | O(RECEIPT) | O(CODE) | O(YES),
	 .run = ctl_cmd_person},
	{.name = "audit",
	 .args = "",
	 .summary = "show who read what employees wrote",
	 .help = "Shows the lines of the audit, newest first: one for each answer that "
		 "carried suggestions or comments of employees, for each export, for "
		 "each erasure and for each personal code that was made. They cannot "
		 "be changed or removed, and asking for them adds none.",
	 .options = O(CSV) | O(FROM) | O(TO) | O(ROWS) | O(CURSOR),
	 .run = ctl_cmd_audit},
	{.name = "status",
	 .args = "",
	 .summary = "show whether the daemon is ready, and its numbers",
	 .help = "Asks for readiness and a few metrics. The exit status is 1 when the "
		 "daemon is not ready.",
	 .run = ctl_cmd_status},
	{.name = "demo",
	 .args = "",
	 .summary = "send a year of synthetic sample data",
	 .help = "Declares the surveys demo_visit and demo_team and sends made-up "
		 "events of six units, from the source \"demo\": visits, "
		 "suggestions, decisions, recognition and more. What employees "
		 "answered is released by months. The data is the same every time: a "
		 "second run adds nothing, a run on a later day adds the days since. "
		 "On a terminal the first asks, unless --yes is given: nothing takes "
		 "the sample out again.",
	 .options = O(DAYS) | O(UNTIL) | O(RETRY) | O(YES),
	 .run = ctl_cmd_demo},
	{.name = "help",
	 .args = "[COMMAND]",
	 .summary = "show how to use a command",
	 .help = "Shows what --help shows.",
	 .run = ctl_cmd_help},
	{.name = NULL},
};
