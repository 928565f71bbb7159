// Parts that several panels share.

import { h, icon } from "../dom";
import { go, type View } from "../state";

export function back(view: View, label: string): HTMLElement {
  return h("button", { class: "back", attrs: { type: "button", "data-back": "" }, on: { click: () => go({ view, id: "", region: "", time: null }) } },
    icon("back"), label);
}

export function facts(pairs: [string, string][]): HTMLElement {
  return h("dl", { class: "facts" }, ...pairs.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))));
}

export function dialog(title: string, ...content: (HTMLElement | null)[]): HTMLDialogElement {
  const shut = h("button", { class: "tool", attrs: { type: "button", "aria-label": "Close" }, on: { click: () => made.close() } }, icon("close"));
  const made = h("dialog", { attrs: { "aria-labelledby": "dialog-title" } },
    h("div", { class: "dialog-head" }, h("h2", { id: "dialog-title", text: title }), shut), ...content);
  made.addEventListener("close", () => made.remove());
  document.body.append(made);
  made.showModal();
  return made;
}
