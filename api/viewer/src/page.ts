// The map page: wires the map, the list of layers and the card together.

import { type ErrorEvent, type GeoJSONSource, type LngLat, MapLibreMap, type PaddingOptions, type Point, Popup, ScaleControl, type StyleSpecification, setWorkerUrl } from "maplibre-gl";
import { languageInAddress, readLayers, rememberLanguage, rememberedLanguage, wayInAddress, writeLanguage, writeLayers, writeWay } from "./address.ts";
import { Card, type Hit, hitsAt } from "./card.ts";
import { type Cluster, clusterAt, clusterCard } from "./cluster.ts";
import { type Bounds, type Catalogue, type Feature, type Found, type FoundPlace, loadCatalogue, loadPlaceName, union } from "./catalogue.ts";
import { ZoomControl } from "./controls.ts";
import { h, svg } from "./dom.ts";
import { offerFonts } from "./fonts.ts";
import { drawNamed } from "./markers.ts";
import { type Change, Live } from "./live.ts";
import { followZoom, layerList, recount } from "./panel.ts";
import { Search } from "./search.ts";
import { englishLabel } from "./say.ts";
import { type Drawn, type TileID, drawnOf, mapStyle, nameText, touchedTiles, visibilityOf } from "./style.ts";
import { type Language, type Words, dictionaries, preferred } from "./words.ts";
import { type Way, type WayID, kept, loads, needs } from "./way.ts";

declare const WORKER: string; // by the build

const phone = matchMedia("(max-width: 720px)");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const duration = still ? 0 : 500;

setWorkerUrl(new URL(WORKER, import.meta.url).href);
offerFonts();
void start();

// Tile is what MapLibre says of a tile that could not be read.
interface Tile { tileID: { canonical: { x: number; y: number; z: number } } }

async function start(): Promise<void> {
  const language = preferred(languageInAddress() ?? rememberedLanguage());
  const words = dictionaries[language];
  if (!document.createElement("canvas").getContext("webgl2")) return fail(words.noWebGL, words);
  try {
    const catalogue = await loadCatalogue();
    new Page(catalogue, language);
  } catch (fault) {
    console.error(fault);
    fail(words.catalogueFailed, words);
  }
}

function fail(why: string, words: Words): void {
  document.body.replaceChildren(h("main", { className: "failure" }, h("p", {}, why),
    h("button", { type: "button", onclick: () => location.reload() }, words.retry)));
}

class Page {
  #catalogue: Catalogue;
  readonly #drawn: Drawn[];
  readonly #map: MapLibreMap;
  readonly #card: Card;
  readonly #placed = /[#&]map=/.test(location.hash); // the address said what to look at
  readonly #zoom: ZoomControl;
  readonly #popup = new Popup({ closeButton: false, closeOnClick: false, maxWidth: "340px", offset: 10, focusAfterOpen: false });
  readonly #mapBox = h("main", { id: "map" });
  readonly #panel = h("aside", { id: "panel" });
  readonly #sheet = h("section", { id: "sheet", hidden: true });
  readonly #notice = h("div", { id: "notice", hidden: true, role: "status" });
  readonly #version = h("span", { className: "version" });
  readonly #search: Search;
  #live: Live | undefined;
  #heard = new Date(); // when the service last said that it is there
  #lost = false;
  #behind = false;
  #missing = false; // tiles
  #stale = new Map<string, TileID[] | undefined>(); // sources to read again, or some of their tiles, when no tile of theirs is missing
  #selected: Feature | undefined;
  #list: HTMLElement = h("div");
  #language: Language;
  #failed = new Map<Tile, string>(); // tiles that could not be read, and their sources
  #retrying = 0;
  #place = "";
  #open = !phone.matches;
  readonly #ways = new Map<WayID, Way>(); // that were opened
  #about: string[] | undefined; // layers beside the base that a panel lets stand
  #way: WayID | "" = "";                  // that is shown; "" is the list of layers

