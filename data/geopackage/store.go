package geopackage

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wangge/data"
	"wangge/spatial"
)

// connections is the most connections a store holds: four readers, one
// writer, one that watches.
const connections = 6

// pragmas of every connection: a write-ahead log, synced at every commit;
// foreign keys; five seconds of patience with another program's lock; 16 MB
// of cache.
var pragmas = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "cache_size(-16000)"}

// Store is one GeoPackage file. It implements [data.Store].
type Store struct {
	db      *sql.DB
	log     *slog.Logger
	path    string
	file    fs.FileInfo  // what stood at the path when the store was opened
	readers int          // connections of one load
	shape   atomic.Int64 // SQLite's counter of changes of the tables, when they last fitted
}

var _ data.Store = (*Store)(nil)

// Open opens the store in a file, or makes an empty one where there is no
// file. It refuses files of other makers and of newer versions of the
// program, files it may not write and directories that do not exist, with
// what to do about it.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	if err := checkFile(path); err != nil {
		return nil, err
	}
	if err := checkLogFile(ctx, path); err != nil {
		return nil, err
	}
	dsn, err := dsnOf(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c, err := newConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{db: sql.OpenDB(c), log: log, path: path, readers: min(runtime.GOMAXPROCS(0), connections-2)}
	s.db.SetMaxOpenConns(connections)
	s.db.SetMaxIdleConns(connections)
	if err := s.prepare(ctx); err != nil {
		_ = s.db.Close()
		return nil, err
	}
	s.checkpoint(ctx)
	if s.file, err = os.Stat(path); err != nil {
		_ = s.db.Close()
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return s, nil
}

// inPlace refuses to go on with a file that is no longer the one at the
// store's path: what is written to it would be lost.
func (s *Store) inPlace() error {
	if now, err := os.Stat(s.path); err == nil && os.SameFile(s.file, now) {
		return nil
	}
	return &spatial.InvalidError{Rule: "store_moved", Where: s.path, Detail: "the file was moved, removed or replaced while it was open",
		Fix: "put it back, or start the program again with the file that is there"}
}

func dsnOf(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String(), nil
}

// checkFile refuses what cannot be a store before SQLite touches it.
func checkFile(path string) error {
	refuse := func(detail, fix string) error {
		return &spatial.InvalidError{Rule: "store_file", Where: path, Detail: detail, Fix: fix}
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return refuse("the directory does not exist", "create it, or name another file")
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return refuse("the file is read-only here", "allow writing, or copy it to where you may write")
	case err != nil:
		return fmt.Errorf("open the store: %w", err)
	}
	defer file.Close()
	head, err := readHead(file, path)
	if head == nil || err != nil {
		return err
	}
	if id := binary.BigEndian.Uint32(head[68:]); id != 0 && id != 0x47504B47 {
		return refuse("the file is an SQLite database of another kind, not a GeoPackage", "name another file")
	}
	return nil
}

// readHead is the header of an SQLite database, nil for an empty file.
func readHead(file io.Reader, path string) ([]byte, error) {
	head := make([]byte, 100)
	n, err := io.ReadFull(file, head)
	if n == 0 && errors.Is(err, io.EOF) {
		return nil, nil
	}
	if n < len(head) || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return nil, &spatial.InvalidError{Rule: "store_file", Where: path, Detail: "the file is not a GeoPackage",
			Fix: "name another file; other formats come in with wangge import"}
	}
	return head, nil
}

// prepare makes an empty database a store and checks any other.
func (s *Store) prepare(ctx context.Context) error {
	return s.transact(ctx, func(t *tx) error {
		var tables, stores, found int
		if err := t.row("SELECT count(*), coalesce(sum(name = 'wangge_store'), 0) FROM sqlite_schema", &tables, &stores); err != nil {
			return err
		}
		if tables == 0 {
			s.log.Debug("making an empty store", "path", s.path)
			return errors.Join(t.exec(createGeoPackage), t.exec(createStore, format))
		}
		if stores == 0 {
			return &spatial.InvalidError{Rule: "store_file", Where: s.path, Detail: "the GeoPackage was made by another program",
				Fix: "name another file for the store and import the layers into it"}
		}
		if err := t.row("SELECT format FROM wangge_store", &found); err != nil {
			return err
		}
		if found > format {
			return &spatial.InvalidError{Rule: "store_newer", Where: s.path,
				Detail: fmt.Sprintf("the store has format %d, this program knows %d", found, format), Fix: "use a newer wangge"}
		}
		if found < format {
			s.log.Info("bringing the store to a newer format", "path", s.path, "from", found, "to", format)
			return t.upgrade()
		}
		return t.mend()
	})
}

