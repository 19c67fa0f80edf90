/** The items of a pack as a grid, of which those in view are decoded. */

import { rgbaOf } from "./pixels.mjs";

const AT_ONCE = 500; // items that are listed before the user asks for more
const MOST_SIDE = 192; // pixels of a thumbnail whose size is not known yet

export class Grid {
  /**
   * @param {{list: HTMLElement, more: HTMLButtonElement}} elements
   * @param {(pack: import("./pack/pack.mjs").Pack, entry: import("./pack/blocks.mjs").Entry) => void} choose what a
   *     click on an item does
   */
  constructor({ list, more }, choose) {
    this.list = list;
    this.more = more;
    this.choose = choose;
    this.close();
    more.addEventListener("click", () => this.add());
  }

  /**
   * List the items of a pack.
   * @returns {Promise<string[]>} a clause for each damaged part of the index
   */
  async open(pack) {
    this.close();
    const damage = [];
    const entries = [];
    for await (const entry of pack.items(damage)) entries.push(entry);
    this.pack = pack;
    this.entries = entries;
    this.observer = new IntersectionObserver((seen) => this.see(seen), { rootMargin: "200px" });
    this.add();
    return damage;
  }

  close() {
    this.observer?.disconnect();
    this.pack = null;
    this.entries = [];
    this.shown = 0;
    this.pending = []; // buttons in view that are not decoded yet
    this.busy = false;
    this.of = new Map(); // entries by their buttons
    this.more.hidden = true;
    this.list.replaceChildren();
  }

  /** List the next items. */
  add() {
    const next = this.entries.slice(this.shown, this.shown + AT_ONCE);
    this.shown += next.length;
    this.more.hidden = this.shown === this.entries.length;
    for (const entry of next) {
      const button = this.buttonOf(entry);
      const item = document.createElement("li");
      item.append(button);
      this.list.append(item);
      if (entry.kind.medium === "image") this.observer.observe(button);
    }
  }

  buttonOf(entry) {
    const { pack } = this;
    const { medium, size } = entry.kind;
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.choose(pack, entry));
    if (medium === "image") {
      const canvas = document.createElement("canvas");
      canvas.width = size?.width ?? MOST_SIDE;
      canvas.height = size?.height ?? MOST_SIDE;
      canvas.setAttribute("aria-hidden", "true"); // the name says it
      button.append(canvas);
    }
    const words = document.createElement("span");
    words.textContent = medium === "image" ? entry.name : `${entry.name} (${medium ?? "unknown"})`;
    button.append(words);
    this.of.set(button, entry);
    return button;
  }

  see(seen) {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) this.pending.push(target);
      else this.pending = this.pending.filter((button) => button !== target);
    }
    if (!this.busy) this.work();
  }

  async work() {
    const { pack } = this;
    this.busy = true;
    while (this.pack === pack && this.pending.length > 0) {
      const button = this.pending.shift();
      this.observer.unobserve(button);
      const entry = this.of.get(button);
      try {
        const picture = await pack.decode(entry);
        const canvas = button.querySelector("canvas");
        [canvas.width, canvas.height] = [picture.width, picture.height];
        const image = new ImageData(rgbaOf(picture), picture.width, picture.height);
        canvas.getContext("2d").putImageData(image, 0, 0);
        button.dataset.state = "shown";
      } catch (error) {
        button.classList.add("damaged");
        button.querySelector("canvas")?.remove();
        button.querySelector("span").textContent = `${error.name}: ${error.message}`;
        button.dataset.state = "damaged";
      }
      await new Promise((resolve) => setTimeout(resolve)); // lets the page answer
    }
    if (this.pack === pack) this.busy = false;
  }
}
