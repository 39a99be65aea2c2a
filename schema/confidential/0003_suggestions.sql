-- Suggestions of employees, and what became of them.
--
-- As in empowerd.db, but for the daemon alone: a suggestion is found by a random key or
-- by the hash of its receipt, never by what its sender called it. The steps of one
-- suggestion are numbered, because a history without order says nothing; across
-- suggestions nothing tells which came first within a day. How an employee felt heard
-- is an answer (question felt_heard) of an event of its own that nothing ties to the
-- suggestion, and no step: a step's day would tie them.

CREATE TABLE suggestion (
  key BLOB PRIMARY KEY NOT NULL REFERENCES event (key) CHECK (length(key) = 16),
  kind TEXT NOT NULL,
  category TEXT,
  title TEXT,
  body TEXT,
  board INTEGER NOT NULL CHECK (board IN (0, 1)),
  receipt BLOB UNIQUE CHECK (length(receipt) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE suggestion_state (
  suggestion BLOB PRIMARY KEY NOT NULL REFERENCES suggestion (key),
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  category TEXT,
  unit TEXT,
  board INTEGER NOT NULL CHECK (board IN (0, 1)),
  status TEXT,
  auto_acknowledged INTEGER NOT NULL CHECK (auto_acknowledged IN (0, 1)),
  submitted TEXT NOT NULL CHECK (submitted GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  acknowledged TEXT CHECK (acknowledged GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  first_response TEXT CHECK (first_response GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  first_triage TEXT CHECK (first_triage GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  reopened TEXT CHECK (reopened GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  second_response TEXT CHECK (second_response GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  first_reopened TEXT CHECK (first_reopened GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  closed TEXT CHECK (closed GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  withdrawn TEXT CHECK (withdrawn GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  first_seen TEXT CHECK (first_seen GLOB
    '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  published INTEGER NOT NULL CHECK (published >= 0),
  opened INTEGER NOT NULL CHECK (opened >= 0),
  negatives INTEGER NOT NULL CHECK (negatives >= 0),
  negatives_reasoned INTEGER NOT NULL CHECK (negatives_reasoned >= 0),
  rounds INTEGER NOT NULL CHECK (rounds >= 1),
  rated_round INTEGER NOT NULL CHECK (rated_round >= 0),
  supporters INTEGER NOT NULL CHECK (supporters >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX suggestion_state_by_kind ON suggestion_state (kind, state);
CREATE INDEX suggestion_state_by_category
  ON suggestion_state (category, kind, state) WHERE category IS NOT NULL;
CREATE INDEX suggestion_state_by_board
  ON suggestion_state (kind, state) WHERE board = 1;
CREATE INDEX suggestion_state_by_unit
  ON suggestion_state (unit) WHERE unit IS NOT NULL;
CREATE INDEX suggestion_state_by_submitted ON suggestion_state (submitted);

CREATE TABLE suggestion_step (
  suggestion BLOB NOT NULL REFERENCES suggestion (key),
  number INTEGER NOT NULL CHECK (number >= 1),
  event_key BLOB NOT NULL REFERENCES event (key) CHECK (length(event_key) = 16),
  type TEXT NOT NULL,
  day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  status TEXT,
  will_examine INTEGER CHECK (will_examine IN (0, 1)),
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  reason TEXT,
  body TEXT,
  supporter BLOB CHECK (length(supporter) = 16),
  PRIMARY KEY (suggestion, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX suggestion_step_by_supporter
  ON suggestion_step (supporter, suggestion) WHERE supporter IS NOT NULL;

CREATE VIEW v_suggestion AS
SELECT suggestion.key AS key, suggestion.kind AS kind,
  suggestion.category AS category, suggestion.title AS title,
  suggestion.body AS body, suggestion.board AS board,
  suggestion_state.state AS state, suggestion_state.status AS status,
  suggestion_state.auto_acknowledged AS auto_acknowledged,
  suggestion_state.submitted AS submitted,
  suggestion_state.acknowledged AS acknowledged,
  suggestion_state.first_response AS first_response,
  suggestion_state.first_triage AS first_triage,
  suggestion_state.reopened AS reopened,
  suggestion_state.second_response AS second_response,
  suggestion_state.first_reopened AS first_reopened,
  suggestion_state.closed AS closed,
  suggestion_state.withdrawn AS withdrawn,
  suggestion_state.first_seen AS first_seen,
  suggestion_state.published AS published,
  suggestion_state.opened AS opened,
  suggestion_state.negatives AS negatives,
  suggestion_state.negatives_reasoned AS negatives_reasoned,
  suggestion_state.rounds AS rounds,
  suggestion_state.rated_round AS rated_round,
  suggestion_state.supporters AS supporters,
  event.unit AS unit, event.channel AS channel, event.touchpoint AS touchpoint,
  event.segment AS segment, event.initiative AS initiative, event.lang AS lang
FROM suggestion
JOIN suggestion_state ON suggestion_state.suggestion = suggestion.key
JOIN event ON event.key = suggestion.key;

CREATE VIEW v_suggestion_step AS
SELECT suggestion AS suggestion, number AS number, type AS type, day AS day,
  status AS status, will_examine AS will_examine, automatic AS automatic,
  reason AS reason, body AS body
FROM suggestion_step;

INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('suggestion', '', 'Suggestions of employees as submitted; never changed', ''),
('suggestion', 'board', '1 when its author agrees to show it on the board', ''),
('suggestion', 'body', 'What was written', ''),
('suggestion', 'category', 'Category', ''),
('suggestion', 'key', 'Random key of the event; what its id is made of', ''),
('suggestion', 'kind', 'Kind', ''),
('suggestion', 'receipt', 'Hash of the receipt that its author has', ''),
('suggestion', 'title', 'Title', ''),
('suggestion_state', '', 'Where each suggestion stands; follows from its steps', ''),
('suggestion_state', 'acknowledged', 'First acknowledgement by a person', 'ISO date'),
('suggestion_state', 'auto_acknowledged', '1 when a program acknowledged it', ''),
('suggestion_state', 'board', '1 when its author agrees to show it on the board', ''),
('suggestion_state', 'category', 'Category', ''),
('suggestion_state', 'closed', 'Since when it is closed; NULL while open', 'ISO date'),
('suggestion_state', 'first_reopened', 'First reopening', 'ISO date'),
('suggestion_state', 'first_response', 'First triage or answer; never changed', 'ISO date'),
('suggestion_state', 'first_seen', 'When an answer was first opened by receipt', 'ISO date'),
('suggestion_state', 'first_triage', 'First triage', 'ISO date'),
('suggestion_state', 'kind', 'Kind', ''),
('suggestion_state', 'negatives', 'Of these, declined or not to be examined', ''),
('suggestion_state', 'negatives_reasoned', 'Of these, with a reason', ''),
('suggestion_state', 'opened', 'Of these, opened by receipt', ''),
('suggestion_state', 'published', 'Triages and answers', ''),
('suggestion_state', 'rated_round', 'Round of the last rating, 0: never rated', ''),
('suggestion_state', 'reopened', 'Start of the present second clock; NULL in the first round', 'ISO date'),
('suggestion_state', 'rounds', '1 and one more per reopening', ''),
('suggestion_state', 'second_response', 'First triage or answer after the first reopening', 'ISO date'),
('suggestion_state', 'state', 'State', ''),
('suggestion_state', 'status', 'Last answer', ''),
('suggestion_state', 'submitted', 'When it was submitted', 'ISO date'),
('suggestion_state', 'suggestion', 'The suggestion (suggestion.key)', ''),
('suggestion_state', 'supporters', 'How many support it', ''),
('suggestion_state', 'unit', 'Unit, parts joined by /', ''),
('suggestion_state', 'withdrawn', 'When its author withdrew it', 'ISO date'),
('suggestion_step', '', 'What was done about suggestions, and what their authors did; never changed', ''),
('suggestion_step', 'automatic', 'Acknowledged: 1 when a program did it', ''),
('suggestion_step', 'body', 'Replied: what was written', ''),
('suggestion_step', 'day', 'Day it happened, in the time zone of empowerd.db', 'ISO date'),
('suggestion_step', 'event_key', 'Random key of the event', ''),
('suggestion_step', 'number', 'Place in its history, from 1', ''),
('suggestion_step', 'reason', 'Reason given', ''),
('suggestion_step', 'status', 'Answered: what the answer says', ''),
('suggestion_step', 'suggestion', 'The suggestion (suggestion.key)', ''),
('suggestion_step', 'supporter', 'Supported: hash of the supporter''s receipt', ''),
('suggestion_step', 'type', 'What was done', ''),
('suggestion_step', 'will_examine', 'Triaged: 1 when it will be examined', ''),
('v_suggestion', '', 'Every suggestion, and where it stands', ''),
('v_suggestion', 'acknowledged', 'First acknowledgement by a person', 'ISO date'),
('v_suggestion', 'auto_acknowledged', '1 when a program acknowledged it', ''),
('v_suggestion', 'board', '1 when its author agrees to show it on the board', ''),
('v_suggestion', 'body', 'What was written', ''),
('v_suggestion', 'category', 'Category', ''),
('v_suggestion', 'channel', 'Channel', ''),
('v_suggestion', 'closed', 'Since when it is closed; NULL while open', 'ISO date'),
('v_suggestion', 'first_reopened', 'First reopening', 'ISO date'),
('v_suggestion', 'first_response', 'First triage or answer; never changed', 'ISO date'),
('v_suggestion', 'first_seen', 'When an answer was first opened by receipt', 'ISO date'),
('v_suggestion', 'first_triage', 'First triage', 'ISO date'),
('v_suggestion', 'initiative', 'Initiative', ''),
('v_suggestion', 'key', 'Random key of the event; what its id is made of', ''),
('v_suggestion', 'kind', 'Kind', ''),
('v_suggestion', 'lang', 'Language', ''),
('v_suggestion', 'negatives', 'Of these, declined or not to be examined', ''),
('v_suggestion', 'negatives_reasoned', 'Of these, with a reason', ''),
('v_suggestion', 'opened', 'Of these, opened by receipt', ''),
('v_suggestion', 'published', 'Triages and answers', ''),
('v_suggestion', 'rated_round', 'Round of the last rating, 0: never rated', ''),
('v_suggestion', 'reopened', 'Start of the present second clock; NULL in the first round', 'ISO date'),
('v_suggestion', 'rounds', '1 and one more per reopening', ''),
('v_suggestion', 'second_response', 'First triage or answer after the first reopening', 'ISO date'),
('v_suggestion', 'segment', 'Segment', ''),
('v_suggestion', 'state', 'State', ''),
('v_suggestion', 'status', 'Last answer', ''),
('v_suggestion', 'submitted', 'When it was submitted', 'ISO date'),
('v_suggestion', 'supporters', 'How many support it', ''),
('v_suggestion', 'title', 'Title', ''),
('v_suggestion', 'touchpoint', 'Touchpoint', ''),
('v_suggestion', 'unit', 'Unit, parts joined by /', ''),
('v_suggestion', 'withdrawn', 'When its author withdrew it', 'ISO date'),
('v_suggestion_step', '', 'What was done about suggestions, and what their authors did; never changed', ''),
('v_suggestion_step', 'automatic', 'Acknowledged: 1 when a program did it', ''),
('v_suggestion_step', 'body', 'Replied: what was written', ''),
('v_suggestion_step', 'day', 'Day it happened, in the time zone of empowerd.db', 'ISO date'),
('v_suggestion_step', 'number', 'Place in its history, from 1', ''),
('v_suggestion_step', 'reason', 'Reason given', ''),
('v_suggestion_step', 'status', 'Answered: what the answer says', ''),
('v_suggestion_step', 'suggestion', 'The suggestion (suggestion.key)', ''),
('v_suggestion_step', 'type', 'What was done', ''),
('v_suggestion_step', 'will_examine', 'Triaged: 1 when it will be examined', '');
