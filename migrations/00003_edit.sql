-- The change log, kept by triggers, so that it holds the edits of every SQL
-- client. Each statement that touches a layer writes one row of edit; at the
-- end of the transaction a deferred trigger locks the row of store and gives
-- the transaction the next version. As the lock is held until the commit is
-- done, the order of versions is the order of commits.
--
-- What fires no triggers is not logged: sessions with session_replication_role
-- = replica, as of logical replication, ALTER TABLE … DISABLE TRIGGER, and
-- ALTER TABLE itself.

-- +goose Up

-- The functions below run with this path, whoever calls them. Temporary tables
-- come last, or else a client's own could stand for these.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

ALTER TABLE store ADD COLUMN logged_from bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN store.logged_from IS 'edit holds all that was done after this version';
UPDATE store SET logged_from = version;

ALTER TABLE layer ADD COLUMN mapping jsonb;
COMMENT ON COLUMN layer.mapping IS 'the table that holds the layer, if it is not one of the store';

ALTER TABLE change ADD COLUMN tx xid8;
COMMENT ON COLUMN change.tx IS 'the transaction that made the version';

CREATE TABLE edit (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version   bigint,
  layer     text NOT NULL,
  ids       bigint[],
  size      integer NOT NULL,
  old_bound box,
  new_bound box
);
COMMENT ON TABLE edit IS 'the statements behind each change, as far back as it is of use';
COMMENT ON COLUMN edit.version IS 'null until the transaction ends';
COMMENT ON COLUMN edit.ids IS 'ids of the rows that came, went or changed; null for all of the layer';
COMMENT ON COLUMN edit.size IS 'number of ids; above edit_limit() for all of the layer';
COMMENT ON COLUMN edit.old_bound IS 'box of the rows before, in the coordinates of the table';
COMMENT ON COLUMN edit.new_bound IS 'box of the rows after';
CREATE INDEX edit_version ON edit (version);

-- Beyond so many ids it is cheaper to read a layer anew. Six times the
-- largest layer of a district.
CREATE FUNCTION edit_limit() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 262144';

-- edit_log(layer, id column, geometry column or '', whether the table is the
-- store's own) logs a statement. It runs as the store's owner: who may write
-- to a layer need not be allowed to write to the log.
-- +goose StatementBegin
CREATE FUNCTION edit_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  id_column name := TG_ARGV[1];
  bound     text := CASE WHEN TG_ARGV[2] = '' THEN 'NULL::box' ELSE format('box(ST_Extent(%I::geometry)::box3d)', TG_ARGV[2]) END;
  own       boolean := TG_ARGV[3];
  newest    bigint;
  sequence  text;
  e         edit;
BEGIN
  e.size := 0;
  BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
      EXECUTE format('SELECT count(*), %s FROM old_rows', bound) INTO e.size, e.old_bound;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
      EXECUTE format('SELECT count(*), %s, max(%I) FROM new_rows', bound, id_column) INTO e.size, e.new_bound, newest;
    END IF;
    IF e.size = 0 AND TG_OP <> 'TRUNCATE' THEN
      RETURN NULL;
    END IF;
    IF e.size > edit_limit() OR TG_OP = 'TRUNCATE' THEN
      e.size := edit_limit() + 1;
    ELSE
      EXECUTE CASE TG_OP
        WHEN 'INSERT' THEN format('SELECT array(SELECT %1$I::bigint FROM new_rows)', id_column)
        WHEN 'DELETE' THEN format('SELECT array(SELECT %1$I::bigint FROM old_rows)', id_column)
        ELSE format('SELECT array(SELECT %1$I::bigint FROM old_rows UNION SELECT %1$I FROM new_rows)', id_column)
      END INTO e.ids;
      e.size := cardinality(e.ids);
    END IF;
  EXCEPTION WHEN undefined_column OR insufficient_privilege THEN
    -- The table is no longer as it was, which is not the client's fault. Who
    -- reads the layer anew will say so.
    e.size := edit_limit() + 1;
  END;
  INSERT INTO edit (layer, ids, size, old_bound, new_bound) VALUES (TG_ARGV[0], e.ids, e.size, e.old_bound, e.new_bound);

  -- Ids given out by default stay ahead of those that were given explicitly.
  IF own AND newest > 0 THEN
    sequence := pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), id_column);
    EXECUTE format('SELECT setval(%L, $1) FROM %s WHERE last_value < $1 OR NOT is_called', sequence, sequence) USING newest;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

