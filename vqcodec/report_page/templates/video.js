// Clips: original and decoded at the same frame, and over the decoded one how it was predicted.
"use strict";

page.eachSection("video", (section) => {
  const data = page.dataOf(section);
  const find = (selector) => section.querySelector(selector);
  const [before, after, canvas, picker, coding, what] = [".before", ".after", "canvas", ".frame", ".coding", ".what"].map(find);
  const [play, readout, scale] = [".play", ".readout", ".scale"].map(find);
  const clips = [before, after].filter(Boolean);
  const unpacked = new Map();
  const COLOURS = { intra: [200, 40, 150], skipped: [90, 110, 130], merged: [40, 150, 70], explicit: [225, 150, 30] };
  const chosen = () => data.codings.find(({ key }) => key === coding.value);
  const over = () => find("input[type=radio]:checked").value;

  page.fill(coding, data.codings.map(({ key, label }) => [key, label]), data.chosen);
  if (before) before.src = data.original;

  function blocksOf(frame) {
    const key = `${coding.value} ${frame}`;
    if (!unpacked.has(key)) {
      const packed = chosen().blocks[frame];
      unpacked.set(key, packed && {
        names: packed.names,
        top: page.numbers(packed.top, Uint16Array),
        left: page.numbers(packed.left, Uint16Array),
        size: page.numbers(packed.size, Uint8Array),
        how: page.numbers(packed.how, Uint8Array),
        motion: packed.motion ? page.numbers(packed.motion, Int16Array) : null,
        towards: packed.towards ? page.numbers(packed.towards, Int8Array) : null,
      });
    }
    return unpacked.get(key);
  }

  const frameNow = () => Math.min(data.frames - 1, Math.max(0, Math.floor(after.currentTime * data.rate + 0.01)));

  function arrow(context, times, x, y, row, column) {
    const [toX, toY] = [(x + column) * times, (y + row) * times];
    context.moveTo(x * times, y * times);
    context.lineTo(toX, toY);
    context.moveTo(toX + 2, toY);
    context.arc(toX, toY, 2, 0, 7);
  }

  function drawMotion(context, times, found) {
    for (const [later, style] of [[false, "#4fb3ff"], [true, "#ff5a4f"]]) {
      context.strokeStyle = style;
      context.lineWidth = 1.5;
      context.beginPath();
      for (let number = 0; number < found.how.length; number++) {
        const [height, width] = [1 << (found.size[number] >> 4), 1 << (found.size[number] & 15)];
        for (let list = 0; list < 2; list++) {
          const towards = found.towards[2 * number + list];
          if (towards === 0 || towards > 0 !== later) continue;
          const [row, column] = [0, 1].map((i) => found.motion[4 * number + 2 * list + i] / 4);
          arrow(context, times, 4 * found.left[number] + width / 2, 4 * found.top[number] + height / 2, row, column);
        }
      }
      context.stroke();
    }
  }

  function draw() {
    const frame = frameNow();
    const coded = chosen();
    picker.value = frame;
    picker.nextElementSibling.value = frame;
    what.textContent = `${coded.label}: frame ${frame} of kind ${coded.kinds[frame]}, ${coded.bits[frame]} bits`;
    const times = Math.max(1, Math.min(4, Math.floor(1600 / data.width)));
    canvas.width = data.width * times;
    canvas.height = data.height * times;
    scale.replaceChildren();
    readout.textContent = "";
    if (over() === "nothing") return;
    const found = blocksOf(frame);
    if (!found) {
      readout.textContent = "The engine of this coding does not tell its blocks.";
      return;
    }
    const context = canvas.getContext("2d");
    const areas = new Map();
    context.lineWidth = 1;
    for (let number = 0; number < found.how.length; number++) {
      const [height, width] = [1 << (found.size[number] >> 4), 1 << (found.size[number] & 15)];
      const name = found.names[found.how[number]];
      areas.set(name, (areas.get(name) ?? 0) + height * width);
      const box = [4 * found.left[number] * times, 4 * found.top[number] * times, width * times, height * times];
      if (over() === "partition") {
        context.fillStyle = `rgba(${COLOURS[name]}, 0.45)`;
        context.fillRect(...box);
      }
      context.strokeStyle = over() === "partition" ? "rgba(255, 255, 255, 0.7)" : "rgba(255, 255, 255, 0.2)";
      context.strokeRect(box[0] + 0.5, box[1] + 0.5, box[2], box[3]);
    }
    if (over() === "motion" && found.motion) drawMotion(context, times, found);
    if (over() === "motion" && !found.motion) readout.textContent = "Nothing in this frame is taken from another frame.";
    const total = [...areas.values()].reduce((sum, area) => sum + area, 0);
    if (over() === "partition") {
      scale.replaceChildren(...[...areas].sort((a, b) => b[1] - a[1]).map(([name, area]) => {
        const item = document.createElement("span");
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = `rgb(${COLOURS[name]})`;
        item.append(swatch, `${name}: ${((100 * area) / total).toFixed(0)}% of the area`);
        return item;
      }));
    }
  }

  function go(frame) {
    for (const clip of clips) {
      clip.pause();
      clip.currentTime = (Math.min(data.frames - 1, Math.max(0, frame)) + 0.5) / data.rate;
    }
  }

  function follow() {
    draw();
    if (!after.paused) requestAnimationFrame(follow);
  }

  function choose() {
    const moment = after.currentTime;
    after.src = chosen().uri;
    after.addEventListener("loadedmetadata", () => (after.currentTime = moment || 0.5 / data.rate), { once: true });
  }

  play.addEventListener("click", () => {
    if (!after.paused) return clips.forEach((clip) => clip.pause());
    if (before) before.currentTime = after.ended ? 0 : after.currentTime;
    return clips.forEach((clip) => clip.play());
  });
  after.addEventListener("play", () => {
    play.textContent = "Pause";
    follow();
  });
  for (const ended of ["pause", "ended"]) after.addEventListener(ended, () => (play.textContent = "Play"));
  for (const moved of ["seeked", "loadeddata"]) after.addEventListener(moved, draw);
  find(".back").addEventListener("click", () => go(frameNow() - 1));
  find(".on").addEventListener("click", () => go(frameNow() + 1));
  picker.addEventListener("input", () => go(Number(picker.value)));
  coding.addEventListener("change", choose);
  for (const radio of section.querySelectorAll("input[type=radio]")) radio.addEventListener("change", draw);
  choose();
  if (before) before.addEventListener("loadedmetadata", () => (before.currentTime = 0.5 / data.rate), { once: true });
  section.dataset.ready = "true";
});
