"""Bone in ultrasound pictures with numpy alone: a program that SonoBench runs, beside its own methods.

    segmentation: { kind: program, command: [python3, "{0}"], files: [../examples/python/segment.py] }

It finds frames.npy (frame, row, column) and frames.json in the folder that is its last argument, and leaves rows.npy
there (frame, column): the row of the bone's surface in every column, NaN where there is none.
"""

import json
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[-1])
frames = np.load(folder / "frames.npy").astype(np.float32)
row_mm = json.loads((folder / "frames.json").read_text())["pixelMm"][1]
skin, reach = round(4 / row_mm), round(2 / row_mm)

# Bone is bright above, and everything below it is dark: brightness here, less the mean brightness of what lies deeper.
total = np.cumsum(frames[:, ::-1], axis=1)[:, ::-1]
below = np.arange(frames.shape[1] - 1, -1, -1)[None, :, None]
score = frames - 2.0 * (total - frames) / np.maximum(below, 1)
score[:, :skin] = score[:, -reach:] = -np.inf
rows = score.argmax(axis=1).astype(np.float64)
best = np.take_along_axis(score, rows[:, None].astype(int), axis=1)[:, 0]
rows[best < 100] = np.nan
# A line that jumps by more than 2 mm from both of its neighbours is none.
step = np.abs(np.diff(rows, axis=1, prepend=rows[:, :1], append=rows[:, -1:]))
rows[np.fmin(step[:, :-1], step[:, 1:]) > reach] = np.nan
np.save(folder / "rows.npy", rows)
