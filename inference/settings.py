"""What computing needs to know: environment variables or a `.env` file, for the bot as for a dispatcher alone."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.catalogue import DEFAULT_FILE
from inference.checks import CheckRules, FlaggedAction
from inference.pool.devices import AUTO, parse_devices
from inference.worker_config import WorkerConfig


class InferenceSettings(BaseSettings):
    """One field a setting; its environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, cli_prog_name="inference.dispatcher"
    )

    data_dir: Path = Field(default=Path(".cache/atelier"), description="Folder for the database, files and caches.")
    database_url: str = Field(
        default="",
        description="sqlite:///path or postgresql://user:password@host/name; empty: SQLite in the data folder.",
    )
    files_url: str = Field(
        default="",
        description="Folder or fsspec URL (such as s3://bucket/atelier) for pictures; empty: in the data folder.",
    )

    catalogue: Path | None = Field(
        default=None,
        description="A models.toml of your own; empty: the one in the data folder, which `atelier models` begins, "
        "or else the one that is shipped.",
    )
    devices: str = Field(
        default=AUTO,
        description="Comma-separated devices such as cuda:0,cuda:1 or cpu; auto: every GPU, else the CPU.",
    )
    cpu_threads: int = Field(default=0, ge=0, description="Threads for computing on the CPU; 0: one for each core.")
    lanes: int = Field(default=0, ge=0, description="Most pictures denoised in one pass on a device; 0: by its memory.")
    model_memory_gb: float = Field(
        default=0, ge=0, description="Gigabytes for models on a device; 0: as much as it has."
    )
    low_memory: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Bring weights to a device for their turn only: auto (where a model does not fit), on or off.",
    )
    compile_models: bool = Field(
        default=False,
        description="Have PyTorch compile what models repeat: quicker passes, minutes of waiting for a model's first.",
    )
    training_share: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Share of a device's time that training gets while pictures are in the queue.",
    )
    hang_timeout_s: float = Field(
        default=300, gt=0, description="A worker that is busy and silent this long is restarted."
    )
    lease_s: float = Field(default=30, ge=5, description="How long a job stays with a worker that no longer reports.")
    engines: str = Field(
        default="inference.engines.factory:build",
        description="What builds a worker's engines, as package.module:function; tests put others here.",
    )
    clip_max_s: float = Field(default=1800, gt=0, description="Longest clip that is transcribed, in seconds.")
    clip_max_mb: int = Field(default=64, ge=1, description="Largest audio or video file that is transcribed, in MiB.")
    upscaled_max_mp: int = Field(
        default=16, ge=1, le=256, description="Largest upscaled picture, in megapixels (16: 4096 × 4096 pixels)."
    )
    flagged_in_channels: FlaggedAction = Field(
        default=FlaggedAction.WITHHOLD,
        description="What becomes of pictures that a [[checker]] flags: withhold, spoiler, or nothing.",
    )
    flagged_in_age_restricted: FlaggedAction = Field(
        default=FlaggedAction.NOTHING, description="The same in age-restricted channels."
    )
    flagged_in_direct_messages: FlaggedAction = Field(
        default=FlaggedAction.WITHHOLD, description="The same in direct messages."
    )
    flagged_unknown: Literal[FlaggedAction.WITHHOLD, FlaggedAction.SPOILER] = Field(
        default=FlaggedAction.WITHHOLD,
        description="What becomes of pictures whose check failed, where flagged ones are not shown as others are: "
        "withhold or spoiler.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR. Tokens are never logged.")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR")
        return value.upper()

    @field_validator("catalogue", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("devices")
    @classmethod
    def _known_devices(cls, value: str) -> str:
        if value.strip() != AUTO:
            parse_devices(value)
        return value

    @field_validator("engines")
    @classmethod
    def _names_a_function(cls, value: str) -> str:
        if not re.fullmatch(r"\w+(\.\w+)*:\w+", value):
            raise ValueError("it takes package.module:function")
        return value

    @property
    def own_catalogue_file(self) -> Path:
        """The catalogue that is the operator's to change; it may not be there yet."""
        return self.catalogue or self.data_dir / "models.toml"

    @property
    def catalogue_file(self) -> Path:
        """The catalogue that counts."""
        own = self.own_catalogue_file
        return own if self.catalogue or own.exists() else DEFAULT_FILE

    @property
    def database(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'atelier.db'}"

    @property
    def files(self) -> str:
        """The file store's URL, with the default filled in."""
        return self.files_url or str(self.data_dir.resolve() / "files")

    @property
    def check_rules(self) -> CheckRules:
        """What is done with flagged pictures."""
        return CheckRules(
            plain=self.flagged_in_channels,
            age_restricted=self.flagged_in_age_restricted,
            direct=self.flagged_in_direct_messages,
            unchecked=self.flagged_unknown,
        )

    def worker_config(self, device: str) -> WorkerConfig:
        """Return how to start the worker of one device."""
        return WorkerConfig(
            engines=self.engines,
            device=device,
            options={
                "catalogue": str(self.catalogue_file.resolve()),
                "lanes": self.lanes,
                "model_memory_gb": self.model_memory_gb,
                "low_memory": self.low_memory,
                "compiled": self.compile_models,
                "cache_dir": str(self.data_dir.resolve() / "cache"),
                "clip_max_s": self.clip_max_s,
                "clip_max_mb": self.clip_max_mb,
                "upscaled_max_mp": self.upscaled_max_mp,
            },
            train_share=self.training_share,
            threads=self.cpu_threads,
            log_level=self.log_level,
        )
