"""A trajectory made elsewhere and scored here: pictures in, poses out, with numpy alone.

    npx sonobench simulate scenarios/trackerless-linear.yaml --out scan.mcap
    npx sonobench convert scan.mcap scan.igs.mha
    python3 examples/python/trajectory.py scan.igs.mha mine.txt 20
    npx sonobench score mine.txt scan-truth/poses.csv

It believes that the probe moves evenly out of its plane (20 mm a second), and corrects that sideways and in depth by
where the bright part of each picture lies. Poses are written as KITTI does: 12 numbers an image, to the first one, mm.
"""

import re
import sys
import zlib

import numpy as np

source, out, speed_mm_per_s = sys.argv[1], sys.argv[2], float(sys.argv[3])
data = open(source, "rb").read()
end = re.search(rb"ElementDataFile = LOCAL\r?\n", data).end()
head = data[:end].decode("latin1")
width, height, count = (int(n) for n in re.search(r"^DimSize = (\d+) (\d+) (\d+)", head, re.M).groups())
times = [float(t) for t in re.findall(r"^Seq_Frame\d+_Timestamp = (\S+)", head, re.M)]
body = zlib.decompress(data[end:]) if "CompressedData = True" in head else data[end:]
frames = np.frombuffer(body, np.uint8, width * height * count).reshape(count, height, width)

poses = np.tile(np.eye(4)[:3], (count, 1, 1))
weight = frames.astype(np.float64) ** 2
mass = weight.sum(axis=(1, 2)) + 1e-9
column = (weight.sum(axis=1) @ np.arange(width)) / mass
row = (weight.sum(axis=2) @ np.arange(height)) / mass
pixel_mm = 50 / height
poses[:, 0, 3] = (column[0] - column) * pixel_mm
poses[:, 1, 3] = (row[0] - row) * pixel_mm
poses[:, 2, 3] = speed_mm_per_s * (np.array(times) - times[0])
np.savetxt(out, poses.reshape(count, 12))
