// What if shelters were added, closed or enlarged: the difference against
// today.

import type { LngLat, Point } from "maplibre-gl";
import type { Account } from "../account.ts";
import { buttons, choice, field, keepingFocus, number } from "../asked.ts";
import { Asking } from "../asking.ts";
import { type Child, h, svg } from "../dom.ts";
import { faultOf } from "../faults.ts";
import { type Features, Over, type Piece } from "../over.ts";
import type { Tab } from "../tab.ts";
import { type Coverage, type Facility, type Saved, type Scenario, type Unit, dropScenario, loadCoverage, loadScenarios, saveScenario } from "./client.ts";
import { type CoverageDesk, levels } from "./coverage.ts";
import { reads, totals } from "./cover.ts";
import { type Figure, facts, figureFor, figuresFor, inFigures, signed } from "./figures.ts";
import { Besides } from "./besides.ts";
import { OneUnit } from "./unit.ts";
import { Units } from "./units.ts";
import { inWords } from "../words.ts";
import { type CoverageWords, coverageWords } from "./words.ts";

// adding are the figures that add up, so that they have a difference.
const adding = new Set(["uncovered", "deficit", "unserved", "per_capita_located", "per_capita_reachable", "accessibility"]);

// blocked is how roads that are closed by a line or an area are shown.
const blocked = [{ type: "line", paint: { "line-color": "#b3261e", "line-width": 3, "line-dasharray": [2, 1] } }] as unknown as Piece[];

const blocksOf = (scenario: Scenario): Features =>
  (scenario.block ?? []).flatMap((b) => ("road" in b ? [] : [{ type: "Feature", geometry: "line" in b ? b.line : b.area, properties: {} }]));

