// Parts that several panels share.

import { allow, hasToken, here } from "../api";
import { byId, h, icon } from "../dom";
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

/** A link to a file of a job or a case. Where a token is needed, the server is asked to let this browser open it: a link carries none. */
export function fileLink(path: string, text: string, style = "", id = ""): HTMLElement {
  let href: string;
  try {
    href = here(path);
  } catch {
    return h("span", { class: "muted", text });
  }
  const made = h("a", { class: style, text, attrs: { href, target: "_blank", rel: "noopener", ...(id ? { id } : {}) } });
  made.addEventListener("click", (event) => {
    if (!hasToken()) return;
    event.preventDefault();
    const tab = window.open("", "_blank"); // now, for later it would count as a pop-up
    allow(new URL(href).pathname).then(() => {
      if (tab) [tab.opener, tab.location.href] = [null, href];
      else location.href = href;
    }).catch((failed: Error) => {
      tab?.close();
      byId("banner").textContent = failed.message;
      byId("banner").hidden = false;
    });
  });
  return made;
}
