// What a preview looks like on the map: the old line as a ghost, the new one,
// what changes hands, and where rules are broken.

import type { FeatureCollection, Geometry, Position } from "geojson";
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, MapLibreMap } from "maplibre-gl";
import { typeface } from "../fonts.ts";
import type { Check, Preview } from "./client.ts";
import { edgesOf, ringsOf, runs } from "./ground.ts";

const prefix = "redraw";

type Features = FeatureCollection["features"];
const collection = (features: Features): FeatureCollection => ({ type: "FeatureCollection", features });

const kind = (...names: string[]): ExpressionSpecification => ["match", ["get", "kind"], names, true, false];

const layers: LayerSpecification[] = [
  { id: "redraw/chosen", source: "redraw", type: "fill", filter: kind("chosen"), paint: { "fill-color": "#0b6bcb", "fill-opacity": 0.12 } },
  { id: "redraw/piece", source: "redraw", type: "fill", filter: kind("piece"), paint: { "fill-color": "#b3261e", "fill-opacity": 0.22 } },
  { id: "redraw/outline", source: "redraw", type: "line", filter: kind("outline"), layout: { "line-join": "round" }, paint: { "line-color": "#0b6bcb", "line-width": 1.6, "line-opacity": 0.75 } },
  { id: "redraw/after", source: "redraw", type: "line", filter: kind("after"), layout: { "line-join": "round" }, paint: { "line-color": "#0b6bcb", "line-width": 3.4 } },
  { id: "redraw/edge", source: "redraw", type: "line", filter: kind("piece", "chosen"), layout: { "line-join": "round" }, paint: { "line-color": ["match", ["get", "kind"], "piece", "#b3261e", "#0b6bcb"], "line-width": 1.5 } },
  { id: "redraw/before", source: "redraw", type: "line", filter: kind("before"), layout: { "line-join": "round" }, paint: { "line-color": "#1d2733", "line-width": 2, "line-dasharray": [2.5, 2] } },
  { id: "redraw/drawing", source: "redraw", type: "line", filter: kind("drawing"), layout: { "line-join": "round" }, paint: { "line-color": "#b3261e", "line-width": 3 } },
  { id: "redraw/suggestion", source: "redraw", type: "line", filter: kind("suggestion"), paint: { "line-color": "#1b7a3d", "line-width": 3, "line-dasharray": [1.5, 1.2] } },
  { id: "redraw/part", source: "redraw", type: "line", filter: kind("part"), paint: { "line-color": "#c77700", "line-width": 3 } },
  { id: "redraw/place", source: "redraw", type: "circle", filter: kind("refusal", "warning"), paint: { "circle-radius": 9, "circle-color": ["match", ["get", "kind"], "refusal", "#b3261e", "#c77700"], "circle-stroke-color": "#fff", "circle-stroke-width": 2 } },
  { id: "redraw/mark", source: "redraw", type: "symbol", filter: kind("refusal", "warning"), layout: { "text-field": "!", "text-font": [typeface], "text-size": 13, "text-allow-overlap": true }, paint: { "text-color": "#fff" } },
];

// Overlay draws on a map; it draws again when the map's style was replaced.
export class Overlay {
  readonly #map: MapLibreMap;
  #features: Features = [];
  #moved: [id: number, label: string][] = [];

  constructor(map: MapLibreMap) { this.#map = map; }

  // show draws a preview, or none, with drawings that no pen holds and
  // buildings that are chosen.
  show(preview: Preview | undefined, drawings: Geometry[], chosen: Geometry[]): void {
    const named = (kind: string) => (geometry: Geometry) => ({ type: "Feature" as const, geometry, properties: { kind } });
    this.#features = [...(preview ? linesOf(preview) : []),
      ...drawings.map(named("drawing")), ...chosen.map(named("chosen")), ...(preview?.checks.flatMap(placesOf) ?? [])];
    this.#moved = (preview?.moved.buildings ?? []).slice(0, 200).map((m) => [Number(m.id), [m.name, m.new_code && `${m.code}\n→ ${m.new_code}`].filter(Boolean).join("\n")]);
    this.#draw();
  }

  clear(): void { this.show(undefined, [], []); }

  #draw(): void {
    const map = this.#map;
    const source = map.getSource<GeoJSONSource>(prefix);
    if (source) void source.setData(collection(this.#features));
    else map.addSource(prefix, { type: "geojson", data: collection(this.#features) });
    for (const layer of layers) if (!map.getLayer(layer.id)) map.addLayer(layer);
    if (map.getSource("buildings")) this.#mark();
  }

  // mark outlines the buildings that change hands, with their codes close up.
  #mark(): void {
    const map = this.#map;
    const ids = this.#moved.length > 0 ? this.#moved.map(([id]) => id) : [-1];
    const filter: ExpressionSpecification = ["match", ["id"], ids, true, false];
    const label: ExpressionSpecification = ["match", ["id"], ...(this.#moved.length > 0 ? this.#moved.flat() : [-1, ""]), ""] as unknown as ExpressionSpecification;
    const common = { source: "buildings", "source-layer": "buildings", filter } as const;
    if (!map.getLayer("redraw/moved")) {
      map.addLayer({ ...common, id: "redraw/moved", type: "fill", paint: { "fill-color": "#b3261e", "fill-opacity": 0.55, "fill-outline-color": "#7a120c" } }, "redraw/after");
      map.addLayer({ ...common, id: "redraw/codes", type: "symbol", minzoom: 16.5, layout: { "text-field": "", "text-font": [typeface], "text-size": 11.5, "text-anchor": "top", "text-offset": [0, 1.4] }, paint: { "text-color": "#7a120c", "text-halo-color": "#fff", "text-halo-width": 2 } });
    }
    for (const id of ["redraw/moved", "redraw/codes"]) map.setFilter(id, filter);
    map.setLayoutProperty("redraw/codes", "text-field", label);
  }
}

// linesOf are what changes hands, the lines that are new, those that are gone,
// and around them the grids as they will be.
function linesOf(preview: Preview): Features {
  const lowest = preview.effects[0]?.level;
  const all = preview.geometry.features;
  const rings = (kind: string) => all.filter((f) => f.properties?.kind === kind && f.properties.level === lowest).flatMap((f) => ringsOf(f.geometry));
  const [before, after] = [rings("before"), rings("after")];
  const [old, now] = [edgesOf(before), edgesOf(after)];
  const lines = (kind: string, of: Position[][], besides: Set<string>) => ({ type: "Feature" as const, properties: { kind },
    geometry: { type: "MultiLineString" as const, coordinates: of.flatMap((ring) => runs(ring, (e) => !besides.has(e))) } });
  return [...all.filter((f) => f.properties?.kind === "piece"), lines("outline", after, new Set()), lines("after", after, old), lines("before", before, now)];
}

function placesOf(check: Check): Features {
  const one = (kind: string, geometry: Geometry | undefined) => (geometry ? [{ type: "Feature" as const, geometry, properties: { kind } }] : []);
  return [...one("part", check.part), ...one("suggestion", check.suggest), ...one(check.severity, check.at && { type: "Point", coordinates: check.at })];
}
