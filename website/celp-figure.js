// Analysis by synthesis on docs/vq-explained.md: lag and codeword of a subframe of CELP, chosen by hand or by search.
// The speech was analysed by the program: pictures/vq-celp.js.
"use strict";
(() => {
  const box = document.getElementById("celp-figure");
  if (!box) return;
  const { target, response, past, sequence, shortest, shift } = CELP_SUBFRAME;
  const LENGTH = target.length;
  const longest = past.length;
  const count = (sequence.length - LENGTH) / shift + 1;
  box.innerHTML = `<canvas width="640" height="240" role="img" aria-label="What the filter should give, and what it gives"></canvas>
    <p><label>Pitch lag <input type="range" name="lag" min="${shortest}" max="${longest}" value="${shortest}"></label> <output></output></p>
    <p><label>Codeword <input type="range" name="codeword" min="0" max="${count - 1}" value="0"></label> <output></output></p>
    <p class="buttons"><button type="button" data-do="lag">Best lag</button><button type="button" data-do="codeword">Best codeword</button></p>
    <p class="sum" role="status"></p>`;
  const context = box.querySelector("canvas").getContext("2d");
  const [lagSlider, codewordSlider] = box.querySelectorAll("input");
  const [lagWords, codewordWords] = box.querySelectorAll("output");
  const sum = box.querySelector(".sum");

  const dot = (a, b) => a.reduce((total, one, n) => total + one * b[n], 0);

  // What the filter makes of an excitation, from silence.
  function filtered(excitation) {
    return target.map((_, n) => {
      let total = 0;
      for (let m = 0; m <= n; m++) total += response[n - m] * excitation[m];
      return total;
    });
  }

  // The excitation of `lag` samples ago, repeated if it is shorter than a subframe.
  const ofLag = (lag) => target.map((_, n) => past[longest - lag + (n % lag)]);
  const ofCodeword = (k) => sequence.slice(k * shift, k * shift + LENGTH);

  // An excitation through the filter with the gain that fits best to `wanted`, and what is left.
  function fitted(excitation, wanted) {
    const sound = filtered(excitation);
    const power = dot(sound, sound);
    const gain = power > 0 ? dot(wanted, sound) / power : 0;
    const scaled = sound.map((one) => gain * one);
    const left = wanted.map((one, n) => one - scaled[n]);
    return { scaled, left, error: dot(left, left), gain };
  }

  function best(excitationOf, first, last, wanted) {
    let found = first;
    let least = Infinity;
    for (let k = first; k <= last; k++) {
      const { error } = fitted(excitationOf(k), wanted);
      if (error < least) [least, found] = [error, k];
    }
    return found;
  }

  const decibels = (error) => `${(10 * Math.log10(dot(target, target) / error)).toFixed(1)} dB`;

  function line(values, colour, width) {
    const most = Math.max(...target.map(Math.abs)) * 1.2;
    const { width: wide, height } = context.canvas;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    values.forEach((one, n) => context.lineTo(((n + 0.5) * wide) / LENGTH, ((1 - one / most) * height) / 2));
    context.stroke();
  }

  function draw() {
    const lag = Number(lagSlider.value);
    const codeword = Number(codewordSlider.value);
    const first = fitted(ofLag(lag), target);
    const second = fitted(ofCodeword(codeword), first.left);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    line(target, "#9e9e9e", 4);
    line(first.scaled, "#00695c", 1.5);
    line(first.scaled.map((one, n) => one + second.scaled[n]), "#c62828", 2);
    lagWords.textContent = `${lag} samples, gain ${first.gain.toFixed(2)}: ${decibels(first.error)}`;
    codewordWords.textContent = `${codeword} of ${count}: ${decibels(second.error)}`;
    sum.textContent = `Signal over what is left: ${decibels(second.error)}`;
    return first.left;
  }

  box.addEventListener("input", draw);
  box.addEventListener("click", ({ target: clicked }) => {
    if (clicked.dataset.do === "lag") lagSlider.value = best(ofLag, shortest, longest, target);
    if (clicked.dataset.do === "codeword") codewordSlider.value = best(ofCodeword, 0, count - 1, draw());
    draw();
  });
  draw();
})();
