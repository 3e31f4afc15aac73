// What a panel draws on the map, above or below the page's own layers.

import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { GeoJSONSource, LayerSpecification, MapLibreMap, SourceSpecification } from "maplibre-gl";

export type Features = Feature<Geometry, Record<string, unknown>>[];

// Piece is a style layer that does not name its source.
export type Piece = LayerSpecification extends infer L ? (L extends { source: string } ? Omit<L, "source" | "id"> : never) : never;

export const collection = (features: Features): FeatureCollection => ({ type: "FeatureCollection", features });

// tinted is the first of the page's layers above which nothing should be
// tinted: edges of areas, symbols and names.
const tinted = /^(districts|streets|communities|grids)\/(halo|line)$/;

// Over holds a panel's sources and layers on the map. Their names begin with
// "over", so that they outlive a change of the page's style.
export class Over {
  readonly #map: MapLibreMap;
  readonly #name: string;

  constructor(map: MapLibreMap, name: string) {
    this.#map = map;
    this.#name = name;
  }

  idOf(part: string): string { return `over/${this.#name}-${part}`; }

  // draw shows features in some layers, which are made when first needed.
  draw(part: string, features: Features, pieces: Piece[], below = false): void {
    const source = this.#map.getSource<GeoJSONSource>(this.idOf(part));
    if (source) void source.setData(collection(features));
    else if (features.length > 0) this.put(part, { type: "geojson", data: collection(features) }, pieces, below);
  }

  // put replaces a source and its layers.
  put(part: string, source: SourceSpecification, pieces: Piece[], below = false): void {
    this.drop(part);
    const id = this.idOf(part);
    this.#map.addSource(id, source);
    const before = below ? this.#map.getLayersOrder().find((l) => tinted.test(l)) : undefined;
    pieces.forEach((piece, i) => this.#map.addLayer({ ...piece, id: this.layerOf(part, i), source: id } as LayerSpecification, before));
  }

  layerOf(part: string, i: number): string { return `${this.idOf(part)}/${i}`; }

  has(part: string): boolean { return this.#map.getSource(this.idOf(part)) !== undefined; }

  drop(part: string): void {
    const id = this.idOf(part);
    if (!this.#map.getSource(id)) return;
    for (const layer of this.#map.getLayersOrder().filter((l) => l.startsWith(`${id}/`))) this.#map.removeLayer(layer);
    this.#map.removeSource(id);
  }

  // clear takes everything off the map.
  clear(): void {
    const prefix = `over/${this.#name}-`;
    const parts = Object.keys(this.#map.getStyle().sources).filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
    for (const part of parts) this.drop(part);
  }
}
