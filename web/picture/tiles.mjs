/** How pictures of engine image/transform are cut into tiles (FORMAT.md, 9.3). */

const MOST_SIDE = 1280;
const ALIGNMENT = 64;

/** The tiles of a picture in raster order: {top, left, height, width} in luma samples. */
export function tilesOf({ width, height }) {
  return cuts(height).flatMap(([top, bottom]) =>
    cuts(width).map(([left, right]) => ({ top, left, height: bottom - top, width: right - left })),
  );
}

function cuts(size) {
  const count = Math.ceil(size / MOST_SIDE);
  const length = ALIGNMENT * Math.ceil(size / (ALIGNMENT * count));
  const found = [];
  for (let start = 0; start < size; start += length) found.push([start, Math.min(start + length, size)]);
  return found;
}

/** The part of a plane of half the size (rounded up) that belongs to a tile. */
export function halfOf({ top, left, height, width }) {
  const [y, x] = [top >> 1, left >> 1];
  return { top: y, left: x, height: ((top + height + 1) >> 1) - y, width: ((left + width + 1) >> 1) - x };
}
