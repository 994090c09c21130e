"""Ray Tune's ASHA, driving our trainer: see benchmarks/search.mjs."""

import math
import os
import signal
import time

os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AIR_NEW_OUTPUT="0", RAY_TRAIN_V2_ENABLED="0", TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1")

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.basic_variant import BasicVariantGenerator

from searching import REDUCTION, answer, epochs_paid, question
from space import entries, fragment, starts
from trainer import Fit, finished

DRAWS = 10_000
"""More than any budget pays for: the budget ends the search."""

ask = question()
problem, longest = ask["problem"], ask["longest"]
PATIENCE = 60
"""Seconds that an interrupted training has."""
samplers = {
    "choice": tune.choice,
    "linear": tune.uniform,
    "log": tune.loguniform,
    "integer": lambda lo, hi: tune.randint(lo, hi + 1),
}


class Trial(tune.Trainable):
    """A step is an epoch; what ends a trial early interrupts its training."""

    def setup(self, config):
        self.last, self.epochs, self.fit = math.inf, epochs_paid(ask, spent()), None
        if self.epochs > 0:
            policy = fragment(problem, config.__getitem__)
            self.fit = Fit(ask, os.path.join(ask["folder"], self.trial_id), policy, self.epochs)

    def step(self):
        report = self.fit and self.fit.next()
        if self.fit and not report and math.isinf(self.last):
            # Trainings of several parts (ensembles, say) tell nothing on their way.
            loss = self.fit.end()["loss"]
            self.last = math.inf if loss is None else loss
        # Where it ends without telling more, it failed; or the budget was spent before it began.
        epoch, self.last = report if report else (longest, self.last)
        return {"loss": self.last, "epoch": epoch, "paid": self.epochs > 0, "done": not report or epoch >= self.epochs}

    def cleanup(self):
        if self.fit:
            if self.fit.read < self.epochs:
                self.fit.stop()
            self.fit.end()


class Budget(tune.Stopper):
    """Ends all when not even an epoch was paid for."""

    over = False

    def __call__(self, trial_id, result):
        self.over = self.over or not result["paid"]
        return False

    def stop_all(self):
        return self.over


def trials():
    """Names of the trials that were begun."""
    return [name[: -len(".pid")] for name in os.listdir(ask["folder"]) if name.endswith(".pid")]


def settled(name):
    """What a trial came to. One that Ray left running is interrupted first, and given time to save what it did."""
    folder = os.path.join(ask["folder"], name)
    if not os.path.exists(f"{folder}.ended"):
        with open(f"{folder}.pid") as file:
            pid = int(file.read())
        try:
            os.kill(pid, signal.SIGINT)
            for _ in range(PATIENCE):
                os.kill(pid, 0)
                time.sleep(1)
        except ProcessLookupError:
            pass
    return finished(ask, folder, os.path.exists(os.path.join(folder, "model")))


def spent():
    """Images of all trials so far. They run one after the other: who asks between two of them is told all."""
    os.makedirs(ask["folder"], exist_ok=True)
    return sum(settled(name)["images"] for name in trials())


ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error", runtime_env={"env_vars": {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__))}})
tuner = tune.Tuner(
    Trial,
    param_space={name: samplers[kind](*rest) for name, (kind, *rest) in entries(problem).items()},
    tune_config=tune.TuneConfig(
        metric="loss",
        mode="min",
        num_samples=DRAWS,
        max_concurrent_trials=1,
        search_alg=BasicVariantGenerator(points_to_evaluate=starts(problem), random_state=ask["seed"], max_concurrent=1),
        scheduler=ASHAScheduler(time_attr="epoch", max_t=longest, grace_period=1, reduction_factor=REDUCTION),
    ),
    run_config=tune.RunConfig(stop=Budget(), storage_path=os.path.abspath(ask["folder"]), name="ray", verbose=0),
)
results = tuner.fit()
told = {result.metrics["trial_id"]: result for result in results if result.metrics}
ended = {name: settled(name) for name in trials()}
ray.shutdown()
losses = {name: result.metrics["loss"] for name, result in told.items() if math.isfinite(result.metrics.get("loss", math.inf))}
best = min(losses, key=losses.get) if losses else None
answer(
    best=fragment(problem, told[best].config.__getitem__) if best else {"steps": [], "train": {}},
    spent=sum(trial["images"] for trial in ended.values()),
    trials=[{"loss": losses.get(name), "images": trial["images"], "why": trial["why"]} for name, trial in ended.items()],
    version=f"Ray {ray.__version__}",
)
