// A preview in words: what changes hands, each unit before and after, and the
// rules that speak against it.

import type { Geometry } from "geojson";
import type { Layer } from "../catalogue.ts";
import { h } from "../dom.ts";
import { numberInWords, valueInWords } from "../say.ts";
import { wayWords } from "../way_words.ts";
import { type Language, dictionaries, inWords } from "../words.ts";
import type { Check, Effect, Figures, Moved, Preview } from "./client.ts";
import { redrawWords } from "./words.ts";

export interface EffectActs {
  layer(id: string): Layer | undefined;
  nameOf(code: string): string;
  goTo(place: Geometry): void;
  goToFeature(layer: string, id: number | string): void;
  adopt?(step: number, suggestion: Geometry): void;
}

// Figure is a line of a unit's table.
interface Figure { title: string; before: string; after: string; delta: string; changed: boolean; key: boolean }

// keys are figures that are shown even where they do not change.
const keys = new Set(["residents", "rooms", "buildings", "legal_persons", "area", "compactness"]);
const summed = new Set(["buildings", "risk_points"]); // layers that figures count already
const quiet = new Set(["neighbours", "parts", "counts", "perimeter"]);

// Effects turns previews into elements.
export class Effects {
  readonly #acts: EffectActs;
  readonly #language: Language;

  constructor(acts: EffectActs, language: Language) {
    this.#acts = acts;
    this.#language = language;
  }

