"""Mean average precision of made-up scenes by pycocotools 2.0.11: python coco.py > coco.json"""

import contextlib
import io
import json

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def scene(seed, images, classes, side, crowds):
    rng = np.random.default_rng(seed)
    boxes, found = [], []
    for image in range(images):
        for _ in range(rng.integers(0, 9)):
            w, h = np.exp(rng.uniform(np.log(6), np.log(side * 0.7), 2))
            x, y = rng.uniform(0, side - w), rng.uniform(0, side - h)
            k = int(rng.integers(classes))
            crowd = int(rng.uniform() < crowds)
            boxes.append((image, k, [x, y, w, h], crowd))
            for _ in range(rng.integers(0, 4)):
                shift = rng.normal(0, 0.12, 4) * [w, h, w, h]
                other = k if rng.uniform() < 0.85 else int(rng.integers(classes))
                # Scores on a coarse scale, so that there are ties.
                found.append((image, other, list(np.abs(np.array([x, y, w, h]) + shift)), round(rng.uniform(), 1)))
        for _ in range(rng.integers(0, 4)):
            w, h = rng.uniform(5, side / 2, 2)
            found.append((image, int(rng.integers(classes)), [*rng.uniform(0, side / 2, 2), w, h], round(rng.uniform(), 2)))
    return boxes, found


def measured(boxes, found, images, classes):
    truth = COCO()
    truth.dataset = {
        "images": [{"id": i + 1} for i in range(images)],
        "categories": [{"id": k + 1, "name": str(k)} for k in range(classes)],
        "annotations": [
            {"id": n + 1, "image_id": i + 1, "category_id": k + 1, "bbox": b, "area": b[2] * b[3], "iscrowd": c}
            for n, (i, k, b, c) in enumerate(boxes)
        ],
    }
    truth.createIndex()
    answers = truth.loadRes(
        [{"image_id": i + 1, "category_id": k + 1, "bbox": b, "score": s} for i, k, b, s in found]
    )
    ev = COCOeval(truth, answers, "bbox")
    ev.evaluate()
    ev.accumulate()
    ev.summarize()
    per_class = ev.eval["precision"][0, :, :, 0, 2]
    names = ["ap", "ap50", "ap75", "small", "medium", "large"]
    return {
        **{name: None if value < 0 else float(value) for name, value in zip(names, ev.stats)},
        "classes": [None if per_class[0, k] < 0 else float(per_class[:, k].mean()) for k in range(classes)],
    }


scenes = []
for seed, images, classes, side, crowds in [(1, 12, 3, 300, 0), (2, 20, 4, 200, 0.15), (3, 6, 5, 90, 0.3), (4, 3, 2, 400, 0)]:
    boxes, found = scene(seed, images, classes, side, crowds)
    with contextlib.redirect_stdout(io.StringIO()):
        values = measured(boxes, found, images, classes)
    scenes.append(
        {
            "images": images,
            "classes": classes,
            "boxes": [[i, k, *b, c] for i, k, b, c in boxes],
            "found": [[i, k, *b, s] for i, k, b, s in found],
            "measured": values,
        }
    )
print(json.dumps(scenes, indent=None))
