-- Decisions and the boundaries inside which they are taken, contact and initiatives.
--
-- No person is here: who decided, for which case, and whom a boundary is for are in
-- confidential.db, under the random people_key of the row. What an event says is never
-- changed; what counts of a decision by now is in decision_result, which follows from
-- the rest and is written with it.

-- Dictionaries that the program brings along.
CREATE TABLE decision_answer (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE within (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE driver_view (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE boundary_mode (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE contact_mode (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Dictionaries that grow with the events.
CREATE TABLE role (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE class (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE rule (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE category (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- What a cell may be about beside surveys: decisions of one role, class and rule, or
-- suggestions of one kind and category.
CREATE TABLE subject (
  id INTEGER PRIMARY KEY CHECK (id >= 1073741824),
  role_id INTEGER REFERENCES role (id),
  class_id INTEGER REFERENCES class (id),
  rule_id INTEGER REFERENCES rule (id),
  kind_id INTEGER REFERENCES suggestion_kind (id),
  category_id INTEGER REFERENCES category (id),
  CHECK ((role_id IS NULL) = (class_id IS NULL)),
  CHECK ((role_id IS NULL) <> (kind_id IS NULL)),
  CHECK (rule_id IS NULL OR kind_id IS NULL),
  CHECK (category_id IS NULL OR role_id IS NULL)
) STRICT;
CREATE INDEX subject_of_suggestion ON subject (kind_id, category_id)
  WHERE kind_id IS NOT NULL;

CREATE TABLE decision (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  source_id INTEGER REFERENCES source (id),
  id TEXT NOT NULL,
  subject_id INTEGER NOT NULL REFERENCES subject (id),
  answer_id INTEGER NOT NULL REFERENCES decision_answer (id),
  amount_cents INTEGER CHECK (amount_cents >= 0),
  within_id INTEGER NOT NULL REFERENCES within (id),
  escalated INTEGER NOT NULL CHECK (escalated IN (0, 1)),
  rule_did_not_fit INTEGER NOT NULL CHECK (rule_did_not_fit IN (0, 1)),
  conflict INTEGER NOT NULL CHECK (conflict IN (0, 1)),
  special_request INTEGER NOT NULL CHECK (special_request IN (0, 1)),
  self_rating INTEGER CHECK (self_rating BETWEEN 1 AND 5),
  spend_id INTEGER REFERENCES driver_view (id),
  retention_id INTEGER REFERENCES driver_view (id),
  reputation_id INTEGER REFERENCES driver_view (id),
  referral_id INTEGER REFERENCES driver_view (id),
  moment TEXT,
  goal TEXT,
  people_key BLOB NOT NULL UNIQUE CHECK (length(people_key) = 16),
  amount REAL GENERATED ALWAYS AS (amount_cents / 100.0) VIRTUAL
) STRICT;
CREATE INDEX decision_by_id ON decision (id);
CREATE INDEX decision_of_conflict ON decision (event_seq) WHERE conflict = 1;

-- What followed, one row per event; `changed` is what it changed in the counters of the
-- decision, so that counting again needs no more than the row.
CREATE TABLE decision_settlement (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  decision_seq INTEGER NOT NULL UNIQUE REFERENCES decision (event_seq),
  answer_id INTEGER NOT NULL REFERENCES decision_answer (id),
  changed BLOB NOT NULL CHECK (length(changed) >= 1)
) STRICT;
CREATE TABLE decision_outcome (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  decision_seq INTEGER NOT NULL REFERENCES decision (event_seq),
  customer_benefit INTEGER CHECK (customer_benefit IN (0, 1)),
  spend_id INTEGER REFERENCES driver_view (id),
  retention_id INTEGER REFERENCES driver_view (id),
  reputation_id INTEGER REFERENCES driver_view (id),
  referral_id INTEGER REFERENCES driver_view (id),
  changed BLOB NOT NULL CHECK (length(changed) >= 1)
) STRICT;
CREATE TABLE decision_result (
  decision_seq INTEGER PRIMARY KEY REFERENCES decision (event_seq),
  settled_id INTEGER REFERENCES decision_answer (id),
  outcome INTEGER NOT NULL CHECK (outcome IN (0, 1)),
  customer_benefit INTEGER CHECK (customer_benefit IN (0, 1)),
  benefit_time INTEGER NOT NULL,
  spend_id INTEGER REFERENCES driver_view (id),
  spend_time INTEGER NOT NULL,
  retention_id INTEGER REFERENCES driver_view (id),
  retention_time INTEGER NOT NULL,
  reputation_id INTEGER REFERENCES driver_view (id),
  reputation_time INTEGER NOT NULL,
  referral_id INTEGER REFERENCES driver_view (id),
  referral_time INTEGER NOT NULL
) STRICT;
CREATE TABLE decision_backing (
  event_seq INTEGER PRIMARY KEY REFERENCES recognition (event_seq),
  decision_seq INTEGER NOT NULL REFERENCES decision (event_seq)
) STRICT;
CREATE INDEX decision_backing_by_decision ON decision_backing (decision_seq);

CREATE TABLE boundary (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  role_id INTEGER NOT NULL REFERENCES role (id),
  class_id INTEGER NOT NULL REFERENCES class (id),
  unit_id INTEGER REFERENCES unit (id),
  limit_cents INTEGER CHECK (limit_cents >= 0),
  mode_id INTEGER NOT NULL REFERENCES boundary_mode (id),
  requires_training TEXT,
  reason TEXT,
  people_key BLOB CHECK (length(people_key) = 16),
  limit_amount REAL GENERATED ALWAYS AS (limit_cents / 100.0) VIRTUAL
) STRICT;

CREATE TABLE contact (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  mode_id INTEGER NOT NULL REFERENCES contact_mode (id),
  by_leader INTEGER NOT NULL CHECK (by_leader IN (0, 1))
) STRICT;

CREATE TABLE initiative_event (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  initiative_id INTEGER NOT NULL REFERENCES initiative (id),
  title TEXT
) STRICT;

-- ---- views: they give names and decide nothing -----------------------------------

CREATE VIEW v_decision AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, role.name AS role, class.name AS class, rule.name AS rule,
  decision_answer.name AS answer, decision.amount AS amount, within.name AS within,
  decision.escalated AS escalated, decision.rule_did_not_fit AS rule_did_not_fit,
  decision.conflict AS conflict, decision.special_request AS special_request,
  decision.self_rating AS self_rating, spend.name AS spend,
  retention.name AS retention, reputation.name AS reputation,
  referral.name AS referral, decision.moment AS moment, decision.goal AS goal,
  settled.name AS settled, decision_result.outcome AS outcome,
  decision_result.customer_benefit AS customer_benefit,
  observed_spend.name AS observed_spend,
  observed_retention.name AS observed_retention,
  observed_reputation.name AS observed_reputation,
  observed_referral.name AS observed_referral,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM decision
JOIN event ON event.seq = decision.event_seq
JOIN subject ON subject.id = decision.subject_id
JOIN role ON role.id = subject.role_id
JOIN class ON class.id = subject.class_id
JOIN decision_answer ON decision_answer.id = decision.answer_id
JOIN within ON within.id = decision.within_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN rule ON rule.id = subject.rule_id
LEFT JOIN driver_view AS spend ON spend.id = decision.spend_id
LEFT JOIN driver_view AS retention ON retention.id = decision.retention_id
LEFT JOIN driver_view AS reputation ON reputation.id = decision.reputation_id
LEFT JOIN driver_view AS referral ON referral.id = decision.referral_id
LEFT JOIN decision_result ON decision_result.decision_seq = decision.event_seq
LEFT JOIN decision_answer AS settled ON settled.id = decision_result.settled_id
LEFT JOIN driver_view AS observed_spend
  ON observed_spend.id = decision_result.spend_id
LEFT JOIN driver_view AS observed_retention
  ON observed_retention.id = decision_result.retention_id
LEFT JOIN driver_view AS observed_reputation
  ON observed_reputation.id = decision_result.reputation_id
LEFT JOIN driver_view AS observed_referral
  ON observed_referral.id = decision_result.referral_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_boundary AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, event_type.name AS type, role.name AS role, class.name AS class,
  unit.name AS unit, boundary.limit_amount AS limit_amount,
  boundary_mode.name AS mode, boundary.requires_training AS requires_training,
  boundary.reason AS reason, boundary.people_key IS NOT NULL AS personal
FROM boundary
JOIN event ON event.seq = boundary.event_seq
JOIN event_type ON event_type.id = event.type_id
JOIN role ON role.id = boundary.role_id
JOIN class ON class.id = boundary.class_id
JOIN boundary_mode ON boundary_mode.id = boundary.mode_id
LEFT JOIN unit ON unit.id = boundary.unit_id;

CREATE VIEW v_contact AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, contact_mode.name AS mode, contact.by_leader AS by_leader,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM contact
JOIN event ON event.seq = contact.event_seq
JOIN contact_mode ON contact_mode.id = contact.mode_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_initiative AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, event_type.name AS type, initiative.name AS initiative,
  initiative_event.title AS title, audience.name AS audience, unit.name AS unit
FROM initiative_event
JOIN event ON event.seq = initiative_event.event_seq
JOIN event_type ON event_type.id = event.type_id
JOIN initiative ON initiative.id = initiative_event.initiative_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN unit ON unit.id = series.unit_id;

-- ---- what every column means ---------------------------------------------------

UPDATE schema_doc SET description = '1 signals, 2 recognition, 3 decisions, else '
  || 'survey.id; 536870912 + rule.id decisions by a rule; from 1073741824 on subject.id'
WHERE table_name = 'cell' AND column_name = 'subject';
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('boundary', '', 'Up to where a role may decide a class of matters by itself, in force from the time of the event on', ''),
('boundary', 'event_seq', 'The event (event.seq)', ''),
('boundary', 'role_id', 'Who decides', ''),
('boundary', 'class_id', 'What is decided', ''),
('boundary', 'unit_id', 'Where it holds, and below; NULL everywhere', ''),
('boundary', 'limit_cents', 'Up to this amount; NULL without a limit', '1/100 currency'),
('boundary', 'mode_id', 'What may be done inside', ''),
('boundary', 'requires_training', 'Topic that has to be learnt before', ''),
('boundary', 'reason', 'Why', ''),
('boundary', 'people_key', 'For one person alone: a random number for the daemon, by which nothing in this file is found', ''),
('boundary', 'limit_amount', 'Up to this amount; NULL without a limit', 'currency'),
('boundary_mode', '', 'What may be done inside a boundary: decide, or propose', ''),
('boundary_mode', 'id', 'Number used by other tables', ''),
('boundary_mode', 'name', 'Name as sent and shown', ''),
('category', '', 'Categories of suggestions that occurred', ''),
('category', 'id', 'Number used by other tables', ''),
('category', 'name', 'Name as sent and shown', ''),
('class', '', 'Classes of matters that are decided', ''),
('class', 'id', 'Number used by other tables', ''),
('class', 'name', 'Name as sent and shown', ''),
('contact', '', 'What contact.logged logged', ''),
('contact', 'event_seq', 'The event (event.seq)', ''),
('contact', 'mode_id', 'How people met', ''),
('contact', 'by_leader', '1 when a leader came', ''),
('contact_mode', '', 'How people met', ''),
('contact_mode', 'id', 'Number used by other tables', ''),
('contact_mode', 'name', 'Name as sent and shown', ''),
('decision', '', 'What decision.made says', ''),
('decision', 'event_seq', 'The event (event.seq)', ''),
('decision', 'source_id', 'Sender, NULL where none was given', ''),
('decision', 'id', 'Id by which others refer to it', ''),
('decision', 'subject_id', 'Role, class and rule; the subject of its cells', ''),
('decision', 'answer_id', 'What was decided, or proposed when escalated', ''),
('decision', 'amount_cents', 'What it costs', '1/100 currency'),
('decision', 'within_id', 'How it lay to the boundary in force at its time, as known when it was stored', ''),
('decision', 'escalated', '1 when it was handed up', ''),
('decision', 'rule_did_not_fit', '1 when the rule did not fit the case', ''),
('decision', 'conflict', '1 when there was a conflict with the customer', ''),
('decision', 'special_request', '1 when the customer asked for something special', ''),
('decision', 'self_rating', 'How the decider rates it', '1-5'),
('decision', 'spend_id', 'Expected: does it cost money?', ''),
('decision', 'retention_id', 'Expected: does it keep the customer?', ''),
('decision', 'reputation_id', 'Expected: does it touch the reputation?', ''),
('decision', 'referral_id', 'Expected: does it bring others?', ''),
('decision', 'moment', 'Moment in the life of the customer', ''),
('decision', 'goal', 'Goal it serves', ''),
('decision', 'people_key', 'A random number for the daemon, by which nothing in this file is found', ''),
('decision', 'amount', 'What it costs', 'currency'),
('decision_answer', '', 'What may be decided', ''),
('decision_answer', 'id', 'Number used by other tables', ''),
('decision_answer', 'name', 'Name as sent and shown', ''),
('decision_backing', '', 'Public recognition that backs a decision', ''),
('decision_backing', 'event_seq', 'The recognition (event.seq)', ''),
('decision_backing', 'decision_seq', 'The decision (event.seq)', ''),
('decision_outcome', '', 'What decision.outcome says, one row per event', ''),
('decision_outcome', 'event_seq', 'The event (event.seq)', ''),
('decision_outcome', 'decision_seq', 'The decision (event.seq)', ''),
('decision_outcome', 'customer_benefit', '1 when the customer benefited', ''),
('decision_outcome', 'spend_id', 'Observed: did it cost money?', ''),
('decision_outcome', 'retention_id', 'Observed: did it keep the customer?', ''),
('decision_outcome', 'reputation_id', 'Observed: did it touch the reputation?', ''),
('decision_outcome', 'referral_id', 'Observed: did it bring others?', ''),
('decision_outcome', 'changed', 'Counters of the decision that it changed: how many it raised, their numbers, the numbers of those it lowered', 'bytes'),
('decision_result', '', 'What counts by now of what followed a decision: the last by its time that says it', ''),
('decision_result', 'decision_seq', 'The decision (event.seq)', ''),
('decision_result', 'settled_id', 'How a leader settled it', ''),
('decision_result', 'outcome', '1 when an outcome is known', ''),
('decision_result', 'customer_benefit', '1 when the customer benefited', ''),
('decision_result', 'benefit_time', 'When that was, 0 for never', 'Unix ms'),
('decision_result', 'spend_id', 'Observed: did it cost money?', ''),
('decision_result', 'spend_time', 'When that was, 0 for never', 'Unix ms'),
('decision_result', 'retention_id', 'Observed: did it keep the customer?', ''),
('decision_result', 'retention_time', 'When that was, 0 for never', 'Unix ms'),
('decision_result', 'reputation_id', 'Observed: did it touch the reputation?', ''),
('decision_result', 'reputation_time', 'When that was, 0 for never', 'Unix ms'),
('decision_result', 'referral_id', 'Observed: did it bring others?', ''),
('decision_result', 'referral_time', 'When that was, 0 for never', 'Unix ms'),
('decision_settlement', '', 'What decision.settled says', ''),
('decision_settlement', 'event_seq', 'The event (event.seq)', ''),
('decision_settlement', 'decision_seq', 'The decision (event.seq)', ''),
('decision_settlement', 'answer_id', 'How a leader settled it', ''),
('decision_settlement', 'changed', 'Counters of the decision that it changed: how many it raised, their numbers, the numbers of those it lowered', 'bytes'),
('driver_view', '', 'Answers to the four questions of a decision', ''),
('driver_view', 'id', 'Number used by other tables', ''),
('driver_view', 'name', 'Name as sent and shown', ''),
('initiative_event', '', 'What initiative.started and initiative.ended say', ''),
('initiative_event', 'event_seq', 'The event (event.seq)', ''),
('initiative_event', 'initiative_id', 'Initiative', ''),
('initiative_event', 'title', 'Title for people', ''),
('role', '', 'Roles that decide', ''),
('role', 'id', 'Number used by other tables', ''),
('role', 'name', 'Name as sent and shown', ''),
('rule', '', 'Rules by which was decided', ''),
('rule', 'id', 'Number used by other tables', ''),
('rule', 'name', 'Name as sent and shown', ''),
('subject', '', 'What cells are about beside surveys, signals and recognition', ''),
('subject', 'id', 'Number used by decision and cell', ''),
('subject', 'role_id', 'Decisions: who decides', ''),
('subject', 'class_id', 'Decisions: what is decided', ''),
('subject', 'rule_id', 'Decisions: the rule that decided, NULL for none', ''),
('subject', 'kind_id', 'Suggestions: kind', ''),
('subject', 'category_id', 'Suggestions: category, NULL for none', ''),
('v_boundary', '', 'Boundaries by names, in the order of arrival', ''),
('v_boundary', 'event_seq', 'Number of the event (event.seq)', ''),
('v_boundary', 'at', 'In force from then on', 'RFC 3339 UTC'),
('v_boundary', 'ts', 'In force from then on', 'Unix s'),
('v_boundary', 'type', 'boundary.set, boundary.extended or boundary.narrowed', ''),
('v_boundary', 'role', 'Who decides', ''),
('v_boundary', 'class', 'What is decided', ''),
('v_boundary', 'unit', 'Where it holds, and below; NULL everywhere', ''),
('v_boundary', 'limit_amount', 'Up to this amount; NULL without a limit', 'currency'),
('v_boundary', 'mode', 'act or propose', ''),
('v_boundary', 'requires_training', 'Topic that has to be learnt before', ''),
('v_boundary', 'reason', 'Why', ''),
('v_boundary', 'personal', '1 when it is for one person alone', ''),
('v_contact', '', 'Every contact by names', ''),
('v_contact', 'event_seq', 'Number of the event (event.seq)', ''),
('v_contact', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_contact', 'ts', 'When it happened', 'Unix s'),
('v_contact', 'mode', 'face_to_face, broadcast or meeting', ''),
('v_contact', 'by_leader', '1 when a leader came', ''),
('v_contact', 'audience', 'customer or employee', ''),
('v_contact', 'unit', 'Unit, parts joined by /', ''),
('v_contact', 'channel', 'Channel', ''),
('v_contact', 'touchpoint', 'Touchpoint', ''),
('v_contact', 'segment', 'Segment', ''),
('v_contact', 'initiative', 'Initiative', ''),
('v_contact', 'lang', 'Language', ''),
('v_decision', '', 'Every decision by names, with what counts by now of what followed', ''),
('v_decision', 'event_seq', 'Number of the event (event.seq)', ''),
('v_decision', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_decision', 'ts', 'When it happened', 'Unix s'),
('v_decision', 'role', 'Who decides', ''),
('v_decision', 'class', 'What is decided', ''),
('v_decision', 'rule', 'The rule that decided, NULL for none', ''),
('v_decision', 'answer', 'yes, no or partial', ''),
('v_decision', 'amount', 'What it costs', 'currency'),
('v_decision', 'within', 'inside, over, or none when no boundary was in force', ''),
('v_decision', 'escalated', '1 when it was handed up', ''),
('v_decision', 'rule_did_not_fit', '1 when the rule did not fit the case', ''),
('v_decision', 'conflict', '1 when there was a conflict with the customer', ''),
('v_decision', 'special_request', '1 when the customer asked for something special', ''),
('v_decision', 'self_rating', 'How the decider rates it', '1-5'),
('v_decision', 'spend', 'Expected: does it cost money? yes, no or unsure', ''),
('v_decision', 'retention', 'Expected: does it keep the customer?', ''),
('v_decision', 'reputation', 'Expected: does it touch the reputation?', ''),
('v_decision', 'referral', 'Expected: does it bring others?', ''),
('v_decision', 'moment', 'Moment in the life of the customer', ''),
('v_decision', 'goal', 'Goal it serves', ''),
('v_decision', 'settled', 'How a leader settled it', ''),
('v_decision', 'outcome', '1 when an outcome is known; NULL when nothing followed', ''),
('v_decision', 'customer_benefit', '1 when the customer benefited', ''),
('v_decision', 'observed_spend', 'Observed: did it cost money? yes or no', ''),
('v_decision', 'observed_retention', 'Observed: did it keep the customer?', ''),
('v_decision', 'observed_reputation', 'Observed: did it touch the reputation?', ''),
('v_decision', 'observed_referral', 'Observed: did it bring others?', ''),
('v_decision', 'audience', 'customer or employee', ''),
('v_decision', 'unit', 'Unit, parts joined by /', ''),
('v_decision', 'channel', 'Channel', ''),
('v_decision', 'touchpoint', 'Touchpoint', ''),
('v_decision', 'segment', 'Segment', ''),
('v_decision', 'initiative', 'Initiative', ''),
('v_decision', 'lang', 'Language', ''),
('v_initiative', '', 'Starts and ends of initiatives by names', ''),
('v_initiative', 'event_seq', 'Number of the event (event.seq)', ''),
('v_initiative', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_initiative', 'ts', 'When it happened', 'Unix s'),
('v_initiative', 'type', 'initiative.started or initiative.ended', ''),
('v_initiative', 'initiative', 'Initiative', ''),
('v_initiative', 'title', 'Title for people', ''),
('v_initiative', 'audience', 'customer or employee', ''),
('v_initiative', 'unit', 'Unit, parts joined by /', ''),
('within', '', 'How a decision lay to the boundary in force at its time', ''),
('within', 'id', 'Number used by other tables', ''),
('within', 'name', 'inside, over or none', '');
