"""Writes golden.json beside it: what PyTorch makes of the same numbers. Run with any PyTorch 2: python golden.py"""
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
golden = {}


def waves(shape, phase, scale=1.0):
    """The same numbers in both languages: scale * sin(0.37 i + phase), i counting through the row-major array."""
    size = math.prod(shape)
    return (scale * torch.sin(0.37 * torch.arange(size) + phase)).reshape(shape)


def flat(x):
    return [round(v, 7) for v in x.detach().reshape(-1).tolist()]


# Hinge losses (Miyato et al. 2018, equations 17 and 18), with gradients.
real = torch.tensor([1.5, 0.3, -0.7, 2.0, 1.0 - 1e-3], requires_grad=True)
fake = torch.tensor([-1.5, -0.2, 0.4], requires_grad=True)
loss = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
loss.backward()
golden["hinge"] = {
    "discriminator": loss.item(),
    "generator": (-fake.mean()).item(),
    "byReal": flat(real.grad),
    "byFake": flat(fake.grad),
}

# Spectral norm: torch's own layer, from a given vector, after k forward passes in training. A kernel [rows, columns] here is
# the transpose of torch's weight.
kernel = waves([18, 5], 0.2)
start = waves([5], 1.0)
golden["spectral"] = {"exact": torch.linalg.matrix_norm(kernel, 2).item()}
for k in (1, 3, 100):
    layer = torch.nn.utils.spectral_norm(torch.nn.Linear(18, 5, bias=False), n_power_iterations=k)
    layer.weight_orig.data = kernel.T.clone()
    layer.weight_u.data = F.normalize(start, dim=0)
    layer.train()
    layer(torch.zeros(1, 18))
    norm = (layer.weight_orig / layer.weight).mean()
    golden["spectral"][str(k)] = {"norm": norm.item(), "right": flat(layer.weight_u)}
    if k == 3:
        (layer.weight * waves([5, 18], 0.9)).sum().backward()
        golden["spectral"]["gradient"] = flat(layer.weight_orig.grad.T)

# Conditional batch normalisation: the batch's statistics, gain and shift of each example's class.
x = waves([3, 2, 2, 4], 0.5, 3.0).permute(0, 3, 1, 2)
gain, shift = waves([2, 4], 0.1), waves([2, 4], 0.7)
labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]])
y = F.batch_norm(x, None, None, training=True, eps=1e-5)
y = y * (1 + labels @ gain)[:, :, None, None] + (labels @ shift)[:, :, None, None]
golden["conditionalNorm"] = flat(y.permute(0, 2, 3, 1))


def discriminate(w, images, labels, doublings):
    y = images.permute(0, 3, 1, 2)
    conv = lambda name, y, stride: F.leaky_relu(
        F.conv2d(y, w[name + "/kernel"].permute(3, 2, 0, 1), w[name + "/bias"], stride=stride, padding=1), 0.1
    )
    y = conv("image", y, 1)
    for at in range(1, doublings + 1):
        y = conv(f"down{at}", y, 2)
    features = y.sum((2, 3))
    return (features @ w["score/kernel"] + w["score/bias"])[:, 0] + ((labels @ w["class/kernel"]) * features).sum(1)


def generated(w, latent, labels, doublings, seed, crop):
    def activated(name, y):
        y = F.batch_norm(y, None, None, training=True, eps=1e-5)
        y = y * (1 + labels @ w[name + "/gain"])[:, :, None, None] + (labels @ w[name + "/shift"])[:, :, None, None]
        return F.relu(y)

    y = (latent @ w["seed/kernel"]).reshape(-1, *seed).permute(0, 3, 1, 2)
    y = activated("seed", y)
    for at in range(doublings, 0, -1):
        kernel = w[f"up{at}/kernel"].permute(3, 2, 0, 1)  # [4, 4, out, in] to torch's [in, out, 4, 4]
        y = activated(f"up{at}", F.conv_transpose2d(y, kernel, stride=2, padding=1))
    h, w_ = crop
    top, left = (y.shape[2] - h) // 2, (y.shape[3] - w_) // 2
    y = y[:, :, top : top + h, left : left + w_]
    y = torch.tanh(F.conv2d(y, w["image/kernel"].permute(3, 2, 0, 1), w["image/bias"], padding=1))
    return y.permute(0, 2, 3, 1)


