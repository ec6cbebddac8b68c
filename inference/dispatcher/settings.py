"""What a dispatcher of its own needs to know: the same environment variables and `.env` as the bot's."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.catalogue import DEFAULT_FILE
from inference.plan import WorkerPlan


class DispatcherSettings(BaseSettings):
    """The part of the bot's settings that computing needs; on the command line as `--database_url …`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, cli_prog_name="inference.dispatcher"
    )

    data_dir: Path = Field(default=Path(".cache/atelier"), description="Folder for the database, files and caches.")
    database_url: str = Field(default="", description="As the bot's: the two must share one database.")
    files_url: str = Field(default="", description="As the bot's: the two must share their files.")
    daily_credits: int = Field(default=100, ge=0, description="As the bot's: allowances accrue when jobs are settled.")
    credits_cap: int = Field(default=200, ge=0, description="As the bot's.")
    catalogue: Path | None = Field(default=None, description="A models.toml of your own; empty: the shipped one.")
    devices: str = Field(default="auto", description="Devices such as cuda:0,cuda:1 or cpu; auto: every GPU.")
    engines: str = Field(default="inference.engines.factory:build", description="The function that builds engines.")
    lanes: int = Field(default=0, ge=0, description="Most pictures denoised in one pass; 0: by the kind of device.")
    model_memory_gb: float = Field(default=0, ge=0, description="Memory for models on a device; 0: by what it has.")
    cpu_threads: int = Field(default=0, ge=0, description="Threads for computing on the CPU; 0: one for each core.")
    training_share: float = Field(default=0.25, ge=0, le=1, description="Training's share while pictures wait.")
    hang_timeout_s: float = Field(default=300, gt=0, description="A busy worker silent this long is restarted.")
    clip_max_s: float = Field(default=1800, gt=0, description="As the bot's.")
    clip_max_mb: int = Field(default=64, ge=1, description="As the bot's.")
    lease_s: float = Field(default=30, ge=5, description="How long a job stays with a dispatcher that is silent.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    def plan(self, device: str) -> WorkerPlan:
        """Return how to start the worker of one device."""
        return WorkerPlan(
            engines=self.engines,
            device=device,
            options={
                "catalogue": str((self.catalogue or DEFAULT_FILE).resolve()),
                "lanes": self.lanes,
                "model_memory_gb": self.model_memory_gb,
                "cache_dir": str(self.data_dir.resolve() / "cache"),
                "clip_max_s": self.clip_max_s,
                "clip_max_mb": self.clip_max_mb,
            },
            train_share=self.training_share,
            threads=self.cpu_threads,
            log_level=self.log_level,
        )
