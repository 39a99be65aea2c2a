-- What was released of employees' surveys: sums over groups of people that are large
-- and mixed enough, made once when a period closes and never changed.

-- How many people a block of an employees' survey needs.
ALTER TABLE survey ADD COLUMN threshold INTEGER CHECK (threshold >= 3);
UPDATE survey SET threshold = 5
WHERE audience_id = (SELECT id FROM audience WHERE name = 'employee');

CREATE TABLE release (
  id INTEGER PRIMARY KEY,
  survey_id INTEGER NOT NULL REFERENCES survey (id),
  period TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  at TEXT GENERATED ALWAYS AS
    (strftime('%Y-%m-%dT%H:%M:%fZ', ended / 1000.0, 'unixepoch')) VIRTUAL,
  ts INTEGER GENERATED ALWAYS AS (ended / 1000) VIRTUAL,
  UNIQUE (survey_id, period)
) STRICT;

CREATE TABLE release_block (
  id INTEGER PRIMARY KEY,
  release_id INTEGER NOT NULL REFERENCES release (id),
  question TEXT NOT NULL,
  metric_id INTEGER NOT NULL REFERENCES metric (id),
  low INTEGER NOT NULL,
  high INTEGER NOT NULL,
  satisfied INTEGER NOT NULL,
  unit_id INTEGER REFERENCES unit (id),
  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
  people INTEGER NOT NULL CHECK (people > 0)
) STRICT;
CREATE INDEX release_block_release ON release_block (release_id);

CREATE TABLE release_count (
  block_id INTEGER NOT NULL REFERENCES release_block (id),
  value INTEGER NOT NULL,
  option TEXT,
  n INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (block_id, value)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_release AS
SELECT release.at AS at, release.ts AS ts, survey.name AS survey,
  release.period AS period,
  strftime('%Y-%m-%dT%H:%M:%fZ', release.started / 1000.0, 'unixepoch') AS started,
  release_block.question AS question, metric.name AS metric, unit.name AS unit,
  release_block.verified AS verified, release_block.people AS people,
  release_count.value AS value, release_count.option AS option,
  CASE WHEN metric.name = 'csat'
    THEN release_block.satisfied >> release_count.value & 1 END AS satisfied,
  release_count.n AS n
FROM release_block
JOIN release ON release.id = release_block.release_id
JOIN survey ON survey.id = release.survey_id
JOIN metric ON metric.id = release_block.metric_id
LEFT JOIN unit ON unit.id = release_block.unit_id
LEFT JOIN release_count ON release_count.block_id = release_block.id;

-- By which an erasure finds what goes with an id or with people it has found.
CREATE INDEX reference_by_id ON reference (id);
CREATE INDEX recognition_by_people ON recognition (people_key)
  WHERE people_key IS NOT NULL;
CREATE INDEX suggestion_by_people ON suggestion (people_key)
  WHERE people_key IS NOT NULL;
CREATE INDEX boundary_by_people ON boundary (people_key)
  WHERE people_key IS NOT NULL;

UPDATE schema_doc SET description = description || '; once erased ~ and event.seq'
WHERE table_name = 'event' AND column_name = 'id';
UPDATE schema_doc SET description = description || '; empty once erased'
WHERE table_name = 'event' AND column_name = 'comment';
UPDATE schema_doc SET description = description || '; NULL once erased'
WHERE (table_name, column_name) IN (VALUES ('answer', 'text'), ('recognition', 'message'),
  ('recognition', 'from_name'), ('recognition', 'to_name'), ('suggestion', 'title'),
  ('suggestion', 'body'), ('decision', 'goal'), ('boundary', 'reason'));
INSERT INTO schema_doc (table_name, column_name, description, unit) VALUES
('release', '', 'Periods of employees'' surveys of which something was released', ''),
('release', 'id', 'Number used by other tables', ''),
('release', 'survey_id', 'Survey', ''),
('release', 'period', 'Wave, ISO week or month', ''),
('release', 'started', 'Start of the period', 'Unix ms'),
('release', 'ended', 'End of the period', 'Unix ms'),
('release', 'at', 'End of the period', 'RFC 3339 UTC'),
('release', 'ts', 'End of the period', 'Unix s'),
('release_block', '', 'Groups of people whose answers to a question are shown as one', ''),
('release_block', 'id', 'Number used by other tables', ''),
('release_block', 'release_id', 'Release', ''),
('release_block', 'question', 'Question by name', ''),
('release_block', 'metric_id', 'What it measures', ''),
('release_block', 'low', 'Lowest value of its scale', ''),
('release_block', 'high', 'Highest value of its scale', ''),
('release_block', 'satisfied', 'Values that count as satisfied (csat)', 'bit set'),
('release_block', 'unit_id', 'What is in this unit and in no other block below it; NULL: the whole', ''),
('release_block', 'verified', '0: nobody vouched that these are as many people', ''),
('release_block', 'people', 'People in it', ''),
('release_count', '', 'How often each answer was given', ''),
('release_count', 'block_id', 'Block', ''),
('release_count', 'value', 'Value on the scale, or number of the option', ''),
('release_count', 'option', 'Option of a choice', ''),
('release_count', 'n', 'How many people', ''),
('survey', 'threshold', 'Employees: people that a block has at least; NULL: customers', ''),
('v_release', '', 'Everything released, by names: a row per answer of a block', ''),
('v_release', 'at', 'End of the period', 'RFC 3339 UTC'),
('v_release', 'ts', 'End of the period', 'Unix s'),
('v_release', 'survey', 'Survey by name', ''),
('v_release', 'period', 'Wave, ISO week or month', ''),
('v_release', 'started', 'Start of the period', 'RFC 3339 UTC'),
('v_release', 'question', 'Question by name', ''),
('v_release', 'metric', 'What it measures', ''),
('v_release', 'unit', 'What is in this unit and in no other block below it; NULL: the whole', ''),
('v_release', 'verified', '0: nobody vouched that these are as many people', ''),
('v_release', 'people', 'People in the block', ''),
('v_release', 'value', 'Value on the scale, or number of the option; NULL for texts', ''),
('v_release', 'option', 'Option of a choice', ''),
('v_release', 'satisfied', 'csat: 1 when the value counts as satisfied', ''),
('v_release', 'n', 'How many people gave that answer', '');
