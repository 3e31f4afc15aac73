package postgis

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if errors.Is(err, spatial.ErrConflict) {
		t.Errorf("%q is a conflict", err)
	}
}

// TestCommitBefallen: what the server cannot do is said once, with what to do.
func TestCommitBefallen(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	change := edit("wards", ward(1, "01", nil))
	commit := func(store interface{ Close() error }) error {
		_, err := store.(*Store).Commit(t.Context(), change)
		return err
	}
	t.Run("read-only", func(t *testing.T) {
		wantWords(t, commit(open(t, url+"&default_transaction_read_only=on")), "commit: the database postgres://wangge@", "is read-only", "primary server")
	})
	t.Run("too slow", func(t *testing.T) {
		exec(t, conn, "BEGIN", "UPDATE wards SET men = 1 WHERE id = 1")
		wantWords(t, commit(open(t, url+"&statement_timeout=100")), "took too long", "statement_timeout")
		exec(t, conn, "ROLLBACK")
	})
	t.Run("killed", func(t *testing.T) {
		exec(t, conn, "BEGIN", "UPDATE wards SET men = 1 WHERE id = 1")
		done := make(chan error)
		go func() { done <- commit(store) }()
		awaitBlocked(t, url, conn)
		exec(t, conn, fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE %d = ANY (pg_blocking_pids(pid))", conn.PgConn().PID()), "ROLLBACK")
		wantWords(t, <-done, "connection to postgres://wangge@", "was lost")
	})
	for code, words := range map[string]string{diskFull: "is full", outOfMemory: "out of memory", brokenDisk: "cannot read or write its disk", noPrivilege: "lacks a right"} {
		t.Run(words, func(t *testing.T) {
			exec(t, conn, "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '"+code+"'; END $$",
				"CREATE TRIGGER fail BEFORE DELETE ON wards EXECUTE FUNCTION fail()")
			wantWords(t, commit(store), words)
			exec(t, conn, "DROP FUNCTION fail CASCADE")
		})
	}
	if version, err := store.Version(t.Context()); version != 1 || err != nil {
		t.Errorf("version %d, %v", version, err)
	}
	if err := commit(store); err != nil {
		t.Error(err)
	}
}

// TestRestartedServer: a store outlives its server's restart.
func TestRestartedServer(t *testing.T) {
	url, dir := postgistest.Hold(t, "", "fsync = off\n")
	store := open(t, url)
	_, ended := watched(t, store)
	postgistest.Cluster(t, "stop", dir)
	wantWords(t, <-ended, "watch the store postgres://wangge@/wangge", "was lost")
	if _, err := store.Load(t.Context()); err == nil || strings.Count(err.Error(), "load") > 0 {
		t.Errorf("load: %v", err)
	}
	_, err := store.Version(t.Context())
	wantWords(t, err, "read the version of postgres://wangge@/wangge", "was lost", "can be reached")
	postgistest.Cluster(t, "start", dir)
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		version, err := store.Commit(t.Context(), spatial.Change{})
		if err == nil && version == 1 {
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal(err)
		}
	}
	watched(t, store)
}
