package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"wangge/api"
	"wangge/data/scenario"
)

// askFlags are those of commands that ask what the service is asked, without
// one running.
type askFlags struct {
	deskFlags
	Format string `help:"How to write the answer: table, json, geojson, csv or xlsx." default:"table" enum:"table,json,geojson,csv,xlsx"`
	Out    string `help:"File to write the answer to; standard output if left out." placeholder:"FILE"`
	Force  bool   `help:"Overwrite the file if it is there."`
}

// reply is an answer of the service, kept in memory.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// writable refuses a file that is there, and a workbook on the screen.
func (f *askFlags) writable() error {
	if f.Format == "xlsx" && f.Out == "" {
		return errors.New("a workbook is no text: say where to write it with --out FILE")
	}
	if f.Out == "" {
		return nil
	}
	return vacant(f.Out, f.Force)
}

// ask opens the store and has the service answer one question as it would be
// answered to whoever has the token. It shows that it is at work.
func (f *askFlags) ask(ctx context.Context, p *program, path string, question any) ([]byte, error) {
	if err := f.writable(); err != nil {
		return nil, err
	}
	done := working(p.err, "reading the store")
	desk, err := openDesk(ctx, f.storeFlag, f.Token, p)
	done()
	if err != nil {
		return nil, err
	}
	defer desk.close()
	done = working(p.err, "working it out")
	defer done()
	return f.answer(ctx, p, desk, path, question)
}

func (f *askFlags) answer(ctx context.Context, p *program, desk *desk, path string, question any) ([]byte, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("a number among the flags is not finite: %w", err)
	}
	format := f.Format
	if format == "table" {
		format = "json"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path+"?f="+format, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = r.URL.String(), "127.0.0.1:0"
	if f.Token != "" {
		r.Header.Set("Authorization", "Bearer "+f.Token)
	}
	service := api.New(desk.live, api.Config{Ledger: desk.ledger, Scenarios: scenario.New(desk.live, time.Now)}, p.log)
	answer := &reply{header: http.Header{}}
	service.ServeHTTP(answer, r)
	if answer.status != http.StatusOK {
		return nil, problemIn(answer.body.Bytes())
	}
	return answer.body.Bytes(), nil
}

// problemIn is the error that a problem tells.
func problemIn(body []byte) error {
	var p struct{ Detail, Where, Rule, Fix string }
	if err := json.Unmarshal(body, &p); err != nil || p.Detail == "" {
		return fmt.Errorf("the question was not answered: %s", bytes.TrimSpace(body))
	}
	text := p.Detail
	if p.Where != "" {
		text = p.Where + ": " + text
	}
	if p.Fix != "" {
		text += "; " + p.Fix
	}
	if p.Rule != "" {
		text += " (" + p.Rule + ")"
	}
	return errors.New(text)
}

// write puts an answer where it is to go; show prints it as a table.
func (f *askFlags) write(p *program, answer []byte, show func(io.Writer, []byte) error) error {
	print := func(w io.Writer) error {
		if f.Format == "table" {
			return show(w, answer)
		}
		_, err := w.Write(answer)
		return err
	}
	if f.Out == "" {
		return print(p.out)
	}
	err := replace(f.Out, func(path string) error {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(file)
		err = print(out)
		return errors.Join(err, out.Flush(), file.Sync(), file.Close())
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Out, err)
	}
	fmt.Fprintf(p.out, "%s written.\n", f.Out)
	return nil
}

// working shows on a terminal that something is going on until it is told
// that it is done.
func working(w io.Writer, what string) (done func()) {
	if !isTerminal(w) {
		return func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionSpinnerType(14), progressbar.OptionClearOnFinish())
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				_ = bar.Add(1)
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		_ = bar.Finish()
	}
}

// questionFlags are those of questions about shelters.
type questionFlags struct {
	Rule          string   `help:"Rule set by its code, like gb51143_emergency; /collections/shelter_standards lists them." placeholder:"CODE"`
	Hazard        string   `help:"earthquake (outdoor shelters), typhoon, rainstorm, geological or stranded (indoor ones)." placeholder:"HAZARD"`
	Population    string   `help:"residents (at night), one kind of them, legal_persons (a proxy of the day) or census." placeholder:"WHO"`
	Share         float64  `help:"Share of the people to shelter, like 0.15; what the rule says if left out." placeholder:"SHARE"`
	Reach         string   `help:"straight or walking." placeholder:"HOW"`
	Radius        float64  `help:"How far people go, in metres; what the rule says if left out." placeholder:"METRES"`
	Minutes       float64  `name:"walking-minutes" help:"How long people walk, with --reach walking." placeholder:"MINUTES"`
	AreaPerPerson float64  `help:"Effective area for each person in m²; what the rule says if left out." placeholder:"M2"`
	Zones         []string `help:"Only people of buildings in these zones: a layer, or layer:metres around its features; may be repeated." placeholder:"LAYER[:METRES]"`
	Scenario      string   `help:"What is different from today: the number of a saved scenario (takes a token) or a file with one as JSON." placeholder:"ID|FILE"`
}

// question is what the flags ask, as the service reads it.
func (q *questionFlags) question() (map[string]any, error) {
	asked := map[string]any{}
	for name, text := range map[string]string{"rule": q.Rule, "hazard": q.Hazard, "population": q.Population, "reach": q.Reach} {
		if text != "" {
			asked[name] = text
		}
	}
	for name, number := range map[string]float64{"share": q.Share, "radius": q.Radius, "walking_minutes": q.Minutes, "area_per_person": q.AreaPerPerson} {
		if number != 0 {
			asked[name] = number
		}
	}
	if len(q.Zones) > 0 {
		zones, err := zonesOf(q.Zones)
		if err != nil {
			return nil, err
		}
		asked["exposure"] = zones
	}
	if q.Scenario == "" {
		return asked, nil
	}
	if text := strings.Trim(q.Scenario, "0123456789"); text == "" {
		asked["scenario"] = json.Number(q.Scenario)
		return asked, nil
	}
	file, err := os.ReadFile(q.Scenario)
	if err != nil {
		return nil, fmt.Errorf("--scenario: %w", err)
	}
	if !json.Valid(file) {
		return nil, fmt.Errorf("--scenario: %s is no JSON", q.Scenario)
	}
	asked["scenario"] = json.RawMessage(file)
	return asked, nil
}

// zonesOf reads LAYER or LAYER:METRES.
func zonesOf(texts []string) ([]any, error) {
	var zones []any
	for _, text := range texts {
		layer, metres, with := strings.Cut(text, ":")
		if !with {
			zones = append(zones, layer)
			continue
		}
		if !json.Valid([]byte(metres)) {
			return nil, fmt.Errorf("--zones %s: %q are no metres; write it like slopes:50", text, metres)
		}
		zones = append(zones, map[string]any{"layer": layer, "buffer": json.Number(metres)})
	}
	return zones, nil
}
