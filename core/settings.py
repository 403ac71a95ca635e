"""Typed settings, read once from the environment (prefix ``SHELFGRAPH_``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = REPOSITORY / "assets"


class Settings(BaseSettings):
    """Where things are and how much of the machine to use."""

    model_config = SettingsConfigDict(env_prefix="SHELFGRAPH_", extra="ignore")

    home: Path = Field(default=REPOSITORY / ".shelfgraph", description="Workspaces, models and caches.")
    data: Path = Field(
        default=REPOSITORY.parent / "shared" / "data", description="Public data sets, for benchmarks only."
    )
    threads: int = Field(default=0, ge=0, description="CPU threads a job may use; 0 for all cores.")
    lease_seconds: float = Field(default=15.0, gt=0, description="A job silent for longer is taken over.")
    trash_days: float = Field(default=7.0, ge=0, description="How long a deleted workspace can be restored.")
    max_upload_mb: int = Field(default=1024, gt=0, description="Largest file taken in, after unpacking.")
    tracker: Literal["", "trackio", "wandb"] = Field(
        default="", description="Where the curves of runs are sent too; the package has to be installed."
    )
    tracker_project: str = Field(default="shelfgraph", description="Name of the project there.")
    neo4j_url: str = Field(default="", description="HTTP address of a Neo4j server to push graphs to.")
    neo4j_database: str = Field(default="neo4j", description="Its database.")
    neo4j_user: str = Field(default="neo4j", description="Who ShelfGraph is there.")
    neo4j_password: SecretStr = Field(default=SecretStr(""), description="And its password.")

    @property
    def workspaces(self) -> Path:
        """Folder that holds one folder a workspace."""
        return self.home / "workspaces"

    @property
    def models(self) -> Path:
        """Folder that holds the model files fetched at set-up."""
        return self.home / "models"


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
