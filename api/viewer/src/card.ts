// The card of what stands at a place: one feature in words, and what else is
// there.

import type { MapLibreMap, MapGeoJSONFeature, Point } from "maplibre-gl";
import { type Candidate, Gone, type Feature, type Field, type Layer, loadFeature, loadGridAt, loadNearest } from "./catalogue.ts";
import { h, svg } from "./dom.ts";
import { featureSwatch } from "./panel.ts";
import { englishLabel, nameInWords, numberInWords, valueInWords } from "./say.ts";
import type { Drawn } from "./style.ts";
import { type Language, type Words, dictionaries, inWords } from "./words.ts";

// Hit is a feature of a layer at a place, as the tiles have it.
export interface Hit { drawn: Drawn; id: number | string; properties: Feature["properties"] }

// hitsAt are the features at a place on the screen, points first, then lines,
// then areas; smaller units before those that hold them. Of points the
// nearest comes first; a badge, which covers dots, is as near as its edge. Each
// stands once.
export function hitsAt(map: MapLibreMap, at: Point, drawn: Drawn[]): Hit[] {
  const reach = 7;
  const near = map.queryRenderedFeatures([[at.x - reach, at.y - reach], [at.x + reach, at.y + reach]]).filter((f) => !f.geometry.type.includes("Polygon") || f.layer.type === "symbol");
  const under = map.queryRenderedFeatures(at).filter((f) => f.geometry.type.includes("Polygon"));
  const badged = new Set(drawn.filter((d) => d.look.glyph !== "none").map((d) => d.layer.id));
  const gap = (f: MapGeoJSONFeature) => (f.geometry.type !== "Point" ? 0
    : Math.max(0, map.project(f.geometry.coordinates as [number, number]).dist(at) - (badged.has(f.sourceLayer!) ? 9 : 0)));
  const found = [...near, ...under].filter((f) => !f.layer.id.includes("/cluster")).sort((a, b) => order(a) - order(b) || gap(a) - gap(b));
  const hits: Hit[] = [];
  for (const f of found) {
    const d = drawn.find((one) => one.layer.id === f.sourceLayer);
    if (d && f.id !== undefined && !hits.some((one) => one.drawn === d && one.id === f.id)) hits.push({ drawn: d, id: f.id, properties: f.properties });
  }
  return hits;
}

const units = ["buildings", "parks", "water", "dedicated_grids", "grids", "communities", "streets", "districts"];

function order(f: MapGeoJSONFeature): number {
  const unit = units.indexOf(f.sourceLayer ?? "");
  if (unit >= 0) return 10 + unit;
  if (f.sourceLayer === "roads" || f.sourceLayer === "railways") return 9;
  return f.geometry.type.includes("Point") ? 0 : f.geometry.type.includes("Line") ? 1 : 2;
}

export interface CardActs {
  select(feature: Feature | undefined): void;
  close(): void;
  reassign(feature: Feature): void;
}

// Card shows the hits at a place, one at a time.
export class Card {
  readonly element = h("article", { className: "card", tabIndex: -1 });
  readonly #acts: CardActs;
  readonly #layers: Drawn[];
  #hits: Hit[] = [];
  #current = 0;
  #at: { lng: number; lat: number } = { lng: 0, lat: 0 };
  #language: Language = "zh";
  #asking = new AbortController();

  constructor(layers: Drawn[], acts: CardActs) {
    this.#layers = layers;
    this.#acts = acts;
    this.element.onkeydown = (e) => { if (e.key === "Escape") acts.close(); };
  }

  // show begins with the first of some hits.
  show(hits: Hit[], at: { lng: number; lat: number }, language: Language): void {
    this.#hits = hits;
    this.#at = at;
    void this.#open(0, language);
  }

