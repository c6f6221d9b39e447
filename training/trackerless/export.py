"""Writes the best network as ONNX, and what the pipeline has to know of its training domain.

    python3 export.py --data <features> --out <folder of train.py> --model <file.onnx> --domain <file.json>
"""

import argparse
import json
import os

import numpy as np
import torch

from model import PATCH, STEP, PoseNet
from train import load


def summary(sweep):
    """Means over a sweep of what tells one lens, tissue and hand from another: as domain.ts reads them."""
    patch = sweep["patch"].numpy()
    there = patch[..., PATCH - 1] > 0
    if not there.any():
        return None
    means = [float(patch[..., k][there].mean()) for k in (1, 8, 5, 6, 21, 22, 23)]
    return means + [float(sweep["step"][:, 3].abs().mean()), float(sweep["step"][:, 7].mean())]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "out", "model", "domain"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    best = torch.load(os.path.join(options.out, "best.pt"))
    net = PoseNet()
    net.load_state_dict(best["net"])
    net.eval()
    torch.onnx.export(
        net,
        (torch.rand(1, 63, 70, PATCH), torch.rand(1, 63, STEP)),
        options.model,
        opset_version=13,
        input_names=["patch", "step"],
        output_names=["mean", "rate"],
        dynamic_axes={"patch": {1: "steps", 2: "patches"}, "step": {1: "steps"}, "mean": {1: "steps"}, "rate": {1: "steps"}},
    )
    rows = np.array([row for row in map(summary, load(options.data, "train")) if row is not None])
    with open(options.domain, "w") as f:
        json.dump({"kind": "pose-domain", "sweeps": len(rows), "mean": rows.mean(0).round(5).tolist(),
                   "covariance": np.cov(rows.T).round(7).tolist()}, f, indent=1)
    print(f"{options.model}: {os.path.getsize(options.model)} bytes, {best['figures']}")


if __name__ == "__main__":
    main()
