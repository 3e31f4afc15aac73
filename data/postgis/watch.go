package postgis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// channel is where commits are announced, as "<schema> <version>".
const channel = "wangge"

// How a connection that lies idle is known to live: a question is put to the
// server after so much silence, and must be answered within so much.
const (
	quiet        = 3 * time.Second
	answerWithin = 2 * time.Second
)

// Watch listens on a connection of its own. It calls wake once when it begins
// to hear, as what was committed before that is announced no more. A
// connection that is cut without notice is found out within five seconds.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	err := s.watch(ctx, wake)
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("watch the store %s: %w", s.target(), s.explain(ctx, err))
}

func (s *Store) watch(ctx context.Context, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	wake()
	for {
		heard, err := await(ctx, conn)
		if err != nil {
			return err
		}
		if heard != nil && s.concerns(heard.Payload) {
			wake()
		}
	}
}

// await returns the next announcement, or nil after a silence in which the
// server was found alive.
func await(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	silence, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	heard, err := conn.WaitForNotification(silence)
	if err == nil || silence.Err() == nil || ctx.Err() != nil {
		return heard, err
	}
	answer, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return nil, conn.Ping(answer)
}

// concerns says whether an announcement is of this store, not of another in
// the same database.
func (s *Store) concerns(payload string) bool {
	schema := payload[:max(0, strings.LastIndexByte(payload, ' '))]
	return schema == s.schema
}

func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	_ = conn.Close(ctx)
}
