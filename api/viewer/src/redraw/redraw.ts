// The redraw panel: draws proposed boundaries, shows what they would do, and
// sends them on their way. It is loaded when it is first opened.

import type { Geometry, Position } from "geojson";
import type { LngLat, Point } from "maplibre-gl";
import { type Feature, loadFeature } from "../catalogue.ts";
import { Account } from "../account.ts";
import { h } from "../dom.ts";
import { Pen, type Stroke } from "../pen.ts";
import { bearer } from "../token.ts";
import type { Host, Way } from "../way.ts";
import { wayWords } from "../way_words.ts";
import { type Language, type Words, dictionaries } from "../words.ts";
import { Cases } from "./cases.ts";
import { type Adjustment, type Preview, type Step, act, loadAdjustments, preview, readDrawing, save } from "./client.ts";
import { Drafting, type Kind, type Work, complete, kindOf, stepOf } from "./draft.ts";
import { type End, editor } from "./editor.ts";
import { type EffectActs, Effects } from "./effects.ts";
import { checksOf, faultOf } from "./faults.ts";
import { Ground, boundsOf, ringsOf } from "./ground.ts";
import { Overlay } from "./overlay.ts";
import { type RedrawWords, redrawWords } from "./words.ts";

type Tab = "draw" | "mine" | "inbox";

const pause = 100;     // between previews while something is dragged
const gridsFrom = 13.5; // zoom from which the grids in view are read

export class Redraw implements Way {
  readonly element = h("div", { className: "way redraw", id: "redraw" });
  readonly #host: Host;
  readonly #ground = new Ground();
  readonly #draft = new Drafting();
  readonly #overlay: Overlay;
  readonly #pen: Pen;
  readonly #cases: Cases;
  readonly #account = new Account(() => this.#signed());
  readonly #tabs = h("nav", { className: "tabs" });
  readonly #tools = h("div", { className: "tools" });
  readonly #editor = h("div", {});
  readonly #steps = h("div", {});
  readonly #effects = h("div", { className: "effects", aria: { live: "polite" } });
  readonly #proposal = h("div", {});
  readonly #outcome = h("div", { className: "outcome-line" });
  readonly #drawing: HTMLElement;
  readonly #shapes = new Map<string, Geometry>(); // of chosen buildings, by code
  #language: Language;
  #open = false;
  #tab: Tab = "draw";
  #inbox = 0;
  #active = 0; // the step that is being edited
  #picking: End | undefined;
  #sketching = false; // the pen draws something new
  #note = "";
  #preview: Preview | undefined;
  #shown: Preview | undefined; // of an adjustment that is looked at
  #sent: number[] = []; // the steps that the preview is of
  #asking = new AbortController();
  #timer = 0;

