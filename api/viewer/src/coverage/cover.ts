// Who has a shelter and who has none, today.

import type { Point } from "maplibre-gl";
import { choice, keepingFocus } from "../asked.ts";
import { Asking } from "../asking.ts";
import { type Child, h } from "../dom.ts";
import { saving } from "../files.ts";
import { Over } from "../over.ts";
import type { Tab } from "../tab.ts";
import { inWords } from "../words.ts";
import { type Bottleneck, type Coverage, type Facility, loadCoverage } from "./client.ts";
import { type CoverageDesk, levels } from "./coverage.ts";
import { figureFor, figuresFor, inFigures } from "./figures.ts";
import { OneUnit } from "./unit.ts";
import { Units } from "./units.ts";
import { type CoverageWords, coverageWords } from "./words.ts";

// reads are the layers that coverage is worked out of.
export const reads = ["shelters", "shelter_standards", "buildings", "grids", "communities", "streets", "roads", "closures", "high_risk_zones", "slopes", "water", "shelter_candidates"];

export class CoverTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: CoverageDesk;
  readonly #over: Over;
  readonly #units: Units;
  readonly #one: OneUnit;
  readonly #asking = new Asking();
  #answer: Coverage | undefined;
  #shown = false;

  constructor(desk: CoverageDesk) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "coverage-units");
    this.#units = new Units(desk, this.#over, (code) => this.#open(code));
    this.#one = new OneUnit(desk, this.#over, () => this.#back());
    this.#asking.element.id = "coverage-answer";
    this.element.append(this.#one.element, this.#asking.element);
  }

  get #words(): CoverageWords { return coverageWords[this.#desk.language]; }

  speak(): void {}

  get #question(): Parameters<typeof loadCoverage>[0] {
    const { asked } = this.#desk;
    return { ...this.#desk.question(), by: levels[asked.get("by")] ?? "grid", method: asked.get("method") };
  }

  show(): void {
    this.#shown = true;
    const { asked } = this.#desk;
    void this.#asking.ask(this.#desk.language, (signal) => loadCoverage(this.#question, signal), (answer) => {
      this.#answer = answer;
      return this.#said(answer);
    }, this.#words.rules).then(() => { const unit = asked.get("unit"); if (unit && this.#shown) this.#units.mark(unit); });
    if (asked.get("unit")) this.#open(asked.get("unit"), false);
    else this.#back(false);
  }

  hide(): void {
    this.#shown = false;
    this.#over.clear();
    this.#units.clear();
  }

  clicked(at: Point): boolean { return this.#units.clicked(at); }
  hovered(at: Point): void { this.#units.hovered(at); }
  renewed(touched: (layer: string) => boolean): boolean { return reads.some(touched); }

  // open shows one unit instead of all.
  #open(code: string, chosen = true): void {
    this.#desk.asked.set({ unit: code });
    this.#asking.element.hidden = true;
    if (chosen) this.#desk.host.unfold();
    void this.#one.show(code, this.#desk.question(), chosen);
  }

  #back(focus = true): void {
    const { asked } = this.#desk;
    const unit = asked.get("unit");
    asked.set({ unit: "" });
    this.#asking.element.hidden = false;
    this.#one.hide();
    if (focus && unit) this.#asking.element.querySelector<HTMLElement>(`tr[data-key="${CSS.escape(unit)}"] button`)?.focus();
  }

  #said(answer: Coverage): Child[] {
    const words = this.#words;
    const { asked, language } = this.#desk;
    const method = asked.get("method");
    const figure = figureFor(method, asked.get("figure"));
    const shown = { figure, delta: false };
    if (this.#shown) this.#units.draw(answer, shown);
    const select = choice(words.show, "figure", figure.key, figuresFor(method).map((f) => ({ value: f.key, title: words.figures[f.key] ?? f.key })), (key) => {
      asked.set({ figure: key });
      keepingFocus(this.#asking.element, () => this.#asking.element.replaceChildren(...this.#said(this.#answer!).filter((c): c is HTMLElement => !!c)));
    });
    return [...totals(answer, method, words, language), ...this.#bottlenecks(answer.bottlenecks ?? []), select, ...this.#units.said(answer, shown),
      saving(words.title, language, (f) => ({ path: `coverage?f=${f}`, request: { method: "POST", body: this.#question, writes: false } })), ...this.#definitions(answer),
        this.#facilities(answer.facilities)];
  }

  #bottlenecks(all: Bottleneck[]): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    if (all.length === 0) return [];
    const line = (b: Bottleneck) => h("li", {}, inWords(b.text, language), typeof b.area_needed === "number" && h("small", {}, ` ${words.needs(inFigures(b.area_needed, "area", language))}`),
      h("button", { type: "button", className: "plain", onclick: () => this.#units.outline(b.units) }, words.outline));
    return [h("details", { className: "level", data: { key: "bottlenecks" } }, h("summary", {}, `${words.bottlenecks} (${all.length})`),
      h("ul", { className: "lines" }, ...all.slice(0, 50).map(line)))];
  }

  #definitions(answer: Coverage): Child[] {
    const all = Object.entries(answer.definitions ?? {});
    const { language } = this.#desk;
    if (all.length === 0) return [];
    return [h("details", { className: "level", data: { key: "definitions" } }, h("summary", {}, this.#words.definitions),
      h("dl", { className: "defined" }, ...all.map(([key, text]) => h("div", {}, h("dt", {}, this.#words.figures[key] ?? key), h("dd", {}, inWords(text, language))))))];
  }

  #facilities(all: Facility[]): HTMLElement {
    const words = this.#words;
    const { language } = this.#desk;
    const line = (f: Facility) => h("li", {}, h("button", { type: "button", className: "plain", onclick: () => this.#desk.host.see([f.at]) }, f.name || f.code),
      h("small", {}, [words.settings[f.setting] ?? f.setting, inFigures(f.area, "area", language),
        f.eligible ? (typeof f.load === "number" ? words.takes(inFigures(f.load, "people", language)) : "") : words.excludedWhy[f.excluded ?? ""] ?? f.excluded,
        !f.eligible && inWords(f.reason, language)].filter(Boolean).join(" · ")));
    const there = all.filter((f) => f.eligible);
    const out = all.filter((f) => !f.eligible);
    return h("details", { className: "level", data: { key: "facilities" } }, h("summary", {}, words.facilities(there.length, all.length)),
      h("ul", { className: "lines" }, ...there.map(line)),
      out.length > 0 && h("p", { className: "wait" }, `${words.excluded} (${out.length})`), out.length > 0 && h("ul", { className: "lines" }, ...out.map(line)));
  }
}

// totals are the figures of the whole district.
export function totals(answer: Coverage, method: string, words: CoverageWords, language: "zh" | "en"): Child[] {
  const t = answer.totals;
  const people = (v: number | null | undefined) => inFigures(v, "people", language);
  const said = method === "allocation" && t.served !== undefined ? words.totalServed(people(t.served), people(t.demand)) : words.total(people(t.covered), people(t.demand));
  const figures = ([["per_capita_located", "each"], ["per_capita_reachable", "each"], ["capacity", "people"], ["deficit", "area"]] as const).filter(([key]) => typeof t[key] === "number");
  return [h("p", { className: "summary", data: { totals: String(t.demand) } }, said), h("p", { className: "wait", data: { used: "" } }, used(answer, words, language)),
    answer.demand.note && h("p", { className: "wait" }, inWords(answer.demand.note, language)),
    h("dl", { className: "figures" }, ...figures.map(([key, kind]) => h("div", {}, h("dt", {}, words.figures[key] ?? key), h("dd", {}, inFigures(t[key], kind, language)))))];
}

// used are the figures that the answer rests on, and which of them nobody
// gave.
function used({ parameters }: Coverage, words: CoverageWords, language: "zh" | "en"): string {
  const figures: [string, string, (v: number) => string][] = [["share", words.share, (v) => inFigures(v, "share", language)],
    ["radius", words.radius, (v) => inFigures(v, "length", language)],
    ["walking_minutes", words.walkingMinutes, (v) => inFigures(v, "count", language)], ["area_per_person", words.areaPerPerson, (v) => inFigures(v, "each", language)]];
  const said = figures.filter(([name]) => typeof parameters[name] === "number").map(([name, title,
    tell]) => `${title.replace(/[（(].*/, "").trim()} ${tell(parameters[name] as number)}${parameters[`${name}_from`] === "default" ? words.assumed : ""}`);
  return `${words.used}: ${said.join(language === "zh" ? "，" : ", ")}`;
}
