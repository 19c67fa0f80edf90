// LBG step by step on docs/vq-explained.md. The steps were computed by the program: pictures/vq-lbg-steps.js.
"use strict";
(() => {
  const box = document.getElementById("lbg-player");
  if (!box || typeof LBG_STEPS === "undefined") return;
  const { points, steps } = LBG_STEPS;
  const reach = Math.max(...points.flat().map(Math.abs)) * 1.05;
  const SIDE = 480; // pixels of the canvas; the page shows it narrower where it must
  box.innerHTML = `
    <canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="Vectors, codewords and their cells"></canvas>
    <p class="lbg-buttons"><button type="button" data-to="first">Start</button><button type="button" data-to="back">Back</button
    ><button type="button" data-to="next">Step</button><button type="button" data-to="play">Play</button></p>
    <p><input type="range" min="0" max="${steps.length - 1}" value="0" aria-label="Step"> <output></output></p>`;
  const canvas = box.querySelector("canvas");
  const slider = box.querySelector("input");
  const words = box.querySelector("output");
  const playButton = box.querySelector("[data-to=play]");
  const context = canvas.getContext("2d");
  let now = 0;
  let timer = null;

  const place = ([x, y]) => [((x / reach + 1) * SIDE) / 2, ((1 - y / reach) * SIDE) / 2];

  function nearest(x, y, places) {
    let best = 0;
    let least = Infinity;
    places.forEach(([a, b], k) => {
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least) [least, best] = [distance, k];
    });
    return best;
  }

  function dot([x, y], radius, colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }

  function draw() {
    const { codewords, error } = steps[now];
    const places = codewords.map(place);
    for (let y = 0; y < SIDE; y += 3)
      for (let x = 0; x < SIDE; x += 3) {
        context.fillStyle = `hsl(${(nearest(x + 1.5, y + 1.5, places) * 137.5) % 360} 45% 88%)`;
        context.fillRect(x, y, 3, 3);
      }
    for (const point of points) dot(place(point), 1.6, "#555");
    if (now > 0) {
      context.strokeStyle = "#c62828";
      context.beginPath();
      steps[now - 1].codewords.forEach((codeword, k) => {
        context.moveTo(...place(codeword));
        context.lineTo(...places[k]);
      });
      context.stroke();
    }
    for (const one of places) dot(one, 5, "#c62828");
    slider.value = now;
    words.textContent = `step ${now} of ${steps.length - 1}: mean squared error ${error.toFixed(3)}`;
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    playButton.textContent = "Play";
  }

  function show(step) {
    now = Math.min(Math.max(step, 0), steps.length - 1);
    draw();
  }

  function play() {
    if (timer) return stop();
    if (now === steps.length - 1) show(0);
    playButton.textContent = "Pause";
    timer = setInterval(() => {
      show(now + 1);
      if (now === steps.length - 1) stop();
    }, 400);
  }

  function go(to) {
    if (to === "play") return play();
    stop();
    show({ first: 0, back: now - 1, next: now + 1, last: steps.length - 1 }[to]);
  }

  box.addEventListener("click", ({ target }) => {
    if (target.dataset.to) go(target.dataset.to);
  });
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  box.tabIndex = 0;
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const keys = { ArrowRight: "next", ArrowLeft: "back", Home: "first", End: "last" };
    if (event.target === box && event.key === " ") keys[" "] = "play";
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    go(keys[event.key]);
  });
  draw();
})();
