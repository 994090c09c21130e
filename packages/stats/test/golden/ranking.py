"""Golden values for packages/stats/test/ranking.test.ts, by scikit-learn.

    pip install scikit-learn && python packages/stats/test/golden/ranking.py > packages/stats/test/golden/ranking.json
"""
import json

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

random = np.random.default_rng(3)
cases = []
for name, n, share, decimals in [
    ("few", 8, 0.5, 3),
    ("rare", 60, 0.08, 3),
    ("many ties", 50, 0.4, 1),
    ("common", 80, 0.9, 2),
    ("all one score", 12, 0.3, 0),
]:
    truth = (random.random(n) < share).astype(int)
    truth[:2] = [0, 1]
    scores = np.clip(0.35 * random.random(n) + 0.3 * truth * random.random(n), 0, 1).round(decimals)
    if decimals == 0:
        scores = np.full(n, 0.5)
    f1 = {float(t): f1_score(truth, scores >= t) for t in np.unique(scores)}
    best = max(f1.values())
    cases.append({
        "name": name,
        "scores": scores.tolist(),
        "truth": truth.tolist(),
        "averagePrecision": average_precision_score(truth, scores),
        "rocAuc": roc_auc_score(truth, scores),
        "best": max(t for t, value in f1.items() if value == best),
        "bestF1": best,
    })
print(json.dumps(cases))
