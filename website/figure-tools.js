// What the figures of docs/vq-explained.md share: a canvas of 2-D vectors, and a player of steps.
"use strict";
const FigureTools = (() => {
  const SIDE = 480; // pixels of a canvas; the page shows it narrower where it must
  const RED = "#c62828";

  // A canvas that shows vectors of two components, up to `reach` in each direction.
  function plane(box, points, label) {
    const reach = Math.max(...points.flat().map(Math.abs)) * 1.05;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    box.append(canvas);
    const context = canvas.getContext("2d");
    const place = ([x, y]) => [((x / reach + 1) * SIDE) / 2, ((1 - y / reach) * SIDE) / 2];
    const vector = (x, y) => [((2 * x) / SIDE - 1) * reach, (1 - (2 * y) / SIDE) * reach];

    function dot(one, radius, colour) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(...place(one), radius, 0, 2 * Math.PI);
      context.fill();
    }

    return {
      canvas,
      // Colour each place by the number of the cell that it is in, and draw the vectors.
      cells(owner) {
        for (let y = 0; y < SIDE; y += 3)
          for (let x = 0; x < SIDE; x += 3) {
            context.fillStyle = `hsl(${(owner(vector(x + 1.5, y + 1.5)) * 137.5) % 360} 45% 88%)`;
            context.fillRect(x, y, 3, 3);
          }
        for (const point of points) dot(point, 1.6, "#555");
      },
      codewords(codewords) {
        for (const one of codewords) dot(one, 5, RED);
      },
      ring(one) {
        context.strokeStyle = "#000";
        context.beginPath();
        context.arc(...place(one), 9, 0, 2 * Math.PI);
        context.stroke();
      },
      paths(from, to) {
        context.strokeStyle = RED;
        context.beginPath();
        from.forEach((one, k) => {
          context.moveTo(...place(one));
          context.lineTo(...place(to[k]));
        });
        context.stroke();
      },
      // The vector under the pointer.
      at({ clientX, clientY }) {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        return vector(((clientX - left) * SIDE) / width, ((clientY - top) * SIDE) / height);
      },
    };
  }

  function nearest([x, y], codewords) {
    let best = 0;
    let least = Infinity;
    codewords.forEach(([a, b], k) => {
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least) [least, best] = [distance, k];
    });
    return best;
  }

  function squaredError(points, decoded) {
    let sum = 0;
    for (const point of points) {
      const [x, y] = decoded(point);
      sum += (point[0] - x) ** 2 + (point[1] - y) ** 2;
    }
    return sum / points.length;
  }

  // Buttons, a slider and keys that go through steps. `draw(step)` returns what is said of it. Returns what draws again.
  function player(box, count, draw) {
    const controls = document.createElement("div");
    controls.innerHTML = `
      <p class="buttons"><button type="button" data-to="first">Start</button><button type="button" data-to="back">Back</button
      ><button type="button" data-to="next">Step</button><button type="button" data-to="play">Play</button></p>
      <p><input type="range" min="0" max="${count - 1}" value="0" aria-label="Step"> <output></output></p>`;
    box.append(controls);
    const slider = box.querySelector("input");
    const words = box.querySelector("output");
    const playButton = box.querySelector("[data-to=play]");
    let now = 0;
    let timer = null;

    function stop() {
      clearInterval(timer);
      timer = null;
      playButton.textContent = "Play";
    }

    function show(step) {
      now = Math.min(Math.max(step, 0), count - 1);
      words.textContent = draw(now);
      slider.value = now;
    }

    function play() {
      if (timer) return stop();
      if (now === count - 1) show(0);
      playButton.textContent = "Pause";
      timer = setInterval(() => {
        show(now + 1);
        if (now === count - 1) stop();
      }, 400);
    }

    function go(to) {
      if (to === "play") return play();
      stop();
      show({ first: 0, back: now - 1, next: now + 1, last: count - 1 }[to]);
    }

    box.addEventListener("click", ({ target }) => {
      if (target.dataset.to) go(target.dataset.to);
    });
    slider.addEventListener("input", () => {
      stop();
      show(Number(slider.value));
    });
    onKeys(box, { ArrowRight: "next", ArrowLeft: "back", Home: "first", End: "last", " ": "play" }, go);
    show(0);
    return () => show(now);
  }

  // Have the keys of a table do what it says, while the focus is on the box or, but for the space bar, in it.
  function onKeys(box, keys, go) {
    box.tabIndex = 0;
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const wanted = event.target === box || (event.key !== " " && event.target.type !== "range");
      if (!keys[event.key] || !wanted) return;
      event.preventDefault();
      event.stopPropagation();
      go(keys[event.key]);
    });
  }

  return { plane, nearest, squaredError, player, onKeys };
})();
