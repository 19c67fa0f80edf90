"""Engine image/transform of the reference decoder: prediction (FORMAT.md, 9.13, 9.14)."""

from __future__ import annotations

from reference_transform_plane import Block, Plane, Samples, clip

PLANAR, DC, HORIZONTAL, VERTICAL = 0, 1, 10, 26
FROM_FIRST, FROM_BOTH, FROM_SECOND = 35, 36, 37

DISPLACEMENT = [32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26, -32]
"""D of modes 2 to 18."""
INVERSE = [-4096, -1638, -910, -630, -482, -390, -315, -256]
"""V of modes 11 to 18."""
TAPS = [
    (0, 128, 0, 0),
    (-2, 128, 2, 0),
    (-4, 127, 5, 0),
    (-5, 126, 8, -1),
    (-6, 123, 12, -1),
    (-7, 120, 16, -1),
    (-8, 118, 20, -2),
    (-9, 115, 24, -2),
    (-9, 111, 29, -3),
    (-9, 107, 34, -4),
    (-9, 102, 39, -4),
    (-9, 98, 44, -5),
    (-9, 93, 50, -6),
    (-9, 88, 55, -6),
    (-9, 83, 61, -7),
    (-8, 77, 66, -7),
    (-8, 72, 72, -8),
]
"""t0 to t3 of f = 0 to 16."""


def predict(plane: Plane, block: Block, mode: int) -> Samples:
    """P by row and column of the block."""
    return from_neighbours(plane, block, mode) if mode <= 34 else from_planes(plane, block, mode)


# 9.13 Prediction from neighbours


def from_neighbours(plane: Plane, block: Block, mode: int) -> Samples:
    top, left = references(plane, block)
    smoothed = is_smoothed(block, mode)
    if smoothed:
        top, left = smooth(top, left), smooth(left, top)
    if mode == PLANAR:
        prediction = planar(block, top, left)
    elif mode == DC:
        prediction = mean(block, top, left)
    else:
        prediction = angle(block, mode, top, left, smoothed)
    if mode in (PLANAR, DC, HORIZONTAL, VERTICAL):
        blend(block, mode, top, left, prediction)
    return prediction


def references(plane: Plane, block: Block) -> tuple[list[int], list[int]]:
    """top and left, from 0 (the corner) to w + h."""
    y, x = block.y, block.x
    count = block.width + block.height
    top: list[int] = []
    while len(top) < count and plane.unit(y - 1, x + len(top)):
        top += plane.samples[y - 1][x + len(top) : x + len(top) + 4]
    left: list[int] = []
    while len(left) < count and plane.unit(y + len(left), x - 1):
        left += [plane.samples[y + len(left) + i][x - 1] for i in range(4)]
    corner = plane.samples[y - 1][x - 1] if top and left else (top + left + [2048])[0]
    return repeat_last([corner, *top], count + 1), repeat_last([corner, *left], count + 1)


def repeat_last(values: list[int], length: int) -> list[int]:
    return values + [values[-1]] * (length - len(values))


def is_smoothed(block: Block, mode: int) -> bool:
    z = (block.lw + block.lh) // 2
    if z == 2 or mode == DC:
        return False
    return mode == PLANAR or min(abs(mode - VERTICAL), abs(mode - HORIZONTAL)) > {3: 7, 4: 1, 5: 0}[z]


def smooth(main: list[int], other: list[int]) -> list[int]:
    inner = [(main[i - 1] + 2 * main[i] + main[i + 1] + 2) >> 2 for i in range(1, len(main) - 1)]
    return [(other[1] + 2 * main[0] + main[1] + 2) >> 2, *inner, main[-1]]


def planar(block: Block, top: list[int], left: list[int]) -> Samples:
    w, h = block.width, block.height
    prediction = []
    for i in range(h):
        across = [((w - 1 - j) * left[i + 1] + (j + 1) * top[w + 1]) << block.lh for j in range(w)]
        down = [((h - 1 - i) * top[j + 1] + (i + 1) * left[h + 1]) << block.lw for j in range(w)]
        prediction.append([(a + d + w * h) >> (block.lw + block.lh + 1) for a, d in zip(across, down, strict=True)])
    return prediction


