-- confidential.db: what is sealed, personnel or a case. For the daemon alone (0600).
--
-- Nothing here tells in which order events came or ties one to a request: keys are
-- random, tables have no rowid, times are days, no id or source of a client is kept,
-- and names are text, because an id of a dictionary would say which name came first.

CREATE TABLE setting (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  key BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
  type TEXT NOT NULL,
  class TEXT NOT NULL CHECK (class IN ('sealed', 'personnel', 'case')),
  day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  audience TEXT NOT NULL CHECK (audience IN ('customer', 'employee')),
  unit TEXT,
  channel TEXT,
  touchpoint TEXT,
  segment TEXT,
  initiative TEXT,
  lang TEXT,
  survey TEXT,
  complete INTEGER CHECK (complete IN (0, 1)),
  person BLOB,
  comment TEXT,
  at TEXT GENERATED ALWAYS AS (day || 'T00:00:00Z') VIRTUAL,
  ts INTEGER GENERATED ALWAYS AS (CAST(strftime('%s', day) AS INTEGER)) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (
  event_key BLOB NOT NULL REFERENCES event (key),
  question TEXT NOT NULL,
  number INTEGER NOT NULL,
  value INTEGER,
  option TEXT,
  text TEXT,
  PRIMARY KEY (event_key, question, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE signal (
  event_key BLOB PRIMARY KEY NOT NULL REFERENCES event (key),
  kind TEXT NOT NULL,
  voluntary INTEGER CHECK (voluntary IN (0, 1)),
  days_cents INTEGER CHECK (days_cents >= 0),
  days REAL GENERATED ALWAYS AS (days_cents / 100.0) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE TABLE training (
  event_key BLOB PRIMARY KEY NOT NULL REFERENCES event (key),
  topic TEXT,
  hours_cents INTEGER CHECK (hours_cents >= 0),
  hours REAL GENERATED ALWAYS AS (hours_cents / 100.0) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE TABLE recognition (
  event_key BLOB PRIMARY KEY NOT NULL REFERENCES event (key),
  kind TEXT NOT NULL,
  visibility TEXT,
  by_leader INTEGER NOT NULL CHECK (by_leader IN (0, 1)),
  to_agrees INTEGER NOT NULL CHECK (to_agrees IN (0, 1)),
  from_name TEXT,
  to_name TEXT,
  message TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE recognition_recipient (
  event_key BLOB NOT NULL REFERENCES recognition (event_key),
  person BLOB NOT NULL,
  PRIMARY KEY (event_key, person)
) STRICT, WITHOUT ROWID;

-- Who recognised whom in public: the people of events that empowerd.db has, under the
-- random key that their row there holds. No event of this file.
CREATE TABLE operational_person (
  key BLOB NOT NULL CHECK (length(key) = 16),
  role TEXT NOT NULL CHECK (role IN ('giver', 'recipient')),
  number INTEGER NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (key, role, number)
) STRICT, WITHOUT ROWID;

-- Ids already taken, as keyed hashes that nothing joins to an event.
CREATE TABLE id_window (
  key BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 12),
  day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  label TEXT NOT NULL,
  scopes TEXT NOT NULL,
  unit TEXT,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE VIEW v_event AS
SELECT NULL AS source, NULL AS id, type AS type, audience AS audience, unit AS unit,
  at AS at, ts AS ts
FROM event;

CREATE VIEW v_answer AS
SELECT event.at AS at, event.ts AS ts, event.survey AS survey,
  answer.question AS question, answer.value AS value, answer.option AS option,
  answer.text AS text, event.audience AS audience, event.unit AS unit,
  event.channel AS channel, event.touchpoint AS touchpoint, event.segment AS segment,
  event.initiative AS initiative, event.lang AS lang
FROM answer
JOIN event ON event.key = answer.event_key;

-- ---- what every column means ---------------------------------------------------

CREATE TABLE schema_doc (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  description TEXT NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (table_name, column_name)
) STRICT, WITHOUT ROWID;
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('answer', '', 'Answers to surveys of employees', ''),
('answer', 'event_key', 'Random key of the event', ''),
('answer', 'question', 'Question by name', ''),
('answer', 'number', '0, or the place among several options', ''),
('answer', 'value', 'Value on the scale', ''),
('answer', 'option', 'Chosen option', ''),
('answer', 'text', 'What was written', ''),
('event', '', 'Sealed, personnel and case events', ''),
('event', 'key', 'Random key of the event', ''),
('event', 'type', 'Event type, such as survey.answered', ''),
('event', 'class', 'sealed, personnel or case', ''),
('event', 'day', 'Day it happened, in the time zone of empowerd.db', 'ISO date'),
('event', 'audience', 'customer or employee', ''),
('event', 'unit', 'Unit, parts joined by /', ''),
('event', 'channel', 'Channel', ''),
('event', 'touchpoint', 'Touchpoint', ''),
('event', 'segment', 'Segment', ''),
('event', 'initiative', 'Initiative', ''),
('event', 'lang', 'Language', ''),
('event', 'survey', 'Survey by name', ''),
('event', 'complete', 'survey.answered: 0 when the sender said it is not complete', ''),
('event', 'person', 'Keyed pseudonym of respondent, person or giver', ''),
('event', 'comment', 'What the respondent wrote', ''),
('event', 'at', 'Start of the day', 'RFC 3339'),
('event', 'ts', 'Start of the day', 'Unix s'),
('id_window', '', 'Ids already taken', ''),
('id_window', 'key', 'Keyed hash of (source, id)', ''),
('id_window', 'day', 'Day it was stored', 'days since 1970'),
('operational_person', '', 'People of public recognitions, which are in empowerd.db', ''),
('operational_person', 'key', 'Random key of the recognition (its people_key)', ''),
('operational_person', 'role', 'giver or recipient', ''),
('operational_person', 'number', 'Place in the list', ''),
('operational_person', 'person', 'Keyed pseudonym', ''),
('recognition', '', 'Private recognition', ''),
('recognition', 'event_key', 'Random key of the event', ''),
('recognition', 'kind', 'Kind', ''),
('recognition', 'visibility', 'public or private', ''),
('recognition', 'by_leader', '1 when a leader gave it', ''),
('recognition', 'to_agrees', '1 when the recipient agrees to be named', ''),
('recognition', 'from_name', 'Giver, where to be named', ''),
('recognition', 'to_name', 'Recipient, where to be named', ''),
('recognition', 'message', 'What was said', ''),
('recognition_recipient', '', 'Who was recognised', ''),
('recognition_recipient', 'event_key', 'Random key of the event', ''),
('recognition_recipient', 'person', 'Keyed pseudonym', ''),
('schema_doc', '', 'What every column means', ''),
('schema_doc', 'table_name', 'Table or view', ''),
('schema_doc', 'column_name', 'Column; empty for the table itself', ''),
('schema_doc', 'description', 'Meaning', ''),
('schema_doc', 'unit', 'Unit of measure or encoding, empty when plain', ''),
('setting', '', 'Facts about this file, fixed when it was created', ''),
('setting', 'name', 'Which fact', ''),
('setting', 'value', 'Its value', ''),
('signal', '', 'Joined, separation, absence, intents', ''),
('signal', 'event_key', 'Random key of the event', ''),
('signal', 'kind', 'Signal', ''),
('signal', 'voluntary', 'Separation: 1 when the person chose it', ''),
('signal', 'days_cents', 'Absence', '1/100 day'),
('signal', 'days', 'Absence', 'day'),
('token', '', 'Tokens of the HTTP API', ''),
('token', 'id', 'Number by which it is revoked', ''),
('token', 'hash', 'BLAKE2b-256 of the token', ''),
('token', 'label', 'What it is for', ''),
('token', 'scopes', 'What it may do, comma-joined', ''),
('token', 'unit', 'Subtree of units it is limited to', ''),
('token', 'created', 'When', 'Unix ms'),
('token', 'revoked', 'When, NULL while valid', 'Unix ms'),
('training', '', 'Completed trainings', ''),
('training', 'event_key', 'Random key of the event', ''),
('training', 'topic', 'Topic', ''),
('training', 'hours_cents', 'Length', '1/100 h'),
('training', 'hours', 'Length', 'h'),
('v_answer', '', 'Every answer by names', ''),
('v_answer', 'at', 'Start of the day', 'RFC 3339'),
('v_answer', 'ts', 'Start of the day', 'Unix s'),
('v_answer', 'survey', 'Survey by name', ''),
('v_answer', 'question', 'Question by name', ''),
('v_answer', 'value', 'Value on the scale', ''),
('v_answer', 'option', 'Chosen option', ''),
('v_answer', 'text', 'What was written', ''),
('v_answer', 'audience', 'customer or employee', ''),
('v_answer', 'unit', 'Unit, parts joined by /', ''),
('v_answer', 'channel', 'Channel', ''),
('v_answer', 'touchpoint', 'Touchpoint', ''),
('v_answer', 'segment', 'Segment', ''),
('v_answer', 'initiative', 'Initiative', ''),
('v_answer', 'lang', 'Language', ''),
('v_event', '', 'Every event of this file by names', ''),
('v_event', 'source', 'Always NULL here: not stored', ''),
('v_event', 'id', 'Always NULL here: not stored', ''),
('v_event', 'type', 'Event type, such as survey.answered', ''),
('v_event', 'audience', 'customer or employee', ''),
('v_event', 'unit', 'Unit, parts joined by /', ''),
('v_event', 'at', 'Start of the day', 'RFC 3339'),
('v_event', 'ts', 'Start of the day', 'Unix s');
