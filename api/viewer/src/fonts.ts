// The typeface that the page brings along, in slices of which a browser loads
// only those whose characters are shown.

import type { FontFacesSpecification } from "maplibre-gl";

interface Slice { url: string; range: string }

declare const FONTS: Slice[]; // by the build

export const typeface = "Noto Sans SC";

const addressOf = (slice: Slice) => new URL(slice.url, import.meta.url).href;

// fontFaces are the slices as a map style names them.
export function fontFaces(): FontFacesSpecification {
  return { [typeface]: FONTS.map((s) => ({ url: addressOf(s), "unicode-range": s.range.split(",") })) };
}

// offerFonts lets the page fall back on the typeface for characters that the
// reader's machine has no font for.
// Chromium keeps the boxes of words that it showed before, unless they are to
// be shaped in a way that is new: with kerning, at any value above none.
export function offerFonts(): void {
  for (const s of FONTS) document.fonts.add(new FontFace("Page Noto", `url(${addressOf(s)})`, { unicodeRange: s.range }));
  let loaded = 0;
  document.fonts.addEventListener("loadingdone", () => { document.body.style.fontFeatureSettings = `"kern" ${++loaded}`; });
}
