"""How a side talks with side-by-side.mjs: one JSON line when it is ready, then one for each round that it is asked for."""

import json
import os
import resource
import sys
import time

# Whatever a library prints must not reach the answers.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

IMAGES = 50_000


def tell(**answer):
    print(json.dumps(answer), file=_answers, flush=True)


def skip(why):
    tell(skipped=why)
    sys.exit(0)


def _used():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Rounds:
    """`step_done` after every step: blocks between rounds, and ends the process when no more are wanted."""

    def __init__(self, batch, warm_up, **about):
        self._batch, self._left, self._about = batch, warm_up, about
        self._steps, self._start, self._ask = 0, None, None

    def step_done(self, steps=1):
        self._steps += steps
        if self._ask is None:
            if self._steps < self._left:
                return
            tell(ready=True, **self._about)
            self._wait()
            return
        seconds = time.perf_counter() - self._start
        if seconds < self._ask["seconds"] or self._steps < self._ask["steps"]:
            return
        cpu = _used() - self._cpu
        tell(steps=self._steps, images=self._steps * self._batch, seconds=seconds, cpu=cpu, used=cpu)
        self._wait()

    def _wait(self):
        line = sys.stdin.readline()
        if not line:
            sys.stdout.flush()
            os._exit(0)
        self._ask = json.loads(line)
        self._steps, self._cpu, self._start = 0, _used(), time.perf_counter()


# Where a step takes longer (in seconds), what surrounds it matters no more.
LONG = 0.5


def fastest(candidates, seconds=1.5):
    """The name of the candidate (name: function that does one step) that does most steps a second, and all rates."""
    rates = {}
    for name, step in candidates.items():
        step()
        done, start = 0, time.perf_counter()
        while done < 2 or time.perf_counter() - start < seconds:
            step()
            done += 1
        rates[name] = done / (time.perf_counter() - start)
        if rates[name] < 1 / LONG:
            break
    return max(rates, key=rates.get), rates
