// The coverage panel: who has a shelter and who has none, what a change would
// do about it, and where new shelters help most. It is loaded when it is
// first opened.

import type { LngLat, Point } from "maplibre-gl";
import { Account } from "../account.ts";
import { Asked, buttons, choice, keepingFocus, number, tick } from "../asked.ts";
import { h } from "../dom.ts";
import { faultOf } from "../faults.ts";
import type { Desk, Tab } from "../tab.ts";
import type { Host, Way } from "../way.ts";
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

const settle = 150; // before questions that follow each other fast

// CoverageDesk is what the tabs share: besides the settings the question that
// they make, and the changes that are tried.
export interface CoverageDesk extends Desk<Key> {
  question(): Question;
  scenario(): Scenario;
  rules(): Rule[];
  rewrite(scenario: Scenario): void; // replaces the changes and asks again
  go(tab: TabID): void;
}

export class Coverage implements Way, CoverageDesk {
  readonly element = h("div", { className: "way coverage", id: "coverage" });
  readonly host: Host;
  readonly asked = new Asked("coverage", first);
  language: Language;
  readonly #account = new Account(() => this.#signed());
  readonly #tabs: Record<TabID, Tab>;
  readonly #choices = h("nav", { className: "tabs" });
  readonly #form = h("div", {});
  readonly #place = h("div", {});
  #rules: Rules | undefined;
  #fault: HTMLElement | undefined;
  #open = false;
  #timer = 0;

