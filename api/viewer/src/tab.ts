// The tabs of a panel.

import type { LngLat, Point } from "maplibre-gl";
import type { Asked } from "./asked.ts";
import type { Host } from "./way.ts";
import type { Language } from "./words.ts";

// Desk is what a panel's tabs share.
export interface Desk<K extends string> {
  readonly host: Host;
  readonly asked: Asked<K>;
  readonly language: Language;
  settle(): void; // the settings have changed: write them and ask again
}

// Tab is one of a panel's tabs. It is on the map only while it is shown.
export interface Tab {
  readonly element: HTMLElement;
  speak(): void;                                     // renews forms and words
  show(): void;                                      // asks, and draws what comes of it
  hide(): void;                                      // leaves the map
  clicked?(point: Point, at: LngLat): boolean;       // says whether a click on the map is the tab's
  hovered?(point: Point): void;
  found?(at: [number, number]): void;                // follows the search to a place
  renewed?(touched: (layer: string) => boolean): boolean; // says whether to ask again after a change
}
