// The map's own buttons. MapLibre's take their words once, when the map is
// made; these change language with the page.

import type { IControl, MapLibreMap } from "maplibre-gl";
import { h, svg } from "./dom.ts";
import type { Words } from "./words.ts";

export class ZoomControl implements IControl {
  readonly #box = h("div", { className: "maplibregl-ctrl maplibregl-ctrl-group" });
  readonly #whole: () => void;
  #map: MapLibreMap | undefined;

  constructor(whole: () => void) { this.#whole = whole; }

  onAdd(map: MapLibreMap): HTMLElement {
    this.#map = map;
    return this.#box;
  }

  onRemove(): void { this.#box.remove(); }

  // speak renews the buttons in a language.
  speak(words: Words): void {
    const button = (title: string, path: string, act: () => void) => h("button", { type: "button", title, onclick: act, aria: { label: title } }, svg(path));
    this.#box.replaceChildren(
      button(words.zoomIn, "M12 6v12M6 12h12", () => this.#map?.zoomIn()),
      button(words.zoomOut, "M6 12h12", () => this.#map?.zoomOut()),
      button(words.whole, "M5 9V5h4M15 5h4v4M19 15v4h-4M9 19H5v-4", this.#whole),
    );
  }
}
