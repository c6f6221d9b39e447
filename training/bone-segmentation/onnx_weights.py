"""Takes the weights of an exported network up again, so that a training goes on from what ships."""

import numpy as np
import torch


def blocks_of(net):
    """The convolutions that have a normalisation behind them, in the order in which they are run."""
    parts = [net.stem, *net.down1, *net.down2, *net.down3, *net.down4, net.up3, net.up2, net.up1, net.up0]
    return [(part[0], part[1]) for part in parts]


@torch.no_grad()
def load_onnx(net, path, images):
    """Exporting has merged each normalisation into its convolution. What the convolutions answer to `images` gives the
    normalisation a mean and a spread again, and its own scale and shift undo them: the network stays the same function.
    """
    import onnx  # python3-onnx; only who starts from an exported network needs it
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    values = {i.name: torch.from_numpy(np.array(numpy_helper.to_array(i))) for i in graph.initializer}
    merged = [n for n in graph.node if n.op_type == "Conv" and n.input[1].startswith("onnx::")]
    blocks = blocks_of(net)
    if len(merged) != len(blocks):
        raise SystemExit(f"{path} has {len(merged)} merged convolutions, this network {len(blocks)}: it is another one")
    shifts = []
    for node, (conv, norm) in zip(merged, blocks):
        conv.weight.copy_(values[node.input[1]])
        shifts.append(values[node.input[2]])
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
        norm.bias.copy_(shifts[-1])
    own = {name: v for name, v in values.items() if not name.startswith("onnx::")}
    net.load_state_dict(own, strict=False)
    seen = [[] for _ in blocks]
    hooks = [
        norm.register_forward_pre_hook(lambda _, x, at=at: seen[at].append(x[0].transpose(0, 1).flatten(1).clone()))
        for at, (_, norm) in enumerate(blocks)
    ]
    net.eval()
    for image in images:
        net.logits(image)
    for hook in hooks:
        hook.remove()
    for answers, shift, (_, norm) in zip(seen, shifts, blocks):
        x = torch.cat(answers, 1)
        mean, variance = x.mean(1), x.var(1, unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(shift + mean)
