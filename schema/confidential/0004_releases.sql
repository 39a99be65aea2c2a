-- Periods and releases of employees' surveys, who counts in them, single-use invites,
-- and who read what employees wrote.
--
-- An answer belongs to a period of its survey. Until the period is released its person
-- is a pseudonym under a key of that period, which is destroyed with the release; from
-- then on nobody can say whose it was.

ALTER TABLE event ADD COLUMN period INTEGER;
ALTER TABLE event ADD COLUMN verified INTEGER NOT NULL DEFAULT 0
  CHECK (verified IN (0, 1));
ALTER TABLE event ADD COLUMN counted INTEGER NOT NULL DEFAULT 0
  CHECK (counted IN (0, 1));
-- One answer per person and period; also the way to the answers of a period.
CREATE UNIQUE INDEX event_counted ON event (survey, period, person) WHERE counted = 1;
CREATE INDEX event_uncounted ON event (survey, period)
WHERE counted = 0 AND period IS NOT NULL;

CREATE TABLE survey_period (
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  opened INTEGER,
  threshold INTEGER CHECK (threshold >= 3),
  last_day TEXT CHECK (last_day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  released INTEGER,
  name TEXT,
  started INTEGER,
  ended INTEGER,
  copied INTEGER NOT NULL DEFAULT 0 CHECK (copied IN (0, 1)),
  asked INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
  PRIMARY KEY (survey, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE survey_period_unit (
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (survey, number, unit)
) STRICT, WITHOUT ROWID;

-- What was released, with the scale as it was then. The unit '' is the root, the
-- question '' are the comments, which have no metric.
CREATE TABLE release_block (
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  question TEXT NOT NULL,
  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
  unit TEXT NOT NULL,
  people INTEGER NOT NULL CHECK (people > 0),
  metric TEXT,
  low INTEGER,
  high INTEGER,
  satisfied INTEGER,
  PRIMARY KEY (survey, number, question, verified, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_count (
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  question TEXT NOT NULL,
  verified INTEGER NOT NULL,
  unit TEXT NOT NULL,
  value INTEGER NOT NULL,
  option TEXT,
  n INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (survey, number, question, verified, unit, value)
) STRICT, WITHOUT ROWID;

-- Whom a block covers: the people who counted under these units.
CREATE TABLE release_cover (
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  question TEXT NOT NULL,
  unit TEXT NOT NULL,
  block_unit TEXT NOT NULL,
  PRIMARY KEY (survey, number, question, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE release_comment (
  key BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  question TEXT NOT NULL,
  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
  unit TEXT NOT NULL,
  text TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX release_comment_of ON release_comment (survey, number);

CREATE TABLE invite (
  hash BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 16),
  survey TEXT NOT NULL,
  number INTEGER NOT NULL,
  unit TEXT NOT NULL,
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_survey ON invite (survey, number);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  token_id INTEGER,
  token_label TEXT,
  action TEXT NOT NULL,
  object TEXT
) STRICT;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'what was read stays on record'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'what was read stays on record'); END;
-- A replaced row is deleted without any trigger.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'what was read stays on record'); END;

-- People who are being forgotten in empowerd.db: `customer` is whom to look for there,
-- the others stand for them from now on. A row lives until that is done, and until no
-- log holds what was there before: in between before_seq is 0.
CREATE TABLE erasure (
  key BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
  customer BLOB CHECK (length(customer) = 16),
  customer_new BLOB CHECK (length(customer_new) = 16),
  personnel_new BLOB CHECK (length(personnel_new) = 16),
  receipt BLOB CHECK (length(receipt) = 16),
  before_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX event_person ON event (person) WHERE person IS NOT NULL;
CREATE INDEX recognition_recipient_person ON recognition_recipient (person);
CREATE INDEX operational_person_other ON operational_person (person)
WHERE role <> 'decider';

UPDATE schema_doc
SET description = 'Keyed pseudonym of respondent, person or giver; until the release'
WHERE table_name = 'event' AND column_name = 'person';
UPDATE schema_doc
SET description = 'Day it happened, in the time zone of empowerd.db; '
  || 'once the period is released, the day on which its newest answer came'
WHERE table_name = 'event' AND column_name = 'day';
UPDATE schema_doc SET description = description || '; of a survey until the release'
WHERE table_name = 'event' AND column_name IN
  ('channel', 'touchpoint', 'segment', 'initiative', 'lang', 'complete');
UPDATE schema_doc
SET description = 'What the respondent wrote; empty once the period is released'
WHERE table_name = 'event' AND column_name = 'comment';
UPDATE schema_doc
SET description = 'What was written; empty once the period is released'
WHERE table_name = 'answer' AND column_name = 'text';
UPDATE schema_doc
SET description = 'Unit, parts joined by /; of a released answer that of its smallest block'
WHERE table_name = 'event' AND column_name = 'unit';
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('audit', '', 'Who read or took away what employees wrote; rows are never changed', ''),
('audit', 'number', 'Order', ''),
('audit', 'time', 'When', 'Unix ms'),
('audit', 'token_id', 'Token by which it was read', ''),
('audit', 'token_label', 'Its label then', ''),
('audit', 'action', 'What was done', ''),
('audit', 'object', 'To what', ''),
('erasure', '', 'People who are being forgotten', ''),
('erasure', 'key', 'Random key', ''),
('erasure', 'customer', 'Pseudonym to look for in empowerd.db', ''),
('erasure', 'customer_new', 'Random value in its place', ''),
('erasure', 'personnel_new', 'Random value in the place of the one here', ''),
('erasure', 'receipt', 'Hash of the receipt to look for in empowerd.db', ''),
('erasure', 'before_seq', 'Events from this number on came later; 0: done', ''),
('event', 'period', 'survey.*: period of the survey it belongs to', ''),
('event', 'verified', '1 when somebody vouched that this is one person', ''),
('event', 'counted', '1 for the first answer of a person in a period', ''),
('invite', '', 'Single-use invitations to surveys of employees', ''),
('invite', 'hash', 'BLAKE2b of the code', ''),
('invite', 'survey', 'Survey by name', ''),
('invite', 'number', 'Period in which it was made: it is gone with its release', ''),
('invite', 'unit', 'Unit of whoever has it; empty: none', ''),
('invite', 'spent', '1 once it was used', ''),
('release_block', '', 'Groups of answers that were released', ''),
('release_block', 'survey', 'Survey by name', ''),
('release_block', 'number', 'Period', ''),
('release_block', 'question', 'Question by name; empty: comments', ''),
('release_block', 'verified', '0: nobody vouched for the people', ''),
('release_block', 'unit', 'Unit; empty: the root', ''),
('release_block', 'people', 'People in it', ''),
('release_block', 'metric', 'What the question measures; NULL: comments', ''),
('release_block', 'low', 'Lowest value of its scale', ''),
('release_block', 'high', 'Highest value of its scale', ''),
('release_block', 'satisfied', 'Values that count as satisfied (csat)', 'bit set'),
('release_comment', '', 'Comments that were released, in the order of random keys', ''),
('release_comment', 'key', 'Random key', ''),
('release_comment', 'survey', 'Survey by name', ''),
('release_comment', 'number', 'Period', ''),
('release_comment', 'question', 'Question by name; empty: on the whole', ''),
('release_comment', 'verified', '0: nobody vouched for the people', ''),
('release_comment', 'unit', 'Unit; empty: the root', ''),
('release_comment', 'text', 'What was written; NULL once erased', ''),
('release_count', '', 'How often each answer is in a block', ''),
('release_count', 'survey', 'Survey by name', ''),
('release_count', 'number', 'Period', ''),
('release_count', 'question', 'Question by name', ''),
('release_count', 'verified', 'As in release_block', ''),
('release_count', 'unit', 'As in release_block', ''),
('release_count', 'value', 'Value on the scale, or number of the option', ''),
('release_count', 'option', 'Option of a choice', ''),
('release_count', 'n', 'How many', ''),
('release_cover', '', 'Which units a block covers', ''),
('release_cover', 'survey', 'Survey by name', ''),
('release_cover', 'number', 'Period', ''),
('release_cover', 'question', 'Question by name; empty: comments', ''),
('release_cover', 'unit', 'Unit in which people answered', ''),
('release_cover', 'block_unit', 'Unit of the block', ''),
('survey_period', '', 'Periods of employees'' surveys', ''),
('survey_period', 'survey', 'Survey by name', ''),
('survey_period', 'number', 'Waves from 1; weeks and months since 1970', ''),
('survey_period', 'opened', 'Wave: when it began', 'Unix ms'),
('survey_period', 'threshold',
  'People in a block, as of the first answer, or more if raised until the release', ''),
('survey_period', 'last_day', 'Day on which its newest answer came', 'ISO date'),
('survey_period', 'released', 'When it was released', 'Unix ms'),
('survey_period', 'name', 'Of what was released: wave, ISO week or month', ''),
('survey_period', 'started', 'Start of what was released', 'Unix ms'),
('survey_period', 'ended', 'End of what was released', 'Unix ms'),
('survey_period', 'copied', '1 once empowerd.db has its release', ''),
('survey_period', 'asked', '1 once somebody asked for its release', ''),
('survey_period_unit', '', 'Declared units as of the first answer of a period', ''),
('survey_period_unit', 'survey', 'Survey by name', ''),
('survey_period_unit', 'number', 'Period', ''),
('survey_period_unit', 'unit', 'Unit', '');