  // show is a whole preview.
  show(preview: Preview): HTMLElement[] {
    const refusals = preview.checks.filter((c) => c.severity === "refusal");
    const warnings = preview.checks.filter((c) => c.severity !== "refusal");
    const words = redrawWords[this.#language];
    return [
      refusals.length > 0 ? this.#checks(words.refused(refusals.length), refusals, "refusals") : h("p", { className: "passed" }, words.passed),
      ...(preview.refused ? [] : [this.#summary(preview)]),
      ...this.#units(preview.effects), ...this.#moved(preview.moved),
      ...(warnings.length > 0 ? [this.#checks(words.warnings(warnings.length), warnings, "warnings")] : []),
    ];
  }

  // summary says what changes hands, from what the lowest units lose.
  #summary(preview: Preview): HTMLElement {
    const words = redrawWords[this.#language];
    const lowest = preview.effects[0]?.level;
    const given = (name: string) => {
      const deltas = preview.effects.filter((e) => e.level === lowest).map((e) => deltaOf(e, name));
      if (deltas.some((d) => d === undefined)) return words.small;
      return this.#number(deltas.reduce<number>((sum, d) => sum + Math.max(0, d!), 0));
    };
    return h("p", { className: "summary", data: { summary: "" } }, words.summary(given("residents"), given("rooms"), given("buildings")));
  }

  #units(effects: Effect[]): HTMLElement[] {
    const levels = Map.groupBy(effects, (e) => e.level);
    return [...levels].map(([level, all], i) => {
      const layer = this.#acts.layer(level);
      const units = all.filter((u) => this.#figures(u, layer).some((f) => f.changed));
      return h("details", { open: i === 0, className: "level" }, h("summary", {}, `${inWords(layer?.title, this.#language, level)} (${units.length})`),
        ...units.map((u) => this.#unit(u, layer)), units.length < all.length && h("p", { className: "wait" }, redrawWords[this.#language].untouched(all.length - units.length)));
    });
  }

  #unit(unit: Effect, layer: Layer | undefined): HTMLElement {
    const words = redrawWords[this.#language];
    const figures = this.#figures(unit, layer);
    const row = (f: Figure) => h("tr", { className: f.changed ? "changed" : "" }, heading("row", f.title), h("td", {}, f.before), h("td", {}, f.after), h("td", { className: "delta" }, f.delta));
    const state = !unit.before ? words.isNew : !unit.after ? words.isGone : "";
    return h("table", { data: { unit: unit.code } }, h("caption", {}, unit.name || unit.code, " ", h("small", {}, unit.code), state && h("b", {}, ` ${state}`)),
      h("thead", {}, h("tr", {}, ...[words.figure, words.before, words.after, words.delta].map((t) => heading("col", t)))),
      h("tbody", {}, ...figures.filter((f) => f.changed || f.key).map(row)));
  }

  // figures are in the order of the layer's fields, then its measures, then
  // counts of what stands in it.
  #figures(unit: Effect, layer: Layer | undefined): Figure[] {
    const present = { ...unit.after, ...unit.before };
    const names = Object.keys(present).filter((n) => !quiet.has(n));
    const plain = names.map((n) => this.#figure(n, layer, unit.before?.[n], unit.after?.[n], unit));
    return [...plain, ...this.#counts(unit)];
  }

  #figure(name: string, layer: Layer | undefined, before: unknown, after: unknown, unit: Effect): Figure {
    const words = redrawWords[this.#language];
    const field = layer?.fields.find((f) => f.name === name);
    const title = words.figures[name] ?? inWords(field?.title, this.#language, name);
    const digits = name === "compactness" ? 3 : 0;
    const say = (v: unknown, there: boolean) => (!there ? "–" : v === null || v === undefined ? words.small : this.#number(Number(v), digits));
    const delta = deltaOf(unit, name);
    return { title: name === "area" ? `${title} (${words.m2})` : title, before: say(before, !!unit.before), after: say(after, !!unit.after),
      delta: delta === undefined ? "" : this.#signed(delta, digits), changed: delta === undefined || Math.abs(delta) >= (digits ? 0.0005 : 0.5), key: keys.has(name) };
  }

  // counts are the features of other layers that stand in the unit, where
  // their number changes and no field of the unit has it already.
  #counts(unit: Effect): Figure[] {
    const all = new Map<string, { title: string; before: number; after: number }>();
    for (const [state, when] of [[unit.before, "before"], [unit.after, "after"]] as const) {
      for (const c of (state?.counts ?? []) as Counted[]) {
        if (summed.has(c.layer) || c.layer === "grid_events" && !c.field) continue;
        const id = `${c.layer} ${c.field} ${c.value}`;
        const entry = all.get(id) ?? { title: this.#counted(c), before: 0, after: 0 };
        entry[when] = c.count;
        all.set(id, entry);
      }
    }
    return [...all.values()].filter((c) => c.before !== c.after).map((c) => ({ title: c.title, before: unit.before ? this.#number(c.before) : "–",
      after: unit.after ? this.#number(c.after) : "–", delta: this.#signed(c.after - c.before), changed: true, key: false }));
  }

  #counted(c: Counted): string {
    const layer = this.#acts.layer(c.layer);
    const field = layer?.fields.find((f) => f.name === c.field);
    const title = inWords(layer?.title, this.#language, c.layer);
    if (!c.field) return title;
    return `${title} · ${(field && valueInWords(field, c.value, this.#language)) ?? redrawWords[this.#language].unclassified}`;
  }

  #moved(moved: Record<string, Moved[]>): HTMLElement[] {
    const words = redrawWords[this.#language];
    const { buildings = [], ...others } = moved;
    const line = (m: Moved) => h("li", {}, h("button", { type: "button", className: "plain", onclick: () => this.#acts.goToFeature("buildings", m.id) }, m.name || m.code),
      h("small", {}, h("code", {}, m.code), m.new_code && m.new_code !== m.code ? h("code", {}, `→ ${m.new_code}`) : words.sameCode));
    const rest = Object.entries(others).filter(([, list]) => list.length > 0)
      .map(([id, list]) => `${inWords(this.#acts.layer(id)?.title, this.#language, id)} ${list.length}`).join(wayWords[this.#language].listSeparator);
    return buildings.length + rest.length === 0 ? [] : [h("details", { className: "level moved", open: buildings.length < 6 }, h("summary", {}, words.moved(buildings.length)),
      h("ul", {}, ...buildings.slice(0, 200).map(line)), rest && h("p", { className: "wait" }, rest))];
  }

  #checks(title: string, checks: Check[], kind: string): HTMLElement {
    return h("section", { className: `checks ${kind}`, role: kind === "refusals" ? "alert" : "status" }, h("h2", {}, title), h("ul", {}, ...checks.map((c) => this.#check(c))));
  }

  #check(c: Check): HTMLElement {
    const words = redrawWords[this.#language];
    const said = words.rules[c.rule] ?? (c.rule.startsWith("cuts_") ? words.rules.cuts_buildings : undefined) ?? c.detail;
    const place: Geometry | undefined = c.part ?? (c.at && { type: "Point", coordinates: c.at });
    const { suggest } = c;
    const adopt = this.#acts.adopt;
    return h("li", { data: { rule: c.rule } }, h("p", {}, said, c.where && h("code", {}, ` ${this.#where(c.where)}`)),
      said !== c.detail && h("p", { className: "wait", lang: "en" }, c.detail),
      c.fix && this.#language === "en" && h("p", {}, words.fix, c.fix),
      h("p", { className: "row-buttons" }, place && h("button", { type: "button", onclick: () => this.#acts.goTo(place) }, words.goThere),
        suggest && adopt && h("button", { type: "button", className: "primary", onclick: () => adopt(c.step ?? 0, suggest) }, words.useSuggestion)));
  }

  // where names a place as readers do: layers by their titles, grids by name.
  #where(text: string): string {
    const [layer, ...rest] = text.split(" ");
    const title = rest.length > 0 && this.#acts.layer(layer!)?.title;
    return title ? `${inWords(title, this.#language)} ${rest.join(" ")}` : this.#acts.nameOf(text);
  }

  #number(n: number, digits = 0): string { return numberInWords(n, dictionaries[this.#language].locale, digits); }

  #signed(n: number, digits = 0): string {
    const text = this.#number(Math.abs(n), digits);
    return text === "0" ? "0" : `${n < 0 ? "−" : "+"}${text}`;
  }
}

interface Counted { layer: string; field?: string; value?: unknown; count: number }

function heading(scope: string, text: string): HTMLElement {
  return h("th", { scope }, text);
}

// deltaOf is by how much a figure changes; undefined if that is withheld.
function deltaOf(unit: Effect, name: string): number | undefined {
  const told = unit.delta?.[name];
  if (typeof told === "number") return told;
  if (told === null) return undefined;
  const of = (state: Figures | null) => (state ? state[name] : 0);
  const [before, after] = [of(unit.before), of(unit.after)];
  return typeof before === "number" && typeof after === "number" ? after - before : undefined;
}
