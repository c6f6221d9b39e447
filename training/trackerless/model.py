"""The pose network: a residual on the classical steps. An untrained one changes nothing.

Input  patch [batch, steps, patches, 28], step [batch, steps, 10]: src/pipeline/pose/learned/features.ts. Every step is told
       as one towards +z.
Output mean [batch, steps, 6]: what the classical step is corrected by: logarithm of its length out of the plane at the
       middle of the image; then, all per mm of that length: fan, swing, lateral, axial, roll;
       rate [batch, steps, 3]: logarithm of the standard deviation by which the centre of the image drifts in this step,
       mm, lateral, axial, elevational; drifts of steps add up.
"""

import torch
import torch.nn as nn

PATCH, STEP = 28, 10
EMBED, HIDDEN = 8, 32
DROPOUT = 0.2
# How far a correction may go: 1.65 times or 0.6 times the length; 3 degrees a mm of way; 0.25 mm a mm.
REACH = (0.5, 0.05, 0.05, 0.25, 0.25, 0.02)


class PoseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Sequential(nn.Linear(PATCH, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, EMBED))
        self.step = nn.Sequential(nn.Linear(3 * EMBED + STEP, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT))
        self.gru = nn.GRU(HIDDEN, HIDDEN // 2, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(DROPOUT)
        self.out = nn.Linear(2 * HIDDEN, 9)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("reach", torch.tensor(REACH))

    def forward(self, patch, step):
        there = patch[..., PATCH - 1 : PATCH]
        e = torch.relu(self.patch(patch)) * there
        x, y = patch[..., PATCH - 4 : PATCH - 3], patch[..., PATCH - 3 : PATCH - 2]
        n = there.sum(2).clamp(min=1.0)
        pooled = torch.cat([e.sum(2) / n, (e * x).sum(2) / n, (e * y).sum(2) / n, step], 2)
        h = self.step(pooled)
        g, _ = self.gru(h)
        o = self.out(self.drop(torch.cat([g, h], 2)))
        mean = torch.tanh(o[..., :6]) * self.reach
        rate = o[..., 6:] - 3.0
        return mean, rate


def corrected(estimate, sign, middle, mean):
    """Classical steps [.., 6] (tx, ty, tz, rx, ry, rz) with the network's correction, as the pipeline applies it."""
    tx, ty, tz, rx, ry, rz = estimate.unbind(-1)
    mx, my = middle[..., 0:1], middle[..., 1:2]
    way = (tz + rx * my - ry * mx) * torch.exp(mean[..., 0])
    length = way.abs()
    s = sign
    rx2 = rx + s * length * mean[..., 1]
    ry2 = ry + s * length * mean[..., 2]
    tx2 = tx + length * mean[..., 3]
    ty2 = ty + length * mean[..., 4]
    rz2 = rz + length * mean[..., 5]
    return torch.stack([tx2, ty2, way - rx2 * my + ry2 * mx, rx2, ry2, rz2], -1)


def matrices(six):
    """[.., 6] to [.., 4, 4]: rotation vector and translation."""
    r = six[..., 3:]
    angle = torch.sqrt((r * r).sum(-1, keepdim=True) + 1e-12).unsqueeze(-1)
    k = torch.zeros(*six.shape[:-1], 3, 3, dtype=six.dtype)
    k[..., 0, 1], k[..., 0, 2] = -r[..., 2], r[..., 1]
    k[..., 1, 0], k[..., 1, 2] = r[..., 2], -r[..., 0]
    k[..., 2, 0], k[..., 2, 1] = -r[..., 1], r[..., 0]
    eye = torch.eye(3, dtype=six.dtype).expand_as(k)
    rotation = eye + torch.sin(angle) / angle * k + (1 - torch.cos(angle)) / angle**2 * (k @ k)
    m = torch.zeros(*six.shape[:-1], 4, 4, dtype=six.dtype)
    m[..., :3, :3], m[..., :3, 3], m[..., 3, 3] = rotation, six[..., :3], 1.0
    return m


def composed(steps, span):
    """Products of `span` neighbouring steps [batch, n, 4, 4], at every place."""
    m = steps
    width = 1
    while width < span:
        m = m[:, : m.shape[1] - width] @ m[:, width:]
        width *= 2
    return m
