// What else would be otherwise in a scenario than the shelters: the rule, the
// scenario it builds on, boundaries as an adjustment draws them, blocked roads.

import { choice, keepingFocus } from "../asked.ts";
import { h } from "../dom.ts";
import { faultOf } from "../faults.ts";
import type { Pen, Stroke } from "../pen.ts";
import { type Adjustment, loadAdjustments } from "../redraw/client.ts";
import type { Saved } from "./client.ts";
import type { CoverageDesk } from "./coverage.ts";
import { type CoverageWords, coverageWords } from "./words.ts";

// open are the states of adjustments that are not in effect yet.
const open = new Set(["draft", "submitted", "reviewed", "approved"]);

export class Besides {
  readonly element = h("details", { className: "settings" });
  readonly #desk: CoverageDesk;
  readonly #fields = h("div", {});
  readonly #outcome = h("div", { className: "outcome-line" });
  #known = false; // somebody is signed in
  #saved: Saved[] = [];
  #adjustments: Adjustment[] = [];
  #pen: Pen | undefined;
  #drawing = false;

  constructor(desk: CoverageDesk) {
    this.#desk = desk;
    this.element.append(h("summary", { data: { key: "besides" } }), this.#fields, this.#outcome);
    this.element.ontoggle = () => void this.#load();
  }

  get #words(): CoverageWords { return coverageWords[this.#desk.language]; }

  // drawing says whether clicks on the map are the pen's.
  get drawing(): boolean { return this.#drawing; }

  hide(): void {
    this.#drawing = false;
    this.#pen?.rest();
  }

  // knows takes the saved scenarios that may be built on. Who is not signed in
  // sees none.
  knows(saved: Saved[]): void {
    this.#saved = saved;
    this.#known = true;
    void this.#load();
  }

  // load asks for the adjustments when they are to be shown.
  async #load(): Promise<void> {
    if (!this.element.open) return;
    try {
      if (this.#known) this.#adjustments = (await loadAdjustments({})).filter((a) => open.has(a.state));
      this.#outcome.replaceChildren();
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#desk.language));
    }
    this.speak();
  }

  speak(): void {
    const words = this.#words;
    const { language } = this.#desk;
    const scenario = this.#desk.scenario();
    const none = { value: "", title: words.asIs };
    const rules = this.#desk.rules().map((r) => ({ value: r.code, title: (language === "en" && r.name_en) || r.name }));
    const numbered = (list: { id: number; name: string }[]) => list.map((s) => ({ value: String(s.id), title: `${s.id} ${s.name}` }));
    this.element.querySelector("summary")!.textContent = words.besidesTitle;
    keepingFocus(this.#fields, () => this.#fields.replaceChildren(h("div", { className: "fields" },
      choice(words.otherRule, "other-rule", scenario.rule ?? "", [none, ...rules], (rule) => this.#change("rule", rule || undefined)),
      choice(words.builtOn, "base", String(scenario.base ?? ""), [none, ...numbered(this.#saved)], (id) => this.#change("base", Number(id) || undefined)),
      choice(words.boundaries, "adjustment", String(scenario.adjustment ?? ""), [none, ...numbered(this.#adjustments.map((a) => ({ id: a.id, name: a.title })))],
        (id) => this.#change("adjustment", Number(id) || undefined))),
      h("p", { className: "row-buttons" },
        h("button", { type: "button", data: { key: "block" }, aria: { pressed: String(this.#drawing) }, onclick: () => void this.#draw() }, this.#drawing ? words.blocking : words.block)),
      h("p", { className: "hint-text" }, words.blockHow)));
  }

  #change(name: "rule" | "base" | "adjustment", value: string | number | undefined): void {
    const { [name]: _, ...rest } = this.#desk.scenario();
    this.#desk.rewrite(value === undefined ? rest : { ...rest, [name]: value });
  }

  async #draw(): Promise<void> {
    if (this.#drawing) {
      this.hide();
      return this.speak();
    }
    try {
      const { Pen } = await import("../pen.ts");
      this.#pen ??= new Pen(this.#desk.host.map, "over-coverage-pen", { drawn: (stroke) => this.#drawn(stroke), moving: () => {} });
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#desk.language));
      return;
    }
    this.#drawing = true;
    this.#pen.begin("linestring");
    this.speak();
    this.#desk.host.map.getCanvas().focus({ preventScroll: true }); // Enter ends what is drawn
  }

  // drawn blocks the roads that a line meets; who is asked how people walk.
  #drawn(stroke: Stroke): void {
    if (!this.#drawing || stroke.type !== "LineString") return;
    const scenario = this.#desk.scenario();
    this.#desk.asked.set({ reach: "walking" });
    queueMicrotask(() => {
      this.hide();
      this.#desk.rewrite({ ...scenario, block: [...(scenario.block ?? []), { line: stroke }] });
    });
  }
}
