"""The Barlow Twins loss and its gradients by PyTorch in float64: python barlow.py > barlow.json"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(21)


def barlow(first, second, weight):
    """Zbontar et al. 2021, algorithm 1, with PyTorch's own batch normalisation (epsilon 1e-5)."""
    a = F.batch_norm(first, None, None, training=True)
    b = F.batch_norm(second, None, None, training=True)
    n, d = first.shape
    loss = 0
    for i in range(d):
        for j in range(d):
            c = sum(a[k, i] * b[k, j] for k in range(n)) / n
            loss = loss + ((1 - c) ** 2 if i == j else weight * c**2)
    return loss


cases = []
for n, d, weight, scale in [(6, 4, 0.0051, 1.0), (3, 5, 0.5, 20.0), (8, 3, 0.02, 0.05), (2, 2, 1.0, 1.0)]:
    first = (scale * torch.randn(n, d) + 3 * scale).double().requires_grad_()
    second = (first.detach() * 0.6 + scale * torch.randn(n, d)).double().requires_grad_()
    loss = barlow(first, second, weight)
    loss.backward()
    cases.append(
        {
            "lambda": weight,
            "first": first.tolist(),
            "second": second.tolist(),
            "loss": loss.item(),
            "gradients": [first.grad.tolist(), second.grad.tolist()],
        }
    )
print(json.dumps(cases))