def mean(block: Block, top: list[int], left: list[int]) -> Samples:
    w, h = block.width, block.height
    used = (top[1 : w + 1] if w >= h else []) + (left[1 : h + 1] if h >= w else [])
    value = (sum(used) + len(used) // 2) // len(used)
    return [[value] * w for _ in range(h)]


def angle(block: Block, mode: int, top: list[int], left: list[int], smoothed: bool) -> Samples:
    like = mode if mode <= 18 else 36 - mode
    displacement = DISPLACEMENT[like - 2]
    upright = mode >= 18
    main, side = (top, left) if upright else (left, top)
    n, r = (block.width, block.height) if upright else (block.height, block.width)
    last = block.width + block.height

    def line(i: int) -> int:
        if i >= 0:
            return main[min(i, last)]
        return side[min((i * INVERSE[like - 11] + 128) >> 8, last)]

    lines = []
    for i in range(r):
        p = (i + 1) * displacement
        lines.append([interpolate(line, j + (p >> 5), p % 32, smoothed) for j in range(n)])
    return lines if upright else [list(column) for column in zip(*lines, strict=True)]


def interpolate(line, o: int, f: int, smoothed: bool) -> int:
    if f == 0:
        return line(o + 1)
    if smoothed:
        return ((32 - f) * line(o + 1) + f * line(o + 2) + 16) >> 5
    taps = TAPS[f] if f <= 16 else TAPS[32 - f][::-1]
    return (sum(tap * line(o + k) for k, tap in enumerate(taps)) + 64) >> 7


def blend(block: Block, mode: int, top: list[int], left: list[int], prediction: Samples) -> None:
    q = (block.lw + block.lh - 2) >> 2
    for i in range(block.height):
        for j in range(block.width):
            start = prediction[i][j] if mode in (PLANAR, DC) else top[0]
            pull = 32
            if mode != HORIZONTAL:
                pull += weight(j, q) * (left[i + 1] - start)
            if mode != VERTICAL:
                pull += weight(i, q) * (top[j + 1] - start)
            prediction[i][j] += pull >> 6


def weight(i: int, q: int) -> int:
    return 32 >> ((2 * i) >> q) if i < 3 << q else 0


# 9.14 Prediction from other planes


def template(plane: Plane, block: Block) -> list[tuple[int, int]]:
    y, x, w, h = block.y, block.x, block.width, block.height
    places = [(y - d, u) for d in (1, 2) for u in range(x - d, x + w + w // 2)]
    places += [(v, x - d) for d in (1, 2) for v in range(y, y + h + h // 2)]
    return [place for place in places if plane.unit(*place)]


def from_planes(plane: Plane, block: Block, mode: int) -> Samples:
    f_plane = plane.guides[1 if mode == FROM_SECOND else 0]
    g_plane = plane.guides[-1]
    places = template(plane, block)
    if not places:
        return [[2048] * block.width for _ in range(block.height)]
    t, f, g = ([samples[v][u] for v, u in places] for samples in (plane.samples, f_plane, g_plane))
    n = len(places)
    mean_t, mean_f, mean_g = ((sum(values) + n // 2) // n for values in (t, f, g))
    slope_f, slope_g = slopes(t, f, g, mode == FROM_BOTH)

    def sample(v: int, u: int) -> int:
        change = slope_f * (f_plane[v][u] - mean_f) + slope_g * (g_plane[v][u] - mean_g)
        return clip(mean_t + ((change + 512) >> 10), 0, 4080)

    columns = range(block.x, block.x + block.width)
    return [[sample(v, u) for u in columns] for v in range(block.y, block.y + block.height)]


def slopes(t: list[int], f: list[int], g: list[int], both: bool) -> tuple[int, int]:
    ridge = 256 * len(t) ** 2
    vf, cf = moment(f, f) + ridge, moment(f, t)
    if not both:
        return slope(cf, vf), 0
    return two_slopes(vf, moment(g, g) + ridge, moment(f, g), cf, moment(g, t))


def two_slopes(vf: int, vg: int, vfg: int, cf: int, cg: int) -> tuple[int, int]:
    """9.14, step 4."""
    shift = 0
    while max(vf, vg) >> shift >= 1 << 20:
        shift += 1
    vf, vg, vfg, cf, cg = (value >> shift for value in (vf, vg, vfg, cf, cg))
    determinant = max(vf * vg - vfg * vfg, 1)
    limit = 1 << 40
    return (
        slope(clip(cf * vg - cg * vfg, -limit, limit), determinant),
        slope(clip(cg * vf - cf * vfg, -limit, limit), determinant),
    )


def moment(a: list[int], b: list[int]) -> int:
    return len(a) * sum(p * q for p, q in zip(a, b, strict=True)) - sum(a) * sum(b)


def slope(numerator: int, denominator: int) -> int:
    return clip((numerator << 10) // denominator, -8192, 8192)
