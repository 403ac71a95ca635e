// Draws a graph with vis-network at the places the server has computed; physics is off. Labels reach the canvas and
// textContent only, never markup.

const pictures = new WeakMap();
const remembered = new Map();
const NEARBY = 0.55;
const MARGIN = 18;
const CLOSEST = 1.15;
const NARROW = 500;
const LEGIBLE = 0.62;

export default function draw(component) {
  const { parentElement, data } = component;
  const frame = parentElement.querySelector(".frame");
  if (!frame || !data) return undefined;
  let picture = pictures.get(frame);
  if (!picture) {
    picture = { waiting: null, network: null };
    pictures.set(frame, picture);
  }
  picture.component = component;
  if (globalThis.vis?.Network) show(picture, frame);
  else if (!picture.waiting) picture.waiting = setInterval(() => {
    if (!globalThis.vis?.Network) return;
    clearInterval(picture.waiting);
    picture.waiting = null;
    show(picture, frame);
  }, 25);
  return () => {
    clearInterval(picture.waiting);
    picture.watcher?.disconnect();
    if (picture.network) {
      remember(picture);
      picture.network.destroy();
      picture.network = null;
    }
    pictures.delete(frame);
  };
}

function show(picture, frame) {
  const { data } = picture.component;
  picture.ink = inks(frame);
  frame.style.setProperty("--height", `${data.height}px`);
  const first = !picture.network;
  if (first) begin(picture, frame);
  name(frame, data.words);
  const arrived = update(picture);
  if (picture.center !== data.center || first) settle(picture, first);
  picture.center = data.center;
  list(picture, frame);
  mark(picture);
  if (!first && arrived.length) fadeIn(picture, arrived);
}

function begin(picture, frame) {
  const stage = frame.querySelector(".stage");
  picture.nodes = new vis.DataSet();
  picture.edges = new vis.DataSet();
  picture.sent = new Map();
  picture.network = new vis.Network(stage, { nodes: picture.nodes, edges: picture.edges }, {
    physics: false,
    layout: { improvedLayout: false },
    interaction: { hover: true, zoomView: false, keyboard: false, selectConnectedEdges: false, tooltipDelay: 1e9, hideEdgesOnDrag: false },
    edges: { smooth: false, selectionWidth: 0, hoverWidth: 0, chosen: false },
    nodes: { chosen: false, shapeProperties: { borderRadius: 4 }, borderWidthSelected: 2 },
  });
  frame.network = picture.network;
  listen(picture, frame, stage);
  picture.watcher = new ResizeObserver(() => picture.network?.redraw());
  picture.watcher.observe(stage);
}

function listen(picture, frame, stage) {
  const { network } = picture;
  const send = (event, value) => picture.component.setTriggerValue(event, value);
  let single = 0;
  network.on("click", ({ nodes, edges }) => {
    stage.focus({ preventScroll: true });
    const target = nodes[0] ?? (edges[0] && `fact:${edges[0]}`);
    clearTimeout(single);
    if (!target) return;
    if (nodes[0]) { picture.chosen = nodes[0]; mark(picture); }
    single = setTimeout(() => send("picked", target), 230);
  });
  network.on("doubleClick", ({ nodes }) => {
    clearTimeout(single);
    if (nodes[0]) send("expanded", nodes[0]);
  });
  network.on("hoverNode", ({ node, event }) => tip(picture, frame, event, picture.nodes.get(node)));
  network.on("hoverEdge", ({ edge, event }) => tip(picture, frame, event, picture.edges.get(edge)));
  for (const over of ["blurNode", "blurEdge", "dragStart", "zoom"]) network.on(over, () => { frame.querySelector(".tip").hidden = true; });
  stage.addEventListener("focus", () => network.setOptions({ interaction: { zoomView: true } }));
  stage.addEventListener("blur", () => network.setOptions({ interaction: { zoomView: false } }));
  stage.addEventListener("keydown", (event) => key(picture, frame, event, send));
  for (const button of frame.querySelectorAll("[data-act]")) button.addEventListener("click", () => act(picture, button.dataset.act));
}

