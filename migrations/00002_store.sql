-- The bookkeeping of a store. Feature tables stand beside these, named by
-- their layers.

-- +goose Up

-- The one row that every committer locks first.
CREATE TABLE store (
  single  boolean PRIMARY KEY DEFAULT true CONSTRAINT store_single CHECK (single),
  version bigint NOT NULL DEFAULT 0 CONSTRAINT store_version_min CHECK (version >= 0)
);
COMMENT ON COLUMN store.version IS 'number of the last commit; 0 before the first';
INSERT INTO store DEFAULT VALUES;

CREATE TABLE layer (
  id       text PRIMARY KEY,
  position bigint NOT NULL CONSTRAINT layer_position_unique UNIQUE,
  version  bigint NOT NULL,
  schema   jsonb NOT NULL
);
COMMENT ON TABLE layer IS 'the layers, each in a table named by its id';
COMMENT ON COLUMN layer.position IS 'place in the list of layers';
COMMENT ON COLUMN layer.version IS 'number of the last commit that touched the layer';

CREATE TABLE change (
  version bigint PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  note    text NOT NULL,
  layers  text[] NOT NULL
);
COMMENT ON TABLE change IS 'the log of commits';
COMMENT ON COLUMN change.layers IS 'the layers that the commit created, dropped or edited';
