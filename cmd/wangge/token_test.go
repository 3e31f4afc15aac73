package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/data"
	"wangge/spatial"
)

func TestExpiry(t *testing.T) {
	now := time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"": "0001-01-01T00:00:00Z", "90d": "2025-05-30T08:00:00Z", "12h": "2025-03-01T20:00:00Z", "2025-12-31": "2025-12-31T16:00:00Z",
	} {
		if got, err := parseExpiry(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %v %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"soon", "0d", "-1d", "d", "90", "99999d", "2025-13-01", "1e3d"} {
		if _, err := parseExpiry(text, now); err == nil || !strings.Contains(err.Error(), "90d") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTokens makes, lists and revokes tokens of a store that is being served:
// the server knows of each at once.
func TestTokens(t *testing.T) {
	store := referenceCopy(t)
	code, out, errOut := wangge(t, "token", "list", "--store", store)
	if code != 0 || !strings.Contains(out, "There are no tokens") {
		t.Errorf("none: %d %s%s", code, out, errOut)
	}
	address := serve(t, store)
	secret := create(t, store, "--role", "proposer", "--street", "440303002", "--name", "黄贝", "--expires", "90d")
	waitFor(t, address, secret, `{"name":"黄贝","role":"proposer","street":"440303002","sees_small_counts":true}`)
	other := create(t, store, "--role", "reviewer")
	waitFor(t, address, other, `"name":"reviewer-2"`)
	if code, out, errOut := wangge(t, "token", "revoke", "黄贝", "--store", store); code != 0 {
		t.Fatal(code, out, errOut)
	}
	waitFor(t, address, secret, `"status":401`)
	_, out, _ = wangge(t, "token", "list", "--store", store)
	if !regexp.MustCompile(`(?s)黄贝 +proposer +440303002 .* revoked .*reviewer-2 +reviewer .* valid`).MatchString(out) || strings.Contains(out, secret) || strings.Contains(out, other) {
		t.Errorf("the list is\n%s", out)
	}
	for _, name := range []string{store, store + "-wal"} {
		if content, err := os.ReadFile(name); err == nil && bytes.Contains(content, []byte(other[3:])) {
			t.Errorf("%s holds a secret", filepath.Base(name))
		}
	}
	for says, args := range map[string][]string{
		"use one of 440303001 桂园街道":   {"create", "--role", "proposer", "--street", "440303099"},
		"like 440303002":              {"create", "--role", "proposer"},
		"reader, proposer":            {"create", "--role", "boss"},
		"a token is or was called 黄贝": {"create", "--role", "reader", "--name", "黄贝"},
		"neither a time like 90d":     {"create", "--role", "reader", "--expires", "soon"},
		`token "nobody": not found`:   {"revoke", "nobody"},
		"it was revoked at":           {"revoke", "黄贝"},
	} {
		code, out, errOut := wangge(t, append(append([]string{"token"}, args...), "--store", store)...)
		if code != 1 || out != "" || !strings.Contains(errOut, says) {
			t.Errorf("%v: %d %s%s", args, code, out, errOut)
		}
	}
}

// create makes a token; only its secret goes to standard output.
func create(t testing.TB, store string, args ...string) string {
	t.Helper()
	code, out, errOut := wangge(t, append([]string{"token", "create", "--store", store}, args...)...)
	secret := strings.TrimSuffix(out, "\n")
	if code != 0 || !regexp.MustCompile(`^wg_[A-Za-z0-9_-]{43}$`).MatchString(secret) || strings.Contains(errOut, secret) {
		t.Fatalf("%d %q %s", code, out, errOut)
	}
	return secret
}

// waitFor asks who has a token until the answer has a part. A token that is
// not known may be tried twenty times.
func waitFor(t testing.TB, address, secret, part string) {
	t.Helper()
	var body string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		if body = whoami(t, address, secret); strings.Contains(body, part) {
			return
		}
	}
	t.Errorf("the server says %s, want %s", body, part)
}

func whoami(t testing.TB, address, secret string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// output is what a program has printed so far.
type output struct {
	sync.Mutex
	bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.Write(b)
}

func (o *output) text() string {
	o.Lock()
	defer o.Unlock()
	return o.String()
}

// demo serves with demo tokens until it has printed them, and a little on;
// it returns what ask does with them, line by line.
func demo(t testing.TB, store string, ask func(address string, secrets map[string]string)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var out, errOut output
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--store", store, "--demo-tokens", "--addr", "127.0.0.1:0"}, &out, &errOut)
	}()
	defer func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d: %s", code, errOut.text())
		}
		for _, line := range demoLine.FindAllStringSubmatch(out.text(), -1) {
			if strings.Contains(errOut.text(), line[3]) {
				t.Errorf("the log has a secret: %s", errOut.text())
			}
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		lines := demoLine.FindAllStringSubmatch(out.text(), -1)
		if len(lines) < 6 {
			continue
		}
		secrets := map[string]string{}
		for _, line := range lines {
			secrets[line[1]+line[2]] = line[3]
		}
		ask(servingAt.FindString(out.text()), secrets)
		return
	}
	t.Errorf("no demo tokens in\n%s", out.text())
}

