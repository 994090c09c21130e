"""Golden values for random policies, from torchvision's v2 transforms: python policies.py > policies.json

Strength tables of RandAugment, TrivialAugment (wide) and AutoAugment, AutoAugment's published policies, and what chains of
transforms make of one image, as torchvision applies them (bilinear, black outside). Posterize and equalize take
whole levels; all other chains run on float images in [0, 1], where nothing is rounded.
"""

import json

import torch
import torchvision
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode

H, W = 12, 15


def table(space, bins, height, width):
    levels = {name: (make(bins, height, width), signed) for name, (make, signed) in space.items()}
    return {
        name: {"strengths": None if values is None else [float(v) for v in values], "signed": signed}
        for name, (values, signed) in levels.items()
    }


def image():
    y, x, c = torch.meshgrid(torch.arange(H), torch.arange(W), torch.arange(3), indexing="ij")
    return ((30 + x * 11 + y * 7 + c * 23 + (x * y * (c + 1)) % 17) % 256).to(torch.uint8).permute(2, 0, 1)


CHAINS = [
    [["ShearX", 0.2]],
    [["ShearY", -0.25]],
    [["TranslateX", 4.8]],
    [["TranslateY", -3.2]],
    [["Rotate", 20.0]],
    [["Brightness", 0.5]],
    [["Color", -0.7]],
    [["Contrast", 0.6]],
    [["Sharpness", 0.9]],
    [["Sharpness", -0.6]],
    [["Posterize", 5]],
    [["Solarize", 0.4]],
    [["AutoContrast", 0.0]],
    [["Equalize", 0.0]],
    [["Invert", 0.0]],
    [["Solarize", 0.6], ["Contrast", 0.4]],
    [["Contrast", 0.8], ["Solarize", 0.6]],
    [["Brightness", 0.9], ["Sharpness", 0.5]],
    [["Sharpness", 0.9], ["Brightness", -0.5]],
    [["Color", 0.9], ["AutoContrast", 0.0]],
    [["AutoContrast", 0.0], ["Contrast", -0.5]],
    [["Brightness", 0.9], ["Contrast", -0.6]],
    [["Rotate", 15.0], ["TranslateX", 3.0]],
    [["TranslateX", 3.0], ["ShearX", 0.3]],
]
base = v2.RandAugment()


def run(chain):
    whole = any(name in ("Posterize", "Equalize") for name, _ in chain)
    out = tv_tensors.Image(image() if whole else image().float() / 255)
    for name, strength in chain:
        out = base._apply_image_or_video_transform(out, name, strength, InterpolationMode.BILINEAR, {tv_tensors.Image: None})
    levels = out.permute(1, 2, 0).flatten().float() * (1 if whole else 255)
    return {"chain": chain, "image": [round(v, 2) for v in levels.tolist()]}


golden = {
    "made with": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
    "h": H,
    "w": W,
    "randaugment": table(v2.RandAugment._AUGMENTATION_SPACE, 31, 20, 32),
    "trivialaugment wide": table(v2.TrivialAugmentWide._AUGMENTATION_SPACE, 31, 20, 32),
    "autoaugment": table(v2.AutoAugment._AUGMENTATION_SPACE, 10, 20, 32),
    "cifar10": v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)._policies,
    "svhn": v2.AutoAugment(v2.AutoAugmentPolicy.SVHN)._policies,
    "chains": [run(chain) for chain in CHAINS],
}
print(json.dumps(golden))
