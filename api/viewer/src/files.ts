// Answers as files. They are read in the reader's name, so that plain links
// would not do.

import { h } from "./dom.ts";
import { faultOf } from "./faults.ts";
import { type Request, send } from "./service.ts";
import type { Language } from "./words.ts";
import { wayWords } from "./way_words.ts";

// saveAs has the browser keep an answer as a file.
export async function saveAs(name: string, path: string, request: Request = {}): Promise<void> {
  const content = await (await send(path, request)).blob();
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// saving offers an answer as a table: of is the request for a format.
export function saving(name: string, language: Language, of: (format: "xlsx" | "csv") => { path: string; request?: Request }): HTMLElement {
  const box = h("p", { className: "row-buttons saving" }, h("span", {}, wayWords[language].saveAs));
  const button = (format: "xlsx" | "csv") => h("button", { type: "button", data: { key: `save-${format}`, format }, onclick: async () => {
    box.querySelector(".fault")?.remove();
    const { path, request } = of(format);
    await saveAs(`${name}.${format}`, path, request).catch((fault: unknown) => box.append(faultOf(fault, language)));
  } }, format.toUpperCase());
  box.append(button("xlsx"), button("csv"));
  return box;
}
