-- Partitions keep without gap and overlap whoever edits their tables. What a
-- statement replaces is noted; at the end of the transaction a deferred
-- trigger proves the result: the boundary chain of the rows touched, in which
-- a segment run through both ways cancels out, must be what it was. Then the
-- valid polygons cover every place as often as before, which is once. That each is
-- valid is a constraint of its table.
--
-- A transaction of the service is proved before it is sent, and says so:
-- SET LOCAL wangge.proved = 'on'. That is believed of who may write to the
-- bookkeeping anyway.

-- +goose Up

SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

CREATE TABLE guard (
  tx    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  layer text NOT NULL,
  id    bigint NOT NULL,
  row   jsonb,
  geom  geometry,
  PRIMARY KEY (tx, layer, id)
);
COMMENT ON TABLE guard IS 'rows of partitions as they were before a transaction under way; empty otherwise';
COMMENT ON COLUMN guard.row IS 'codes of the row: its own and those it refers to; null if there was none';

-- guard_fields(layer) are the fields of a partition that hold codes of it or
-- of others.
CREATE FUNCTION guard_fields(wanted text) RETURNS text[] LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT array_agg(f ->> 'name') FROM layer, jsonb_array_elements(schema -> 'fields') AS f
  WHERE id = wanted AND (f ->> 'name' = schema ->> 'code' OR f ? 'references')
$$;