# Both networks, at 8 x 8 (one doubling), in three channels and two classes.
labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
d = {
    "image/kernel": waves([3, 3, 3, 32], 0.1, 0.2),
    "image/bias": waves([32], 0.2, 0.1),
    "down1/kernel": waves([4, 4, 32, 64], 0.3, 0.05),
    "down1/bias": waves([64], 0.4, 0.1),
    "score/kernel": waves([64, 1], 0.5),
    "score/bias": waves([1], 0.6),
    "class/kernel": waves([2, 64], 0.7),
}
golden["judge"] = flat(discriminate(d, waves([2, 8, 8, 3], 0.8), labels, 1))
g = {
    "seed/kernel": waves([128, 4 * 4 * 64], 0.1, 0.1),
    "seed/gain": waves([2, 64], 0.2, 0.5),
    "seed/shift": waves([2, 64], 0.3, 0.5),
    "up1/kernel": waves([4, 4, 32, 64], 0.4, 0.1),
    "up1/gain": waves([2, 32], 0.5, 0.5),
    "up1/shift": waves([2, 32], 0.6, 0.5),
    "image/kernel": waves([3, 3, 32, 3], 0.7, 0.05),
    "image/bias": waves([3], 0.8, 0.1),
}
made = generated(g, waves([2, 128], 0.9), labels, 1, (4, 4, 64), (7, 8))
golden["generate"] = {"size": [7, 8], "images": flat(made)}


# DiffAugment, a slow transcription of what its paper says: chances in [0, 1) stand for its random numbers.
def augmented(x, chance):
    n, h, w, c = x.shape
    column = lambda name: torch.tensor(chance[name]).reshape(n, 1, 1, 1)
    x = x + (column("brightness") - 0.5)
    grey = x.mean(3, keepdim=True)
    x = (x - grey) * (column("saturation") * 2) + grey
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (x - middle) * (column("contrast") + 0.5) + middle
    out = torch.zeros_like(x)
    for i in range(n):
        across = math.floor(chance["shift-x"][i] * (2 * round(w / 8) + 1)) - round(w / 8)
        down = math.floor(chance["shift-y"][i] * (2 * round(h / 8) + 1)) - round(h / 8)
        size_y, size_x = int(h / 2 + 0.5), int(w / 2 + 0.5)
        from_y = math.floor(chance["hole-y"][i] * (h + 1 - size_y % 2)) - size_y // 2
        from_x = math.floor(chance["hole-x"][i] * (w + 1 - size_x % 2)) - size_x // 2
        for row in range(h):
            for col in range(w):
                source = row - down, col - across
                hole = from_y <= row < from_y + size_y and from_x <= col < from_x + size_x
                if 0 <= source[0] < h and 0 <= source[1] < w and not hole:
                    out[i, row, col] = x[i, source[0], source[1]]
    return out


names = ["brightness", "saturation", "contrast", "shift-x", "shift-y", "hole-x", "hole-y"]
chance = {name: [((i + 1) * (at + 2) * 0.137) % 1 for i in range(4)] for at, name in enumerate(names)}
x = waves([4, 9, 8, 3], 0.3).requires_grad_()
seen = augmented(x, chance)
(seen * waves([4, 9, 8, 3], 1.1)).sum().backward()
golden["diffAugment"] = {"chances": chance, "images": flat(seen), "gradient": flat(x.grad)}

# The unbiased squared discrepancy with the cubic kernel (Binkowski et al. 2018).
a, b = waves([5, 6], 0.1).abs(), waves([4, 6], 0.6).abs()
k = lambda p, q: (p @ q.T / 6 + 1) ** 3
off = lambda m: (m.sum() - m.diagonal().sum()) / (len(m) * (len(m) - 1))
golden["featureDistance"] = (off(k(a, a)) + off(k(b, b)) - 2 * k(a, b).mean()).item()

Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
