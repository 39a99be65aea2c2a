-- Suggestions of customers, requests for wider boundaries, and what became of them.
--
-- `suggestion` and `suggestion_step` are what was said, one row per event and never
-- changed. `suggestion_state` follows from them by the table of legal transitions in
-- the program, and is written in the transaction that writes the step. What lists are
-- searched by is in its indexes, ending with the number of the event, so that the next
-- page of any search begins where it has to.

CREATE TABLE suggestion_kind (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE suggestion_status (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE suggestion_condition (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE suggestion (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  source_id INTEGER REFERENCES source (id),
  id TEXT NOT NULL,
  kind_id INTEGER NOT NULL REFERENCES suggestion_kind (id),
  category_id INTEGER REFERENCES category (id),
  title TEXT,
  body TEXT,
  board INTEGER NOT NULL CHECK (board IN (0, 1)),
  receipt BLOB UNIQUE CHECK (length(receipt) = 16),
  role_id INTEGER REFERENCES role (id),
  class_id INTEGER REFERENCES class (id),
  limit_cents INTEGER CHECK (limit_cents >= 0),
  mode_id INTEGER REFERENCES boundary_mode (id),
  people_key BLOB CHECK (length(people_key) = 16),
  limit_amount REAL GENERATED ALWAYS AS (limit_cents / 100.0) VIRTUAL
) STRICT;
CREATE INDEX suggestion_by_id ON suggestion (id);

CREATE TABLE suggestion_state (
  event_seq INTEGER PRIMARY KEY REFERENCES suggestion (event_seq),
  kind_id INTEGER NOT NULL REFERENCES suggestion_kind (id),
  condition_id INTEGER NOT NULL REFERENCES suggestion_condition (id),
  category_id INTEGER REFERENCES category (id),
  unit_id INTEGER REFERENCES unit (id),
  board INTEGER NOT NULL CHECK (board IN (0, 1)),
  status_id INTEGER REFERENCES suggestion_status (id),
  auto_acknowledged INTEGER NOT NULL CHECK (auto_acknowledged IN (0, 1)),
  submitted INTEGER NOT NULL,
  acknowledged INTEGER,
  first_response INTEGER,
  first_triage INTEGER,
  reopened INTEGER,
  second_response INTEGER,
  first_reopened INTEGER,
  closed INTEGER,
  withdrawn INTEGER,
  first_seen INTEGER,
  published INTEGER NOT NULL CHECK (published >= 0),
  opened INTEGER NOT NULL CHECK (opened >= 0),
  negatives INTEGER NOT NULL CHECK (negatives >= 0),
  negatives_reasoned INTEGER NOT NULL CHECK (negatives_reasoned >= 0),
  rounds INTEGER NOT NULL CHECK (rounds >= 1),
  rated_round INTEGER NOT NULL CHECK (rated_round >= 0),
  supporters INTEGER NOT NULL CHECK (supporters >= 0),
  felt_heard INTEGER CHECK (felt_heard BETWEEN 1 AND 5)
) STRICT;
CREATE INDEX suggestion_state_by_kind ON suggestion_state (kind_id);
CREATE INDEX suggestion_state_by_condition
  ON suggestion_state (kind_id, condition_id);
CREATE INDEX suggestion_state_by_category
  ON suggestion_state (category_id, kind_id, condition_id)
  WHERE category_id IS NOT NULL;
CREATE INDEX suggestion_state_by_board
  ON suggestion_state (kind_id, condition_id) WHERE board = 1;
CREATE INDEX suggestion_state_by_unit
  ON suggestion_state (unit_id) WHERE unit_id IS NOT NULL;
CREATE INDEX suggestion_state_by_submitted ON suggestion_state (submitted);

CREATE TABLE suggestion_step (
  event_seq INTEGER PRIMARY KEY REFERENCES event (seq),
  suggestion_seq INTEGER NOT NULL REFERENCES suggestion (event_seq),
  type_id INTEGER NOT NULL REFERENCES event_type (id),
  status_id INTEGER REFERENCES suggestion_status (id),
  will_examine INTEGER CHECK (will_examine IN (0, 1)),
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  reason TEXT,
  body TEXT,
  felt_heard INTEGER CHECK (felt_heard BETWEEN 1 AND 5),
  supporter BLOB CHECK (length(supporter) = 16)
) STRICT;
CREATE INDEX suggestion_step_by_suggestion ON suggestion_step (suggestion_seq);
-- Nobody supports twice; and a supporter's receipt finds what it supports.
CREATE UNIQUE INDEX suggestion_step_by_supporter
  ON suggestion_step (supporter, suggestion_seq) WHERE supporter IS NOT NULL;

-- Where comments and texts are, so that they are found among many answers without. Not
-- an index of event or answer, not even a partial one: each insert would pay for it.
CREATE TABLE survey_comment (
  survey_id INTEGER NOT NULL REFERENCES survey (id),
  event_seq INTEGER NOT NULL REFERENCES event (seq),
  PRIMARY KEY (survey_id, event_seq)
) STRICT, WITHOUT ROWID;
INSERT INTO survey_comment (survey_id, event_seq)
SELECT survey_id, seq FROM event WHERE comment IS NOT NULL ORDER BY 1, 2;
CREATE TABLE question_text (
  question_id INTEGER NOT NULL REFERENCES question (id),
  answer_key INTEGER NOT NULL REFERENCES answer (key),
  PRIMARY KEY (question_id, answer_key)
) STRICT, WITHOUT ROWID;
INSERT INTO question_text (question_id, answer_key)
SELECT question_id, key FROM answer WHERE text IS NOT NULL ORDER BY 1, 2;
-- Public recognition, newest first.
CREATE INDEX recognition_public ON recognition (people_key IS NULL)
  WHERE visibility_id = 1;

CREATE VIEW v_suggestion AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, source.name AS source, suggestion.id AS id,
  suggestion_kind.name AS kind, category.name AS category,
  suggestion.title AS title, suggestion.body AS body, suggestion.board AS board,
  role.name AS role, class.name AS class,
  suggestion.limit_amount AS limit_amount, boundary_mode.name AS mode,
  suggestion_condition.name AS state,
  suggestion_status.name AS status,
  suggestion_state.auto_acknowledged AS auto_acknowledged,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.acknowledged / 1000.0, 'unixepoch')
    AS acknowledged_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.first_response / 1000.0, 'unixepoch')
    AS first_response_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.first_triage / 1000.0, 'unixepoch')
    AS first_triage_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.reopened / 1000.0, 'unixepoch')
    AS reopened_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.second_response / 1000.0, 'unixepoch')
    AS second_response_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.first_reopened / 1000.0, 'unixepoch')
    AS first_reopened_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.closed / 1000.0, 'unixepoch')
    AS closed_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.withdrawn / 1000.0, 'unixepoch')
    AS withdrawn_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', suggestion_state.first_seen / 1000.0, 'unixepoch')
    AS first_seen_at,
  suggestion_state.published AS published,
  suggestion_state.opened AS opened,
  suggestion_state.negatives AS negatives,
  suggestion_state.negatives_reasoned AS negatives_reasoned,
  suggestion_state.rounds AS rounds,
  suggestion_state.rated_round AS rated_round,
  suggestion_state.supporters AS supporters,
  suggestion_state.felt_heard AS felt_heard,
  audience.name AS audience, unit.name AS unit, channel.name AS channel,
  touchpoint.name AS touchpoint, segment.name AS segment,
  initiative.name AS initiative, lang.name AS lang
