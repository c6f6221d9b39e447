"""Writes the best network as ONNX, with what has to be known to use it in its metadata.

    python3 export.py --out <folder of train.py> --model <file.onnx>
"""

import argparse
import hashlib
import json
import os

import onnx
import torch

from model import CELL_MM, BoneNet

PREPROCESSING = {
    "input": "gray [1, 1, rows, columns], 32-bit floats: gray level / 255",
    "cellMm": CELL_MM,
    "rows": "along the beam, row 0 at the probe's face, a multiple of 16, black below the picture",
    "columns": "along the face, a multiple of 16, black beside the picture; a sector is laid out by its beams, "
    "columns as far apart as on the arc half way down",
    "resampling": "mean over a triangle two cells wide, or linear where a pixel is wider than a cell",
    "output surface": "chance that the surface lies in each row of a column",
    "output none": "chance that the column shows no bone; the two sum to 1",
}


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
    model = onnx.load(options.model)
    onnx.helper.set_model_props(
        model,
        {
            "name": "bone",
            "licence": "Apache-2.0",
            "preprocessing": json.dumps(PREPROCESSING),
            "validation": json.dumps(best["figures"]),
        },
    )
    onnx.checker.check_model(model)
    onnx.save(model, options.model)
    with open(options.model, "rb") as f:
        print(f"{options.model}: {os.path.getsize(options.model)} bytes, sha256 {hashlib.sha256(f.read()).hexdigest()}")
    print(json.dumps(best["figures"]))


if __name__ == "__main__":
    main()
