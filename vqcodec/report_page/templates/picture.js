// The viewer of a picture: two codings beside each other, their difference, and where the bits went.
"use strict";

page.eachSection("picture", (section) => {
  const data = page.dataOf(section);
  const find = (selector) => section.querySelector(selector);
  const [viewer, stage, under, over, canvas] = [".viewer", ".stage", ".under", ".over", ".overlay"].map(find);
  const [left, right, planes, zoom, cut, gain] = [".left", ".right", ".plane", ".zoom", ".cut", ".gain"].map(find);
  const [readout, scale, frame] = [".readout", ".scale", ".window"].map(find);
  const unpacked = new Map();
  const pictureOf = (key) => data.pictures.find((picture) => picture.key === key);
  const MOST_CANVAS = 4096;

  const coded = data.pictures.filter((picture) => picture.key !== "original");
  page.fill(left, data.pictures.map(({ key, label }) => [key, label]), "original");
  page.fill(right, coded.map(({ key, label }) => [key, label]), data.chosen);

  const view = () => find("input[type=radio]:checked").value;
  const isOverlay = () => ["bits", "partition", "prediction"].includes(view());

  function planesOf(key) {
    if (!unpacked.has(key)) unpacked.set(key, (pictureOf(key).planes ?? []).map(blocks.plane));
    return unpacked.get(key);
  }

  function choosePlanes() {
    const found = planesOf(right.value);
    const names = found.map((plane, number) => [String(number), plane.name]);
    if (view() === "bits" && found.length > 1) names.unshift(["all", "all together"]);
    const before = planes.value;
    page.fill(planes, names, names.some(([value]) => value === before) ? before : names[0]?.[0]);
  }

  function draw() {
    scale.replaceChildren();
    readout.textContent = "";
    if (!isOverlay()) return;
    const found = planesOf(right.value);
    const factor = Math.max(1, Math.min(4, Math.floor(MOST_CANVAS / Math.max(data.width, data.height))));
    const shrunk = Math.min(1, MOST_CANVAS / Math.max(data.width, data.height));
    const drawn = shrunk < 1 ? shrunk : factor;
    canvas.width = Math.round(data.width * drawn);
    canvas.height = Math.round(data.height * drawn);
    const context = canvas.getContext("2d");
    if (!found.length) {
      readout.textContent = pictureOf(right.value).without ?? "This coding does not tell its blocks.";
      return;
    }
    const chosen = planes.value === "all" ? found : [found[Number(planes.value)]];
    if (view() === "bits") {
      blocks.drawBits(context, drawn, chosen, data.width, data.height);
      scale.replaceChildren(...blocks.heatLegend());
    } else if (view() === "partition") {
      blocks.drawPartition(context, drawn, chosen[0], "rgba(255, 255, 255, 0.9)");
      context.globalCompositeOperation = "destination-over";
    } else {
      blocks.drawPrediction(context, drawn, chosen[0]);
      scale.replaceChildren(...blocks.predictionLegend(chosen[0]));
    }
    readout.textContent = "Point at a block to see what it took.";
  }

  function show() {
    viewer.dataset.view = view();
    over.src = pictureOf(right.value).uri;
    over.alt = pictureOf(right.value).label;
    if (left) {
      under.src = pictureOf(left.value).uri;
      under.alt = pictureOf(left.value).label;
    } else {
      under.removeAttribute("src");
    }
    if (isOverlay()) choosePlanes();
    draw();
  }

  function resize() {
    const times = zoom.value === "fit" ? null : Number(zoom.value) / devicePixelRatio;
    stage.style.width = times === null ? `${Math.max(data.width, 480)}px` : `${data.width * times}px`;
    stage.style.maxWidth = times === null ? "100%" : "none";
    stage.classList.toggle("enlarged", zoom.value === "2" || zoom.value === "4");
  }

  section.addEventListener("change", (event) => {
    if (event.target === zoom) resize();
    else if (event.target === planes) draw();
    else if (event.target !== cut && event.target !== gain) show();
  });
  cut.addEventListener("input", () => stage.style.setProperty("--cut", cut.value / 1000));
  gain.addEventListener("input", () => {
    viewer.style.setProperty("--gain", gain.value);
    gain.nextElementSibling.value = gain.value;
  });
  stage.addEventListener("pointermove", (event) => {
    if (!isOverlay()) return;
    const box = stage.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * data.width;
    const y = ((event.clientY - box.top) / box.height) * data.height;
    const found = planesOf(right.value);
    const plane = found[planes.value === "all" ? 0 : Number(planes.value)];
    const number = plane ? blocks.at(plane, x, y) : -1;
    if (number >= 0) readout.textContent = blocks.words(plane, number, plane.step[number]);
  });
  frame.dataset.ready = "true";
  resize();
  show();
});