-- change_number() gives the transaction its version, once, and enters what it
-- has logged so far under it. A client may say why: SET LOCAL wangge.note = '…'.
-- Rows of edit without a version are those of this transaction: nobody sees
-- another's before they have one.
-- +goose StatementBegin
CREATE FUNCTION change_number() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  mine    bigint;
  begins  bigint;
  touched text[] := array(SELECT layer FROM edit WHERE version IS NULL GROUP BY layer ORDER BY min(id));
BEGIN
  SELECT version INTO mine FROM store FOR UPDATE;
  IF NOT EXISTS (SELECT FROM change WHERE version = mine AND tx = pg_current_xact_id() AND at >= now()) THEN
    mine := mine + 1;
    UPDATE store SET version = mine;
    INSERT INTO change (version, note, layers, tx)
      VALUES (mine, coalesce(current_setting('wangge.note', true), ''), '{}', pg_current_xact_id());
  END IF;
  UPDATE change SET layers = layers || array(SELECT t FROM unnest(touched) AS t WHERE t <> ALL (layers)) WHERE version = mine;
  UPDATE layer SET version = mine WHERE id = ANY (touched);
  UPDATE edit SET version = mine WHERE version IS NULL;

  -- Of no use is what lies behind so much that a reader had better begin anew.
  IF mine % 256 = 0 THEN
    SELECT max(version) INTO begins
      FROM (SELECT version, sum(size) OVER (ORDER BY version DESC) AS total FROM edit) AS log
      WHERE total > edit_limit() OR version <= mine - 10000;
    DELETE FROM edit WHERE version <= begins;
    UPDATE store SET logged_from = begins WHERE logged_from < begins;
  END IF;
  PERFORM pg_notify('wangge', current_schema() || ' ' || mine);
  RETURN mine;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION edit_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT FROM edit WHERE id = NEW.id AND version IS NULL) THEN
    PERFORM change_number();
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER edit_number AFTER INSERT ON edit
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION edit_number();

-- layer_follow has the edits of a table logged as those of a layer.
-- +goose StatementBegin
CREATE FUNCTION layer_follow(layer text, relation regclass, id_column text, geometry_column text, own boolean)
  RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  event  text;
  tables text;
BEGIN
  FOR event, tables IN VALUES ('insert', 'REFERENCING NEW TABLE AS new_rows'), ('delete', 'REFERENCING OLD TABLE AS old_rows'),
      ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('truncate', '') LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION edit_log(%L, %L, %L, %L)',
      'log_' || event || '_' || layer, event, relation, tables, layer, id_column, geometry_column, own);
  END LOOP;
  IF own THEN
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %s HAVING max(%I) > 0',
      relation, id_column, id_column, relation, id_column);
  END IF;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION layer_unfollow(layer text, relation regclass) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  event text;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'delete', 'update', 'truncate'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', 'log_' || event || '_' || layer, relation);
  END LOOP;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION edit_log(), edit_number(), change_number() FROM PUBLIC;

-- Tables that are there already.
-- +goose StatementBegin
DO $$
DECLARE
  l        record;
  relation text;
BEGIN
  FOR l IN SELECT id, CASE WHEN schema ->> 'geometry' = 'none' THEN '' ELSE 'geom' END AS geometry_column FROM layer LOOP
    relation := format('%I.%I', current_schema(), l.id);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY', relation);
    PERFORM layer_follow(l.id, relation::regclass, 'id', l.geometry_column, true);
  END LOOP;
END
$$;
-- +goose StatementEnd
