// Neural gas and LBG from one poor start on docs/vq-explained.md. The steps were computed by the program:
// pictures/vq-gas-steps.js.
"use strict";
(() => {
  const box = document.getElementById("gas-player");
  if (!box) return;
  const { points, steps, lbg } = GAS_STEPS;
  const plane = FigureTools.plane(box, points, "Vectors, codewords of a neural gas and their cells");
  FigureTools.player(box, steps.length, (now) => {
    const { codewords, error, range } = steps[now];
    plane.cells((one) => FigureTools.nearest(one, codewords));
    if (now > 0) plane.paths(steps[now - 1].codewords, codewords);
    plane.codewords(codewords);
    return `${steps[now].seen} vectors seen, range ${range} ranks: mean squared error ${error.toFixed(3)} (LBG ends at ${lbg})`;
  });
})();
