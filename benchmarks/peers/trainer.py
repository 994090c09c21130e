"""Our own trainer, driven through its command line, for the searches of other libraries.

A trial is one `regimen fit --policy FILE`. What it reports between is read from the run's `events/`, a trial that is given up is
interrupted as by Ctrl-C, and what it cost is counted from the run's folder: images forward and backward, and a third for an
image forward alone.
"""

import atexit
import glob
import json
import os
import re
import signal
import struct
import subprocess
import time
import urllib.parse

LOOK = 0.1
"""Seconds between two looks at a running training."""
SCALAR = "validation/loss"


# ---- Event files: TFRecord frames (tensorflow/core/lib/io/record_writer.h) of Event messages (tensorflow/core/util/event.proto)


def frames(data):
    """The whole frames of a file that may still be written to."""
    at = 0
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        if at + 16 + length > len(data):
            return
        yield data[at + 12 : at + 12 + length]
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """Field numbers of a protocol buffer's message with what they hold."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = data[at : at + 8], at + 8
        elif wire == 5:
            value, at = data[at : at + 4], at + 4
        elif wire == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"wire type {wire} in an event file")
        yield number, value


def scalars(data, wanted=SCALAR):
    """(step, value) of one scalar, in the order written."""
    for frame in frames(data):
        step, summary = 0, None
        for number, value in fields(frame):
            if number == 2:
                step = value
            elif number == 5:
                summary = value
        for number, value in fields(summary or b""):
            if number != 1:
                continue
            entry = dict(fields(value))
            if entry.get(1, b"").decode() == wanted and 2 in entry:
                yield step, struct.unpack("<f", entry[2])[0]


def told(folder):
    """What a run has reported so far: (epoch, validation loss)."""
    found = []
    for path in glob.glob(os.path.join(folder, "events", "final", "events.out.*")):
        with open(path, "rb") as file:
            found += scalars(file.read())
    return sorted(found)


# ---- What a run cost


def header(path):
    """The JSON header of a checkpoint."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<I", file.read(4))
        return json.loads(file.read(size))["meta"]


def seen(cost):
    return cost["trained"] + cost["inferred"] / 3


def stopped_images(folder):
    """Images of a run that was interrupted: its finished trainings, and how far the unfinished one had come."""
    with open(f"{folder}.policy.json") as file:
        batch = json.load(file)["train"]["batchSize"]
    total = 0.0
    for path in glob.glob(os.path.join(folder, "checkpoints", "*.bin")):
        kind = urllib.parse.unquote(os.path.basename(path)).split("/")[0]
        meta = header(path)
        if kind == "done":
            total += seen(meta["cost"])
        elif kind == "table":
            total += meta["rows"] / 3
        elif kind == "partial":
            whole = (meta["at"] - meta["steps"]) * batch
            # A technique may count an image more than once (two passes a step).
            each = meta["cost"]["trained"] / whole if whole > 0 else 1
            total += seen(meta["cost"]) + meta["steps"] * batch * each
    return total


# ---- One trial


class Fit:
    """One training by our command line, of so many epochs. `ask`: what `benchmarks/search/peer.mjs` hands over."""

    def __init__(self, ask, folder, fragment, epochs):
        self.ask, self.folder = ask, folder
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        train = {**ask["train"], **fragment["train"], "epochs": epochs}
        steps = [{**step, "version": ask["versions"][step["use"]]} for step in fragment["steps"]]
        policy = {"format": 1, "name": "peer", "engine": ask["engine"], "seed": ask["seed"], "train": train, "steps": steps}
        with open(f"{folder}.policy.json", "w") as file:
            json.dump(policy, file)
        self.out, self.err = open(f"{folder}.out", "w"), open(f"{folder}.err", "w")
        line = [*ask["command"], "fit", ask["config"], "--policy", f"{folder}.policy.json", "--out", folder, "--json"]
        line += ["--seed", str(ask["seed"]), "--backend", ask["backend"]]
        # A group of its own: an interrupt of the search is not one of the trial.
        self.process = subprocess.Popen(line, stdout=self.out, stderr=self.err, start_new_session=True)
        atexit.register(self.stop)
        with open(f"{folder}.pid", "w") as file:
            file.write(str(self.process.pid))
        self.read = 0

    def next(self):
        """Waits for the next (epoch, loss); None once the training has ended and all has been told."""
        while True:
            alive = self.process.poll() is None
            reports = told(self.folder)
            if len(reports) > self.read:
                self.read += 1
                return reports[self.read - 1]
            if not alive:
                return None
            time.sleep(LOOK)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def end(self):
        """Waits for its end: {"loss", "images"}; the loss is None where it was stopped or failed."""
        code = self.process.wait()
        self.out.close()
        self.err.close()
        open(f"{self.folder}.ended", "w").close()
        return finished(self.ask, self.folder, code == 0)


def finished(ask, folder, ended):
    """What a run came to, from what it left on the disk."""
    if ended:
        with open(f"{folder}.out") as file:
            result = json.load(file)
        return {"loss": result["validation"]["loss"], "images": result["imagesSeen"], "why": None}
    with open(f"{folder}.err") as file:
        error = file.read()
    epochs = len(told(folder)) * (ask["images"] + ask["validation"] / 3)
    broke = re.search(r"after (\d+) images", error)
    lost = int(broke.group(1)) if broke else 0
    images = max(stopped_images(folder), epochs, lost)
    lines = [line.removeprefix("regimen: ") for line in error.splitlines() if line.startswith("regimen: ")]
    # Without the folder of a trial, which is gone when the search is over.
    return {"loss": None, "images": images, "why": lines[-1].split("; ")[0] if lines else "killed"}
