// Finds controls within a node that something else covers, by a hit test at the middle, the edges
// and the corners of each. Menus and dialogs that somebody opened may cover them.
(within) => {
  const CONTROLS = "button, a[href], input:not([type=file]), select, textarea, summary, [role=button], [role=option]";
  const ABOVE = "dialog[open], .menu, .suggestions, .app[data-panel=open] .panel";
  const said = (node) => {
    const { tagName, className, textContent } = node;
    return `<${tagName.toLowerCase()} class="${className.baseVal ?? className}"> ${textContent.trim().slice(0, 40)}`;
  };
  const lineage = (node) => (node ? [node, ...lineage(node.parentElement)] : []);
  const radius = (node, box) => {
    const [given] = getComputedStyle(node).borderRadius.split(" ");
    const value = parseFloat(given) * (given.endsWith("%") ? box.width / 100 : 1);
    return Math.min(value, box.width / 2, box.height / 2);
  };
  // The part of a box that is to be seen, and how far from its corners that surely begins.
  const seen = (node, box) => {
    let { left, top, right, bottom } = box;
    let round = radius(node, box);
    for (const frame of lineage(node.parentElement)) {
      if (getComputedStyle(frame).overflow === "visible") continue;
      const edge = frame.getBoundingClientRect();
      [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
      [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
      round = Math.max(round, radius(frame, edge));
    }
    return { left, top, right: Math.min(right, innerWidth), bottom: Math.min(bottom, innerHeight), inset: 2 + 0.3 * round };
  };
  // From either end inwards, where things lie that are put into a corner, and the middle.
  const along = (first, last, inset) => {
    const middle = (first + last) / 2;
    const [from, to] = [Math.min(first + inset, middle), Math.max(last - inset, middle)];
    return [...new Set([0, 10, 20].flatMap((step) => [Math.min(from + step, middle), Math.max(to - step, middle)]).concat(middle))];
  };
  const places = ({ left, top, right, bottom, inset }) => {
    if (right - left < 2 || bottom - top < 2) return [];
    // Of what was scrolled away but for a strip, the ends may lie outside of a rounded corner.
    if (Math.min(right - left, bottom - top) < 2 * inset) return [[(left + right) / 2, (top + bottom) / 2]];
    return along(left, right, inset).flatMap((x) => along(top, bottom, inset).map((y) => [x, y]));
  };
  const faults = new Set();
  for (const node of within.querySelectorAll(CONTROLS)) {
    if (!node.checkVisibility({ visibilityProperty: true })) continue;
    for (const box of node.getClientRects()) {
      for (const [x, y] of places(seen(node, box))) {
        const hit = document.elementFromPoint(x, y);
        if (node.contains(hit) || hit?.closest("label")?.control === node) continue;
        const over = hit?.closest(ABOVE);
        if (over && !over.contains(node)) continue;
        faults.add(`${said(node)} is covered by ${hit && said(hit)}`);
      }
    }
  }
  return [...faults];
}
