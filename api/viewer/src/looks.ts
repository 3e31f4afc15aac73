// How each layer looks. Layers that are not named here, such as imported
// ones, get a look made from their id.

import type { Field, Label, Layer } from "./catalogue.ts";
import type { Glyph, Marker, Shape } from "./markers.ts";

export interface Look {
  colour: string;
  shape: Shape;
  glyph: Glyph;
  hollow: boolean;
  on: boolean;      // shown unless the address says otherwise
  from: number;     // smallest zoom
  by: string;       // field whose values have looks of their own
  base: boolean;    // drawn as ground by style.ts
  glyphs: Record<string, Glyph>;   // of values of that field, where they differ
  colours: Record<string, string>; // of values of that field, where the service gives none
}

const plain: Look = { colour: "#55606e", shape: "circle", glyph: "none", hollow: false, on: true, from: 0, by: "", base: false, glyphs: {}, colours: {} };

const looks: Record<string, Partial<Look>> = {
  districts: { base: true, colour: "#7d4f8c" },
  streets: { base: true, colour: "#8d5a9e" },
  communities: { base: true, colour: "#8d6aa0", from: 11 },
  grids: { base: true, colour: "#7f8aa0", from: 13 },
  water: { base: true, colour: "#a8cfe4" },
  parks: { base: true, colour: "#cfe2bd", by: "kind", colours: { park: "#cbe3b4", forest: "#bcd6ae" } },
  roads: { base: true, colour: "#f9cf8a", by: "class", colours: { expressway: "#f7c576", arterial: "#fbdf9c", secondary: "#ffffff", local: "#ffffff", lane: "#ffffff", hill: "#f1ead9" } },
  railways: { base: true, colour: "#8f949c" },
  buildings: { base: true, colour: "#dfd5c7", from: 14, by: "use", colours: {
    residential: "#e2d8c9", mixed: "#ecd5bd", office: "#cdd7e6", industrial: "#d8cfdc", education: "#ece3b0", medical: "#efcfcf", public: "#cfe0dc" } },
  dedicated_grids: { colour: "#0f7b6c", on: false },
  underground_spaces: { colour: "#6a4c93", on: false, from: 13 },
  covered_rivers: { colour: "#2f7fb5", on: false },
  high_risk_zones: { colour: "#a3195b", shape: "triangle", glyph: "bang" },
  risk_points: { colour: "#8b95a3", by: "level" },
  flood_hazards: { colour: "#0b7285", shape: "diamond", glyph: "drop" },
  major_hazards: { colour: "#8c1d18", shape: "octagon", glyph: "bang" },
  slopes: { colour: "#8a5a2b", shape: "triangle", glyph: "slope" },
  cavities: { colour: "#5f4b8b", shape: "circle", glyph: "hollow", on: false },
  grid_events: { colour: "#6d5aa8", on: false },
  hazmat_points: { colour: "#b35c00", shape: "diamond", glyph: "barrel", on: false },
  response_points: { colour: "#1b5fa7", shape: "circle", glyph: "shield", by: "kind",
    glyphs: { fire_station: "flame", hospital: "cross" }, colours: { emergency_service_station: "#1b5fa7", fire_station: "#a3331f", hospital: "#0b7285" } },
  closures: { colour: "#b3261e" },
  shelters: { colour: "#1a7f4b", shape: "square", glyph: "house", by: "setting", glyphs: { outdoor: "tent" } },
  shelter_candidates: { colour: "#1a7f4b", shape: "square", glyph: "cap", hollow: true },
  cameras: { colour: "#44546a", shape: "circle", glyph: "camera", on: false },
  civil_defence: { colour: "#5c6b2f", shape: "square", glyph: "arch", on: false },
  culture_corridors: { colour: "#b04a7a", shape: "square", glyph: "book", on: false },
  science_venues: { colour: "#2a6f97", shape: "square", glyph: "flask", on: false },
};

// made are colours for layers that nobody gave a look: apart from each other
// and from the risk colours, dark enough for thin lines.
const made = ["#7048a8", "#0c7c8c", "#a34d7e", "#5b6b1f", "#3d5a9e", "#8a4b2a", "#2f7d52", "#6b4a57"];

// lookOf is the look of a layer.
export function lookOf(layer: Layer): Look {
  const known = looks[layer.id];
  if (known) return { ...plain, ...known };
  const colour = made[hash(layer.id) % made.length]!;
  return { ...plain, colour, from: crowded(layer) ? 13 : 0 };
}

// crowded says whether a layer is too heavy for small zooms.
function crowded(layer: Layer): boolean {
  return layer.count > 5000;
}

function hash(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)!) >>> 0;
  return sum;
}

// Entry is one value of a layer's legend; an undefined value means none.
export interface Entry { value: string | undefined; label: Label | undefined; marker: Marker; colour: string }

// unclassified is the colour of features without a value.
export const unclassified = "#8b95a3";

// ranks are the shapes of ordered values, the gravest first.
const ranks: { shape: Shape; size: number }[] = [
  { shape: "diamond", size: 15 }, { shape: "triangle", size: 14 }, { shape: "circle", size: 10 }, { shape: "circle", size: 7 },
];

// byField is the field whose values a layer is coloured by, if any.
export function byField(layer: Layer, look: Look): Field | undefined {
  const usable = layer.fields.filter((f) => f.values && !f.detail_only);
  return usable.find((f) => f.name === look.by) ?? (look.base ? undefined : usable.find((f) => f.values!.some((v) => v.color)));
}

// entries are the looks of a layer's values; empty if all its features look alike.
export function entries(layer: Layer, look: Look): Entry[] {
  const field = byField(layer, look);
  if (!field?.values) return [];
  const listed = field.values.map((label, rank): Entry => {
    const colour = label.color ?? look.colours[label.value] ?? made[rank % made.length]!;
    return { value: label.value, label, colour, marker: valueMarker(look, field, label.value, colour, rank) };
  });
  if (field.required) return listed;
  return [...listed, { value: undefined, label: undefined, colour: unclassified, marker: look.glyph === "none" ? noValue : { ...markerOf(look), colour: unclassified } }];
}

// noValue is the symbol of a point whose value is not known.
export const noValue: Marker = { shape: "ring", colour: unclassified, glyph: "none", size: 10 };

// done are values of a status after which nothing is left to do; such
// features are drawn hollow and smaller.
const done = new Set(["closed", "fixed", "filled"]);

function valueMarker(look: Look, field: Field, value: string, colour: string, rank: number): Marker {
  const ended = field.name === "status" && done.has(value);
  if (look.glyph !== "none") {
    const marker = { ...markerOf(look), colour, glyph: look.glyphs[value] ?? look.glyph };
    return ended ? { ...marker, glyph: "none", hollow: true, size: 12 } : marker;
  }
  if (field.name === "status") return { shape: ended ? "ring" : "diamond", colour, glyph: "none", size: ended ? 7 : 12 };
  return { ...ranks[Math.min(rank, ranks.length - 1)]!, colour, glyph: "none" };
}

// markerOf is the symbol of a layer's points.
export function markerOf(look: Look): Marker {
  return { shape: look.shape, colour: look.colour, glyph: look.glyph, size: look.glyph === "none" ? 9 : 22, hollow: look.hollow };
}
