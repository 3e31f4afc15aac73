// The best of the candidate sites, with proof.

import { choice, keepingFocus, number, tick } from "../asked.ts";
import { Asking } from "../asking.ts";
import { type Child, h } from "../dom.ts";
import { typeface } from "../fonts.ts";
import { Over, type Piece } from "../over.ts";
import type { Tab } from "../tab.ts";
import { inWords } from "../words.ts";
import { wayWords } from "../way_words.ts";
import { type SiteCandidate, type Siting, loadSiting } from "./client.ts";
import type { CoverageDesk, Key } from "./coverage.ts";
import { inFigures } from "./figures.ts";
import { type CoverageWords, coverageWords } from "./words.ts";

const pieces = [
  { type: "circle", filter: ["==", ["get", "rank"], ""],
    paint: { "circle-radius": ["case", ["get", "next"], 15, 10], "circle-color": "rgba(255,255,255,.4)", "circle-stroke-color": "#542788",
    "circle-stroke-width": ["case", ["get", "next"], 3, 1.2] } },
  { type: "circle", filter: ["!=", ["get", "rank"], ""], paint: { "circle-radius": 15, "circle-color": "#542788", "circle-stroke-color": "#fff", "circle-stroke-width": 3 } },
  { type: "symbol", layout: { "text-field": ["get", "rank"], "text-font": [typeface], "text-size": 14, "text-allow-overlap": true, "text-ignore-placement": true },
    paint: { "text-color": "#fff" } },
  { type: "symbol", filter: ["!=", ["get", "rank"], ""], layout: { "text-field": ["get", "name"], "text-font": [typeface], "text-size": 12.5, "text-anchor": "top", "text-offset": [0, 1.3] },
    paint: { "text-color": "#3b1a5e", "text-halo-color": "#fff", "text-halo-width": 2 } },
] as unknown as Piece[];

// kinds are how an objective's value is told.
const kinds = { persons: "people", "m²": "area", "person·m": "walking", m: "length" } as const;

const shownFront = 60; // lines of the front

