// Checks accessibility: names, contrast, focus and size of controls. Returns what breaks a rule.
() => {
  const faults = [];
  const visible = (node) => {
    if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };
  const modal = document.querySelector("dialog[open]");
  const within = modal ?? document.body;
  const said = (node) => {
    const { tagName, className, textContent } = node;
    return `<${tagName.toLowerCase()} class="${className.baseVal ?? className}"> ${textContent.trim().slice(0, 40)}`;
  };

  // Names.
  const CONTROLS = "button, a[href], input:not([type=file]), select, textarea, summary, [role=button], [role=menuitem], [role=option], [role=switch]";
  const nameOf = (node) => {
    const by = node.getAttribute("aria-labelledby");
    const labelled = by && by.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const label = node.labels?.length ? [...node.labels].map((each) => each.textContent).join(" ") : "";
    const alt = [...node.querySelectorAll("img[alt]")].map((each) => each.alt).join(" ");
    return (node.getAttribute("aria-label") || labelled || label || node.textContent || alt).trim();
  };
  for (const node of within.querySelectorAll(CONTROLS)) {
    if (!node.checkVisibility()) continue;
    if (!nameOf(node)) faults.push(`no name: ${said(node)}`);
    const box = node.getBoundingClientRect();
    const inText = node.closest(".text");
    if (!inText && box.width && (box.width < 24 || box.height < 24) && !node.labels?.length) faults.push(`too small to touch: ${said(node)} ${box.width}x${box.height}`);
  }
  for (const node of within.querySelectorAll("img:not([alt])")) faults.push(`no alternative text: ${said(node)}`);
  for (const node of within.querySelectorAll("section, nav, main, aside, dialog, [role=log], [role=menu], [role=listbox]")) {
    if (["main", "nav", "aside", "dialog"].includes(node.localName) && node.checkVisibility() && !node.getAttribute("aria-label") && !node.getAttribute("aria-labelledby")) faults.push(`no name: ${said(node)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) faults.push(`twice the same id: ${id}`);

  // Contrast. A gradient counts with every colour in it.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const stops = (style) => (style.backgroundImage.includes("gradient") ? style.backgroundImage.match(/rgba?\([^)]*\)/g) : null);
  const covered = (base, layers) => layers.reduceRight((ground, layer) => over(layer, ground), base);
  const grounds = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      // What stands in the log stands on the wall, which is no ancestor of it.
      const style = getComputedStyle(at.matches(".log") ? document.querySelector(".wall") : at);
      const own = (stops(style) ?? [style.backgroundColor]).map(rgba);
      if (own.every((colour) => colour[3] === 1)) return own.map((base) => covered(base, layers));
      if (own[0][3] > 0) layers.push(own[0]);
    }
    return [covered([255, 255, 255, 1], layers)];
  };
  const texts = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || seen.has(node) || !visible(node)) continue;
    seen.add(node);
    if (node.closest("svg.sprite, noscript, .spoiler:not(.shown), .sticker, :disabled, script")) continue;
    const style = getComputedStyle(node);
    const ink = rgba(node.namespaceURI.endsWith("svg") ? style.fill : style.color);
    for (const ground of grounds(node)) {
      const ratio = contrast(over(ink, ground), ground);
      if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${said(node)}`);
    }
  }
  return [...new Set(faults)];
}
