"""Writes the best network as ONNX, with what the pipeline has to know in its metadata.

    python3 export.py --out <folder of train.py> --model <file.onnx>
"""

import argparse
import os

import torch

from model import CELL_MM, BoneNet


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--model", required=True)
    options = parser.parse_args()
    net = BoneNet()
    best = torch.load(os.path.join(options.out, "best.pt"))
    net.load_state_dict(best["net"])
    net.eval()
    gray = torch.rand(1, 1, 256, 208)
    axes = {0: "batch", 2: "rows", 3: "columns"}
    torch.onnx.export(
        net,
        gray,
        options.model,
        opset_version=13,
        input_names=["gray"],
        output_names=["surface", "none"],
        dynamic_axes={"gray": axes, "surface": axes, "none": {0: "batch", 3: "columns"}},
    )
    print(f"{options.model}: {os.path.getsize(options.model)} bytes, cell {CELL_MM} mm, {best['figures']}")


if __name__ == "__main__":
    main()
