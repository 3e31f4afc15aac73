// Building elements without a framework.

export type Child = Node | string | null | undefined | false;

type Props<E> = { [K in keyof E]?: E[K] } & { data?: Record<string, string>; aria?: Record<string, string> };

// h makes an element with properties and children; empty children are left out.
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props<HTMLElementTagNameMap[K]> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const { data, aria, ...own } = props;
  const element = document.createElement(tag);
  Object.assign(element, own);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((c): c is Node | string => !!c));
  return element;
}

// svg makes a small line drawing in a 24-unit box from one path.
export function svg(path: string): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(ns, "svg");
  image.setAttribute("viewBox", "0 0 24 24");
  image.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(ns, "path");
  line.setAttribute("d", path);
  image.append(line);
  return image;
}
