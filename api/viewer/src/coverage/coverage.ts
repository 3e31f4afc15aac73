// The coverage panel: who has a shelter and who has none, what a change would
// do about it, and where new shelters help most. It is loaded when it is
// first opened.

import { buttons, choice, number, tick } from "../asked.ts";
import { h } from "../dom.ts";
import { faultOf } from "../faults.ts";
import type { Desk } from "../tab.ts";
import { Tabs } from "../tabs.ts";
import type { Host } from "../way.ts";
import { type Language, inWords } from "../words.ts";
import { type Choice, type Question, type Rule, type Rules, type Scenario, loadRules } from "./client.ts";
import { CoverTab } from "./cover.ts";
import { SitingTab } from "./siting.ts";
import { WhatIfTab } from "./whatif.ts";
import { type CoverageWords, coverageWords } from "./words.ts";

const first = {
  tab: "cover", rule: "", hazard: "earthquake", population: "residents", method: "reachable", by: "grids", reach: "straight", share: "", radius: "", walking: "", area: "",
    whom: "", others: "",
  figure: "", unit: "", changes: "", delta: "", candidates: "shelter_candidates", choose: "3", objective: "covered", capacity: "",
};

// Key is a name of a setting.
export type Key = keyof typeof first;

type TabID = keyof CoverageWords["tabs"];

// levels are the units as the service names them, by the layers they are.
export const levels: Record<string, string> = { grids: "grid", communities: "community", streets: "street", districts: "district" };

// about are the layers that stay beside the base.
const about = ["shelters", "shelter_candidates"];

const whoms: Record<string, unknown> = { high_risk_zones: "high_risk_zones", slopes: { layer: "slopes", buffer: 50 } };

// CoverageDesk is what the tabs share: besides the settings the question that
// they make, and the changes that are tried.
export interface CoverageDesk extends Desk<Key> {
  question(): Question;
  scenario(): Scenario;
  rules(): Rule[];
  rewrite(scenario: Scenario): void; // replaces the changes and asks again
  go(tab: TabID): void;
}

export class Coverage extends Tabs<Key, TabID> implements CoverageDesk {
  protected readonly tabs;
  #rules: Rules | undefined;
  #fault: HTMLElement | undefined;

  constructor(host: Host, language: Language) {
    super(host, language, "coverage", first, about);
    this.tabs = { cover: new CoverTab(this), whatif: new WhatIfTab(this, this.account), siting: new SitingTab(this) };
    this.begin();
  }

  protected words(): CoverageWords { return coverageWords[this.language]; }
  protected whose() { return this.tabs.whatif; }

  question(): Question {
    const { asked } = this;
    const figure = (name: Key, times = 1) => (asked.get(name) ? asked.number(name) * times : undefined);
    const members: Record<string, unknown> = {
      rule: asked.get("rule"), hazard: asked.get("hazard"), population: asked.get("population"), reach: asked.get("reach"), share: figure("share", 0.01),
      radius: asked.get("reach") === "straight" || !asked.get("walking") ? figure("radius") : undefined,
      walking_minutes: asked.get("reach") === "walking" ? figure("walking") : undefined, area_per_person: figure("area"), exposure: whoms[asked.get("whom")],
    };
    return Object.fromEntries(Object.entries(members).filter(([, v]) => v !== undefined && v !== ""));
  }

