// The map's style: which tiles are asked for, and how layers are drawn.
//
// Each service layer becomes some style layers named "<layer>/<part>", each in
// a band; bands are stacked from the ground up whatever the catalogue's order.

import type { ExpressionSpecification, FilterSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Block } from "./live.ts";
import { type Bounds, type Kind, type Layer, tiles, union } from "./catalogue.ts";
import { type Entry, type Look, byField, entries, lookOf, markerOf, noValue, unclassified } from "./looks.ts";
import { type Marker, nameOf } from "./markers.ts";
import { alone, clusterCounts, clusterDots, clusterable } from "./cluster.ts";
import { fontFaces, typeface } from "./fonts.ts";
import { englishLabel } from "./say.ts";
import type { Language } from "./words.ts";

// Bands, the ground first.
enum Band { Ground, Tint, Nature, Building, RoadCase, Road, Edge, Area, Line, Point, Name }

// Part is a style layer before it knows its source.
type Part = LayerSpecification extends infer L ? (L extends { source: string } ? Omit<L, "source" | "id"> : never) : never;

interface Placed { band: number; layer: LayerSpecification }

// Drawn is a service layer with its look, as the panel and the cards need it.
// A quiet one is switched on but makes room for what a panel shows.
export interface Drawn { layer: Layer; look: Look; entries: Entry[]; on: boolean; quiet: boolean }

// drawnOf joins a layer with its look.
export function drawnOf(layer: Layer): Drawn {
  const look = lookOf(layer);
  return { layer, look, entries: entries(layer, look), on: look.on, quiet: false };
}

export const visibilityOf = (d: Drawn) => (d.on && !d.quiet ? "visible" : "none");

// mapStyle is the style of all layers.
export function mapStyle(drawn: Drawn[], language: Language): StyleSpecification {
  const shown = drawn.filter((d) => d.layer.kinds.size > 0);
  const sources: Record<string, SourceSpecification> = { selected: { type: "geojson", data: nothing } };
  const placed: Placed[] = [];
  for (const [source, members] of sourcesOf(shown)) {
    sources[source] = sourceOf(members);
    for (const d of members) placed.push(...place(d, source, language));
  }
  Object.assign(sources, symbolSources(shown));
  placed.push({ band: Band.Area, layer: selectedArea });
  placed.sort((a, b) => a.band - b.band);
  return {
    version: 8, sources, "font-faces": fontFaces(),
    layers: [{ id: "background", type: "background", paint: { "background-color": "#e4e8e8" } }, ...placed.map((p) => p.layer), ...selection],
    transition: { duration: 0, delay: 0 },
  };
}

const nothing = { type: "FeatureCollection" as const, features: [] };

// TileID is the address of a tile.
export interface TileID { z: number; x: number; y: number }

const mostTiles = 3000; // of a source that are named one by one

// touchedTiles are the sources of a style that hold layers which were touched,
// each with its tiles that were; without them if they are too many, or all.
export function touchedTiles(style: StyleSpecification, touched: (layer: string) => Block[] | undefined | false): Map<string, TileID[] | undefined> {
  const found = new Map<string, TileID[] | undefined>();
  const held = new Map<string, Set<string>>();
  for (const l of style.layers) {
    if ("source-layer" in l && l["source-layer"]) held.set(l.source, (held.get(l.source) ?? new Set<string>()).add(l["source-layer"]));
  }
  for (const [source, layers] of held) {
    const blocks = [...layers].map(touched).filter((b) => b !== false);
    const { minzoom = 0, maxzoom = 22 } = style.sources[source] as { minzoom?: number; maxzoom?: number };
    if (blocks.length > 0) found.set(source, blocks.includes(undefined) ? undefined : tilesIn(blocks.flatMap((b) => b!).filter(([z]) => z >= minzoom && z <= maxzoom)));
  }
  return found;
}

