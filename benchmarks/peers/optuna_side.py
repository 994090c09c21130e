"""Optuna's TPE with successive halving or Hyperband as pruner, driving our trainer: see benchmarks/search.mjs."""

import os

import optuna

from searching import REDUCTION, answer, epochs_paid, question
from space import entries, fragment, starts
from trainer import Fit

STARTUP = 4
"""Draws before TPE models anything, as of our own TPE: with the usual 10 a small budget would be spent by chance."""

ask = question()
problem, longest = ask["problem"], ask["longest"]
optuna.logging.set_verbosity(optuna.logging.WARNING)
pruner = (
    optuna.pruners.HyperbandPruner(min_resource=1, max_resource=longest, reduction_factor=REDUCTION)
    if ask["algorithm"] == "hyperband"
    else optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION)
)
sampler = optuna.samplers.TPESampler(seed=ask["seed"], n_startup_trials=STARTUP)
study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
for point in starts(problem):
    study.enqueue_trial(point)
flat = entries(problem)


def value(trial, name):
    kind, *rest = flat[name]
    if kind == "choice":
        return trial.suggest_categorical(name, rest[0])
    if kind == "integer":
        return trial.suggest_int(name, *rest)
    return trial.suggest_float(name, *rest, log=kind == "log")


spent, policies, trials = 0.0, {}, []
while (epochs := epochs_paid(ask, spent)) > 0:
    trial = study.ask()
    policy = fragment(problem, lambda name: value(trial, name))
    fit = Fit(ask, os.path.join(ask["folder"], str(trial.number)), policy, epochs)
    pruned = False
    while not pruned and (report := fit.next()) is not None:
        epoch, loss = report
        trial.report(loss, epoch)
        pruned = epoch < epochs and trial.should_prune()
    if pruned:
        fit.stop()
    done = fit.end()
    spent += done["images"]
    if done["loss"] is not None:
        study.tell(trial, done["loss"])
    else:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.FAIL)
    policies[trial.number] = policy
    trials.append({"loss": done["loss"], "images": done["images"], "epochs": epochs, "why": "pruned" if pruned else done["why"]})

complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
best = study.best_trial.number if complete else None
answer(
    best=policies.get(best, {"steps": [], "train": {}}),
    spent=spent,
    trials=trials,
    version=f"Optuna {optuna.__version__}",
)
