"""Training in PyTorch as a careful user writes it: channels-last, in-memory uint8 images. Started by side-by-side.mjs."""

import json
import sys

from rounds import IMAGES, Rounds, fastest, skip

ask = json.loads(sys.argv[1])
try:
    import torch
    from torch import nn
except ImportError as error:
    skip(f"{error}")
import torch_models

if ask["threads"]:
    torch.set_num_threads(ask["threads"])
    torch.set_num_interop_threads(1)
torch.manual_seed(1)
torch.set_flush_denormal(True)
batch, (height, width, channels) = ask["batch"], ask["shape"]
last = torch.channels_last
model = torch_models.build(ask["model"], channels, ask["classes"]).to(memory_format=last).train()

images = torch.randint(0, 256, (IMAGES, channels, height, width), dtype=torch.uint8).contiguous(memory_format=last)
labels = torch.randint(0, ask["classes"], (IMAGES,))
mean, deviation = torch.full((1, channels, 1, 1), 127.5), torch.full((1, channels, 1, 1), 73.9)
entropy = nn.CrossEntropyLoss()


def loss_of(pixels, truth):
    x = ((pixels.to(torch.float32) - mean) / deviation).contiguous(memory_format=last)
    return entropy(model(x), truth)


if ask["compile"]:
    loss_of = torch.compile(loss_of)


def batches():
    while True:
        order = torch.randperm(IMAGES)
        for at in range(0, IMAGES - batch + 1, batch):
            rows = order[at : at + batch]
            yield images[rows], labels[rows]


feed = batches()
total = torch.zeros(())


def stepper(optimizer):
    def step():
        loss = loss_of(*next(feed))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total.add_(loss.detach())

    return step


def sgd(**how):
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, **how)


candidates = {
    "fused": stepper(sgd(fused=True)),
    "foreach": stepper(sgd(foreach=True)),
    "for loop": stepper(sgd(foreach=False)),
}
try:
    candidates["fused"]()
except Exception as error:  # no compiler, mostly: then there is nothing to compare with
    if not ask["compile"]:
        raise
    skip(f"torch.compile: {str(error).strip().splitlines()[0]}")
best, rates = fastest(candidates)
rounds = Rounds(
    batch,
    warm_up=2,
    parameters=torch_models.counts(model),
    version=f"PyTorch {torch.__version__}",
    mode=f"SGD {best}",
    tried={name: rate * batch for name, rate in rates.items()},
)
step = candidates[best]
while True:
    step()
    rounds.step_done()
