// Draws trees of `h` into the document, where only what is another than before is changed.

const SVG = "http://www.w3.org/2000/svg";
// By the nodes of the document: the name among its siblings, the tree that it shows, and its attributes.
const shown = new WeakMap();
let afterwards = [];

/**
 * Describes a node: its tag, its attributes and listeners (`onclick`), and its children: other trees,
 * texts, lists of both, or nothing (null, undefined, false). A node stays the same from one drawing to
 * the next by its place among its siblings, or by its `key`. `value` and `checked` are always what the
 * tree says; `defaultValue` is what a field begins with. `drawn` is called with the node when all is
 * drawn, and with whether it is new.
 *
 * In place of a tag stands a view, a function of `props`, for what is worth not drawing again while
 * each of its `props` is the same. It returns a tree with always the same tag.
 */
export function h(tag, props = {}, ...children) {
  return { tag, props, children };
}

/** Draws an icon from a drawing in index.html. */
export function icon(name) {
  return h("svg", { class: "icon", "aria-hidden": "true" }, h("use", { href: `#i-${name}` }));
}

/** Draws a round icon button with an accessible name. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

/** Makes the children of a node those of trees. Where the focused node goes, the focus stays near it. */
export function patch(parent, ...children) {
  const held = document.activeElement;
  const above = parent.contains(held) ? ancestorsOf(held) : [];
  patchChildren(parent, children);
  for (const call of afterwards.splice(0)) call();
  if (above.length && !held.isConnected) focusIn(above.find((node) => node.isConnected));
}

function patchChildren(parent, children) {
  const wanted = new Map(named(children));
  const there = new Map();
  for (const node of [...parent.childNodes]) {
    const { name, tree } = shown.get(node) ?? {};
    if (!tree) continue; // somebody else's
    if (wanted.get(name)?.tag === tree.tag) there.set(name, node);
    else node.remove();
  }
  let place = parent.firstChild;
  for (const [name, tree] of wanted) {
    const node = patchNode(there.get(name), name, tree, parent);
    if (node === place) place = node.nextSibling;
    else parent.insertBefore(node, place);
  }
}

/** The trees among children, each after its name: the key or the place, in a list after the list's. */
function named(children, list = "") {
  return children.flatMap((child, place) => {
    if (Array.isArray(child)) return named(child, `${list}${place}.`);
    if (child === null || child === undefined || child === false) return [];
    const tree = typeof child === "object" ? child : h("#text", { data: String(child) });
    const { key } = tree.props;
    return [[list + (key === undefined ? place : `key ${key}`), tree]];
  });
}

function patchNode(old, name, tree, parent) {
  const before = shown.get(old);
  if (before && isSame(before.tree, tree)) return old;
  const { tag, props, children } = typeof tree.tag === "function" ? tree.tag(tree.props) : tree;
  const node = old ?? newNode(tag, parent);
  shown.set(node, { name, tree, props });
  patchChildren(node, children);
  for (const each of Object.keys({ ...before?.props, ...props })) setProp(node, each, before?.props[each], props[each]);
  if (props.drawn) afterwards.push(() => props.drawn(node, !before));
  return node;
}

function isSame(before, tree) {
  const names = Object.keys(tree.props);
  if (before === tree || typeof tree.tag !== "function") return before === tree;
  return names.length === Object.keys(before.props).length && names.every((name) => Object.is(before.props[name], tree.props[name]));
}

function newNode(tag, parent) {
  if (tag === "#text") return document.createTextNode("");
  return document.createElementNS(tag === "svg" ? SVG : parent.namespaceURI, tag);
}

function setProp(node, name, before, value) {
  if (name === "key" || name === "drawn") return;
  if (name.startsWith("on")) node[name] = value ?? null;
  else if (PROPERTIES.has(name)) value === undefined || node[name] === value || (node[name] = value);
  else if (value === before) return;
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

const PROPERTIES = new Set(["data", "value", "checked", "defaultValue"]);

function ancestorsOf(node) {
  return node ? [node, ...ancestorsOf(node.parentElement)] : [];
}

function focusIn(node) {
  const left = node.querySelector("textarea") ?? [...node.querySelectorAll("button, a[href]")].at(-1);
  left?.focus({ preventScroll: true });
}

// What is not drawn by `patch` yet is drawn by these, which take trees of `h` among their children too.

/** Creates a node with attributes, listeners (`onclick`) and children (nodes or texts). */
export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** Creates an SVG node in the same way. */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

const OWN = new Set(["value", "checked", "disabled", "hidden"]);

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (OWN.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...made(children));
  return node;
}

/** Makes the node of a tree. */
export function built(tree) {
  const holder = document.createElement("div");
  patchChildren(holder, [tree]);
  return holder.firstChild;
}

const made = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
  .map((child) => (child.tag ? built(child) : child));

/** Replaces all children. */
export function fill(node, ...children) {
  node.replaceChildren(...made(children));
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