  constructor(host: Host, language: Language) {
    this.#host = host;
    this.#language = language;
    this.#overlay = new Overlay(host.map);
    this.#pen = new Pen(host.map, "redraw-pen", { drawn: (s) => this.#drawn(s), moving: (s) => this.#moving(s) }, (at, within, project) => this.#ground.snap(at, within, project));
    const acts = this.#effectActs();
    this.#cases = new Cases({ layer: acts.layer, nameOf: acts.nameOf, goTo: acts.goTo, goToFeature: acts.goToFeature, edit: (a) => this.#edit(a), acted: () => void this.#countInbox(), preview: (p) => { this.#shown = p; this.#drawOverlay(); if (p) this.#fitTo(p); } });
    this.#drawing = h("div", {}, this.#tools, this.#editor, this.#steps, this.#effects, this.#proposal, this.#outcome);
    this.element.append(this.#account.element, this.#tabs, this.#drawing, this.#cases.element);
    host.map.on("moveend", () => void this.#look());
    this.element.addEventListener("keydown", (e) => this.#key(e));
    this.#active = Math.max(0, this.#draft.now.steps.length - 1);
    this.speak(language);
  }

  get #words(): RedrawWords { return redrawWords[this.#language]; }
  get #work(): Work | undefined { return this.#draft.now.steps[this.#active]; }

  // show opens or closes the panel; closed, nothing of it is on the map.
  show(open: boolean): void {
    this.#open = open;
    if (!open) {
      this.#pen.rest();
      return this.#overlay.clear();
    }
    this.#account.begin();
    void this.#look();
    this.#resume();
  }

  // speak renews the words.
  speak(language: Language): void {
    this.#language = language;
    this.element.setAttribute("aria-label", this.#words.title);
    this.#account.speak(language, this.#words.guest);
    this.#showTabs();
    this.#showTools();
    this.#showProposal();
    this.#render();
    this.#showEffects();
    if (this.#tab !== "draw") this.#cases.speak(language);
  }

  // renewed follows a change of the service's data.
  renewed(touched: (layer: string) => boolean): void {
    if (touched("grids")) {
      this.#ground.forget();
      void this.#look();
    }
    if (!this.#open) return;
    if (touched("grids") || touched("buildings")) this.#later();
    if (this.#account.person) void this.#countInbox();
  }

  // redrawn puts on the map what a new style has taken from it.
  redrawn(): void { if (this.#open) this.#drawOverlay(); }

  // clicked says whether a click on the map is the panel's.
  clicked(point: Point, { lng, lat }: LngLat): boolean {
    const work = this.#work;
    if (!this.#open || this.#tab !== "draw" || !work) return false;
    if (this.#sketching && !this.#picking) return true;
    const missing = this.#picking ?? this.#missing(work);
    if (work.kind === "buildings" && !this.#picking) {
      const [building] = this.#host.map.queryRenderedFeatures(point).filter((f) => f.sourceLayer === "buildings");
      if (building?.id !== undefined) {
        void this.#toggle(Number(building.id));
        return true;
      }
      if (!missing || !work.buildings?.length) return false;
    }
    if (!missing) return this.#pen.active;
    void this.#pickAt(missing, [lng, lat]);
    return true;
  }

  // addBuilding begins with a building, or adds it to those chosen.
  async addBuilding(feature: Feature): Promise<void> {
    this.#choose("draw");
    await this.#add(feature);
  }

  #missing(work: Work): End | undefined {
    if (work.kind === "area" && !work.area) return undefined;
    if (!work.from && work.kind !== "buildings") return "from";
    return !work.to && work.kind !== "split" ? "to" : undefined;
  }

  async #pickAt(end: End, place: Position): Promise<void> {
    const [x, y] = place as [number, number];
    await this.#ground.load([x - 0.002, y - 0.002, x + 0.002, y + 0.002]).catch(console.info);
    const grid = this.#ground.at(place);
    if (grid) this.#chooseGrid(end, grid.code);
  }

  // look reads the grids in view, for the lists and for the pen.
  async #look(): Promise<void> {
    const { map } = this.#host;
    if (!this.#open || map.getZoom() < gridsFrom) return;
    const b = map.getBounds();
    await this.#ground.load([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]).catch(console.info);
    this.#render();
  }

  // --- sign-in

  #signed(): void {
    if (!this.#account.person) {
      this.#inbox = 0;
      this.#choose("draw");
    }
    this.#later();
    void this.#countInbox();
  }

  async #countInbox(): Promise<void> {
    if (this.#account.person) this.#inbox = await loadAdjustments({ inbox: "true" }).then((all) => all.length, () => 0);
    this.#showTabs();
  }

  // --- tabs

  #showTabs(): void {
    const words = this.#words;
    const tab = (id: Tab, count = 0) => h("button", { type: "button", data: { tab: id, key: `tab-${id}` }, aria: { pressed: String(this.#tab === id) }, onclick: () => this.#choose(id) },
      words.tabs[id], count > 0 && h("span", { className: "badge" }, String(count)));
    this.#keepingFocus(() => this.#tabs.replaceChildren(tab("draw"), ...(this.#account.person ? [tab("mine"), tab("inbox", this.#inbox)] : [])));
    this.#tabs.hidden = !this.#account.person;
    this.#drawing.hidden = this.#tab !== "draw";
    this.#cases.element.hidden = this.#tab === "draw";
  }

  #choose(tab: Tab): void {
    this.#tab = tab;
    this.#outcome.replaceChildren();
    this.#shown = undefined;
    this.#picking = undefined;
    this.#showTabs();
    if (tab === "draw") return this.#resume();
    this.#pen.rest();
    this.#drawOverlay();
    void this.#cases.list(tab === "mine" ? { mine: "true" } : { inbox: "true" }, this.#language);
  }

  // --- drawing

  #showTools(): void {
    const words = this.#words;
    const tool = (kind: Kind) => h("button", { type: "button", data: { tool: kind }, onclick: () => this.#begin({ kind }) }, words.kinds[kind]);
    const file = h("input", { type: "file", accept: ".geojson,.json,.zip,.gpkg,.csv" });
    file.onchange = () => { const chosen = file.files?.[0]; file.value = ""; if (chosen) void this.#upload(chosen); };
    this.#tools.replaceChildren(h("h2", {}, words.begin), h("div", { className: "tool-buttons" }, ...(["buildings", "area", "edge", "split", "merge"] as const).map(tool),
      h("label", { className: "upload", title: words.uploadHint }, file, words.upload)));
  }

  // begin starts another step; one that nothing was done to gives way.
  #begin(work: Work): void {
    const steps = this.#draft.now.steps.filter((w) => w.from || w.to || w.buildings?.length || w.area || w.line);
    this.#active = steps.length;
    this.#draft.steps([...steps, work]);
    this.#picking = undefined;
    this.#note = "";
    void this.#look();
    this.#resume();
  }

  // change replaces the active step, so that it can be undone.
  #change(change: Partial<Work>, at = this.#active): void {
    this.#draft.steps(this.#draft.now.steps.map((w, i) => (i === at ? { ...w, ...change } : w)));
    this.#note = "";
    this.#render();
    this.#later();
  }

  // resume puts the active step under the pen.
  #resume(): void {
    const work = this.#work;
    this.#sketching = false;
    const stroke = work?.area?.type === "Polygon" ? work.area : work?.line;
    if (!this.#open || this.#tab !== "draw" || !work) this.#pen.rest();
    else if (stroke) this.#pen.edit(stroke);
    else if (work.kind === "area" && !work.area || work.kind === "split" && work.from) this.#sketch();
    else if (work.kind === "edge" && work.from && work.to) void this.#takeEdge(work.from, work.to);
    else this.#pen.rest();
    this.#render();
    this.#later();
  }

  #sketch(): void {
    this.#picking = undefined;
    this.#sketching = true;
    this.#pen.begin(this.#work?.kind === "area" ? "polygon" : "linestring");
  }

  // takeEdge puts the edge of two grids under the pen, as it is exactly.
  async #takeEdge(from: string, to: string): Promise<void> {
    try {
      await this.#ground.find(from);
      await this.#ground.find(to);
    } catch {
      this.#note = this.#words.edgeFailed;
      return this.#render();
    }
    const work = this.#work;
    if (work?.from !== from || work.to !== to || work.line) return;
    const lines = this.#ground.shared(from, to);
    this.#note = lines.length === 0 ? this.#words.notTouching : lines.length > 1 ? this.#words.edgeParts(lines.length) : "";
    if (lines[0]) {
      this.#pen.edit({ type: "LineString", coordinates: lines[0] });
      this.#host.fit(boundsOf(lines[0]));
    }
    this.#render();
  }

  // drawn takes what the pen has finished.
  #drawn(stroke: Stroke): void {
    const work = this.#work;
    if (!work) return;
    this.#sketching = false;
    if (stroke.type === "LineString") return this.#change({ line: stroke });
    const from = work.from ?? this.#ground.covered(stroke.coordinates)?.code;
    this.#change({ area: stroke, ...(from && { from }) });
    if (from) void this.#ground.find(from).then(() => this.#render(), console.info);
  }

  // moving previews what is still being dragged.
  #moving(stroke: Stroke): void {
    const work = this.#work;
    if (!work || this.#sketching) return;
    this.#later(stroke.type === "LineString" ? { ...work, line: stroke } : { ...work, area: stroke });
  }

  #chooseGrid(end: End, code: string): void {
    const work = this.#work;
    if (!work) return;
    this.#picking = undefined;
    const edge = work.kind === "edge" ? { line: undefined } : {};
    const { line, ...rest } = { ...work, ...edge, [end]: code || undefined };
    const next = (line ? { ...rest, line } : rest) as Work;
    this.#draft.steps(this.#draft.now.steps.map((w, i) => (i === this.#active ? next : w)));
    if (code) void this.#ground.find(code).then(() => this.#render(), console.info);
    if (next.kind === "edge" || next.kind === "split") return this.#resume();
    this.#render();
    this.#later();
  }

  // toggle adds a building to the step, or takes it out.
  async #toggle(id: number): Promise<void> {
    const feature = await loadFeature("buildings", id).catch(() => undefined);
    if (!feature) return;
    const code = String(feature.properties.code);
    if (this.#work?.buildings?.includes(code)) this.#remove(code);
    else await this.#add(feature);
  }

  // add takes a building into the step of its grid: each step takes from one.
  async #add(feature: Feature): Promise<void> {
    const field = this.#host.layer("buildings")?.fields.find((f) => f.references === "grids")?.name ?? "grid";
    const code = String(feature.properties.code);
    const from = String(feature.properties[field] ?? "");
    if (feature.geometry) this.#shapes.set(code, feature.geometry);
    const { steps } = this.#draft.now;
    const active = this.#work?.kind === "buildings" ? this.#work : undefined;
    let at = active && (!active.from || active.from === from) ? this.#active : steps.findIndex((w) => w.kind === "buildings" && w.from === from);
    if (at < 0) {
      this.#begin({ kind: "buildings", ...(active?.to && active.to !== from && { to: active.to }) });
      at = this.#active;
    }
    this.#active = at;
    const work = this.#work!;
    if (!work.buildings?.includes(code)) this.#change({ from, buildings: [...(work.buildings ?? []), code], names: { ...work.names, [code]: String(feature.properties.name ?? code) } });
    await this.#ground.find(from).catch(console.info);
    this.#render();
    this.#drawOverlay();
  }

  #remove(code: string): void {
    const work = this.#work;
    const buildings = work?.buildings?.filter((b) => b !== code) ?? [];
    const { from, ...rest } = { ...work!, buildings };
    const next = (buildings.length > 0 && from ? { ...rest, from } : rest) as Work;
    this.#draft.steps(this.#draft.now.steps.map((w, i) => (i === this.#active ? next : w)));
    this.#render();
    this.#later();
    this.#drawOverlay();
  }

  async #upload(file: File): Promise<void> {
    const words = this.#words;
    this.#outcome.replaceChildren(h("p", { className: "wait", role: "status" }, words.reading));
    try {
      const read = await readDrawing(file);
      const { geometry } = read;
      const doubts = read.doubts.map((d) => h("p", { className: "doubt" }, dictionaries[this.#language].doubts[d.kind as keyof Words["doubts"]] ?? d.detail));
      if (geometry.type === "LineString") this.#begin({ kind: "split", line: geometry });
      else if (geometry.type === "Polygon" || geometry.type === "MultiPolygon") await this.#takeArea(geometry);
      else return this.#outcome.replaceChildren(h("p", { className: "fault", role: "alert" }, words.noGeometry));
      this.#host.fit(boundsOf(geometry.type === "LineString" ? geometry.coordinates : ringsOf(geometry).flat()));
      this.#outcome.replaceChildren(...doubts, ...(geometry.type === "LineString" ? [this.#lineUse()] : []));
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#language));
    }
  }

  async #takeArea(area: NonNullable<Work["area"]>): Promise<void> {
    await this.#ground.load(boundsOf(ringsOf(area).flat())).catch(console.info);
    const from = this.#ground.covered(ringsOf(area));
    this.#begin({ kind: "area", area, ...(from && { from: from.code }) });
  }

  // lineUse asks what an uploaded line is for.
  #lineUse(): HTMLElement {
    const words = this.#words;
    const use = (kind: Kind) => h("button", { type: "button", onclick: () => { this.#change({ kind }); this.#outcome.replaceChildren(); } }, words.kinds[kind]);
    return h("p", { className: "row-buttons" }, words.uploadFor, use("split"), use("edge"));
  }

  // --- the list of steps

  #render(): void {
    const work = this.#work;
    this.#keepingFocus(() => {
      this.#editor.replaceChildren(...(work ? [editor(work, this.#picking, this.#note, this.#language, {
        choose: (end, code) => this.#chooseGrid(end, code), pick: (end) => { this.#picking = end; this.#render(); },
        addBuilding: (id) => void loadFeature("buildings", id).then((f) => { this.#goToFeature(f); return this.#add(f); }).catch(console.info),
        removeBuilding: (code) => this.#remove(code), draw: () => { this.#sketch(); this.#render(); },
        candidates: (end) => this.#candidates(work, end), nameOf: (code) => this.#nameOf(code), layer: (id) => this.#host.layer(id) })] : []));
      this.#steps.replaceChildren(...this.#stepList());
    });
    for (const button of this.#tools.querySelectorAll<HTMLElement>("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === work?.kind));
  }

  // candidates are the neighbours of the grid at the other end, or else the
  // grids in view.
  #candidates(work: Work, end: End) {
    const other = end === "to" ? work.from : work.kind === "edge" || work.kind === "merge" ? work.to : undefined;
    if (other) return this.#ground.neighbours(other);
    const b = this.#host.map.getBounds();
    return this.#host.map.getZoom() < gridsFrom ? [] : this.#ground.within([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]);
  }

  #nameOf = (code: string | undefined): string => (code ? this.#ground.get(code)?.name ?? code : "?");

  #stepList(): HTMLElement[] {
    const words = this.#words;
    const { steps } = this.#draft.now;
    const button = (title: string, on: boolean, act: () => void, key: string) => h("button", { type: "button", disabled: !on, data: { key }, onclick: act }, title);
    const tools = h("p", { className: "row-buttons" }, button(words.undo, this.#draft.canUndo || this.#sketching, () => this.#undo(), "undo"), button(words.redo, this.#draft.canRedo || this.#sketching, () => this.#redo(), "redo"),
      button(words.clear, steps.length > 0, () => { this.#draft.steps([]); this.#active = 0; this.#resume(); }, "clear"));
    const line = (w: Work, i: number) => h("li", {}, h("button", { type: "button", className: "step", aria: { current: String(i === this.#active) }, onclick: () => { this.#active = i; this.#resume(); } },
      h("span", {}, `${i + 1}. ${words.kinds[w.kind]}`), h("small", {}, this.#describe(w), complete(w) ? "" : ` · ${words.unfinished}`)),
      h("button", { type: "button", className: "close", title: words.remove(words.stepOf(i + 1)), aria: { label: words.remove(words.stepOf(i + 1)) }, onclick: () => this.#drop(i) }, "×"));
    return [...(steps.length > 0 ? [h("h2", {}, words.steps), h("ol", { className: "steps" }, ...steps.map(line))] : []), ...(steps.length > 0 || this.#draft.canUndo || this.#draft.canRedo ? [tools] : [])];
  }

  #describe(w: Work): string {
    const names = w.buildings?.map((b) => w.names?.[b] ?? b).slice(0, 3).join(wayWords[this.#language].listSeparator);
    const from = w.from && this.#nameOf(w.from);
    return [names || from, w.to && this.#nameOf(w.to)].filter(Boolean).join(" → ");
  }

  #drop(at: number): void {
    this.#draft.steps(this.#draft.now.steps.filter((_, i) => i !== at));
    this.#active = Math.max(0, Math.min(this.#active, this.#draft.now.steps.length - 1));
    this.#resume();
  }

  #undo(): void {
    if (this.#sketching && this.#pen.undo()) return;
    this.#draft.undo();
    this.#active = Math.max(0, Math.min(this.#active, this.#draft.now.steps.length - 1));
    this.#resume();
  }

  #redo(): void {
    if (this.#sketching && this.#pen.redo()) return;
    this.#draft.redo();
    this.#active = Math.max(0, this.#draft.now.steps.length - 1);
    this.#resume();
  }

  #key(e: KeyboardEvent): void {
    if (!(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== "z" || this.#tab !== "draw" || e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement) return;
    e.preventDefault();
    e.shiftKey ? this.#redo() : this.#undo();
  }

  // --- preview

  // later asks for a preview soon; while something is dragged again and again.
  #live: Work | undefined;
  #later(live?: Work): void {
    this.#live = live;
    this.#timer ||= setTimeout(() => { this.#timer = 0; void this.#ask(); }, pause);
  }

  async #ask(): Promise<void> {
    const works = this.#draft.now.steps.map((w, i) => (i === this.#active && this.#live ? this.#live : w));
    const sent = works.map((w, i) => [w, i] as const).filter(([w]) => complete(w));
    this.#asking.abort();
    if (sent.length === 0) {
      this.#preview = undefined;
      return this.#showEffects();
    }
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#effects.dataset.state = "loading";
    try {
      const answer = await preview(sent.map(([w]) => stepOf(w)), signal);
      this.#preview = answer;
      this.#sent = sent.map(([, i]) => i);
      this.#showEffects();
    } catch (fault) {
      if (signal.aborted) return;
      this.#preview = undefined;
      this.#drawOverlay();
      this.#effects.dataset.state = "failed";
      this.#effects.replaceChildren(faultOf(fault, this.#language), h("button", { type: "button", onclick: () => void this.#ask() }, this.#words.refresh));
    }
  }

  #showEffects(): void {
    const words = this.#words;
    const open = new Set([...this.#effects.querySelectorAll("details")].map((d, i) => (d.open ? i : -1)));
    const had = this.#effects.querySelector("details") !== null;
    this.#effects.dataset.state = this.#preview ? "ready" : "empty";
    this.#effects.replaceChildren(...(this.#preview ? [h("h2", {}, words.effects), ...new Effects(this.#effectActs(), this.#language).show(this.#preview)] : []));
    if (had) this.#effects.querySelectorAll("details").forEach((d, i) => { d.open = open.has(i); });
    const title = this.#proposal.querySelector<HTMLInputElement>("[name=title]");
    if (title) title.placeholder = this.#suggestedTitle();
    this.#drawOverlay();
  }

  #drawOverlay(): void {
    if (!this.#open) return;
    if (this.#tab !== "draw") return this.#overlay.show(this.#shown, [], []);
    const drawings = this.#draft.now.steps.flatMap((w, i) => (i !== this.#active || w.area?.type === "MultiPolygon" ? [w.area ?? w.line] : [])).filter((g) => g !== undefined);
    const chosen = this.#draft.now.steps.flatMap((w) => w.buildings ?? []).map((b) => this.#shapes.get(b)).filter((g) => g !== undefined);
    this.#overlay.show(this.#preview, drawings, chosen);
  }

  #effectActs(): EffectActs {
    return {
      layer: (id) => this.#host.layer(id), nameOf: (code) => this.#nameOf(code),
      goTo: (place) => this.#host.fit(boundsOf(placesIn(place))),
      goToFeature: (layer, id) => void loadFeature(layer, id).then((f) => this.#goToFeature(f)).catch(console.info),
      adopt: (step, suggestion) => this.#adopt(this.#sent[step] ?? this.#active, suggestion),
    };
  }

  #goToFeature(f: Feature): void { if (f.geometry) this.#host.fit(boundsOf(placesIn(f.geometry))); }

  #fitTo(p: Preview): void {
    const places = p.geometry.features.filter((f) => f.properties?.kind === "piece").flatMap((f) => placesIn(f.geometry));
    if (places.length > 0) this.#host.fit(boundsOf(places));
  }

  // adopt puts a suggested drawing in the place of a step's own.
  #adopt(at: number, suggestion: Geometry): void {
    const { buildings, names, area, line, ...rest } = this.#draft.now.steps[at]!;
    const next: Work | undefined = suggestion.type === "LineString" ? { ...rest, kind: rest.to ? "edge" : "split", line: suggestion }
      : suggestion.type === "Polygon" || suggestion.type === "MultiPolygon" ? { ...rest, kind: "area", area: suggestion } : undefined;
    if (!next) return;
    this.#draft.steps(this.#draft.now.steps.map((w, i) => (i === at ? next : w)));
    this.#active = at;
    this.#resume();
  }

  // --- the proposal

  #showProposal(): void {
    const words = this.#words;
    const { now } = this.#draft;
    const title = h("input", { type: "text", name: "title", value: now.title, placeholder: this.#suggestedTitle(), maxLength: 100 });
    const reason = h("textarea", { name: "reason", rows: 2, value: now.reason, maxLength: 1000 });
    const effective = h("input", { type: "date", name: "effective", value: now.effective });
    title.oninput = () => this.#draft.note({ title: title.value });
    reason.oninput = () => this.#draft.note({ reason: reason.value });
    effective.oninput = () => this.#draft.note({ effective: effective.value });
    const field = (name: string, input: HTMLElement, hint = "") => h("label", { className: "field" }, h("span", {}, name), input, hint && h("small", {}, hint));
    const button = (name: string, submit: boolean) => h("button", { type: "button", className: submit ? "primary" : "", data: { save: submit ? "submit" : "draft" }, onclick: () => void this.#save(submit) }, name);
    this.#proposal.replaceChildren(h("section", { className: "proposal" }, h("h2", {}, words.proposal), now.kept ? h("p", { className: "wait" }, words.editing(now.kept.id)) : "",
      field(words.name, title), field(words.reason, reason), field(words.effective, effective, words.effectiveHint),
      h("p", { className: "row-buttons" }, button(words.save, false), button(words.submit, true), now.kept ? h("button", { type: "button", onclick: () => this.#startNew() }, words.startNew) : "")));
  }

  #startNew(): void {
    this.#draft.begin();
    this.#active = 0;
    this.#showProposal();
    this.#outcome.replaceChildren();
    this.#resume();
  }

  // suggestedTitle names a proposal by its first step, for when nobody does.
  #suggestedTitle(): string {
    const first = this.#draft.now.steps.find(complete);
    if (!first) return "";
    const what = first.buildings?.map((b) => first.names?.[b] ?? b).slice(0, 3).join(wayWords[this.#language].listSeparator) || this.#nameOf(first.from);
    return first.to ? this.#words.defaultTitle(what, this.#nameOf(first.to)) : `${this.#words.kinds[first.kind]} ${what}`;
  }

  async #save(submit: boolean): Promise<void> {
    const words = this.#words;
    const { now } = this.#draft;
    const title = now.title.trim() || this.#suggestedTitle();
    const steps: Step[] = now.steps.filter(complete).map(stepOf);
    const refuse = (text: string) => this.#outcome.replaceChildren(h("p", { className: "fault", role: "alert" }, text));
    if (!bearer().Authorization) return refuse(words.needSignIn);
    if (steps.length === 0) return refuse(words.noSteps);
    if (!title) return refuse(words.needTitle);
    this.#proposal.inert = true;
    try {
      let a = await save({ title, reason: now.reason, steps, effective_at: now.effective }, now.kept);
      this.#draft.note({ title, kept: { id: a.id, revision: a.revision } });
      if (submit) a = await act(a, "submit", {});
      if (submit) this.#startNew();
      this.#outcome.replaceChildren(h("p", { className: "said", role: "status", data: { saved: String(a.id) } }, submit ? words.submitted(a.id) : words.saved(a.id)));
      void this.#countInbox();
    } catch (fault) {
      const checks = checksOf(fault);
      if (checks.length > 0 && this.#preview) { // what speaks against it, where it is seen
        this.#preview = { ...this.#preview, refused: true, checks };
        this.#showEffects();
      }
      this.#outcome.replaceChildren(faultOf(fault, this.#language));
    }
    this.#proposal.inert = false;
    if (!submit || this.#draft.now.kept) this.#showProposal();
    this.#outcome.scrollIntoView({ block: "nearest" });
  }

  // edit takes a recorded draft up again.
  #edit(a: Adjustment): void {
    const { now } = this.#draft;
    if (now.steps.length > 0 && !now.kept && !confirm(this.#words.discardSure)) return;
    this.#draft.begin({ steps: (a.steps ?? []).map((s) => ({ ...s, kind: kindOf(s) })), title: a.title, reason: a.reason ?? "", effective: dayOf(a.effective_at), kept: { id: a.id, revision: a.revision } });
    this.#active = 0;
    this.#showProposal();
    this.#outcome.replaceChildren();
    this.#choose("draw");
  }

  // keepingFocus renews elements; the one with the same key gets the focus.
  #keepingFocus(renew: () => void): void {
    const at = document.activeElement;
    const key = at instanceof HTMLElement && this.element.contains(at) ? at.dataset.key : undefined;
    if (key === "find") { // somebody is typing: the box stays as it is
      const typed = at as HTMLInputElement;
      if (typed.value !== "") return;
    }
    renew();
    if (key) this.element.querySelector<HTMLElement>(`[data-key="${key}"]`)?.focus({ preventScroll: true });
  }
}

function dayOf(text: string | null | undefined): string {
  const at = new Date(text ?? "");
  return !text || Number.isNaN(at.getTime()) ? "" : new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(at);
}

function placesIn(g: Geometry): Position[] {
  if (g.type === "GeometryCollection") return g.geometries.flatMap(placesIn);
  const deep = (c: unknown): Position[] => (typeof (c as Position)[0] === "number" ? [c as Position] : (c as unknown[]).flatMap(deep));
  return deep(g.coordinates);
}
