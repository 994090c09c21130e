"""Weights that PyTorch's and timm's optimizers come to, for optimizers.test.ts. Writes optimizers.json beside itself.

    python optimizers.py            # torch and timm; in double precision

The problem: four weights, gradients as a formula of weight and step, a falling rate. Kernels alone are decayed and adapted.
"""

import importlib.metadata
import importlib.util
import json
import pathlib
import sys
import types

import torch

# timm's optimizers alone: importing all of timm imports torchvision, which they do not need.
root = pathlib.Path(importlib.util.find_spec("timm").origin).parent
for name, path in (("timm", root), ("timm.optim", root / "optim")):
    module = types.ModuleType(name)
    module.__path__ = [str(path)]
    sys.modules[name] = module
from timm.optim.lamb import Lamb
from timm.optim.lars import Lars
from timm.optim.lookahead import Lookahead
from timm.optim.sgdw import SGDW

STEPS = 20
SHAPES = {"kernel": [2, 3], "head": [4], "bias": [3], "gamma": [2]}
KERNELS = ["kernel", "head"]
SEEN = [1, 10, 20]


def start():
    """w_i = cos(i + 7 j) of the j-th weight, a parameter each."""
    weights = {}
    for j, (name, shape) in enumerate(SHAPES.items()):
        size = torch.Size(shape).numel()
        i = torch.arange(size, dtype=torch.float64)
        weights[name] = torch.nn.Parameter(torch.cos(i + 7 * j).reshape(shape))
    return weights


def set_gradients(weights, t):
    """g_i = sin(3 w_i + i + j) + cos(t) / 2."""
    for j, weight in enumerate(weights.values()):
        i = torch.arange(weight.numel(), dtype=torch.float64).reshape(weight.shape)
        weight.grad = torch.sin(3 * weight.detach() + i + j) + torch.cos(torch.tensor(float(t), dtype=torch.float64)) / 2


def groups(weights, **kernels):
    """Two groups: kernels with options of their own, and the rest without decay."""
    rest = [weight for name, weight in weights.items() if name not in KERNELS]
    return [{"params": [weights[name] for name in KERNELS], **kernels}, {"params": rest, "weight_decay": 0.0}]


def train(rate, optimizer_of, before_step=lambda weights, t: set_gradients(weights, t), every=1):
    weights = start()
    optimizer = optimizer_of(weights)
    seen = {}
    for t in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - t / 40)
        before_step(weights, t)
        if (t + 1) % every == 0:
            optimizer.step()
        if t + 1 in SEEN:
            seen[str(t + 1)] = {name: weight.detach().flatten().tolist() for name, weight in weights.items()}
    return seen


def clipped(limit):
    def before(weights, t):
        set_gradients(weights, t)
        torch.nn.utils.clip_grad_norm_(weights.values(), limit)

    return before


def sharpened(rho):
    """Foret 2021, algorithm 1, written out."""

    def before(weights, t):
        set_gradients(weights, t)
        length = torch.sqrt(sum((weight.grad**2).sum() for weight in weights.values()))
        homes = {name: weight.detach().clone() for name, weight in weights.items()}
        with torch.no_grad():
            for weight in weights.values():
                weight.add_(rho * weight.grad / length)
            set_gradients(weights, t)
            for name, weight in weights.items():
                weight.copy_(homes[name])

    return before


def summed(every):
    """The mean of the gradients of `every` steps."""
    sums = {}

    def before(weights, t):
        set_gradients(weights, t)
        for name, weight in weights.items():
            sums[name] = weight.grad + (0 if t % every == 0 else sums[name])
            weight.grad = sums[name] / every

    return before


def ahead(weights):
    optimizer = Lookahead(torch.optim.SGD(weights.values(), lr=1, momentum=0.9, nesterov=True), alpha=0.5, k=6)
    # timm's slow weights begin at the first sync, the paper's where training begins.
    for weight in weights.values():
        weight.grad = torch.zeros_like(weight)
    optimizer.sync_lookahead()
    return optimizer


SGD = torch.optim.SGD
technique = lambda name, **params: {"use": f"@regimen/technique-{name}", "with": params}


def case(name, optimizer, rate, optimizer_of, steps=(), **how):
    return {"name": name, "optimizer": optimizer, "rate": rate, "steps": list(steps), "after": train(rate, optimizer_of, **how)}


nesterov = lambda w: SGD(w.values(), lr=1, momentum=0.9, nesterov=True)
adam = lambda w: torch.optim.Adam(w.values(), lr=1, eps=1e-7)
CASES = [
    case("SGD with momentum", "sgd:momentum=0.8,nesterov=false", 0.02, lambda w: SGD(w.values(), lr=1, momentum=0.8)),
    case("SGD with Nesterov's momentum", "sgd", 0.02, nesterov),
    case("Adam", "adam", 0.02, adam),
    case(
        "RMSProp",
        "rmsprop:rho=0.95,momentum=0.5,epsilon=0.001",
        0.01,
        lambda w: torch.optim.RMSprop(w.values(), lr=1, alpha=0.95, eps=1e-3, momentum=0.5),
    ),
    case(
        "LARS",
        "lars:lambda=0.01,eta=0.1",
        0.1,
        lambda w: Lars(groups(w, weight_decay=0.01), lr=1, momentum=0.9, trust_coeff=0.1),
    ),
    case(
        "LARS without decay",
        "lars:nesterov=true,eta=0.1",
        0.1,
        lambda w: Lars(groups(w, always_adapt=True), lr=1, momentum=0.9, nesterov=True, trust_coeff=0.1),
    ),
    case(
        "LAMB",
        "lamb:lambda=0.05",
        0.02,
        lambda w: Lamb(groups(w, weight_decay=0.05), lr=1, max_grad_norm=None),
    ),
    case(
        "SGDW",
        "sgd",
        0.02,
        lambda w: SGDW(groups(w, weight_decay=0.1), lr=1, momentum=0.9, nesterov=True),
        [technique("weight-decay", **{"lambda": 0.1})],
    ),
    case(
        "AdamW",
        "adam",
        0.02,
        lambda w: torch.optim.AdamW(groups(w, weight_decay=0.1), lr=1, eps=1e-7),
        [technique("weight-decay", **{"lambda": 0.1})],
    ),
    case(
        "L2 around SGD",
        "sgd",
        0.02,
        lambda w: SGD(groups(w, weight_decay=0.01), lr=1, momentum=0.9, nesterov=True),
        [technique("l2", **{"lambda": 0.01})],
    ),
    case(
        "clipping and L2 around SGD",
        "sgd",
        0.02,
        lambda w: SGD(groups(w, weight_decay=0.01), lr=1, momentum=0.9, nesterov=True),
        [technique("l2", **{"lambda": 0.01}), technique("gradient-clipping", norm=1)],
        before_step=clipped(1.0),
    ),
    case("Lookahead around SGD", "sgd", 0.02, ahead, [technique("lookahead", k=6, alpha=0.5)]),
    case("SAM around SGD", "sgd", 0.02, nesterov, [technique("sam", rho=0.1)], before_step=sharpened(0.1)),
    case("accumulation around Adam", "adam", 0.05, adam, [technique("accumulation", steps=5)], before_step=summed(5), every=5),
]

if __name__ == "__main__":
    out = pathlib.Path(__file__).with_suffix(".json")
    versions = {"torch": torch.__version__.split("+")[0], "timm": importlib.metadata.version("timm")}
    out.write_text(json.dumps({"peers": versions, "shapes": SHAPES, "kernels": KERNELS, "cases": CASES}, indent=1) + "\n")
