// The figures of a unit: how they are worked out, told and coloured.

import { numberInWords } from "../say.ts";
import type { Ramp } from "../scale.ts";
import { type Language, dictionaries } from "../words.ts";
import type { Unit } from "./client.ts";
import { coverageWords } from "./words.ts";

export type Kind = "people" | "area" | "each" | "share" | "length" | "walking" | "count";

// Figure is something that is known of units. Of a difference only what adds
// up is told.
export interface Figure { key: string; kind: Kind; ramp: Ramp; of(u: Unit): number | null | undefined; methods?: string[] }

const shareOf = (part: number | undefined, whole: number): number | null | undefined => (part === undefined ? undefined : whole > 0 ? part / whole : null);

const all: Figure[] = [
  { key: "uncovered_share", kind: "share", ramp: "worse", of: (u) => shareOf(u.uncovered, u.demand) },
  { key: "uncovered", kind: "people", ramp: "worse", of: (u) => u.uncovered },
  { key: "per_capita_located", kind: "each", ramp: "better", of: (u) => u.per_capita_located },
  { key: "per_capita_reachable", kind: "each", ramp: "better", of: (u) => u.per_capita_reachable },
  { key: "deficit", kind: "area", ramp: "worse", of: (u) => u.deficit },
  { key: "accessibility", kind: "each", ramp: "better", of: (u) => u.accessibility, methods: ["2sfca", "gaussian_2sfca"] },
  { key: "unserved_share", kind: "share", ramp: "worse", of: (u) => shareOf(u.unserved, u.demand), methods: ["allocation"] },
  { key: "unserved", kind: "people", ramp: "worse", of: (u) => u.unserved, methods: ["allocation"] },
  { key: "walking", kind: "length", ramp: "worse", of: (u) => u.walking, methods: ["allocation"] },
];

// shownFirst is the figure that a method is about.
const shownFirst: Record<string, string> = { located: "per_capita_located", reachable: "uncovered_share", "2sfca": "accessibility", gaussian_2sfca: "accessibility", allocation: "unserved_share" };

// figuresFor are the figures that a method yields.
export const figuresFor = (method: string): Figure[] => all.filter((f) => !f.methods || f.methods.includes(method));

// figureFor is the one asked for, or what the method is about.
export function figureFor(method: string, key: string): Figure {
  const there = figuresFor(method);
  return there.find((f) => f.key === key) ?? there.find((f) => f.key === shownFirst[method]) ?? there[0]!;
}

// facts are what a unit is told with, and how each is told.
export const facts: [key: keyof Unit, kind: Kind][] = [
  ["population", "people"], ["demand", "people"], ["covered", "people"], ["uncovered", "people"], ["served", "people"], ["unserved", "people"], ["unreached", "people"],
    ["overflow", "people"],
  ["capacity", "people"], ["area_located", "area"], ["target_area", "area"], ["deficit", "area"], ["per_capita_located", "each"], ["per_capita_reachable", "each"], ["accessibility", "each"],
    ["walking", "length"], ["shelters", "count"],
];

// bare tells a figure that stands below its unit of measure.
export function bare(value: number | null | undefined, kind: Kind, language: Language): string {
  if (typeof value !== "number") return "–";
  const { locale } = dictionaries[language];
  if (kind === "share") return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
  return numberInWords(value, locale, kind === "each" ? 2 : 0);
}

// headed is a title with the unit of measure of what stands below.
export function headed(title: string, kind: Kind, language: Language): string {
  const words = coverageWords[language];
  const unit = kind === "area" || kind === "each" ? words.m2 : kind === "length" ? words.m : "";
  return unit ? `${title} / ${unit}` : title;
}

// inFigures tells a figure with its unit of measure.
export function inFigures(value: number | null | undefined, kind: Kind, language: Language): string {
  if (typeof value !== "number") return "–";
  const words = coverageWords[language];
  const { locale } = dictionaries[language];
  const n = (times: number, digits: number) => numberInWords(value / times, locale, digits);
  switch (kind) {
    case "area": return Math.abs(value) >= 100_000 ? `${n(10_000, 1)} ${words.ha}` : `${n(1, 0)} ${words.m2}`;
    case "each": return `${n(1, 2)} ${words.m2each}`;
    case "walking": return `${n(1000, 0)} ${words.personKm}`;
    case "length": return value < 1000 ? `${n(1, 0)} ${words.m}` : `${n(1000, 2)} ${words.km}`;
    default: return bare(value, kind, language);
  }
}

// signed tells a difference.
export function signed(value: number | null | undefined, kind: Kind, language: Language, tell = inFigures): string {
  if (typeof value !== "number") return "–";
  return value === 0 ? tell(0, kind, language) : `${value > 0 ? "+" : "−"}${tell(Math.abs(value), kind, language)}`;
}
