// Units of the district coloured by a figure.

import type { MapLibreMap, Point } from "maplibre-gl";
import { type Layer, tiles } from "./catalogue.ts";
import type { Over, Piece } from "./over.ts";
import { byCode, none } from "./scale.ts";

const [chosen, pointed] = ["chosen", "pointed"];

// Choropleth colours the areas of a layer by their codes. It takes their shapes
// from the layer's own tiles.
export class Choropleth {
  readonly #map: MapLibreMap;
  readonly #over: Over;
  readonly #part: string;
  readonly #marked = new Map<string, string[]>();
  #layer: Layer | undefined;

  constructor(map: MapLibreMap, over: Over, part = "units") {
    this.#map = map;
    this.#over = over;
    this.#part = part;
  }

  // show colours the units of a layer; those without a colour are grey.
  show(layer: Layer, colours: Map<string, string>): void {
    const colour = byCode(layer.code, colours, none);
    if (this.#layer?.id !== layer.id || !this.#over.has(this.#part)) {
      this.#layer = layer;
      return this.#put(layer, colour);
    }
    this.#map.setPaintProperty(this.#over.layerOf(this.#part, 0), "fill-color", colour);
  }

  #put(layer: Layer, colour: ReturnType<typeof byCode>): void {
    const of = { "source-layer": layer.id } as const;
    const join = { "line-join": "round" } as const;
    const opacity = (state: string) => ["case", ["boolean", ["feature-state", state], false], 1, 0];
    const pieces = [
      { ...of, type: "fill", paint: { "fill-color": colour, "fill-opacity": 0.72 } },
      { ...of, type: "line", layout: join, paint: { "line-color": "#4a5564", "line-opacity": 0.45, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.25, 14, 0.9] } },
      { ...of, type: "line", layout: join, paint: { "line-color": "#ffffff", "line-width": 5, "line-opacity": opacity(chosen) } },
      { ...of, type: "line", layout: join, paint: { "line-color": "#111827", "line-width": 2.6, "line-opacity": opacity(chosen) } },
      { ...of, type: "line", layout: join, paint: { "line-color": "#111827", "line-width": 1.6, "line-dasharray": [2, 1.4], "line-opacity": opacity(pointed) } },
    ] as unknown as Piece[];
    this.#marked.clear();
    this.#over.put(this.#part, { type: "vector", tiles: [tiles([layer.id])], minzoom: 8, maxzoom: 16, promoteId: { [layer.id]: layer.code }, ...(layer.bounds && { bounds: layer.bounds }) },
      pieces, true);
  }

  // choose marks units, point the one that the pointer is at.
  choose(...codes: string[]): void { this.#mark(chosen, codes); }
  point(code: string | undefined): void { this.#mark(pointed, code ? [code] : []); }

  // mark puts a mark on some units and takes it from those that had it. Marks
  // are states of features: tiles need not be laid out again for them.
  #mark(mark: string, codes: string[]): void {
    if (!this.#layer || !this.#over.has(this.#part)) return;
    const at = (id: string) => ({ source: this.#over.idOf(this.#part), sourceLayer: this.#layer!.id, id });
    const before = this.#marked.get(mark) ?? [];
    for (const id of before) if (!codes.includes(id)) this.#map.removeFeatureState(at(id), mark);
    for (const id of codes) if (!before.includes(id)) this.#map.setFeatureState(at(id), { [mark]: true });
    this.#marked.set(mark, codes);
  }

  // codeAt is the unit at a place on the screen.
  codeAt(at: Point): string | undefined {
    const id = this.#over.layerOf(this.#part, 0);
    if (!this.#layer || !this.#map.getLayer(id)) return undefined;
    const [found] = this.#map.queryRenderedFeatures(at, { layers: [id] });
    return found && String(found.properties[this.#layer.code] ?? "");
  }

  clear(): void {
    this.#over.drop(this.#part);
    this.#layer = undefined;
  }
}