  constructor(host: Host, language: Language) {
    this.host = host;
    this.language = language;
    this.#tabs = { cover: new CoverTab(this), whatif: new WhatIfTab(this, this.#account), siting: new SitingTab(this) };
    this.element.append(this.#choices, this.#form, this.#place);
    host.map.on("mousemove", (e) => { if (this.#open) this.#tab.hovered?.(e.point); });
    this.speak(language);
  }

  get #words(): CoverageWords { return coverageWords[this.language]; }
  get #id(): TabID { return this.asked.get("tab") in this.#tabs ? this.asked.get("tab") as TabID : "cover"; }
  get #tab(): Tab { return this.#tabs[this.#id]; }

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
    this.#showForm();
    this.#tabs.whatif.speak();
    this.settle();
  }

  show(open: boolean): void {
    this.#open = open;
    if (!open) return this.#tab.hide();
    this.asked.write();
    this.#quiet();
    this.#account.begin();
    if (!this.#rules) void this.#load();
    this.#tab.show();
  }

  speak(language: Language): void {
    const again = language !== this.language;
    this.language = language;
    this.element.setAttribute("aria-label", this.#words.title);
    this.#account.speak(language, this.#words.guest);
    this.#showTabs();
    this.#showForm();
    for (const tab of Object.values(this.#tabs)) tab.speak();
    if (again && this.#open) this.#tab.show();
  }

  renewed(touched: (layer: string) => boolean): void {
    if (touched("shelter_standards") && this.#rules) void this.#load();
    if (this.#open && this.#tab.renewed?.(touched)) this.settle();
  }

  redrawn(): void {} // the map keeps what is drawn over it

  clicked(point: Point, at: LngLat): boolean { return this.#tab.clicked?.(point, at) ?? false; }

  addressed(): void {
    const before = this.#id;
    if (!this.asked.read()) return;
    this.#tabs[before].hide();
    this.speak(this.language);
    this.#tab.show();
  }

  go(id: TabID): void {
    this.#tab.hide();
    this.asked.set({ tab: id });
    this.#showTabs();
    this.#showForm();
    this.#tab.show();
    this.#choices.querySelector<HTMLElement>(`[data-tab="${id}"]`)?.focus();
  }

  // settle asks again soon.
  settle(): void {
    this.asked.write();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (this.#open) this.#tab.show(); }, settle);
  }

  #quiet(): void { this.host.quiet(this.asked.get("others") === "true" ? undefined : about); }

  #signed(): void {
    this.#tabs.whatif.speak();
    if (this.#open) this.#tab.show();
  }

  async #load(): Promise<void> {
    this.#fault = undefined;
    try {
      this.#rules = await loadRules(AbortSignal.timeout(30_000));
    } catch (fault) {
      this.#fault = faultOf(fault, this.language);
    }
    this.#showForm();
  }

  #showTabs(): void {
    const words = this.#words;
    const tab = (id: TabID) => h("button", { type: "button", data: { tab: id, key: `tab-${id}` }, aria: { pressed: String(this.#id === id) }, onclick: () => this.go(id) }, words.tabs[id]);
    keepingFocus(this.#choices, () => this.#choices.replaceChildren(...(Object.keys(words.tabs) as TabID[]).map(tab)));
    this.#choices.setAttribute("aria-label", words.title);
    this.#place.replaceChildren(this.#tab.element);
  }

  // showForm shows what all tabs ask with.
  #showForm(): void {
    const words = this.#words;
    const { asked, language } = this;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.#showForm(); this.settle(); };
    const told = (known: Record<string, string>) => Object.entries(known).map(([value, title]) => ({ value, title }));
    const titled = (c: Choice) => inWords(c.title, language, c.value);
    const listed = (choices: Choice[] | undefined, known: Record<string, string>) => choices?.map((c) => ({ value: c.value, title: titled(c) })) ?? told(known);
    const brief = (choices: Choice[] | undefined, known: Record<string, string>) => choices?.map((c) => ({ value: c.value, title: known[c.value] ?? titled(c) })) ?? told(known);
    const rules = this.#rules?.rules.map((r) => ({ value: r.code, title: (language === "en" && r.name_en) || r.name })) ?? [];
    const rule = asked.get("rule") || (rules.some((r) => r.value === "shenzhen_2023") ? "shenzhen_2023" : rules[0]?.value ?? "");
    const units = Object.keys(levels).filter((id) => this.host.layer(id)).map((value) => ({ value, title: words.units[value as keyof typeof words.units] }));
    const siting = this.#id === "siting";
    const own = ["share", "radius", "walking", "area"] as const;
    keepingFocus(this.#form, () => this.#form.replaceChildren(...(this.#fault ? [this.#fault] : []),
      h("div", { className: "fields" }, choice(words.rule, "rule", rule, rules, (value) => set({ rule: value })),
        choice(words.hazard, "hazard", asked.get("hazard"), listed(this.#rules?.hazards, words.hazards), (hazard) => set({ hazard })),
        choice(words.population, "population", asked.get("population"), listed(this.#rules?.populations, words.populations), (population) => set({ population })),
        !siting && choice(words.method, "method", asked.get("method"), brief(this.#rules?.methods, words.methods), (method) => set({ method, figure: "" })),
        !siting && choice(words.unit, "by", asked.get("by"), units, (by) => set({ by, unit: "" })),
        h("div", { className: "field" }, h("span", {}, words.reach),
          buttons(words.reach, "reach", asked.get("reach"), brief(this.#rules?.reaches, words.reaches), (reach) => set({ reach })))),
      h("details", { className: "settings", open: this.#form.querySelector("details")?.open ?? own.some((name) => asked.get(name) !== "") },
        h("summary", { data: { key: "more" } }, words.more),
        h("div", { className: "fields" }, choice(words.whom, "whom", asked.get("whom"), Object.entries(words.whoms).map(([value, title]) => ({ value, title })), (whom) => set({ whom })),
          number(words.share, "share", asked.get("share"), { min: 1, max: 100, empty: true, unset: words.byRule }, (share) => set({ share })),
          asked.get("reach") === "walking" ? number(words.walkingMinutes, "walking", asked.get("walking"), { min: 1, max: 120, empty: true, unset: words.byRule },
            (walking) => set({ walking })) : number(words.radius, "radius", asked.get("radius"), { min: 50, max: 10000, step: 50, empty: true, unset: words.byRule },
            (radius) => set({ radius })),
          number(words.areaPerPerson, "area", asked.get("area"), { min: 0.1, max: 20, step: 0.1, empty: true, unset: words.byRule }, (area) => set({ area }))),
        this.#clause(rule), tick(words.others, "others", asked.get("others") === "true", (on) => { asked.set({ others: on ? "true" : "" }); this.#quiet(); }))));
  }

  // clause says what a rule rests on and how sure that is.
  #clause(code: string): HTMLElement | false {
    const rule = this.#rules?.rules.find((r) => r.code === code);
    if (!rule) return false;
    const words = this.#words;
    return h("p", { className: "wait", data: { clause: rule.code } },
      [`${words.clause}: ${[rule.document, rule.clause].filter(Boolean).join(" ")}`, rule.dated, rule.certainty && (words.certainty[rule.certainty] ?? rule.certainty),
      (this.language === "en" && rule.note_en) || rule.note].filter(Boolean).join(" · "));
  }
}
