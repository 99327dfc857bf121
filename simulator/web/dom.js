// Helpers that create DOM nodes; text is inserted as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Creates a node with attributes, listeners (`onclick`) and children (nodes or texts). */
export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** Creates an SVG node in the same way. */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

/** Creates an icon from a drawing in index.html. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

/** Creates a round icon button with an accessible name. */
export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...shown(children));
  return node;
}

const shown = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

const PROPERTIES = { value: 1, checked: 1, disabled: 1, hidden: 1 };

/** Replaces all children. */
export function fill(node, ...children) {
  node.replaceChildren(...shown(children));
}

/**
 * Replaces all children by what `make` returns, if `sign` is another than the last time, and returns
 * whether it was. A focus inside goes to the first node that `focused` selects.
 */
export function refill(node, sign, make, focused = "textarea, button") {
  if (node.dataset.sign === sign) return false;
  node.dataset.sign = sign;
  const held = node.contains(document.activeElement);
  fill(node, make());
  if (held) node.querySelector(focused)?.focus();
  return true;
}

/** Gives a node a name, for screen readers and as a tooltip. */
export function entitle(node, name) {
  node.setAttribute("aria-label", name);
  node.title = name;
}

/**
 * Updates the children of a node to `rows`, each `{key, sign, make}`. Children with the same
 * key and sign stay untouched, so that nothing flickers or loses the focus.
 */
export function reconcile(node, rows) {
  const there = new Map([...node.children].map((child) => [child.dataset.key, child]));
  let place = node.firstElementChild;
  for (const { key, sign, make } of rows) {
    let child = there.get(key);
    there.delete(key);
    if (!child || child.dataset.sign !== sign) {
      const fresh = make(child);
      fresh.dataset.key = key;
      fresh.dataset.sign = sign;
      if (child) {
        if (child === place) place = child.nextElementSibling;
        replaceKeepingFocus(child, fresh);
      } else node.insertBefore(fresh, place);
      child = fresh;
    }
    if (child === place) place = place.nextElementSibling;
    else if (child.nextElementSibling !== place || !child.parentNode) node.insertBefore(child, place);
  }
  for (const child of there.values()) child.remove();
}

/** Replaces a node and focuses the button of the same name, or else one of the same kind. */
function replaceKeepingFocus(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const alike = (node) => [...node.querySelectorAll("button, a[href]")].filter((each) => each.classList[0] === held.classList[0]);
  const place = held ? alike(old).indexOf(held) : -1;
  old.replaceWith(fresh);
  if (place < 0) return;
  const now = alike(fresh);
  const same = now.find((each) => each.textContent === held.textContent);
  (same ?? now[Math.min(place, now.length - 1)] ?? fresh.querySelector("button, a[href]"))?.focus({ preventScroll: true });
}
