"""Golden values for packages/data/test/rasterise.test.ts: what pycocotools makes of polygons and run lengths.

    pip install pycocotools numpy && python packages/data/test/golden/rasterise.py > packages/data/test/golden/rasterise.json
"""
import json

import numpy as np
from pycocotools import mask

random = np.random.default_rng(5)
runs, polygons = [], []
for h, w in [(5, 7), (16, 9), (40, 33)]:
    picture = np.asfortranarray((random.random((h, w)) < 0.3).astype(np.uint8))
    picture[h // 3 : h // 2] = 1
    text = mask.encode(picture)["counts"].decode()
    runs.append({"size": [h, w], "counts": text, "pixels": picture.flatten().tolist()})
for points in (4, 7, 12):
    h, w = 48, 64
    angles = np.sort(random.random(points)) * 2 * np.pi
    radii = 8 + 14 * random.random(points)
    polygon = np.stack([32 + 1.3 * radii * np.cos(angles), 24 + radii * np.sin(angles)], 1).round(2).flatten().tolist()
    rle = mask.merge(mask.frPyObjects([polygon], h, w))
    polygons.append({"size": [h, w], "polygon": polygon, "pixels": mask.decode(rle).flatten().tolist()})
print(json.dumps({"runs": runs, "polygons": polygons}))
