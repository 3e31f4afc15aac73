package geopackage_test

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"wangge/spatial"
)

// A limit on the size of files stands for a full disk.
func TestFullDisk(t *testing.T) {
	store, path := small(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var rows []spatial.Row
	for id := range int64(5000) {
		rows = append(rows, post(id+2, 114, 22))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 400_000, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := store.Commit(t.Context(), put(1, "posts", rows...))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(err.Error(), "full") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if n, v := count(t, store, "posts"), must(t, store); n != 1 || v != 1 {
		t.Errorf("%d posts at version %d", n, v)
	}
	commit(t, store, put(1, "posts", rows...))
	if got := ask(t, foreign(t, path), "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}
