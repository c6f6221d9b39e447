"""Trains the pose network. Stopped at any time, it goes on from the last checkpoint when it is called again.

    python3 train.py --data <folder of features.ts> --out <folder> [--epochs 200]
"""

import argparse
import glob
import json
import os
import time

import h5py
import numpy as np
import torch

from model import PATCH, PoseNet, composed, corrected, matrices

# Corners and centre of a picture 40 mm wide and 45 mm deep, mm, as columns.
POINTS = torch.tensor([[-20.0, 0, 0, 1], [20, 0, 0, 1], [-20, 45, 0, 1], [20, 45, 0, 1], [0, 22.5, 0, 1]]).T
SPANS = (1, 8, 32)


def load(folder, part):
    sweeps = []
    for path in sorted(glob.glob(os.path.join(folder, part, "*.h5"))):
        with h5py.File(path) as f:
            arrays = {name: f[name][:] for name in ("patch", "step", "sign", "estimate", "truth", "middle")}
        for i in range(len(arrays["patch"])):
            sweeps.append({name: torch.from_numpy(value[i]).float() for name, value in arrays.items()})
    if not sweeps:
        raise SystemExit(f"{folder}/{part}: no features; make them with features.ts")
    for sweep in sweeps:
        n = len(sweep["truth"])
        truth = torch.zeros(n, 4, 4)
        truth[:, :3, :] = sweep["truth"].view(n, 3, 4)
        truth[:, 3, 3] = 1
        # A motion and its mirror image look alike. The sign is the classical method's to choose; the network is taught how
        # far, and each step of the truth is therefore told with the sign that was chosen for it.
        way = lambda m: m[:, 2, 3] + m[:, 2, 1] * sweep["middle"][1] + m[:, 2, 0] * sweep["middle"][0]
        estimate = matrices(sweep["estimate"])
        mirror = torch.diag(torch.tensor([1.0, 1, -1, 1]))
        other = (way(estimate) * way(truth) < 0).view(-1, 1, 1)
        truth = torch.where(other, mirror @ truth @ mirror, truth)
        sweep["truth"] = truth
    return sweeps


def batch_of(sweeps, rng=None):
    steps = min(len(s["step"]) for s in sweeps)
    out = {}
    starts = [0 if rng is None else int(rng.integers(0, len(s["step"]) - steps + 1)) for s in sweeps]
    for name in ("patch", "step", "sign", "estimate", "truth"):
        out[name] = torch.stack([s[name][a : a + steps] for s, a in zip(sweeps, starts)])
    out["middle"] = torch.stack([s["middle"] for s in sweeps])
    if rng is not None:
        vary(out, rng)
    return out


def vary(batch, rng):
    """Patches that are not there, mirrored pictures, a little noise: what more sweeps would have brought."""
    patch = batch["patch"]
    b, n, p, _ = patch.shape
    drop = torch.from_numpy(rng.random((b, 1, p, 1)) < rng.uniform(0, 0.4)).expand(b, n, p, 1)
    patch = torch.where(drop, torch.zeros(()), patch)
    there = patch[..., PATCH - 1 : PATCH]
    noise = torch.randn_like(patch[..., : PATCH - 4]) * 0.02
    patch = torch.cat([patch[..., : PATCH - 4] + noise * there, patch[..., PATCH - 4 :]], -1)
    if rng.random() < 0.5:  # left for right
        flip = torch.ones(PATCH)
        for lag in range(3):
            flip[7 * lag + 3] = -1
        flip[PATCH - 4] = -1
        patch = patch * flip
        batch["step"] = batch["step"] * torch.tensor([-1.0, 1, -1, 1, 1, -1, 1, 1, 1, 1])
        batch["estimate"] = batch["estimate"] * torch.tensor([-1.0, 1, 1, 1, -1, -1])
        batch["middle"] = batch["middle"] * torch.tensor([-1.0, 1])
        mirror = torch.diag(torch.tensor([-1.0, 1, 1, 1]))
        batch["truth"] = mirror @ batch["truth"] @ mirror
    batch["patch"] = patch


