// What the service says about its layers and features, and how to ask.

import type { Geometry } from "geojson";
import { bearer } from "./token.ts";
import type { Title } from "./words.ts";

export interface Label { value: string; title?: Title; color?: string }

export interface Field {
  name: string;
  type: "text" | "int" | "float" | "bool" | "date" | "time";
  title?: Title;
  unit?: string;
  values?: Label[];
  references?: string;
  required?: boolean;
  detail_only?: boolean;
}

export type Kind = "point" | "line" | "polygon";

export interface Layer {
  id: string;
  title: Title;
  description: Title;
  note: Title;
  group: string;
  kinds: Set<Kind>;
  fields: Field[];
  code: string;
  label: string;
  asOf: string;
  synthetic: boolean;
  source: string;
  licence: string;
  bounds: Bounds | undefined;
  count: number;
  derived: boolean; // worked out of others when asked for
}

// Bounds is west, south, east, north in degrees.
export type Bounds = [number, number, number, number];

export interface Catalogue { version: number; layers: Layer[]; synthetic: boolean; bounds: Bounds | undefined }

export interface Feature {
  id: number | string;
  geometry: Geometry | null;
  properties: Record<string, unknown>;
}

export interface Candidate { id: number | string; layer?: string; name?: string; kind?: string; distance: number }

// root is where the service stands; the page is at it.
export const root = new URL(".", document.baseURI);

// Gone is a feature or layer that is there no more.
export class Gone extends Error {}

async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(new URL(path, root), { headers: { Accept: "application/geo+json, application/json", ...bearer() }, ...(signal && { signal }) });
  if (answer.status === 404) throw new Gone(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json() as Promise<T>;
}

// tiles is the address template of tiles that hold some layers together.
export function tiles(layers: string[]): string {
  return `${root.href}tiles/${layers.join(",")}/{z}/{x}/{y}.mvt`;
}

// loadCatalogue reads the list of layers.
export async function loadCatalogue(): Promise<Catalogue> {
  const answer = await ask<{ version: number; collections: Collection[] }>("collections?f=json");
  const layers = answer.collections.map(layerOf);
  return { version: answer.version, layers, synthetic: layers.some((l) => l.synthetic), bounds: union(layers.flatMap((l) => (l.bounds ? [l.bounds] : []))) };
}

// loadFeature reads one feature with all its attributes.
export function loadFeature(layer: string, id: number | string, signal?: AbortSignal): Promise<Feature> {
  return ask<Feature>(`collections/${layer}/items/${encodeURIComponent(id)}?f=json`, signal);
}

// loadPlaceName is the name of the only district, "" if there are several.
export async function loadPlaceName(layer: Layer): Promise<string> {
  const answer = await ask<{ features: Feature[] }>(`collections/${layer.id}/items?limit=2&f=json`);
  const only = answer.features.length === 1 ? answer.features[0] : undefined;
  return String(only?.properties[layer.label] ?? "");
}

// Found is a feature that fits a search.
export interface Found { layer: string; id: number; code?: string; name: string; at?: [number, number]; bbox?: Bounds }

// FoundPlace is a way to read a search text as coordinates.
export interface FoundPlace { at: [number, number]; crs: string; doubts: { kind: string; detail: string }[]; grid?: { name: string } }

export interface SearchAnswer { numberMatched: number; numberReturned: number; results: Found[]; places: FoundPlace[] }

// loadSearch reads what a text finds, what stands near a place first.
export function loadSearch(text: string, lon: number, lat: number, signal: AbortSignal, limit = 12): Promise<SearchAnswer> {
  const query = new URLSearchParams({ q: text.slice(0, 60), limit: String(limit), lon: lon.toFixed(4), lat: lat.toFixed(4) });
  return ask<SearchAnswer>(`search?${query}`, signal);
}

// loadNearest reads the response points nearest to a place.
export async function loadNearest(lon: number, lat: number, k: number): Promise<Candidate[]> {
  const answer = await ask<{ candidates: Candidate[] }>(`nearest?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}&k=${k}`);
  return answer.candidates;
}

// loadGridAt reads the grid that holds a place; undefined outside.
export async function loadGridAt(lon: number, lat: number): Promise<Feature | undefined> {
  const address = new URL(`grids/at?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}`, root);
  const answer = await fetch(address);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`grids/at: ${answer.status}`);
  return answer.json() as Promise<Feature>;
}

// Collection is a layer as /collections lists it.
interface Collection {
  id: string;
  titles: Title;
  descriptions?: Title;
  note?: Title;
  group?: string;
  geometry: string;
  fields: Field[];
  code_field?: string;
  label_field?: string;
  as_of: string;
  synthetic: boolean;
  source?: string;
  license?: string;
  extent?: { spatial: { bbox: Bounds[] } };
  count: number | null;
  derived?: unknown;
}

function layerOf(c: Collection): Layer {
  return {
    id: c.id,
    title: c.titles,
    description: c.descriptions ?? {},
    note: c.note ?? {},
    group: c.group || "user",
    kinds: new Set(c.geometry.split("+").filter((k) => k !== "none") as Kind[]),
    fields: c.fields,
    code: c.code_field ?? "",
    label: c.label_field ?? "",
    asOf: c.as_of,
    synthetic: c.synthetic,
    source: c.source ?? "",
    licence: c.license ?? "",
    bounds: c.extent?.spatial.bbox[0],
    count: c.count ?? 0,
    derived: !!c.derived,
  };
}

// union is the box around boxes.
export function union(boxes: Bounds[]): Bounds | undefined {
  if (boxes.length === 0) return undefined;
  return boxes.reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]);
}
