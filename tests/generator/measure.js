// SPDX-License-Identifier: BSD-2-Clause-Patent
// Measures the picture in a page and leaves the result in the document, for tests/generator/browser.py.
(async () => {
  const svg = document.querySelector("svg");
  const view = svg.viewBox.baseVal;

  // Whether the middle of a text is what one sees there: nothing is drawn over it.
  const isOnTop = (element) => {
    element.scrollIntoView({block: "center", inline: "center"});
    const box = element.getBoundingClientRect();
    const there = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    return there === element;
  };

  const boxes = [];
  for (const element of svg.querySelectorAll("rect, text, polyline, polygon")) {
    if (element.closest("defs") || element.getAttribute("width") === "100%") {
      continue;
    }
    const box = element.getBBox();
    boxes.push({
      kind: element.tagName,
      fill: element.getAttribute("fill") || "",
      text: element.tagName === "text" ? element.textContent : "",
      left: box.x,
      top: box.y,
      right: box.x + box.width,
      bottom: box.y + box.height,
      on_top: element.tagName !== "text" || isOnTop(element),
    });
  }

  // Each owner's pattern, drawn alone and turned into levels of grey.
  const greys = {};
  for (const pattern of svg.querySelectorAll("pattern")) {
    const image = new Image();
    const alone =
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><defs>' +
      new XMLSerializer().serializeToString(pattern) +
      `</defs><rect width="8" height="8" fill="url(#${pattern.id})"/></svg>`;
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(alone);
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, 8, 8).data;
    const levels = [];
    for (let at = 0; at < pixels.length; at += 4) {
      levels.push(Math.round(0.2126 * pixels[at] + 0.7152 * pixels[at + 1] + 0.0722 * pixels[at + 2]));
    }
    greys[pattern.id.replace("owner", "")] = levels;
  }

  const result = document.createElement("script");
  result.type = "application/json";
  result.id = "measured";
  const root = document.documentElement;
  result.textContent = JSON.stringify({
    width: view.width,
    height: view.height,
    boxes: boxes,
    greys: greys,
    sideways: root.scrollWidth > root.clientWidth,
  }).replaceAll("<", "\\u003c");
  document.body.append(result);
})();
