"""Writes colour.json beside it: what PIL and torchvision make of three small images. Needs pillow, torch and torchvision."""

import json
import pathlib

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

# torchvision wants operators of its own compiled part, which its transforms do not use and a foreign PyTorch cannot load.
library = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    try:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass
from torchvision.transforms.v2 import functional as tv  # noqa: E402

SIDE = 8
rng = np.random.default_rng(11)
y, x = np.mgrid[0:SIDE, 0:SIDE]
slope = np.stack([20 + 14 * x, 200 - 17 * y, 60 + 6 * (x + y)], 2)
blocks = np.kron(rng.integers(0, 256, (4, 4, 3)), np.ones((2, 2, 1)))
images = np.stack([rng.integers(0, 256, (SIDE, SIDE, 3)), slope, blocks]).astype(np.uint8)


def pil(change):
    return np.stack([np.asarray(change(Image.fromarray(image))) for image in images])


def torchvision(change):
    """In 0..1 as float32, and back."""
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32) / 255
    return (change(planes) * 255).permute(0, 2, 3, 1).numpy()


made = {
    "saturation 0": pil(lambda i: ImageEnhance.Color(i).enhance(0)),
    # PIL rounds the grey, and the smooth image below, before it multiplies.
    **{f"torchvision saturation {f}": torchvision(lambda x, f=f: tv.adjust_saturation(x, f)) for f in (0.4, 1.7)},
    "grayscale 1": pil(lambda i: i.convert("L").convert("RGB")),
    "hue 0.3333333333": torchvision(lambda x: tv.adjust_hue(x, 1 / 3)),
    "hue -0.3333333333": torchvision(lambda x: tv.adjust_hue(x, -1 / 3)),
    "invert 1": pil(ImageOps.invert),
    **{f"solarize {t}": pil(lambda i, t=t: ImageOps.solarize(i, t)) for t in (0, 51, 128, 204)},
    **{f"posterize {b}": pil(lambda i, b=b: ImageOps.posterize(i, b)) for b in (8, 6, 4, 1)},
    "autocontrast 1": pil(ImageOps.autocontrast),
    "torchvision autocontrast 1": torchvision(tv.autocontrast),
    **{f"sharpen {f - 1:.1f}": pil(lambda i, f=f: ImageEnhance.Sharpness(i).enhance(f)) for f in (0, 0.5)},
    **{f"torchvision sharpen {f - 1:.1f}": torchvision(lambda x, f=f: tv.adjust_sharpness(x, f)) for f in (0.1, 1.5, 2)},
    **{f"blur {s}": torchvision(lambda x, s=s: tv.gaussian_blur(x, [7, 7], [s, s])) for s in (0.4, 1, 2)},
}
# Equalizing needs more pixels than there are levels, or it does nothing.
LARGE = 24
y, x, c = np.mgrid[0:LARGE, 0:LARGE, 0:3]
large = ((x * 17 + y * 29 + c * 53 + x * y * 3) % 256).astype(np.uint8)
large[..., 1] //= 2
equalized = {
    "equalize 1": np.asarray(ImageOps.equalize(Image.fromarray(large))),
    "torchvision equalize 1": tv.equalize(torch.from_numpy(large).permute(2, 0, 1)).permute(1, 2, 0).numpy(),
}

place = pathlib.Path(__file__).with_name("colour.json")


def group(of, results):
    flat = {name: [round(float(v), 2) for v in values.reshape(-1)] for name, values in results.items()}
    return {"shape": of.shape, "images": of.reshape(-1).tolist(), "made": flat}


groups = [group(images, made), group(large[None], equalized)]
place.write_text(json.dumps(groups, separators=(",", ":")).replace(".0,", ",").replace(".0]", "]") + "\n")
