// The list of layers: switches, legend, dates, and from which zoom a layer
// is drawn.

import { h, svg } from "./dom.ts";
import { clusterable, eachFrom } from "./cluster.ts";
import { type Entry, byField, markerOf } from "./looks.ts";
import { draw } from "./markers.ts";
import { numberInWords } from "./say.ts";
import type { Drawn } from "./style.ts";
import { type Language, type Words, dictionaries, inWords } from "./words.ts";

export interface PanelActs {
  switched(layers: Drawn[]): void;
  zoomTo(zoom: number): void;
  showWhole(layer: Drawn): void;
}

const groupOrder = ["user", "risk", "response", "people", "grid", "service", "base"];

// layerList is the list in a language. Whether a layer's details are open is
// the browser's business.
export function layerList(drawn: Drawn[], language: Language, acts: PanelActs): HTMLElement {
  const groups = Map.groupBy(drawn.filter((d) => d.layer.kinds.size > 0), (d) => d.layer.group);
  const rank = (g: string) => (groupOrder.indexOf(g) + groupOrder.length + 1) % (groupOrder.length + 1);
  const sorted = [...groups].sort(([a], [b]) => rank(a) - rank(b));
  return h("div", { className: "layers" }, ...sorted.map(([group, members]) => section(group, members, language, acts)));
}

function section(group: string, members: Drawn[], language: Language, acts: PanelActs): HTMLElement {
  const words = dictionaries[language];
  const title = words.groups[group as keyof Words["groups"]] ?? (group || words.otherGroup);
  return h("section", {}, h("h2", {}, title), h("ul", {}, ...members.map((d) => row(d, language, acts))));
}

function row(d: Drawn, language: Language, acts: PanelActs): HTMLElement {
  const words = dictionaries[language];
  const title = inWords(d.layer.title, language, d.layer.id);
  const box = h("input", { type: "checkbox", checked: d.on, data: { layer: d.layer.id } });
  const item = h("li", { className: "layer", data: { layer: d.layer.id } },
    h("div", { className: "row" },
      h("label", {}, box, swatch(d), h("span", { className: "title" }, breakable(title))),
      h("span", { className: "count" }, numberInWords(d.layer.count, words.locale)), details(d, title, language, acts)),
    hint(d, words, acts), legend(d, language));
  box.onchange = () => {
    d.on = box.checked;
    item.classList.toggle("off", !d.on);
    acts.switched([d]);
  };
  item.classList.toggle("off", !d.on);
  return item;
}

// breakable lets the titles of imported layers, often file names, break at
// their underscores.
const breakable = (title: string) => title.replaceAll("_", "_\u200b");

// hint tells from which zoom a layer shows, or each of its points; followZoom
// keeps it true.
function hint(d: Drawn, words: Words, acts: PanelActs): HTMLElement | undefined {
  const hidden = d.look.from > 0;
  const from = hidden ? d.look.from : clusterable(d.layer) && d.layer.kinds.has("point") ? eachFrom : 0;
  if (from === 0) return undefined;
  return h("button", { type: "button", className: "hint", hidden: true, title: words.zoomThere(from), data: { from: String(from), hides: String(hidden) },
    onclick: () => acts.zoomTo(from) }, (hidden ? words.fromZoom : words.eachFromZoom)(from));
}

// recount renews what the list says of layers that are otherwise as before.
export function recount(list: HTMLElement, drawn: Drawn[], words: Words): void {
  for (const { layer } of drawn) {
    list.querySelector(`.layer[data-layer="${layer.id}"] .count`)?.replaceChildren(numberInWords(layer.count, words.locale));
  }
}

// followZoom shows the hints of the layers that a zoom is too small for.
export function followZoom(list: HTMLElement, zoom: number): void {
  for (const hint of list.querySelectorAll<HTMLElement>(".hint")) {
    const far = zoom < Number(hint.dataset.from);
    hint.hidden = !far;
    hint.closest(".layer")?.classList.toggle("far", far && hint.dataset.hides === "true");
  }
}

function details(d: Drawn, title: string, language: Language, acts: PanelActs): HTMLElement {
  const words = dictionaries[language];
  const { layer } = d;
  const text = (t: string) => t && h("p", {}, t);
  const about = h("div", { className: "about" },
    text(inWords(layer.description, language)), text(inWords(layer.note, language)),
    text([layer.asOf ? words.asOf(layer.asOf) : words.noDate, layer.synthetic && words.synthetic].filter(Boolean).join(" · ")),
    text(layer.source && `${words.source}: ${layer.source}`), text(layer.licence && `${words.licence}: ${layer.licence}`),
    layer.bounds && h("button", { type: "button", className: "plain", onclick: () => acts.showWhole(d) }, words.showWhole));
  const more = h("details", {}, h("summary", { title: words.about(title), aria: { label: `${words.about(title)}, ${words.asOf(layer.asOf)}` } },
    h("time", { dateTime: layer.asOf }, layer.asOf || "–"), svg("M8 10l4 4 4-4")), about);
  return more;
}

function legend(d: Drawn, language: Language): HTMLElement | undefined {
  if (d.entries.length === 0) return undefined;
  const words = dictionaries[language];
  const line = (e: Entry) => h("li", {}, entrySwatch(d, e),
    h("span", {}, e.label ? inWords(e.label.title, language, e.label.value) : words.noValue));
  return h("ul", { className: "legend" }, ...d.entries.map(line));
}

const isSymbol = (d: Drawn) => d.layer.kinds.has("point") && !d.look.base;

function entrySwatch(d: Drawn, e: Entry): HTMLElement {
  return isSymbol(d) ? symbol(draw(e.marker, 2)) : patch(d, e.colour);
}

// featureSwatch is a small picture of how one feature is drawn.
export function featureSwatch(d: Drawn, properties: Record<string, unknown>): HTMLElement {
  const field = byField(d.layer, d.look);
  const value = field && properties[field.name];
  const entry = d.entries.find((e) => e.value === (value === undefined || value === null ? undefined : String(value)));
  return entry ? entrySwatch(d, entry) : swatch(d);
}

// swatch is a small picture of how a layer is drawn.
function swatch(d: Drawn): HTMLElement {
  return isSymbol(d) ? symbol(draw(markerOf(d.look), 2)) : patch(d, d.look.colour);
}

function symbol(canvas: HTMLCanvasElement): HTMLElement {
  const side = Math.min(canvas.width / 2, 20);
  canvas.style.width = canvas.style.height = `${side}px`;
  return h("span", { className: "swatch", aria: { hidden: "true" } }, canvas);
}

function patch(d: Drawn, colour: string): HTMLElement {
  const flat = h("i", { className: d.layer.kinds.has("polygon") ? "area" : "line" });
  flat.style.setProperty("--colour", colour);
  if (["districts", "streets", "communities", "grids"].includes(d.layer.id)) flat.classList.add("edge");
  else if (d.look.base) flat.classList.add("solid");
  return h("span", { className: "swatch", aria: { hidden: "true" } }, flat);
}
