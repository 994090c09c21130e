"""Golden values for movements, from torchvision's v2 functions: python spatial.py > spatial.json

Images are float32, so that nothing is rounded; what comes in from outside is black. Boxes are [x0, y0, x1, y1] in
pixels, moved by their corners and clipped; masks are moved by the nearest pixel.
"""

import json
import math

import torch
import torchvision
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode, functional as F

BILINEAR = InterpolationMode.BILINEAR
H, W = 9, 12
BOXES = [[1.0, 2.0, 5.0, 7.0], [6.0, 1.0, 11.0, 4.0], [8.0, 5.0, 12.0, 9.0]]


def pattern(h, w):
    """Smooth and uneven, whole levels."""
    y, x, c = torch.meshgrid(torch.arange(h), torch.arange(w), torch.arange(3), indexing="ij")
    return ((x * 17 + y * 29 + c * 53 + x * y * 3) % 256).float()


def masked(h, w):
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    return ((x // 3 + 2 * (y // 4)) % 5).to(torch.uint8)


def affine(angle=0.0, translate=(0, 0), scale=1.0, shear=(0.0, 0.0)):
    def run(image, kind):
        how = {"interpolation": BILINEAR} if kind == "image" else {}
        return F.affine(image, angle, list(translate), scale, list(shear), **how)

    return run


def rotated(degrees):
    return lambda image, kind: F.rotate(image, degrees, **({"interpolation": BILINEAR} if kind == "image" else {}))


def window(top, left, height, width):
    def run(image, kind):
        if kind == "mask":  # as torchvision resizes masks, a pixel would show the one before its centre
            plain = image.as_subclass(torch.Tensor)[None]
            exact = InterpolationMode.NEAREST_EXACT
            return F.resized_crop(plain, top, left, height, width, [H, W], interpolation=exact)[0]
        how = {"interpolation": BILINEAR, "antialias": False} if kind == "image" else {}
        return F.resized_crop(image, top, left, height, width, [H, W], **how)

    return run


def padded(pad, top, left):
    return lambda image, kind: F.crop(F.pad(image, [pad] * 4), top, left, H, W)


degrees = lambda slope: math.degrees(math.atan(slope))
CASES = {
    "mirror": lambda image, kind: F.horizontal_flip(image),
    "flip-vertical": lambda image, kind: F.vertical_flip(image),
    "rotate": rotated(25.0),
    "shear-x": affine(shear=(degrees(0.3), 0.0)),
    "shear-y": affine(shear=(0.0, degrees(0.3))),
    "translate": affine(translate=(2, -3)),
    "zoom-in": affine(scale=1.3),
    "zoom-out": affine(scale=0.75),
    "crop": padded(2, 3, 0),
    "resized-crop": window(2, 3, 5, 8),
}


def case(run):
    image = pattern(H, W).permute(2, 0, 1)
    boxes = tv_tensors.BoundingBoxes(torch.tensor(BOXES), format="XYXY", canvas_size=(H, W))
    mask = tv_tensors.Mask(masked(H, W))
    moved = F.clamp_bounding_boxes(run(boxes, "boxes"))
    return {
        "image": run(image, "image").permute(1, 2, 0).flatten().tolist(),
        "boxes": torch.as_tensor(moved).tolist(),
        "mask": run(mask, "mask").flatten().tolist(),
    }


def turned(k):
    image = pattern(H, H)
    return torch.rot90(image, k, (0, 1)).flatten().tolist()


erased = F.erase(pattern(H, W).permute(2, 0, 1), 2, 0, 4, 5, torch.full((3, 1, 1), 127.5))
golden = {
    "made with": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
    "h": H,
    "w": W,
    "boxes": BOXES,
    "cases": {name: case(run) for name, run in CASES.items()},
    "quarter turns of a square": [turned(k) for k in range(4)],
    "cutout": erased.permute(1, 2, 0).flatten().tolist(),
}
rounded = lambda value: (
    {key: rounded(v) for key, v in value.items()}
    if isinstance(value, dict)
    else [rounded(v) for v in value] if isinstance(value, list) else round(value, 3) if isinstance(value, float) else value
)
print(json.dumps(rounded(golden)))
