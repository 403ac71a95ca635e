// The build, live: words light up, nodes appear at places computed on the server, the ledger counts.
// Every text is set as text, never as markup. Offsets are Unicode code points, so texts are cut as code points.

const SVG = "http://www.w3.org/2000/svg";
const STAGGER_MS = 130;
const LABEL_PX = 11.5, LABELS = 26;
const views = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  let view = views.get(root);
  if (!view || !view.alive()) views.set(root, (view = new View(root)));
  view.show(component.data);
}

class View {
  constructor(root) {
    this.root = root;
    this.slots = {};
    root.querySelectorAll("[data-slot]").forEach((el) => (this.slots[el.dataset.slot] = el));
    this.labels = [...root.querySelectorAll("[data-label]")];
    this.camera = root.querySelector(".camera");
    this.layers = { edges: root.querySelector(".edges"), nodes: root.querySelector(".nodes") };
    this.nodes = new Map();
    this.edges = new Map();
    this.lit = new Set();
    this.told = new Set();
    new ResizeObserver(() => this.points && this.fit()).observe(this.slots.svg);
  }

  alive() { return this.root.contains(this.slots.svg); }

  show(data) {
    if (!data) return;
    this.colors = data.colors;
    this.labels.forEach((el) => (el.textContent = data.labels[el.dataset.label] ?? ""));
    this.reading(data.reading, data.labels);
    this.tokens(data.tokens);
    this.graph(data.graph, data.labels);
    this.side(data);
  }

  reading(reading, labels) {
    const changed = reading.product !== this.product;
    if (changed) this.lit = new Set();
    this.product = reading.product;
    this.slots.step.textContent = reading.step;
    const box = this.slots.pages;
    const before = box.scrollTop;
    if (!reading.pages.length) return box.replaceChildren(make("p", "quiet", labels.reading_empty));
    let fresh = 0, last = null;
    box.replaceChildren(...reading.pages.flatMap((page) => {
      const text = make("div", page.lead ? "text lead" : "text");
      const letters = Array.from(page.text);
      let at = 0;
      for (const span of apart(page.spans, letters.length)) {
        text.append(letters.slice(at, span.start).join(""));
        const mark = make("mark", span.stands ? "" : "apart", letters.slice(span.start, span.end).join(""));
        mark.style.setProperty("--family", this.colors[span.family]);
        mark.title = span.label;
        if (!this.lit.has(span.id)) {
          mark.classList.add("new");
          mark.style.animationDelay = `${fresh++ * STAGGER_MS}ms`;
          last = mark;
        }
        text.append(mark);
        at = span.end;
      }
      text.append(letters.slice(at).join(""));
      return page.lead ? [text] : [make("div", "field", page.field), text];
    }));
    reading.pages.forEach((page) => page.spans.forEach((span) => this.lit.add(span.id)));
    box.scrollTop = last ? Math.max(0, last.offsetTop - box.clientHeight / 2) : changed ? 0 : before;
  }

  tokens(text) {
    if (this.slots.tokens.textContent === text) return;
    this.slots.tokens.textContent = text;
    this.slots.tokens.scrollTop = this.slots.tokens.scrollHeight;
  }

