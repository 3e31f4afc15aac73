package ledger_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wangge/data/ledger"
	"wangge/data/postgis"
	"wangge/data/postgis/postgistest"
	"wangge/spatial/adjustment"
)

// TestSeveredApply cuts the connection after each message that putting an
// adjustment into effect sends to PostgreSQL: the server gets it, and its
// answer is lost. Each time the adjustment is in effect, with its audit, or
// not at all, and the same request made again leads to its being so, once.
// Without WANGGE_SOAK=1 only some of the messages are tried.
func TestSeveredApply(t *testing.T) {
	place, wire := proxied(t, postgistest.URL(t))
	store, err := postgis.Open(t.Context(), place, quiet)
	if err != nil {
		t.Fatal(err)
	}
	d := settle(t, store)
	stride := 10
	if os.Getenv("WANGGE_SOAK") != "" {
		stride = 1
	}
	d.messages(wire) // the first ones make layers
	written, all := 0, max(d.messages(wire), d.messages(wire))
	for n := 1; n <= all; n++ {
		if n%stride > 0 && n < all-5 {
			continue
		}
		a := d.next()
		d.approved(a.ID)
		request := ledger.Request{Actor: ann, Key: fmt.Sprint("apply ", n)}
		wire.cutAfter(n)
		_, failed := d.Do(t.Context(), request, a.ID, ledger.Move{Action: adjustment.Apply})
		if !wire.cut() { // this time there were fewer
			if failed != nil {
				t.Fatal(failed)
			}
			continue
		}
		if now, err := ledger.Find(reopen(t, store).live.Current(), a.ID); err == nil && now.Status == adjustment.Applied {
			written++
		}
		checkWhole(reopen(t, store), 0)
		done, err := d.Do(t.Context(), request, a.ID, ledger.Move{Action: adjustment.Apply})
		if err != nil || done.Status != adjustment.Applied {
			t.Fatalf("after message %d: %v; again: %s, %v", n, failed, done.Status, err)
		}
		checkWhole(reopen(t, store), a.ID)
	}
	t.Logf("%d messages, %d times in effect though the connection was lost", all, written)
	if written == 0 {
		t.Error("no connection was lost after the commit")
	}
}

// messages counts those of putting an adjustment into effect.
func (d *desk) messages(w *wire) int {
	d.t.Helper()
	const many = 1 << 20
	a := d.next()
	d.approved(a.ID)
	w.cutAfter(many)
	d.do(ann, a.ID, adjustment.Apply)
	w.mu.Lock()
	defer w.mu.Unlock()
	return many - w.left
}

// wire is between a client and PostgreSQL.
type wire struct {
	mu      sync.Mutex
	left    int // messages until it is cut; 0: never
	severed bool
}

func (w *wire) cutAfter(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.severed = n, false
}

// cut says whether it was, and no longer does so.
func (w *wire) cut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = 0
	return w.severed
}

// last says whether a message is the last one before the cut.
func (w *wire) last() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 {
		return false
	}
	w.left--
	w.severed = w.left == 0
	return w.severed
}

// proxied is the URL of a database by way of a wire that can be cut.
func proxied(t *testing.T, base string) (string, *wire) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	socket := query.Get("host")
	if socket == "" {
		t.Skip("the server has no socket")
	}
	port := query.Get("port")
	if port == "" {
		port = "5432"
	}
	dir, err := os.MkdirTemp("", "wire") // short, as paths of sockets must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := ".s.PGSQL." + port
	listener, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &wire{}
	go w.serve(listener, filepath.Join(socket, name))
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	return u.String(), w
}

func (w *wire) serve(listener net.Listener, socket string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", socket)
		if err != nil {
			_ = client.Close()
			continue
		}
		go w.answers(client, server)
		go w.messages(client, server)
	}
}

// answers passes on what the server says.
func (w *wire) answers(client, server net.Conn) {
	_, _ = io.Copy(client, server)
	_ = client.Close()
}

// messages passes on what the client says, one message after another: the
// first without a type, then a byte for the type, and the length of the rest.
func (w *wire) messages(client, server net.Conn) {
	defer server.Close()
	defer client.Close()
	for typed := false; ; typed = true {
		message, err := readMessage(client, typed)
		if err != nil {
			return
		}
		last := typed && w.last()
		if last {
			_ = client.Close()
		}
		if _, err := server.Write(message); err != nil {
			return
		}
		if last {
			time.Sleep(20 * time.Millisecond) // for the server to act on it
			return
		}
	}
}

func readMessage(from io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4)
	if typed {
		head = make([]byte, 5)
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	message := make([]byte, len(head)-4+int(binary.BigEndian.Uint32(head[len(head)-4:])))
	copy(message, head)
	_, err := io.ReadFull(from, message[len(head):])
	return message, err
}
