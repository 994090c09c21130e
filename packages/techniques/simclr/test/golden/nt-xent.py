"""NT-Xent and its gradients by PyTorch in float64: python nt-xent.py > nt-xent.json"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(12)


def nt_xent(first, second, temperature):
    """Chen et al. 2020, equation 1, term by term: l(i, j) over all other projections, both ways round."""
    z = [F.normalize(row, dim=0) for pair in (first, second) for row in pair]
    n = len(first)
    terms = []
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = [torch.dot(z[i], z[k]) / temperature for k in range(2 * n) if k != i]
        terms.append(torch.logsumexp(torch.stack(others), 0) - torch.dot(z[i], z[j]) / temperature)
    return torch.stack(terms).mean()


cases = []
for n, d, temperature, scale in [(5, 3, 0.5, 1.0), (4, 6, 0.1, 10.0), (2, 2, 0.05, 1.0), (7, 4, 1.0, 0.01)]:
    first = (scale * torch.randn(n, d)).double().requires_grad_()
    second = (first.detach() * 0.7 + scale * 0.5 * torch.randn(n, d)).double().requires_grad_()
    loss = nt_xent(first, second, temperature)
    loss.backward()
    cases.append(
        {
            "temperature": temperature,
            "first": first.tolist(),
            "second": second.tolist(),
            "loss": loss.item(),
            "gradients": [first.grad.tolist(), second.grad.tolist()],
        }
    )
print(json.dumps(cases))
