// Paints a map on a canvas: communities and their ties, every node as a dab in a raster, names where there is room.

const TAU = Math.PI * 2;
const LABELS = 130;
const NODE_LABEL = 5.2;
const PART_SHOWS = 26;
const LINES = 24000;

function reach(degree) { return Math.min(0.98, 0.44 + 0.1 * Math.log2(1 + degree)); }

function paint(p) {
  const { canvas, ctx, view, ink } = p;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [w, h] = [p.stage.clientWidth, p.stage.clientHeight];
  if (!w || !h || !p.places) return;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    p.raster = null;
  }
  p.size = { w, h, ratio };
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, w, h);
  if (p.opaque) { ctx.fillStyle = ink.paper; ctx.fillRect(0, 0, w, h); }
  grounds(p);
  ties(p);
  lines(p);
  dabs(p);
  rings(p);
  names(p);
}

function at(p, x, y) { return [(x - p.view.x) * p.view.s + p.size.w / 2, (y - p.view.y) * p.view.s + p.size.h / 2]; }

function seen(p, x, y, r) { return x + r > 0 && y + r > 0 && x - r < p.size.w && y - r < p.size.h; }

function grounds(p) {
  const { ctx, places, data, view, ink } = p;
  const among = data.opened >= 0;
  places.communities.forEach(([x, y, r], c) => {
    const [sx, sy] = at(p, x, y), sr = r * view.s;
    if (!seen(p, sx, sy, sr)) return;
    const tone = data.by === "community" ? data.tones[c] : ink.text;
    const strong = c === p.over || c === data.opened;
    disc(ctx, sx, sy, sr);
    ctx.fillStyle = rgba(tone, among && c !== data.opened ? 0.03 : (strong ? 0.13 : ink.dark ? 0.1 : 0.07) * (data.by === "community" ? 1 : 0.5));
    ctx.fill();
    ctx.lineWidth = strong ? 1.6 : 1;
    ctx.strokeStyle = rgba(tone, strong ? 0.85 : among ? 0.18 : 0.34);
    ctx.stroke();
  });
  places.parts.forEach(([x, y, r], k) => {
    const [sx, sy] = at(p, x, y), sr = r * view.s;
    if (sr < PART_SHOWS || !seen(p, sx, sy, sr)) return;
    disc(ctx, sx, sy, sr);
    ctx.fillStyle = rgba(data.by === "community" ? data.tones[places.part_of[k]] : ink.text, Math.min(0.05, (sr - PART_SHOWS) / 600) + 0.02);
    ctx.fill();
  });
}