var demoLine = regexp.MustCompile(`(?m)^  (\w+) +(\d*) *(wg_\S{43})$`)

// TestDemoTokens: they stay the same over restarts, until one is revoked.
func TestDemoTokens(t *testing.T) {
	store := referenceCopy(t)
	var first, second map[string]string
	demo(t, store, func(address string, secrets map[string]string) {
		first = secrets
		for who, want := range map[string]string{"reader": `"role":"reader"`, "proposer440303002": `"street":"440303002"`, "proposer440303003": `"street":"440303003"`,
			"reviewer": `"name":"demo-reviewer"`, "approver": `"role":"approver"`, "admin": `"role":"admin"`} {
			if got := whoami(t, address, secrets[who]); !strings.Contains(got, want) {
				t.Errorf("%s: %s", who, got)
			}
		}
	})
	info, err := os.Stat(store + ".tokens")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	demo(t, store, func(_ string, secrets map[string]string) { second = secrets })
	if fmt.Sprint(first) != fmt.Sprint(second) {
		t.Error("a restart makes other tokens")
	}
	if code, out, errOut := wangge(t, "token", "revoke", "demo-admin", "--store", store); code != 0 {
		t.Fatal(out, errOut)
	}
	demo(t, store, func(address string, secrets map[string]string) {
		if secrets["admin"] == first["admin"] || secrets["reviewer"] != first["reviewer"] {
			t.Error("want another admin and the same reviewer")
		}
		if got := whoami(t, address, secrets["admin"]); !strings.Contains(got, `"name":"demo-admin-2"`) {
			t.Error(got)
		}
	})
}

// TestDemoTokensAreForSyntheticData: not for a store that holds other data,
// even if asked for.
func TestDemoTokensAreForSyntheticData(t *testing.T) {
	store := filepath.Join(t.TempDir(), "real.gpkg")
	if code, _, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(errOut)
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("name,lon,lat\n甲,114.1,22.55\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := wangge(t, "import", "people", file, "--store", store); code != 0 {
		t.Fatal(errOut)
	}
	code, out, errOut := wangge(t, "serve", "--store", store, "--demo-tokens", "--addr", "127.0.0.1:0")
	if code != 1 || !strings.Contains(errOut, "only for a store of synthetic data") || strings.Contains(out, "wg_") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if _, err := os.Stat(store + ".tokens"); err == nil {
		t.Error("there is a file of secrets")
	}
}

// onlyStreets is a source of nothing else.
type onlyStreets struct{}

func (onlyStreets) Schemas() []*spatial.Schema {
	return []*spatial.Schema{{ID: "streets", Code: "code", Synthetic: true, Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText}}}}
}

func (onlyStreets) Rows(spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for i, code := range []string{"440303001", "440303002", "440303003"} {
			if !yield(spatial.Row{ID: int64(i + 1), Values: []spatial.Value{spatial.Text(code)}}, nil) {
				return
			}
		}
	}
}

var _ data.Source = onlyStreets{}

// TestFirstTokens: a store that serve makes knows its demo tokens from its
// first version on.
func TestFirstTokens(t *testing.T) {
	c := &serveCommand{storeFlag: storeFlag{Store: filepath.Join(t.TempDir(), "new", "luohu.gpkg")}}
	rows, err := c.firstTokens(onlyStreets{})
	if err != nil || len(rows) != 6 {
		t.Fatal(len(rows), err)
	}
	secrets, err := c.secrets()
	if err != nil || len(secrets) != 6 {
		t.Error(len(secrets), err)
	}
	kept := withBookkeeping(onlyStreets{}, rows)
	for _, schema := range kept.Schemas() {
		n := 0
		for row, err := range kept.Rows(schema.ID) {
			if n++; err != nil || schema.ValidateRow(row) != nil {
				t.Error(schema.ID, row, err, schema.ValidateRow(row))
			}
		}
		if want := map[spatial.LayerID]int{"streets": 3, "tokens": 6}[schema.ID]; n != want || (schema.ID != "streets") != schema.Internal {
			t.Errorf("%s: %d rows, want %d", schema.ID, n, want)
		}
	}
}
