// Units of the district coloured by a figure.

import type { FilterSpecification, MapLibreMap, Point } from "maplibre-gl";
import { type Layer, tiles } from "./catalogue.ts";
import type { Over, Piece } from "./over.ts";
import { byCode, none } from "./scale.ts";

// Choropleth colours the areas of a layer by their codes. It takes their shapes
// from the layer's own tiles.
export class Choropleth {
  readonly #map: MapLibreMap;
  readonly #over: Over;
  readonly #part: string;
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
    const nobody = this.#among([]);
    const join = { "line-join": "round" } as const;
    const pieces = [
      { ...of, type: "fill", paint: { "fill-color": colour, "fill-opacity": 0.72 } },
      { ...of, type: "line", layout: join, paint: { "line-color": "#4a5564", "line-opacity": 0.45, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.25, 14, 0.9] } },
      { ...of, type: "line", layout: join, filter: nobody, paint: { "line-color": "#ffffff", "line-width": 5 } },
      { ...of, type: "line", layout: join, filter: nobody, paint: { "line-color": "#111827", "line-width": 2.6 } },
      { ...of, type: "line", layout: join, filter: nobody, paint: { "line-color": "#111827", "line-width": 1.6, "line-dasharray": [2, 1.4] } },
    ] as unknown as Piece[];
    this.#over.put(this.#part, { type: "vector", tiles: [tiles([layer.id])], minzoom: 8, maxzoom: 16, ...(layer.bounds && { bounds: layer.bounds }) }, pieces, true);
  }

  // choose marks units, point the one that the pointer is at.
  choose(...codes: string[]): void { for (const i of [2, 3]) this.#filter(i, codes); }
  point(code: string | undefined): void { this.#filter(4, code ? [code] : []); }

  #filter(i: number, codes: string[]): void {
    const id = this.#over.layerOf(this.#part, i);
    if (this.#map.getLayer(id)) this.#map.setFilter(id, this.#among(codes));
  }

  #among(codes: string[]): FilterSpecification {
    return ["in", ["to-string", ["get", this.#layer?.code ?? ""]], ["literal", codes]] as unknown as FilterSpecification;
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
