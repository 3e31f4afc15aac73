package postgis

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// patience is how long a server may take to answer a connection, unless the
// URL says otherwise.
const patience = 10 * time.Second

// idle is how long a connection may lie unused and be taken without a look
// whether the server has cut it since, as it does when it is restarted.
const idle = 50 * time.Millisecond

// Store is a data.Store in PostgreSQL.
type Store struct {
	pool   *pgxpool.Pool
	config *pgx.ConnConfig // of each connection; read-only
	schema string          // that the tables stand in
}

// Open connects to the database of a postgres:// URL and brings its tables up
// to date. The store stands in the first schema of the connection's search
// path, usually public, which is made if it is missing. The errors of a wrong
// password, a silent server, missing PostGIS or a newer store say what to do;
// none shows the password.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	schema, err := prepare(ctx, config.ConnConfig, log)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", target(config.ConnConfig), explainOpening(config.ConnConfig, err))
	}
	config.AfterConnect = registerGeometry
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > idle }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", target(config.ConnConfig), err)
	}
	return &Store{pool: pool, config: pool.Config().ConnConfig, schema: schema}, nil
}

// Exists says whether the database of a URL holds a store, and changes nothing
// there. Its errors are those of [Open].
func Exists(ctx context.Context, url string) (bool, error) {
	config, err := parse(url)
	if err != nil {
		return false, err
	}
	there, err := exists(ctx, config.ConnConfig)
	if err != nil {
		return false, fmt.Errorf("open the store %s: %w", target(config.ConnConfig), explainOpening(config.ConnConfig, err))
	}
	return there, nil
}

func exists(ctx context.Context, config *pgx.ConnConfig) (there bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "SELECT to_regclass(quote_ident(current_schema()) || '.store') IS NOT NULL").Scan(&there)
	return there, err
}

// Close ends all connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

func parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil { // whose text may hold parts of the password
		return nil, fmt.Errorf("the address of the store cannot be read: write postgres://user:password@host:5432/database, " +
			"with %%40 for @, %%3A for : and %%2F for / in the password")
	}
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = patience
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "wangge"
	}
	// An acknowledged commit is on disk, whatever the server's default is.
	c.RuntimeParams["synchronous_commit"] = "on"
	// Layers come and go under the same names, so no plan is kept for reuse.
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	return config, nil
}

// prepare makes the schema and the bookkeeping tables, and sets the search
// path of connections to come.
func prepare(ctx context.Context, config *pgx.ConnConfig, log *slog.Logger) (schema string, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if schema, err = ownSchema(ctx, conn); err != nil {
		return "", err
	}
	extension, err := extensionSchema(ctx, conn)
	if err != nil {
		return "", err
	}
	config.RuntimeParams["search_path"] = quote(schema) + ", " + quote(extension)
	return schema, migrate(ctx, conn, config, schema, log)
}

// ownSchema is the first schema of the search path, made if it is missing.
func ownSchema(ctx context.Context, conn *pgx.Conn) (string, error) {
	var current *string
	var path, user string
	const query = "SELECT current_schema(), current_setting('search_path'), current_user"
	if err := conn.QueryRow(ctx, query).Scan(&current, &path, &user); err != nil {
		return "", err
	}
	if first := firstOf(path); first != "$user" && (current == nil || first != *current) {
		_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(first))
		return first, err
	}
	if current == nil {
		return user, &openError{what: "the search path names no schema that exists", fix: "CREATE SCHEMA " + quote(user)}
	}
	return *current, nil
}

// firstOf is the first name of a search path.
func firstOf(path string) string {
	first, _, _ := strings.Cut(path, ",")
	return strings.ReplaceAll(strings.Trim(strings.TrimSpace(first), `"`), `""`, `"`)
}

// extensionSchema is where PostGIS is, or will be.
func extensionSchema(ctx context.Context, conn *pgx.Conn) (schema string, err error) {
	const query = `SELECT coalesce((SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'postgis'), 'postgis')`
	err = conn.QueryRow(ctx, query).Scan(&schema)
	return strings.Trim(schema, `"`), err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
