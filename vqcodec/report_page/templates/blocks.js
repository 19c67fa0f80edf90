// Blocks of a coded picture, or of a frame: how they are drawn, and what is said of the one under the pointer.
"use strict";

const blocks = {
  /** The arrays of a plane, as the page holds them, ready to be read. */
  plane(packed) {
    const plane = { ...packed };
    plane.top = page.numbers(packed.top, Uint16Array);
    plane.left = page.numbers(packed.left, Uint16Array);
    plane.size = page.numbers(packed.size, Uint8Array);
    plane.mode = page.numbers(packed.mode, Uint8Array);
    plane.bits = page.numbers(packed.bits, Uint16Array);
    plane.step = page.numbers(packed.step, Float32Array);
    plane.item = packed.item ? page.numbers(packed.item, Int32Array) : null;
    plane.moved = packed.moved ? page.numbers(packed.moved, Float32Array) : null;
    plane.count = plane.mode.length;
    return plane;
  },

  /** Place and size of a block, in pixels of the picture. Tops and lefts are held in units of four samples. */
  box(plane, number) {
    return {
      y: 4 * plane.top[number] * plane.down,
      x: 4 * plane.left[number] * plane.across,
      height: (1 << (plane.size[number] >> 4)) * plane.down,
      width: (1 << (plane.size[number] & 15)) * plane.across,
    };
  },

  /** The number of the block over a pixel, -1 for none. */
  at(plane, x, y) {
    for (let number = 0; number < plane.count; number++) {
      const box = blocks.box(plane, number);
      if (x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height) return number;
    }
    return -1;
  },

  /** Bits a pixel of every 4x4 pixels, of all planes together. */
  density(planes, width, height) {
    const columns = Math.ceil(width / 4);
    const rows = Math.ceil(height / 4);
    const map = new Float32Array(rows * columns);
    for (const plane of planes) {
      for (let number = 0; number < plane.count; number++) {
        const box = blocks.box(plane, number);
        const bits = plane.bits[number] / (box.width * box.height);
        const bottom = Math.min(rows, (box.y + box.height) / 4);
        const right = Math.min(columns, (box.x + box.width) / 4);
        for (let v = box.y / 4; v < bottom; v++) {
          for (let u = box.x / 4; u < right; u++) map[v * columns + u] += bits;
        }
      }
    }
    return { map, rows, columns };
  },

  /** The part of the scale from 1/64 to 16 bits a pixel, in octaves. */
  heatPart(bits) {
    return bits <= 0 ? 0 : (Math.log2(bits) + 6) / 10;
  },

  drawBits(context, scale, planes, width, height) {
    const { map, rows, columns } = blocks.density(planes, width, height);
    for (let v = 0; v < rows; v++) {
      for (let u = 0; u < columns; u++) {
        context.fillStyle = page.heat(blocks.heatPart(map[v * columns + u]), 0.82);
        context.fillRect(4 * u * scale, 4 * v * scale, 4 * scale, 4 * scale);
      }
    }
  },

  drawPartition(context, scale, plane, style) {
    context.strokeStyle = style;
    context.lineWidth = 1;
    context.beginPath();
    for (let number = 0; number < plane.count; number++) {
      const box = blocks.box(plane, number);
      context.rect(box.x * scale + 0.5, box.y * scale + 0.5, box.width * scale, box.height * scale);
    }
    context.stroke();
  },

  /** Kind of a mode by its name, for colours and shares. */
  kind(name) {
    return name.startsWith("angle") ? "angle" : name;
  },

  colours: {
    planar: [70, 110, 160],
    DC: [120, 120, 120],
    angle: [225, 150, 30],
    "from luma": [40, 150, 70],
    "from luma and Cb": [20, 170, 140],
    "from Cb": [110, 190, 60],
    memory: [200, 40, 150],
    copied: [200, 40, 150],
    palette: [130, 90, 220],
  },

  /** Direction in which a mode's prediction runs, as (x, y); null for a mode without one. */
  direction(name) {
    if (!name.startsWith("angle")) return null;
    const number = Number(name.slice(6));
    const offset = number < 18 ? number - 10 : number - 26;
    const slopes = [0, 2, 5, 9, 13, 17, 21, 26, 32];
    const slope = Math.sign(offset) * slopes[Math.abs(offset)] / 32;
    return number < 18 ? [1, slope] : [-slope, 1];
  },

  drawPrediction(context, scale, plane) {
    for (let number = 0; number < plane.count; number++) {
      const box = blocks.box(plane, number);
      const colour = blocks.colours[blocks.kind(plane.modes[plane.mode[number]])] ?? [0, 0, 0];
      context.fillStyle = `rgba(${colour}, 0.5)`;
      context.fillRect(box.x * scale, box.y * scale, box.width * scale, box.height * scale);
    }
    blocks.drawPartition(context, scale, plane, "rgba(255, 255, 255, 0.55)");
    context.strokeStyle = "#fff";
    context.lineWidth = Math.max(1, scale / 2);
    context.beginPath();
    for (let number = 0; number < plane.count; number++) {
      const box = blocks.box(plane, number);
      const direction = blocks.direction(plane.modes[plane.mode[number]]);
      const side = Math.min(box.width, box.height);
      if (direction === null || side < 8) continue;
      const length = (0.36 * side) / Math.hypot(...direction);
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      context.moveTo((x - direction[0] * length) * scale, (y - direction[1] * length) * scale);
      context.lineTo((x + direction[0] * length) * scale, (y + direction[1] * length) * scale);
    }
    context.stroke();
  },

  /** What is said of a block. */
  words(plane, number, step) {
    const box = blocks.box(plane, number);
    const [width, height] = [box.width / plane.across, box.height / plane.down];
    const bits = plane.bits[number];
    const said = [
      `${plane.name} block of ${width}×${height} at ${box.x}, ${box.y}`,
      plane.modes[plane.mode[number]],
      `${bits} bits (${page.shown(bits / (box.width * box.height))} a pixel)`,
      `step ${page.shown(step)}`,
    ];
    if (plane.item && plane.item[number] >= 0) {
      const [down, right] = [plane.moved[2 * number], plane.moved[2 * number + 1]];
      said.push(`from item ${plane.item[number]}, ${right} to the right and ${down} down`);
    }
    return said.join(" · ");
  },

  /** Shares of area and bits by kind of prediction: [kind, part of the area, part of the bits]. */
  shares(plane) {
    const sums = new Map();
    let [area, bits] = [0, 0];
    for (let number = 0; number < plane.count; number++) {
      const kind = blocks.kind(plane.modes[plane.mode[number]]);
      const box = blocks.box(plane, number);
      const sum = sums.get(kind) ?? [0, 0];
      sums.set(kind, [sum[0] + box.width * box.height, sum[1] + plane.bits[number]]);
      area += box.width * box.height;
      bits += plane.bits[number];
    }
    return [...sums].map(([kind, sum]) => [kind, sum[0] / area, sum[1] / Math.max(bits, 1)]).sort((a, b) => b[1] - a[1]);
  },

  /** The legend of the heat colours. */
  heatLegend() {
    const bar = document.createElement("i");
    bar.style.background = `linear-gradient(90deg, ${[...Array(11).keys()].map((i) => page.heat(i / 10)).join(", ")})`;
    const [low, high] = [document.createElement("span"), document.createElement("span")];
    low.textContent = "1/64";
    high.textContent = "16 bits a pixel";
    return [low, bar, high];
  },

  /** The legend of the predictions of a plane. */
  predictionLegend(plane) {
    return blocks.shares(plane).map(([kind, area, bits]) => {
      const item = document.createElement("span");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = `rgb(${blocks.colours[kind] ?? [0, 0, 0]})`;
      item.append(swatch, `${kind}: ${(100 * area).toFixed(0)}% of the area, ${(100 * bits).toFixed(0)}% of the bits`);
      return item;
    });
  },
};
