"""Reads what `sonobench dataset` wrote, brings every frame to the network's lattice, and varies it."""

import glob
import json
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from model import CELL_MM

# A surface met at more than 72 degrees sends nothing back: neither "bone" nor "no bone" is asked of the network.
LEAST_COSINE = 0.3
# Rows of the deepest training picture (80 mm); deeper ones are cut off.
MOST_ROWS = 400
# Labelled points of neighbouring columns further apart than this lie on two surfaces, mm.
STEP_MM = 3.0


class Shards:
    """All frames of one part in memory, as bytes. `grow` adds the knees that were made since."""

    def __init__(self, folder, part):
        self.folder, self.part, self.paths = folder, part, []
        self.frames, self.shown, self.cosine, self.settings, self.knee = [], [], [], [], []
        self.grow()
        if not self.paths:
            raise SystemExit(f"{folder}/{part}: no knee-*.h5; make them with: sonobench dataset ... -o {folder}")

    def grow(self):
        for path in sorted(glob.glob(os.path.join(self.folder, self.part, "knee-*.h5"))):
            if path in self.paths:
                continue
            with h5py.File(path, "r") as f:
                frames, names = f["frames"][:], json.loads(f.attrs["settingNames"])
                self.frames.extend(frames)
                self.shown.extend(f["shown"][:])
                self.cosine.extend(f["cosine"][:])
                self.settings.extend(dict(zip(names, row)) for row in f["settings"][:])
                self.knee.extend([len(self.paths)] * len(frames))
            self.paths.append(path)
        self.depth = np.array([s["depthMm"] for s in self.settings])
        self.by_depth = np.argsort(self.depth, kind="stable")

    def __len__(self):
        return len(self.frames)

    def alike(self, count, rng):
        """Indices of `count` frames of about the same depth, so that a batch wastes no rows."""
        window = max(count, len(self) // 8)
        first = int(rng.integers(0, max(1, len(self) - window + 1)))
        return rng.choice(self.by_depth[first : first + window], count, replace=len(self) < count)


def rows_for(shards, indices, scales):
    """Rows that hold the deepest of these frames, a multiple of 16."""
    most = max(shards.depth[i] / (CELL_MM * s) for i, s in zip(indices, scales))
    return min(MOST_ROWS, 16 * int(np.ceil(most / 16)))


def columns_with_image(frame):
    """First and last column that hold any gray: beside the face the picture is black."""
    used = np.flatnonzero(frame.max(0) > 0)
    return (used[0], used[-1]) if len(used) else (0, frame.shape[1] - 1)


def place_of(settings):
    """Functions between the place on the lattice (mm across at half depth, mm down the beam) and the pixel."""
    pixel, fc, fr = settings["pixelMm"], settings["faceColumn"], settings["faceRow"]
    radius, depth = settings["faceRadiusMm"], settings["depthMm"]
    if radius == 0:
        return (
            lambda x, y: (fc + x / pixel + 0 * y, fr + y / pixel + 0 * x),
            lambda u, v: ((u - fc) * pixel, (v - fr) * pixel),
        )
    half = radius + depth / 2  # as src/pipeline/segmentation/unfold.ts lays sectors out

    def pixel_of(x, y):
        angle = x / half
        return fc + (radius + y) * np.sin(angle) / pixel, fr + ((radius + y) * np.cos(angle) - radius) / pixel

    def mm_of(u, v):
        x, y = (u - fc) * pixel, (v - fr) * pixel + radius
        return half * np.arctan2(x, y), np.hypot(x, y) - radius

    return pixel_of, mm_of


def along_beams(x, y, cosine, at, reach):
    """The surface through the points (x, y), in order, at the beams `at`: y and cosine, NaN where there is none."""
    row, cos = np.full(len(at), np.nan), np.full(len(at), np.nan)
    known = np.flatnonzero(np.isfinite(y))
    if len(known) == 0:
        return row, cos
    breaks = np.flatnonzero((np.diff(known) > 1) | (np.abs(np.diff(y[known])) > STEP_MM))
    for run in np.split(known, breaks + 1):
        order = run[np.argsort(x[run], kind="stable")]
        inside = (at >= x[order[0]] - reach) & (at <= x[order[-1]] + reach)
        found = np.interp(at[inside], x[order], y[order])
        nearer = ~(row[inside] <= found)
        where = np.flatnonzero(inside)[nearer]
        row[where] = found[nearer]
        cos[where] = np.interp(at[where], x[order], np.nan_to_num(cosine[order], nan=1.0))
    return row, cos


def sample(shards, i, rows, columns, scale=1.0, rng=None):
    """One frame on the lattice: gray [rows, columns], row of the surface, weight, cosine [columns].

    With `rng` (numpy Generator) it is cut out anywhere and varied; without, it is as it was made, centred. `scale`: a
    bone of another size, a pulse of another length.
    """
    frame, settings = shards.frames[i], shards.settings[i]
    pixel_of, mm_of = place_of(settings)
    step = CELL_MM * scale
    if settings["faceRadiusMm"]:
        width = settings["faceAngleRad"] * (settings["faceRadiusMm"] + settings["depthMm"] / 2)
        low, high = -width / 2, width / 2
    else:
        first, last = columns_with_image(frame)
        low, high = mm_of(np.array([first, last]), 0)[0]
    span = (high - low) / step
    if rng is None:
        left = (low + high) / 2 - (columns - 1) / 2 * step
    else:
        slack = max(0.0, span - columns)
        left = low + rng.uniform(-0.1, 1.0) * slack * step - (0 if slack > 0 else (columns - span) / 2 * step)
    x, y = left + np.arange(columns) * step, np.arange(rows) * step
    u, v = pixel_of(x[None, :], y[:, None])
    gray = torch.from_numpy(frame).float().view(1, 1, *frame.shape) / 255
    grid = np.stack([2 * u / (frame.shape[1] - 1) - 1, 2 * v / (frame.shape[0] - 1) - 1], -1).astype(np.float32)
    image = F.grid_sample(gray, torch.from_numpy(grid).unsqueeze(0), align_corners=True)[0, 0].numpy()
    inside = (x >= low) & (x <= high)
    image[:, ~inside] = 0
    px, py = mm_of(np.arange(frame.shape[1]), shards.shown[i].astype(np.float64))
    row, cos = along_beams(px, py, shards.cosine[i], x, settings["pixelMm"] / 2)
    row = np.where(inside & (row < settings["depthMm"]), row / step, np.nan)
    weight = np.where(np.isfinite(row) & (cos < LEAST_COSINE), 0.0, 1.0)
    if rng is not None:
        image, row, weight = vary(image, row, weight, rng)
    return image.astype(np.float32), row.astype(np.float32), weight.astype(np.float32), cos.astype(np.float32)


def batch_of(shards, indices, columns, rng=None):
    """Frames as tensors: gray [n, 1, rows, columns], row, weight and cosine [n, columns]."""
    scales = np.ones(len(indices)) if rng is None else rng.uniform(0.85, 1.18, len(indices))
    rows = rows_for(shards, indices, scales)
    parts = [sample(shards, i, rows, columns, s, rng) for i, s in zip(indices, scales)]
    image, row, weight, cos = (torch.from_numpy(np.stack(p)) for p in zip(*parts))
    return image.unsqueeze(1), row, weight, cos


def vary(image, row, weight, rng):
    """What scanners and hands do beyond what was simulated."""
    if rng.random() < 0.5:
        image, row, weight = image[:, ::-1].copy(), row[::-1].copy(), weight[::-1].copy()
    black = image <= 0
    gamma, gain, lift = np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(0, 0.16)), rng.normal(0, 0.03)
    image = gain * image**gamma + lift
    rows, columns = image.shape
    if rng.random() < 0.5:  # uneven contact: columns of another brightness
        knots = rng.normal(0, 0.12, 7)
        image = image * np.exp(np.interp(np.arange(columns), np.linspace(0, columns, 7), knots))[None, :]
    if rng.random() < 0.4:  # sliders
        knots = rng.normal(0, 0.12, 6)
        image = image * np.exp(np.interp(np.arange(rows), np.linspace(0, rows, 6), knots))[:, None]
    if rng.random() < 0.2:  # what lies near the face comes again, at twice its depth
        again = image[np.arange(rows) // 2] * rng.uniform(0.1, 0.45)
        image = np.maximum(image, np.where(np.arange(rows)[:, None] > 20, again, 0))
    if rng.random() < 0.25:
        image = image + rng.uniform(0.005, 0.04) * rng.standard_normal(image.shape, dtype=np.float32)
    if rng.random() < 0.35:  # smoothing of the scanner
        t = torch.from_numpy(image.astype(np.float32)).view(1, 1, rows, columns)
        k = int(rng.integers(1, 3)) * 2 + 1
        horizontal = rng.random() < 0.7
        t = F.avg_pool2d(t, (1, k) if horizontal else (k, 1), 1, ((0, k // 2) if horizontal else (k // 2, 0)))
        image = t[0, 0].numpy()
    if rng.random() < 0.25:  # bright lines that are no bone: needles, wires, fasciae. Nothing below them is dark.
        for _ in range(int(rng.integers(1, 4))):
            draw_line(image, row, rng)
    if rng.random() < 0.12:  # no contact over a part of the face: nothing is seen below
        first, length = rng.integers(0, columns), int(rng.integers(8, columns // 2))
        part = slice(first, min(columns, first + length))
        image[:, part] *= np.exp(-np.arange(rows) / rng.uniform(3, 15))[:, None]
        row[part] = np.nan
    if rng.random() < 0.5:
        image[black] = 0
    return np.clip(image, 0, 1), row, weight


def draw_line(image, row, rng):
    rows, columns = image.shape
    v0, slope = rng.uniform(10, rows - 10), rng.normal(0, 0.35)
    first, length = rng.integers(0, columns), rng.integers(4, columns)
    level, thick = rng.uniform(0.35, 0.95), rng.uniform(0.6, 2.5)
    u = np.arange(first, min(columns, first + length))
    line = v0 + slope * (u - first) + rng.normal(0, 2) * np.sin(u / rng.uniform(8, 40))
    begin, end = int(max(0, line.min() - 8)), int(min(rows, line.max() + 9))
    if end <= begin:
        return
    below = line[None, :] - np.arange(begin, end)[:, None]
    drawn = level * np.exp(-0.5 * (below / thick) ** 2)
    # Only above the bone: in its shadow nothing is seen.
    drawn[np.arange(begin, end)[:, None] > np.nan_to_num(row[u], nan=rows)[None, :] - 4] = 0
    image[begin:end, u] = np.maximum(image[begin:end, u], drawn * rng.uniform(0.6, 1.0, drawn.shape))
