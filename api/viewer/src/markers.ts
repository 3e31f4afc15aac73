// Point symbols. A symbol's name says how it is drawn, so that the map, the
// legend and the cards draw the same thing from the same words. Shapes differ
// as well as colours, for readers who do not tell the colours apart.

export type Shape = "circle" | "square" | "diamond" | "octagon" | "triangle" | "ring";

export const glyphs = {
  none: "",
  house: "M5 12.5l7-6 7 6M7.5 11v8h9v-8",
  tent: "M4 18.5L12 6l8 12.5zM12 13v5.5",
  cross: "M12 6v12M6 12h12",
  shield: "M12 5l6 2.5v4.5c0 3.5-2.5 6-6 7.2-3.5-1.2-6-3.7-6-7.2V7.5z",
  flame: "M12 5c1 4 4.5 5 4.5 9.5a4.5 4.5 0 0 1-9 0c0-2.5 1.5-3.5 2-5.5 1.5.7 2.5 2 2.5 4",
  cap: "M4 10l8-3.5 8 3.5-8 3.5zM7.5 12v4.5c3 1.8 6 1.8 9 0V12",
  drop: "M12 5c3 4.5 4.5 6.5 4.5 9a4.5 4.5 0 0 1-9 0c0-2.5 1.5-4.5 4.5-9z",
  bang: "M12 6.5v7M12 17v.6",
  slope: "M5 18L17.5 7v11z",
  hollow: "M6 9.5h3l3 6 3-6h3",
  camera: "M5 8.5h9v7H5zM14 11l5-2.5v7L14 13",
  flag: "M8 19V6h9l-2.5 3.5L17 13H8",
  flask: "M10.5 5.5v5L6 18h12l-4.5-7.5v-5M9.5 5.5h5",
  book: "M12 8c-2-1.5-4-1.5-6.5-1v10c2.5-.5 4.5-.5 6.5 1 2-1.5 4-1.5 6.5-1V7C16 6.5 14 6.5 12 8zM12 8v10",
  arch: "M6 18v-6a6 6 0 0 1 12 0v6M9.5 18v-5.5a2.5 2.5 0 0 1 5 0V18",
  barrel: "M8 6h8v12H8zM8 10h8M8 14h8",
} as const;

export type Glyph = keyof typeof glyphs;

export interface Marker { shape: Shape; colour: string; glyph: Glyph; size: number; hollow?: boolean }

const prefix = "marker";

// nameOf is the name of a symbol; drawNamed understands it.
export function nameOf(m: Marker): string {
  return [prefix, m.shape, m.colour, m.glyph, m.size, m.hollow ? 1 : 0].join("|");
}

// drawNamed draws the symbol of a name, or nothing if it is not one.
export function drawNamed(name: string, scale: number): ImageData | undefined {
  const [kind, shape, colour, glyph, size, hollow] = name.split("|");
  if (kind !== prefix) return undefined;
  const canvas = draw({ shape, colour, glyph, size: Number(size), hollow: hollow === "1" } as Marker, scale);
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
}

// draw puts a symbol on a canvas of its size plus a margin for the halo.
export function draw(m: Marker, scale: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const side = m.size + 4;
  canvas.width = canvas.height = Math.ceil(side * scale);
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  pen.scale(scale, scale);
  pen.translate(side / 2, side / 2);
  pen.lineJoin = pen.lineCap = "round";
  const outline = outlines[m.shape](m.size / 2);
  body(pen, m, outline);
  if (m.glyph !== "none") pictogram(pen, m);
  return canvas;
}

function body(pen: CanvasRenderingContext2D, m: Marker, outline: Path2D): void {
  const small = m.size < 14;
  const hollow = m.hollow || m.shape === "ring";
  pen.strokeStyle = "#fff";
  pen.lineWidth = small ? 2 : 3;
  pen.stroke(outline);
  pen.fillStyle = hollow ? "#fff" : m.colour;
  pen.fill(outline);
  pen.strokeStyle = hollow ? m.colour : "rgba(20,28,40,.45)";
  pen.lineWidth = hollow ? (small ? 1.6 : 2) : 0.6;
  pen.stroke(outline);
}

function pictogram(pen: CanvasRenderingContext2D, m: Marker): void {
  const fit = (m.size / 24) * (m.shape === "diamond" || m.shape === "triangle" ? 0.72 : 0.95);
  pen.scale(fit, fit);
  pen.translate(-12, m.shape === "triangle" ? -8 : -12);
  pen.strokeStyle = m.hollow ? m.colour : "#fff";
  pen.lineWidth = 2;
  pen.stroke(new Path2D(glyphs[m.glyph]));
}

const outlines: Record<Shape, (r: number) => Path2D> = {
  circle: (r) => { const p = new Path2D(); p.arc(0, 0, r, 0, 2 * Math.PI); return p; },
  ring: (r) => { const p = new Path2D(); p.arc(0, 0, r - 0.8, 0, 2 * Math.PI); return p; },
  square: (r) => { const p = new Path2D(); p.roundRect(-r * 0.92, -r * 0.92, r * 1.84, r * 1.84, r * 0.3); return p; },
  diamond: (r) => new Path2D(`M0 ${-r * 1.1}L${r * 1.1} 0L0 ${r * 1.1}L${-r * 1.1} 0Z`),
  octagon: (r) => new Path2D(`M${-r * 0.42} ${-r}H${r * 0.42}L${r} ${-r * 0.42}V${r * 0.42}L${r * 0.42} ${r}H${-r * 0.42}L${-r} ${r * 0.42}V${-r * 0.42}Z`),
  triangle: (r) => new Path2D(`M0 ${-r}L${r * 1.05} ${r * 0.85}L${-r * 1.05} ${r * 0.85}Z`),
};