export class WhatIfTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: CoverageDesk;
  readonly #account: Account;
  readonly #over: Over;
  readonly #units: Units;
  readonly #one: OneUnit;
  readonly #besides: Besides;
  readonly #form = h("div", {});
  readonly #changes = h("div", {});
  readonly #asking = new Asking();
  readonly #saving = h("section", { className: "proposal" });
  readonly #outcome = h("div", { className: "outcome-line" });
  readonly #saved = new Asking();
  #answer: Coverage | undefined;
  #shelters: Facility[] = []; // as they are today
  #shelter = "";
  #placing: "add" | "move" | "" = "";
  #area = "1000";
  #chosen: "indoor" | "outdoor" | undefined;
  #name = "";
  #shown = false;

  constructor(desk: CoverageDesk, account: Account) {
    this.#desk = desk;
    this.#account = account;
    this.#over = new Over(desk.host.map, "coverage-whatif");
    this.#units = new Units(desk, this.#over, (code) => this.#open(code));
    this.#one = new OneUnit(desk, this.#over, () => this.#back());
    this.#besides = new Besides(desk);
    this.#asking.element.id = "coverage-whatif";
    this.#saved.element.id = "scenarios";
    this.element.append(this.#form, this.#besides.element, this.#changes, this.#one.element, this.#asking.element, this.#account.element, this.#saving, this.#outcome, this.#saved.element);
  }

  get #words(): CoverageWords { return coverageWords[this.#desk.language]; }

  // setting is what a new shelter is to be: what somebody chose, or else what
  // serves the hazard.
  get #setting(): "indoor" | "outdoor" { return this.#chosen ?? (this.#desk.asked.get("hazard") === "earthquake" ? "outdoor" : "indoor"); }

  speak(): void {
    this.#showForm();
    this.#showSaving();
  }

  show(): void {
    this.#shown = true;
    const { asked, language } = this.#desk;
    const scenario = this.#desk.scenario();
    const question = { ...this.#desk.question(), ...(Object.keys(scenario).length > 0 && { scenario }), by: levels[asked.get("by")] ?? "grid", method: asked.get("method") };
    this.#back();
    void this.#asking.ask(language, (signal) => loadCoverage(question, signal), (answer) => {
      this.#answer = answer;
      this.#shelters = answer.facilities.filter((f) => f.id >= 0).sort((a, b) => (a.name || a.code).localeCompare(b.name || b.code, "zh"));
      this.#showForm(); // with what is known of the changes now
      return this.#said(answer);
    }, this.#words.rules);
    if (this.#account.person) void this.#loadSaved();
    else this.#saved.say();
  }

  hide(): void {
    this.#shown = false;
    this.#placing = "";
    this.#besides.hide();
    this.#over.clear();
    this.#units.clear();
  }

  clicked(at: Point, { lng, lat }: LngLat): boolean {
    if (this.#besides.drawing) return true;
    if (this.#placing) {
      this.#place([lng, lat]);
      return true;
    }
    const [found] = this.#desk.host.map.queryRenderedFeatures([[at.x - 8, at.y - 8], [at.x + 8, at.y + 8]]).filter((f) => f.sourceLayer === "shelters" && f.layer.type === "symbol");
    const shelter = found && this.#shelters.find((s) => s.id === Number(found.id));
    if (shelter) {
      this.#pick(shelter.code);
      return true;
    }
    return this.#units.clicked(at);
  }

  hovered(at: Point): void { if (!this.#placing && !this.#besides.drawing) this.#units.hovered(at); }
  renewed(touched: (layer: string) => boolean): boolean { return reads.some(touched); }

  // --- changes

  #pick(code: string): void {
    this.#shelter = code;
    const shelter = this.#shelters.find((s) => s.code === code);
    if (shelter) this.#area = String(Math.round(shelter.area));
    this.#showForm();
    this.#form.querySelector<HTMLElement>('[data-key="shelter"]')?.focus({ preventScroll: true });
    this.#desk.host.unfold();
  }

  // place adds a shelter at a place, or moves the chosen one there.
  #place(at: [number, number]): void {
    const scenario = this.#desk.scenario();
    const { add = [], move = [] } = scenario;
    const place: [number, number] = [Number(at[0].toFixed(7)), Number(at[1].toFixed(7))];
    const adds = this.#placing === "add";
    this.#placing = "";
    if (!adds) return this.#desk.rewrite({ ...scenario, move: [...move.filter((m) => m.shelter !== this.#shelter), { shelter: this.#shelter, at: place }] });
    this.#desk.rewrite({ ...scenario, add: [...add, { name: this.#words.newName(add.length + 1), at: place, area: Number(this.#area), setting: this.#setting }] });
  }

  #close(): void {
    const { close = [], enlarge = [], ...rest } = this.#desk.scenario();
    this.#desk.rewrite({ ...rest, close: [...close.filter((c) => c !== this.#shelter), this.#shelter], enlarge: enlarge.filter((e) => e.shelter !== this.#shelter) });
  }

  #enlarge(): void {
    const { close = [], enlarge = [], ...rest } = this.#desk.scenario();
    this.#desk.rewrite({ ...rest, close: close.filter((c) => c !== this.#shelter),
      enlarge: [...enlarge.filter((e) => e.shelter !== this.#shelter), { shelter: this.#shelter, area: Number(this.#area) }] });
  }

  #showForm(): void {
    const words = this.#words;
    const scenario = this.#desk.scenario();
    const outdoor = (["outdoor", "indoor"] as const).map((value) => ({ value, title: words.settings[value]! }));
    keepingFocus(this.#form, () => this.#form.replaceChildren(h("p", { className: "hint-text" }, words.how),
      h("div", { className: "fields" }, number(words.area, "site-area", this.#area, { min: 1, max: 1_000_000, hint: " " }, (area) => { this.#area = area; }),
        h("div", { className: "field" }, h("span", {}, words.setting),
          buttons(words.setting, "setting", this.#setting, outdoor, (value) => { this.#chosen = value as "indoor"; this.#showForm(); }))),
      h("p", { className: "row-buttons" }, this.#placer("add", words.add)),
      choice(words.pickShelter, "shelter", this.#shelter,
        [{ value: "", title: words.choose }, ...this.#shelters.map((s) => ({ value: s.code, title: `${s.name || s.code} · ${inFigures(s.area, "area", this.#desk.language)}` }))],
        (code) => this.#pick(code)),
      this.#shelter ? h("p", { className: "row-buttons" }, h("button", { type: "button", data: { key: "close" }, onclick: () => this.#close() }, words.close),
        this.#placer("move", words.move),
        h("button", { type: "button", data: { key: "enlarge" }, onclick: () => this.#enlarge() }, `${words.enlarge} → ${inFigures(Number(this.#area), "area", this.#desk.language)}`)) : ""));
    this.#besides.speak();
    keepingFocus(this.#changes, () => this.#changes.replaceChildren(...this.#changeList(scenario)));
  }

  // placer waits for a click on the map.
  #placer(what: "add" | "move", title: string): HTMLElement {
    const on = this.#placing === what;
    const toggle = () => {
      this.#placing = on ? "" : what;
      this.#showForm();
      if (!on) this.#desk.host.map.getCanvas().focus({ preventScroll: true }); // Enter takes the middle of the map
    };
    return h("button", { type: "button", data: { key: what }, aria: { pressed: String(on) }, onclick: toggle }, on ? this.#words.placing : title);
  }

  #changeList(scenario: Scenario): HTMLElement[] {
    const words = this.#words;
    const { language } = this.#desk;
    const nameOf = (code: string) => this.#shelters.find((s) => s.code === code)?.name || code;
    const area = (v: number) => inFigures(v, "area", language);
    const added = this.#answer?.facilities.filter((f) => f.change === "added") ?? [];
    const left = (i: number) => (added[i]?.name === scenario.add?.[i]?.name && added[i]?.eligible === false ? words.doesNotCount(inWords(added[i].reason, language)) : "");
    const rest = (key: "add" | "close" | "enlarge" | "move", at: number): Scenario => ({ ...scenario, [key]: (scenario[key] as unknown[]).filter((_, i) => i !== at) });
    const all: [string, Scenario][] = [
      ...(scenario.add ?? []).map((a, i): [string, Scenario] => [words.added(a.name, area(a.area)) + left(i), rest("add", i)]),
      ...(scenario.close ?? []).map((c, i): [string, Scenario] => [words.closed(nameOf(c)), rest("close", i)]),
      ...(scenario.enlarge ?? []).map((e, i): [string, Scenario] => [words.enlarged(nameOf(e.shelter), area(e.area)), rest("enlarge", i)]),
      ...(scenario.move ?? []).map((m, i): [string, Scenario] => [words.moved(nameOf(m.shelter)), rest("move", i)]),
      ...(["base", "rule", "block", "adjustment"] as const).filter((key) => scenario[key] !== undefined).map((key): [string, Scenario] => {
        const { [key]: value, ...others } = scenario;
        return [words.besides[key](String(Array.isArray(value) ? value.length : value)), others];
      })];
    const chip = ([text, without]: [string, Scenario]) => h("li", {}, h("span", {}, text),
      h("button", { type: "button", title: words.remove(text), aria: { label: words.remove(text) }, onclick: () => this.#desk.rewrite(without) }, svg("M7 7l10 10M17 7L7 17")));
    if (all.length === 0) return [h("p", { className: "wait", data: { changes: "0" } }, words.noChanges)];
    return [h("h2", { data: { changes: String(all.length) } }, words.changes), h("ul", { className: "chips" }, ...all.map(chip)),
      h("p", { className: "row-buttons" }, h("button", { type: "button", data: { key: "clear" }, onclick: () => this.#desk.rewrite({}) }, words.clear))];
  }

  // --- the difference

  // figure is what the map shows: the one asked for, or else the first that
  // the changes make a difference to.
  #figure(answer: Coverage): { figure: Figure; all: Figure[] } {
    const { asked } = this.#desk;
    const method = asked.get("method");
    if (!answer.today) return { figure: figureFor(method, asked.get("figure")), all: figuresFor(method) };
    const all = figuresFor(method).filter((f) => adding.has(f.key));
    const moved = (f: Figure) => answer.units.some((u) => u.delta?.[f.key]);
    const own = figureFor(method, "").key.replace("_share", "");
    return { figure: all.find((f) => f.key === asked.get("delta")) ?? all.find((f) => f.key === own && moved(f)) ?? all.find(moved) ?? all[0]!, all };
  }

  #said(answer: Coverage): Child[] {
    const words = this.#words;
    const { asked, language } = this.#desk;
    const changed = answer.today !== undefined;
    const { figure, all } = this.#figure(answer);
    const shown = { figure, delta: changed };
    if (this.#shown) {
      this.#units.draw(answer, shown);
      this.#over.draw("blocks", blocksOf(this.#desk.scenario()), blocked);
    }
    const select = choice(words.show, "figure", figure.key, all.map((f) => ({ value: f.key, title: words.figures[f.key] ?? f.key })), (key) => {
      asked.set(changed ? { delta: key } : { figure: key });
      keepingFocus(this.#asking.element, () => this.#asking.element.replaceChildren(...this.#said(this.#answer!).filter((c): c is HTMLElement => !!c)));
    });
    return [...(changed ? [this.#compared(answer.today!, answer.totals, answer.difference ?? {})] : totals(answer, asked.get("method"), words, language)), select,
      ...this.#units.said(answer, shown)];
  }

  // compared is the district today and with the changes.
  #compared(today: Unit, then: Unit, difference: Partial<Record<string, number | null>>): HTMLElement {
    const words = this.#words;
    const { language } = this.#desk;
    const head = (text: string) => h("th", { scope: "col" }, text);
    const row = ([key, kind]: (typeof facts)[number]) => {
      const [a, b] = [today[key], then[key]] as (number | null | undefined)[];
      if (typeof a !== "number" && typeof b !== "number") return null;
      const d = difference[key] ?? (typeof a === "number" && typeof b === "number" ? b - a : null);
      return h("tr", { className: d ? "changed" : "", data: { figure: key } }, h("th", { scope: "row" }, words.figures[key] ?? key), h("td", {}, inFigures(a, kind, language)),
        h("td", {}, inFigures(b, kind, language)), h("td", { className: "delta" }, signed(d, kind, language)));
    };
    return h("div", { className: "table-box effects", data: { compared: "" } },
      h("table", {}, h("thead", {}, h("tr", {}, ...[words.figure, words.today, words.then, words.difference].map(head))), h("tbody", {}, ...facts.map(row))));
  }

  #open(code: string): void {
    this.#asking.element.hidden = true;
    this.#desk.host.unfold();
    const scenario = this.#desk.scenario();
    void this.#one.show(code, { ...this.#desk.question(), ...(Object.keys(scenario).length > 0 && { scenario }) }, true);
  }

  #back(): void {
    this.#asking.element.hidden = false;
    this.#one.hide();
  }

  // --- saving

  #showSaving(): void {
    const words = this.#words;
    const name = h("input", { type: "text", name: "scenario", value: this.#name, maxLength: 100, data: { key: "scenario" } });
    name.oninput = () => { this.#name = name.value; };
    const there = Object.keys(this.#desk.scenario()).length > 0;
    keepingFocus(this.#saving, () => this.#saving.replaceChildren(h("h2", {}, words.save), field(words.scenarioName, name),
      h("p", { className: "row-buttons" },
        h("button", { type: "button", className: "primary", disabled: !there, data: { key: "save", save: "" }, onclick: () => void this.#save() }, words.save))));
  }

  async #save(): Promise<void> {
    const words = this.#words;
    const refuse = (text: string) => this.#outcome.replaceChildren(h("p", { className: "fault", role: "alert" }, text));
    if (!this.#account.person) return refuse(words.needSignIn);
    if (!this.#name.trim()) return refuse(words.needName);
    try {
      const saved = await saveScenario(this.#name.trim(), this.#desk.scenario());
      this.#name = "";
      this.#showSaving();
      this.#outcome.replaceChildren(h("p", { className: "said", role: "status", data: { saved: String(saved.id) } }, words.saved(saved.name)));
      await this.#loadSaved();
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#desk.language, words.rules));
    }
  }

  async #loadSaved(): Promise<void> {
    const words = this.#words;
    const { language } = this.#desk;
    const line = (s: Saved) => {
      const box = h("li", { data: { scenario: String(s.id) } });
      const drop = async () => {
        try {
          await dropScenario(s);
          await this.#loadSaved();
        } catch (fault) {
          box.append(faultOf(fault, language, words.rules));
        }
      };
      box.append(h("p", {}, h("b", {}, s.name), h("small", {}, ` ${[s.author, s.description].filter(Boolean).join(" · ")}`)), h("p", { className: "row-buttons" },
        h("button", { type: "button", onclick: () => this.#desk.rewrite(s.changes) }, words.load),
          s.may?.includes("delete") ? h("button", { type: "button", data: { drop: "" }, onclick: () => void drop() }, words.drop) : ""));
      return box;
    };
    await this.#saved.ask(language, loadScenarios,
      ({ scenarios }) => {
        this.#besides.knows(scenarios);
        return [h("h2", {}, words.savedList), scenarios.length === 0 ? h("p", { className: "wait" }, words.noSaved) : h("ul", { className: "closures" }, ...scenarios.map(line))];
      },
      words.rules);
  }
}
