// The points whose nearest station changes, in words and on the map.

import { type Child, h } from "../dom.ts";
import { Over, type Piece } from "../over.ts";
import { type Column, Table } from "../table.ts";
import type { Desk } from "../tab.ts";
import type { Changed, ChangedPoint } from "./client.ts";
import type { Key } from "./response.ts";
import { countInWords, timeInWords } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

// Delays are drawn larger and darker the longer they are; who is cut off
// stands as a black ring with a white heart.
const pieces = [
  { type: "circle", paint: {
    "circle-radius": ["case", ["get", "cut"], 7, ["interpolate", ["linear"], ["get", "delay"], 0, 4, 300, 8]],
    "circle-color": ["case", ["get", "cut"], "#ffffff", ["interpolate", ["linear"], ["get", "delay"], 0, "#fec44f", 60, "#ec7014", 300, "#662506"]],
    "circle-stroke-color": ["case", ["get", "cut"], "#111827", "#ffffff"], "circle-stroke-width": ["case", ["get", "cut"], 3.5, 1.2] } },
  { type: "circle", filter: ["==", ["get", "key"], ""], paint: { "circle-radius": 13, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": "#111827", "circle-stroke-width": 2.5 } },
] as unknown as Piece[];

export class ChangedPoints {
  readonly #desk: Desk<Key>;
  readonly #over: Over;
  readonly #table: Table<ChangedPoint>;
  #points: ChangedPoint[] = [];

  constructor(desk: Desk<Key>, over: Over) {
    this.#desk = desk;
    this.#over = over;
    this.#table = new Table<ChangedPoint>((p) => String(p.id), { point: (key) => this.#mark(key), choose: (key) => this.#choose(key) });
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }

  draw(points: ChangedPoint[]): void {
    this.#points = points;
    this.#over.draw("changed",
      points.map((p) => ({ type: "Feature", geometry: { type: "Point", coordinates: p.at }, properties: { key: String(p.id), delay: p.delay ?? 0, cut: p.delay === null } })), pieces);
  }

  // said is what changes, with the points in a table.
  said(changed: Changed): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const n = (v: number) => countInWords(v, language);
    if (changed.count === 0) return [h("p", { className: "passed", data: { changed: "0" } }, words.nothingChanges)];
    const facts: [string, string, boolean][] = [[words.slower, n(changed.slower), true], [words.otherStation, n(changed.other_station), true], [words.cut, n(changed.unreachable), true],
      [words.meanDelay, timeInWords(changed.mean_delay, language), changed.slower > 0], [words.worstDelay, timeInWords(changed.worst_delay, language), changed.slower > 0]];
    const served = (p: ChangedPoint["before"]) => (p ? `${p.name} ${timeInWords(p.time, language)}` : words.gone);
    const columns: Column<ChangedPoint>[] = [
      { key: "point", title: words.point, of: (p) => p.name || p.code || String(p.id), say: (p) => h("span", {}, p.name || p.code || String(p.id), h("small", {}, this.#level(p))) },
      { key: "before", title: words.before, of: (p) => p.before?.time, say: (p) => served(p.before) },
      { key: "after", title: words.after, of: (p) => p.after?.time, say: (p) => served(p.after) },
      { key: "delay", title: words.delay, of: (p) => p.delay ?? Infinity, say: (p) => (p.delay === null ? words.gone : timeInWords(p.delay, language)) },
    ];
    this.#table.show(words.changedPoints(n(changed.count), n(changed.asked)), columns, this.#points, "delay", words.more);
    return [h("p", { className: "summary", data: { changed: String(changed.count) } }, words.changedPoints(n(changed.count), n(changed.asked))),
      h("dl", { className: "figures" }, ...facts.filter(([, , there]) => there).map(([title, value]) => h("div", {}, h("dt", {}, title), h("dd", {}, value)))),
      this.#table.element, changed.listed < changed.count && h("p", { className: "wait" }, words.listed(n(changed.listed), n(changed.count)))];
  }

  #level(p: ChangedPoint): string {
    const words = this.#words;
    if (p.level === undefined) return "";
    const label = this.#desk.host.layer("risk_points")?.fields.find((f) => f.name === "level")?.values?.find((v) => v.value === p.level);
    return label?.title?.[this.#desk.language] ?? p.level ?? words.unclassified;
  }

  #mark(key: string | undefined): void {
    const id = this.#over.layerOf("changed", 1);
    if (this.#desk.host.map.getLayer(id)) this.#desk.host.map.setFilter(id, ["==", ["get", "key"], key ?? ""]);
  }

  #choose(key: string): void {
    const found = this.#points.find((p) => String(p.id) === key);
    if (!found) return;
    this.#table.choose(key);
    this.#mark(key);
    this.#desk.host.see([found.at]);
  }
}
