// Areas of responsibility: which station is there first.

import type { Geometry, Position } from "geojson";
import type { Point } from "maplibre-gl";
import { Asking } from "../asking.ts";
import { type Child, h } from "../dom.ts";
import { saving } from "../files.ts";
import { typeface } from "../fonts.ts";
import { Over, type Piece } from "../over.ts";
import { valueInWords } from "../say.ts";
import { swatchOf } from "../scale.ts";
import { type Column, Table } from "../table.ts";
import type { Desk, Tab } from "../tab.ts";
import { type Area, type Areas, loadAreas, query } from "./client.ts";
import { type Key, whom } from "./response.ts";
import { countInWords, lengthInWords, percent } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

// tints are Okabe and Ito's colours, told apart by readers who do not see all
// colours; neighbours do not share one, and none has a meaning.
const tints = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#a0a6ad"];
const nobody = "#3d4653";

const join = { "line-join": "round" } as const;
const pieces = [
  { type: "fill", paint: { "fill-color": ["get", "tint"], "fill-opacity": 0.5 } },
  { type: "line", layout: join, paint: { "line-color": "#ffffff", "line-width": 3 } },
  { type: "line", layout: join, paint: { "line-color": "#1d2733", "line-width": 1.2 } },
  { type: "line", layout: join, filter: ["==", ["get", "key"], ""], paint: { "line-color": "#111827", "line-width": 4 } },
  { type: "line", layout: join, filter: ["==", ["get", "key"], ""], paint: { "line-color": "#111827", "line-width": 2.4, "line-dasharray": [2, 1.4] } },
] as unknown as Piece[];
const names = [{ type: "symbol", layout: { "text-field": ["get", "name"], "text-font": [typeface], "text-size": 12, "text-max-width": 6, "text-padding": 2 },
  paint: { "text-color": "#111827", "text-halo-color": "#fff", "text-halo-width": 1.8 } }] as unknown as Piece[];

type Drawn = Area & { geometry: NonNullable<Area["geometry"]> };

const keyOf = (a: Area): string => String(a.properties.station ?? "none");