  graph(graph, labels) {
    this.slots.svg.setAttribute("aria-label", graph.title);
    this.slots.size.textContent = graph.size;
    const degree = new Map();
    for (const edge of graph.edges) for (const end of [edge.from, edge.to]) degree.set(end, (degree.get(end) ?? 0) + 1);
    this.points = new Map(graph.nodes.map((node) => [node.id, node]));
    keep(this.edges, graph.edges, () => this.layers.edges.appendChild(svg("line")), (line, edge) => {
      const [from, to] = [this.points.get(edge.from), this.points.get(edge.to)];
      set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y });
      line.style.setProperty("--family", this.colors[edge.family]);
      line.classList.toggle("fresh", edge.fresh);
    });
    this.degree = degree;
    keep(this.nodes, graph.nodes, () => {
      const group = this.layers.nodes.appendChild(svg("g", "node"));
      group.append(svg("circle"), svg("text"), svg("title"));
      return group;
    }, (group, node) => {
      const [circle, text, title] = group.children;
      const radius = 5 + Math.min(9, 1.6 * Math.sqrt(degree.get(node.id) ?? 1));
      set(group, { transform: `translate(${node.x} ${node.y})` });
      circle.style.setProperty("--r", `${node.product ? radius * 0.85 : radius}px`);
      set(text, { y: -radius - 4 });
      text.textContent = shorten(node.label, node.product ? 24 : 30);
      title.textContent = `${node.label} · ${node.type}`;
      group.dataset.id = node.id;
      group.style.setProperty("--family", this.colors[node.family] ?? "currentColor");
      group.classList.toggle("product", node.product);
      group.classList.toggle("fresh", node.fresh);
    });
    this.slots.legend.replaceChildren(...graph.legend.map(([family, label]) => {
      const entry = make("span", "", label);
      entry.style.setProperty("--family", this.colors[family]);
      return entry;
    }));
    this.fit();
  }

  fit() {
    const { clientWidth: across, clientHeight: down } = this.slots.svg;
    const points = [...this.points.values()];
    if (!across || !points.length) return;
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y), margin = 44;
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = Math.min(1.5, (across - 2 * margin) / Math.max(right - left, 1), (down - 2 * margin) / Math.max(bottom - top, 1));
    const x = across / 2 - (scale * (left + right)) / 2, y = down / 2 - (scale * (top + bottom)) / 2;
    this.camera.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.layers.nodes.style.fontSize = `${LABEL_PX / scale}px`;
    this.layers.nodes.style.setProperty("--least", `${3.2 / scale}px`);
    this.name(scale);
  }

  // Labels in the order of their worth, new ones first; one that would cover another waits for the pointer.
  name(scale) {
    const worth = (node) => (node.fresh ? 1000 : 0) + (this.degree.get(node.id) ?? 0);
    const placed = [];
    for (const node of [...this.points.values()].sort((a, b) => worth(b) - worth(a))) {
      const group = this.nodes.get(node.id), text = group.children[1];
      const half = (0.52 * LABEL_PX * width(text.textContent)) / 2, x = node.x * scale;
      const y = (node.y + Number(text.getAttribute("y"))) * scale;
      const free = placed.length < LABELS && placed.every((p) => Math.abs(p.x - x) > p.half + half + 4 || Math.abs(p.y - y) > LABEL_PX + 3);
      if (free) placed.push({ x, y, half });
      group.classList.toggle("named", free);
    }
  }

  side(data) {
    this.slots.figures.replaceChildren(...data.figures.map(figure));
    this.slots.sum.setAttribute("aria-label", data.ledger_title);
    if (this.slots.sum.children.length !== data.addends.length)
      this.slots.sum.replaceChildren(...data.addends.map(() => document.createElement("i")));
    data.addends.forEach((addend, i) => {
      const bar = this.slots.sum.children[i];
      bar.style.flexGrow = addend.count;
      bar.style.background = addend.color;
      bar.title = `${addend.label}: ${addend.value}`;
    });
    this.slots.addends.replaceChildren(...data.addends.map(figure));
    this.slots.notice.textContent = data.notice;
    if (!data.feed.length) return this.slots.feed.replaceChildren(make("li", "quiet", data.labels.feed_empty));
    this.slots.feed.replaceChildren(...data.feed.map((fact) => {
      const item = make("li", fact.stands ? "" : "apart");
      item.style.setProperty("--family", this.colors[fact.family]);
      item.append(make("span", "who", fact.who), make("span", "relation", fact.relation + " "), make("strong", "", fact.value));
      item.append(make("div", "note", fact.note));
      if (!this.told.has(fact.id)) item.classList.add("new");
      return item;
    }));
    this.told = new Set(data.feed.map((fact) => fact.id));
  }
}

function keep(known, wanted, create, draw) {
  const ids = new Set(wanted.map((one) => one.id));
  for (const [id, element] of known) {
    if (ids.has(id)) continue;
    known.delete(id);
    element.classList.add("gone");
    setTimeout(() => element.remove(), 600);
  }
  for (const one of wanted) {
    let element = known.get(one.id);
    if (!element) {
      known.set(one.id, (element = create()));
      element.classList.add("new");
      element.addEventListener("animationend", () => element.classList.remove("new"), { once: true });
    }
    draw(element, one);
  }
}

function apart(spans, length) {
  const taken = [];
  for (const span of [...spans].sort((a, b) => a.start - a.end - (b.start - b.end) || a.start - b.start))
    if (span.start >= 0 && span.end <= length && taken.every((other) => span.end <= other.start || other.end <= span.start)) taken.push(span);
  return taken.sort((a, b) => a.start - b.start);
}

function figure({ label, value, unit, color }) {
  const pair = document.createElement("div"), term = make("dt", "", label), number = make("dd", "", value);
  if (unit) number.append(" ", make("small", "", unit));
  if (color) pair.style.setProperty("--family", color);
  pair.append(term, number);
  return pair;
}

function make(tag, name = "", text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function svg(tag, name = "") {
  const element = document.createElementNS(SVG, tag);
  if (name) element.setAttribute("class", name);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

// Chinese, Japanese and Korean letters are twice as wide as Latin ones.
const wide = (letter) => (/[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/.test(letter) ? 2 : 1);
const width = (text) => Array.from(text).reduce((sum, letter) => sum + wide(letter), 0);

function shorten(text, columns) {
  if (width(text) <= columns) return text;
  let kept = "";
  for (const letter of Array.from(text)) {
    if (width(kept) + wide(letter) > columns - 1) break;
    kept += letter;
  }
  return kept.trimEnd() + "…";
}
