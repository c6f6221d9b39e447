"""Where bone begins on every scan line: a small U-Net whose answer is one distribution a column.

Input  gray   [batch, 1, rows, columns], 0..1, on a lattice of 0.2 mm, rows along the beam, row 0 at the probe's face;
       rows and columns are multiples of 16.
Output surface [batch, 1, rows, columns]: chance that the bone surface of this column lies in this row;
       none    [batch, 1, 1, columns]: chance that the column shows no bone. The two sum to 1 over each column.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

CELL_MM = 0.2
WIDTHS = (8, 16, 24, 40, 56)


def block(inside, outside, stride=1):
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class BoneNet(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        a, b, c, d, e = widths
        self.stem = block(3, a)
        self.down1 = nn.Sequential(block(a, b, 2), block(b, b))
        self.down2 = nn.Sequential(block(b, c, 2), block(c, c))
        self.down3 = nn.Sequential(block(c, d, 2), block(d, d))
        self.down4 = nn.Sequential(block(d, e, 2), block(e, e), block(e, e))
        self.up3 = block(e + d, d)
        self.up2 = block(d + c, c)
        self.up1 = block(c + b, b)
        self.up0 = block(b + a, a)
        self.surface = nn.Conv2d(a, 1, 1)
        self.none = nn.Sequential(
            nn.Conv1d(2 * c, 16, 9, padding=4), nn.ReLU(inplace=True), nn.Conv1d(16, 1, 5, padding=2)
        )

    @staticmethod
    def features(gray):
        """Beside the gray value: the depth, and the mean gray of everything below (low in the shadow of bone)."""
        rows = gray.shape[2]
        index = torch.arange(rows, dtype=gray.dtype, device=gray.device).view(1, 1, -1, 1)
        depth = (index * (CELL_MM / 50)).expand_as(gray)
        below = (gray.sum(2, keepdim=True) - gray.cumsum(2)) / (rows - index)
        return torch.cat([gray, depth, 4 * below], 1)

    def logits(self, gray):
        s = self.stem(self.features(gray))
        x1 = self.down1(s)
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        x4 = self.down4(x3)
        up = lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest")
        y = self.up3(torch.cat([up(x4), x3], 1))
        y2 = self.up2(torch.cat([up(y), x2], 1))
        y = self.up1(torch.cat([up(y2), x1], 1))
        y = self.up0(torch.cat([up(y), s], 1))
        pooled = torch.cat([y2.mean(2), y2.amax(2)], 1)
        none = F.interpolate(self.none(pooled), scale_factor=4.0, mode="linear", align_corners=False)
        return self.surface(y), none.unsqueeze(2)

    def forward(self, gray):
        surface, none = self.logits(gray)
        both = torch.softmax(torch.cat([surface, none], 2), 2)
        return both[:, :, :-1], both[:, :, -1:]


def loss_of(surface, none, row, weight, sigma=0.7):
    """Cross entropy of each column. row [batch, columns] in cells, NaN where there is no bone; weight likewise."""
    logp = F.log_softmax(torch.cat([surface, none], 2).squeeze(1), 1)
    rows = surface.shape[2]
    index = torch.arange(rows, dtype=logp.dtype).view(1, -1, 1)
    has = torch.isfinite(row) & (row > -0.5) & (row < rows - 0.5)
    target = torch.exp(-0.5 * ((index - torch.nan_to_num(row).unsqueeze(1)) / sigma) ** 2)
    target = target / target.sum(1, keepdim=True).clamp_min(1e-9)
    bone = -(target * logp[:, :-1]).sum(1)
    empty = -logp[:, -1]
    per_column = torch.where(has, bone, empty)
    return (per_column * weight).sum() / weight.sum().clamp_min(1)
