-- Who decided, and what came of it: reviews with their counts, the people of what
-- empowerd.db has without them, personal codes, and what backs a decision.

-- Deciders, cases, holders of a boundary and requesters join givers and recipients.
ALTER TABLE operational_person RENAME TO operational_person_1;
CREATE TABLE operational_person (
  key BLOB NOT NULL CHECK (length(key) = 16),
  role TEXT NOT NULL CHECK (role IN ('giver', 'recipient', 'decider', 'case', 'holder',
    'requester')),
  number INTEGER NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (key, role, number)
) STRICT, WITHOUT ROWID;
INSERT INTO operational_person (key, role, number, person)
SELECT key, role, number, person FROM operational_person_1;
DROP TABLE operational_person_1;
CREATE INDEX operational_person_decider ON operational_person (person)
WHERE role = 'decider';

-- One review per decision. Where the decision was made is kept with it, so that what is
-- counted stays when the decision's people are forgotten.
CREATE TABLE review (
  event_key BLOB PRIMARY KEY NOT NULL REFERENCES event (key),
  decision_key BLOB NOT NULL UNIQUE CHECK (length(decision_key) = 16),
  day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  verdict TEXT NOT NULL CHECK (verdict IN ('reinforce', 'coach', 'sanction')),
  lesson TEXT,
  driver_missed TEXT,
  rule TEXT,
  month INTEGER NOT NULL,
  unit TEXT NOT NULL,
  role TEXT NOT NULL,
  class TEXT NOT NULL,
  latency_days INTEGER NOT NULL CHECK (latency_days >= 0),
  has_rule INTEGER GENERATED ALWAYS AS (rule IS NOT NULL) VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX review_day ON review (day);
CREATE INDEX review_sanction ON review (decision_key, day) WHERE verdict = 'sanction';

CREATE TABLE review_cell (
  month INTEGER NOT NULL,
  unit TEXT NOT NULL,
  role TEXT NOT NULL,
  class TEXT NOT NULL,
  verdict TEXT NOT NULL,
  has_rule INTEGER NOT NULL CHECK (has_rule IN (0, 1)),
  latency_days INTEGER NOT NULL CHECK (latency_days >= 0),
  n INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (month, unit, role, class, verdict, has_rule, latency_days)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_decider (
  month INTEGER NOT NULL,
  unit TEXT NOT NULL,
  role TEXT NOT NULL,
  class TEXT NOT NULL,
  person BLOB NOT NULL,
  day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  PRIMARY KEY (month, unit, role, class, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE backing (
  decision_key BLOB NOT NULL CHECK (length(decision_key) = 16),
  event_key BLOB NOT NULL REFERENCES recognition (event_key),
  PRIMARY KEY (decision_key, event_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_code (
  hash BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 16),
  person BLOB NOT NULL UNIQUE CHECK (length(person) = 16),
  created TEXT NOT NULL CHECK (created GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
) STRICT, WITHOUT ROWID;

UPDATE schema_doc SET description = 'People of what empowerd.db has without them'
WHERE table_name = 'operational_person' AND column_name = '';
UPDATE schema_doc SET description = 'Random key of the row there (its people_key)'
WHERE table_name = 'operational_person' AND column_name = 'key';
UPDATE schema_doc
SET description = 'giver, recipient, decider, case, holder or requester'
WHERE table_name = 'operational_person' AND column_name = 'role';
UPDATE schema_doc SET description = 'Trainings requested and completed'
WHERE table_name = 'training' AND column_name = '';
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('backing', '', 'Private recognitions that back a decision', ''),
('backing', 'decision_key', 'Key of the decision (its people_key in empowerd.db)', ''),
('backing', 'event_key', 'Random key of the recognition', ''),
('person_code', '', 'Personal codes, one a person', ''),
('person_code', 'hash', 'BLAKE2b of the code', ''),
('person_code', 'person', 'Keyed pseudonym', ''),
('person_code', 'created', 'Day it was made', 'ISO date'),
('review', '', 'Reviews of decisions, one each', ''),
('review', 'event_key', 'Random key of the event', ''),
('review', 'decision_key', 'Key of the decision (its people_key in empowerd.db)', ''),
('review', 'day', 'Day of the review', 'ISO date'),
('review', 'verdict', 'reinforce, coach or sanction', ''),
('review', 'lesson', 'What is to be learned', ''),
('review', 'driver_missed', 'The driver that was overlooked', ''),
('review', 'rule', 'The rule that the review names', ''),
('review', 'month', 'Month of the decision', 'months since 1970-01'),
('review', 'unit', 'Unit of the decision; empty: none', ''),
('review', 'role', 'Role that decided', ''),
('review', 'class', 'Class of the decision', ''),
('review', 'latency_days', 'From decision to review', 'day'),
('review', 'has_rule', '1 when the review names a rule', ''),
('review_cell', '', 'Reviews counted', ''),
('review_cell', 'month', 'Month of the decisions', 'months since 1970-01'),
('review_cell', 'unit', 'Unit of the decisions; empty: none', ''),
('review_cell', 'role', 'Role that decided', ''),
('review_cell', 'class', 'Class of the decisions', ''),
('review_cell', 'verdict', 'reinforce, coach or sanction', ''),
('review_cell', 'has_rule', '1 when the reviews name a rule', ''),
('review_cell', 'latency_days', 'From decision to review', 'day'),
('review_cell', 'n', 'How many', ''),
('review_decider', '', 'Who made decisions that were reviewed', ''),
('review_decider', 'month', 'Month of the decisions', 'months since 1970-01'),
('review_decider', 'unit', 'Unit of the decisions; empty: none', ''),
('review_decider', 'role', 'Role that decided', ''),
('review_decider', 'class', 'Class of the decisions', ''),
('review_decider', 'person', 'Keyed pseudonym', ''),
('review_decider', 'day', 'Day of the earliest review', 'ISO date');
