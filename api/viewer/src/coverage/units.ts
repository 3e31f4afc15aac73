// Coverage by unit, as a choropleth with its legend and a table.

import type { Point } from "maplibre-gl";
import { Choropleth } from "../choropleth.ts";
import type { Child } from "../dom.ts";
import { Over, type Piece } from "../over.ts";
import { type Scale, colourOf, legendOf, scaleOf, shares } from "../scale.ts";
import { type Column, Table } from "../table.ts";
import type { Coverage, Unit } from "./client.ts";
import type { CoverageDesk } from "./coverage.ts";
import { type Figure, type Kind, bare, headed, inFigures, signed } from "./figures.ts";
import { coverageWords } from "./words.ts";

const sized = (px: number) => ["interpolate", ["linear"], ["zoom"], 11, px * 0.5, 15, px];

// Facilities that count stand out; those left out are hollow, what a scenario
// changes is ringed.
const facilities = [
  { type: "circle", filter: ["!=", ["get", "change"], ""],
    paint: { "circle-radius": sized(15), "circle-color": "rgba(255,255,255,.6)", "circle-stroke-color": "#542788", "circle-stroke-width": 4 } },
  { type: "circle", filter: ["get", "placed"], paint: { "circle-radius": sized(8), "circle-color": "#1a7f4b", "circle-stroke-color": "#fff", "circle-stroke-width": 2 } },
  { type: "circle", filter: ["==", ["get", "eligible"], false],
    paint: { "circle-radius": sized(10), "circle-color": "rgba(255,255,255,.7)", "circle-stroke-color": "#7b8694", "circle-stroke-width": 1.2 } },
] as unknown as Piece[];

// Shown is what is told of units: a figure, or how it differs from today's.
export interface Shown { figure: Figure; delta: boolean }

export class Units {
  readonly #desk: CoverageDesk;
  readonly #over: Over;
  readonly #map: Choropleth;
  readonly #table: Table<Unit>;
  readonly #chosen: (code: string) => void;

  constructor(desk: CoverageDesk, over: Over, chosen: (code: string) => void) {
    this.#desk = desk;
    this.#over = over;
    this.#chosen = chosen;
    this.#map = new Choropleth(desk.host.map, over);
    this.#table = new Table<Unit>((u) => u.code, { point: (code) => this.#map.point(code), choose: (code) => this.choose(code) });
  }

  // choose marks a unit on the map and in the table.
  choose(code: string): void {
    this.mark(code);
    this.#chosen(code);
  }

  mark(code: string): void {
    this.#map.choose(code);
    this.#table.choose(code);
  }

  // outline marks some units on the map.
  outline(codes: string[]): void { this.#map.choose(...codes); }

  clicked(at: Point): boolean {
    const code = this.#map.codeAt(at);
    if (code) this.choose(code);
    return code !== undefined;
  }

  hovered(at: Point): void {
    const code = this.#map.codeAt(at);
    this.#map.point(code);
    this.#table.point(code);
  }

  clear(): void { this.#map.clear(); }

  // draw colours the units and marks the facilities.
  draw(answer: Coverage, shown: Shown): void {
    const layer = this.#desk.host.layer(this.#desk.asked.get("by"));
    const values = answer.units.map((u) => valueOf(u, shown));
    const scale = scaleFor(values, shown);
    if (layer) this.#map.show(layer, new Map(answer.units.map((u, i) => [u.code, colourOf(scale, values[i])])));
    this.#over.draw("facilities",
      answer.facilities.map((f) => ({ type: "Feature", geometry: { type: "Point", coordinates: f.at },
      properties: { eligible: f.eligible, change: f.change ?? "", placed: f.id < 0 || f.change === "moved", code: f.code } })), facilities);
  }

  // said is the legend and the table.
  said(answer: Coverage, { figure, delta }: Shown): Child[] {
    const words = coverageWords[this.#desk.language];
    const { language } = this.#desk;
    const values = answer.units.map((u) => valueOf(u, { figure, delta }));
    const say = (v: number) => (delta ? signed(v, figure.kind, language) : inFigures(v, figure.kind, language));
    const served = this.#desk.asked.get("method") === "allocation";
    const column = (key: string, kind: Kind,
      of: (u: Unit) => number | null | undefined): Column<Unit> => ({ key, title: headed(words.figures[key] ?? key, kind, language), of, say: (u) => bare(of(u), kind, language) });
    const more = served ? [column("unserved", "people", (u) => u.unserved), column("served", "people", (u) => u.served)] : [column("uncovered", "people", (u) => u.uncovered)];
    const columns: Column<Unit>[] = [{ key: "name", title: words.name, of: (u) => u.name || u.code, say: (u) => u.name || u.code },
      { key: "shown", title: headed(delta ? words.difference : words.figures[figure.key] ?? figure.key, figure.kind, language), of: (u) => valueOf(u, { figure, delta }), bySize: delta,
        say: (u) => { const v = valueOf(u, { figure, delta }); return typeof v !== "number" ? "–" : delta ? signed(v, figure.kind, language, bare) : bare(v, figure.kind, language); } },
      ...[...more, column("demand", "people", (u) => u.demand), column("per_capita_located", "each", (u) => u.per_capita_located),
        column("deficit", "area", (u) => u.deficit)].filter((c) => c.key !== figure.key || delta)];
    this.#table.show(words.tabs.cover, columns, answer.units, "shown", words.moreRows);
    const title = delta ? `${words.differenceMap} · ${words.figures[figure.key]}` : words.figures[figure.key] ?? figure.key;
    return [legendOf(title, scaleFor(values, { figure, delta }), values, say, words.nobody), this.#table.element];
  }
}

// valueOf is what is told of a unit. A difference that is not told is none.
export function valueOf(u: Unit, { figure, delta }: Shown): number | null | undefined {
  const now = figure.of(u);
  return !delta || typeof now !== "number" ? now : u.delta?.[figure.key] ?? 0;
}

function scaleFor(values: (number | null | undefined)[], { figure, delta }: Shown): Scale {
  const known = values.filter((v) => typeof v === "number");
  if (!delta) return figure.kind === "share" && figure.ramp !== "change" ? shares(figure.ramp) : scaleOf(known, figure.ramp);
  const scale = scaleOf(known, "change");
  return figure.ramp === "worse" ? { ...scale, colours: [...scale.colours].reverse() } : scale; // less of what is bad is a gain
}
