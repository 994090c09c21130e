"""Multinomial logistic regression and a weighted vote of neighbours by PyTorch in float64: python probe.py > probe.json"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(4)
CLASSES, WIDTH, PENALTY, K, TEMPERATURE = 3, 5, 1e-3, 4, 0.07


def examples(rows, centres):
    labels = torch.randint(0, CLASSES, (rows,))
    values = centres[labels] + torch.randn(rows, WIDTH).double() * 1.5
    values[:, 3] = values[:, 3] * 100 + 1000
    return values.float().double(), labels


centres = torch.randn(CLASSES, WIDTH).double()
train, train_labels = examples(40, centres)
test, test_labels = examples(30, centres)

mean, std = train.mean(0), train.std(0, unbiased=False)
x, y = (train - mean) / std, (test - mean) / std
w = torch.zeros(WIDTH, CLASSES, dtype=torch.float64, requires_grad=True)
b = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([w, b], max_iter=2000, tolerance_grad=1e-12, tolerance_change=0, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    value = F.cross_entropy(x @ w + b, train_labels) + PENALTY / 2 * (w**2).sum()
    value.backward()
    return value


optimizer.step(closure)
logits = y @ w + b
similarity = F.normalize(test, dim=1) @ F.normalize(train, dim=1).T
top, at = similarity.topk(K, dim=1)
votes = torch.zeros(len(test), CLASSES).double().scatter_add(1, train_labels[at], (top / TEMPERATURE).exp())
print(
    json.dumps(
        {
            "classes": CLASSES,
            "width": WIDTH,
            "penalty": PENALTY,
            "k": K,
            "temperature": TEMPERATURE,
            "train": {"values": train.flatten().tolist(), "labels": train_labels.tolist()},
            "test": {"values": test.flatten().tolist(), "labels": test_labels.tolist()},
            "loss": F.cross_entropy(logits, test_labels).item(),
            "error": (logits.argmax(1) != test_labels).double().mean().item(),
            "neighbours": (votes.argmax(1) != test_labels).double().mean().item(),
        }
    )
)
