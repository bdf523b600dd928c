"""The model of a run as MLflow loads it: this file is copied beside the model's JSON and run where it is loaded.

No pickle is involved; the arithmetic is the program's own, so ``afterclose`` is installed where the model is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from core.models.loader import load_model, read_model

if TYPE_CHECKING:
    import pandas as pd


class AfterclosePrediction(PythonModel):
    """Probabilities of a rise, from a frame that has the model's features as columns."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read and check the model's file."""
        document = read_model(Path(context.artifacts["model"]).read_bytes())
        self.features = list(document.body["features"])
        self.model = load_model(document)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> Any:
        """Return the probability of a rise for each row, shape (n,); a row that lacks a feature is an error."""
        del context, params
        return self.model.probability(model_input[self.features].to_numpy(dtype="float64"))


set_model(AfterclosePrediction())
