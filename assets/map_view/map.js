// The map under the hand: moving, zooming, pointing, opening, playing. Labels reach the canvas and textContent only.

const pictures = new WeakMap();
const remembered = new Map();
const FLIGHT = 420;
const PLAY = 9000;
const CLICKABLE = 4;

export default function draw(component) {
  const { parentElement, data } = component;
  const frame = parentElement.querySelector(".frame");
  if (!frame || !data) return undefined;
  let p = pictures.get(frame);
  if (!p) pictures.set(frame, (p = begin(frame)));
  p.component = component;
  take(p, data);
  return () => {
    store().waiting.delete(p.wake);
    p.watcher.disconnect();
    cancelAnimationFrame(p.flying);
    cancelAnimationFrame(p.playing);
    if (p.places) remembered.set(p.data.memory, { ...p.view, opened: p.data.opened });
    pictures.delete(frame);
  };
}

function store() { return (globalThis.shelfgraphMaps ??= { places: new Map(), names: new Map(), waiting: new Set() }); }

function begin(frame) {
  const stage = frame.querySelector(".stage"), canvas = frame.querySelector(".ground");
  const p = { frame, stage, canvas, ctx: canvas.getContext("2d"), view: { x: 0, y: 0, s: 1 }, near: -1, over: -1, hits: new Set(), step: 0 };
  p.wake = () => p.data && take(p, p.data);
  store().waiting.add(p.wake);
  p.watcher = new ResizeObserver(() => { if (p.places && !p.settled) settle(p); again(p); });
  p.watcher.observe(stage);
  listen(p);
  frame.picture = p;
  return p;
}

function take(p, data) {
  p.data = data;
  p.frame.style.setProperty("--height", `${data.height}px`);
  p.ink = inks(p.frame, data);
  const places = store().places.get(data.map);
  p.names = store().names.get(data.names);
  if (!places) return;
  if (places !== p.places) arrange(p, places);
  p.links = places.from.length ? places : { from: p.names?.from ?? [], to: p.names?.to ?? [] };
  p.labels = new Map((p.names?.labelled ?? []).map((k, i) => [k, p.names.labels[i]]));
  p.label = (k) => p.labels.get(k) ?? "";
  p.hits = new Set(data.hits);
  colour(p);
  if (p.given !== data.step) p.given = p.step = data.step;
  if (!p.playing && p.step > places.steps - 1) p.step = places.steps - 1;
  p.near = -1;
  said(p);
  if (!p.settled) settle(p);
  else if (p.entered !== data.opened) fly(p, data.opened >= 0 ? places.communities[data.opened] : null);
  else if (p.chosen !== data.selected && data.selected >= 0 && data.selected !== p.picked) bring(p, data.selected);
  p.entered = data.opened;
  p.chosen = data.selected;
  again(p);
}

function arrange(p, places) {
  const count = places.px.length;
  p.places = places;
  p.group = Uint16Array.from(places.part, (k) => places.part_of[k]);
  p.reach = Float32Array.from(places.degree, reach);
  p.byDegree = Uint32Array.from({ length: count }, (_, k) => k).sort((a, b) => places.degree[b] - places.degree[a] || a - b);
  p.order = p.byDegree.slice().reverse();
  p.settled = false;
}

function colour(p) {
  const { places, data } = p;
  const last = data.palette.length - 1;
  const code = {
    community: (k) => p.group[k], type: (k) => places.type[k], source: (k) => Math.min(places.source[k], last),
    sure: (k) => Math.round((places.sure[k] / 255) * last), time: (k) => Math.round((places.step[k] / Math.max(places.steps - 1, 1)) * last),
  }[data.by];
  const key = `${data.map} ${data.by} ${last}`;
  if (p.toned !== key) { p.tone = Uint16Array.from({ length: places.px.length }, (_, k) => code(k)); p.toned = key; }
  p.palette = data.palette.map(channels);
  // Products are a shade nearer to the ink than the values they have.
  p.deep = data.by === "community" ? p.palette.map((tone) => tone.map((v, i) => v * 0.5 + p.ink.text[i] * 0.5)) : p.palette;
}

