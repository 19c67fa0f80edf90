// A tree-structured quantizer on docs/vq-explained.md, level by level, and the path of a vector through it.
// The tree was designed by the program: pictures/vq-tree-nodes.js.
"use strict";
(() => {
  const box = document.getElementById("tree-figure");
  if (!box) return;
  const { points } = LBG_STEPS;
  const { nodes, parents } = TREE_NODES;
  const children = nodes.map((_, node) => parents.flatMap((parent, child) => (parent === node ? [child] : [])));
  const plane = FigureTools.plane(box, points, "Vectors, and the cells of a tree at one level");
  let level = 0;
  let shown = points[0];

  // The nodes below the root on the way of a vector: at each level the nearest child.
  function pathOf(one) {
    const path = [];
    for (let node = 0; path.length < level && children[node].length > 0; ) {
      node = children[node][FigureTools.nearest(one, children[node].map((child) => nodes[child]))];
      path.push(node);
    }
    return path;
  }

  const nodeOf = (one) => pathOf(one).at(-1) ?? 0;

  function draw() {
    plane.cells(nodeOf);
    plane.codewords([...new Set(points.map(nodeOf))].map((node) => nodes[node]));
    plane.ring(shown);
    const bits = pathOf(shown).map((node) => children[parents[node]].indexOf(node));
    const error = FigureTools.squaredError(points, (point) => nodes[nodeOf(point)]);
    return (
      `${level} bit${level === 1 ? "" : "s"} a vector: mean squared error ${error.toFixed(3)}; ` +
      `${2 * level} distances instead of ${2 ** level}; bits of the ringed vector: ${bits.join("") || "none"}`
    );
  }

  const redraw = FigureTools.player(box, 1 + Math.log2((nodes.length + 1) / 2), (now) => {
    level = now;
    return draw();
  });
  plane.canvas.addEventListener("pointerdown", (event) => {
    shown = points[FigureTools.nearest(plane.at(event), points)];
    redraw();
  });
})();
