"""Trains the bone network. Stopped at any time, it goes on from the last checkpoint when it is called again.

    python3 train.py --data <folder of sonobench dataset> --out <folder> [--epochs 24]
"""

import argparse
import json
import os
import time

import numpy as np
import torch

from data import Shards, sample
from model import CELL_MM, BoneNet, loss_of

# Cells of a training picture: 51 mm deep and 32 mm wide; every fifth batch 70 mm deep.
ROWS, DEEP_ROWS, COLUMNS = 256, 352, 160


def batch_of(shards, indices, rng, rows=ROWS):
    parts = [sample(shards, i, rows, COLUMNS, rng) for i in indices]
    image, row, weight = (torch.from_numpy(np.stack(p)) for p in zip(*parts))
    return image.unsqueeze(1), row, weight


def ridge_of(surface, none):
    """Row (cells) and confidence of each column from the two outputs: the mean over 2 cells around the peak."""
    p = surface[:, 0]
    peak = p.argmax(1, keepdim=True)
    index = torch.arange(p.shape[1]).view(1, -1, 1)
    near = torch.where((index - peak).abs() <= 3, p, torch.zeros(()))
    mass = near.sum(1)
    return (near * index).sum(1) / mass.clamp_min(1e-9), mass


@torch.no_grad()
def validate(net, shards, step):
    net.eval()
    errors, missed, bone, false, free = [], 0, 0, 0, 0
    for begin in range(0, len(shards), step * 8):
        image, row, weight = batch_of(shards, range(begin, min(len(shards), begin + step * 8), step), None)
        found, mass = ridge_of(*net(image))
        is_bone = torch.isfinite(row) & (weight > 0)
        is_found = mass > 0.5
        errors.append(((found - row) * CELL_MM)[is_bone & is_found])
        bone += int(is_bone.sum())
        missed += int((is_bone & ~is_found).sum())
        empty = torch.isnan(row) & (image[:, 0].amax(1) > 0)
        free += int(empty.sum())
        false += int((empty & is_found).sum())
    e = torch.cat(errors)
    if len(e) == 0:
        e = torch.tensor([99.0])  # nothing found yet: worse than anything
    return {
        "meanAbsMm": float(e.abs().mean()),
        "medianAbsMm": float(e.abs().median()),
        "p95Mm": float(e.abs().kthvalue(max(1, int(0.95 * len(e))))[0]),
        "biasMm": float(e.mean()),
        "missedShare": missed / max(1, bone),
        "falseShare": false / max(1, free),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=100, help="steps between two lines of the log")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.makedirs(options.out, exist_ok=True)
    train, validation = Shards(options.data, "train"), Shards(options.data, "validation")
    print(f"{len(train)} frames to train on, {len(validation)} of other knees to validate on", flush=True)
    net = BoneNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-3)
    steps_per_epoch = len(train) // options.batch
    total = steps_per_epoch * options.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, total_steps=total + 1, pct_start=0.08)
    checkpoint = os.path.join(options.out, "checkpoint.pt")
    step, best, log = 0, float("inf"), []
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        if state["total"] != total:
            raise SystemExit(f"{checkpoint} belongs to a training of {state['total']} steps, not {total}")
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        step, best, log = state["step"], state["best"], state["log"]
        print(f"going on at step {step} of {total}", flush=True)

    def save():
        state = dict(net=net.state_dict(), optimiser=optimiser.state_dict(), schedule=schedule.state_dict())
        state.update(step=step, total=total, best=best, log=log)
        torch.save(state, checkpoint + ".tmp")
        os.replace(checkpoint + ".tmp", checkpoint)

    began, running = time.time(), None
    while step < total:
        epoch = step // steps_per_epoch
        order = np.random.default_rng([options.seed, epoch]).permutation(len(train))
        at = step % steps_per_epoch
        indices = order[at * options.batch : (at + 1) * options.batch]
        net.train()
        rows = DEEP_ROWS if step % 5 == 4 else ROWS
        image, row, weight = batch_of(train, indices, np.random.default_rng([options.seed, 7, step]), rows)
        loss = loss_of(*net.logits(image), row, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        step += 1
        running = float(loss) if running is None else 0.98 * running + 0.02 * float(loss)
        if step % options.every == 0:
            print(f"step {step}/{total}  loss {running:.3f}  {time.time() - began:.0f} s", flush=True)
        if step % 400 == 0:
            save()
        if step % steps_per_epoch == 0 or step == total:
            figures = validate(net, validation, 1)
            log.append(dict(step=step, epoch=step / steps_per_epoch, loss=running, **figures))
            # One number to choose by: mm of error, with a missed or invented column as bad as 3 mm.
            cost = figures["meanAbsMm"] + 3 * (figures["missedShare"] + figures["falseShare"])
            print(json.dumps(log[-1]), flush=True)
            if cost < best:
                best = cost
                torch.save(dict(net=net.state_dict(), figures=figures, step=step), os.path.join(options.out, "best.pt"))
            with open(os.path.join(options.out, "log.json"), "w") as f:
                json.dump(log, f, indent=1)
            save()


if __name__ == "__main__":
    main()