function inks(frame, data) {
  const style = getComputedStyle(frame);
  const paper = channels(style.backgroundColor);
  return { text: channels(style.color), paper, accent: channels(data.accent), face: style.fontFamily, dark: paper[0] + paper[1] + paper[2] < 384 };
}

// Where to look

function settle(p) {
  if (!p.stage.clientWidth) return;
  const kept = remembered.get(p.data.memory);
  p.settled = true;
  if (kept && kept.opened === p.data.opened) p.view = { x: kept.x, y: kept.y, s: kept.s };
  else p.view = framing(p, p.data.opened >= 0 ? p.places.communities[p.data.opened] : null);
  if (p.data.selected >= 0 && p.data.opened < 0) p.view = framing(p, p.places.parts[p.places.part[p.data.selected]]);
}

function framing(p, circle) {
  const [w, h] = [p.stage.clientWidth, p.stage.clientHeight];
  const { origin, size } = p.places;
  if (circle) return { x: circle[0], y: circle[1], s: (Math.min(w, h) / 2 / circle[2]) * 0.94 };
  return { x: origin[0] + size[0] / 2, y: origin[1] + size[1] / 2, s: Math.min(w / size[0], h / size[1]) * 0.97 };
}

function fly(p, circle) { glide(p, framing(p, circle)); }

function bring(p, k) {
  const [x, y] = at(p, p.places.px[k], p.places.py[k]);
  if (p.reach[k] * p.view.s < CLICKABLE || !seen(p, x, y, -40)) fly(p, p.places.parts[p.places.part[k]]);
}

function glide(p, to) {
  cancelAnimationFrame(p.flying);
  const from = { ...p.view };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) { p.view = to; again(p); return; }
  const start = performance.now();
  const step = (now) => {
    const t = Math.min((now - start) / FLIGHT, 1), e = t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2;
    const s = from.s * (to.s / from.s) ** e;
    // The middle moves with the scale, so that the flight is straight on screen.
    const m = from.s === to.s ? e : (1 / from.s - 1 / s) / (1 / from.s - 1 / to.s);
    p.view = { x: from.x + (to.x - from.x) * m, y: from.y + (to.y - from.y) * m, s };
    paint(p);
    if (t < 1) p.flying = requestAnimationFrame(step);
  };
  p.flying = requestAnimationFrame(step);
}

function again(p) {
  if (p.pending) return;
  p.pending = requestAnimationFrame(() => { p.pending = 0; if (p.places) paint(p); });
}

function zoom(p, factor, x, y) {
  const { w, h } = p.size;
  const least = framing(p, null).s * 0.6;
  const s = Math.min(Math.max(p.view.s * factor, least), 60);
  const k = 1 / p.view.s - 1 / s;
  p.view = { x: p.view.x + (x - w / 2) * k, y: p.view.y + (y - h / 2) * k, s };
  again(p);
}

// What is under the pointer

