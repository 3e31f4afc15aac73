// Package auth says who is asking, and what they may see. Tokens are rows of an
// internal layer, of which only a digest is kept. What may be done to
// adjustments is decided by spatial/adjustment.
//
// Invariant: without the right to see small counts, everything a request is
// answered from has them taken out already.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// TokenLayer is the internal layer of tokens.
const TokenLayer spatial.LayerID = "tokens"

// The fields of the layer, in order.
const (
	fieldName = iota
	fieldRole
	fieldStreet
	fieldDigest
	fieldCreated
	fieldExpires
	fieldRevoked
)

// Roles are those that a token may have.
var roles = []spatial.Label{
	{Value: string(adjustment.Reader), Title: spatial.Title{ZH: "读者", EN: "reader"}},
	{Value: string(adjustment.Proposer), Title: spatial.Title{ZH: "街道办（申请）", EN: "street office, proposes"}},
	{Value: string(adjustment.Reviewer), Title: spatial.Title{ZH: "区网格中心（审核）", EN: "district grid centre, reviews"}},
	{Value: string(adjustment.Approver), Title: spatial.Title{ZH: "市网格办（批准）", EN: "city grid office, approves"}},
	{Value: string(adjustment.Admin), Title: spatial.Title{ZH: "管理员", EN: "administrator"}},
}

// Schema describes the layer of tokens.
func Schema() *spatial.Schema {
	return &spatial.Schema{ID: TokenLayer, Internal: true, Title: spatial.Title{ZH: "令牌", EN: "tokens"}, Label: "name", Fields: []spatial.Field{
		{Name: "name", Type: spatial.TypeText, Required: true, Unique: true},
		{Name: "role", Type: spatial.TypeText, Required: true, Values: roles},
		{Name: "street", Type: spatial.TypeText},
		{Name: "digest", Type: spatial.TypeText, Required: true, Unique: true},
		{Name: "created", Type: spatial.TypeTime, Required: true},
		{Name: "expires", Type: spatial.TypeTime},
		{Name: "revoked", Type: spatial.TypeTime},
	}}
}

// Token is what is known of one.
type Token struct {
	ID int64
	adjustment.Actor
	Created, Expires, Revoked time.Time // zero: never
}

// Valid says whether the token can be used at a time.
func (t Token) Valid(now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// ErrUnknown says that nobody has this token, or no longer.
var ErrUnknown = errors.New("the token is not known, has expired or was revoked")

const (
	secretPrefix = "wg_" // tells what the secret is for where it is found
	secretBytes  = 32
	maxName      = 64 // bytes
)

// Issue makes a secret and the row that lets it be recognised. The secret is
// kept nowhere. Without a name the token is called after its role and number.
// An expiry of zero is none. An [*spatial.InvalidError] says what cannot be: a
// role that is none, a proposer without a street of the district, a name that
// another token has or had, an expiry that is past.
func Issue(s *spatial.Snapshot, a adjustment.Actor, now, expires time.Time) (secret string, row spatial.Row, err error) {
	tokens := List(s)
	id := int64(1)
	if len(tokens) > 0 {
		id = tokens[len(tokens)-1].ID + 1
	}
	if a.Name == "" {
		a.Name = fmt.Sprintf("%s-%d", a.Role, id)
	}
	if err := check(s, tokens, a, now, expires); err != nil {
		return "", row, err
	}
	secret = newSecret()
	row = spatial.Row{ID: id, Values: []spatial.Value{
		fieldName: spatial.Text(a.Name), fieldRole: spatial.Text(string(a.Role)), fieldStreet: optionalText(a.Street),
		fieldDigest: spatial.Text(digest(secret)), fieldCreated: spatial.Time(now), fieldExpires: optionalTime(expires), fieldRevoked: spatial.Null}}
	return secret, row, nil
}

func check(s *spatial.Snapshot, tokens []Token, a adjustment.Actor, now, expires time.Time) error {
	refuse := func(rule, where, detail, fix string) error {
		return &spatial.InvalidError{Rule: rule, Where: where, Detail: detail, Fix: fix}
	}
	switch {
	case !slices.ContainsFunc(roles, func(l spatial.Label) bool { return l.Value == string(a.Role) }):
		return refuse("token_role", "role", fmt.Sprintf("%q is none", a.Role), "use reader, proposer, reviewer, approver or admin")
	case !isName(a.Name):
		return refuse("token_name", "name", fmt.Sprintf("%q cannot be a name", a.Name), fmt.Sprintf("use up to %d bytes without control characters or spaces around", maxName))
	case slices.ContainsFunc(tokens, func(t Token) bool { return t.Name == a.Name }):
		return refuse("token_name", "name", fmt.Sprintf("a token is or was called %s", a.Name), "give another name: what was done under it must stay told apart")
	case !expires.IsZero() && !now.Before(expires):
		return refuse("token_expires", "expires", fmt.Sprintf("%s is past", expires.Format(time.RFC3339)), "give a time to come")
	case a.Role == adjustment.Proposer && a.Street == "":
		return refuse("token_street", "street", "a proposer acts for a street office, and none is given", "give the code of a street, like 440303002")
	case a.Role != adjustment.Proposer && a.Street != "":
		return refuse("token_street", "street", fmt.Sprintf("a token of role %s has no street", a.Role), "leave the street out")
	case a.Street != "":
		return checkStreet(s, a.Street)
	}
	return nil
}

func isName(name string) bool {
	return utf8.ValidString(name) && len(name) <= maxName && strings.TrimSpace(name) == name && name != "" &&
		!strings.ContainsFunc(name, unicode.IsControl)
}

func checkStreet(s *spatial.Snapshot, code string) error {
	streets, err := s.Layer("streets")
	if err == nil {
		_, err = streets.ByCode(code)
	}
	if err == nil {
		return nil
	}
	refused := &spatial.InvalidError{Rule: "token_street", Where: "street", Detail: fmt.Sprintf("the store has no street %q", code), Fix: "import the layer streets first"}
	if streets != nil {
		var known []string
		for f := range streets.All() {
			known = append(known, f.Code()+" "+f.Label())
		}
		refused.Fix = "use one of " + strings.Join(known, ", ")
	}
	return refused
}

// newSecret has 256 random bits.
func newSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return secretPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// digest is what is kept of a secret. As that is random and long, nothing
// slower than SHA-256 is needed.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func optionalText(s string) spatial.Value {
	if s == "" {
		return spatial.Null
	}
	return spatial.Text(s)
}

