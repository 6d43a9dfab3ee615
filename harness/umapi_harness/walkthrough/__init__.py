"""The walkthrough: every sample of Adobe's two walkthrough documents as a Postman collection, with its files."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
COLLECTION = FOLDER / "umapi_walkthrough.postman_collection.json"
ENVIRONMENT = FOLDER / "umapi_walkthrough.postman_environment.json"
DATA = FOLDER / "users.csv"
