// What all kinds of media share: data of a section, arrays in base64, colours, charts.
"use strict";

const page = {
  /** The data of the section that an element stands in. */
  dataOf(section) {
    return JSON.parse(section.querySelector("script.data").textContent);
  },

  /** Bytes in base64 as an array of numbers, little endian. */
  numbers(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Kind(bytes.buffer);
  },

  /** Fill a select with [value, label] pairs. */
  fill(select, pairs, chosen) {
    if (!select) return;
    select.replaceChildren(...pairs.map(([value, label]) => new Option(label, value, value === chosen, value === chosen)));
  },

  /** Call a function for each section of a kind. */
  eachSection(kind, start) {
    for (const section of document.querySelectorAll(`section.medium[data-kind="${kind}"]`)) start(section);
  },

  /** A colour of a scale from dark blue to yellow; part is 0 to 1. */
  heat(part, alpha = 1) {
    const stops = page.heatStops;
    const place = Math.min(Math.max(part, 0), 1) * (stops.length - 1);
    const first = Math.min(Math.floor(place), stops.length - 2);
    const mix = stops[first].map((value, i) => Math.round(value + (stops[first + 1][i] - value) * (place - first)));
    return `rgba(${mix}, ${alpha})`;
  },

  heatStops: [[13, 8, 135], [92, 1, 166], [156, 23, 158], [204, 71, 120], [237, 121, 83], [253, 180, 47], [240, 249, 33]],

  /** A number in at most three digits after the point. */
  shown(value) {
    return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  },
};

{
  const charts = document.getElementById("charts");
  if (charts && typeof Bokeh !== "undefined") {
    for (const chart of JSON.parse(charts.textContent)) Bokeh.embed.embed_item(chart, chart.target_id);
  }
}
