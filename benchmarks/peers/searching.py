"""What the searches of other libraries share: the question, the ledger, and the answer for benchmarks/search/peer.mjs."""

import json
import os
import signal
import sys

# Whatever a library prints must not reach the answer.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

# Stopped from outside, it stops what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

REDUCTION = 3
"""Of the halvings, as of our own."""


def question():
    with open(sys.argv[1]) as file:
        return json.load(file)


def answer(**what):
    print(json.dumps(what), file=_answers, flush=True)


def epochs_paid(ask, spent):
    """Epochs, each with its look at the validation images, that a trial may still have."""
    each = ask["images"] + ask["validation"] / 3
    return min(ask["longest"], int((ask["budget"] - spent) / each))
