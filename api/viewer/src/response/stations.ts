// What one station matters, and where another one would.

import type { Point } from "maplibre-gl";
import { buttons, choice, keepingFocus, number } from "../asked.ts";
import { Asking } from "../asking.ts";
import { type Child, h } from "../dom.ts";
import { typeface } from "../fonts.ts";
import { Over, type Piece } from "../over.ts";
import { ask } from "../service.ts";
import { type Column, Table } from "../table.ts";
import type { Desk, Tab } from "../tab.ts";
import { inWords } from "../words.ts";
import { type Additional, type Heir, type Place, type Site, type Without, loadAdditional, loadWithout } from "./client.ts";
import { type Key, whom } from "./response.ts";
import { countInWords, timeInWords } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

const numbered = [
  { type: "circle", paint: { "circle-radius": 14, "circle-color": "#542788", "circle-stroke-color": "#fff", "circle-stroke-width": 2.5 } },
  { type: "symbol", layout: { "text-field": ["get", "rank"], "text-font": [typeface], "text-size": 14, "text-allow-overlap": true }, paint: { "text-color": "#fff" } },
] as unknown as Piece[];
const named = [
  { type: "circle", paint: { "circle-radius": 15, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": ["case", ["get", "away"], "#b3261e", "#0b4f9c"],
    "circle-stroke-width": ["case", ["get", "away"], 4, 2.5] } },
  { type: "symbol", layout: { "text-field": ["get", "name"], "text-font": [typeface], "text-size": 12.5, "text-anchor": "top", "text-offset": [0, 1.3] },
    paint: { "text-color": ["case", ["get", "away"], "#8c1d18", "#0b3d91"], "text-halo-color": "#fff", "text-halo-width": 2 } },
  { type: "circle", filter: ["==", ["get", "key"], ""], paint: { "circle-radius": 20, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": "#111827", "circle-stroke-width": 2.5 } },
] as unknown as Piece[];

interface Points { features: { id: number; geometry: { coordinates: Place } | null; properties: Record<string, unknown> }[] }

interface Station { id: string; name: string; at: Place | undefined }

export class StationsTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: Desk<Key>;
  readonly #over: Over;
  readonly #form = h("div", {});
  readonly #without = new Asking();
  readonly #heirs: Table<Heir>;
  readonly #siteForm = h("div", {});
  readonly #sites = new Asking();
  #stations: Station[] = [];
  #shown = false;
  #wanted = false; // sites were asked for

  constructor(desk: Desk<Key>) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "response-stations");
    this.#heirs = new Table<Heir>((heir) => String(heir.id), { point: (key) => this.#mark(key), choose: (key) => { const at = this.#at(key); if (at) desk.host.see([at]); } });
    this.#without.element.id = "response-without";
    this.#sites.element.id = "response-sites";
    this.element.append(this.#form, this.#without.element, this.#siteForm, this.#sites.element);
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }
  #at(id: string): Place | undefined { return this.#stations.find((s) => s.id === id)?.at; }

  speak(): void {
    const words = this.#words;
    const { asked, host, language } = this.#desk;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.speak(); this.#desk.settle(); };
    const site = (change: Partial<Record<Key, string>>) => { asked.set(change); this.speak(); if (this.#wanted) this.#find(); };
    const layers = ["shelter_candidates", "shelters", "science_venues"].filter((id) => host.layer(id)).map((id) => ({ value: id, title: inWords(host.layer(id)?.title, language, id) }));
    keepingFocus(this.#form, () => this.#form.replaceChildren(h("h2", {}, words.busy), h("p", { className: "hint-text" }, words.busyHow),
      h("div", { className: "fields" },
        choice(words.station, "station", asked.get("station"), [{ value: "", title: words.choose }, ...this.#stations.map((s) => ({ value: s.id, title: s.name }))],
        (station) => set({ station })),
        number(words.within, "minutes", asked.get("minutes"), { min: 1, max: 30, step: 0.5 }, (minutes) => set({ minutes })))));
    keepingFocus(this.#siteForm, () => this.#siteForm.replaceChildren(h("h2", {}, words.another), h("p", { className: "hint-text" }, words.anotherHow),
      h("div", { className: "fields" }, choice(words.sites, "sites", asked.get("sites"), [{ value: "", title: words.nodes }, ...layers], (sites) => site({ sites })),
        choice(words.aim, "aim", asked.get("aim"), (["beyond", "time"] as const).map((value) => ({ value, title: words.aims[value] })), (aim) => site({ aim })),
        h("div", { className: "field" }, h("span", {}, words.weight),
          buttons(words.weight, "weight", asked.get("weight"), (["residents", "risk_points"] as const).map((value) => ({ value, title: words.whats[value] })),
          (weight) => site({ weight })))),
      h("p", { className: "row-buttons" }, h("button", { type: "button", className: "primary", data: { key: "find" }, onclick: () => this.#find() }, words.find))));
  }

  show(): void {
    this.#shown = true;
    void this.#loadStations().then(() => this.#ask());
    if (this.#wanted) this.#find();
  }

  hide(): void {
    this.#shown = false;
    this.#over.clear();
  }

  clicked(at: Point): boolean {
    const [found] = this.#desk.host.map.queryRenderedFeatures([[at.x - 8, at.y - 8], [at.x + 8, at.y + 8]]).filter((f) => f.sourceLayer === "response_points");
    if (found?.id === undefined) return false;
    this.#desk.asked.set({ station: String(found.id) });
    this.speak();
    this.#ask();
    return true;
  }

  renewed(touched: (layer: string) => boolean): boolean {
    if (touched("response_points")) this.#stations = [];
    return ["response_points", "roads", "closures", "turn_restrictions", "buildings", "risk_points"].some(touched);
  }

  async #loadStations(): Promise<void> {
    if (this.#stations.length > 0) return;
    const label = this.#desk.host.layer("response_points")?.label || "name";
    const { features } = await ask<Points>("collections/response_points/items?f=json&limit=1000").catch((): Points => ({ features: [] }));
    this.#stations = features.map((f) => ({ id: String(f.id), name: String(f.properties[label] ?? f.id), at: f.geometry?.coordinates }))
      .sort((a, b) => a.name.localeCompare(b.name, "zh"));
    this.speak();
  }

  // --- without one

  #ask(): void {
    const { asked } = this.#desk;
    const station = asked.get("station");
    if (!this.#shown) return;
    if (!station) {
      this.#over.drop("without");
      return this.#without.say();
    }
    void this.#without.ask(this.#desk.language, (signal) => loadWithout({ ...whom(asked), station, minutes: asked.get("minutes") }, signal), (answer) => {
      this.#drawWithout(answer);
      return this.#saidWithout(answer);
    }, this.#words.rules);
  }

  #drawWithout(answer: Without): void {
    if (!this.#shown) return;
    const point = (s: { id: number; name: string },
      away: boolean) => { const at = this.#at(String(s.id)); return at ? [{ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: at },
      properties: { key: String(s.id), name: s.name, away } }] : []; };
    const features = [...answer.inherited.flatMap((i) => point(i, false)), ...point(answer.station, true)];
    this.#over.draw("without", features, named);
    this.#desk.host.see(features.map((f) => f.geometry.coordinates));
  }

  #mark(key: string | undefined): void {
    const id = this.#over.layerOf("without", 2);
    if (this.#desk.host.map.getLayer(id)) this.#desk.host.map.setFilter(id, ["==", ["get", "key"], key ?? ""]);
  }

  #saidWithout(answer: Without): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const n = (v: number) => countInWords(v, language);
    const title = h("h3", { data: { without: String(answer.station.id) } }, answer.station.name);
    if (answer.inherited.length === 0 && !answer.risk_points?.served && !answer.residents?.served) return [title, h("p", { className: "wait" }, words.nothingServed)];
    const columns: Column<Heir>[] = [{ key: "name", title: words.inherits, of: (i) => i.name },
      { key: "points", title: words.riskPoints, of: (i) => i.risk_points, say: (i) => n(i.risk_points) },
      { key: "residents", title: words.people, of: (i) => i.residents, say: (i) => (i.residents === undefined ? "–" : n(i.residents)) },
        { key: "later", title: words.meanLater, of: (i) => i.mean_delay, say: (i) => timeInWords(i.mean_delay, language) },
      { key: "worst", title: words.worstLater, of: (i) => i.worst_delay, say: (i) => timeInWords(i.worst_delay, language) }];
    this.#heirs.show(words.inherits, columns, answer.inherited, "points", words.more);
    const cut = (["risk_points",
      "buildings"] as const).flatMap((what) => { const lost = answer[what]?.unreachable ?? 0; return lost > 0 ? [h("p", { className: "fault" },
      words.cutOff(n(lost), words.whats[what]))] : []; });
    return [title, this.#figures(answer), ...cut, this.#heirs.element];
  }

  // figures tells what the station is first at, and what lies beyond the
  // minutes with it and without.
  #figures(answer: Without): HTMLElement {
    const words = this.#words;
    const { language } = this.#desk;
    const n = (v: number) => countInWords(v, language);
    const head = (text: string) => h("th", { scope: "col" }, text);
    const row = (what: "risk_points" | "residents" | "buildings") => {
      const s = answer[what];
      if (!s) return null;
      const d = s.beyond_after - s.beyond_before;
      return h("tr", { data: { figure: what } }, h("th", { scope: "row" }, words.whats[what]), h("td", {}, n(s.served)), h("td", {}, n(s.beyond_before)), h("td", {}, n(s.beyond_after)),
        h("td", {}, d === 0 ? "0" : `${d > 0 ? "+" : "−"}${n(Math.abs(d))}`));
    };
    return h("div", { className: "table-box" },
      h("table", {}, h("thead", {}, h("tr", {}, ...[words.figure, words.firstAt, words.beyondNow, words.beyondThen, words.change].map(head))),
      h("tbody", {}, row("risk_points"), row("residents"), row("buildings"))));
  }

  // --- one more

  #find(): void {
    const { asked } = this.#desk;
    this.#wanted = true;
    void this.#sites.ask(this.#desk.language,
      (signal) => loadAdditional({ ...whom(asked), candidates: asked.get("sites"), objective: asked.get("aim"), weight: asked.get("weight"), minutes: asked.get("minutes") }, signal),
      (answer) => {
      this.#drawSites(answer);
      return this.#saidSites(answer);
    }, this.#words.rules);
  }

  #drawSites(answer: Additional): void {
    if (!this.#shown) return;
    this.#over.draw("sites", answer.best.map((b) => ({ type: "Feature", geometry: { type: "Point", coordinates: b.at }, properties: { rank: String(b.rank) } })), numbered);
    this.#desk.host.see(answer.best.map((b) => b.at));
  }

  #saidSites(answer: Additional): Child[] {
    const words = this.#words;
    const { asked, language } = this.#desk;
    const n = (v: number) => countInWords(v, language);
    const what = words.whats[asked.get("weight") as "residents"] ?? "";
    const site = (b: Site) => h("li", { data: { site: String(b.rank) } }, h("button", { type: "button", className: "step", onclick: () => this.#desk.host.see([b.at]) },
      h("span", { className: "rank" }, String(b.rank)),
        h("span", {}, h("b", {}, [b.name || b.road, b.grid?.name].filter(Boolean).join(" · ") || b.at.map((v) => v.toFixed(5)).join(", ")),
        h("small", {}, [words.gains(n(b.gain), what), b.saved > 0 && words.saves(timeInWords(b.saved, language))].filter(Boolean).join(" · "))), h("span", {})));
    return [h("p", { className: "summary" }, words.beyondSites(n(answer.now.beyond), `${n(answer.weight)} ${what}`, asked.get("minutes"))),
      h("ol", { className: "ranked" }, ...answer.best.map(site)), h("p", { className: "wait" }, words.tried(n(answer.candidates)))];
  }
}