function key(picture, frame, event, send) {
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const at = picture.chosen ?? picture.component.data.center;
  if (directions[event.key]) {
    const next = toward(picture, at, directions[event.key]);
    if (next) { picture.chosen = next; mark(picture); say(picture, frame, next); bring(picture, next); }
  } else if (event.key === "Enter" || event.key === " ") {
    if (at) send(event.shiftKey ? "expanded" : "picked", at);
  } else if (event.key === "+" || event.key === "=") act(picture, "in");
  else if (event.key === "-") act(picture, "out");
  else if (event.key === "0") act(picture, "fit");
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function toward(picture, from, [dx, dy]) {
  const places = picture.network.getPositions();
  const here = places[from] ?? { x: 0, y: 0 };
  let best = null, least = Infinity;
  for (const [id, { x, y }] of Object.entries(places)) {
    const [vx, vy] = [x - here.x, y - here.y];
    const along = vx * dx + vy * dy, distance = Math.hypot(vx, vy);
    if (id === from || along <= 0 || along < distance * NEARBY) continue;
    const cost = distance + 1.5 * (distance - along);
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}

function update(picture) {
  const { data } = picture.component;
  const { nodes, edges, sent } = picture;
  const arrived = data.nodes.filter((n) => !nodes.get(n.id)).map((n) => n.id);
  const wanted = new Set(data.nodes.map((n) => n.id));
  const facts = new Set(data.edges.map((e) => e.id));
  edges.remove(edges.getIds().filter((id) => !facts.has(id)));
  nodes.remove(nodes.getIds().filter((id) => !wanted.has(id)));
  nodes.update(data.nodes.map((n) => {
    const look = dress(picture, n);
    const place = `${n.x},${n.y}`;
    if (sent.get(n.id) === place) { delete look.x; delete look.y; }
    sent.set(n.id, place);
    return look;
  }));
  edges.update(data.edges.map((e) => ({ ...e, arrows: e.link ? { to: { enabled: true, scaleFactor: 0.45 } } : undefined, color: { color: tint(e.color, picture.ink, 0.5 * e.strength + 0.2) }, width: 1.2 })));
  picture.around = new Map();
  for (const { id, from, to } of data.edges) {
    for (const end of [from, to]) picture.around.set(end, [...(picture.around.get(end) ?? []), id]);
  }
  return arrived;
}

function dress(picture, n) {
  const { ink } = picture;
  const { center, pinned } = picture.component.data;
  const middle = n.id === center;
  const common = { id: n.id, label: n.label, full: n.full, note: n.note, x: n.x, y: n.y, tone: n.color, opacity: 1 };
  const face = ink.face;
  const held = pinned.includes(n.id);
  if (n.box) return { ...common, shape: "box", margin: { top: 5, bottom: 5, left: 8, right: 8 }, borderWidth: middle || held ? 2 : 1,
    color: { background: ink.surface, border: middle ? ink.accent : held ? ink.text : ink.line, hover: { background: ink.surface, border: ink.text } },
    font: { color: ink.text, size: 13, face } };
  return { ...common, shape: "dot", size: Math.min(8 + 2.2 * Math.sqrt(n.links), 17) + (middle ? 5 : 0), borderWidth: middle || held ? 3 : 0,
    color: { background: n.color, border: middle ? ink.accent : ink.text, hover: { background: n.color, border: ink.text } },
    font: { color: ink.text, size: middle ? 16 : 13.5, face, strokeWidth: 4, strokeColor: ink.paper, vadjust: -2 } };
}

function mark(picture) {
  const { data } = picture.component;
  if (data.selected !== picture.shown) { picture.shown = data.selected; picture.chosen = data.selected || picture.chosen; }
  if (picture.chosen && !picture.nodes.get(picture.chosen)) picture.chosen = null;
  const { ink, chosen } = picture;
  const near = new Set(chosen ? picture.around.get(chosen) ?? [] : []);
  const glowing = new Set(data.glowing);
  const edges = [];
  const close = new Set(chosen ? [chosen] : []);
  picture.edges.forEach((e) => {
    const strong = near.has(e.id) || glowing.has(e.id) || data.path.includes(e.id);
    if (near.has(e.id)) { close.add(e.from); close.add(e.to); }
    const weight = strong ? 0.95 : near.size ? 0.16 : 0.5 * e.strength + 0.2;
    edges.push({ id: e.id, width: strong ? 2.4 : 1.2, color: { color: tint(e.tone, ink, weight) } });
  });
  picture.edges.update(edges);
  const looks = [];
  picture.nodes.forEach((n) => {
    const dim = near.size > 0 && !close.has(n.id);
    looks.push({ id: n.id, opacity: dim ? 0.32 : 1, font: { color: dim ? tint(ink.text, ink, 0.42) : ink.text },
      shadow: n.id === chosen ? { enabled: true, color: ink.accent, size: 16, x: 0, y: 0 } : { enabled: false } });
  });
  picture.nodes.update(looks);
}

function settle(picture, first) {
  const { data } = picture.component;
  const kept = first && remembered.get(data.memory);
  if (kept && kept.center === data.center) picture.network.moveTo({ position: kept.position, scale: kept.scale });
  else fit(picture, !first);
}

function fit(picture, moving) {
  const { network, nodes } = picture;
  const { clientWidth: w, clientHeight: h } = network.canvas.frame;
  if (!w || !h || !nodes.length) return;
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const id of nodes.getIds()) {
    const { left, right, top, bottom } = network.getBoundingBox(id);
    box.left = Math.min(box.left, left); box.right = Math.max(box.right, right);
    box.top = Math.min(box.top, top); box.bottom = Math.max(box.bottom, bottom);
  }
  const scale = Math.min((w - 2 * MARGIN) / (box.right - box.left), (h - 2 * MARGIN) / (box.bottom - box.top), CLOSEST);
  const least = w < NARROW ? LEGIBLE : 0.08;
  const middle = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
  const { center } = picture.component.data;
  network.moveTo({
    position: scale < least && nodes.get(center) ? network.getPosition(center) : middle, scale: Math.max(scale, least),
    animation: moving && calm() ? { duration: 350, easingFunction: "easeInOutQuad" } : false,
  });
}

function remember(picture) {
  const { network, center } = picture;
  remembered.set(picture.component.data.memory, { center, scale: network.getScale(), position: network.getViewPosition() });
}

function act(picture, what) {
  if (what === "fit") { fit(picture, true); return; }
  if (what === "save") { save(picture); return; }
  const scale = picture.network.getScale() * (what === "in" ? 1.3 : 1 / 1.3);
  picture.network.moveTo({ scale: Math.min(Math.max(scale, 0.1), 4), animation: calm() && { duration: 160, easingFunction: "easeOutQuad" } });
}

function save(picture) {
  const drawn = picture.network.canvas.frame.canvas;
  const sheet = Object.assign(document.createElement("canvas"), { width: drawn.width, height: drawn.height });
  const ctx = sheet.getContext("2d");
  ctx.fillStyle = picture.ink.paper;
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.drawImage(drawn, 0, 0);
  sheet.toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "graph.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

function bring(picture, id) {
  const { x, y } = picture.network.getPosition(id);
  const dom = picture.network.canvasToDOM({ x, y });
  const { clientWidth: w, clientHeight: h } = picture.network.canvas.frame;
  if (dom.x < 40 || dom.y < 40 || dom.x > w - 40 || dom.y > h - 40) picture.network.moveTo({ position: { x, y } });
}

function fadeIn(picture, ids) {
  if (!calm()) return;
  const start = performance.now();
  const step = (now) => {
    const share = Math.min((now - start) / 450, 1);
    const there = ids.filter((id) => picture.network && picture.nodes.get(id));
    if (!there.length) return;
    picture.nodes.update(there.map((id) => ({ id, opacity: 0.1 + 0.9 * share })));
    if (share < 1) requestAnimationFrame(step);
    else mark(picture);
  };
  requestAnimationFrame(step);
}

function list(picture, frame) {
  const stage = frame.querySelector(".stage");
  for (const old of stage.querySelectorAll(".option")) old.remove();
  for (const n of picture.component.data.nodes) {
    const option = document.createElement("div");
    option.className = "option";
    option.setAttribute("role", "option");
    option.dataset.node = n.id;
    option.textContent = `${n.full}, ${n.note}`;
    stage.append(option);
  }
}

function say(picture, frame, id) {
  const node = picture.nodes.get(id);
  frame.querySelector(".said").textContent = node ? `${node.full}, ${node.note}` : "";
}

function tip(picture, frame, event, item) {
  const box = frame.querySelector(".tip");
  if (!item || !event) return;
  const [title, note] = [document.createElement("b"), document.createElement("span")];
  title.textContent = item.full;
  note.textContent = item.note;
  box.replaceChildren(title, note);
  box.hidden = false;
  const bounds = frame.getBoundingClientRect();
  const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
  box.style.left = `${Math.max(8, Math.min(x + 14, bounds.width - box.offsetWidth - 8))}px`;
  box.style.top = `${y + 18 + box.offsetHeight > bounds.height ? y - box.offsetHeight - 12 : y + 18}px`;
}

function name(frame, words) {
  frame.querySelector(".stage").setAttribute("aria-label", words.canvas);
  frame.querySelector(".hint").textContent = words.hint;
  for (const button of frame.querySelectorAll("[data-act]")) {
    button.title = words[button.dataset.act];
    button.setAttribute("aria-label", words[button.dataset.act]);
  }
}

function inks(frame) {
  const style = getComputedStyle(frame);
  const value = (variable, otherwise) => style.getPropertyValue(variable).trim() || otherwise;
  return {
    text: value("--st-text-color", "#1b2430"), paper: value("--st-background-color", "#ffffff"),
    surface: value("--st-secondary-background-color", "#f4f6f8"), accent: value("--st-primary-color", "#1f6fbf"),
    line: mix(value("--st-text-color", "#1b2430"), value("--st-background-color", "#ffffff"), 0.35),
    face: style.fontFamily || "sans-serif",
  };
}

function tint(color, ink, weight) { return mix(color, ink.paper, weight); }

function mix(one, other, weight) {
  const [a, b] = [channels(one), channels(other)];
  return `rgb(${a.map((c, i) => Math.round(c * weight + b[i] * (1 - weight))).join(",")})`;
}

function channels(color) {
  if (color.startsWith("#")) {
    const hex = color.length === 4 ? [...color.slice(1)].map((c) => c + c).join("") : color.slice(1);
    return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
  }
  return (color.match(/[\d.]+/g) ?? ["128", "128", "128"]).slice(0, 3).map(Number);
}

function calm() { return !matchMedia("(prefers-reduced-motion: reduce)").matches; }
