// A chart as a file: the SVG as it is shown, with its colours written out, and a picture of it.

import { computed } from "../chart/colors.ts";

/** Returns an SVG that needs no style sheet, in the colours that are shown, on their ground. */
export function standalone(svg: SVGSVGElement, title: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const name = (attribute: "fill" | "stroke") => {
    for (const element of copy.querySelectorAll(`[${attribute}]`)) {
      element.setAttribute(attribute, computed(element.getAttribute(attribute) ?? "", svg));
    }
  };
  name("fill");
  name("stroke");
  // What only serves the page.
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    for (const attribute of ["class", "style", "role", "aria-label"]) {
      element.removeAttribute(attribute);
    }
  }
  const style = getComputedStyle(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("font-family", style.fontFamily.replaceAll('"', "'"));
  copy.setAttribute("font-size", "11");
  const box = svg.viewBox.baseVal;
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", computed("var(--panel)", svg));
  const named = document.createElementNS("http://www.w3.org/2000/svg", "title");
  named.textContent = title;
  copy.prepend(named, ground);
  return new XMLSerializer().serializeToString(copy);
}

/** Returns a PNG of an SVG, with so many pixels for each of its. */
export async function picture(svg: string, width: number, height: number, scale = 2): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (!context) {
    throw new Error("the browser draws no pictures");
  }
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the browser makes no PNG of this size"))),
      "image/png",
    ),
  );
}

/** Gives a file to the person, as a download. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it when the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Makes a file's name of a title. */
export function fileName(title: string): string {
  return (
    title
      .replace(/[^\p{L}\p{N}_-]+/gu, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 80) || "chart"
  );
}