def loss_of(net, batch):
    mean, rate = net(batch["patch"], batch["step"])
    steps = matrices(corrected(batch["estimate"], batch["sign"], batch["middle"], mean))
    total, figures = 0.0, {}
    for span in SPANS:
        if span > steps.shape[1]:
            continue
        found, true = composed(steps, span), composed(batch["truth"], span)
        error = ((found - true) @ POINTS)[..., :3, :]
        l1 = torch.sqrt((error**2).sum(-2) + 1e-8).mean()
        figures[f"corner{span}"] = float(l1)
        total = total + l1 / span**0.75
        if span > 1:
            drift = error[..., 4]  # of the centre
            sums = torch.cumsum(torch.exp(rate), 1)
            sd = sums[:, span - 1 :] - torch.cat([torch.zeros_like(sums[:, :1]), sums[:, : -span]], 1)
            sd = sd[:, : drift.shape[1]] + 1e-3
            nll = 0.5 * (drift.detach() / sd) ** 2 + torch.log(sd)
            total = total + 0.02 * nll.mean()
            figures[f"within{span}"] = float((drift.abs() < 1.96 * sd).float().mean())
    # Stay near the classical answer where the data say nothing.
    total = total + 0.02 * ((mean / net.reach) ** 2).mean()
    return total, figures


@torch.no_grad()
def judge(net, sweeps):
    net.eval()
    rows = []
    for sweep in sweeps:
        batch = batch_of([sweep])
        mean, _ = net(batch["patch"], batch["step"])
        n = batch["step"].shape[1]
        true = batch["truth"]
        last = lambda m: torch.linalg.multi_dot(list(m[0])) if n > 2 else m[0, 0]
        path = sum(float(((m @ POINTS)[:3, 4] - POINTS[:3, 4]).norm()) for m in true[0])
        at = (last(true) @ POINTS)[:3]
        drift = lambda six: float(((last(matrices(six)) @ POINTS)[:3] - at).norm(dim=0).mean()) / max(path, 1e-6)
        rows.append((drift(batch["estimate"]), drift(corrected(batch["estimate"], batch["sign"], batch["middle"], mean))))
    net.train()
    classical, learned = np.array(rows).T
    return {"classicalMedianFdr": float(np.median(classical)), "learnedMedianFdr": float(np.median(learned)),
            "classicalMeanFdr": float(np.mean(classical)), "learnedMeanFdr": float(np.mean(learned))}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this long, as if interrupted")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.makedirs(options.out, exist_ok=True)
    train, validation = load(options.data, "train"), load(options.data, "validation")
    print(f"{len(train)} sweeps to train on, {len(validation)} of other knees to validate on", flush=True)
    net = PoseNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.epochs)
    checkpoint = os.path.join(options.out, "checkpoint.pt")
    epoch, best, log = 0, float("inf"), []
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        epoch, best, log = state["epoch"], state["best"], state["log"]
    begun = time.time()
    while epoch < options.epochs and time.time() - begun < 60 * options.minutes:
        rng = np.random.default_rng([options.seed, epoch])
        order = rng.permutation(len(train))
        sums, count = 0.0, 0
        for at in range(0, len(order), options.batch):
            batch = batch_of([train[i] for i in order[at : at + options.batch]], rng)
            loss, _ = loss_of(net, batch)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            sums, count = sums + float(loss), count + 1
        schedule.step()
        epoch += 1
        if epoch % 5 and epoch != options.epochs:
            continue
        with torch.no_grad():
            net.eval()
            parts = [loss_of(net, batch_of([s])) for s in validation]
            net.train()
        value = float(np.mean([float(a) for a, _ in parts]))
        figures = {key: float(np.mean([f[key] for _, f in parts if key in f])) for key in parts[0][1]}
        figures.update(judge(net, validation), epoch=epoch, train=sums / count, validation=value)
        log.append(figures)
        print(json.dumps({k: round(v, 4) for k, v in figures.items()}), flush=True)
        if value < best:
            best = value
            torch.save({"net": net.state_dict(), "figures": figures}, os.path.join(options.out, "best.pt"))
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(),
                 "epoch": epoch, "best": best, "log": log}
        torch.save(state, checkpoint + ".tmp")
        os.replace(checkpoint + ".tmp", checkpoint)
        with open(os.path.join(options.out, "log.json"), "w") as f:
            json.dump(log, f, indent=1)


if __name__ == "__main__":
    main()
