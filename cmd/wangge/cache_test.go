package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestRevalidatingCache puts nginx with the documented configuration in front
// of a service whose data somebody edits, and counts stale tiles: those that
// do not say what was said before they were asked for.
func TestRevalidatingCache(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("nginx is not installed")
		}
		t.Skip("nginx is not installed")
	}
	store := referenceDatabase(t)
	address := serve(t, store)
	front := nginx(t, address)
	house := buildingOf(t, address, 1640)
	tile := fmt.Sprintf("%s/tiles/grids,buildings/%v.mvt", front, house.tile)
	ctx, stop := context.WithCancel(t.Context())
	var edits, kept, asked, stale atomic.Int64
	var group sync.WaitGroup
	for client := range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				shown := edits.Load()
				said, from := numberIn(t, tile, client%2 == 0)
				asked.Add(1)
				if from == "REVALIDATED" {
					kept.Add(1)
				}
				if said < shown {
					stale.Add(1)
				}
			}
		})
	}
	conn, err := pgx.Connect(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for n := int64(1); n <= 6; n++ {
		if _, err := conn.Exec(t.Context(), "UPDATE buildings SET name = $1 WHERE id = $2", fmt.Sprintf("第%d次", n), house.id); err != nil {
			t.Fatal(err)
		}
		await(t, address, house, fmt.Sprintf("第%d次", n))
		edits.Store(n)
		time.Sleep(time.Second)
	}
	stop()
	group.Wait()
	if stale.Load() > 0 || kept.Load() == 0 {
		t.Errorf("of %d tiles %d were stale; %d came out of the cache after a question", asked.Load(), stale.Load(), kept.Load())
	}
	t.Logf("%d tiles, %d out of the cache after a question, %d stale", asked.Load(), kept.Load(), stale.Load())
}

var numbered = regexp.MustCompile(`第(\d+)次`)

// numberIn is the number of the edit that a tile shows, 0 for none yet, and
// what the cache says of it.
func numberIn(t *testing.T, tile string, compressed bool) (int64, string) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tile, nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	if !compressed {
		request.Header.Set("Accept-Encoding", "identity")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s: %v, %v", tile, response.Status, err)
		return 0, ""
	}
	if found := numbered.FindSubmatch(body); found != nil {
		n, _ := strconv.ParseInt(string(found[1]), 10, 64)
		return n, response.Header.Get("X-Cache")
	}
	return 0, response.Header.Get("X-Cache")
}

// nginx runs with docs/nginx.conf before a service and gives its own address.
func nginx(t *testing.T, address string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := free.Addr().String()
	_ = free.Close()
	conf := strings.NewReplacer("127.0.0.1:8080", strings.TrimPrefix(address, "http://"), "127.0.0.1:8081", front).Replace(string(text))
	if os.Getuid() == 0 {
		conf = "user root;\n" + conf // its workers may write where the test may
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-g", "daemon off;")
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", front); err == nil {
			_ = conn.Close()
			return "http://" + front
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not answer: %s", said.String())
		}
	}
}