function point(event, p) {
  const box = p.stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function nodeAt(p, x, y) {
  const { places, view, size } = p;
  const ux = (x - size.w / 2) / view.s + view.x, uy = (y - size.h / 2) / view.s + view.y;
  let best = -1, least = Infinity;
  const slack = 3 / view.s;
  for (let k = 0; k < places.px.length; k++) {
    const dx = places.px[k] - ux, dy = places.py[k] - uy;
    const far = Math.hypot(dx, dy) - p.reach[k];
    if (far > slack || far >= least) continue;
    const open = p.hits.has(k) || p.reach[k] * view.s >= CLICKABLE || (p.group[k] === p.data.opened && p.reach[k] * view.s >= 2);
    if (open && (p.step >= places.steps - 1 || places.step[k] <= p.step)) [best, least] = [k, far];
  }
  return best;
}

function communityAt(p, x, y) {
  const { places, view, size } = p;
  const ux = (x - size.w / 2) / view.s + view.x, uy = (y - size.h / 2) / view.s + view.y;
  return places.communities.findIndex(([cx, cy, r]) => Math.hypot(cx - ux, cy - uy) <= r);
}

// Listening

function listen(p) {
  const { stage, frame } = p;
  const held = new Map();
  let moved = 0, spread = 0;
  stage.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, point(event, p));
    moved = 0; spread = 0;
    cancelAnimationFrame(p.flying);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const here = point(event, p);
    const was = held.get(event.pointerId);
    if (!was) { hover(p, here, event); return; }
    moved += Math.hypot(here[0] - was[0], here[1] - was[1]);
    held.set(event.pointerId, here);
    if (held.size === 2) {
      const [a, b] = [...held.values()];
      const now = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (spread) zoom(p, now / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      spread = now;
    } else if (moved > 4 && p.places) {
      stage.classList.add("dragging");
      p.view.x -= (here[0] - was[0]) / p.view.s;
      p.view.y -= (here[1] - was[1]) / p.view.s;
      tip(p, null);
      again(p);
    }
  });
  const release = (event) => {
    const clicked = held.delete(event.pointerId) && moved <= 4 && event.type === "pointerup";
    stage.classList.remove("dragging");
    if (clicked && p.places) click(p, point(event, p));
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerleave", () => { p.near = p.over = -1; tip(p, null); again(p); });
  stage.addEventListener("wheel", (event) => {
    if (!p.places || frame.getRootNode().activeElement !== stage) return;
    event.preventDefault();
    zoom(p, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), ...point(event, p));
  }, { passive: false });
  stage.addEventListener("keydown", (event) => key(p, event));
  for (const button of frame.querySelectorAll("[data-act]")) button.addEventListener("click", () => act(p, button.dataset.act));
  const range = frame.querySelector("input");
  range.addEventListener("input", () => { halt(p); show(p, Number(range.value)); });
  range.addEventListener("change", () => send(p, "moved", range.value));
}

function send(p, event, value) { p.component.setTriggerValue(event, String(value)); }

function click(p, [x, y]) {
  p.stage.focus({ preventScroll: true });
  const node = nodeAt(p, x, y);
  if (node >= 0) { p.picked = node; p.data.selected = node; send(p, "picked", node); again(p); return; }
  const community = communityAt(p, x, y);
  if (community >= 0 && community !== p.data.opened) open(p, community);
  else if (community < 0 && p.data.opened >= 0) open(p, -1);
}

function open(p, community) {
  fly(p, community >= 0 ? p.places.communities[community] : null);
  p.entered = community;
  p.data = { ...p.data, opened: community };
  send(p, "opened", community);
}

function hover(p, [x, y], event) {
  if (!p.places || p.looking) return;
  p.looking = requestAnimationFrame(() => {
    p.looking = 0;
    const node = nodeAt(p, x, y), community = communityAt(p, x, y);
    if (node !== p.near || community !== p.over) { p.near = node; p.over = community; again(p); }
    p.stage.classList.toggle("pointing", node >= 0 || (community >= 0 && community !== p.data.opened));
    if (node >= 0 && p.label(node)) tip(p, event, p.label(node), p.names.types[p.places.type[node]], p.data.words.facts.replace("{n}", p.places.degree[node].toLocaleString("en-US")));
    else if (community >= 0 && community !== p.data.opened && p.names) tip(p, event, p.names.communities[community].name, p.names.communities[community].note);
    else tip(p, null);
  });
}

function tip(p, event, title, ...notes) {
  const box = p.frame.querySelector(".tip");
  box.hidden = !event;
  if (!event) return;
  const [name, note] = [document.createElement("b"), document.createElement("span")];
  name.textContent = title;
  note.textContent = notes.join(" · ");
  box.replaceChildren(name, note);
  const bounds = p.frame.getBoundingClientRect();
  const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
  box.style.left = `${Math.max(8, Math.min(x + 14, bounds.width - box.offsetWidth - 8))}px`;
  box.style.top = `${y + 18 + box.offsetHeight > bounds.height ? y - box.offsetHeight - 12 : y + 18}px`;
}

