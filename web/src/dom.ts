// Elements are made here and nowhere else: text goes in as text, so that no name from outside can become markup.

type Child = Node | string | number | null | undefined | false;

export interface Props {
  class?: string;
  id?: string;
  text?: string;
  title?: string;
  hidden?: boolean;
  attrs?: Record<string, string | number | boolean | undefined>;
  style?: Record<string, string>;
  on?: Partial<{ [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void }>;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (props.class) made.className = props.class;
  if (props.id) made.id = props.id;
  if (props.title) made.title = props.title;
  if (props.hidden) made.hidden = true;
  if (props.text !== undefined) made.textContent = props.text;
  for (const [name, value] of Object.entries(props.attrs ?? {})) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, value] of Object.entries(props.style ?? {})) made.style.setProperty(name, value);
  for (const [name, listener] of Object.entries(props.on ?? {})) made.addEventListener(name, listener as EventListener);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(asNode));
  return made;
}

function asNode(child: Child): Node | string {
  return child instanceof Node ? child : String(child);
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found as T;
}

/** Replace what an element holds. */
export function fill(into: HTMLElement, ...children: Child[]): void {
  into.replaceChildren(...children.filter((c) => c !== null && c !== undefined && c !== false).map(asNode));
}

/** Bring what an element holds to what is given, in place: what stays the same keeps its focus, and can be clicked. */
export function renew(into: Element, ...children: (Node | null)[]): void {
  const wanted = children.filter((child): child is Node => child !== null);
  wanted.forEach((fresh, i) => {
    const old = into.childNodes[i];
    if (!old) into.append(fresh);
    else if (!isSame(old, fresh)) old.replaceWith(fresh);
    else if (fresh instanceof Element) become(old as Element, fresh);
    else if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
  });
  while (into.childNodes.length > wanted.length) into.lastChild!.remove();
}

function isSame(old: Node, fresh: Node): boolean {
  if (old.nodeName !== fresh.nodeName) return false;
  if (!(old instanceof HTMLElement) || !(fresh instanceof HTMLElement)) return true;
  return old.id === fresh.id && old.dataset["region"] === fresh.dataset["region"] && old.getAttribute("href") === fresh.getAttribute("href");
}

function become(old: Element, fresh: Element): void {
  for (const { name, value } of fresh.attributes) if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== "style" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  if (old instanceof HTMLElement && fresh instanceof HTMLElement && fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  renew(old, ...fresh.childNodes);
}

const ICONS: Record<string, string> = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M7 5.5h3.5v13H7zM13.5 5.5H17v13h-3.5z",
  share: "M14 4h6v6h-2V7.4l-7.3 7.3-1.4-1.4L16.6 6H14zM5 6h5v2H6v10h10v-4h2v6H4V6z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 2h2v3h-2zM11 19h2v3h-2zM2 11h3v2H2zM19 11h3v2h-3zM4.2 5.6l1.4-1.4 2.1 2.1-1.4 1.4zM16.3 17.7l1.4-1.4 2.1 2.1-1.4 1.4zM18.4 4.2l1.4 1.4-2.1 2.1-1.4-1.4zM6.3 16.3l1.4 1.4-2.1 2.1-1.4-1.4z",
  moon: "M20 14.6A8.5 8.5 0 0 1 9.4 4 8.5 8.5 0 1 0 20 14.6z",
  layers: "M12 3 2 8.5 12 14l10-5.5zM4.5 12.4 2 13.8l10 5.5 10-5.5-2.5-1.4L12 16.5z",
  back: "M14.5 5 16 6.5 10.4 12l5.6 5.5-1.5 1.5-7-7z",
  upload: "M11 16V7.8L7.9 11 6.5 9.5 12 4l5.5 5.5-1.4 1.5L13 7.8V16zM5 18h14v2H5z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z",
  ruler: "M3 8h18v8H3zm2 2v4h14v-4h-1v2h-1.5v-2H14v3h-1.5v-3H10v2H8.500v-2H7v2H5.500z",
};

/** Return a drawing that says nothing to a screen reader. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/** Tell a screen reader something, once. */
export function say(text: string): void {
  byId("say").textContent = text;
}