  // speak shows the same in another language.
  speak(language: Language): void {
    if (this.#hits.length > 0) void this.#open(this.#current, language);
  }

  // refresh reads the shown feature again if its layer was touched.
  refresh(touched: (layer: string) => boolean): void {
    const hit = this.#hits[this.#current];
    if (hit && touched(hit.drawn.layer.id)) void this.#open(this.#current, this.#language, true);
  }

  // forget ends the card.
  forget(): void {
    this.#asking.abort();
    this.#hits = [];
    this.#acts.select(undefined);
  }

  // open shows one of the hits; if it is shown already, it stays until its
  // new state is there.
  async #open(index: number, language: Language, again = false): Promise<void> {
    const hit = this.#hits[index]!;
    this.#language = language;
    this.#current = index;
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.element.dataset.state = "loading";
    if (!again) this.#draw(hit, undefined);
    try {
      const feature = await loadFeature(hit.drawn.layer.id, hit.id, signal);
      if (signal.aborted) return;
      const focused = this.element.contains(document.activeElement) && document.activeElement !== this.element;
      this.#draw(hit, feature);
      if (focused) this.element.focus({ preventScroll: true });
      this.#acts.select(feature);
      this.element.dataset.state = "ready";
      void this.#resolve(hit.drawn.layer, feature, signal);
    } catch (fault) {
      if (signal.aborted) return;
      this.element.dataset.state = "failed";
      if (fault instanceof Gone) {
        this.#acts.select(undefined);
        this.element.querySelector(".facts")?.replaceChildren(h("p", { className: "fault", role: "alert" }, dictionaries[language].gone));
        return;
      }
      console.warn(fault);
      this.element.querySelector(".facts")?.replaceChildren(faultInWords(fault, dictionaries[language]),
        h("button", { type: "button", className: "ask", onclick: () => { void this.#open(index, this.#language); this.element.focus(); } }, dictionaries[language].retry));
    }
  }

  #draw(hit: Hit, feature: Feature | undefined): void {
    const { layer } = hit.drawn;
    const words = dictionaries[this.#language];
    const properties = feature?.properties ?? hit.properties;
    const name = nameInWords(layer, properties, hit.id, this.#language);
    this.element.setAttribute("aria-label", `${words.details}: ${name}`);
    const close = h("button", { type: "button", className: "close", title: words.close, aria: { label: words.close }, onclick: () => this.#acts.close() }, svg("M7 7l10 10M17 7L7 17"));
    this.element.replaceChildren(
      h("header", {}, featureSwatch(hit.drawn, properties), h("div", {}, h("p", { className: "kind" }, inWords(layer.title, this.#language, layer.id)), h("h2", {}, name)), close),
      h("div", { className: "facts" }, feature ? facts(layer, feature, this.#language) : h("p", { className: "wait" }, words.loading)),
      feature && layer.id === "buildings" && h("p", { className: "reassign" }, h("button", { type: "button", className: "ask", onclick: () => this.#acts.reassign(feature) }, words.reassign)) || "",
      provenance(layer, words), ...this.#others(words), this.#here(words));
  }

  // others lists what else stands at the place.
  #others(words: Words): HTMLElement[] {
    if (this.#hits.length < 2) return [];
    const item = (hit: Hit, i: number) => h("li", {}, h("button", { type: "button", aria: { current: String(i === this.#current) },
      onclick: () => { void this.#open(i, this.#language); this.element.focus(); } },
      featureSwatch(hit.drawn, hit.properties), h("span", {}, nameInWords(hit.drawn.layer, hit.properties, hit.id, this.#language)),
      h("small", {}, inWords(hit.drawn.layer.title, this.#language, hit.drawn.layer.id))));
    const listed = this.#hits.map(item).filter((_, i) => i !== this.#current);
    return [h("nav", { className: "others", aria: { label: words.alsoHere } }, h("h3", {}, words.alsoHere), h("ul", {}, ...listed.slice(0, 12)),
      listed.length > 12 && h("p", { className: "wait" }, words.grouped(String(listed.length - 12))))];
  }

  // here answers which grid holds the place and which stations are nearest.
  #here(words: Words): HTMLElement {
    const { lng, lat } = this.#at;
    const answer = h("div", { className: "answer", aria: { live: "polite" } });
    const ask = h("button", { type: "button", className: "ask", onclick: async () => {
      ask.disabled = true;
      answer.replaceChildren(h("p", { className: "wait" }, words.loading));
      answer.replaceChildren(...(await hereInWords(lng, lat, this.#language, this.#layers)));
      ask.disabled = false;
      answer.scrollIntoView({ block: "nearest" });
    } }, words.here);
    return h("footer", {}, h("p", { className: "position" }, `${words.position} ${lng.toFixed(5)}, ${lat.toFixed(5)}`), ask, answer);
  }

  // resolve puts the names of the features that codes refer to beside them.
  async #resolve(layer: Layer, feature: Feature, signal: AbortSignal): Promise<void> {
    const referring = layer.fields.filter((f) => f.references && feature.properties[f.name]);
    await Promise.all(referring.map(async (f) => {
      const target = this.#layers.find((d) => d.layer.id === f.references)?.layer;
      const found = target && await loadFeature(target.id, String(feature.properties[f.name]), signal).catch(() => undefined);
      const cell = this.element.querySelector(`dd[data-field="${f.name}"]`);
      if (found && cell && !signal.aborted) cell.prepend(h("span", {}, nameInWords(target, found.properties, found.id, this.#language)), " ");
    }));
  }
}

function facts(layer: Layer, feature: Feature, language: Language): HTMLElement {
  const words = dictionaries[language];
  const missing: string[] = [];
  const lines: HTMLElement[] = [];
  for (const field of codeLast(layer)) {
    if (field.name === layer.label || field.name === englishLabel(layer)) continue;
    const value = valueInWords(field, feature.properties[field.name], language);
    const title = inWords(field.title, language, field.name);
    if (value === undefined && !field.values) missing.push(title);
    else lines.push(fact(field, title, value ?? words.noValue, feature.properties[field.name], layer));
  }
  return h("div", {}, h("dl", {}, ...lines), missing.length > 0 && h("p", { className: "missing" }, words.notFilled + missing.join(language === "zh" ? "、" : ", ")));
}

// codeLast are the fields of a layer, its code after what says more.
const codeLast = (layer: Layer): Field[] => [...layer.fields].sort((a, b) => Number(a.name === layer.code) - Number(b.name === layer.code));

function fact(field: Field, title: string, value: string, raw: unknown, layer: Layer): HTMLElement {
  const colour = field.values?.find((v) => v.value === String(raw))?.color;
  const chip = colour && h("i", { className: "chip" });
  if (chip) chip.style.setProperty("--colour", colour);
  const isCode = field.references || field.name === layer.code;
  return h("div", {}, h("dt", {}, title), h("dd", { data: { field: field.name } }, chip, isCode ? h("code", {}, value) : value));
}

function provenance(layer: Layer, words: Words): HTMLElement {
  return h("p", { className: "provenance" }, [layer.asOf ? words.asOf(layer.asOf) : words.noDate, layer.synthetic && words.synthetic].filter(Boolean).join(" · "));
}

async function hereInWords(lon: number, lat: number, language: Language, layers: Drawn[]): Promise<HTMLElement[]> {
  const words = dictionaries[language];
  try {
    const [grid, nearest] = await Promise.all([loadGridAt(lon, lat), loadNearest(lon, lat, 3)]);
    const grids = layers.find((d) => d.layer.id === "grids")?.layer;
    const gridName = grid && grids ? nameInWords(grids, grid.properties, grid.id, language) : words.outside;
    const gridCode = grid && grids?.code && String(grid.properties[grids.code] ?? "");
    const stations = nearest.map((c) => h("li", {}, h("span", {}, c.name ?? String(c.id), " ", h("small", {}, kindInWords(c, layers, language))), h("span", {}, distanceInWords(c.distance, words))));
    return [h("h3", {}, words.inGrid), h("p", {}, gridName, " ", gridCode && h("small", {}, gridCode)), h("h3", {}, words.nearest), h("ol", {}, ...stations)];
  } catch (fault) {
    console.warn(fault);
    return [faultInWords(fault, words)];
  }
}

// kindInWords says what kind of response point a candidate is: a service
// station is not a fire crew.
function kindInWords(c: Candidate, layers: Drawn[], language: Language): string {
  const kinds = layers.find((d) => d.layer.id === c.layer)?.layer.fields.find((f) => f.name === "kind");
  return (kinds && valueInWords(kinds, c.kind, language)) ?? c.kind ?? "";
}

// faultInWords tells a service that is not there from one that refuses.
function faultInWords(fault: unknown, words: Words): HTMLElement {
  return h("p", { className: "fault", role: "alert" }, fault instanceof TypeError ? words.unreachable : words.layerFailed);
}

function distanceInWords(metres: number, words: Words): string {
  return metres < 1000 ? `${numberInWords(metres, words.locale, 0)} ${words.m}` : `${numberInWords(metres / 1000, words.locale)} ${words.km}`;
}