FROM suggestion
JOIN suggestion_state ON suggestion_state.event_seq = suggestion.event_seq
JOIN event ON event.seq = suggestion.event_seq
JOIN suggestion_kind ON suggestion_kind.id = suggestion.kind_id
JOIN suggestion_condition
  ON suggestion_condition.id = suggestion_state.condition_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN suggestion_status ON suggestion_status.id = suggestion_state.status_id
LEFT JOIN category ON category.id = suggestion.category_id
LEFT JOIN role ON role.id = suggestion.role_id
LEFT JOIN class ON class.id = suggestion.class_id
LEFT JOIN boundary_mode ON boundary_mode.id = suggestion.mode_id
LEFT JOIN source ON source.id = suggestion.source_id
LEFT JOIN unit ON unit.id = series.unit_id
LEFT JOIN channel ON channel.id = series.channel_id
LEFT JOIN touchpoint ON touchpoint.id = series.touchpoint_id
LEFT JOIN segment ON segment.id = series.segment_id
LEFT JOIN initiative ON initiative.id = series.initiative_id
LEFT JOIN lang ON lang.id = series.lang_id;

CREATE VIEW v_suggestion_step AS
SELECT event.seq AS event_seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', event.time / 1000.0, 'unixepoch') AS at,
  event.ts AS ts, suggestion_step.suggestion_seq AS suggestion_seq,
  source.name AS source, suggestion.id AS id, event_type.name AS type,
  suggestion_status.name AS status, suggestion_step.will_examine AS will_examine,
  suggestion_step.automatic AS automatic, suggestion_step.reason AS reason,
  suggestion_step.body AS body, suggestion_step.felt_heard AS felt_heard,
  audience.name AS audience, unit.name AS unit
