// The form of one step: which buildings or grids it is about.

import { type Found, type Layer, loadSearch } from "../catalogue.ts";
import { h, svg } from "../dom.ts";
import { wayWords } from "../way_words.ts";
import { type Language, inWords } from "../words.ts";
import type { Work } from "./draft.ts";
import type { Grid } from "./ground.ts";
import { type RedrawWords, redrawWords } from "./words.ts";

export type End = "from" | "to";

export interface EditorActs {
  choose(end: End, code: string): void;
  pick(end: End | undefined): void;
  addBuilding(id: number): void;
  removeBuilding(code: string): void;
  draw(): void;
  candidates(end: End): Grid[];
  nameOf(code: string): string;
  layer(id: string): Layer | undefined;
}

// ends are the grids that a kind of step is about.
const ends: Record<Work["kind"], End[]> = { buildings: ["to"], area: ["from", "to"], edge: ["from", "to"], split: ["from"], merge: ["from", "to"] };

// endTitle is what the grid at an end is called.
function endTitle(kind: Work["kind"], end: End, words: RedrawWords): string {
  if (kind === "edge") return end === "from" ? words.one : words.other;
  if (kind === "split") return words.splitFrom;
  if (kind === "merge") return end === "from" ? words.mergeFrom : words.mergeTo;
  return words[end];
}

// editor is the form of a step.
export function editor(work: Work, picking: End | undefined, note: string, language: Language, acts: EditorActs): HTMLElement {
  const words = redrawWords[language];
  const drawn = work.kind === "area" || work.kind === "edge" || work.kind === "split";
  const has = work.kind === "area" ? work.area : work.line;
  return h("section", { className: "editor", aria: { label: words.kinds[work.kind] } }, h("p", { className: "hint-text" }, words.hints[work.kind]),
    work.kind === "buildings" && finder(words, language, acts), work.kind === "buildings" && chosen(work, words, acts),
    ...ends[work.kind].map((end) => endField(work, end, picking, words, acts)),
    drawn && (work.kind !== "edge" || !!(work.from && work.to)) && h("p", { className: "row-buttons" },
      h("button", { type: "button", data: { key: "draw" }, onclick: () => acts.draw() }, has || work.kind === "edge" ? words.redrawLine : words.drawNow)),
    note && h("p", { className: "fault", role: "status" }, note));
}

function endField(work: Work, end: End, picking: End | undefined, words: RedrawWords, acts: EditorActs): HTMLElement {
  const title = endTitle(work.kind, end, words);
  const code = work[end] ?? "";
  const options = acts.candidates(end).map((g) => h("option", { value: g.code, selected: g.code === code }, g.name));
  const known = code && !options.some((o) => o.value === code) && h("option", { value: code, selected: true }, acts.nameOf(code));
  const list = h("select", { data: { key: end } }, h("option", { value: "" }, words.choose), known, ...options);
  list.onchange = () => acts.choose(end, list.value);
  const pick = h("button", { type: "button", data: { key: `pick-${end}` }, aria: { pressed: String(picking === end), label: `${title}: ${words.pickOnMap}` },
    onclick: () => acts.pick(picking === end ? undefined : end) }, picking === end ? words.picking : words.pickOnMap);
  return h("div", { className: "field end" }, h("label", {}, h("span", {}, title), list), pick);
}

function chosen(work: Work, words: RedrawWords, acts: EditorActs): HTMLElement | false {
  const codes = work.buildings ?? [];
  const chip = (code: string) => {
    const name = work.names?.[code] ?? code;
    return h("li", {}, h("span", {}, name), h("button", { type: "button", title: words.remove(name), aria: { label: words.remove(name) }, onclick: () => acts.removeBuilding(code) }, svg("M7 7l10 10M17 7L7 17")));
  };
  return codes.length > 0 && h("div", {}, h("p", { className: "wait" }, words.picked(codes.length)), h("ul", { className: "chips" }, ...codes.map(chip)));
}

// finder looks buildings up by name or code.
function finder(words: RedrawWords, language: Language, acts: EditorActs): HTMLElement {
  const list = h("ul", { className: "finds", aria: { live: "polite" } });
  const box = h("input", { type: "search", name: "building", autocomplete: "off", placeholder: words.findBuilding, data: { key: "find" }, aria: { label: words.findBuilding } });
  let timer = 0;
  let asking = new AbortController();
  const line = (f: Found) => h("li", {}, h("button", { type: "button", data: { building: String(f.id) }, onclick: () => { list.replaceChildren(); box.value = ""; acts.addBuilding(f.id); } },
    h("span", {}, f.name), h("small", {}, [f.code, inWords(acts.layer(f.layer)?.title, language, f.layer)].filter(Boolean).join(" · "))));
  const look = async () => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (box.value.trim() === "") return list.replaceChildren();
    try {
      const answer = await loadSearch(box.value, 114.13, 22.556, signal, 60);
      const found = answer.results.filter((r) => r.layer === "buildings").slice(0, 8);
      if (!signal.aborted) list.replaceChildren(...(found.length > 0 ? found.map(line) : [h("li", { className: "wait" }, words.noBuilding)]));
    } catch (fault) {
      if (!signal.aborted) list.replaceChildren(h("li", { className: "fault" }, wayWords[language].unreachable));
      console.info(fault);
    }
  };
  box.oninput = () => { clearTimeout(timer); timer = setTimeout(() => void look(), 200); };
  box.onkeydown = (e) => { if (e.key === "Enter" && !e.isComposing) { e.preventDefault(); void look(); } };
  return h("div", { className: "finder" }, box, list);
}
