package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wangge/api/auth"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

var now = time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)

// streets is a store with one street and no tokens.
func streets(t testing.TB) *spatial.Snapshot {
	t.Helper()
	schema := &spatial.Schema{ID: "streets", Code: "code", Label: "name",
		Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText}, {Name: "name", Type: spatial.TypeText}}}
	return spatial.New(1, made(t, schema, []spatial.Value{spatial.Text("440303002"), spatial.Text("黄贝街道")}))
}

// made is a layer of rows without geometry, numbered from 1.
func made(t testing.TB, schema *spatial.Schema, rows ...[]spatial.Value) *spatial.Layer {
	t.Helper()
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, values := range rows {
			if !yield(spatial.Row{ID: int64(i + 1), Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func put(t testing.TB, s *spatial.Snapshot, row spatial.Row) *spatial.Snapshot {
	t.Helper()
	if err := auth.Schema().ValidateRow(row); err != nil {
		t.Fatal(err)
	}
	next, err := s.Apply(auth.Put(s, row), s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func issue(t testing.TB, s *spatial.Snapshot, a adjustment.Actor, expires time.Time) (*spatial.Snapshot, string) {
	t.Helper()
	secret, row, err := auth.Issue(s, a, now, expires)
	if err != nil {
		t.Fatal(err)
	}
	return put(t, s, row), secret
}

func TestIdentify(t *testing.T) {
	clerk := adjustment.Actor{Name: "黄贝 clerk", Role: adjustment.Proposer, Street: "440303002"}
	s, secret := issue(t, streets(t), clerk, now.Add(time.Hour))
	s, other := issue(t, s, adjustment.Actor{Role: adjustment.Reviewer}, time.Time{})
	known := func(s *spatial.Snapshot, secret string, at time.Time) adjustment.Actor {
		who, err := auth.Identify(s, secret, at)
		if err != nil && !errors.Is(err, auth.ErrUnknown) {
			t.Fatal(err)
		}
		return who
	}
	nobody := adjustment.Actor{}
	revoked, err := auth.Revoke(s, "黄贝 clerk", now)
	if err != nil {
		t.Fatal(err)
	}
	after := put(t, s, revoked)
	for name, test := range map[string]struct{ got, want adjustment.Actor }{
		"its owner":              {known(s, secret, now), clerk},
		"in its last second":     {known(s, secret, now.Add(time.Hour-time.Second)), clerk},
		"expired":                {known(s, secret, now.Add(time.Hour)), nobody},
		"another's":              {known(s, other, now), adjustment.Actor{Name: "reviewer-2", Role: adjustment.Reviewer}},
		"without expiry":         {known(s, other, now.AddDate(50, 0, 0)), adjustment.Actor{Name: "reviewer-2", Role: adjustment.Reviewer}},
		"cut off":                {known(s, secret[:len(secret)-1], now), nobody},
		"none":                   {known(s, "", now), nobody},
		"its digest":             {known(s, rowText(t, s, 1, 3), now), nobody},
		"in a store of no token": {known(streets(t), secret, now), nobody},
		"revoked":                {known(after, secret, now), nobody},
		"another's, after that":  {known(after, other, now), adjustment.Actor{Name: "reviewer-2", Role: adjustment.Reviewer}},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
}

// TestSecretIsNotKept: what the store has of a token does not hold its secret.
func TestSecretIsNotKept(t *testing.T) {
	s, secret := issue(t, streets(t), adjustment.Actor{Role: adjustment.Admin}, time.Time{})
	if len(secret) < 43 {
		t.Errorf("a secret of %d characters", len(secret))
	}
	for i := range auth.Schema().Fields {
		if text := rowText(t, s, 1, i); text != "" && strings.Contains(secret, text) || strings.Contains(text, secret[3:]) {
			t.Errorf("field %d keeps %q", i, text)
		}
	}
	_, again := issue(t, s, adjustment.Actor{Role: adjustment.Admin}, time.Time{})
	if again == secret {
		t.Error("two tokens of one secret")
	}
}

func rowText(t testing.TB, s *spatial.Snapshot, id int64, field int) string {
	layer, err := s.Layer(auth.TokenLayer)
	if err != nil {
		t.Fatal(err)
	}
	f, err := layer.Feature(id)
	if err != nil {
		t.Fatal(err)
	}
	return f.Value(field).String()
}

func TestIssueRefuses(t *testing.T) {
	s, _ := issue(t, streets(t), adjustment.Actor{Name: "chen", Role: adjustment.Reader}, time.Time{})
	row, err := auth.Revoke(s, "chen", now)
	if err != nil {
		t.Fatal(err)
	}
	s = put(t, s, row)
	for name, test := range map[string]struct {
		actor      adjustment.Actor
		expires    time.Time
		rule, says string
	}{
		"no role":              {adjustment.Actor{Role: "boss"}, time.Time{}, "token_role", "reader, proposer"},
		"no street":            {adjustment.Actor{Role: adjustment.Proposer}, time.Time{}, "token_street", "440303002"},
		"a street of nowhere":  {adjustment.Actor{Role: adjustment.Proposer, Street: "440304001"}, time.Time{}, "token_street", "440303002 黄贝街道"},
		"a reviewer's street":  {adjustment.Actor{Role: adjustment.Reviewer, Street: "440303002"}, time.Time{}, "token_street", "leave the street out"},
		"a revoked one's name": {adjustment.Actor{Name: "chen", Role: adjustment.Reader}, time.Time{}, "token_name", "another name"},
		"a line for a name":    {adjustment.Actor{Name: "a\nb", Role: adjustment.Reader}, time.Time{}, "token_name", "control"},
		"a long name":          {adjustment.Actor{Name: strings.Repeat("长", 22), Role: adjustment.Reader}, time.Time{}, "token_name", "64 bytes"},
		"past":                 {adjustment.Actor{Role: adjustment.Reader}, now, "token_expires", "to come"},
	} {
		_, _, err := auth.Issue(s, test.actor, now, test.expires)
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != test.rule || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := auth.Revoke(s, "chen", now); err == nil {
		t.Error("revoked twice")
	}
	if _, err := auth.Revoke(s, "li", now); !errors.Is(err, spatial.ErrNotFound) {
		t.Error(err)
	}
}
