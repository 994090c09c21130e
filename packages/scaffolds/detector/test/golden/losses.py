"""torchvision's sigmoid focal loss and generalized box IoU loss, with gradients: python losses.py > losses.json"""

import json

import torch
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

torch.manual_seed(1)
logits = (4 * torch.randn(24, dtype=torch.float64)).requires_grad_()
labels = torch.cat([torch.randint(0, 2, (16,)).double(), torch.rand(8, dtype=torch.float64)])
focal = sigmoid_focal_loss(logits, labels)
focal.sum().backward()


def boxes(n):
    corner = 80 * torch.rand(n, 2, dtype=torch.float64)
    return torch.cat([corner, corner + 1 + 40 * torch.rand(n, 2, dtype=torch.float64)], 1)


found, wanted = boxes(16).requires_grad_(), boxes(16)
with torch.no_grad():
    found[0] = wanted[0] + torch.tensor([1.0, 2.0, -1.0, 3.0], dtype=torch.float64)
    found[1] = wanted[1] + 0.25
giou = generalized_box_iou_loss(found, wanted)
giou.sum().backward()

print(
    json.dumps(
        {
            "focal": {
                "logits": logits.tolist(),
                "labels": labels.tolist(),
                "loss": focal.tolist(),
                "gradient": logits.grad.tolist(),
            },
            "giou": {
                "found": found.tolist(),
                "wanted": wanted.tolist(),
                "loss": giou.tolist(),
                "gradient": found.grad.tolist(),
            },
        }
    )
)
