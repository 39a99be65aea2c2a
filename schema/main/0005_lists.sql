-- The list of a category in whatever state: in the order in which they came, as those
-- of a unit are. By kind and state it would be as many ranges as there are of these.
CREATE INDEX suggestion_state_newest_of_category
  ON suggestion_state (category_id) WHERE category_id IS NOT NULL;
