"""Reads what `sonobench dataset` wrote, brings every frame to the network's lattice, and varies it."""

import glob
import json
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from model import CELL_MM

PROBE_FACES_MM = {"telemed-l12-40": 40.0, "l14-5-38": 39.0}


class Shards:
    """All frames of one part in memory, as bytes."""

    def __init__(self, folder, part):
        paths = sorted(glob.glob(os.path.join(folder, part, "knee-*.h5")))
        if not paths:
            raise SystemExit(f"{folder}/{part}: no knee-*.h5; make them with: sonobench dataset ... -o {folder}")
        frames, shown, cosine, settings, knee = [], [], [], [], []
        for number, path in enumerate(paths):
            with h5py.File(path, "r") as f:
                frames.append(f["frames"][:])
                shown.append(f["shown"][:])
                cosine.append(f["cosine"][:])
                settings.append(f["settings"][:])
                names = json.loads(f.attrs["settingNames"])
                knee.append(np.full(len(frames[-1]), number))
        self.frames = np.concatenate(frames)
        self.shown = np.concatenate(shown)
        self.cosine = np.concatenate(cosine)
        settings = np.concatenate(settings)
        column = lambda name: settings[:, names.index(name)]
        self.pixel_mm, self.face_column, self.face_row = column("pixelMm"), column("faceColumn"), column("faceRow")
        self.knee = np.concatenate(knee)

    def __len__(self):
        return len(self.frames)


def columns_with_image(frame):
    """First and last column that hold any gray: beside the face the picture is black."""
    used = np.flatnonzero(frame.max(0) > 0)
    return (used[0], used[-1]) if len(used) else (0, frame.shape[1] - 1)


def sample(shards, i, rows, columns, rng=None):
    """One frame on the lattice: gray [rows, columns], row of the surface [columns], weight [columns].

    With `rng` (numpy Generator) it is varied; without, it is as it was made, centred.
    """
    frame, shown, cosine = shards.frames[i], shards.shown[i], shards.cosine[i]
    pixel = shards.pixel_mm[i]
    low, high = columns_with_image(frame)
    scale = 1.0 if rng is None else rng.uniform(0.85, 1.18)  # a bone of another size, a pulse of another length
    step = CELL_MM / (pixel * scale)  # pixels a cell
    span = (high - low) / step
    if rng is None:
        left = low + (high - low) / 2 - (columns - 1) / 2 * step
    else:
        slack = max(0.0, span - columns)
        left = low + rng.uniform(-0.1, 1.0) * slack * step - (0 if slack > 0 else (columns - span) / 2 * step)
    u = left + np.arange(columns) * step
    v = shards.face_row[i] + np.arange(rows) * step
    gray = torch.from_numpy(frame).float().view(1, 1, *frame.shape) / 255
    gx = torch.from_numpy(2 * u / (frame.shape[1] - 1) - 1).float()
    gy = torch.from_numpy(2 * v / (frame.shape[0] - 1) - 1).float()
    grid = torch.stack(torch.meshgrid(gx, gy, indexing="xy"), -1).unsqueeze(0)
    image = F.grid_sample(gray, grid, align_corners=True)[0, 0].numpy()
    inside = (u >= low) & (u <= high)
    nearest = np.clip(np.round(u).astype(int), 0, frame.shape[1] - 1)
    between = np.interp(u, np.arange(len(shown)), shown)  # NaN spreads to its neighbours
    row = np.where(np.isnan(between), shown[nearest], between)
    row = np.where(inside, (row - shards.face_row[i]) / step, np.nan)
    row = np.where((v[-1] <= frame.shape[0] - 1) | (row < (frame.shape[0] - 1 - shards.face_row[i]) / step), row, np.nan)
    # A surface met at more than 72 degrees sends nothing back: neither "bone" nor "no bone" is asked of the network.
    flat = np.nan_to_num(cosine[nearest], nan=1.0) < 0.3
    weight = np.where(np.isfinite(row) & flat, 0.0, 1.0).astype(np.float32)
    if rng is not None:
        image, row, weight = vary(image, row, weight, rng)
    return image.astype(np.float32), row.astype(np.float32), weight


def vary(image, row, weight, rng):
    """What scanners and hands do beyond what was simulated."""
    if rng.random() < 0.5:
        image, row, weight = image[:, ::-1].copy(), row[::-1].copy(), weight[::-1].copy()
    black = image <= 0
    gamma, gain, lift = np.exp(rng.normal(0, 0.22)), np.exp(rng.normal(0, 0.18)), rng.normal(0, 0.03)
    image = gain * image**gamma + lift
    rows, columns = image.shape
    if rng.random() < 0.5:  # uneven contact: columns of another brightness
        knots = rng.normal(0, 0.12, 7)
        image = image * np.exp(np.interp(np.arange(columns), np.linspace(0, columns, 7), knots))[None, :]
    if rng.random() < 0.5:  # sliders
        knots = rng.normal(0, 0.12, 6)
        image = image * np.exp(np.interp(np.arange(rows), np.linspace(0, rows, 6), knots))[:, None]
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.005, 0.04), image.shape)
    if rng.random() < 0.35:  # smoothing of the scanner
        t = torch.from_numpy(image.astype(np.float32)).view(1, 1, rows, columns)
        k = int(rng.integers(1, 3)) * 2 + 1
        horizontal = rng.random() < 0.7
        t = F.avg_pool2d(t, (1, k) if horizontal else (k, 1), 1, ((0, k // 2) if horizontal else (k // 2, 0)))
        image = t[0, 0].numpy()
    if rng.random() < 0.25:  # bright lines that are no bone: needles, wires, fasciae. Nothing below them is dark.
        for _ in range(int(rng.integers(1, 4))):
            v0, slope = rng.uniform(10, rows - 10), rng.normal(0, 0.35)
            first, length = rng.integers(0, columns), rng.integers(4, columns)
            level, thick = rng.uniform(0.35, 0.95), rng.uniform(0.6, 2.5)
            u = np.arange(first, min(columns, first + length))
            line = v0 + slope * (u - first) + rng.normal(0, 2) * np.sin(u / rng.uniform(8, 40))
            below = line[None, :] - np.arange(rows)[:, None]
            drawn = level * np.exp(-0.5 * (below / thick) ** 2)
            # Only above the bone: in its shadow nothing is seen.
            drawn[np.arange(rows)[:, None] > np.nan_to_num(row[u], nan=rows)[None, :] - 4] = 0
            image[:, u] = np.maximum(image[:, u], drawn * rng.uniform(0.6, 1.0, drawn.shape))
    if rng.random() < 0.12:  # no contact over a part of the face: nothing is seen below
        first, length = rng.integers(0, columns), int(rng.integers(8, columns // 2))
        part = slice(first, min(columns, first + length))
        image[:, part] *= np.exp(-np.arange(rows) / rng.uniform(3, 15))[:, None]
        row[part] = np.nan
    if rng.random() < 0.5:
        image[black] = 0
    return np.clip(image, 0, 1), row, weight