function key(p, event) {
  if (!p.places) return;
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (ways[event.key]) {
    const next = toward(p, ways[event.key]);
    if (next >= 0) { p.over = next; say(p, next); again(p); }
  } else if (event.key === "Enter" && p.over >= 0) open(p, p.over);
  else if (event.key === "Escape" && p.data.opened >= 0) open(p, -1);
  else if (event.key === "+" || event.key === "=") act(p, "in");
  else if (event.key === "-") act(p, "out");
  else if (event.key === "0") act(p, "fit");
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function toward(p, [dx, dy]) {
  const circles = p.places.communities;
  const here = circles[p.over] ?? [p.view.x, p.view.y];
  let best = -1, least = Infinity;
  circles.forEach(([x, y], c) => {
    const [vx, vy] = [x - here[0], y - here[1]];
    const along = vx * dx + vy * dy, far = Math.hypot(vx, vy);
    if (c === p.over || along <= far * 0.4) return;
    const cost = far + 1.5 * (far - along);
    if (cost < least) [best, least] = [c, cost];
  });
  return best;
}

function act(p, what) {
  if (!p.places) return;
  if (what === "fit") { if (p.data.opened >= 0) open(p, -1); else fly(p, null); }
  else if (what === "save") save(p);
  else if (what === "play") p.playing ? halt(p, true) : play(p);
  else {
    const s = p.view.s * (what === "in" ? 1.6 : 1 / 1.6);
    glide(p, { ...p.view, s: Math.min(Math.max(s, framing(p, null).s * 0.6), 60) });
  }
}

function save(p) {
  p.opaque = true;
  paint(p);
  p.canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${p.data.file}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  p.opaque = false;
  again(p);
}

// Growth, played again

function play(p) {
  const last = p.places.steps - 1;
  const first = p.step >= last ? 0 : p.step;
  const start = performance.now();
  const step = (now) => {
    const t = Math.min((now - start) / (PLAY * (1 - first / Math.max(last, 1))), 1);
    show(p, Math.round(first + (last - first) * t));
    if (t < 1) p.playing = requestAnimationFrame(step);
    else halt(p, true);
  };
  p.playing = requestAnimationFrame(step);
  mark(p);
}

function halt(p, tell) {
  if (!p.playing) return;
  cancelAnimationFrame(p.playing);
  p.playing = 0;
  mark(p);
  if (tell) send(p, "moved", p.step);
}

function show(p, step) {
  if (p.step === step) return;
  p.step = step;
  mark(p);
  again(p);
}

function mark(p) {
  const { words } = p.data;
  const range = p.frame.querySelector("input");
  range.max = Math.max(p.places.steps - 1, 0);
  range.value = p.step;
  const told = p.names?.steps[p.step] ?? "";
  range.setAttribute("aria-valuetext", told);
  p.frame.querySelector("output").textContent = told;
  const button = p.frame.querySelector("[data-act=play]");
  button.setAttribute("aria-label", p.playing ? words.stop : words.play);
  button.querySelector("path").setAttribute("d", p.playing ? "M5 3.5v9M11 3.5v9" : "M5 3.2v9.6L12.5 8z");
}

// Words for those who do not see the canvas

function said(p) {
  const { words } = p.data;
  p.stage.setAttribute("aria-label", words.canvas);
  p.frame.querySelector(".hint").textContent = words.hint;
  for (const act of ["in", "out", "fit", "save"]) {
    const button = p.frame.querySelector(`[data-act=${act}]`);
    button.setAttribute("aria-label", words[act]);
    button.title = words[act];
  }
  p.frame.querySelector("input").setAttribute("aria-label", words.time);
  mark(p);
  const box = p.frame.querySelector(".options");
  box.replaceChildren(...(p.names?.communities ?? []).map(({ name, note }) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.textContent = `${name}, ${note}`;
    return option;
  }));
}

function say(p, community) {
  const told = p.names?.communities[community];
  p.frame.querySelector(".said").textContent = told ? `${told.name}, ${told.note}` : "";
}
