package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"wangge/api"
	"wangge/api/viewer"
	"wangge/data"
	"wangge/data/ledger"
	"wangge/data/scenario"
	"wangge/spatial/adjustment"
)

type serveCommand struct {
	storeFlag
	Addr      string   `help:"Address to listen on." default:"127.0.0.1:8080" env:"WANGGE_ADDR"`
	PublicURL *url.URL `help:"Address under which clients reach the service, for links in answers, when it stands behind a proxy." placeholder:"URL" env:"WANGGE_PUBLIC_URL"`
	Demo      bool     `name:"demo-tokens" help:"Make a token for each role and print their secrets; only for a synthetic store. Done anyway for the one that serve makes." env:"WANGGE_DEMO_TOKENS"`
	Rate      int      `help:"Most requests per second that one client address may make, on average over ten seconds; 0 for any number. Behind a proxy all clients have its address: bound them there." default:"0" env:"WANGGE_RATE"`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, p *program) error {
	if err := c.checkAddresses(); err != nil {
		return err
	}
	if c.Rate < 0 {
		return fmt.Errorf("--rate %d is negative: give the requests per second, or 0 for any number", c.Rate)
	}
	store, err := c.ready(ctx, p)
	if err != nil {
		return err
	}
	defer store.Close()
	live, err := data.Open(ctx, store, p.log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --addr", c.Addr, err)
	}
	book := ledger.New(live, adjustment.DefaultRules(), time.Now)
	if live.Current().Version() > 0 { // an empty store stays so, to be filled
		if err := prepare(ctx, live); err != nil {
			p.log.Error("the layers of rule sets, adjustments and tokens could not be made", "error", err)
		}
	}
	c.announce(p, live, listener)
	if err := c.tellDemoTokens(ctx, p, live); err != nil {
		return errors.Join(err, listener.Close())
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	var beside sync.WaitGroup
	beside.Go(func() { live.Follow(following) })
	beside.Go(func() { book.Run(following) })
	err = api.New(live, api.Config{PublicURL: c.PublicURL, Rate: c.Rate, Ledger: book, Scenarios: scenario.New(live, time.Now), Page: viewer.Handler()}, p.log).Serve(ctx, listener)
	stop()
	beside.Wait()
	return err
}

// checkAddresses refuses what would serve on every network of the machine
// without being told to, and links that nobody can follow.
func (c *serveCommand) checkAddresses() error {
	if c.Addr == "" {
		return errors.New("--addr is empty: give host and port like 127.0.0.1:8080, or :8080 for every network of this machine")
	}
	if u := c.PublicURL; u != nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		return fmt.Errorf("--public-url %q is not an address like https://map.example.org/luohu", u)
	}
	return nil
}

// own says whether the store is the one that serve makes.
func (c *serveCommand) own() bool { return filepath.Clean(c.Store) == defaultStore }

// ready opens the store; the default one is made if it is not there.
func (c *serveCommand) ready(ctx context.Context, p *program) (data.Store, error) {
	if !c.own() {
		return c.open(ctx, p.log)
	}
	store, err := c.make(ctx, p.log)
	if err != nil {
		return nil, err
	}
	version, err := store.Version(ctx)
	if err == nil && version == 0 {
		fmt.Fprintf(p.out, "Making %s from the synthetic reference dataset of Luohu; this happens once.\n", c.Store)
		err = fill(ctx, p, store, 1, c.firstTokens)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func (c *serveCommand) announce(p *program, live *data.Live, l net.Listener) {
	s := live.Current().Published()
	layers, features := 0, 0
	for layer := range s.Layers() {
		layers, features = layers+1, features+layer.Len()
	}
	kind := ""
	if s.Synthetic() {
		kind = ", synthetic data"
	}
	fmt.Fprintf(p.out, "%s: %d layers, %d features%s, version %d\n", c.name(), layers, features, kind, s.Version())
	fmt.Fprintf(p.out, "Serving at http://%s/  (stop with Ctrl-C)\n", l.Addr())
}
