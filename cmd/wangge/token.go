package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"wangge/api/auth"
	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// tokenCommand keeps the tokens by which people sign in.
type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make a token and print its secret, once."`
	List   tokenListCommand   `cmd:"" help:"List all tokens; their secrets are not kept."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token; running servers know it no longer."`
}

type tokenCreateCommand struct {
	storeFlag
	Role    string `help:"reader, proposer (a street office), reviewer (district grid centre), approver (city grid office) or admin." required:"" placeholder:"ROLE"`
	Street  string `help:"Code of the street that a proposer acts for." placeholder:"CODE"`
	Name    string `help:"Who has it, as adjustments record it; without it, role and number. No two tokens have one name." placeholder:"NAME"`
	Expires string `help:"How long it is good for, like 90d or 12h, or the last day, like 2030-12-31; without it until it is revoked." placeholder:"WHEN"`
}

// Run makes a token. Only the secret goes to standard output.
func (c *tokenCreateCommand) Run(ctx context.Context, p *program) error {
	now := time.Now()
	expires, err := parseExpiry(c.Expires, now)
	if err != nil {
		return err
	}
	who := adjustment.Actor{Name: c.Name, Role: adjustment.Role(c.Role), Street: c.Street}
	var secret string
	err = editStore(ctx, c.storeFlag, p, func(s *spatial.Snapshot) (spatial.Change, error) {
		made, row, err := auth.Issue(s, who, now, expires)
		if err != nil {
			return spatial.Change{}, err
		}
		secret, who.Name = made, row.Values[0].Text()
		return auth.Put(s, row), nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "Token of %s, %s, %s. This is its secret; it is shown once and kept nowhere:\n", who.Name, c.Role, lasting(expires))
	fmt.Fprintln(p.out, secret)
	return nil
}

func lasting(expires time.Time) string {
	if expires.IsZero() {
		return "until it is revoked"
	}
	return "until " + expires.In(chinaTime).Format("2006-01-02 15:04")
}

// chinaTime is the zone of the district; it has no summer time.
var chinaTime = time.FixedZone("UTC+8", 8*60*60)

// maxLife bounds how long a token may be asked to last, in days.
const maxLife = 36500

// parseExpiry reads 90d, 12h or a date, which means the end of that day.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, chinaTime); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	unit := time.Hour
	number, ok := strings.CutSuffix(text, "h")
	if !ok {
		unit = 24 * time.Hour
		number, ok = strings.CutSuffix(text, "d")
	}
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > maxLife {
		return time.Time{}, fmt.Errorf("--expires %q is neither a time like 90d or 12h nor a day like 2030-12-31", text)
	}
	return now.Add(time.Duration(n) * unit), nil
}

// editStore changes a store that exists.
func editStore(ctx context.Context, c storeFlag, p *program, plan func(*spatial.Snapshot) (spatial.Change, error)) (err error) {
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	live, err := data.Open(ctx, store, p.log)
	if err != nil {
		return err
	}
	_, err = live.Edit(ctx, plan)
	return err
}

type tokenListCommand struct{ storeFlag }

// Run lists the tokens.
func (c *tokenListCommand) Run(ctx context.Context, p *program) (err error) {
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s, err := store.Load(ctx)
	if err != nil {
		return err
	}
	tokens := auth.List(s)
	if len(tokens) == 0 {
		fmt.Fprintf(p.out, "There are no tokens; make one with: wangge token create --role ROLE --store %s\n", c.name())
		return nil
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tSTREET\tCREATED\tEXPIRES\tSTATE")
	for _, t := range tokens {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.Role, orDash(t.Street), day(t.Created), day(t.Expires), standing(t, time.Now()))
	}
	return table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(chinaTime).Format("2006-01-02 15:04")
}

func standing(t auth.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked " + day(t.Revoked)
	case !t.Valid(now):
		return "expired"
	}
	return "valid"
}

type tokenRevokeCommand struct {
	storeFlag
	Name string `arg:"" help:"Name of the token, as wangge token list shows it."`
}

// Run revokes a token.
func (c *tokenRevokeCommand) Run(ctx context.Context, p *program) error {
	err := editStore(ctx, c.storeFlag, p, func(s *spatial.Snapshot) (spatial.Change, error) {
		row, err := auth.Revoke(s, c.Name, time.Now())
		if err != nil {
			return spatial.Change{}, err
		}
		return auth.Put(s, row), nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "The token of %s is revoked.\n", c.Name)
	return nil
}
