package postgis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// openError says why a store does not open, and what to do about it.
type openError struct {
	what, fix string
	cause     error
}

func (e *openError) Error() string {
	text := e.what + "; " + e.fix
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *openError) Unwrap() error { return e.cause }

// target names a database as its URL does, without the password.
func target(c *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", User: url.User(c.User), Path: "/" + c.Database}
	if c.Host == "" || c.Host[0] != '/' {
		u.Host = net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
		return u.String()
	}
	return u.String() + "?host=" + c.Host + "&port=" + fmt.Sprint(c.Port)
}

// The SQLSTATE codes that have an explanation.
const (
	wrongPassword      = "28P01"
	wrongAuthorization = "28000"
	unknownDatabase    = "3D000"
	startingUp         = "57P03"
	tooManyClients     = "53300"
	noPrivilege        = "42501"
	notAvailable       = "0A000"
	fileMissing        = "58P01"
)

// explainOpening adds what to do about an error of opening.
func explainOpening(c *pgx.ConnConfig, err error) error {
	var known *openError
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return explainRefusal(c, refused, err)
	}
	var silent *pgconn.ConnectError
	if errors.As(err, &silent) {
		return &openError{fmt.Sprintf("no PostgreSQL answers at %s port %d", c.Host, c.Port),
			"start it there, or correct host and port in the store's address", err}
	}
	return err
}

func explainRefusal(c *pgx.ConnConfig, refused *pgconn.PgError, err error) error {
	switch refused.Code {
	case wrongPassword:
		return &openError{fmt.Sprintf("the password of user %q is wrong or missing", c.User),
			"give it in the store's address, in the variable PGPASSWORD or in ~/.pgpass", err}
	case wrongAuthorization:
		return &openError{fmt.Sprintf("the server does not let user %q in", c.User),
			"create the role, or allow it in the server's pg_hba.conf", err}
	case unknownDatabase:
		return &openError{fmt.Sprintf("there is no database %q", c.Database), "create it with createdb, or correct the name", err}
	case readOnly:
		return explainReadOnly(c, err)
	case startingUp:
		return &openError{"the server is starting or stopping", "try again in a moment", err}
	case tooManyClients:
		return &openError{"the server has no connection to spare", "raise its max_connections, or stop other clients", err}
	case noPrivilege:
		return &openError{fmt.Sprintf("user %q may not create what the store needs in database %q", c.User, c.Database),
			"let the owner of the database run: CREATE SCHEMA IF NOT EXISTS postgis; CREATE EXTENSION postgis SCHEMA postgis; " +
				"GRANT USAGE ON SCHEMA postgis TO PUBLIC; GRANT CREATE ON DATABASE … and ON SCHEMA … to this user", err}
	case notAvailable, fileMissing:
		return &openError{"PostGIS is not installed on the database server",
			"install it there; on Debian: apt-get install postgresql-postgis", err}
	}
	return err
}

func explainReadOnly(c *pgx.ConnConfig, err error) error {
	return &openError{"the database " + target(c) + " is read-only", "if it is a standby, name the primary server in the store's address; " +
		"otherwise look at its default_transaction_read_only", err}
}
