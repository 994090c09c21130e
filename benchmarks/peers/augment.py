"""The policy of side-augment.mjs in torchvision, PIL or OpenCV, each as it is used. Started by augment.mjs.

torchvision works on batched tensors, which share what is drawn, on all threads; PIL and OpenCV work on one image of a file's
bytes at a time, in as many processes as there are processors.
"""

import json
import math
import multiprocessing
import os
import random
import sys

import rounds
from rounds import Rounds, fastest, skip

ask = json.loads(sys.argv[1])
batch, side, library = ask["batch"], ask["side"], ask["library"]
ANGLE, SHIFT, ZOOM, HUE, SIGMA = 13.5, side // 8, 1.25, 0.1, 1.0
RADIUS = 3


def drawn():
    zoom = math.exp(random.uniform(-1, 1) * math.log(ZOOM))
    shifts = random.randint(-SHIFT, SHIFT), random.randint(-SHIFT, SHIFT)
    return random.random() < 0.5, random.uniform(-ANGLE, ANGLE), zoom, shifts


def torchvision_step():
    try:
        import torch

        # torchvision wants operators of its own compiled part, which transforms do not use and a foreign PyTorch cannot load.
        own = torch.library.Library("torchvision", "FRAGMENT")
        try:
            from torchvision.transforms import v2
        except (ImportError, RuntimeError):
            for name in [name for name in sys.modules if name.startswith("torchvision")]:
                del sys.modules[name]
            for name in ("nms", "qnms"):
                own.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            from torchvision.transforms import v2
        from importlib.metadata import version
    except ImportError as error:
        skip(f"{error}")
    policy = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomAffine(ANGLE, (1 / 8, 1 / 8), (1 / ZOOM, ZOOM), interpolation=v2.InterpolationMode.BILINEAR),
            v2.ColorJitter(0.4, 0.2, 0.4, HUE),
            v2.GaussianBlur(2 * RADIUS + 1, (0.01, SIGMA)),
        ]
    )
    bytes_ = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)
    floats = bytes_.to(torch.float32) / 255
    candidates = {"uint8": lambda: policy(bytes_), "float32": lambda: policy(floats)}
    best, _ = fastest(candidates)
    return candidates[best], f"torchvision {version('torchvision')}, PyTorch {torch.__version__}", best


def pil_image():
    import numpy as np
    from PIL import Image, ImageEnhance, ImageFilter, __version__

    pixels = np.random.default_rng(1).integers(0, 256, (batch, side, side, 3), np.uint8)
    middle = (side - 1) / 2

    def one(at):
        mirror, angle, zoom, (right, down) = drawn()
        cosine, sine = math.cos(math.radians(angle)) / zoom, math.sin(math.radians(angle)) / zoom
        flip = -1 if mirror else 1
        x, y = middle + right, middle + down
        map_ = (
            flip * cosine,
            -flip * sine,
            middle - flip * (cosine * x - sine * y),
            sine,
            cosine,
            middle - (sine * x + cosine * y),
        )
        image = Image.fromarray(pixels[at]).transform((side, side), Image.Transform.AFFINE, map_, Image.Resampling.BILINEAR)
        image = ImageEnhance.Brightness(image).enhance(random.uniform(0.6, 1.4))
        image = ImageEnhance.Contrast(image).enhance(random.uniform(0.8, 1.2))
        image = ImageEnhance.Color(image).enhance(random.uniform(0.6, 1.4))
        hue, saturation, value = image.convert("HSV").split()
        turn = round(255 * random.uniform(-HUE, HUE)) % 256
        hue = hue.point([(level + turn) % 256 for level in range(256)])
        image = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
        return np.asarray(image.filter(ImageFilter.GaussianBlur(random.uniform(0, SIGMA))))

    return one, f"PIL {__version__}"


def opencv_image():
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    pixels = np.random.default_rng(1).integers(0, 256, (batch, side, side, 3), np.uint8)
    middle = (side - 1) / 2
    levels = np.arange(256)

    def one(at):
        mirror, angle, zoom, (right, down) = drawn()
        map_ = cv2.getRotationMatrix2D((middle, middle), angle, zoom)
        map_[:, 2] += right, down
        if mirror:
            map_[:, 2] += map_[:, 0] * (side - 1)
            map_[:, 0] *= -1
        image = cv2.warpAffine(pixels[at], map_, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        image = cv2.convertScaleAbs(image, alpha=random.uniform(0.6, 1.4))
        mean, factor = sum(cv2.mean(image)[:3]) / 3, random.uniform(0.8, 1.2)
        image = cv2.LUT(image, np.clip((levels - mean) * factor + mean, 0, 255).astype(np.uint8))
        factor = random.uniform(0.6, 1.4)
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, factor, grey, 1 - factor, 0)
        hue = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
        turn = round(255 * random.uniform(-HUE, HUE))
        hue[..., 0] += np.uint8(turn % 256)
        image = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB_FULL)
        size = 2 * RADIUS + 1
        return cv2.GaussianBlur(image, (size, size), random.uniform(0.01, SIGMA), borderType=cv2.BORDER_REFLECT_101)

    return one, f"OpenCV {cv2.__version__}"


def images(make, rows):
    """Does these rows of a batch, into one array as a training step wants them."""
    import numpy as np

    one, version = make()
    made = np.empty((len(rows), side, side, 3), np.uint8)

    def step():
        for to, at in enumerate(rows):
            made[to] = one(at)

    return step, version


def worker(make, rows, pipe, parent, used):
    step, _ = images(make, rows)
    while os.getppid() == parent:
        if pipe.poll(1):
            pipe.recv()
            step()
            used.value = rounds._used()
            pipe.send(True)


def spread(make):
    """A batch in as many processes as there are processors, this one among them."""
    try:
        make()
    except ImportError as error:
        skip(f"{error}")
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    shares = [range(at, batch, count) for at in range(count)]
    others = []
    for rows in shares[1:]:
        here, there = multiprocessing.Pipe()
        used = multiprocessing.Value("d", 0.0)
        multiprocessing.Process(target=worker, args=(make, rows, there, os.getpid(), used), daemon=True).start()
        others.append((here, used))
    own_use = rounds._used
    rounds._used = lambda: own_use() + sum(used.value for _, used in others)
    own, version = images(make, shares[0])

    def step():
        for pipe, _ in others:
            pipe.send(True)
        own()
        for pipe, _ in others:
            pipe.recv()

    return step, version, f"{count} processes"


def main():
    if library == "torchvision":
        step, version, mode = torchvision_step()
    else:
        step, version, mode = spread({"pil": pil_image, "opencv": opencv_image}[library])
    counted = Rounds(batch, warm_up=3, version=version, mode=mode)
    while True:
        step()
        counted.step_done()


if __name__ == "__main__":
    main()