function ties(p) {
  const { ctx, places, view, data, ink } = p;
  const far = places.communities.length ? Math.max(...places.communities.map(([, , r]) => r)) * view.s : 0;
  const fade = Math.max(0, Math.min(1, (p.size.h * 0.6 - far) / (p.size.h * 0.3)));
  if (!fade || data.opened >= 0) return;
  ctx.lineCap = "round";
  for (const [a, b, strength] of places.ties) {
    const mine = p.over >= 0 && (p.over === a || p.over === b);
    const [ax, ay, ar] = places.communities[a], [bx, by, br] = places.communities[b];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
    const [x1, y1] = at(p, ax + ux * ar, ay + uy * ar), [x2, y2] = at(p, bx - ux * br, by - uy * br);
    const bend = length > ar + br + 6 ? 0.14 : 0;
    const [mx, my] = [(x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend];
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.quadraticCurveTo(mx, my, x2, y2);
    ctx.lineWidth = 0.8 + 4.2 * strength;
    ctx.strokeStyle = rgba(ink.text, fade * (mine ? 0.5 : p.over >= 0 ? 0.05 : 0.06 + 0.16 * strength));
    ctx.stroke();
  }
}

function lines(p) {
  const { ctx, view, data, ink } = p;
  const chosen = p.near >= 0 ? p.near : data.selected;
  const { from, to } = p.links;
  if (!from.length) return;
  const shown = (k) => p.step >= p.places.steps - 1 || p.places.step[k] <= p.step;
  if (view.s > 3 || data.opened >= 0) {
    ctx.beginPath();
    let count = 0;
    for (let k = 0; k < from.length && count < LINES; k++) {
      const a = from[k], b = to[k];
      if (data.opened >= 0 && p.group[a] !== data.opened) continue;
      if (p.group[a] !== p.group[b] || !shown(a) || !shown(b)) continue;
      const [x1, y1] = at(p, p.places.px[a], p.places.py[a]), [x2, y2] = at(p, p.places.px[b], p.places.py[b]);
      if (!seen(p, (x1 + x2) / 2, (y1 + y2) / 2, Math.abs(x1 - x2) + Math.abs(y1 - y2))) continue;
      ctx.moveTo(x1, y1);
      ctx.lineTo(x2, y2);
      count++;
    }
    ctx.lineWidth = 0.6;
    ctx.strokeStyle = rgba(ink.text, (chosen >= 0 ? 0.4 : 1) * Math.min(0.16, Math.max(0.035, 60 / (count + 300))));
    ctx.stroke();
  }
  if (chosen < 0) return;
  ctx.beginPath();
  p.around = new Set();
  for (let k = 0; k < from.length; k++) {
    if (from[k] !== chosen && to[k] !== chosen) continue;
    const other = from[k] === chosen ? to[k] : from[k];
    if (!shown(other)) continue;
    p.around.add(other);
    const [x1, y1] = at(p, p.places.px[chosen], p.places.py[chosen]), [x2, y2] = at(p, p.places.px[other], p.places.py[other]);
    ctx.moveTo(x1, y1);
    ctx.quadraticCurveTo((x1 + x2) / 2 - (y2 - y1) * 0.08, (y1 + y2) / 2 + (x2 - x1) * 0.08, x2, y2);
  }
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = rgba(ink.accent, 0.55);
  ctx.stroke();
}

function dabs(p) {
  const { places, view, data, size } = p;
  const { ratio } = size;
  const [W, H] = [p.canvas.width, p.canvas.height];
  if (!p.raster) {
    p.raster = new ImageData(W, H);
    p.sheet = new OffscreenCanvas(W, H);
  }
  const pixels = p.raster.data;
  pixels.fill(0);
  const s = view.s * ratio, ox = W / 2 - view.x * s, oy = H / 2 - view.y * s;
  const all = p.step >= places.steps - 1;
  const hits = p.hits.size > 0;
  for (const k of p.order) {
    if (!all && places.step[k] > p.step) continue;
    const x = places.px[k] * s + ox, y = places.py[k] * s + oy;
    let r = p.reach[k] * s;
    if (x < -r || y < -r || x > W + r || y > H + r) continue;
    let weight = 0.92;
    if (data.opened >= 0 && p.group[k] !== data.opened) weight = 0.22;
    if (hits) weight = p.hits.has(k) ? 1 : weight * 0.3;
    if (!all && places.step[k] > p.step - 3) { r *= 1.7; weight = 1; }
    const tone = (places.type[k] === places.product ? p.deep : p.palette)[p.tone[k]];
    dab(pixels, W, H, x, y, r, tone, weight);
  }
  const sheet = p.sheet.getContext("2d");
  sheet.putImageData(p.raster, 0, 0);
  p.ctx.setTransform(1, 0, 0, 1, 0, 0);
  p.ctx.drawImage(p.sheet, 0, 0);
  p.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
}

// A filled circle, its edge smoothed; one smaller than a pixel covers its part of that pixel, so crowds look dense.
function dab(pixels, W, H, x, y, r, [R, G, B], weight) {
  if (r < 0.6) {
    spot(pixels, (Math.floor(y) * W + Math.floor(x)) * 4, R, G, B, weight * Math.max(0.22, Math.min(1, Math.PI * r * r)), x >= 0 && x < W && y >= 0 && y < H);
    return;
  }
  const [left, right] = [Math.max(0, Math.floor(x - r)), Math.min(W - 1, Math.ceil(x + r))];
  const [top, bottom] = [Math.max(0, Math.floor(y - r)), Math.min(H - 1, Math.ceil(y + r))];
  for (let row = top; row <= bottom; row++) {
    const dy = row + 0.5 - y;
    for (let column = left; column <= right; column++) {
      const cover = r + 0.5 - Math.hypot(column + 0.5 - x, dy);
      if (cover > 0) spot(pixels, (row * W + column) * 4, R, G, B, weight * Math.min(cover, 1), true);
    }
  }
}

function spot(pixels, i, R, G, B, alpha, inside) {
  if (!inside) return;
  const below = pixels[i + 3] / 255;
  const whole = alpha + below * (1 - alpha);
  const share = alpha / whole;
  pixels[i] += (R - pixels[i]) * share;
  pixels[i + 1] += (G - pixels[i + 1]) * share;
  pixels[i + 2] += (B - pixels[i + 2]) * share;
  pixels[i + 3] = whole * 255;
}

function rings(p) {
  const { ctx, places, view, ink, data } = p;
  const ring = (k, color, width, extra) => {
    const [x, y] = at(p, places.px[k], places.py[k]);
    const r = Math.max(p.reach[k] * view.s, 1.5) + extra;
    if (!seen(p, x, y, r)) return;
    disc(ctx, x, y, r);
    ctx.lineWidth = width;
    ctx.strokeStyle = rgba(color, 1);
    ctx.stroke();
  };
  for (const k of p.hits) ring(k, ink.accent, 1.6, 3);
  if (p.near >= 0 && p.near !== data.selected) ring(p.near, ink.text, 1.2, 2.5);
  if (data.selected >= 0) { ring(data.selected, ink.paper, 4, 3.5); ring(data.selected, ink.accent, 2.2, 3.5); }
}

function names(p) {
  const { ctx, places, view, data, size } = p;
  const taken = [];
  const middle = { textAlign: "center" };
  for (const k of [data.selected, p.near].filter((k) => k >= 0)) nodeName(p, k, taken, true);
  if (p.hits.size <= 60) for (const k of p.hits) nodeName(p, k, taken, false, 600);
  places.communities.forEach(([x, y, r], c) => {
    const sr = r * view.s;
    const [sx, sy] = at(p, x, y);
    const told = p.names?.communities[c];
    if (!told || !seen(p, sx, sy, 0) || (data.opened >= 0 && c !== data.opened && sr < 40)) return;
    if (sr > size.h * 0.42 || sr < 13) return;
    const px = Math.max(11, Math.min(17, sr * 0.17));
    const alpha = data.opened >= 0 && c !== data.opened ? 0.4 : 1;
    text(p, told.lines, sx, sy, px, 620, alpha, taken, sr * 1.9, middle);
  });
  places.parts.forEach(([x, y, r], k) => {
    const sr = r * view.s;
    if (sr < 46 || sr > size.h * 0.6) return;
    const [sx, sy] = at(p, x, y);
    const c = places.part_of[k];
    const told = p.names?.parts[k];
    if (!told || !seen(p, sx, sy, 0) || places.communities[c][2] * view.s < size.h * 0.3) return;
    if (data.opened >= 0 && c !== data.opened) return;
    text(p, [told], sx, sy - sr - 1, Math.max(11, Math.min(14, sr * 0.12)), 600, 0.9, taken, sr * 2.2, middle);
  });
  let left = LABELS;
  for (const k of p.byDegree) {
    if (left <= 0) break;
    if (p.reach[k] * view.s < NODE_LABEL) { if (p.reach[k] * view.s < NODE_LABEL * 0.6) break; continue; }
    if (p.step < places.steps - 1 && places.step[k] > p.step) continue;
    if (data.opened >= 0 && p.group[k] !== data.opened) continue;
    if (nodeName(p, k, taken, false)) left--;
  }
}

function nodeName(p, k, taken, forced, weight = forced ? 600 : 450) {
  const label = p.label(k);
  if (!label) return false;
  const [x, y] = at(p, p.places.px[k], p.places.py[k]);
  if (!seen(p, x, y, 0)) return false;
  const r = p.reach[k] * p.view.s;
  return text(p, [label], x, y + r + 8, forced ? 12.5 : 11.5, weight, 1, taken, weight > 500 ? 200 : 120, { textAlign: "center", forced });
}

// Lines of text in the middle of a point, with a halo; not where they would cover others.
function text(p, lines, x, y, px, weight, alpha, taken, most, { forced = false }) {
  const { ctx, ink } = p;
  ctx.font = `${weight} ${px}px ${ink.face}`;
  const shown = lines.map((line) => clipped(ctx, line, most));
  const width = Math.max(...shown.map((line) => ctx.measureText(line).width));
  const height = px * 1.2 * shown.length;
  const box = [x - width / 2 - 2, y - height / 2 - 1, x + width / 2 + 2, y + height / 2 + 1];
  if (!forced && taken.some(([a, b, c, d]) => box[0] < c && box[2] > a && box[1] < d && box[3] > b)) return false;
  taken.push(box);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  shown.forEach((line, row) => {
    const ly = y + (row - (shown.length - 1) / 2) * px * 1.2;
    ctx.lineWidth = Math.max(3, px * 0.28);
    ctx.strokeStyle = rgba(ink.paper, 0.88 * alpha);
    ctx.strokeText(line, x, ly);
    ctx.fillStyle = rgba(ink.text, alpha);
    ctx.fillText(line, x, ly);
  });
  return true;
}

function clipped(ctx, line, most) {
  if (ctx.measureText(line).width <= most) return line;
  let short = line;
  while (short.length > 2 && ctx.measureText(`${short}…`).width > most) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}

function disc(ctx, x, y, r) { ctx.beginPath(); ctx.arc(x, y, Math.max(r, 0.1), 0, TAU); }

function rgba(color, alpha) { const [r, g, b] = Array.isArray(color) ? color : channels(color); return `rgba(${r},${g},${b},${alpha})`; }

function channels(color) {
  if (color.startsWith("#")) return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  return (color.match(/[\d.]+/g) ?? ["128", "128", "128"]).slice(0, 3).map(Number);
}