-- guard_note(layer) notes what a statement replaces, where it matters.
-- +goose StatementBegin
CREATE FUNCTION guard_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  codes text;
BEGIN
  IF current_setting('wangge.proved', true) = 'on' AND pg_has_role(session_user, current_user, 'MEMBER') THEN
    RETURN NULL;
  END IF;
  SELECT 'jsonb_build_object(' || string_agg(format('%L, o.%I', f, f), ', ') || ')' INTO codes FROM unnest(guard_fields(TG_ARGV[0])) AS f;
  IF TG_OP = 'UPDATE' THEN
    EXECUTE format('INSERT INTO guard (layer, id, row, geom) SELECT %L, o.id, %s, o.geom FROM old_rows AS o LEFT JOIN new_rows AS n ON n.id = o.id
      WHERE n.id IS NULL OR o.geom::bytea IS DISTINCT FROM n.geom::bytea OR %s IS DISTINCT FROM %s ON CONFLICT DO NOTHING',
      TG_ARGV[0], codes, codes, replace(codes, ' o.', ' n.'));
    EXECUTE format('INSERT INTO guard (layer, id) SELECT %L, n.id FROM new_rows AS n LEFT JOIN old_rows AS o ON n.id = o.id
      WHERE o.id IS NULL ON CONFLICT DO NOTHING', TG_ARGV[0]);
  ELSIF TG_OP = 'DELETE' THEN
    EXECUTE format('INSERT INTO guard (layer, id, row, geom) SELECT %L, o.id, %s, o.geom FROM old_rows AS o ON CONFLICT DO NOTHING', TG_ARGV[0], codes);
  ELSIF TG_OP = 'INSERT' THEN
    EXECUTE format('INSERT INTO guard (layer, id) SELECT %L, n.id FROM new_rows AS n ON CONFLICT DO NOTHING', TG_ARGV[0]);
  ELSE
    RAISE EXCEPTION 'the layer % is a partition and cannot be emptied', TG_ARGV[0]
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_ARGV[0] || '_partition', HINT = 'use wangge import --replace';
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

-- guard_chain(areas) is the boundary chain of areas on the lattice of 10⁻⁹
-- degree, on which the service puts them: each segment once, with how often it is
-- run through from its lesser end, less how often the other way.
CREATE FUNCTION guard_chain(areas geometry[]) RETURNS TABLE (ax bigint, ay bigint, bx bigint, by bigint, n bigint)
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
  SELECT least_x, least_y, most_x, most_y, sum(direction) FROM (
    SELECT CASE WHEN forward THEN x1 ELSE x2 END AS least_x, CASE WHEN forward THEN y1 ELSE y2 END AS least_y,
           CASE WHEN forward THEN x2 ELSE x1 END AS most_x, CASE WHEN forward THEN y2 ELSE y1 END AS most_y,
           CASE WHEN forward THEN 1 ELSE -1 END AS direction
    FROM (SELECT x1, y1, x2, y2, (x1, y1) < (x2, y2) AS forward
          FROM (SELECT round(ST_X(p) * 1e9)::bigint AS x1, round(ST_Y(p) * 1e9)::bigint AS y1, round(ST_X(q) * 1e9)::bigint AS x2, round(ST_Y(q) * 1e9)::bigint AS y2
                FROM unnest(areas) AS area, ST_DumpSegments(ST_ForcePolygonCCW(area)) AS segment,
                     LATERAL (SELECT ST_StartPoint(segment.geom) AS p, ST_EndPoint(segment.geom) AS q) AS ends) AS s
          WHERE (x1, y1) <> (x2, y2)) AS d) AS c
  GROUP BY least_x, least_y, most_x, most_y HAVING sum(direction) <> 0
$$;

-- guard_refuse says what is wrong, where, and what to do.
-- +goose StatementBegin
CREATE FUNCTION guard_refuse(rule text, what text, lon float8, lat float8) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION '%, at % %', what, lon, lat USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = rule,
    HINT = 'Change all areas that share the edge, and those they make up, in one transaction with identical vertices (topological editing), or redraw the boundary on the map page or with wangge reassign, which does so.';
END
$$;
-- +goose StatementEnd

-- guard_prove(layer) proves what this transaction made of a layer.
-- +goose StatementBegin
CREATE FUNCTION guard_prove(wanted text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  mine   xid8 := pg_current_xact_id();
  code   text;
  before geometry[];
  after  geometry[];
  fault  record;
  near   text;
  filled boolean;
BEGIN
  SELECT schema ->> 'code' INTO code FROM layer WHERE id = wanted;
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM guard WHERE tx = $1 AND layer = %1$L AND row IS NOT NULL)
    AND NOT EXISTS (SELECT FROM %1$I WHERE id NOT IN (SELECT id FROM guard WHERE tx = $1 AND layer = %1$L))', wanted) INTO filled USING mine;
  IF filled THEN
    RETURN; -- for the first time: proved by who reads it
  END IF;
  SELECT array_agg(geom) INTO before FROM guard WHERE tx = mine AND layer = wanted AND geom IS NOT NULL;
  EXECUTE format('SELECT array_agg(t.geom) FROM %I AS t JOIN guard USING (id) WHERE tx = $1 AND guard.layer = %L', wanted, wanted) INTO after USING mine;
  EXECUTE format('SELECT t.%I FROM %I AS t JOIN guard USING (id) WHERE tx = $1 AND guard.layer = %L AND t.geom IS NULL LIMIT 1', code, wanted, wanted) INTO near USING mine;
  IF near IS NOT NULL THEN
    RAISE EXCEPTION '% % has no area', wanted, near USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = wanted || '_partition', HINT = 'Give it one, or delete it.';
  END IF;
  SELECT INTO fault ax, ay, sum(n) AS n FROM (SELECT * FROM guard_chain(before) UNION ALL SELECT ax, ay, bx, by, -n FROM guard_chain(after)) AS chains
    GROUP BY ax, ay, bx, by HAVING sum(n) <> 0 LIMIT 1;
  IF FOUND THEN
    EXECUTE format('SELECT string_agg(t.%I, '', '' ORDER BY t.%I) FROM %I AS t WHERE ST_Intersects(t.geom, ST_SetSRID(ST_Point($1, $2), 4490))', code, code, wanted)
      INTO near USING fault.ax / 1e9, fault.ay / 1e9;
    PERFORM guard_refuse(wanted || '_partition', format('the edit leaves a gap or an overlap between areas of %s (%s)', wanted, coalesce(near, 'none is there')), fault.ax / 1e9, fault.ay / 1e9);
  END IF;
END
$$;
-- +goose StatementEnd

-- guard_nested(layer) proves that touched areas still make up, and are made up
-- of, the areas of the levels above and below.
-- +goose StatementBegin
CREATE FUNCTION guard_nested(children text, field text, parents text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  mine  xid8 := pg_current_xact_id();
  code  text;
  codes text[];
  fault record;
BEGIN
  SELECT schema ->> 'code' INTO code FROM layer WHERE id = parents;
  EXECUTE format('SELECT array_agg(DISTINCT code) FROM (
      SELECT row ->> %1$L AS code FROM guard WHERE tx = $1 AND layer = %2$L
      UNION SELECT c.%1$I FROM %2$I AS c JOIN guard USING (id) WHERE tx = $1 AND layer = %2$L
      UNION SELECT row ->> %4$L FROM guard WHERE tx = $1 AND layer = %3$L
      UNION SELECT p.%4$I FROM %3$I AS p JOIN guard USING (id) WHERE tx = $1 AND layer = %3$L) AS touched', field, children, parents, code)
    INTO codes USING mine;
  EXECUTE format('SELECT code, ax, ay FROM (
      SELECT code, (guard_chain(areas)).* FROM (SELECT %1$I AS code, array_agg(geom) AS areas FROM %2$I WHERE %1$I = ANY ($1) GROUP BY 1) AS c
      UNION ALL
      SELECT code, ax, ay, bx, by, -n FROM (SELECT %4$I AS code, (guard_chain(ARRAY[geom])).* FROM %3$I WHERE %4$I = ANY ($1)) AS p) AS both_levels
    GROUP BY code, ax, ay, bx, by HAVING sum(n) <> 0 LIMIT 1', field, children, parents, code) INTO fault USING codes;
  IF fault.code IS NOT NULL THEN
    PERFORM guard_refuse(children || '_' || field || '_nested', format('%s %s is not what its %s make up', parents, fault.code, children), fault.ax / 1e9, fault.ay / 1e9);
  END IF;
END
$$;
-- +goose StatementEnd

-- guard_located(layer, field, areas) proves that what refers to touched areas
-- stands in them.
-- +goose StatementBegin
CREATE FUNCTION guard_located(inside text, field text, areas text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  code  text;
  fault record;
BEGIN
  SELECT schema ->> 'code' INTO code FROM layer WHERE id = areas;
  EXECUTE format('SELECT f.id, a.%3$I AS code, ST_X(ST_PointOnSurface(f.geom)) AS lon, ST_Y(ST_PointOnSurface(f.geom)) AS lat
    FROM guard JOIN %2$I AS a ON a.id = guard.id JOIN %1$I AS f ON f.%4$I = a.%3$I
    WHERE guard.tx = $1 AND guard.layer = %2$L AND NOT ST_Intersects(a.geom, ST_PointOnSurface(f.geom)) LIMIT 1', inside, areas, code, field)
    INTO fault USING pg_current_xact_id();
  IF fault.id IS NOT NULL THEN
    PERFORM guard_refuse(inside || '_' || field || '_located', format('%s %s does not stand in %s %s, which it refers to', inside, fault.id, areas, fault.code), fault.lon, fault.lat);
  END IF;
END
$$;
-- +goose StatementEnd

-- guard_end proves all that the transaction touched, once.
-- +goose StatementBegin
CREATE FUNCTION guard_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  mine    xid8 := pg_current_xact_id();
  touched text[] := array(SELECT DISTINCT layer FROM guard WHERE tx = mine);
  level   record;
BEGIN
  IF touched = '{}' THEN
    RETURN NULL;
  END IF;
  PERFORM guard_prove(t) FROM unnest(touched) AS t;
  FOR level IN
    SELECT l.id AS lower, f ->> 'name' AS field, above.id AS upper, coalesce((l.schema ->> 'partition')::boolean, false) AS nested, l.schema ->> 'geometry' AS kind
    FROM layer AS l, jsonb_array_elements(l.schema -> 'fields') AS f JOIN layer AS above ON above.id = f ->> 'references'
    WHERE coalesce((above.schema ->> 'partition')::boolean, false) AND l.mapping IS NULL AND above.mapping IS NULL
      AND (l.id = ANY (touched) OR above.id = ANY (touched))
  LOOP
    IF level.nested THEN
      PERFORM guard_nested(level.lower, level.field, level.upper);
    ELSIF level.kind <> 'none' AND level.upper = ANY (touched) THEN
      PERFORM guard_located(level.lower, level.field, level.upper);
    END IF;
  END LOOP;
  DELETE FROM guard WHERE tx = mine;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER guard_end AFTER INSERT ON guard
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION guard_end();

-- layer_guard has the edits of a partition's table proved.
-- +goose StatementBegin
CREATE FUNCTION layer_guard(layer text, relation regclass) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  event  text;
  tables text;
BEGIN
  FOR event, tables IN VALUES ('insert', 'REFERENCING NEW TABLE AS new_rows'), ('delete', 'REFERENCING OLD TABLE AS old_rows'),
      ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('truncate', '') LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION guard_note(%L)',
      'guard_' || event || '_' || layer, event, relation, tables, layer);
  END LOOP;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION guard_note(), guard_end(), guard_prove(text), guard_nested(text, text, text), guard_located(text, text, text) FROM PUBLIC;

-- Tables that are there already.
-- +goose StatementBegin
DO $$
DECLARE
  l record;
BEGIN
  FOR l IN SELECT id FROM layer WHERE mapping IS NULL AND coalesce((schema ->> 'partition')::boolean, false) AND schema ->> 'code' <> '' LOOP
    PERFORM layer_guard(l.id, format('%I.%I', current_schema(), l.id)::regclass);
  END LOOP;
END
$$;
-- +goose StatementEnd
