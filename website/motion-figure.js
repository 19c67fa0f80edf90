// Motion search on docs/vq-explained.md: the reader chooses a block, and sees where it came from.
// The frames are those of a sample clip: pictures/vq-motion-frames.js.
"use strict";
(async () => {
  const box = document.getElementById("motion-figure");
  if (!box) return;
  const SIDE = 16;
  const REACH = 12;
  const ZOOM = 2;
  const { before, now } = MOTION_FRAMES;

  async function pixelsOf(source) {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return { canvas, width, height, luma: Uint8Array.from({ length: width * height }, (_, n) => data[4 * n]) };
  }

  const [old, current] = await Promise.all([before, now].map(pixelsOf));
  const { width, height } = current;
  box.innerHTML = `<canvas width="${ZOOM * width}" height="${ZOOM * height}" role="img"
    aria-label="A frame, the chosen block, and the place in the frame before that it came from"></canvas>
    <canvas width="${8 * (2 * REACH + 1)}" height="${8 * (2 * REACH + 1)}" role="img"
    aria-label="The difference at each displacement: the darker the more alike"></canvas>
    <p>Block <label>column <input type="range" name="column" min="0" max="${width / SIDE - 1}" value="0"></label>
    <label>row <input type="range" name="row" min="0" max="${height / SIDE - 1}" value="0"></label></p>
    <p><label><input type="checkbox"> show the frame before</label></p><p><output></output></p>`;
  const [shown, costs] = [...box.querySelectorAll("canvas")].map((canvas) => canvas.getContext("2d"));
  const [column, row, swap] = box.querySelectorAll("input");
  const words = box.querySelector("output");

  // The mean absolute difference of the chosen block and the one displaced by (right, down); null outside the frame.
  function differenceAt(left, top, right, down) {
    const [x, y] = [left + right, top + down];
    if (x < 0 || y < 0 || x + SIDE > width || y + SIDE > height) return null;
    let sum = 0;
    for (let v = 0; v < SIDE; v++)
      for (let u = 0; u < SIDE; u++)
        sum += Math.abs(current.luma[(top + v) * width + left + u] - old.luma[(y + v) * width + x + u]);
    return sum / SIDE ** 2;
  }

  function draw() {
    const [left, top] = [SIDE * column.value, SIDE * row.value];
    let [best, least, most] = [[0, 0], differenceAt(left, top, 0, 0), 1];
    const found = [];
    for (let down = -REACH; down <= REACH; down++)
      for (let right = -REACH; right <= REACH; right++) {
        const cost = differenceAt(left, top, right, down);
        found.push([right, down, cost]);
        if (cost !== null && cost < least) [best, least] = [[right, down], cost];
        most = Math.max(most, cost ?? 0);
      }
    for (const [right, down, cost] of found) {
      costs.fillStyle = cost === null ? "#fff" : `hsl(174 60% ${15 + (75 * cost) / most}%)`;
      costs.fillRect(8 * (right + REACH), 8 * (down + REACH), 8, 8);
    }
    costs.strokeStyle = "#c62828";
    costs.lineWidth = 2;
    costs.strokeRect(8 * (best[0] + REACH), 8 * (best[1] + REACH), 8, 8);
    shown.imageSmoothingEnabled = false;
    shown.drawImage((swap.checked ? old : current).canvas, 0, 0, ZOOM * width, ZOOM * height);
    shown.lineWidth = 2;
    shown.strokeStyle = "#ffb300";
    shown.strokeRect(ZOOM * left, ZOOM * top, ZOOM * SIDE, ZOOM * SIDE);
    shown.strokeStyle = "#c62828";
    shown.strokeRect(ZOOM * (left + best[0]), ZOOM * (top + best[1]), ZOOM * SIDE, ZOOM * SIDE);
    const still = differenceAt(left, top, 0, 0);
    words.textContent =
      `motion vector (${best.join(", ")}): mean difference ${least.toFixed(1)} instead of ${still.toFixed(1)}`;
  }

  shown.canvas.addEventListener("pointerdown", ({ clientX, clientY }) => {
    const area = shown.canvas.getBoundingClientRect();
    column.value = Math.floor((((clientX - area.left) / area.width) * width) / SIDE);
    row.value = Math.floor((((clientY - area.top) / area.height) * height) / SIDE);
    draw();
  });
  box.addEventListener("input", draw);
  draw();
  box.dataset.ready = "true";
})();
