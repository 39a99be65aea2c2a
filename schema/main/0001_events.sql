-- empowerd.db: customer and operational events, for the daemon and for analysts.
--
-- Times are stored in ms since 1970 UTC; `ts` gives Unix seconds. `at` (RFC 3339) is
-- computed by the views and not by a generated column of `event`, because SQLite
-- computes those at every insert too: 40 % of the price of an event with one answer.
-- No person is in what operations tell (recognition among employees, headcounts): beside
-- the names in clear of a public recognition a pseudonym would say whose it is.
-- Names are dictionary tables with small ids. Foreign keys are declared for readers and
-- for `empowerctl verify`; the writer resolves ids itself and does not have them checked
-- row by row.

CREATE TABLE setting (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters: every event before this number is in `cell`; and cells of minutes and hours
-- that start before these moments are gone, going, or lack what came too late for them.
CREATE TABLE progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  counted_before INTEGER NOT NULL CHECK (counted_before >= 1),
  minutes_from INTEGER NOT NULL,
  hours_from INTEGER NOT NULL
) STRICT;
INSERT INTO progress (id, counted_before, minutes_from, hours_from) VALUES (1, 1, 0, 0);

-- Dictionaries that the program brings along.
CREATE TABLE audience (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE event_type (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE signal_kind (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE recognition_kind (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE visibility (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Dictionaries that grow with the events.
CREATE TABLE unit (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES unit (id),
  title TEXT,
  declared INTEGER NOT NULL DEFAULT 0 CHECK (declared IN (0, 1))
) STRICT;
CREATE TABLE channel (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE touchpoint (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE segment (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE initiative (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE lang (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A combination of dimensions that occurred.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  audience_id INTEGER NOT NULL REFERENCES audience (id),
  unit_id INTEGER REFERENCES unit (id),
  channel_id INTEGER REFERENCES channel (id),
  touchpoint_id INTEGER REFERENCES touchpoint (id),
  segment_id INTEGER REFERENCES segment (id),
  initiative_id INTEGER REFERENCES initiative (id),
  lang_id INTEGER REFERENCES lang (id)
) STRICT;

-- Ids below 16 are other subjects of counters.
CREATE TABLE survey (
  id INTEGER PRIMARY KEY CHECK (id >= 16),
  name TEXT NOT NULL UNIQUE,
  audience_id INTEGER NOT NULL REFERENCES audience (id),
  period TEXT NOT NULL,
  is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
  builtin INTEGER NOT NULL CHECK (builtin IN (0, 1)),
  open_metric_id INTEGER REFERENCES metric (id),
  open_low INTEGER NOT NULL,
  open_high INTEGER NOT NULL,
  open_satisfied INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
  changed INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE TABLE question (
  id INTEGER PRIMARY KEY,
  survey_id INTEGER NOT NULL REFERENCES survey (id),
  name TEXT NOT NULL,
  metric_id INTEGER NOT NULL REFERENCES metric (id),
  low INTEGER NOT NULL,
  high INTEGER NOT NULL,
  satisfied INTEGER NOT NULL,
  declared INTEGER NOT NULL CHECK (declared IN (0, 1)),
  answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
  slot INTEGER NOT NULL CHECK (slot >= 8),
  width INTEGER NOT NULL CHECK (width >= 1),
  twin TEXT,
  UNIQUE (survey_id, name)
) STRICT;
CREATE TABLE question_option (
  question_id INTEGER NOT NULL REFERENCES question (id),
  number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 31),
  name TEXT NOT NULL,
  PRIMARY KEY (question_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL REFERENCES event_type (id),
  series_id INTEGER NOT NULL REFERENCES series (id),
  time INTEGER NOT NULL CHECK (time >= 0),
  received INTEGER NOT NULL,
  source_id INTEGER REFERENCES source (id),
  id TEXT NOT NULL,
  survey_id INTEGER REFERENCES survey (id),
  person BLOB,
  comment TEXT,
  complete INTEGER CHECK (complete IN (0, 1)),
  ts INTEGER GENERATED ALWAYS AS (time / 1000) VIRTUAL
) STRICT;

-- The key orders answers by event without an index of their own: 256 x the event's
-- number + the place in it.
CREATE TABLE answer (
  key INTEGER PRIMARY KEY,
  question_id INTEGER NOT NULL REFERENCES question (id),
  value INTEGER,
  text TEXT,
  event_seq INTEGER GENERATED ALWAYS AS (key >> 8) VIRTUAL REFERENCES event (seq)
) STRICT;

-- Invitations are found by their id, and what refers to one says which.
CREATE TABLE invitation (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  source_id INTEGER REFERENCES source (id),
  id TEXT NOT NULL
) STRICT;
CREATE INDEX invitation_by_id ON invitation (id);
CREATE TABLE reference (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  source_id INTEGER REFERENCES source (id),
  id TEXT NOT NULL
) STRICT;

CREATE TABLE signal (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  kind_id INTEGER NOT NULL REFERENCES signal_kind (id)
) STRICT;

CREATE TABLE recognition (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  kind_id INTEGER NOT NULL REFERENCES recognition_kind (id),
  visibility_id INTEGER REFERENCES visibility (id),
  by_leader INTEGER NOT NULL CHECK (by_leader IN (0, 1)),
  to_agrees INTEGER NOT NULL CHECK (to_agrees IN (0, 1)),
  from_name TEXT,
  to_name TEXT,
  message TEXT,
  people_key BLOB CHECK (length(people_key) = 16)
) STRICT;
CREATE TABLE recognition_recipient (
  event_seq INTEGER NOT NULL REFERENCES recognition (event_seq),
  number INTEGER NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (event_seq, number)
) STRICT, WITHOUT ROWID;

-- What was declared to be in force from the event's time on.
CREATE TABLE headcount (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  headcount INTEGER CHECK (headcount >= 0),
  leaders INTEGER CHECK (leaders >= 0),
  possible_days_cents INTEGER CHECK (possible_days_cents >= 0),
  active INTEGER CHECK (active >= 0),
  possible_days REAL GENERATED ALWAYS AS (possible_days_cents / 100.0) VIRTUAL
) STRICT;

-- Counters, packed; written behind the events and completed from them at start.
CREATE TABLE cell (
  grain INTEGER NOT NULL CHECK (grain BETWEEN 0 AND 2),
  start INTEGER NOT NULL,
  series_id INTEGER NOT NULL REFERENCES series (id),
  subject INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  slots BLOB NOT NULL,
  PRIMARY KEY (grain, start, series_id, subject)
) STRICT, WITHOUT ROWID;

-- The ids of one commit: 12 bytes of keyed hash of (source, id), 4 of the content.
CREATE TABLE id_block (
  number INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  ids BLOB NOT NULL CHECK (length(ids) % 16 = 0)
) STRICT;

-- ---- views: they give names and decide nothing -----------------------------------

CREATE VIEW v_event AS
SELECT source.name AS source, event.id AS id, event_type.name AS type,
  audience.name AS audience, unit.name AS unit,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts
FROM event
JOIN event_type ON event_type.id = event.type_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN source ON source.id = event.source_id;

CREATE VIEW v_answer AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts,
  survey.name AS survey, question.name AS question, metric.name AS metric,
  CASE WHEN question_option.number IS NULL THEN answer.value END AS value,
  CASE WHEN metric.name = 'csat'
    THEN (question.satisfied >> answer.value) & 1 END AS satisfied,
  question_option.name AS option, answer.text AS text,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM answer
JOIN event ON event.seq = answer.key >> 8
JOIN question ON question.id = answer.question_id
JOIN metric ON metric.id = question.metric_id
JOIN survey ON survey.id = question.survey_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN question_option ON metric.name = 'choice'
  AND question_option.question_id = question.id
  AND question_option.number = answer.value
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_signal AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, signal_kind.name AS signal,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM signal
JOIN event ON event.seq = signal.event_seq
JOIN signal_kind ON signal_kind.id = signal.kind_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_recognition AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, recognition_kind.name AS kind, visibility.name AS visibility,
  recognition.by_leader AS by_leader, recognition.from_name AS from_name,
  recognition.to_name AS to_name, recognition.message AS message,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM recognition
JOIN event ON event.seq = recognition.event_seq
JOIN recognition_kind ON recognition_kind.id = recognition.kind_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN visibility ON visibility.id = recognition.visibility_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_headcount AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, audience.name AS audience, unit.name AS unit,
  headcount.headcount AS headcount, headcount.leaders AS leaders,
  headcount.possible_days AS possible_days, headcount.active AS active
FROM headcount
JOIN event ON event.seq = headcount.event_seq
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN unit ON unit.id = series.unit_id;

-- ---- what every column means ---------------------------------------------------

CREATE TABLE schema_doc (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  description TEXT NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (table_name, column_name)
) STRICT, WITHOUT ROWID;
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('answer', '', 'One row per answered question, or per chosen option', ''),
('answer', 'key', '256 x event_seq + place in the event', ''),
('answer', 'question_id', 'Question', ''),
('answer', 'value', 'Value on the scale, or number of the option', ''),
('answer', 'text', 'What was written, for text questions', ''),
('answer', 'event_seq', 'The event (event.seq)', ''),
('audience', '', 'The two groups that are never mixed', ''),
('audience', 'id', 'Number used by other tables', ''),
('audience', 'name', 'Name as sent and shown', ''),
('cell', '', 'Counters per series, subject and bucket of time; every figure can be recomputed from the events', ''),
('cell', 'grain', '0 minute, 1 hour, 2 day', ''),
('cell', 'start', 'Start of the bucket in the time zone of this file', 'Unix s'),
('cell', 'series_id', 'Series', ''),
('cell', 'subject', '1 signals, 2 recognition, else survey.id', ''),
('cell', 'seq', 'Includes events up to this number', 'event.seq'),
('cell', 'slots', 'Version byte, then pairs (gap, count) as LEB128', ''),
('channel', '', 'Channels that occurred', ''),
('channel', 'id', 'Number used by other tables', ''),
('channel', 'name', 'Name as sent and shown', ''),
('event', '', 'Every event of customers and of operations', ''),
('event', 'seq', 'Number in the order of arrival', ''),
('event', 'type_id', 'Event type', ''),
('event', 'series_id', 'Its dimensions', ''),
('event', 'time', 'When it happened', 'Unix ms'),
('event', 'received', 'When it was stored', 'Unix ms'),
('event', 'source_id', 'Sender, NULL where none was given', ''),
('event', 'id', 'Id given by the sender, or else by the server', ''),
('event', 'survey_id', 'Survey, for survey.*', ''),
('event', 'person', 'Keyed pseudonym of the customer; NULL for employees', ''),
('event', 'comment', 'What the respondent wrote', ''),
('event', 'complete', 'survey.answered: 0 when the sender said it is not complete', ''),
('event', 'ts', 'When it happened', 'Unix s'),
('event_type', '', 'Kinds of events', ''),
('event_type', 'id', 'Number used by other tables', ''),
('event_type', 'name', 'Name as sent and shown', ''),
('headcount', '', 'What headcount.set and base.set declared, in force from then on', ''),
('headcount', 'event_seq', 'The event (event.seq)', ''),
('headcount', 'headcount', 'Employees in the unit and below', 'people'),
('headcount', 'leaders', 'Of them, leaders', 'people'),
('headcount', 'possible_days_cents', 'Days that could be worked', '1/100 day'),
('headcount', 'active', 'Active customers', 'people'),
('headcount', 'possible_days', 'Days that could be worked', 'day'),
('id_block', '', 'Ids that are remembered so that a repeat is a duplicate', ''),
('id_block', 'number', 'Order of commits', ''),
('id_block', 'time', 'When they were stored', 'Unix ms'),
('id_block', 'ids', '16 bytes each: keyed hashes of id and content', ''),
('initiative', '', 'Initiatives that occurred', ''),
('initiative', 'id', 'Number used by other tables', ''),
('initiative', 'name', 'Name as sent and shown', ''),
('invitation', '', 'survey.invited by id, so that answers find theirs', ''),
('invitation', 'event_seq', 'The event (event.seq)', ''),
('invitation', 'source_id', 'Sender', ''),
('invitation', 'id', 'Id of the invitation', ''),
('lang', '', 'Languages that occurred', ''),
('lang', 'id', 'Number used by other tables', ''),
('lang', 'name', 'Name as sent and shown', ''),
('metric', '', 'What a question measures', ''),
('metric', 'id', 'Number used by other tables', ''),
('metric', 'name', 'Name as sent and shown', ''),
('progress', '', 'How far counters were written to cell', ''),
('progress', 'id', 'Always 1', ''),
('progress', 'counted_before', 'Events before this number are in cell', 'event.seq'),
('progress', 'minutes_from', 'Cells of minutes are kept from here on', 'Unix s'),
('progress', 'hours_from', 'Cells of hours are kept from here on', 'Unix s'),
('question', '', 'Questions of surveys', ''),
('question', 'id', 'Number used by answer', ''),
('question', 'survey_id', 'Its survey', ''),
('question', 'name', 'Name', ''),
('question', 'metric_id', 'What it measures', ''),
('question', 'low', 'Lowest value of its scale', ''),
('question', 'high', 'Highest value of its scale', ''),
('question', 'satisfied', 'Values that count as satisfied (csat)', 'bit set'),
('question', 'declared', '0 when an answer registered it or the document dropped it', ''),
('question', 'answered', '1 once an answer is stored (customers only)', ''),
('question', 'slot', 'First of its counters in a cell', ''),
('question', 'width', 'How many counters it has', ''),
('question', 'twin', 'The same question to the other audience, as survey/question', ''),
('question_option', '', 'What a choice offers', ''),
('question_option', 'question_id', 'Its question', ''),
('question_option', 'number', 'Number stored in answer.value', ''),
('question_option', 'name', 'Option', ''),
('recognition', '', 'What recognition.given gave', ''),
('recognition', 'event_seq', 'The event (event.seq)', ''),
('recognition', 'kind_id', 'Kind', ''),
('recognition', 'visibility_id', 'Who may see it', ''),
('recognition', 'by_leader', '1 when a leader gave it', ''),
('recognition', 'to_agrees', '1 when the recipient agrees to be named', ''),
('recognition', 'from_name', 'Giver, where to be named', ''),
('recognition', 'to_name', 'Recipient, where to be named', ''),
('recognition', 'message', 'What was said', ''),
('recognition', 'people_key', 'Among employees: a random number for the daemon, by which nothing in this file is found', ''),
('recognition_kind', '', 'Kinds of recognition', ''),
('recognition_kind', 'id', 'Number used by other tables', ''),
('recognition_kind', 'name', 'Name as sent and shown', ''),
('recognition_recipient', '', 'Whom customers recognised', ''),
('recognition_recipient', 'event_seq', 'The event (event.seq)', ''),
('recognition_recipient', 'number', 'Place in the list', ''),
('recognition_recipient', 'person', 'Keyed pseudonym', ''),
('reference', '', 'Which event an event refers to', ''),
('reference', 'event_seq', 'The event that refers (event.seq)', ''),
('reference', 'source_id', 'Sender of the event meant', ''),
('reference', 'id', 'Id of the event meant', ''),
('schema_doc', '', 'What every column means', ''),
('schema_doc', 'table_name', 'Table or view', ''),
('schema_doc', 'column_name', 'Column; empty for the table itself', ''),
('schema_doc', 'description', 'Meaning', ''),
('schema_doc', 'unit', 'Unit of measure or encoding, empty when plain', ''),
('segment', '', 'Segments that occurred', ''),
('segment', 'id', 'Number used by other tables', ''),
('segment', 'name', 'Name as sent and shown', ''),
('series', '', 'Combinations of dimensions that occurred', ''),
('series', 'id', 'Number used by event and cell', ''),
('series', 'audience_id', 'Audience', ''),
('series', 'unit_id', 'Unit, NULL where none was sent', ''),
('series', 'channel_id', 'Channel', ''),
('series', 'touchpoint_id', 'Touchpoint', ''),
('series', 'segment_id', 'Segment', ''),
('series', 'initiative_id', 'Initiative', ''),
('series', 'lang_id', 'Language', ''),
('setting', '', 'Facts about this file, fixed when it was created', ''),
('setting', 'name', 'Which fact', ''),
('setting', 'value', 'Its value', ''),
('signal', '', 'What signal.recorded recorded', ''),
('signal', 'event_seq', 'The event (event.seq)', ''),
('signal', 'kind_id', 'Signal', ''),
('signal_kind', '', 'What customers and employees do', ''),
('signal_kind', 'id', 'Number used by other tables', ''),
('signal_kind', 'name', 'Name as sent and shown', ''),
('source', '', 'Senders of events that occurred', ''),
('source', 'id', 'Number used by other tables', ''),
('source', 'name', 'Name as sent and shown', ''),
('survey', '', 'Surveys as last put', ''),
('survey', 'id', 'Number used by other tables; the subject of its cells', ''),
('survey', 'name', 'Name', ''),
('survey', 'audience_id', 'Who answers it', ''),
('survey', 'period', 'wave, week or month', ''),
('survey', 'is_public', '1 when anybody may answer', ''),
('survey', 'builtin', '1 when it came with the program', ''),
('survey', 'open_metric_id', 'Metric of questions that answers register, NULL when closed', ''),
('survey', 'open_low', 'Lowest value of those', ''),
('survey', 'open_high', 'Highest value of those', ''),
('survey', 'open_satisfied', 'Values of those that count as satisfied', 'bit set'),
('survey', 'used', '1 once an event of it is stored (customers only)', ''),
('survey', 'changed', 'When the document was last put', 'Unix ms'),
('survey', 'document', 'The document', 'JSON'),
('touchpoint', '', 'Touchpoints that occurred', ''),
('touchpoint', 'id', 'Number used by other tables', ''),
('touchpoint', 'name', 'Name as sent and shown', ''),
('unit', '', 'Units that occurred or were declared', ''),
('unit', 'id', 'Number used by other tables', ''),
('unit', 'name', 'Path, parts joined by /', ''),
('unit', 'parent_id', 'The unit one part shorter', ''),
('unit', 'title', 'Name for people, where declared', ''),
('unit', 'declared', '1 for a unit of the declared organisation', ''),
('v_answer', '', 'Every answer by names', ''),
('v_answer', 'event_seq', 'Number of the event (event.seq)', ''),
('v_answer', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_answer', 'ts', 'When it happened', 'Unix s'),
('v_answer', 'survey', 'Survey by name', ''),
('v_answer', 'question', 'Question by name', ''),
('v_answer', 'metric', 'csat, nps, ces, pulse, choice or text', ''),
('v_answer', 'value', 'Value on the scale, NULL for other questions', ''),
('v_answer', 'satisfied', 'csat: 1 when the value counts as satisfied', ''),
('v_answer', 'option', 'Chosen option (one row per option)', ''),
('v_answer', 'text', 'What was written', ''),
('v_answer', 'audience', 'customer or employee', ''),
('v_answer', 'unit', 'Unit, parts joined by /', ''),
('v_answer', 'channel', 'Channel', ''),
('v_answer', 'touchpoint', 'Touchpoint', ''),
('v_answer', 'segment', 'Segment', ''),
('v_answer', 'initiative', 'Initiative', ''),
('v_answer', 'lang', 'Language', ''),
('v_event', '', 'Every event of this file by names', ''),
('v_event', 'source', 'Sender as it named itself', ''),
('v_event', 'id', 'Id given by the sender, or else by the server', ''),
('v_event', 'type', 'Event type, such as survey.answered', ''),
('v_event', 'audience', 'customer or employee', ''),
('v_event', 'unit', 'Unit, parts joined by /', ''),
('v_event', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_event', 'ts', 'When it happened', 'Unix s'),
('v_headcount', '', 'Declared headcounts and customer bases by names', ''),
('v_headcount', 'event_seq', 'Number of the event (event.seq)', ''),
('v_headcount', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_headcount', 'ts', 'When it happened', 'Unix s'),
('v_headcount', 'audience', 'customer or employee', ''),
('v_headcount', 'unit', 'Unit, parts joined by /', ''),
('v_headcount', 'headcount', 'Employees in the unit and below', 'people'),
('v_headcount', 'leaders', 'Of them, leaders', 'people'),
('v_headcount', 'possible_days', 'Days that could be worked', 'day'),
('v_headcount', 'active', 'Active customers', 'people'),
('v_recognition', '', 'Every recognition by names', ''),
('v_recognition', 'event_seq', 'Number of the event (event.seq)', ''),
('v_recognition', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_recognition', 'ts', 'When it happened', 'Unix s'),
('v_recognition', 'kind', 'Kind', ''),
('v_recognition', 'visibility', 'public or private', ''),
('v_recognition', 'by_leader', '1 when a leader gave it', ''),
('v_recognition', 'from_name', 'Giver, where to be named', ''),
('v_recognition', 'to_name', 'Recipient, where to be named', ''),
('v_recognition', 'message', 'What was said', ''),
('v_recognition', 'audience', 'customer or employee', ''),
('v_recognition', 'unit', 'Unit, parts joined by /', ''),
('v_recognition', 'channel', 'Channel', ''),
('v_recognition', 'touchpoint', 'Touchpoint', ''),
('v_recognition', 'segment', 'Segment', ''),
('v_recognition', 'initiative', 'Initiative', ''),
('v_recognition', 'lang', 'Language', ''),
('v_signal', '', 'Every signal by names', ''),
('v_signal', 'event_seq', 'Number of the event (event.seq)', ''),
('v_signal', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_signal', 'ts', 'When it happened', 'Unix s'),
('v_signal', 'signal', 'Signal', ''),
('v_signal', 'audience', 'customer or employee', ''),
('v_signal', 'unit', 'Unit, parts joined by /', ''),
('v_signal', 'channel', 'Channel', ''),
('v_signal', 'touchpoint', 'Touchpoint', ''),
('v_signal', 'segment', 'Segment', ''),
('v_signal', 'initiative', 'Initiative', ''),
('v_signal', 'lang', 'Language', ''),
('visibility', '', 'Who may see a recognition', ''),
('visibility', 'id', 'Number used by other tables', ''),
('visibility', 'name', 'Name as sent and shown', '');
