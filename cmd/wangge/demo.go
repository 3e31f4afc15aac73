package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"wangge/api/auth"
	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// Demo tokens let everybody at the keyboard try every role on synthetic data.
// Their secrets are kept in a file beside the store that only its owner can
// read, so that they are the same after a restart.

// demoToken is one of them.
type demoToken struct {
	adjustment.Actor
	secret string
}

// shownStreet is the street of the first proposer, if the store has it.
const shownStreet = "440303002"

// demoActors are those that get a token: each role, and proposers of two
// streets.
func demoActors(s *spatial.Snapshot) []adjustment.Actor {
	actors := []adjustment.Actor{{Role: adjustment.Reader}}
	for _, street := range twoStreets(s) {
		actors = append(actors, adjustment.Actor{Role: adjustment.Proposer, Street: street})
	}
	for _, role := range []adjustment.Role{adjustment.Reviewer, adjustment.Approver, adjustment.Admin} {
		actors = append(actors, adjustment.Actor{Role: role})
	}
	return actors
}

// twoStreets are the shown street and the one that comes after it, or else the
// first two.
func twoStreets(s *spatial.Snapshot) []string {
	layer, err := s.Layer("streets")
	if err != nil {
		return nil
	}
	var codes []string
	from := 0
	for f := range layer.All() {
		if f.Code() == shownStreet {
			from = len(codes)
		}
		codes = append(codes, f.Code())
	}
	return codes[from:min(from+2, len(codes))]
}

// demoTokens are the tokens of a store: those whose secrets are known and still
// good, and new ones, of which it gives the rows too.
func demoTokens(s *spatial.Snapshot, secrets []string, now time.Time) (tokens []demoToken, rows []spatial.Row, err error) {
	for _, actor := range demoActors(s) {
		if token, ok := knownToken(s, secrets, actor, now); ok {
			tokens = append(tokens, token)
			continue
		}
		actor.Name = freeName(s, actor)
		secret, row, err := auth.Issue(s, actor, now, time.Time{})
		if err != nil {
			return nil, nil, err
		}
		if s, err = s.Apply(auth.Put(s, row), s.Version()+1); err != nil {
			return nil, nil, err
		}
		tokens, rows = append(tokens, demoToken{actor, secret}), append(rows, row)
	}
	return tokens, rows, nil
}

func knownToken(s *spatial.Snapshot, secrets []string, like adjustment.Actor, now time.Time) (demoToken, bool) {
	for _, secret := range secrets {
		actor, err := auth.Identify(s, secret, now)
		if err == nil && actor.Role == like.Role && actor.Street == like.Street {
			return demoToken{actor, secret}, true
		}
	}
	return demoToken{}, false
}

// freeName is a name that no token has or had.
func freeName(s *spatial.Snapshot, a adjustment.Actor) string {
	taken := map[string]bool{}
	for _, t := range auth.List(s) {
		taken[t.Name] = true
	}
	plain := strings.TrimSuffix(fmt.Sprintf("demo-%s-%s", a.Role, a.Street), "-")
	name := plain
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", plain, n)
	}
	return name
}

// firstTokens are the demo tokens of a store that is about to be filled; their
// secrets are kept already.
func (c *serveCommand) firstTokens(from data.Source) ([]spatial.Row, error) {
	s := spatial.New(1)
	for _, schema := range from.Schemas() {
		if schema.ID != "streets" {
			continue
		}
		layer, err := spatial.NewLayer(schema, 1, from.Rows(schema.ID))
		if err != nil {
			return nil, err
		}
		s = spatial.New(1, layer)
	}
	tokens, rows, err := demoTokens(s, nil, time.Now())
	if err != nil {
		return nil, err
	}
	return rows, c.keepSecrets(tokens)
}

// tellDemoTokens prints the demo tokens of a synthetic store, made anew where
// they are not good any more.
func (c *serveCommand) tellDemoTokens(ctx context.Context, p *program, live *data.Live) error {
	synthetic := live.Current().Synthetic() && !auth.Withholds(live.Current())
	switch {
	case !c.Demo && !(c.own() && synthetic):
		return nil
	case !synthetic:
		return errors.New("--demo-tokens is only for a store of synthetic data; make tokens with: wangge token create")
	}
	secrets, err := c.secrets()
	if err != nil {
		return err
	}
	var tokens []demoToken
	changed := false
	_, err = live.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		all, rows, err := demoTokens(s, secrets, time.Now())
		if err != nil || len(rows) == 0 {
			tokens = all
			return spatial.Change{}, err
		}
		tokens, changed = all, true
		change := auth.Put(s, rows[0])
		change.Layers[0].Put, change.Note = rows, "demo tokens"
		return change, nil
	})
	if err == nil && changed {
		err = c.keepSecrets(tokens)
	}
	if err != nil {
		return fmt.Errorf("demo tokens: %w", err)
	}
	return c.print(p, tokens)
}

func (c *serveCommand) print(p *program, tokens []demoToken) error {
	fmt.Fprintf(p.out, "Demo tokens, good for this synthetic store only and kept in %s:\n", c.secretsFile())
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, t := range tokens {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", t.Role, t.Street, t.secret)
	}
	return table.Flush()
}

// secretsFile is beside the store; for a database, below ./var under a name
// made from the store's.
func (c *serveCommand) secretsFile() string {
	if !isPostgres(c.Store) {
		return c.Store + ".tokens"
	}
	sum := sha256.Sum256([]byte(c.name()))
	return filepath.Join("var", "postgres-"+hex.EncodeToString(sum[:4])+".tokens")
}

// secrets reads what the file keeps: a secret at the end of each line.
func (c *serveCommand) secrets() ([]string, error) {
	content, err := os.ReadFile(c.secretsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var secrets []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 0 {
			secrets = append(secrets, words[len(words)-1])
		}
	}
	return secrets, errors.Join(err, lines.Err())
}

// keepSecrets replaces the file as a whole.
func (c *serveCommand) keepSecrets(tokens []demoToken) error {
	var content bytes.Buffer
	for _, t := range tokens {
		fmt.Fprintln(&content, t.Name, t.secret)
	}
	if err := os.MkdirAll(filepath.Dir(c.secretsFile()), 0o755); err != nil {
		return fmt.Errorf("keep the secrets: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(c.secretsFile()), ".tokens-*") // only its owner can read it
	if err != nil {
		return fmt.Errorf("keep the secrets: %w", err)
	}
	_, err = file.Write(content.Bytes())
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), c.secretsFile())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep the secrets: %w", err), os.Remove(file.Name()))
	}
	return nil
}
