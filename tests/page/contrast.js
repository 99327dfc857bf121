// Checks contrast on gradients too, of which axe only says that it cannot tell. Returns what is too faint.
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