export class SitingTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: CoverageDesk;
  readonly #over: Over;
  readonly #form = h("div", {});
  readonly #asking = new Asking();
  #wanted = false; // an answer was asked for
  #shown = false;

  constructor(desk: CoverageDesk) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "coverage-siting");
    this.#asking.element.id = "siting";
    this.element.append(this.#form, this.#asking.element);
  }

  get #words(): CoverageWords { return coverageWords[this.#desk.language]; }

  speak(): void {
    const words = this.#words;
    const { asked, host, language } = this.#desk;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.speak(); if (this.#wanted) this.#desk.settle(); };
    const layers = ["shelter_candidates", "civil_defence",
      "science_venues"].filter((id) => host.layer(id)?.fields.some((f) => f.name === "effective_area")).map((value) => ({ value, title: inWords(host.layer(value)?.title, language, value) }));
    keepingFocus(this.#form, () => this.#form.replaceChildren(h("p", { className: "hint-text" }, words.sitingHow),
      h("div", { className: "fields" }, choice(words.candidates, "candidates", asked.get("candidates"), layers, (candidates) => set({ candidates })),
        choice(words.objective, "objective", asked.get("objective"), Object.entries(words.objectives).map(([value, title]) => ({ value, title })), (objective) => set({ objective })),
        number(words.count, "choose", asked.get("choose"), { min: 1, max: 50 }, (choose) => set({ choose }))),
      tick(words.capacity, "capacity", asked.get("capacity") === "true", (on) => set({ capacity: on ? "true" : "" })),
      h("p", { className: "row-buttons" },
        h("button", { type: "button", className: "primary", data: { key: "find" }, onclick: () => { this.#wanted = true; asked.write(); this.#find(); } }, words.find))));
  }

  show(): void {
    this.#shown = true;
    if (this.#wanted) this.#find();
  }

  hide(): void {
    this.#shown = false;
    this.#over.clear();
  }

  renewed(touched: (layer: string) => boolean): boolean { return this.#wanted && ["shelters", "shelter_standards", "shelter_candidates", "buildings", "roads", "closures"].some(touched); }

  #find(): void {
    const { asked, language } = this.#desk;
    const question = { ...this.#desk.question(), candidates: asked.get("candidates"), choose: asked.number("choose"), objective: asked.get("objective"),
      capacity: asked.get("capacity") === "true" };
    void this.#asking.ask(language, (signal) => loadSiting(question, signal), (answer) => {
      if (this.#shown) this.#draw(answer);
      return this.#said(answer);
    }, this.#words.rules);
  }

  #draw(answer: Siting): void {
    const rank = new Map(answer.chosen.map((s, i) => [s.code, String(i + 1)]));
    const next = new Set(answer.runner_up?.chosen ?? []);
    const site = (s: SiteCandidate) => ({ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: s.at },
      properties: { rank: rank.get(s.code) ?? "", name: s.name, next: next.has(s.code) } });
    this.#over.draw("sites", answer.candidates.map(site), pieces);
    this.#desk.host.see(answer.chosen.map((s) => s.at));
  }

  #said(answer: Siting): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const kind = kinds[answer.unit as keyof typeof kinds] ?? "people";
    const value = (v: number | null | undefined) => inFigures(v, kind, language) + (kind === "people" ? ` ${words.people}` : "");
    const people = (v: number) => `${inFigures(v, "people", language)} ${words.people}`;
    const names = new Map(answer.candidates.map((s) => [s.code, s.name]));
    const called = (codes: string[]) => codes.map((c) => names.get(c) || c).join(wayWords[language].listSeparator);
    const site = (s: SiteCandidate, i: number) => h("li", { data: { site: s.code } }, h("span", { className: "rank" }, String(i + 1)),
      h("div", {}, h("button", { type: "button", className: "plain", onclick: () => this.#desk.host.see([s.at]) }, s.name || s.code), h("small", {}, inFigures(s.area, "area", language))));
    const out = answer.candidates.filter((c) => c.excluded);
    return [h("p", { className: "summary", data: { value: String(answer.value) } }, `${words.value}: ${value(answer.value)}`,
      h("small", {}, [answer.before && ` ${words.base} ${value(answer.before.value)}`, words.leftOver(people(answer.uncovered))].filter(Boolean).join(" · "))),
      h("p", { className: answer.exact ? "passed" : "doubt", data: { gap: String(answer.gap) } }, answer.exact ? words.proven : words.gap(value(answer.gap)),
        answer.evaluated ? ` · ${words.tried(inFigures(answer.evaluated, "count", language))}` : ""),
      answer.certificate && h("p", { className: "wait" }, inWords(answer.certificate, language)), h("h2", {}, words.chosen(answer.chosen.length)),
        h("ol", { className: "reached" }, ...answer.chosen.map(site)),
      answer.runner_up && h("p", { className: "wait", data: { runnerUp: "" } }, words.runnerUp(called(answer.runner_up.chosen), value(answer.runner_up.value))),
      this.#marginal(answer, value, people), this.#front(answer, called),
      out.length > 0 && h("p", { className: "wait" },
        `${words.excluded}: ${out.map((c) => [c.name || c.code, inWords(c.reason, language)].filter(Boolean).join(" ")).join(wayWords[language].listSeparator)}`),
      h("p", { className: "row-buttons" }, h("button", { type: "button", data: { key: "take" }, onclick: () => this.#takeOver(answer) }, words.takeOver))];
  }

  #marginal(answer: Siting, value: (v: number | null) => string, people: (v: number) => string): Child {
    const words = this.#words;
    if (!answer.marginal?.length) return null;
    const head = (text: string) => h("th", { scope: "col" }, text);
    const counted = answer.unit === "persons"; // then both are the same
    return h("div", { className: "table-box" },
      h("table", {}, h("caption", {}, words.marginal), h("thead", {}, h("tr", {}, ...[words.sites, words.without, ...(counted ? [] : [words.withoutPeople])].map(head))),
      h("tbody", {}, ...answer.marginal.map((m) => h("tr", {}, h("th", { scope: "row" }, m.name || m.code), h("td", {}, value(m.gain)),
        counted ? null : h("td", {}, people(m.gain_people)))))));
  }

  #front(answer: Siting, called: (codes: string[]) => string): Child {
    const words = this.#words;
    const { language } = this.#desk;
    if (!answer.front?.length) return null;
    const head = (text: string) => h("th", { scope: "col" }, text);
    const row = (f: NonNullable<Siting["front"]>[number]) => h("tr", {}, h("th", { scope: "row" }, called(f.chosen)), h("td", {}, inFigures(f.covered, "people", language)),
      h("td", {}, inFigures(f.walking, "length", language)), h("td", {}, inFigures(f.area, "area", language)));
    return h("details", { className: "level", data: { key: "front" } }, h("summary", {}, `${words.front} (${answer.front.length})`),
      !answer.front_complete && h("p", { className: "doubt" }, words.frontCut),
      h("div", { className: "table-box" },
        h("table", {}, h("thead", {}, h("tr", {}, ...[words.sites, words.figures.covered!, words.meanWalk, words.figures.area_located!].map(head))),
        h("tbody", {}, ...answer.front.slice(0, shownFront).map(row)))),
      answer.front.length > shownFront && h("p", { className: "wait" }, words.leftMoreRows(answer.front.length - shownFront)));
  }

  // takeOver tries the chosen sites as changes.
  #takeOver(answer: Siting): void {
    const setting = this.#desk.asked.get("hazard") === "earthquake" ? "outdoor" : "indoor";
    const scenario = this.#desk.scenario();
    this.#desk.rewrite({ ...scenario, add: [...(scenario.add ?? []), ...answer.chosen.map((s) => ({ name: s.name || s.code, at: s.at, area: s.area, setting } as const))] });
    this.#desk.go("whatif");
  }
}
