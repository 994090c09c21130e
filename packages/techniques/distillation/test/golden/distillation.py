"""Writes distillation.json: the distillation loss and its gradient by PyTorch, in float64.

    python distillation.py > distillation.json
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(7)
N, K = 5, 4
teachers = torch.randn(3, N, K, dtype=torch.float64) * 3
student = torch.randn(N, K, dtype=torch.float64) * 3
labels = F.one_hot(torch.arange(N) % K, K).double()
labels[3] = torch.tensor([0.25, 0.75, 0, 0])  # mixed

cases = []
for alpha, temperature, count in [(1, 1, 1), (0.9, 4, 1), (0.5, 2.5, 1), (0.7, 10, 3), (1, 4, 2)]:
    z = student.clone().requires_grad_()
    soft = torch.stack([F.softmax(t / temperature, 1) for t in teachers[:count]]).mean(0)
    kl = F.kl_div(F.log_softmax(z / temperature, 1), soft, reduction="none").sum(1) * temperature**2
    losses = (1 - alpha) * F.cross_entropy(z, labels, reduction="none") + alpha * kl
    losses.mean().backward()
    cases.append(
        {
            "alpha": alpha,
            "temperature": temperature,
            "teachers": count,
            "targets": soft.tolist(),
            "soft": kl.tolist(),
            "losses": losses.tolist(),
            "gradient": z.grad.tolist(),
        }
    )
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "teachers": teachers.tolist(),
            "student": student.tolist(),
            "labels": labels.tolist(),
            "cases": cases,
        },
        indent=1,
    )
)
