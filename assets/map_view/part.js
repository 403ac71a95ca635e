// Takes in a part of a map that does not change while it is looked at: its places (bytes), or its names (JSON). Each is
// a message of its own, so that a browser gets it once, and what changes with every click stays small.

const KEPT = 4;
const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };

export default function keep({ data }) {
  const store = (globalThis.shelfgraphMaps ??= { places: new Map(), names: new Map(), waiting: new Set() });
  if (!data) return;
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) put(store.places, unpacked(data));
  else put(store.names, data);
  for (const wake of store.waiting) wake();
}

function put(shelf, part) {
  const key = part.key ?? part.map;
  shelf.delete(key);
  shelf.set(key, part);
  while (shelf.size > KEPT) shelf.delete(shelf.keys().next().value);
}

function unpacked(bytes) {
  // A copy begins at an address that every kind of number may begin at.
  const copy = new Uint8Array(bytes).slice();
  const length = new DataView(copy.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + length)));
  let at = 4 + length;
  const arrays = {};
  for (const [name, kind, count] of head.arrays) {
    arrays[name] = new KINDS[kind](copy.buffer, at, count);
    at += arrays[name].byteLength;
  }
  return { ...head, ...placed(head, arrays), ...arrays };
}

function placed({ unit, origin }, { x, y }) {
  const px = Float32Array.from(x, (v) => origin[0] + v * unit);
  const py = Float32Array.from(y, (v) => origin[1] + v * unit);
  return { px, py };
}
