# %% [markdown]
# What came of a run with own features. Every cell reads the artifacts of the newest run in `data/latest`.

# %%
import json
from pathlib import Path

import pandas as pd

latest = Path("data/latest")
evaluation = json.loads((latest / "evaluation.json").read_text(encoding="utf-8"))
print(evaluation["verdict_sentence"])

# %% [markdown]
# Where each own feature comes from, and how it was audited.

# %%
own = pd.DataFrame(evaluation["features"]["own"])[["name", "text", "module", "line", "across"]]
print(own.to_string(index=False))
print(evaluation["features"]["audit"])

# %% [markdown]
# What each input was worth out of sample: the AUC that is lost when it is shuffled.

# %%
predictions = json.loads((latest / "predictions.json").read_text(encoding="utf-8"))
by_fold = {
    fold["fold"]: {name: entry["loss"] for name, entry in fold["inputs"].items()}
    for fold in predictions["importance"]
}
worth = pd.DataFrame(by_fold)
print(worth.mean(axis=1).sort_values(ascending=False).round(4).to_string())