export class AreasTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: Desk<Key>;
  readonly #over: Over;
  readonly #how = h("p", { className: "hint-text" });
  readonly #asking = new Asking();
  readonly #table = new Table<Area>(keyOf, { point: (key) => this.#mark(4, key), choose: (key) => this.#choose(key) });
  #areas: Areas | undefined;
  #tints = new Map<string, string>();
  #shown = false;

  constructor(desk: Desk<Key>) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "response-areas");
    this.#asking.element.id = "response-areas";
    this.element.append(this.#how, this.#asking.element);
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }

  speak(): void { this.#how.textContent = this.#words.areasHow; }

  show(): void {
    this.#shown = true;
    void this.#asking.ask(this.#desk.language, (signal) => loadAreas(whom(this.#desk.asked), signal), (areas) => {
      this.#areas = areas;
      this.#tints = tinted(areas.features);
      this.#draw();
      return this.#said(areas);
    }, this.#words.rules);
  }

  hide(): void {
    this.#shown = false;
    this.#over.clear();
  }

  clicked(at: Point): boolean {
    const key = this.#keyAt(at);
    if (key) this.#choose(key);
    return key !== undefined;
  }

  hovered(at: Point): void { this.#table.point(this.#keyAt(at)); }

  renewed(touched: (layer: string) => boolean): boolean { return ["response_points", "roads", "closures", "turn_restrictions", "buildings"].some(touched); }

  #keyAt(at: Point): string | undefined {
    const id = this.#over.layerOf("all", 0);
    if (!this.#desk.host.map.getLayer(id)) return undefined;
    const [found] = this.#desk.host.map.queryRenderedFeatures(at, { layers: [id] });
    return found && String(found.properties.key);
  }

  #mark(layer: number, key: string | undefined): void {
    const id = this.#over.layerOf("all", layer);
    if (this.#desk.host.map.getLayer(id)) this.#desk.host.map.setFilter(id, ["==", ["get", "key"], key ?? ""]);
  }

  #choose(key: string): void {
    this.#mark(3, key);
    this.#table.choose(key);
    const area = this.#areas?.features.find((a) => keyOf(a) === key);
    if (area?.geometry) this.#desk.host.see(corners(area.geometry));
  }

  #name(a: Area): string { return a.properties.station === null ? this.#words.unserved : a.properties.name ?? a.properties.code ?? ""; }

  #draw(): void {
    if (!this.#shown || !this.#areas) return;
    const features = this.#areas.features.filter((a) => a.geometry !== null) as Drawn[];
    const tint = (a: Area) => this.#tints.get(keyOf(a)) ?? nobody;
    this.#over.draw("all", features.map((a) => ({ type: "Feature", geometry: a.geometry, properties: { key: keyOf(a), tint: tint(a) } })), pieces, true);
    this.#over.draw("names", features.map((a) => ({ type: "Feature", geometry: { type: "Point", coordinates: middleOf(a.geometry) }, properties: { name: this.#name(a) } })), names);
  }

  #said(areas: Areas): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const kinds = this.#desk.host.layer("response_points")?.fields.find((f) => f.name === "kind");
    const columns: Column<Area>[] = [
      { key: "name", title: words.station, of: (a) => this.#name(a),
        say: (a) => h("span", {}, swatchOf(this.#tints.get(keyOf(a)) ?? nobody), this.#name(a), h("small", {}, (kinds && valueInWords(kinds, a.properties.kind, language)) ?? "")) },
      { key: "people", title: words.people, of: (a) => a.properties.people, say: (a) => countInWords(a.properties.people, language) },
      { key: "share", title: words.share, of: (a) => a.properties.people_share, say: (a) => percent(a.properties.people_share, language) },
      { key: "roads", title: words.roads, of: (a) => a.properties.road_length, say: (a) => lengthInWords(a.properties.road_length, language) },
    ];
    this.#table.show(words.tabs.areas, columns, areas.features, "people", words.more);
    const { people, road_length, unserved } = areas.totals;
    const sums = [`${words.total} ${countInWords(people, language)} ${words.people}`, lengthInWords(road_length, language)];
    return [h("p", { className: "summary", data: { summary: "" } }, sums.join(" · ")),
      unserved.people + unserved.road_length > 0 && h("p", { className: "doubt" },
        `${words.unserved}: ${countInWords(unserved.people, language)} ${words.people} · ${lengthInWords(unserved.road_length, language)}`),
      h("p", { className: "wait" }, words.areaLegend), this.#table.element,
      saving(words.tabs.areas, language, (f) => ({ path: query("response/areas", { ...whom(this.#desk.asked), f }) }))];
  }
}

type Ring = Position[];

const ringsOf = (g: Geometry | null): Ring[] => (g?.type === "Polygon" ? g.coordinates : g?.type === "MultiPolygon" ? g.coordinates.flat() : []);

const near = 3e-4; // degrees, some 30 m

// cellsOf are the cells of a fine raster that a line runs through.
function cellsOf(ring: Ring): Set<string> {
  const cells = new Set<string>();
  ring.forEach((q, i) => {
    const p = ring[Math.max(0, i - 1)]!;
    const steps = Math.ceil(Math.hypot(q[0]! - p[0]!, q[1]! - p[1]!) / near) || 1;
    for (let s = 1; s <= steps; s++) cells.add([0, 1].map((k) => Math.round((p[k]! + (s / steps) * (q[k]! - p[k]!)) / near)).join());
  });
  return cells;
}

// tinted gives each area a colour that none of its neighbours has, as far as
// the colours go. Neighbours are areas whose edges run close together.
function tinted(areas: Area[]): Map<string, string> {
  const owners = new Map<string, Set<string>>();
  const served = areas.filter((a) => a.properties.station !== null);
  for (const a of served) for (const ring of ringsOf(a.geometry)) for (const cell of cellsOf(ring)) owners.set(cell, (owners.get(cell) ?? new Set()).add(keyOf(a)));
  const neighbours = new Map(served.map((a) => [keyOf(a), new Set<string>()]));
  for (const keys of owners.values()) for (const one of keys) for (const other of keys) if (one !== other) neighbours.get(one)!.add(other);
  const given = new Map<string, string>();
  for (const [key, beside] of [...neighbours].sort((a, b) => b[1].size - a[1].size)) {
    const used = [...beside].map((n) => given.get(n));
    const free = tints.filter((t) => !used.includes(t));
    const uses = (t: string) => [...given.values()].filter((g) => g === t).length;
    given.set(key, (free.length > 0 ? free : tints).reduce((a, b) => (uses(b) < uses(a) ? b : a)));
  }
  return given;
}

// corners are two corners of the box around a geometry.
function corners(g: Geometry): [number, number][] {
  const all = ringsOf(g).flat();
  const of = (i: number, pick: (...v: number[]) => number) => all.reduce((m, p) => pick(m, p[i]!), all[0]![i]!);
  return [[of(0, Math.min), of(1, Math.min)], [of(0, Math.max), of(1, Math.max)]];
}

// middleOf is a place within the largest ring: the middle of its widest
// stretch halfway up.
function middleOf(g: Geometry): Position {
  const outer = (g.type === "Polygon" ? [g.coordinates[0]!] : g.type === "MultiPolygon" ? g.coordinates.map((p) => p[0]!) : []).sort((a, b) => sizeOf(b) - sizeOf(a))[0] ?? [[0, 0]];
  const ys = outer.map((p) => p[1]!);
  const y = (Math.min(...ys) + Math.max(...ys)) / 2;
  const cuts = outer.slice(1).flatMap((q, i) => { const p = outer[i]!; return p[1]! > y !== q[1]! > y ? [p[0]! + ((y - p[1]!) / (q[1]! - p[1]!)) * (q[0]! - p[0]!)] : []; }).sort((a, b) => a - b);
  let [from, to] = [cuts[0] ?? outer[0]![0]!, cuts[1] ?? outer[0]![0]!];
  for (let i = 2; i + 1 < cuts.length; i += 2) if (cuts[i + 1]! - cuts[i]! > to - from) [from, to] = [cuts[i]!, cuts[i + 1]!];
  return [(from + to) / 2, y];
}

const sizeOf = (ring: Ring): number => Math.abs(ring.slice(1).reduce((sum, q, i) => sum + ring[i]![0]! * q[1]! - q[0]! * ring[i]![1]!, 0));
