"""The architectures of @regimen/models, layer by layer, in PyTorch."""

from functools import partial

import torch
from torch import nn

norm = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1)


def conv_norm(inner, outer, kernel, stride=1, groups=1):
    conv = nn.Conv2d(inner, outer, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, norm(outer)]


class Residual(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.branch = nn.Sequential(
            *conv_norm(inner, outer, 3, stride), nn.ReLU(inplace=True), *conv_norm(outer, outer, 3)
        )
        same = stride == 1 and inner == outer
        self.skip = nn.Identity() if same else nn.Sequential(*conv_norm(inner, outer, 1, stride))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.branch(x) + self.skip(x))


def resnet(channels, widths, counts, classes):
    inner = widths[0]
    layers = [*conv_norm(channels, inner, 3), nn.ReLU(inplace=True)]
    for group, (width, count) in enumerate(zip(widths, counts)):
        for block in range(count):
            layers.append(Residual(inner, width, 2 if group > 0 and block == 0 else 1))
            inner = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, classes))


def small_cnn(channels, classes):
    layers, inner = [], channels
    for width in (16, 32, 64):
        layers += [*conv_norm(inner, width, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        inner = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(3 * 3 * 64, classes))


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.SiLU(inplace=True),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.gate(x)


class Inverted(nn.Module):
    def __init__(self, inner, outer, kernel, stride, expand):
        super().__init__()
        wide = inner * expand
        layers = [*conv_norm(inner, wide, 1), nn.SiLU(inplace=True)] if expand > 1 else []
        layers += [*conv_norm(wide, wide, kernel, stride, groups=wide), nn.SiLU(inplace=True)]
        layers += [Gate(wide, max(1, inner // 4)), *conv_norm(wide, outer, 1)]
        self.branch = nn.Sequential(*layers)
        self.residual = stride == 1 and inner == outer

    def forward(self, x):
        return x + self.branch(x) if self.residual else self.branch(x)


# Expansion, filters, repeats, stride (with those for 32 x 32), kernel.
B0 = [(1, 16, 1, 1, 3), (6, 24, 2, 1, 3), (6, 40, 2, 1, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]


def efficientnet_b0(channels, classes):
    layers, inner = [*conv_norm(channels, 32, 3, 2), nn.SiLU(inplace=True)], 32
    for expand, outer, repeats, stride, kernel in B0:
        for at in range(repeats):
            layers.append(Inverted(inner, outer, kernel, stride if at == 0 else 1, expand))
            inner = outer
    layers += [*conv_norm(inner, 1280, 1), nn.SiLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes))


def build(name, channels, classes):
    return {
        "small-cnn": lambda: small_cnn(channels, classes),
        "resnet20": lambda: resnet(channels, [16, 32, 64], [3, 3, 3], classes),
        "resnet18": lambda: resnet(channels, [64, 128, 256, 512], [2, 2, 2, 2], classes),
        "efficientnetb0": lambda: efficientnet_b0(channels, classes),
    }[name]()


def counts(model):
    trainable = sum(p.numel() for p in model.parameters())
    statistics = sum(b.numel() for b in model.buffers() if b.dtype == torch.float32)
    return {"trainable": trainable, "statistics": statistics}
