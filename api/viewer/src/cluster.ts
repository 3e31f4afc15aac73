// Clusters: dots that stand for many features of a layer where a tile cannot
// show each. The service makes them and counts exactly.

import type { CircleLayerSpecification, ExpressionSpecification, FilterSpecification, MapLibreMap, Point, SymbolLayerSpecification } from "maplibre-gl";
import type { Layer } from "./catalogue.ts";
import { h, svg } from "./dom.ts";
import { typeface } from "./fonts.ts";
import { type Entry, byField } from "./looks.ts";
import { featureSwatch } from "./panel.ts";
import { numberInWords } from "./say.ts";
import type { Drawn } from "./style.ts";
import { type Language, dictionaries, inWords } from "./words.ts";

const count = ["to-number", ["coalesce", ["get", "point_count"], 1]] as unknown as ExpressionSpecification;

// alone and together tell features that stand for themselves from clusters.
export const alone = ["<=", count, 1] as unknown as FilterSpecification;
export const together = [">", count, 1] as unknown as FilterSpecification;

// clusterable says whether a layer is so large that it may stand in clusters,
// eachFrom from which zoom its points no longer do.
export const clusterable = (layer: Layer): boolean => layer.count > 5000;
export const eachFrom = 15;

// clusterDots draws clusters by how many they stand for.
export function clusterDots(colour: ExpressionSpecification | string): Omit<CircleLayerSpecification, "id" | "source"> {
  return { type: "circle", filter: together, paint: {
    "circle-radius": ["interpolate", ["linear"], ["sqrt", count], 1.4, 6.5, 8, 11, 30, 17] as unknown as ExpressionSpecification,
    "circle-color": colour, "circle-opacity": 0.72, "circle-stroke-color": "#fff", "circle-stroke-width": 1.2 } };
}

// clusterCounts writes how many on them.
export function clusterCounts(): Omit<SymbolLayerSpecification, "id" | "source"> {
  const short = ["case", [">=", count, 1000], ["concat", ["to-string", ["/", ["round", ["/", count, 100]], 10]], "k"], ["to-string", count]];
  return { type: "symbol", filter: together,
    layout: { "text-field": short as unknown as ExpressionSpecification, "text-font": [typeface], "text-size": 10.5, "text-allow-overlap": true, "text-ignore-placement": true },
    paint: { "text-color": "#17212e", "text-halo-color": "rgba(255,255,255,.75)", "text-halo-width": 1 } };
}

// Cluster is a cluster at a place on the screen.
export interface Cluster { drawn: Drawn; total: number; properties: Record<string, unknown> }

export function clusterAt(map: MapLibreMap, at: Point, drawn: Drawn[]): Cluster | undefined {
  const layers = map.getLayersOrder().filter((id) => id.endsWith("/cluster"));
  if (layers.length === 0) return undefined;
  const found = map.queryRenderedFeatures(at, { layers })[0];
  const d = found && drawn.find((one) => one.layer.id === found.sourceLayer);
  return d && { drawn: d, total: Number(found.properties.point_count), properties: found.properties };
}

// clusterCard says what a cluster stands for.
export function clusterCard(c: Cluster, language: Language, acts: { closer(): void; close(): void }): HTMLElement {
  const words = dictionaries[language];
  const title = inWords(c.drawn.layer.title, language, c.drawn.layer.id);
  const field = byField(c.drawn.layer, c.drawn.look);
  const of = (e: Entry) => Number(c.properties[`${field?.name}_${e.value ?? "none"}`] ?? 0);
  const line = (e: Entry) => h("div", {}, h("dt", {}, e.label ? inWords(e.label.title, language, e.label.value) : words.noValue), h("dd", {}, numberInWords(of(e), words.locale)));
  const close = h("button", { type: "button", className: "close", title: words.close, aria: { label: words.close }, onclick: acts.close }, svg("M7 7l10 10M17 7L7 17"));
  const card = h("article", { className: "card", tabIndex: -1, data: { state: "ready" }, aria: { label: title } },
    h("header", {}, featureSwatch(c.drawn, c.properties), h("div", {}, h("p", { className: "kind" }, title), h("h2", {}, words.together(numberInWords(c.total, words.locale)))), close),
    h("div", { className: "facts" }, h("dl", {}, ...c.drawn.entries.filter((e) => of(e) > 0).map(line)), h("p", { className: "missing" }, words.togetherWhy)),
    h("p", { className: "reassign" }, h("button", { type: "button", className: "ask", onclick: acts.closer }, words.closer)));
  card.onkeydown = (e) => { if (e.key === "Escape") acts.close(); };
  return card;
}
