// One unit: its figures, the shelters it reaches, who is left and why.

import { Asking } from "../asking.ts";
import { type Child, h } from "../dom.ts";
import type { Over, Piece } from "../over.ts";
import { typeface } from "../fonts.ts";
import { inWords } from "../words.ts";
import { type Question, type Trace, type TraceFacility, type Uncovered, type Unit, loadUnit } from "./client.ts";
import { type CoverageDesk, levels } from "./coverage.ts";
import { facts, inFigures, signed } from "./figures.ts";
import { coverageWords } from "./words.ts";

const pieces = [
  { type: "circle", filter: ["==", ["get", "kind"], "left"],
    paint: { "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "people"]], 1, 3, 40, 11], "circle-color": "#b35806", "circle-opacity": 0.85, "circle-stroke-color": "#fff",
    "circle-stroke-width": 1.2 } },
  { type: "circle", filter: ["==", ["get", "kind"], "shelter"],
    paint: { "circle-radius": 14, "circle-color": "rgba(255,255,255,.8)", "circle-stroke-color": "#034e7b", "circle-stroke-width": 3 } },
  { type: "symbol", filter: ["==", ["get", "kind"], "shelter"], layout: { "text-field": ["get", "rank"], "text-font": [typeface], "text-size": 13, "text-allow-overlap": true },
    paint: { "text-color": "#034e7b" } },
] as unknown as Piece[];

export class OneUnit {
  readonly element = h("section", { className: "one-unit", hidden: true });
  readonly #desk: CoverageDesk;
  readonly #over: Over;
  readonly #asking = new Asking();
  readonly #back = h("button", { type: "button", className: "plain" });

  constructor(desk: CoverageDesk, over: Over, back: () => void) {
    this.#desk = desk;
    this.#over = over;
    this.#back.onclick = back;
    this.#asking.element.id = "coverage-unit";
    this.element.append(this.#back, this.#asking.element);
  }

  async show(code: string, question: Question, see: boolean): Promise<void> {
    const words = coverageWords[this.#desk.language];
    const { asked, language } = this.#desk;
    this.#back.textContent = `← ${words.back}`;
    this.element.hidden = false;
    const answer = await this.#asking.ask(language, (signal) => loadUnit({ ...question, by: levels[asked.get("by")] ?? "grid", method: asked.get("method"), unit: code }, signal),
      ({ unit, trace }) => this.#said(unit, trace), words.rules);
    if (!answer || this.element.hidden) return;
    this.#draw(answer.trace);
    const places = [...answer.trace.uncovered.slice(0, 50), ...answer.trace.facilities.slice(0, 3)].map((f) => f.at);
    if (see && places.length > 0) this.#desk.host.see(places);
  }

  hide(): void {
    this.element.hidden = true;
    this.#over.drop("unit");
  }

  #draw(trace: Trace): void {
    this.#over.draw("unit",
      [...trace.uncovered.map((u) => ({ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: u.at }, properties: { kind: "left", people: u.people } })),
      ...trace.facilities.slice(0,
        20).map((f, i) => ({ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: f.at }, properties: { kind: "shelter", rank: String(i + 1) } }))], pieces);
  }

  #said(unit: Unit, trace: Trace): Child[] {
    const words = coverageWords[this.#desk.language];
    const { language } = this.#desk;
    const said = facts.filter(([key]) => unit[key] !== undefined && unit[key] !== null);
    const delta = (key: string,
      kind: Parameters<typeof signed>[1]) => (typeof unit.delta?.[key] === "number" && unit.delta[key] !== 0 ? h("small", {}, ` ${signed(unit.delta[key], kind, language)}`) : null);
    const left = trace.uncovered_more ?? 0;
    return [h("h2", { className: "name", data: { unit: unit.code } }, unit.name || unit.code), h("p", { className: "wait" }, unit.code),
      trace.words && h("p", {}, inWords(trace.words, language)),
      h("dl", { className: "figures" },
        ...said.map(([key, kind]) => h("div", {}, h("dt", {}, words.figures[key] ?? key), h("dd", {}, inFigures(unit[key] as number, kind, language), delta(key, kind))))),
      h("h3", {}, words.reachable),
        trace.facilities.length === 0 ? h("p", { className: "wait" }, words.noReach) : h("ol", { className: "reached" }, ...trace.facilities.map((f, i) => this.#facility(f, i))),
      trace.uncovered.length > 0 && h("h3", {}, words.left), trace.uncovered.length > 0 && h("ul", { className: "lines" }, ...trace.uncovered.slice(0, 30).map((u) => this.#left(u))),
      trace.uncovered.length > 30 || left > 0 ? h("p", { className: "wait" }, words.leftMore(Math.max(0, trace.uncovered.length - 30) + left)) : null];
  }

  #facility(f: TraceFacility, i: number): HTMLElement {
    const words = coverageWords[this.#desk.language];
    const { language } = this.#desk;
    const d = (metres: number) => inFigures(metres, "length", language);
    const facts = [words.settings[f.setting] ?? f.setting, words.distance(d(f.distance.min), d(f.distance.max)), words.ofDemand(inFigures(f.share, "share", language)),
      typeof f.served === "number" && words.takes(inFigures(f.served, "people", language)),
      typeof f.accessibility === "number" && inFigures(f.accessibility, "each", language), inFigures(f.area, "area", language),
        f.capacity !== null && words.places(inFigures(f.capacity, "people", language))];
    return h("li", { data: { shelter: f.code } }, h("span", { className: "rank" }, String(i + 1)),
      h("div", {}, h("button", { type: "button", className: "plain", onclick: () => this.#desk.host.see([f.at]) }, f.name || f.code), h("small", {}, facts.filter(Boolean).join(" · ")),
      f.clause && h("small", { className: "clause" }, `${words.clause}: ${f.clause}`)));
  }

  #left(u: Uncovered): HTMLElement {
    const words = coverageWords[this.#desk.language];
    const { language } = this.#desk;
    const why = [`${inFigures(u.people, "people", language)} ${words.people}`, words.reasons[u.reason] ?? u.reason,
      u.nearest && words.nearest(u.nearest.name || u.nearest.code, inFigures(u.nearest.distance, "length", language))];
    return h("li", {}, h("button", { type: "button", className: "plain", onclick: () => this.#desk.host.see([u.at]) }, u.name || u.code), h("small", {}, why.filter(Boolean).join(" · ")));
  }
}
