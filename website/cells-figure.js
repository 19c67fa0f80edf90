// Voronoi cells on docs/vq-explained.md: codewords that the reader moves.
"use strict";
(() => {
  const box = document.getElementById("cells-figure");
  if (!box) return;
  const { points, steps } = LBG_STEPS;
  const STEP = 0.1; // by which a key moves a codeword
  const plane = FigureTools.plane(box, points, "Vectors, and codewords with their cells, which can be moved");
  box.insertAdjacentHTML(
    "beforeend",
    `<p class="buttons"><button type="button" data-do="other">Next codeword</button
    ><button type="button" data-do="means">Move all to their means</button><button type="button" data-do="again">Again</button></p>
    <p><output></output></p>`,
  );
  const words = box.querySelector("output");
  let codewords;
  let chosen = 0;
  let dragged = false;

  function draw() {
    plane.cells((one) => FigureTools.nearest(one, codewords));
    plane.codewords(codewords);
    plane.ring(codewords[chosen]);
    const error = FigureTools.squaredError(points, (point) => codewords[FigureTools.nearest(point, codewords)]);
    const own = points.filter((point) => FigureTools.nearest(point, codewords) === chosen).length;
    words.textContent =
      `mean squared error ${error.toFixed(3)} (LBG ends at ${steps.at(-1).error.toFixed(3)}); ${own} of ${points.length} vectors in the chosen cell`;
  }

  // Each codeword with vectors becomes their mean: the second step of LBG.
  function moveToMeans() {
    const sums = codewords.map(() => [0, 0, 0]);
    for (const point of points) {
      const sum = sums[FigureTools.nearest(point, codewords)];
      sum[0] += point[0];
      sum[1] += point[1];
      sum[2] += 1;
    }
    codewords = codewords.map((one, k) => (sums[k][2] ? [sums[k][0] / sums[k][2], sums[k][1] / sums[k][2]] : one));
  }

  function move(right, up) {
    const [x, y] = codewords[chosen];
    codewords[chosen] = [x + right, y + up];
  }

  const WAYS = {
    other: () => (chosen = (chosen + 1) % codewords.length),
    means: moveToMeans,
    again: () => (codewords = [...steps[3].codewords]),
    right: () => move(STEP, 0),
    left: () => move(-STEP, 0),
    up: () => move(0, STEP),
    down: () => move(0, -STEP),
  };
  const go = (way) => {
    WAYS[way]();
    draw();
  };
  box.addEventListener("click", ({ target }) => target.dataset.do && go(target.dataset.do));
  FigureTools.onKeys(box, { ArrowRight: "right", ArrowLeft: "left", ArrowUp: "up", ArrowDown: "down", n: "other", m: "means" }, go);
  plane.canvas.style.touchAction = "none";
  plane.canvas.addEventListener("pointerdown", (event) => {
    chosen = FigureTools.nearest(plane.at(event), codewords);
    dragged = true;
    plane.canvas.setPointerCapture(event.pointerId);
    draw();
  });
  plane.canvas.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    codewords[chosen] = plane.at(event);
    draw();
  });
  for (const kind of ["pointerup", "pointercancel"]) plane.canvas.addEventListener(kind, () => (dragged = false));
  go("again");
})();
