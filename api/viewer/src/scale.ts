// Classes of figures and their colours. The colours are ColorBrewer's that
// readers who do not tell colours apart can order by their lightness.

import type { ExpressionSpecification } from "maplibre-gl";
import { h } from "./dom.ts";

// ramps: more is worse, more is better, and from loss to gain.
export const ramps = {
  worse: ["#fff7bc", "#fec44f", "#ec7014", "#b53d02", "#662506"],
  better: ["#ece7f2", "#a6bddb", "#67a9cf", "#1c7fb0", "#034e7b"],
  change: ["#b35806", "#f1a340", "#fee0b6", "#f2f2f2", "#d8daeb", "#998ec3", "#542788"],
} as const;

export type Ramp = keyof typeof ramps;

// none is the colour of units without a figure.
export const none = "#c3c8ce";

// Scale puts figures into classes: class i holds those from breaks[i-1] up to,
// but not including, breaks[i].
export interface Scale { breaks: number[]; colours: readonly string[] }

// classOf is the class of a figure.
export function classOf(scale: Scale, value: number): number {
  const at = scale.breaks.findIndex((b) => value < b);
  return at < 0 ? scale.breaks.length : at;
}

export function colourOf(scale: Scale, value: number | null | undefined): string {
  return typeof value === "number" ? scale.colours[classOf(scale, value)]! : none;
}

// scaleOf makes classes for figures: round breaks of which each parts about
// as many units as the next. A least figure that many have, such as none at all,
// is a class of its own.
export function scaleOf(values: number[], ramp: Ramp): Scale {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (ramp === "change") return changeScale(sorted);
  const colours = ramps[ramp];
  const above = sorted.filter((v) => v > sorted[0]!);
  const apart = above.length > 0 && (sorted.length - above.length) * colours.length >= sorted.length;
  const [breaks, parted] = apart ? [[above[0]!], above] : [[], sorted];
  const classes = colours.length - breaks.length;
  for (let i = 1; i < classes; i++) {
    const at = round(parted[Math.floor((i * parted.length) / classes)] ?? 0);
    if (at > (breaks.at(-1) ?? parted[0] ?? 0)) breaks.push(at);
  }
  return { breaks, colours: spread(colours, breaks.length + 1) };
}

const trace = 1e-9; // more than nothing

// shares are the classes of a share: none of a unit, and its quarters. They are
// the same whatever is asked, so that maps can be compared.
export const shares = (ramp: "worse" | "better"): Scale => ({ breaks: [trace, 0.25, 0.5, 0.75], colours: ramps[ramp] });

// spread takes n colours from a ramp, its ends among them.
function spread(colours: readonly string[], n: number): string[] {
  return Array.from({ length: n }, (_, i) => colours[n === 1 ? 0 : Math.round((i * (colours.length - 1)) / (n - 1))]!);
}

function changeScale(values: number[]): Scale {
  const most = round(Math.max(0, ...values.map(Math.abs)) / 2);
  if (most === 0) return { breaks: [], colours: [ramps.change[3]] };
  const small = round(most / 10) || most / 10;
  const tiny = small / 1e6;
  return { breaks: [-most, -small, -tiny, tiny, small, most], colours: ramps.change };
}

// round leaves two digits.
function round(value: number): number {
  if (value === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  return Number((Math.round(value / unit) * unit).toPrecision(3));
}

// byCode colours features by a code that they have.
export function byCode(field: string, colours: Map<string, string>, otherwise: string): ExpressionSpecification | string {
  if (colours.size === 0) return otherwise;
  return ["match", ["to-string", ["get", field]], ...[...colours].flat(), otherwise] as unknown as ExpressionSpecification;
}

// swatchOf is a patch of colour.
export function swatchOf(colour: string): HTMLElement {
  const patch = h("i", { className: "patch", aria: { hidden: "true" } });
  patch.style.setProperty("--colour", colour);
  return patch;
}

// legendOf lists classes with how many units each has.
export function legendOf(title: string, scale: Scale, values: (number | null | undefined)[], say: (n: number) => string, nothing: string): HTMLElement {
  const held = Map.groupBy(values.filter((v) => typeof v === "number"), (v) => classOf(scale, v));
  const without = values.filter((v) => typeof v !== "number").length;
  const { breaks } = scale;
  const same = (of: number[]) => of.length > 0 && of.every((v) => v === of[0]);
  const little = 1e-5 * Math.max(...breaks.map(Math.abs));
  const edge = (i: number) => (Math.abs(breaks[i]!) < little ? "0" : say(breaks[i]!));
  const range = (i: number) => {
    const figures = held.get(i) ?? [];
    if (breaks.length === 0) return same(figures) ? say(figures[0]!) : "–";
    if (breaks[0] === trace) return i === 0 ? say(0) : i === 1 ? `< ${say(breaks[1]!)}` : i === breaks.length ? `≥ ${say(breaks[i - 1]!)}` : `${say(breaks[i - 1]!)} – ${say(breaks[i]!)}`;
    if (i === 0) return same(figures) ? say(figures[0]!) : `< ${edge(0)}`;
    if (i === breaks.length) return `≥ ${edge(i - 1)}`;
    return edge(i - 1) === "0" && edge(i) === "0" ? "0" : `${edge(i - 1)} – ${edge(i)}`;
  };
  const line = (colour: string, text: string, n: number) => h("li", {}, swatchOf(colour), h("span", {}, text), h("small", {}, String(n)));
  return h("div", { className: "scale" }, h("p", {}, title),
    h("ul", {}, ...scale.colours.map((c, i) => line(c, range(i), held.get(i)?.length ?? 0)), without > 0 && line(none, nothing, without)));
}