FROM suggestion_step
JOIN suggestion ON suggestion.event_seq = suggestion_step.suggestion_seq
JOIN event ON event.seq = suggestion_step.event_seq
JOIN event_type ON event_type.id = suggestion_step.type_id
JOIN series ON series.id = event.series_id
JOIN audience ON audience.id = series.audience_id
LEFT JOIN suggestion_status ON suggestion_status.id = suggestion_step.status_id
LEFT JOIN source ON source.id = suggestion.source_id
LEFT JOIN unit ON unit.id = series.unit_id;

INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('question_text', '', 'Which answers are texts', ''),
('question_text', 'answer_key', 'The answer (answer.key)', ''),
('question_text', 'question_id', 'Question that was answered', ''),
('suggestion', '', 'Suggestions as submitted, and requests for wider boundaries; never changed', ''),
('suggestion', 'board', '1 when its author agrees to show it on the board', ''),
('suggestion', 'body', 'What was written', ''),
('suggestion', 'category_id', 'Category', ''),
('suggestion', 'class_id', 'Request: class of matters', ''),
('suggestion', 'event_seq', 'The event (event.seq)', ''),
('suggestion', 'id', 'Id by which it is referred to', ''),
('suggestion', 'kind_id', 'Kind', ''),
('suggestion', 'limit_amount', 'Request: limit asked for', 'currency'),
('suggestion', 'limit_cents', 'Request: limit asked for', '1/100 of the currency'),
('suggestion', 'mode_id', 'Request: mode asked for', ''),
('suggestion', 'people_key', 'Request: a random number for the daemon, by which nothing in this file is found', ''),
('suggestion', 'receipt', 'Hash of the receipt that its author has', ''),
('suggestion', 'role_id', 'Request: role that asks', ''),
('suggestion', 'source_id', 'Sender', ''),
('suggestion', 'title', 'Title', ''),
('suggestion_condition', '', 'States a suggestion can be in', ''),
('suggestion_condition', 'id', 'Number used by other tables', ''),
('suggestion_condition', 'name', 'Name as sent and shown', ''),
('suggestion_kind', '', 'Kinds of suggestions', ''),
('suggestion_kind', 'id', 'Number used by other tables', ''),
('suggestion_kind', 'name', 'Name as sent and shown', ''),
('suggestion_state', '', 'Where each suggestion stands; follows from its steps', ''),
('suggestion_state', 'acknowledged', 'First acknowledgement by a person', 'Unix ms'),
('suggestion_state', 'auto_acknowledged', '1 when a program acknowledged it', ''),
('suggestion_state', 'board', '1 when its author agrees to show it on the board', ''),
('suggestion_state', 'category_id', 'Category', ''),
('suggestion_state', 'closed', 'Since when it is closed; NULL while open', 'Unix ms'),
('suggestion_state', 'condition_id', 'State', ''),
('suggestion_state', 'event_seq', 'The suggestion (suggestion.event_seq)', ''),
('suggestion_state', 'felt_heard', 'Last rating by a customer, 1 to 5', ''),
('suggestion_state', 'first_reopened', 'First reopening', 'Unix ms'),
('suggestion_state', 'first_response', 'First triage or answer; never changed', 'Unix ms'),
('suggestion_state', 'first_seen', 'When an answer was first opened by receipt', 'Unix ms'),
('suggestion_state', 'first_triage', 'First triage', 'Unix ms'),
('suggestion_state', 'kind_id', 'Kind', ''),
('suggestion_state', 'negatives', 'Of these, declined or not to be examined', ''),
('suggestion_state', 'negatives_reasoned', 'Of these, with a reason', ''),
('suggestion_state', 'opened', 'Of these, opened by receipt', ''),
('suggestion_state', 'published', 'Triages and answers', ''),
('suggestion_state', 'rated_round', 'Round of the last rating, 0: never rated', ''),
('suggestion_state', 'reopened', 'Start of the present second clock; NULL in the first round', 'Unix ms'),
('suggestion_state', 'rounds', '1 and one more per reopening', ''),
('suggestion_state', 'second_response', 'First triage or answer after the first reopening', 'Unix ms'),
('suggestion_state', 'status_id', 'Last answer', ''),
('suggestion_state', 'submitted', 'When it was submitted', 'Unix ms'),
('suggestion_state', 'supporters', 'How many support it', ''),
('suggestion_state', 'unit_id', 'Unit', ''),
('suggestion_state', 'withdrawn', 'When its author withdrew it', 'Unix ms'),
('suggestion_status', '', 'What an answer may say', ''),
('suggestion_status', 'id', 'Number used by other tables', ''),
('suggestion_status', 'name', 'Name as sent and shown', ''),
('survey_comment', '', 'Which events have a comment', ''),
('survey_comment', 'event_seq', 'The event (event.seq)', ''),
('survey_comment', 'survey_id', 'Survey of the event', ''),
('suggestion_step', '', 'What was done about suggestions, and what their authors did; never changed', ''),
('suggestion_step', 'automatic', 'Acknowledged: 1 when a program did it', ''),
('suggestion_step', 'body', 'Replied: what was written', ''),
('suggestion_step', 'event_seq', 'The event (event.seq)', ''),
('suggestion_step', 'felt_heard', 'Rated by a customer: 1 to 5', ''),
('suggestion_step', 'reason', 'Reason given', ''),
('suggestion_step', 'status_id', 'Answered: what the answer says', ''),
('suggestion_step', 'suggestion_seq', 'The suggestion (suggestion.event_seq)', ''),
('suggestion_step', 'supporter', 'Supported: hash of the supporter''s receipt', ''),
('suggestion_step', 'type_id', 'What was done', ''),
('suggestion_step', 'will_examine', 'Triaged: 1 when it will be examined', ''),
('v_suggestion', '', 'Every suggestion by names, and where it stands', ''),
('v_suggestion', 'acknowledged_at', 'First acknowledgement by a person', 'RFC 3339 UTC'),
('v_suggestion', 'at', 'When it was submitted', 'RFC 3339 UTC'),
('v_suggestion', 'audience', 'customer or employee', ''),
('v_suggestion', 'auto_acknowledged', '1 when a program acknowledged it', ''),
('v_suggestion', 'board', '1 when its author agrees to show it on the board', ''),
('v_suggestion', 'body', 'What was written', ''),
('v_suggestion', 'category', 'Category', ''),
('v_suggestion', 'channel', 'Channel', ''),
('v_suggestion', 'class', 'Request: class of matters', ''),
('v_suggestion', 'closed_at', 'Since when it is closed; NULL while open', 'RFC 3339 UTC'),
('v_suggestion', 'event_seq', 'Number of the event (event.seq)', ''),
('v_suggestion', 'felt_heard', 'Last rating by a customer, 1 to 5', ''),
('v_suggestion', 'first_reopened_at', 'First reopening', 'RFC 3339 UTC'),
('v_suggestion', 'first_response_at', 'First triage or answer; never changed', 'RFC 3339 UTC'),
('v_suggestion', 'first_seen_at', 'When an answer was first opened by receipt', 'RFC 3339 UTC'),
('v_suggestion', 'first_triage_at', 'First triage', 'RFC 3339 UTC'),
('v_suggestion', 'id', 'Id by which it is referred to', ''),
('v_suggestion', 'initiative', 'Initiative', ''),
('v_suggestion', 'kind', 'Kind', ''),
('v_suggestion', 'lang', 'Language', ''),
('v_suggestion', 'limit_amount', 'Request: limit asked for', 'currency'),
('v_suggestion', 'mode', 'Request: mode asked for', ''),
('v_suggestion', 'negatives', 'Of these, declined or not to be examined', ''),
('v_suggestion', 'negatives_reasoned', 'Of these, with a reason', ''),
('v_suggestion', 'opened', 'Of these, opened by receipt', ''),
('v_suggestion', 'published', 'Triages and answers', ''),
('v_suggestion', 'rated_round', 'Round of the last rating, 0: never rated', ''),
('v_suggestion', 'reopened_at', 'Start of the present second clock; NULL in the first round', 'RFC 3339 UTC'),
('v_suggestion', 'role', 'Request: role that asks', ''),
('v_suggestion', 'rounds', '1 and one more per reopening', ''),
('v_suggestion', 'second_response_at', 'First triage or answer after the first reopening', 'RFC 3339 UTC'),
('v_suggestion', 'segment', 'Segment', ''),
('v_suggestion', 'source', 'Sender as it named itself', ''),
('v_suggestion', 'state', 'State', ''),
('v_suggestion', 'status', 'Last answer', ''),
('v_suggestion', 'supporters', 'How many support it', ''),
('v_suggestion', 'title', 'Title', ''),
('v_suggestion', 'touchpoint', 'Touchpoint', ''),
('v_suggestion', 'ts', 'When it was submitted', 'Unix s'),
('v_suggestion', 'unit', 'Unit, parts joined by /', ''),
('v_suggestion', 'withdrawn_at', 'When its author withdrew it', 'RFC 3339 UTC'),
('v_suggestion_step', '', 'Every step of every suggestion by names', ''),
('v_suggestion_step', 'at', 'When it happened', 'RFC 3339 UTC'),
('v_suggestion_step', 'audience', 'customer or employee', ''),
('v_suggestion_step', 'automatic', 'Acknowledged: 1 when a program did it', ''),
('v_suggestion_step', 'body', 'Replied: what was written', ''),
('v_suggestion_step', 'event_seq', 'Number of the event (event.seq)', ''),
('v_suggestion_step', 'felt_heard', 'Rated by a customer: 1 to 5', ''),
('v_suggestion_step', 'id', 'Id of the suggestion', ''),
('v_suggestion_step', 'reason', 'Reason given', ''),
('v_suggestion_step', 'source', 'Sender of the suggestion', ''),
('v_suggestion_step', 'status', 'Answered: what the answer says', ''),
('v_suggestion_step', 'suggestion_seq', 'Number of the suggestion (suggestion.event_seq)', ''),
('v_suggestion_step', 'ts', 'When it happened', 'Unix s'),
('v_suggestion_step', 'type', 'Event type, such as suggestion.answered', ''),
('v_suggestion_step', 'unit', 'Unit, parts joined by /', ''),
('v_suggestion_step', 'will_examine', 'Triaged: 1 when it will be examined', '');
