package postgis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"wangge/spatial"
)

// The SQLSTATE codes of what may befall a store in use.
const (
	notSerializable = "40001"
	deadlocked      = "40P01"
	locked          = "55P03"
	readOnly        = "25006"
	cancelled       = "57014"
	shutDown        = "57P01"
	crashed         = "57P02"
	diskFull        = "53100"
	outOfMemory     = "53200"
	brokenDisk      = "58030"
	noColumn        = "42703"
	noTable         = "42P01"
	noType          = "42704"
)

// explain adds to an error of a store in use what to do about it. What another
// client's locks prevented is spatial.ErrConflict. Rules, conflicts and the
// caller's own impatience are left as they are.
func (s *Store) explain(ctx context.Context, err error) error {
	var known *openError
	var broken *spatial.InvalidError
	if err == nil || ctx.Err() != nil || errors.As(err, &known) || errors.As(err, &broken) {
		return err
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return s.explainCode(refused, err)
	}
	var silent *pgconn.ConnectError
	var cut *net.OpError
	if errors.As(err, &silent) || errors.As(err, &cut) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return s.lost(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return s.lost(err)
	}
	return err
}

func (s *Store) explainCode(refused *pgconn.PgError, err error) error {
	switch refused.Code {
	case notSerializable, deadlocked, locked:
		return fmt.Errorf("another client holds what is to be written (%w): %w", err, spatial.ErrConflict)
	case readOnly:
		return explainReadOnly(s.config, err)
	case cancelled:
		return &openError{"the server broke off a statement that took too long", "raise it with: ALTER ROLE … SET statement_timeout = …", err}
	case diskFull:
		return &openError{"the disk of the database server is full; nothing was written", "make room there", err}
	case outOfMemory:
		return &openError{"the database server is out of memory; nothing was written", "lower its work_mem, or give it more", err}
	case brokenDisk:
		return &openError{"the database server cannot read or write its disk", "look at its log", err}
	case shutDown, crashed, startingUp:
		return s.lost(err)
	case noPrivilege:
		return &openError{"the user of " + s.target() + " lacks a right", "let the tables belong to that user, or grant it the right", err}
	case noType:
		return &openError{"PostGIS is missing from " + s.target() + ", or its schema is closed to the store's user",
			"let the owner of the database run: CREATE EXTENSION postgis SCHEMA postgis; GRANT USAGE ON SCHEMA postgis TO PUBLIC", err}
	case wrongPassword, wrongAuthorization, unknownDatabase, tooManyClients:
		return explainRefusal(s.config, refused, err)
	case noTable, noColumn:
		return &openError{"a table of " + s.target() + " is not as this program made it, or is gone", "restore it; or if it is mapped, map it anew after: wangge map --remove LAYER", err}
	}
	return err
}

func (s *Store) lost(err error) error {
	return &openError{"the connection to " + s.target() + " was lost", "see whether the server runs and can be reached", err}
}

func (s *Store) target() string { return target(s.config) }
