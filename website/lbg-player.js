// LBG step by step on docs/vq-explained.md. The steps were computed by the program: pictures/vq-lbg-steps.js.
"use strict";
(() => {
  const box = document.getElementById("lbg-player");
  if (!box) return;
  const { points, steps } = LBG_STEPS;
  const plane = FigureTools.plane(box, points, "Vectors, codewords and their cells");
  FigureTools.player(box, steps.length, (now) => {
    const { codewords, error } = steps[now];
    plane.cells((one) => FigureTools.nearest(one, codewords));
    if (now > 0) plane.paths(steps[now - 1].codewords, codewords);
    plane.codewords(codewords);
    return `step ${now} of ${steps.length - 1}: mean squared error ${error.toFixed(3)}`;
  });
})();
