/**
 * `<vqc-image src="cat.vqc" alt="A cat">`: a picture of vqcodec as an element.
 *
 * `src` may be an item of a pack: `icons.vqp#animals/cat.png`. `width`, `height`, `alt`, `loading="lazy"`, and the events
 * `load` and `error`, are as those of `<img>`.
 */

const ATTRIBUTES = ["src", "alt", "width", "height"];
const STYLE = `:host { display: inline-block; max-width: 100%; vertical-align: bottom; }
canvas { display: block; height: 100%; width: 100%; }
[hidden] { display: none; }`;

const waiting = new Map(); // elements and what they asked for, by number of the request
let worker = null; // one for all elements of the page
let requests = 0;

/** Have the worker decode a picture; `take` gets its answers. */
function ask(src, take) {
  if (worker === null) {
    worker = new Worker(new URL("./picture_worker.mjs", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data: { id, ...answer } }) => {
      const asked = waiting.get(id);
      if (answer.size === undefined) waiting.delete(id);
      asked(answer);
    });
    worker.addEventListener("error", ({ message }) => {
      worker = null; // so that it is started again
      const failed = [...waiting.values()];
      waiting.clear();
      failed.forEach((asked) => asked({ error: { name: "Error", message: message ?? "the worker cannot be started" } }));
    });
  }
  const id = ++requests;
  waiting.set(id, take);
  worker.postMessage({ id, src });
}

export class VqcImage extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  constructor() {
    super();
    this.internals = this.attachInternals();
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style></style><canvas aria-hidden="true" hidden></canvas><span aria-hidden="true"></span>`;
    [this.styles, this.canvas, this.words] = root.children;
    this.forget();
    this.describe();
    this.lay();
  }

  get src() {
    return this.hasAttribute("src") ? new URL(this.getAttribute("src"), this.baseURI).href : "";
  }

  set src(address) {
    this.setAttribute("src", address);
  }

  get alt() {
    return this.getAttribute("alt") ?? "";
  }

  set alt(words) {
    this.setAttribute("alt", words);
  }

  /** Pixels in a row of the picture; 0 as long as that is not known. */
  get naturalWidth() {
    return this.size?.width ?? 0;
  }

  get naturalHeight() {
    return this.size?.height ?? 0;
  }

  connectedCallback() {
    this.start();
  }

  disconnectedCallback() {
    this.observer?.disconnect();
  }

  attributeChangedCallback(name, before, now) {
    if (name === "alt") this.describe();
    else if (name !== "src") this.lay();
    else if (before !== now) {
      this.forget();
      this.start();
    }
  }

  /** Be as before anything was asked for. */
  forget() {
    this.observer?.disconnect();
    this.request = null;
    this.size = null; // of the picture
    this.complete = false;
    this.canvas.hidden = true;
    this.words.hidden = true;
  }

  /** Ask for the picture, or wait until it is near the view. */
  start() {
    if (!this.isConnected || this.src === "" || this.request !== null) return;
    if (this.getAttribute("loading") !== "lazy") {
      this.load();
      return;
    }
    this.observer?.disconnect();
    this.observer = new IntersectionObserver(
      (seen) => {
        if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
        this.observer.disconnect();
        this.load();
      },
      { rootMargin: "300px" },
    );
    this.observer.observe(this);
  }

  load() {
    const request = {};
    this.request = request;
    ask(this.src, ({ size, picture, error }) => {
      if (this.request !== request) return; // another picture is wanted by now
      if (error !== undefined) this.fail(error);
      else if (size !== undefined) this.know(size);
      else this.show(picture);
    });
  }

  know({ width, height }) {
    this.size = { width, height };
    this.lay();
  }

  show({ width, height, pixels }) {
    this.know({ width, height });
    [this.canvas.width, this.canvas.height] = [width, height];
    this.canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    this.canvas.hidden = false;
    this.complete = true;
    this.dispatchEvent(new Event("load"));
  }

  fail({ name, message }) {
    this.complete = true;
    this.words.hidden = false;
    this.dispatchEvent(new ErrorEvent("error", { message: `${name}: ${message}` }));
  }

  /** What assistive technology gets: as of `<img>`, a picture whose `alt` is empty is decoration. */
  describe() {
    const decorative = this.getAttribute("alt") === "";
    this.internals.role = decorative ? "presentation" : "img";
    this.internals.ariaLabel = decorative ? null : this.getAttribute("alt");
    this.words.textContent = this.alt;
  }

  /** Take the room of the attributes, or else of the picture's size, so that nothing moves when it is shown. */
  lay() {
    const [width, height] = ["width", "height"].map((name) => Number.parseInt(this.getAttribute(name), 10) || undefined);
    const of = width && height ? { width, height } : this.size;
    const rules = [];
    if (of !== null) rules.push(`aspect-ratio: ${of.width} / ${of.height};`);
    if (width !== undefined || height === undefined) {
      if (of !== null || width !== undefined) rules.push(`width: ${width ?? of.width}px;`);
    } else rules.push(`height: ${height}px;`);
    this.styles.textContent = `${STYLE}\n:host { ${rules.join(" ")} }`;
  }
}

customElements.define("vqc-image", VqcImage);
