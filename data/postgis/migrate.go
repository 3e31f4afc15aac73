package postgis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wangge/migrations"
)

// migrate runs the migrations that the schema lacks, one program at a time.
func migrate(ctx context.Context, conn *pgx.Conn, config *pgx.ConnConfig, schema string, log *slog.Logger) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	// Try once a second, for five minutes: another program may be migrating.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files,
		goose.WithTableName("migration"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	current, err := migrated(ctx, conn, schema)
	switch {
	case err != nil || current == newest:
		return err
	case current > newest:
		return &openError{what: fmt.Sprintf("the store is of a newer program: its tables are at migration %d, this program knows %d", current, newest),
			fix: "use that newer program, or another database"}
	}
	return runMigrations(ctx, provider, log)
}

func runMigrations(ctx context.Context, provider *goose.Provider, log *slog.Logger) error {
	done, err := provider.Up(ctx)
	if err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			return fmt.Errorf("migration %d: %w", partial.Failed.Source.Version, partial.Err)
		}
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		log.Info("migrated the store", "migration", m.Source.Version, "took", m.Duration)
	}
	return nil
}

// migrated is the number of the last migration in the schema, 0 before the
// first.
func migrated(ctx context.Context, conn *pgx.Conn, schema string) (version int64, err error) {
	table := pgx.Identifier{schema, "migration"}.Sanitize()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+table).Scan(&version)
	return version, err
}