func optionalTime(t time.Time) spatial.Value {
	if t.IsZero() {
		return spatial.Null
	}
	return spatial.Time(t)
}

// Put is the change that keeps a token's row; it makes the layer where the
// store has none.
func Put(s *spatial.Snapshot, row spatial.Row) spatial.Change {
	change := spatial.Change{Base: s.Version(), Note: "token " + row.Values[fieldName].Text(),
		Layers: []spatial.LayerChange{{Layer: TokenLayer, Put: []spatial.Row{row}}}}
	if _, err := s.Layer(TokenLayer); err != nil {
		change.Create = []*spatial.Schema{Schema()}
	}
	return change
}

// Revoke is a token's row, by its name, once it is revoked. The error is
// [spatial.ErrNotFound], or an [*spatial.InvalidError] if it is revoked.
func Revoke(s *spatial.Snapshot, name string, now time.Time) (spatial.Row, error) {
	layer, err := s.Layer(TokenLayer)
	if err != nil {
		return spatial.Row{}, fmt.Errorf("token %q: %w", name, spatial.ErrNotFound)
	}
	for f := range layer.All() {
		if f.Value(fieldName).Text() != name {
			continue
		}
		if at := f.Value(fieldRevoked); !at.IsNull() {
			return spatial.Row{}, &spatial.InvalidError{Rule: "token_revoked", Where: "token " + name, Detail: "it was revoked at " + at.String()}
		}
		row := f.Row()
		row.Values[fieldRevoked] = spatial.Time(now)
		return row, nil
	}
	return spatial.Row{}, fmt.Errorf("token %q: %w", name, spatial.ErrNotFound)
}

// Identify finds whose secret it is; the error is [ErrUnknown]. It looks for
// the secret's digest, so how long it takes tells nothing of any secret.
func Identify(s *spatial.Snapshot, secret string, now time.Time) (adjustment.Actor, error) {
	known, err := spatial.Derive(s, []spatial.LayerID{TokenLayer}, func(s *spatial.Snapshot) (map[string]Token, error) {
		layer, err := s.Layer(TokenLayer)
		if err != nil {
			return nil, err
		}
		known := map[string]Token{}
		for f := range layer.All() {
			known[f.Value(fieldDigest).Text()] = tokenOf(f)
		}
		return known, nil
	})
	token, ok := known[digest(secret)]
	if err != nil || !ok || !token.Valid(now) {
		return adjustment.Actor{}, ErrUnknown
	}
	return token.Actor, nil
}

// List reads all tokens in order of id.
func List(s *spatial.Snapshot) []Token {
	layer, err := s.Layer(TokenLayer)
	if err != nil {
		return nil
	}
	var tokens []Token
	for f := range layer.All() {
		tokens = append(tokens, tokenOf(f))
	}
	return tokens
}

func tokenOf(f spatial.Feature) Token {
	return Token{ID: f.ID(), Actor: adjustment.Actor{Name: f.Value(fieldName).Text(), Role: adjustment.Role(f.Value(fieldRole).Text()), Street: f.Value(fieldStreet).Text()},
		Created: f.Value(fieldCreated).Time(), Expires: f.Value(fieldExpires).Time(), Revoked: f.Value(fieldRevoked).Time()}
}