function tilesIn(blocks: Block[]): TileID[] | undefined {
  const size = blocks.reduce((sum, [, x, y, toX, toY]) => sum + (toX - x + 1) * (toY - y + 1), 0);
  if (size > mostTiles) return undefined;
  return blocks.flatMap(([z, fromX, fromY, toX, toY]) => {
    const some: TileID[] = [];
    for (let x = fromX; x <= toX; x++) for (let y = fromY; y <= toY; y++) some.push({ z, x, y });
    return some;
  });
}

// sourcesOf groups layers into tile requests: the light ones of the service
// travel together, heavy and imported ones alone.
function sourcesOf(drawn: Drawn[]): Map<string, Drawn[]> {
  const groups = new Map<string, Drawn[]>();
  for (const d of drawn) {
    const alone = d.look.from > 0 || d.layer.count > 3000 || d.layer.group === "user";
    const name = alone ? d.layer.id : d.look.base ? "ground" : "places";
    groups.set(name, [...(groups.get(name) ?? []), d]);
  }
  return groups;
}

function sourceOf(members: Drawn[]): SourceSpecification & { type: "vector" } {
  const bounds = union(members.flatMap((d) => (d.layer.bounds ? [d.layer.bounds] : [])));
  return {
    type: "vector", tiles: [tiles(members.map((d) => d.layer.id))], maxzoom: 16,
    minzoom: Math.min(...members.map((d) => d.look.from)), ...(bounds && { bounds: padded(bounds) }),
  };
}

function padded([west, south, east, north]: Bounds): Bounds {
  return [west - 0.002, south - 0.002, east + 0.002, north + 0.002];
}

// A symbol or name of an area that tile edges cut stands once in each piece.
// So they come from large tiles: those of great areas from the deepest tile
// that holds the whole district, others from tiles that cut few of them.
const wholeSource = "whole";
const gridSource = "grid-names";
const siteSource = "sites";

function symbolSources(shown: Drawn[]): Record<string, SourceSpecification> {
  const sources: Record<string, SourceSpecification> = {};
  const add = (name: string, members: Drawn[], zooms: { minzoom: number; maxzoom: number }) => {
    if (members.length > 0) sources[name] = { ...sourceOf(members), ...zooms };
  };
  const great = shown.filter((d) => namings[d.layer.id]?.source === wholeSource);
  const zoom = wholeZoom(great);
  add(wholeSource, great, { minzoom: zoom, maxzoom: zoom });
  add(gridSource, shown.filter((d) => namings[d.layer.id]?.source === gridSource), { minzoom: 13, maxzoom: 13 });
  add(siteSource, shown.filter((d) => sited.has(d.layer.id)), { minzoom: 0, maxzoom: 14 });
  return sources;
}

function wholeZoom(named: Drawn[]): number {
  const bounds = union(named.flatMap((d) => (d.layer.bounds ? [d.layer.bounds] : [])));
  let zoom = 11;
  while (bounds && zoom > 7 && !inOneTile(bounds, zoom)) zoom--;
  return zoom;
}

function inOneTile([west, south, east, north]: Bounds, zoom: number): boolean {
  const [left, top] = tileAt(west, north, zoom);
  const [right, bottom] = tileAt(east, south, zoom);
  return left === right && top === bottom;
}

function tileAt(lon: number, lat: number, zoom: number): [number, number] {
  const y = 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI);
  return [Math.floor((lon / 360 + 0.5) * 2 ** zoom), Math.floor(y * 2 ** zoom)];
}

// place turns a layer into style layers.
function place(d: Drawn, source: string, language: Language): Placed[] {
  const draw = grounds[d.layer.id] ?? overlay;
  const parts = [...draw(d), ...names(d, language)];
  return parts.map(([band, name, part, from]) => ({
    band,
    layer: {
      ...part, id: `${d.layer.id}/${name}`, source: from ?? source, "source-layer": d.layer.id,
      minzoom: Math.max(part.minzoom ?? 0, d.look.from),
      layout: { ...part.layout, visibility: visibilityOf(d) },
    } as LayerSpecification,
  }));
}

type Parts = [band: number, name: string, part: Part, source?: string | undefined][];

