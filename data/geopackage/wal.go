package geopackage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"wangge/spatial"
)

// checkLogFile refuses a file with a write-ahead log beside it that is not
// its own, as a copy has that was put where another file was. SQLite would
// take the log's pages for the file's and spoil both. The two are read
// together, without writing to either; after a program was killed, which
// leaves its log behind, that is the price of the next start.
func checkLogFile(ctx context.Context, path string) error {
	info, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	state, together := soundness(ctx, path, "mode=ro")
	before, alone := soundness(ctx, path, "immutable=1&mode=ro")
	if together == nil && (alone != nil || state >= before) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if busy(together) {
		return explain(path, together)
	}
	if alone != nil {
		return &spatial.InvalidError{Rule: "store_damaged", Where: path, Detail: fmt.Sprintf("the file is damaged: %v", together), Fix: "restore it from a copy"}
	}
	return &spatial.InvalidError{Rule: "store_log", Where: path + "-wal",
		Detail: "this log of unfinished writes belongs to another file than " + filepath.Base(path) + ", which is sound without it",
		Fix:    "if the file was copied to where another had been, move the files ending in -wal and -shm away and start again; keep them until you know that nothing is missing"}
}

// soundness is the version of a file, or its first fault.
func soundness(ctx context.Context, path, options string) (version spatial.Version, fault error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: options + "&_pragma=busy_timeout(5000)"}
	c, err := newConnector(u.String())
	if err != nil {
		return 0, err
	}
	db := sql.OpenDB(c)
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return 0, err
	}
	if verdict != "ok" {
		return 0, errors.New(verdict)
	}
	_ = db.QueryRowContext(ctx, selectVersion).Scan(&version) // 0 in a file that is no store yet
	return version, nil
}
