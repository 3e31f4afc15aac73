// What nobody reaches in so many minutes, by unit and level.

import type { ExpressionSpecification, Point } from "maplibre-gl";
import { buttons, choice, keepingFocus, number, tick } from "../asked.ts";
import { Asking } from "../asking.ts";
import { tiles } from "../catalogue.ts";
import { alone, clusterCounts, clusterDots } from "../cluster.ts";
import { Choropleth } from "../choropleth.ts";
import { type Child, h } from "../dom.ts";
import { saving } from "../files.ts";
import { unclassified } from "../looks.ts";
import { Over, type Piece } from "../over.ts";
import { colourOf, legendOf, shares, swatchOf } from "../scale.ts";
import { type Column, Table } from "../table.ts";
import type { Desk, Tab } from "../tab.ts";
import { inWords } from "../words.ts";
import { type Beyond, type BeyondAnswer, type BeyondUnit, loadBeyond, query } from "./client.ts";
import { type Key, whom } from "./response.ts";
import { countInWords, percent } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

export type What = keyof ResponseWords["whats"];
type UnitLayer = keyof ResponseWords["units"];

// levels are the units as the service names them.
const levels: Record<UnitLayer, string> = { districts: "district", streets: "street", communities: "community", grids: "grid" };

const pointsLayer = "response_beyond";