  rules(): Rule[] { return this.#rules?.rules ?? []; }

  scenario(): Scenario {
    try {
      return JSON.parse(decodeURIComponent(this.asked.get("changes") || "{}")) as Scenario;
    } catch {
      return {}; // an address that somebody cut
    }
  }

  rewrite(scenario: Scenario): void {
    const kept = Object.fromEntries(Object.entries(scenario).filter(([, v]) => !(Array.isArray(v) && v.length === 0)));
    this.asked.set({ changes: Object.keys(kept).length > 0 ? encodeURIComponent(JSON.stringify(kept)) : "" });
    this.showSettings();
    this.tabs.whatif.speak();
    this.settle();
  }

  override show(open: boolean): void {
    super.show(open);
    if (open && !this.#rules) void this.#load();
  }

  override renewed(touched: (layer: string) => boolean): void {
    if (touched("shelter_standards") && this.#rules) void this.#load();
    super.renewed(touched);
  }

  async #load(): Promise<void> {
    this.#fault = undefined;
    try {
      this.#rules = await loadRules(AbortSignal.timeout(30_000));
    } catch (fault) {
      this.#fault = faultOf(fault, this.language);
    }
    this.showSettings();
  }

  protected settings(now: HTMLElement) {
    const words = this.words();
    const { asked, language } = this;
    const set = (change: Partial<Record<Key, string>>) => this.change(change);
    const told = (known: Record<string, string>) => Object.entries(known).map(([value, title]) => ({ value, title }));
    const titled = (c: Choice) => inWords(c.title, language, c.value);
    const listed = (choices: Choice[] | undefined, known: Record<string, string>) => choices?.map((c) => ({ value: c.value, title: titled(c) })) ?? told(known);
    const brief = (choices: Choice[] | undefined, known: Record<string, string>) => choices?.map((c) => ({ value: c.value, title: known[c.value] ?? titled(c) })) ?? told(known);
    const rules = this.#rules?.rules.map((r) => ({ value: r.code, title: (language === "en" && r.name_en) || r.name })) ?? [];
    const rule = asked.get("rule") || (rules.some((r) => r.value === "shenzhen_2023") ? "shenzhen_2023" : rules[0]?.value ?? "");
    const units = Object.keys(levels).filter((id) => this.host.layer(id)).map((value) => ({ value, title: words.units[value as keyof typeof words.units] }));
    const siting = this.id === "siting";
    const own = ["share", "radius", "walking", "area"] as const;
    return [this.#fault,
      h("div", { className: "fields" }, choice(words.rule, "rule", rule, rules, (value) => set({ rule: value })),
        choice(words.hazard, "hazard", asked.get("hazard"), listed(this.#rules?.hazards, words.hazards), (hazard) => set({ hazard })),
        choice(words.population, "population", asked.get("population"), listed(this.#rules?.populations, words.populations), (population) => set({ population })),
        !siting && choice(words.method, "method", asked.get("method"), brief(this.#rules?.methods, words.methods), (method) => set({ method, figure: "" })),
        !siting && choice(words.unit, "by", asked.get("by"), units, (by) => set({ by, unit: "" })),
        h("div", { className: "field" }, h("span", {}, words.reach),
          buttons(words.reach, "reach", asked.get("reach"), brief(this.#rules?.reaches, words.reaches), (reach) => set({ reach })))),
      h("details", { className: "settings", open: now.querySelector("details")?.open ?? own.some((name) => asked.get(name) !== "") },
        h("summary", { data: { key: "more" } }, words.more),
        h("div", { className: "fields" }, choice(words.whom, "whom", asked.get("whom"), Object.entries(words.whoms).map(([value, title]) => ({ value, title })), (whom) => set({ whom })),
          number(words.share, "share", asked.get("share"), { min: 1, max: 100, empty: true, unset: words.byRule }, (share) => set({ share })),
          asked.get("reach") === "walking" ? number(words.walkingMinutes, "walking", asked.get("walking"), { min: 1, max: 120, empty: true, unset: words.byRule },
            (walking) => set({ walking })) : number(words.radius, "radius", asked.get("radius"), { min: 50, max: 10000, step: 50, empty: true, unset: words.byRule },
            (radius) => set({ radius })),
          number(words.areaPerPerson, "area", asked.get("area"), { min: 0.1, max: 20, step: 0.1, empty: true, unset: words.byRule }, (area) => set({ area }))),
        this.#clause(rule), tick(words.others, "others", asked.get("others") === "true", (on) => { asked.set({ others: on ? "true" : "" }); this.quiet(); }))];
  }

  // clause says what a rule rests on and how sure that is.
  #clause(code: string): HTMLElement | false {
    const rule = this.#rules?.rules.find((r) => r.code === code);
    if (!rule) return false;
    const words = this.words();
    return h("p", { className: "wait", data: { clause: rule.code } },
      [`${words.clause}: ${[rule.document, rule.clause].filter(Boolean).join(" ")}`, rule.dated, rule.certainty && (words.certainty[rule.certainty] ?? rule.certainty),
      (this.language === "en" && rule.note_en) || rule.note].filter(Boolean).join(" · "));
  }
}
