-- PostGIS, in a schema of its own so that the store's schema holds nothing but
-- the store. A database that has the extension elsewhere keeps it there.

-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis') THEN
    CREATE SCHEMA IF NOT EXISTS postgis;
    CREATE EXTENSION postgis WITH SCHEMA postgis;
    GRANT USAGE ON SCHEMA postgis TO PUBLIC;
  END IF;
END
$$;
-- +goose StatementEnd