const by = (...stops: number[]): ExpressionSpecification => ["interpolate", ["exponential", 1.4], ["zoom"], ...stops] as unknown as ExpressionSpecification;
const is = (kind: Kind): FilterSpecification => {
  const names = { point: ["Point", "MultiPoint"], line: ["LineString", "MultiLineString"], polygon: ["Polygon", "MultiPolygon"] };
  return ["match", ["geometry-type"], names[kind], true, false] as unknown as FilterSpecification;
};
const oneOf = (field: string, pairs: [string, unknown][], otherwise: unknown): ExpressionSpecification =>
  ["match", ["to-string", ["get", field]], ...pairs.flat(), otherwise] as unknown as ExpressionSpecification;

// tints tell neighbouring streets apart on the overview.
const tints = ["#f4e9d8", "#e8eddb", "#f3e2e0", "#e3e9f0", "#efe6f0", "#f5efd0", "#dfece8", "#f0e4d3", "#e9e6da", "#e6e4f1"];

// The ground: what makes the map look like a city.
const grounds: Record<string, (d: Drawn) => Parts> = {
  districts: () => [
    [Band.Ground, "land", { type: "fill", paint: { "fill-color": "#f7f4ee" } }],
    [Band.Edge, "halo", { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#7d4f8c", "line-opacity": 0.16, "line-width": by(9, 4, 14, 12) } }],
    [Band.Edge, "line", { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#7d4f8c", "line-width": by(9, 1.2, 14, 2.4) } }],
  ],
  streets: () => [
    [Band.Tint, "tint", { type: "fill", paint: {
      "fill-color": ["to-color", ["at", ["%", ["to-number", ["id"]], tints.length], ["literal", tints]]] as unknown as ExpressionSpecification,
      "fill-opacity": ["interpolate", ["linear"], ["zoom"], 11, 1, 15, 0] } }],
    [Band.Edge, "line", { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#8d5a9e", "line-opacity": 0.75, "line-width": by(10, 0.7, 14, 1.8, 18, 3), "line-dasharray": [6, 2, 1.5, 2] } }],
  ],
  communities: () => [
    [Band.Edge, "line", { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#8d6aa0", "line-opacity": by(11, 0.25, 13, 0.6), "line-width": by(11, 0.5, 16, 1.4), "line-dasharray": [4, 2] } }],
    [Band.Ground, "area", { type: "fill", paint: { "fill-opacity": 0 } }],
  ],
  grids: () => [
    [Band.Ground, "area", { type: "fill", paint: { "fill-opacity": 0 } }],
    [Band.Edge, "line", { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#7f8aa0", "line-opacity": by(13, 0.3, 15, 0.75), "line-width": by(13, 0.4, 17, 1.2) } }],
  ],
  water: () => [
    [Band.Nature, "area", { type: "fill", filter: is("polygon"), paint: { "fill-color": "#abd0e4", "fill-outline-color": "#8fbdd6" } }],
    [Band.Nature, "line", { type: "line", filter: is("line"), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": "#abd0e4", "line-width": by(10, 1, 16, 10) } }],
  ],
  parks: (d) => [[Band.Nature, "area", { type: "fill", filter: is("polygon"), paint: { "fill-color": colourOf(d), "fill-opacity": 0.85 } }]],
  roads: roads,
  railways: () => rails,
  buildings: (d) => [
    [Band.Building, "area", { type: "fill", filter: is("polygon"), paint: { "fill-color": colourOf(d), "fill-outline-color": "#bfb3a2", "fill-opacity": by(13, 0.6, 15, 1) } }],
  ],
};

const rails: Parts = [
  [Band.Road, "bed", { type: "line", paint: { "line-color": "#8f949c", "line-width": by(10, 0.8, 16, 4) } }],
  [Band.Road, "ties", { type: "line", minzoom: 13, paint: { "line-color": "#fff", "line-width": by(10, 0.3, 16, 2.4), "line-dasharray": [4, 4] } }],
];

// Road classes from the greatest: width at zooms 10, 14 and 18, colour, and
// the zoom from which they show.
const roadClasses: { names: string[]; widths: [number, number, number]; colour: string; edge: string; from: number }[] = [
  { names: ["expressway", "motorway", "trunk"], widths: [1.6, 5.5, 30], colour: "#f9cf8a", edge: "#d59d48", from: 0 },
  { names: ["arterial", "primary"], widths: [1.1, 4.6, 26], colour: "#fde5ae", edge: "#d9b765", from: 0 },
  { names: ["secondary", "tertiary"], widths: [0.5, 3.4, 21], colour: "#ffffff", edge: "#c9c2b6", from: 11 },
  { names: ["hill"], widths: [0.5, 2, 14], colour: "#f3ecdc", edge: "#bdb098", from: 11 },
  { names: ["local", "residential", "unclassified"], widths: [0.2, 1.9, 15], colour: "#ffffff", edge: "#cfc9be", from: 13 },
  { names: ["lane", "service", "footway", "path"], widths: [0.1, 1, 9], colour: "#ffffff", edge: "#d8d3ca", from: 14 },
];

// classIn matches some of the road classes, from the greatest.
function classIn(from: number, to: number): unknown {
  return ["in", ["get", "class"], ["literal", roadClasses.slice(from, to).flatMap((c) => c.names)]];
}

function roads(): Parts {
  const parts: Parts = [];
  for (const [i, c] of [...roadClasses.entries()].reverse()) {
    const [w10, w14, w18] = c.widths;
    const filter = ["match", ["get", "class"], c.names, true, i === roadClasses.length - 2 && rest(c.names)] as unknown as FilterSpecification;
    const layout = { "line-cap": "round", "line-join": "round" } as const;
    const common = { type: "line", filter, layout, minzoom: c.from } as const;
    parts.push([Band.RoadCase, `case-${c.names[0]}`, { ...common, paint: { "line-color": c.edge, "line-width": by(10, w10 + 0.6, 14, w14 + 1.4, 18, w18 + 2) } }]);
    parts.push([Band.Road, `road-${c.names[0]}`, { ...common, paint: { "line-color": c.colour, "line-width": by(10, w10, 14, w14, 18, w18) } }]);
  }
  parts.push([Band.Road, "oneway", { type: "symbol", minzoom: 16, filter: ["==", ["to-string", ["get", "oneway"]], "true"] as unknown as FilterSpecification,
    layout: { "symbol-placement": "line", "symbol-spacing": 180, "text-field": "→", "text-font": [typeface], "text-size": 13, "text-keep-upright": false, "text-rotation-alignment": "map" },
    paint: { "text-color": "#9aa0a8" } }]);
  return parts;
}

// rest matches road classes that the table does not name.
const rest = (names: string[]): unknown => ["!", ["in", ["get", "class"], ["literal", roadClasses.flatMap((c) => c.names).filter((n) => !names.includes(n))]]];

// overlay draws any layer that is not ground, by the kinds of its geometry.
function overlay(d: Drawn): Parts {
  const parts: Parts = [];
  if (d.layer.kinds.has("polygon")) parts.push(...areas(d));
  if (d.layer.kinds.has("line")) parts.push(lines(d));
  if (d.layer.kinds.has("point") || sited.has(d.layer.id)) parts.push(points(d));
  if (clusterable(d.layer)) parts.push([Band.Point, "cluster", clusterDots(colourOf(d))], [Band.Point + 0.1, "cluster-count", clusterCounts()]);
  return parts;
}

// sited are layers whose areas are places that are looked for: their symbol
// stands on areas too.
const sited = new Set(["shelters", "high_risk_zones", "slopes"]);

function colourOf(d: Drawn): ExpressionSpecification | string {
  const field = byField(d.layer, d.look);
  const pairs = d.entries.filter((e) => e.value !== undefined).map((e): [string, string] => [e.value!, e.colour]);
  return field && pairs.length > 0 ? oneOf(field.name, pairs, unclassified) : d.look.colour;
}

function areas(d: Drawn): Parts {
  const filter = is("polygon");
  const colour = colourOf(d);
  const alone = d.layer.group === "user";
  return [
    [Band.Area, "area", { type: "fill", filter, paint: { "fill-color": colour, "fill-opacity": alone ? 0.12 : 0.2 } }],
    [Band.Area, "edge", { type: "line", filter, layout: { "line-join": "round" }, paint: { "line-color": colour, "line-width": by(10, alone ? 0.5 : 0.8, 16, 2) } }],
  ];
}

function lines(d: Drawn): Parts[number] {
  return [Band.Line, "line", { type: "line", filter: is("line"), layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colourOf(d), "line-width": by(10, 1.2, 16, 3.5), ...(["covered_rivers", "closures"].includes(d.layer.id) && { "line-dasharray": [2, 1.6] }) } }];
}

function points(d: Drawn): Parts[number] {
  const dots = d.look.glyph === "none";
  return [dots ? Band.Point : Band.Point + 0.5, "point", { type: "symbol", ...(!sited.has(d.layer.id) && { filter: clusterable(d.layer) ? alone : is("point") }),
    layout: { "icon-image": valued(d, nameOf), "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": valued(d, (m) => m.size),
      "icon-size": dots ? dotSize(d) : badgeSize(d) },
    paint: { "icon-opacity": ["interpolate", ["linear"], ["zoom"], dots ? 14 : 12, valued(d, (m) => (m.size < 14 ? 0.6 : 1)), dots ? 15.5 : 13.5, 1] as unknown as ExpressionSpecification } },
    sited.has(d.layer.id) ? siteSource : undefined];
}

// Thousands of dots must leave the town readable, so the common ones begin
// small; the grave ones are large from the start.
function dotSize(d: Drawn): ExpressionSpecification {
  const far = valued(d, (m) => (m.size < 9 ? 0.27 : m.size < 12 ? 0.4 : 0.8));
  const middle = valued(d, (m) => (m.size < 12 ? 0.5 : 0.85));
  return ["interpolate", ["linear"], ["zoom"], 10, ["*", 0.5, far], 13, far, 14.2, far, 15.2, middle, 16.2, 0.85, 17.5, 1.1] as unknown as ExpressionSpecification;
}

function badgeSize(d: Drawn): ExpressionSpecification {
  const far = valued(d, (m) => (m.glyph === "none" ? 0.42 : 0.46));
  return ["interpolate", ["linear"], ["zoom"], 9, ["*", 0.35, far], 11, ["*", 0.62, far], 12.2, far, 13, far, 15.5, 0.9, 17, 1.1] as unknown as ExpressionSpecification;
}

// valued is something of a layer's symbols, for each feature by its value.
function valued<T extends string | number>(d: Drawn, of: (m: Marker) => T): ExpressionSpecification | T {
  const field = byField(d.layer, d.look);
  const listed = d.entries.filter((e) => e.value !== undefined);
  if (!field || listed.length === 0) return of(markerOf(d.look));
  const other = d.entries.find((e) => e.value === undefined)?.marker ?? noValue;
  return oneOf(field.name, listed.map((e): [string, T] => [e.value!, of(e.marker)]), of(other));
}

// Naming says how the features of a layer are labelled; where labels meet,
// the higher rank stays.
interface Naming {
  from: number; to: number; size: ExpressionSpecification | number; colour: string; rank: number;
  along?: boolean; code?: boolean; spacing?: number; filter?: FilterSpecification;
  source?: string; // of the tiles that names are taken from, if not the layer's own
}

const namings: Record<string, Naming> = {
  districts: { from: 7, to: 10, size: 15, colour: "#5d3a6b", rank: 10, source: wholeSource },
  streets: { from: 10, to: 14.5, size: by(10, 10.5, 13, 17), colour: "#5d3a6b", rank: 9, source: wholeSource, spacing: 0.1 },
  communities: { from: 13, to: 16.5, size: by(13, 10.5, 16, 14), colour: "#6b4a7c", rank: 8, source: wholeSource },
  grids: { from: 15.5, to: 24, size: by(15.5, 11, 18, 13), colour: "#4d5a72", rank: 6, code: true, source: gridSource },
  water: { from: 12, to: 24, size: by(12, 10, 16, 14), colour: "#2f6690", rank: 5, source: wholeSource },
  parks: { from: 13, to: 24, size: by(13, 10, 16, 13), colour: "#3f6f2e", rank: 4, source: wholeSource },
  roads: { from: 13, to: 24, size: by(13, 10, 17, 13), colour: "#5f564a", rank: 3, along: true,
    filter: ["step", ["zoom"], classIn(0, 2), 14, classIn(0, 4), 15, true] as unknown as FilterSpecification },
  railways: { from: 13, to: 24, size: 10.5, colour: "#5c626b", rank: 2, along: true },
  buildings: { from: 17.2, to: 24, size: 11, colour: "#6b6152", rank: 1 },
};

const placeNaming: Naming = { from: 15, to: 24, size: 11, colour: "#2b3442", rank: 7 };

// names labels a layer's features, if it has a field to call them by.
function names(d: Drawn, language: Language): Parts {
  const naming = namings[d.layer.id] ?? placeNaming;
  const field = naming.code ? d.layer.code : d.layer.label;
  if (!field || hidden(d, field) || (naming === placeNaming && d.layer.count > 3000)) return [];
  const beside = naming === placeNaming;
  return [[Band.Name + naming.rank / 100, "name", { type: "symbol", minzoom: naming.from, maxzoom: naming.to, ...(naming.filter && { filter: naming.filter }),
    layout: {
      "text-field": nameText(d.layer, language), "text-font": [typeface], "text-size": naming.size,
      "text-max-width": 8, "text-letter-spacing": naming.spacing ?? 0.02, "text-padding": 4,
      ...(naming.along && { "symbol-placement": "line", "symbol-spacing": 320, "text-max-angle": 30, "text-padding": 12 }),
      ...(beside && { "text-variable-anchor": ["top", "bottom", "left", "right"], "text-radial-offset": 1.15, "text-optional": true }),
    },
    paint: { "text-color": beside ? d.look.colour : naming.colour, "text-halo-color": "rgba(255,255,255,.9)", "text-halo-width": 1.4 } }, naming.source ?? (sited.has(d.layer.id) ? siteSource : undefined)]];
}

// nameText is what a layer's features are labelled with in a language.
export function nameText(layer: Layer, language: Language): ExpressionSpecification {
  if (namings[layer.id]?.code) return gridName(layer);
  const text = ["to-string", ["get", layer.label]];
  const english = englishLabel(layer);
  if (language === "zh" || !english) return text as unknown as ExpressionSpecification;
  return ["case", ["!=", ["to-string", ["get", english]], ""], ["get", english], text] as unknown as ExpressionSpecification;
}

const hidden = (d: Drawn, field: string) => d.layer.fields.find((f) => f.name === field)?.detail_only ?? false;

// gridName is a grid's number in its community, and name and code close up.
const gridName = (layer: Layer): ExpressionSpecification => {
  const code = ["to-string", ["get", layer.code]];
  const number = ["case", ["==", ["length", code], 14], ["slice", code, 12], code];
  const full = layer.label ? ["format", ["to-string", ["get", layer.label]], {}, "\n", {}, code, { "font-scale": 0.82 }] : code;
  return ["step", ["zoom"], ["format", number, {}], 16.8, full] as unknown as ExpressionSpecification;
};

// The feature whose card is open: its area below the symbols, its line above.
const selectedArea: LayerSpecification = { id: "selected/area", source: "selected", type: "fill", filter: is("polygon"), paint: { "fill-color": "#0b3d91", "fill-opacity": 0.1 } };
const selection: LayerSpecification[] = [
  { id: "selected/case", source: "selected", type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#fff", "line-width": 5, "line-opacity": 0.85 } },
  { id: "selected/line", source: "selected", type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#0b3d91", "line-width": 2.4 } },
  { id: "selected/point", source: "selected", type: "circle", filter: is("point"), paint: { "circle-radius": 15, "circle-color": "rgba(11,61,145,.08)", "circle-stroke-color": "#0b3d91", "circle-stroke-width": 2.4 } },
];
