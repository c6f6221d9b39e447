"""Trains the bone network. Stopped at any time, it goes on from the last checkpoint when it is called again.

    python3 train.py --data <folder of sonobench dataset> --out <folder> [--steps 6000] [--from ../../models/bone/bone.onnx]

Knees that are added to the folder while it runs, to train or to validate on, are taken in at the next validation.
`--steps` may be changed when it is called again: the rate falls over the last third of them.
"""

import argparse
import json
import os
import time

import numpy as np
import torch

from data import Shards, batch_of
from model import CELL_MM, BoneNet, loss_of
from onnx_weights import load_onnx

# A training picture is 32 mm wide, and as deep as its batch.
COLUMNS = 160
# Share that the average of the weights keeps of itself at each step: it is the average that is judged and exported.
KEEP = 0.998


def ridge_of(surface):
    """Row (cells), spread and confidence of each column: of the part within 3 cells of the peak."""
    p = surface[:, 0]
    peak = p.argmax(1, keepdim=True)
    index = torch.arange(p.shape[1]).view(1, -1, 1)
    near = torch.where((index - peak).abs() <= 3, p, torch.zeros(()))
    mass = near.sum(1)
    return (near * index).sum(1) / mass.clamp_min(1e-9), mass


@torch.no_grad()
def validate(net, shards, every=2):
    net.eval()
    errors, missed, bone, false, free = [], 0, 0, 0, 0
    order = shards.by_depth[::every]
    for begin in range(0, len(order), 8):
        image, row, weight, cos = batch_of(shards, order[begin : begin + 8], COLUMNS)
        surface, _ = net(image.contiguous(memory_format=torch.channels_last))
        found, mass = ridge_of(surface)
        is_bone = torch.isfinite(row) & (weight > 0)
        is_found = mass > 0.5
        errors.append(((found - row) * CELL_MM)[is_bone & is_found])
        facing = is_bone & (cos > np.cos(np.radians(50)))
        bone += int(facing.sum())
        missed += int((facing & ~is_found).sum())
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


def rate_at(step, total, most):
    """Rises over 100 steps, stays, and falls to nothing over the last third."""
    return most * min(1.0, (step + 1) / 100, max(0.01, (total - step) / (total / 3)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--from", dest="start", help="an exported network to start from")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--validate", type=int, default=400, help="steps between two validations")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.makedirs(options.out, exist_ok=True)
    train, validation = Shards(options.data, "train"), Shards(options.data, "validation")
    print(f"{len(train)} frames to train on, {len(validation)} of other knees to validate on", flush=True)
    net, average = BoneNet(), BoneNet()
    checkpoint = os.path.join(options.out, "checkpoint.pt")
    if options.start and not os.path.exists(checkpoint):
        images = [batch_of(train, train.alike(8, np.random.default_rng(i)), COLUMNS)[0] for i in range(6)]
        load_onnx(net, options.start, images)
    average.load_state_dict(net.state_dict())
    net, average = (n.to(memory_format=torch.channels_last) for n in (net, average))
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-3)
    step, best, log, cpu = 0, float("inf"), [], 0.0
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, best, log, cpu = state["step"], state["best"], state["log"], state["cpu"]
        print(f"going on at step {step} of {options.steps}", flush=True)
    began, running = time.process_time() - cpu, None

    def save():
        state = dict(net=net.state_dict(), average=average.state_dict(), optimiser=optimiser.state_dict())
        state.update(step=step, best=best, log=log, cpu=time.process_time() - began)
        torch.save(state, checkpoint + ".tmp")
        os.replace(checkpoint + ".tmp", checkpoint)

    def judge():
        nonlocal best
        figures = validate(average, validation)
        entry = dict(step=step, loss=running, frames=len(train), knees=len(train.paths))
        entry.update(validationKnees=len(validation.paths))
        log.append(dict(entry, cpuMinutes=(time.process_time() - began) / 60, **figures))
        # One number to choose by: mm of error, with a missed or invented column as bad as 3 mm.
        cost = figures["meanAbsMm"] + 3 * (figures["missedShare"] + figures["falseShare"])
        print(json.dumps(log[-1]), flush=True)
        if cost < best:
            best = cost
            torch.save(dict(net=average.state_dict(), figures=log[-1]), os.path.join(options.out, "best.pt"))
        with open(os.path.join(options.out, "log.json"), "w") as f:
            json.dump(log, f, indent=1)

    if step == 0:
        judge()
    while step < options.steps:
        rng = np.random.default_rng([options.seed, 7, step])
        image, row, weight, _ = batch_of(train, train.alike(options.batch, rng), COLUMNS, rng)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, options.steps, options.rate)
        net.train()
        loss = loss_of(*net.logits(image.contiguous(memory_format=torch.channels_last)), row, weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        step += 1
        keep = min(KEEP, step / (step + 10))
        with torch.no_grad():
            for a, n in zip(average.state_dict().values(), net.state_dict().values()):
                a.mul_(keep).add_(n, alpha=1 - keep) if a.is_floating_point() else a.copy_(n)
        running = float(loss) if running is None else 0.98 * running + 0.02 * float(loss)
        if step % options.every == 0:
            print(f"step {step}/{options.steps}  loss {running:.3f}  {time.process_time() - began:.0f} s CPU", flush=True)
        if step % options.validate == 0 or step == options.steps:
            train.grow()
            known = len(validation.paths)
            validation.grow()
            if len(validation.paths) > known:
                best = float("inf")  # costs on other knees do not compare
            judge()
        if step % 200 == 0 or step == options.steps:
            save()


if __name__ == "__main__":
    main()
