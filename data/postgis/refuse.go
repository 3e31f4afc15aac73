package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"wangge/spatial"
)

// The SQLSTATE codes of refused statements.
const (
	brokenConstraint = "23" // the class of all of them
	taken            = "42P07"
	takenObject      = "42710"
	inUse            = "2BP01"
	badText          = "22021"
)

// proven runs an edit and then proves what was put off to the end. A rule
// that is broken becomes a *spatial.InvalidError.
func proven(ctx context.Context, tx pgx.Tx, layers catalogue, edit func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if err := edit(tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
		return err
	})
	var broken *pgconn.PgError
	if !errors.As(err, &broken) || !strings.HasPrefix(broken.Code, brokenConstraint) {
		return err
	}
	t, r, ok := layers.rule(broken.TableName, broken.ConstraintName)
	if !ok {
		return &spatial.InvalidError{Rule: broken.ConstraintName, Where: "layer " + broken.TableName,
			Detail: "a rule was broken that was added to the database"}
	}
	return explainRule(ctx, tx, t, r, edit)
}

// explainRule finds the row that breaks a rule: it takes the rule away, makes
// the edit once more and looks. The caller undoes all of it. If the looking
// fails, the name of the rule must do.
func explainRule(ctx context.Context, tx pgx.Tx, t table, r rule, edit func(pgx.Tx) error) error {
	refusal := &spatial.InvalidError{Rule: r.name, Where: string(t.ID) + ", " + r.where, Detail: "a row breaks the rule", Fix: r.fix}
	_ = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if err := suspend(ctx, tx, t, r, edit); err != nil {
			return err
		}
		return findFault(ctx, tx, t, r, refusal)
	})
	return refusal
}

// suspend brings about the state that the rule forbids. Where the rule is yet
// to be added, it is there already.
func suspend(ctx context.Context, tx pgx.Tx, t table, r rule, edit func(pgx.Tx) error) error {
	var there bool
	const query = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2)"
	if err := tx.QueryRow(ctx, query, t.name(), r.stored).Scan(&there); err != nil || !there {
		return err
	}
	for _, statement := range []string{"SET LOCAL lock_timeout = " + literal(faultPatience), "LOCK TABLE layer IN ACCESS EXCLUSIVE MODE"} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s CASCADE", t.name(), quote(r.stored))); err != nil {
		return err
	}
	return edit(tx)
}

// findFault tells a refusal of the first row that breaks a rule.
func findFault(ctx context.Context, tx pgx.Tx, t table, r rule, refusal *spatial.InvalidError) error {
	var id int64
	var value, other string
	var lon, lat *float64
	err := tx.QueryRow(ctx, "SELECT id, value, other, ST_X(place), ST_Y(place) FROM ("+r.faults+" LIMIT 1) AS fault").
		Scan(&id, &value, &other, &lon, &lat)
	if err != nil {
		return err
	}
	refusal.Where = fmt.Sprintf("%s %d, %s", t.ID, id, r.where)
	if r.detail != "" {
		refusal.Detail = fmt.Sprintf(r.detail, value, other)
	}
	if lon != nil && lat != nil {
		refusal.At = &orb.Point{*lon, *lat}
	}
	return nil
}

// explainTable turns the refusal to make or drop a layer's table into words.
func explainTable(err error, id string) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case taken, takenObject:
		return &spatial.InvalidError{Rule: "layer_id", Where: "layer " + id, Detail: "the database holds something else of this name",
			Fix: "choose another name for the layer"}
	case inUse:
		return &spatial.InvalidError{Rule: "layer_in_use", Where: "layer " + id, Detail: "something in the database, such as a view, depends on it",
			Fix: "drop that first"}
	}
	return err
}

// explainText turns the refusal of a text that is not Unicode into words.
func explainText(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == badText {
		return &spatial.InvalidError{Rule: "text_unicode", Where: "a text beside the rows", Detail: "it holds bytes that are not Unicode, or a zero byte",
			Fix: "correct the note or the layer's description"}
	}
	return err
}
