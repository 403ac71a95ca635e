// A text whose words can be picked: one click takes a word, the next extends to another. Arrow keys walk, Shift and an
// arrow extends. Offsets are Unicode code points, as the server counts them; every text is set as text, never as markup.

const pads = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  const box = root.querySelector(".text");
  if (!box || !component.data) return;
  let pad = pads.get(box);
  if (!pad) pads.set(box, (pad = new Pad(root, box)));
  pad.show(component);
}

class Pad {
  constructor(root, box) {
    this.root = root;
    this.box = box;
    this.anchor = null;
    box.addEventListener("click", (event) => this.click(event));
    box.addEventListener("keydown", (event) => this.key(event));
  }

  show(component) {
    this.component = component;
    const { data } = component;
    const hint = this.root.querySelector(".hint");
    hint.textContent = data.hint;
    this.root.querySelector(".words").setAttribute("aria-label", data.hint);
    this.box.style.setProperty("--family", data.color);
    if (this.id !== data.id) {
      this.id = data.id;
      this.anchor = null;
      this.write(data.pieces);
    }
    this.chosen = [data.start, data.end];
    this.paint();
  }

  write(pieces) {
    this.parts = [];
    this.shown = false;
    this.box.replaceChildren(...pieces.map(([text, start, end]) => {
      const part = document.createElement("span");
      part.textContent = text;
      if (text.trim()) {
        part.className = "word";
        part.setAttribute("role", "button");
      }
      this.parts.push({ part, start, end, word: Boolean(text.trim()) });
      return part;
    }));
    this.words = this.parts.filter((entry) => entry.word);
  }

  paint() {
    const [from, to] = this.chosen;
    for (const { part, start, end, word } of this.parts) {
      const inside = start >= from && end <= to;
      part.classList.toggle("in", inside);
      if (word) {
        part.setAttribute("aria-pressed", String(inside));
        part.tabIndex = -1;
      }
    }
    const first = this.words.find(({ start }) => start >= from) ?? this.words[0];
    if (first) (this.words.find(({ part }) => part === this.focused()) ?? first).part.tabIndex = 0;
    if (!this.shown) {
      this.shown = true;
      const top = first ? first.part.offsetTop - this.box.offsetTop : 0;
      this.box.scrollTop = Math.max(0, top - 60);
    }
  }

  focused() { return this.root.activeElement ?? document.activeElement; }

  click(event) {
    const at = this.words.findIndex(({ part }) => part === event.target);
    if (at >= 0) this.pick(at, event.shiftKey);
  }

  pick(at, extend) {
    if (this.anchor === null && !extend) {
      this.anchor = at;
      this.choose(at, at);
    } else {
      const from = this.anchor ?? this.words.findIndex(({ start }) => start >= this.chosen[0]);
      this.anchor = extend ? from : null;
      this.choose(Math.min(from, at), Math.max(from, at));
    }
  }

  choose(first, last) {
    this.chosen = [this.words[first].start, this.words[last].end];
    this.paint();
    this.component.setStateValue("words", [...this.chosen]);
  }

  key(event) {
    const at = this.words.findIndex(({ part }) => part === event.target);
    if (at < 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      const next = Math.min(Math.max(at + step, 0), this.words.length - 1);
      if (event.shiftKey) {
        if (this.anchor === null) this.anchor = at;
        this.pick(next, true);
      }
      this.words[at].part.tabIndex = -1;
      this.words[next].part.tabIndex = 0;
      this.words[next].part.focus();
    } else if (event.key === "Enter" || event.key === " ") this.pick(at, event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