// checkpoint writes the log back into the file, as far as other programs let
// it. GDAL wants the file's own header to say GeoPackage.
func (s *Store) checkpoint(ctx context.Context) {
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		s.log.Warn("the log was not written back", "path", s.path, "error", err)
	}
}

// Close writes the log into the file and releases it.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

const selectVersion = "SELECT version FROM wangge_store"

// Version reads the current version. An edit by another program raises it by
// the number of rows it touched.
func (s *Store) Version(ctx context.Context) (spatial.Version, error) {
	if err := s.inPlace(); err != nil {
		return 0, err
	}
	var v spatial.Version
	var shape int64
	err := s.db.QueryRowContext(ctx, "SELECT version, (SELECT schema_version FROM pragma_schema_version) FROM wangge_store").Scan(&v, &shape)
	if err == nil && s.shape.Load() != shape {
		err = s.checkShape(ctx, shape)
	}
	if err != nil {
		return 0, fmt.Errorf("version of %s: %w", s.path, s.explain(err))
	}
	return v, nil
}

// checkShape looks whether the tables still fit the layers, and remembers a
// shape that does.
func (s *Store) checkShape(ctx context.Context, shape int64) error {
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if _, err := r.layers(); err != nil {
		return err
	}
	s.shape.Store(shape)
	return nil
}

// write is transact on a file that is still in its place.
func (s *Store) write(ctx context.Context, f func(*tx) error) error {
	if err := s.inPlace(); err != nil {
		return err
	}
	return s.transact(ctx, f)
}

// transact runs f in a transaction that is the only writer's from its
// beginning. Whatever f or the commit refuses leaves no trace.
func (s *Store) transact(ctx context.Context, f func(*tx) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return s.explain(err)
	}
	defer conn.Close()
	t := &tx{ctx: ctx, conn: conn}
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return s.explain(err)
	}
	if err := f(t); err != nil {
		t.rollback()
		return s.explain(err)
	}
	return s.explain(t.commit())
}

// explain puts the plain cause before errors of the file itself.
func (s *Store) explain(err error) error { return explain(s.path, err) }

func explain(path string, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%s is locked by another program; end its edit session and try again: %w", path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%s cannot be written; its directory must be writable too: %w", path, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is damaged; restore it from a copy: %w", path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk of %s is full; nothing of this change was written: %w", path, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%s cannot be read or written, the disk may be full, at its limit or failing; nothing of this change was written: %w", path, err)
	}
	return err
}

// tx is a transaction on a connection of its own.
type tx struct {
	ctx  context.Context
	conn *sql.Conn
}

func (t *tx) exec(statement string, args ...any) error {
	_, err := t.conn.ExecContext(t.ctx, statement, args...)
	return err
}

func (t *tx) execAll(statements []string) error {
	for _, statement := range statements {
		if err := t.exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (t *tx) row(query string, dest ...any) error {
	return t.conn.QueryRowContext(t.ctx, query).Scan(dest...)
}

// texts are the values of a query with one column.
func (t *tx) texts(query string, args ...any) ([]string, error) {
	rows, err := t.conn.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// commit ends the transaction, whether or not the caller still waits, so that
// its outcome is never in doubt.
func (t *tx) commit() error {
	if err := t.ctx.Err(); err != nil {
		t.rollback()
		return err
	}
	t.ctx = context.WithoutCancel(t.ctx)
	err := t.exec("COMMIT")
	if err == nil {
		return nil
	}
	err = t.brokenReference(err)
	t.rollback()
	return err
}

// rollback undoes everything; a connection that cannot is thrown away.
func (t *tx) rollback() {
	t.ctx = context.WithoutCancel(t.ctx)
	if t.exec("ROLLBACK") != nil {
		_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}
