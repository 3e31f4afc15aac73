// Package auth says who is asking, and what they may see. Tokens are rows of an
// internal layer, of which only a digest is kept. What may be done to
// adjustments is decided by spatial/adjustment.
//
// Invariant: without the right to see small counts, everything a request is
// answered from has them taken out already.
package auth

import (
	"errors"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

var errTodo = errors.New("not built yet")

// TokenLayer is the internal layer of tokens.
const TokenLayer spatial.LayerID = "tokens"

// Schema describes the layer of tokens.
func Schema() *spatial.Schema { return nil }

// Token is what is known of one.
type Token struct {
	ID int64
	adjustment.Actor
	Created, Expires, Revoked time.Time // zero: never
}

// ErrUnknown says that nobody has this token, or no longer.
var ErrUnknown = errors.New("the token is not known, has expired or was revoked")

// Issue makes a secret and the row that lets it be recognised.
func Issue(s *spatial.Snapshot, a adjustment.Actor, now, expires time.Time) (secret string, row spatial.Row, err error) {
	return "", spatial.Row{}, errTodo
}

// Identify finds whose secret it is; the error is [ErrUnknown].
func Identify(s *spatial.Snapshot, secret string, now time.Time) (adjustment.Actor, error) {
	return adjustment.Actor{}, ErrUnknown
}

// List reads all tokens in order of id.
func List(s *spatial.Snapshot) []Token { return nil }

// SeesSmallCounts says whether a role may.
func SeesSmallCounts(r adjustment.Role) bool { return r != "" && r != adjustment.Reader }

// Withholds says whether the store's figures are withheld from readers without
// the right.
func Withholds(s *spatial.Snapshot) bool { return !s.Synthetic() }

// View is a snapshot as readers without the right to small counts see it:
// without internal layers, and unless the store is synthetic, with small counts
// withheld and others rounded. Equal snapshots have equal views.
func View(s *spatial.Snapshot) (*spatial.Snapshot, error) { return s.Published(), nil }
