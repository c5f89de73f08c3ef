// Line charts of a few series each over the same minutes, drawn as SVG.

const NS = "http://www.w3.org/2000/svg";
const width = 420, height = 150, left = 54, right = 6, top = 10, bottom = 20;

export function element(name, attributes, ...children) {
  const e = attributes && attributes.svg ? document.createElementNS(NS, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (key !== "svg") e.setAttribute(key, value);
  e.append(...children);
  return e;
}

const svg = (name, attributes, ...children) => element(name, { svg: true, ...attributes }, ...children);

// ceiling returns a round number at or above a value.
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].find((n) => n * power >= value) * power;
}

// Chart is one figure. Each of its lines has a name and the key of its value in samples; format formats a value. A sparse line has no
// point where its value is 0, since nothing was measured then.
export class Chart {
  constructor(title, lines, format) {
    Object.assign(this, { title, lines, format, samples: [] });
    this.values = lines.map(() => element("b", {}, "-"));
    const legend = lines.map((line, i) => element("li", {}, element("i", { class: `s${i}` }), `${line.name} `, this.values[i]));
    this.drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" });
    this.figure = element("figure", {}, element("figcaption", {}, title), element("ul", { class: "legend" }, ...legend), this.drawing);
    this.drawing.addEventListener("pointermove", (e) => this.point(e));
    this.drawing.addEventListener("pointerleave", () => { this.at = null; this.draw(); });
    new ResizeObserver(() => this.draw()).observe(this.drawing);
  }

  // show draws the samples of the span that ends at end, both in milliseconds.
  show(samples, end, span) {
    Object.assign(this, { samples, end, span });
    this.draw();
  }

  point(event) {
    const box = this.drawing.getBoundingClientRect();
    const time = this.end - this.span * (1 - (event.clientX - box.left - left) / (box.width - left - right));
    this.at = this.samples.reduce((best, s) => (!best || Math.abs(s.time - time) < Math.abs(best.time - time) ? s : best), null);
    this.draw();
  }

  draw() {
    const wide = this.drawing.clientWidth || width;
    if (this.samples.length === 0) return;
    this.drawing.setAttribute("viewBox", `0 0 ${wide} ${height}`);
    const top1 = ceiling(Math.max(...this.samples.flatMap((s) => this.lines.map((line) => s[line.key]))));
    const x = (time) => left + (wide - left - right) * (1 - (this.end - time) / this.span);
    const y = (value) => top + (height - top - bottom) * (1 - value / top1);
    this.drawing.replaceChildren(...this.axes(wide, top1, y), ...this.lines.flatMap((line, i) => this.line(line, i, x, y)));
    const shown = this.at || this.samples[this.samples.length - 1];
    if (this.at) this.drawing.append(svg("line", { class: "cursor", x1: x(shown.time), x2: x(shown.time), y1: top, y2: height - bottom }));
    const texts = this.lines.map((line) => (line.sparse && shown[line.key] === 0 ? "-" : this.format(shown[line.key])));
    this.values.forEach((value, i) => { value.textContent = texts[i]; });
    this.drawing.setAttribute("aria-label", `${this.title}: ` + this.lines.map((line, i) => `${line.name} ${texts[i]}`).join(", "));
  }

  axes(wide, top1, y) {
    const out = [0, top1 / 2, top1].flatMap((value) => [
      svg("line", { class: "grid", x1: left, x2: wide - right, y1: y(value), y2: y(value) }),
      svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, this.format(value)),
    ]);
    const minutes = Math.round(this.span / 60000);
    out.push(svg("text", { x: left, y: height - 4 }, `${minutes} min ago`), svg("text", { x: wide - right, y: height - 4, "text-anchor": "end" }, "now"));
    return out;
  }

  line(line, i, x, y) {
    const shown = this.samples.filter((s) => !line.sparse || s[line.key] > 0);
    const points = shown.map((s) => `${x(s.time).toFixed(1)},${y(s[line.key]).toFixed(1)}`);
    const drawn = [svg("polyline", { class: `s${i}`, points: points.join(" ") })];
    if (i === 0 && shown.length > 0) {
      const first = x(shown[0].time).toFixed(1), last = x(shown[shown.length - 1].time).toFixed(1);
      drawn.unshift(svg("polygon", { class: "s0", points: `${first},${y(0)} ${points.join(" ")} ${last},${y(0)}` }));
    }
    return drawn;
  }
}