export class BeyondTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: Desk<Key>;
  readonly #over: Over;
  readonly #map: Choropleth;
  readonly #form = h("div", {});
  readonly #asking = new Asking();
  readonly #table = new Table<BeyondUnit>((u) => u.code, { point: (code) => this.#map.point(code), choose: (code) => this.#choose(code) });
  #answer: BeyondAnswer | undefined;
  #points = true;
  #shown = false;

  constructor(desk: Desk<Key>) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "response-beyond");
    this.#map = new Choropleth(desk.host.map, this.#over);
    this.#asking.element.id = "response-beyond";
    this.element.append(this.#form, this.#asking.element);
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }
  get #unit(): UnitLayer { const unit = this.#desk.asked.get("unit"); return unit in levels ? unit as UnitLayer : "streets"; }
  get #what(): What { const what = this.#desk.asked.get("what"); return what in this.#words.whats ? what as What : "risk_points"; }

  speak(): void {
    const words = this.#words;
    const { asked } = this.#desk;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.speak(); this.#desk.settle(); };
    const units = (Object.keys(levels) as UnitLayer[]).filter((id) => this.#desk.host.layer(id)).map((value) => ({ value, title: words.units[value] }));
    keepingFocus(this.#form, () => this.#form.replaceChildren(h("p", { className: "hint-text" }, words.beyondHow),
      number(words.within, "minutes", asked.get("minutes"), { min: 1, max: 30, step: 0.5, slider: true }, (minutes) => set({ minutes })),
      h("div", { className: "fields" }, choice(words.unit, "unit", this.#unit, units, (unit) => set({ unit })),
        h("div", { className: "field wide" }, h("span", {}, words.what),
          buttons(words.what, "what", this.#what, (["risk_points", "residents", "buildings"] as const).map((value) => ({ value, title: words.whats[value] })),
          (what) => { asked.set({ what }); this.speak(); this.#again(); }))),
      tick(words.showPoints, "points", this.#points, (on) => { this.#points = on; this.#drawPoints(); this.#again(); })));
  }

  get #question(): Record<string, string> { return { ...whom(this.#desk.asked), minutes: this.#desk.asked.get("minutes"), by: levels[this.#unit] }; }

  show(): void {
    this.#shown = true;
    void this.#asking.ask(this.#desk.language, (signal) => loadBeyond(this.#question, signal), (answer) => {
      this.#answer = answer;
      return this.#said(answer);
    }, this.#words.rules);
    this.#drawPoints();
  }

  hide(): void {
    this.#shown = false;
    this.#over.clear();
    this.#map.clear();
  }

  clicked(at: Point): boolean {
    const code = this.#map.codeAt(at);
    if (code) this.#choose(code);
    return code !== undefined;
  }

  hovered(at: Point): void {
    const code = this.#map.codeAt(at);
    this.#map.point(code);
    this.#table.point(code);
  }

  renewed(touched: (layer: string) => boolean): boolean { return ["response_points", "roads", "closures", "turn_restrictions", "buildings", "risk_points", "grids"].some(touched); }

  // again shows the same answer, told otherwise.
  #again(): void {
    if (!this.#answer || this.#asking.element.dataset.state !== "ready") return;
    keepingFocus(this.#asking.element, () => this.#asking.element.replaceChildren(...this.#said(this.#answer!).filter((c): c is HTMLElement => !!c)));
    this.#desk.asked.write();
  }

  #choose(code: string): void {
    this.#map.choose(code);
    this.#table.choose(code);
  }

  #said(answer: BeyondAnswer): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const what = this.#what;
    const minutes = this.#desk.asked.get("minutes");
    const n = (v: number) => countInWords(v, language);
    const of = (u: { [K in What]?: Beyond }) => u[what];
    const share = (u: BeyondUnit) => { const b = of(u); return b && b.count > 0 ? b.beyond / b.count : null; };
    const scale = shares("worse");
    const layer = this.#desk.host.layer(this.#unit);
    if (this.#shown && layer) this.#map.show(layer, new Map(answer.units.map((u) => [u.code, colourOf(scale, share(u))])));
    const figure = (key: string, title: string,
      value: (b: Beyond) => number | undefined): Column<BeyondUnit> => ({ key, title, of: (u) => { const b = of(u); return b && value(b); },
      say: (u) => { const b = of(u); const v = b && value(b); return v === undefined ? "–" : n(v); } });
    const byLevel = what === "risk_points" ? answer.levels.map((l) => figure(`level-${l.value ?? "none"}`, l.value === null ? words.unclassified : inWords(l.title, language, l.value),
      (b) => b.by_level?.[l.value ?? "unclassified"] ?? 0)) : [];
    const columns: Column<BeyondUnit>[] = [{ key: "name", title: words.name, of: (u) => u.name || u.code, say: (u) => u.name || u.code }, figure("beyond", words.beyond, (b) => b.beyond),
      { key: "share", title: words.share, of: share, say: (u) => { const s = share(u); return s === null ? "–" : percent(s, language); } }, ...byLevel,
        figure("unreachable", words.ofWhich, (b) => b.unreachable), figure("all", words.all, (b) => b.count)];
    this.#table.show(words.tabs.beyond, columns, answer.units, "beyond", words.more);
    const total = of(answer.totals);
    return [total && h("p", { className: "summary", data: { beyond: String(total.beyond) } }, words.totals(n(total.beyond), n(total.count), words.whats[what], minutes)),
      total?.unreachable ? h("p", { className: "wait" }, `${words.ofWhich} ${n(total.unreachable)}`) : null,
      legendOf(words.shareBeyond(minutes), scale, answer.units.map(share), (v) => percent(v, language), words.noneThere),
        this.#points && this.#desk.host.layer(pointsLayer) && this.#pointLegend(), this.#table.element,
      saving(`${words.tabs.beyond}-${minutes}`, language, (f) => ({ path: query("response/beyond", { ...this.#question, f }) }))];
  }

  // drawPoints puts the risk points beyond on the map, from their own tiles.
  #drawPoints(): void {
    const layer = this.#desk.host.layer(pointsLayer);
    if (!this.#shown || !layer || !this.#points) return this.#over.drop("points");
    const { asked } = this.#desk;
    const colour = ["match", ["to-string", ["get", "level"]], ...this.#levels.flatMap(([value, colour]) => (value === "" ? [] : [value, colour])),
      unclassified] as unknown as ExpressionSpecification;
    const query = new URLSearchParams(Object.entries({ ...whom(asked), minutes: asked.get("minutes") }).filter(([, v]) => v !== ""));
    const of = { "source-layer": pointsLayer } as const;
    this.#over.put("points", { type: "vector", tiles: [`${tiles([pointsLayer])}?${query}`], minzoom: 8, maxzoom: 16 }, [
      { ...of, type: "circle", filter: alone,
        paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 2.5, 16, 6], "circle-color": colour, "circle-stroke-color": "#111827", "circle-stroke-width": 1 } },
      { ...of, ...clusterDots(colour) }, { ...of, ...clusterCounts() },
    ] as Piece[]);
  }

  // levels are the levels of risk points with their colours and names.
  get #levels(): [value: string, colour: string, title: string][] {
    const field = this.#desk.host.layer("risk_points")?.fields.find((f) => f.name === "level");
    const listed = (field?.values ?? []).map((v): [string, string, string] => [v.value, v.color ?? unclassified, inWords(v.title, this.#desk.language, v.value)]);
    return [...listed, ["", unclassified, this.#words.unclassified]];
  }

  // pointLegend says what the colours of the points mean.
  #pointLegend(): HTMLElement {
    const line = ([, colour, title]: [string, string, string]) => h("li", {}, swatchOf(colour), h("span", {}, title));
    return h("div", { className: "scale" }, h("p", {}, this.#words.pointLegend), h("ul", {}, ...this.#levels.map(line)));
  }
}
