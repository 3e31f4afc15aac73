// The ways to use the page beside its list of layers. Each is a panel that is
// loaded when it is first opened.

import type { LngLat, MapLibreMap, Point } from "maplibre-gl";
import type { Bounds, Feature, Layer } from "./catalogue.ts";
import type { Language } from "./words.ts";

// Host is what the page lends to a panel.
export interface Host {
  map: MapLibreMap;
  layer(id: string): Layer | undefined;
  fit(bounds: Bounds): void;
  see(places: [number, number][]): void; // moves the map if one of them is out of sight
  unfold(): void;                        // opens the panel on a phone
  quiet(about: string[] | undefined): void; // hides layers beside the base but for some
}

// Way is a panel. Closed, nothing of it is on the map.
export interface Way {
  readonly element: HTMLElement;
  show(open: boolean): void;
  speak(language: Language): void;
  renewed(touched: (layer: string) => boolean): void; // follows a change of the service's data
  redrawn(): void;                                    // puts on the map what a new style has taken from it
  clicked(point: Point, at: LngLat): boolean;         // says whether a click on the map is the panel's
  addressed?(): void;                                 // follows a change of the address
  found?(at: [number, number]): void;                 // follows the search to a place
  addBuilding?(building: Feature): Promise<void>;
}

export type WayID = "redraw" | "response" | "coverage";

type Make = (host: Host, language: Language) => Way;

// loads are how panels are loaded, needs the layers that they are about.
export const loads: Record<WayID, () => Promise<Make>> = {
  redraw: async () => { const { Redraw } = await import("./redraw/redraw.ts"); return (host, language) => new Redraw(host, language); },
  response: async () => { const { Response } = await import("./response/response.ts"); return (host, language) => new Response(host, language); },
  coverage: async () => { const { Coverage } = await import("./coverage/coverage.ts"); return (host, language) => new Coverage(host, language); },
};

export const needs: Record<WayID, string> = { redraw: "grids", response: "response_points", coverage: "shelters" };

// kept says whether something on the map is a panel's: it outlives a change
// of the page's own style.
export const kept = (id: string): boolean => /^(redraw|over)\b/.test(id);
