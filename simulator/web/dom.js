// Draws trees of `h` into the document, where only what is another than before is changed.

const SVG = "http://www.w3.org/2000/svg";
// By the nodes of the document: the name among its siblings, the tree that it shows, and its attributes.
const shown = new WeakMap();
const afterwards = [];

/**
 * Describes a node: its tag, its attributes and listeners (`onclick`), and its children: other trees,
 * texts, lists of both, or nothing (null, undefined, false). A node stays the same from one drawing to
 * the next by its place among its siblings, or by its `key`. `value` and `checked` are always what the
 * tree says; `defaultValue` is what a field begins with. A button submits no form unless its `type`
 * says so. `drawn` is called with the node when all is drawn, and with whether it is new.
 *
 * In place of a tag stands a view, a function of `props`, for what is worth not drawing again while
 * each of its `props`, and each item of a list among them, is the same. It returns a tree with always
 * the same tag.
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
  return h("button", { class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

/** Draws a switch with the words that name it; `props` are those of its input. */
export function switchButton(props, words) {
  return h("label", { class: "switch", for: props.id },
    h("span", { class: "switch-words" }, words),
    h("input", { type: "checkbox", role: "switch", ...props }),
    h("span", { class: "switch-track", "aria-hidden": "true" }));
}

/** Makes the children of a node those of trees. */
export function patch(parent, ...children) {
  const held = parent.contains(document.activeElement) ? document.activeElement : null;
  const words = held?.localName === "button" ? held.textContent : "";
  const around = [];
  for (let each = held; each && each !== parent; each = each.parentElement) around.push(each.parentElement);
  patchChildren(parent, children);
  for (const call of afterwards.splice(0)) call();
  if (held && (!held.isConnected || (words && held.textContent !== words))) keepFocus(held, words, around);
}

/** Focuses the button near the focused one that has its words now; if that has gone, what is left near it. */
function keepFocus(held, words, around) {
  // In a row of a list, what is left there; else in the list, and so on.
  const near = around.find((node, place) => place > 0 && node.isConnected) ?? around[0];
  const left = [...near.querySelectorAll("textarea, button, a[href]")];
  const same = words ? left.find((node) => node.textContent === words) : null;
  if (held.isConnected && !same) return;
  const next = same ?? left.find((node) => node.localName === "textarea") ?? left.at(-1);
  next?.focus({ preventScroll: true });
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
  if (before === tree || typeof tree.tag !== "function") return before === tree;
  return Object.entries(tree.props).every(([name, value]) => isEqual(before.props[name], value));
}

const isEqual = (one, other) => one === other
  || (Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((each, place) => each === other[place]));

function newNode(tag, parent) {
  if (tag === "#text") return document.createTextNode("");
  const node = document.createElementNS(tag === "svg" ? SVG : parent.namespaceURI, tag);
  return Object.assign(node, tag === "button" && { type: "button" });
}

function setProp(node, name, before, value) {
  if (name === "key" || name === "drawn") return;
  // What a listener returns means nothing: false would stop the event.
  if (name.startsWith("on")) node[name] = value ? (event) => void value(event) : null;
  else if (PROPERTIES.has(name)) value === undefined || node[name] === value || (node[name] = value);
  else if (value === before) return;
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

const PROPERTIES = new Set(["data", "value", "checked", "defaultValue"]);

/** Makes a text field as high as its text, where the style sheet cannot. */
export function fit(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
