// Drawing and dragging on the map, by Terra Draw.

import type { MapLibreMap } from "maplibre-gl";
import type { LineString, Polygon, Position } from "geojson";
import { TerraDraw, TerraDrawLineStringMode, TerraDrawModeUndoRedo, TerraDrawPolygonMode, TerraDrawSelectMode, type SnapToCustom } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import type { Bounds } from "./catalogue.ts";

export type Stroke = Polygon | LineString;

export interface PenActs {
  drawn(stroke: Stroke): void;   // finished, or a corner was let go
  moving(stroke: Stroke): void;  // on the way
}

// Snap is what drawing holds on to: the nearest place of it to a place on the
// screen, within a box.
export type Snap = (at: { x: number; y: number }, within: Bounds, project: (lng: number, lat: number) => { x: number; y: number }) => Position | undefined;

const digits = 9; // of a degree; the service's lattice has as many
const ink = "#b3261e";

export class Pen {
  readonly #draw: TerraDraw;
  readonly #acts: PenActs;
  #busy = false;

  constructor(map: MapLibreMap, prefixId: string, acts: PenActs, snap: Snap = () => undefined) {
    this.#acts = acts;
    const toCustom: SnapToCustom = ({ containerX: x, containerY: y, lng, lat }, { project }) => {
      const reach = reachOf(map);
      return snap({ x, y }, [lng - reach, lat - reach, lng + reach, lat + reach], project);
    };
    const snapping = { toCustom };
    const coordinates = { draggable: true, midpoints: true, deletable: true, snappable: snapping };
    const line = { lineStringColor: ink, lineStringWidth: 3, closingPointColor: ink, snappingPointColor: "#0b6bcb" } as const;
    const area = { fillColor: ink, fillOpacity: 0.12, outlineColor: ink, outlineWidth: 3, closingPointColor: ink, snappingPointColor: "#0b6bcb" } as const;
    this.#draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: digits, prefixId }),
      modes: [new TerraDrawPolygonMode({ snapping, styles: area }), new TerraDrawLineStringMode({ snapping, styles: line }),
        new TerraDrawSelectMode({ allowManualDeselection: false, flags: { polygon: { feature: { coordinates } }, linestring: { feature: { coordinates } } },
          styles: { selectedLineStringColor: ink, selectedLineStringWidth: 3, selectedPolygonColor: ink, selectedPolygonOutlineColor: ink, selectedPolygonFillOpacity: 0.12,
            selectionPointColor: "#ffffff", selectionPointOutlineColor: ink, selectionPointOutlineWidth: 2, selectionPointWidth: 5, midPointColor: ink, midPointWidth: 3 } })],
      undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
    });
    this.#draw.on("change", (ids, type) => { if (type === "update" || type === "create") this.#tell(ids, this.#acts.moving); });
    this.#draw.on("finish", (id) => this.#finish(id));
  }

  // drawing is what is being drawn, if anything is.
  get drawing(): "polygon" | "linestring" | undefined {
    const mode = this.#draw.enabled ? this.#draw.getMode() : "";
    return mode === "polygon" || mode === "linestring" ? mode : undefined;
  }

  // active says whether clicks on the map are the pen's.
  get active(): boolean { return this.#draw.enabled; }

  // begin draws a new line or area.
  begin(what: "polygon" | "linestring"): void {
    this.#clean();
    this.#draw.setMode(what);
  }

  // edit shows a line or area with corners to drag.
  edit(stroke: Stroke): void {
    this.#busy = true;
    this.#clean();
    const [added] = this.#draw.addFeatures([{ type: "Feature", properties: { mode: stroke.type === "Polygon" ? "polygon" : "linestring" }, geometry: rounded(stroke) }]);
    if (added?.valid && added.id !== undefined) this.#draw.selectFeature(added.id);
    else console.info(added?.reason);
    this.#busy = false;
  }

  // rest puts the pen away.
  rest(): void {
    if (this.#draw.enabled) this.#draw.stop();
  }

  // undo takes the last corner back while something is being drawn.
  undo(): boolean { return this.#draw.enabled && this.#draw.getModeState() === "drawing" && this.#draw.undo(); }
  redo(): boolean { return this.#draw.enabled && this.#draw.getModeState() === "drawing" && this.#draw.redo(); }

  #clean(): void {
    this.rest();
    this.#draw.start();
  }

  #finish(id: string | number): void {
    this.#tell([id], this.#acts.drawn);
    if (this.#draw.enabled && this.#draw.getMode() !== "select") this.#draw.selectFeature(id);
  }

  #tell(ids: (string | number)[], told: (stroke: Stroke) => void): void {
    if (this.#busy) return;
    for (const id of ids) {
      const feature = this.#draw.getSnapshotFeature(id);
      const mode = feature?.properties.mode;
      if ((mode === "polygon" || mode === "linestring") && isStroke(feature!.geometry)) told(feature!.geometry);
    }
  }
}

// reachOf is ten pixels in degrees of longitude.
const reachOf = (map: MapLibreMap) => 10 * 360 / (512 * 2 ** map.getZoom());

function isStroke(g: { type: string; coordinates: unknown }): g is Stroke {
  if (g.type === "Polygon") return ((g.coordinates as Position[][])[0]?.length ?? 0) >= 4;
  return g.type === "LineString" && (g.coordinates as Position[]).length >= 2;
}

function rounded(stroke: Stroke): Stroke {
  const near = (p: Position) => p.slice(0, 2).map((v) => Math.round(v * 10 ** digits) / 10 ** digits);
  return stroke.type === "Polygon" ? { type: "Polygon", coordinates: stroke.coordinates.map((ring) => ring.map(near)) } : { type: "LineString", coordinates: stroke.coordinates.map(near) };
}
