// The part of the page's state that its address keeps, after the #: the
// position is MapLibre's ("map"), the rest is ours.

import type { Drawn } from "./style.ts";

const read = () => new URLSearchParams(location.hash.slice(1));

function write(change: Record<string, string>): void {
  const pairs = read();
  for (const [name, value] of Object.entries(change)) value ? pairs.set(name, value) : pairs.delete(name);
  const text = pairs.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%3B", ";");
  history.replaceState(history.state, "", `#${text}`);
}

// languageInAddress is the language that the address asks for, if any.
export const languageInAddress = () => read().get("lang");

// Browsers may forbid a page to remember anything; then it does without.
const key = "wangge.language";

// rememberedLanguage is the language chosen last in this browser, if any.
export function rememberedLanguage(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function rememberLanguage(language: string): void {
  try {
    localStorage.setItem(key, language);
  } catch (fault) {
    console.info(fault);
  }
}

export const writeLanguage = (language: string) => write({ lang: language });

// readLayers switches layers as the address says: those that differ from
// what is shown by default.
export function readLayers(drawn: Drawn[]): void {
  const on = named("on");
  const off = named("off");
  for (const d of drawn) d.on = on.has(d.layer.id) || (d.look.on && !off.has(d.layer.id));
}

const named = (list: string) => new Set((read().get(list) ?? "").split(",").filter(Boolean));

// writeLayers puts into the address which layers differ from the default.
export function writeLayers(drawn: Drawn[]): void {
  const differing = (on: boolean) => drawn.filter((d) => d.on === on && d.look.on !== on).map((d) => d.layer.id).join(",");
  write({ on: differing(true), off: differing(false) });
}

// The way that the page is used, and what a panel was asked: name:value pairs
// with semicolons between them.

export const wayInAddress = () => read().get("way") ?? "";

export const writeWay = (way: string) => write({ way });

export function readAsked(way: string): Map<string, string> {
  const pairs = (read().get(way) ?? "").split(";").map((pair) => pair.split(/:(.*)/s, 2));
  return new Map(pairs.filter((pair): pair is [string, string] => pair.length === 2));
}

// writeAsked leaves out what has no value.
export function writeAsked(way: string, asked: Record<string, string>): void {
  write({ [way]: Object.entries(asked).filter(([, value]) => value).map(([name, value]) => `${name}:${value}`).join(";") });
}