  constructor(catalogue: Catalogue, language: Language) {
    this.#catalogue = catalogue;
    this.#language = language;
    this.#drawn = catalogue.layers.filter((l) => !l.derived).map(drawnOf); // panels show what is derived
    readLayers(this.#drawn);
    this.#search = new Search({ show: (found) => this.#showFound(found), go: (place) => this.#goTo(place), around: () => this.#map.getCenter(),
      layer: (id) => this.#catalogue.layers.find((l) => l.id === id) });
    document.body.replaceChildren(this.#panel, this.#search.element, this.#mapBox, this.#sheet, this.#notice);
    this.#zoom = new ZoomControl(() => this.#whole());
    this.#map = this.#makeMap();
    this.#card = new Card(this.#drawn, { select: (f) => this.#select(f), close: () => this.#close(), reassign: (f) => void this.#reassign(f) });
    this.#speak();
    this.#listen();
    void this.#namePlace();
    Object.assign(globalThis, { wangge: { map: this.#map } }); // for the console and the tests
  }

  #makeMap(): MapLibreMap {
    const map = new MapLibreMap({
      container: this.#mapBox, style: mapStyle(this.#drawn, this.#language), hash: "map", attributionControl: false, dragRotate: false, pitchWithRotate: false,
      touchPitch: false, maxZoom: 21, minZoom: 2, zoomLevelsToOverscale: 24, maxTileCacheSize: 0, fadeDuration: still ? 0 : 200, ...this.#wholeView(),
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.setMissingStyleImageResolver((id) => {
      const scale = 2 * Math.ceil(devicePixelRatio);
      const image = drawNamed(id, scale);
      if (image) map.addImage(id, image, { pixelRatio: scale });
    });
    map.addControl(this.#zoom, "top-right");
    map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-right");
    return map;
  }

  #listen(): void {
    const map = this.#map;
    map.on("click", (e) => this.#pick(e.point, e.lngLat));
    map.on("mousemove", (e) => { map.getCanvas().style.cursor = this.#overPlace(e.point) ? "pointer" : ""; });
    map.getCanvas().addEventListener("keydown", (e) => { if (e.key === "Enter") this.#pickCentre(); });
    map.on("zoom", () => this.#followZoom());
    map.on("error", (e) => this.#complain(e));
    for (const busy of ["dataloading", "movestart"] as const) map.on(busy, () => { delete document.body.dataset.settled; });
    map.on("idle", () => {
      document.body.dataset.settled = "true";
      this.#missing = this.#failed.size > 0;
      this.#showNotices();
      this.#readStale();
    });
    map.once("style.load", () => {
      const way = this.#wayInAddress();
      if (way) void this.#go(way, false);
      this.#live = new Live({ changed: (c) => void this.#follow(c), connected: (on) => this.#connected(on) });
    });
    addEventListener("hashchange", () => this.#followAddress());
    phone.addEventListener("change", () => this.#close());
  }

  // wholeView is the camera that shows the whole district beside the panel.
  #wholeView(): { bounds?: Bounds; fitBoundsOptions: { padding: number | PaddingOptions } } {
    const bounds = this.#catalogue.layers.find((l) => l.id === "districts")?.bounds ?? this.#catalogue.bounds;
    return { ...(bounds && { bounds }), fitBoundsOptions: { padding: phone.matches ? { top: 60, right: 14, bottom: 120, left: 14 } : 36 } };
  }

  #whole(): void {
    const { bounds, fitBoundsOptions } = this.#wholeView();
    if (bounds) this.#map.fitBounds(bounds, { ...fitBoundsOptions, duration });
  }

  // speak renews everything that has words.
  #speak(): void {
    const words = dictionaries[this.#language];
    const title = words.title(this.#place);
    document.documentElement.lang = this.#language === "zh" ? "zh-Hans" : "en";
    document.title = this.#catalogue.synthetic ? `${title} · ${words.synthetic}` : title;
    this.#map.getCanvas().setAttribute("aria-label", words.mapKeys);
    this.#mapBox.setAttribute("aria-label", words.map);
    this.#zoom.speak(words);
    this.#panel.setAttribute("aria-label", words.layers);
    this.#sheet.setAttribute("aria-label", words.details);
    this.#list = layerList(this.#drawn, this.#language, { switched: (d) => this.#switch(d), zoomTo: (z) => this.#map.easeTo({ zoom: z, duration }),
      showWhole: (d) => d.layer.bounds && this.#map.fitBounds(d.layer.bounds, { padding: 60, maxZoom: 16, duration }) });
    for (const way of this.#ways.values()) way.speak(this.#language);
    this.#panel.replaceChildren(this.#head(title), this.#choices(), this.#shown?.element ?? this.#list, h("p", { className: "licences" }, h("a", { href: new URL("licences.txt", import.meta.url).href }, words.licences), this.#version));
    this.#version.textContent = words.version(this.#catalogue.version);
    this.#search.speak(this.#language);
    this.#showNotices();
    this.#fold(this.#open);
    this.#followZoom();
    this.#card.speak(this.#language);
    this.#speakNames();
  }

  // speakNames labels what has names in both languages in the page's.
  #speakNames(): void {
    for (const { layer } of this.#drawn) {
      const id = `${layer.id}/name`;
      if (englishLabel(layer) && this.#map.getLayer(id)) this.#map.setLayoutProperty(id, "text-field", nameText(layer, this.#language));
    }
  }

  #head(title: string): HTMLElement {
    const words = dictionaries[this.#language];
    const other: Language = this.#language === "zh" ? "en" : "zh";
    const language = h("button", { type: "button", className: "language", lang: other === "zh" ? "zh-Hans" : "en", onclick: () => this.#setLanguage(other) }, words.otherLanguage);
    const fold = h("button", { type: "button", className: "fold", onclick: () => this.#fold(!this.#open) }, svg("M4 7l8-4 8 4-8 4zM4 12l8 4 8-4M4 17l8 4 8-4"), h("span", {}));
    return h("header", {}, h("div", { className: "brand" }, h("h1", {}, title), h("p", {}, words.subtitle)), language, fold,
      this.#catalogue.synthetic && h("p", { className: "synthetic", title: words.syntheticLong }, h("strong", {}, "合成数据 synthetic data"), h("span", {}, words.syntheticLong)));
  }

  // shown is the panel that is shown instead of the list of layers.
  get #shown(): Way | undefined { return this.#way ? this.#ways.get(this.#way) : undefined; }

  // choices are what the panel is for: the layers, or a way to use them.
  #choices(): HTMLElement {
    const words = dictionaries[this.#language];
    const choice = (id: WayID | "") => h("button", { type: "button", data: { way: id || "layers" }, aria: { pressed: String(this.#way === id) }, onclick: () => void this.#go(id) }, words.ways[id || "layers"]);
    const there = (Object.keys(loads) as WayID[]).filter((id) => this.#catalogue.layers.some((l) => l.id === needs[id]));
    return h("nav", { className: "ways", hidden: there.length === 0, aria: { label: words.title(this.#place) } }, choice(""), ...there.map(choice));
  }

  // go turns to the layers or to a panel, which is loaded when first asked for.
  async #go(id: WayID | "", focus = true): Promise<void> {
    if (id && !this.#ways.has(id) && !(await this.#load(id))) return;
    this.#close();
    this.#shown?.show(false);
    this.#quiet(undefined);
    this.#way = id;
    if (id) document.body.dataset.way = id;
    else delete document.body.dataset.way;
    writeWay(id);
    this.#map.resize();
    this.#shown?.show(true);
    this.#speak();
    this.#fold(true);
    const { bounds, fitBoundsOptions } = this.#wholeView();
    if (!focus && !this.#placed && bounds && !phone.matches) this.#map.fitBounds(bounds, { ...fitBoundsOptions, duration: 0 }); // beside a panel of another width
    if (id && phone.matches && this.#map.getZoom() < 12) this.#flyTo(bounds ?? this.#map.getBounds().toArray().flat() as Bounds, 0); // into what the panel leaves free
    if (focus) this.#panel.querySelector<HTMLElement>(`[data-way="${id || "layers"}"]`)?.focus();
  }

  async #load(id: WayID): Promise<boolean> {
    const words = dictionaries[this.#language];
    this.#panel.querySelector(".ways-fault")?.remove();
    try {
      const make = await loads[id]();
      if (!this.#ways.has(id)) this.#ways.set(id, make({ map: this.#map, layer: (l) => this.#catalogue.layers.find((one) => one.id === l), fit: (b) => this.#flyTo(b, 13), see: (places) => this.#see(places), unfold: () => this.#fold(true),
        quiet: (about) => this.#quiet(about) }, this.#language));
      return true;
    } catch (fault) {
      console.info(fault);
      this.#panel.querySelector(".ways")?.after(h("p", { className: "fault ways-fault", role: "alert" }, words.wayFailed(words.ways[id])));
      return false;
    }
  }

  // reassign begins to move a building to another grid.
  async #reassign(building: Feature): Promise<void> {
    if (this.#way !== "redraw") await this.#go("redraw");
    this.#close();
    await this.#shown?.addBuilding?.(building);
  }

  // fold opens or closes the list of layers on a phone.
  #fold(open: boolean): void {
    const words = dictionaries[this.#language];
    const what = words.ways[this.#way || "layers"];
    this.#open = open;
    this.#panel.classList.toggle("open", open);
    const button = this.#panel.querySelector<HTMLElement>(".fold");
    button?.setAttribute("aria-expanded", String(open));
    button?.setAttribute("aria-label", open ? words.hideList(what) : words.showList(what));
    button?.querySelector("span")?.replaceChildren(what);
  }

  #setLanguage(language: Language): void {
    this.#language = language;
    rememberLanguage(language);
    writeLanguage(language);
    this.#speak();
    this.#panel.querySelector<HTMLElement>(".language")?.focus();
  }

  #switch(drawn: Drawn[]): void {
    for (const d of drawn) {
      for (const id of this.#partsOf(d)) this.#map.setLayoutProperty(id, "visibility", visibilityOf(d));
    }
    writeLayers(this.#drawn);
  }

  // quiet hides the layers of points and lines that a panel is not about;
  // without a list all are as the reader switched them.
  #quiet(about: string[] | undefined): void {
    this.#about = about;
    const changed = this.#drawn.filter((d) => d.quiet !== this.#hushed(d));
    for (const d of changed) d.quiet = !d.quiet;
    if (changed.length > 0) this.#switch(changed);
  }

  #hushed(d: Drawn): boolean { return this.#about !== undefined && !d.look.base && !this.#about.includes(d.layer.id); }

  #partsOf(d: Drawn): string[] {
    return this.#map.getLayersOrder().filter((id) => id.startsWith(`${d.layer.id}/`));
  }

  #followAddress(): void {
    const language = preferred(languageInAddress() ?? this.#language);
    const way = this.#wayInAddress();
    if (way !== this.#way) void this.#go(way);
    else this.#shown?.addressed?.();
    const before = new Map(this.#drawn.map((d) => [d, d.on]));
    readLayers(this.#drawn);
    const changed = this.#drawn.filter((d) => before.get(d) !== d.on);
    if (changed.length === 0 && language === this.#language) return;
    this.#language = language;
    this.#switch(changed);
    this.#speak();
  }

  #wayInAddress(): WayID | "" {
    const way = wayInAddress() as WayID;
    return way in loads ? way : "";
  }

  #followZoom(): void { followZoom(this.#list, this.#map.getZoom()); }

  async #namePlace(): Promise<void> {
    const districts = this.#catalogue.layers.find((l) => l.id === "districts");
    if (!districts) return;
    this.#place = await loadPlaceName(districts).catch(() => "");
    if (this.#place) this.#speak();
  }

  // overPlace says whether a symbol stands at a place on the screen.
  #overPlace(at: Point): boolean {
    const layers = this.#map.getLayersOrder().filter((id) => id.endsWith("/point") || id.endsWith("/cluster"));
    return this.#map.queryRenderedFeatures(at, { layers }).length > 0;
  }

  // pickCentre is for readers without a mouse.
  #pickCentre(): void {
    const lngLat = this.#map.getCenter();
    this.#pick(this.#map.project(lngLat), lngLat);
  }

  #pick(point: Point, lngLat: LngLat): void {
    if (this.#shown?.clicked(point, lngLat)) return this.#close();
    const cluster = clusterAt(this.#map, point, this.#drawn);
    if (cluster) return this.#openCluster(cluster, lngLat);
    const hits = hitsAt(this.#map, point, this.#drawn);
    if (hits.length === 0) return this.#close();
    this.#openCard(hits, lngLat);
    if (phone.matches) this.#uncover(point, lngLat);
  }

  // openCluster says what a cluster stands for.
  #openCluster(cluster: Cluster, at: LngLat): void {
    this.#close();
    const closer = () => { this.#close(); this.#map.easeTo({ center: at, zoom: Math.min(this.#map.getZoom() + 2, 16), duration }); };
    const card = clusterCard(cluster, this.#language, { closer, close: () => this.#close() });
    this.#popup.setLngLat(at).setDOMContent(card).addTo(this.#map);
    card.focus({ preventScroll: true });
  }

  // openCard shows the card of what stands at a place, there or, on a phone,
  // below the map.
  #openCard(hits: Hit[], at: { lng: number; lat: number }): void {
    this.#card.show(hits, at, this.#language);
    if (phone.matches) this.#showSheet();
    else this.#popup.setLngLat(at).setDOMContent(this.#card.element).addTo(this.#map);
    this.#card.element.focus({ preventScroll: true });
  }

  // uncover moves the map if the card below it hides the place asked about.
  #uncover(point: Point, lngLat: LngLat): void {
    const free = 0.42 * innerHeight; // the sheet is at most 58 % high
    if (point.y > free - 24) this.#map.easeTo({ center: lngLat, offset: [0, (free - innerHeight) / 2], duration });
  }

  #showSheet(): void {
    this.#fold(false);
    this.#sheet.replaceChildren(this.#card.element);
    this.#sheet.hidden = false;
    this.#sheet.scrollTop = 0;
  }

  #close(): void {
    if (this.#card.element.contains(document.activeElement)) this.#map.getCanvas().focus({ preventScroll: true });
    this.#card.forget();
    this.#popup.remove();
    this.#sheet.hidden = true;
  }

  #select(feature: Feature | undefined): void {
    this.#selected = feature;
    const source = this.#map.getSource<GeoJSONSource>("selected");
    const features = feature?.geometry ? [{ type: "Feature" as const, geometry: feature.geometry, properties: {} }] : [];
    void source?.setData({ type: "FeatureCollection", features });
    if (this.#popup.isOpen()) this.#popup.setLngLat(this.#popup.getLngLat()); // the card has grown: find room again
  }

  // complain says that tiles are missing until they are there.
  #complain(fault: ErrorEvent & { sourceId?: string; tile?: Tile }): void {
    console.warn(fault.error);
    this.#missing = true;
    this.#showNotices();
    const { sourceId, tile } = fault;
    if (sourceId && tile) this.#failed.set(tile, sourceId);
    this.#retrying ||= setTimeout(() => this.#askAgain(), 5000);
  }

  // askAgain reads missing tiles one by one: MapLibre waits for ever if a
  // whole source with missing tiles is read again.
  #askAgain(): void {
    const failed = this.#failed;
    this.#failed = new Map();
    this.#retrying = 0;
    for (const [tile, sourceId] of failed) this.#map.refreshTiles(sourceId, [tile.tileID.canonical]);
    this.#map.triggerRepaint();
  }

  // showNotices says what the reader must know of the connection.
  #showNotices(): void {
    const words = dictionaries[this.#language];
    const time = new Intl.DateTimeFormat(words.locale, { timeStyle: "medium" }).format(this.#heard);
    const lines = [
      this.#lost && h("p", { className: "lost" }, words.lost(time), " ", h("button", { type: "button", onclick: () => this.#live?.connect() }, words.retry)),
      this.#behind && h("p", { className: "behind" }, words.behind),
      this.#missing && h("p", {}, words.tilesFailed),
    ].filter((line) => line !== false);
    const text = lines.map((line) => line.textContent).join();
    if (text !== this.#notice.textContent) this.#notice.replaceChildren(...lines); // else it would be read out again
    this.#notice.hidden = lines.length === 0;
  }

  #connected(on: boolean): void {
    if (on) this.#heard = new Date();
    this.#lost = !on;
    this.#showNotices();
  }

  // follow takes over a change of the service's data: what is said of the
  // layers, the tiles of those that were touched, the open card.
  async #follow(change: Change): Promise<void> {
    this.#behind = change.behind;
    this.#showNotices();
    const all = change.all || (change.layers.length === 0 && change.version !== this.#catalogue.version);
    if (!all && change.layers.length === 0) return;
    const blocks = Map.groupBy(change.layers, (l) => l.layer);
    const touched = (layer: string) => all || blocks.has(layer);
    try {
      this.#takeOver(await loadCatalogue());
    } catch (fault) {
      console.info(fault);
      setTimeout(() => void this.#follow({ ...change, behind: this.#behind, all: true }), 5000);
      return;
    }
    const tiles = touchedTiles(this.#map.getStyle(), (layer) => touched(layer) && (all ? undefined : blocks.get(layer)!.flatMap((l) => l.tiles)));
    for (const [source, ids] of tiles) {
      const waiting = this.#stale.get(source) ?? [];
      this.#stale.set(source, ids && !(this.#stale.has(source) && !this.#stale.get(source)) ? [...waiting, ...ids] : undefined);
    }
    this.#readStale();
    this.#card.refresh(touched);
    for (const way of this.#ways.values()) way.renewed(touched);
  }

  // takeOver renews the layers; those that are known keep their switches.
  #takeOver(catalogue: Catalogue): void {
    const shape = () => JSON.stringify(this.#drawn.map(({ layer: { count, bounds, ...rest }, look }) => [rest, [...rest.kinds], look]));
    const before = shape();
    const known = new Map(this.#drawn.map((d) => [d.layer.id, d]));
    const drawn = catalogue.layers.filter((l) => !l.derived).map((layer) => {
      const old = known.get(layer.id);
      return old ? Object.assign(old, drawnOf(layer), { on: old.on }) : drawnOf(layer);
    });
    for (const d of drawn) d.quiet = this.#hushed(d);
    this.#catalogue = catalogue;
    this.#drawn.splice(0, this.#drawn.length, ...drawn);
    this.#map.setStyle(mapStyle(this.#drawn, this.#language), { diff: true, transformStyle: keepingDrawn });
    this.#shown?.redrawn();
    this.#select(this.#selected);
    if (shape() !== before) return this.#speak();
    recount(this.#list, this.#drawn, dictionaries[this.#language]);
    this.#version.textContent = dictionaries[this.#language].version(catalogue.version);
  }

  // readStale reads again what was touched. A source with missing tiles waits
  // for them. What is out of view is not kept by the map, see makeMap, and is
  // asked for when it comes into view.
  #readStale(): void {
    const failed = new Set(this.#failed.values());
    for (const [source, tiles] of this.#stale) {
      if (failed.has(source)) continue;
      this.#stale.delete(source);
      if (this.#map.getSource(source)) this.#map.refreshTiles(source, tiles);
    }
  }

  // showFound opens the card of a feature and goes where it stands.
  #showFound(found: Found): void {
    const drawn = this.#drawn.find((d) => d.layer.id === found.layer);
    if (!drawn) return;
    const { lng, lat } = this.#map.getCenter();
    const [lon, latitude] = found.at ?? [lng, lat];
    if (found.bbox) this.#flyTo(found.bbox, drawn.look.from);
    if (this.#shown?.found && found.at) return this.#shown.found(found.at);
    this.#openCard([{ drawn, id: found.id, properties: { [drawn.layer.label]: found.name } }], { lng: lon, lat: latitude });
  }

  #goTo(place: FoundPlace): void {
    this.#close();
    const [lon, lat] = place.at;
    this.#flyTo([lon, lat, lon, lat], 0);
    if (this.#shown?.found) return this.#shown.found(place.at);
    this.#select({ id: "", properties: {}, geometry: { type: "Point", coordinates: place.at } });
  }

  // see moves the map if a place is not on the free part of the screen, or if
  // all are one spot there.
  #see(places: [number, number][]): void {
    const around = union(places.map(([x, y]) => [x, y, x, y]));
    if (!around) return;
    const { width, height } = this.#map.getCanvas().getBoundingClientRect();
    const free = phone.matches ? height * 0.44 : height;
    const zoom = this.#map.getZoom();
    const [a, b] = [this.#map.project([around[0], around[3]]), this.#map.project([around[2], around[1]])]; // north-west, south-east
    const hidden = a.x < 20 || a.y < 60 || b.x > width - 20 || b.y > free - 20;
    const spot = zoom < 13 && Math.max(b.x - a.x, b.y - a.y) < 120;
    if (hidden || spot) this.#flyTo(around, zoom > 15 && places.length === 1 ? 15 : 0);
  }

  #flyTo(bounds: Bounds, from: number): void {
    const padding = phone.matches ? { top: 70, right: 64, bottom: innerHeight * 0.58 + 20, left: 30 } : { top: 90, right: 80, bottom: 60, left: 80 };
    const camera = this.#map.cameraForBounds(bounds, { padding, maxZoom: 17 });
    if (camera) this.#map.easeTo({ ...camera, zoom: Math.max(camera.zoom ?? 0, from), padding: { top: 0, right: 0, bottom: 0, left: 0 }, duration });
  }
}

// keepingDrawn takes over from a style what panels have put on the map, each
// below what it was below.
function keepingDrawn(before: StyleSpecification | undefined, after: StyleSpecification): StyleSpecification {
  const sources = Object.fromEntries(Object.entries(before?.sources ?? {}).filter(([id]) => kept(id)));
  const layers = [...after.layers];
  const there = new Set(layers.map((l) => l.id));
  let above = layers.length;
  for (const layer of before?.layers.toReversed() ?? []) {
    if (kept(layer.id)) layers.splice(above, 0, layer);
    else if (there.has(layer.id)) above = layers.findIndex((l) => l.id === layer.id);
  }
  return { ...after, sources: { ...after.sources, ...sources }, layers };
}
