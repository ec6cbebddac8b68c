"""Everything an operator can set: environment variables or a `.env` file, read once at the start."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode

from bot.shared.timezones import known_zone
from inference.requests import Kind
from inference.setting_values import wrong_values
from inference.settings import InferenceSettings

ENV_FILE = str(InferenceSettings.model_config["env_file"])


class Settings(InferenceSettings):
    """One field a setting, beside those that computing needs; its environment variable is its name in capitals.

    `docs/settings.md` and `deploy/example.env` name every one of them; a test holds the three together.
    """

    # -- Discord -------------------------------------------------------------------------------------------------------
    discord_token: SecretStr | None = Field(
        default=None, description="The bot's token. Without one, Atelier starts its own small Discord in the browser."
    )
    discord_api_url: str = Field(
        default="",
        description="Address of a stand-in for Discord, such as http://127.0.0.1:8090; empty: the real one.",
    )
    sandbox_host: str = Field(default="127.0.0.1", description="Address that the local Discord binds to.")
    sandbox_port: int = Field(default=8090, ge=0, le=65535, description="Its port; 0 picks a free one.")
    open_browser: bool = Field(default=True, description="Open the local Discord in the browser where there is one.")

    # -- where things are kept -----------------------------------------------------------------------------------------
    results_kept_days: float = Field(
        default=0, ge=0, description="Days that pictures are kept after their job; 0: until somebody deletes them."
    )
    transcripts_kept_days: float = Field(default=0, ge=0, description="The same for transcripts.")

    # -- credits -------------------------------------------------------------------------------------------------------
    daily_credits: int = Field(default=100, ge=0, description="Credits that every member gets each day.")
    credits_cap: int = Field(default=200, ge=0, description="Unused credits pile up to this and no further.")
    max_queued: int = Field(default=10, ge=1, description="Most jobs a member may have in the queue or running.")
    max_running: int = Field(default=2, ge=1, description="Most jobs of one member that run at the same time.")

    relaxed: Annotated[frozenset[Kind], NoDecode] = Field(
        default=frozenset({Kind.IMAGE, Kind.TRANSCRIBE, Kind.UPSCALE}),
        description="What is free to run when the queue is empty: image, upscale, transcribe, train; empty: nothing.",
    )
    timezone: str = Field(
        default="UTC", description="Where days and months begin, such as Europe/Berlin.", examples=["Europe/Berlin"]
    )
    tiers: Path | None = Field(
        default=None,
        description="A tiers.toml that maps roles to credits and limits (docs/tiers.md); it replaces the six above.",
    )
    asks_above: int = Field(
        default=20, ge=0, description="Anything that costs more credits shows its price first, to continue or cancel."
    )
    gifts: bool = Field(default=False, description="Let members give credits to each other with /gift.")

    home_guilds: Annotated[frozenset[int], NoDecode] = Field(
        default=frozenset(),
        examples=["130000000000000001"],
        description="Comma-separated IDs of the servers whose operators manage credits and direct messages; "
        "empty: the server that Atelier is in, as long as it is only one.",
    )

    # -- voice ---------------------------------------------------------------------------------------------------------
    auto_transcription: bool = Field(
        default=False,
        description="Let operators turn on /transcribe-channel; needs Discord's Message Content intent.",
    )
    clips_kept_h: float = Field(
        default=24,
        ge=0,
        description="Hours that a clip is kept after its transcript, to be transcribed again; 0: not at all.",
    )

    # -- the operator's page -------------------------------------------------------------------------------------------
    desk_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        examples=[8091],
        description="Port of the operator's web page; empty: no page. 0 picks a free one.",
    )
    desk_host: str = Field(default="127.0.0.1", description="Address that it binds to.")
    desk_token: SecretStr | None = Field(
        default=None, description="Token that opens the page; empty: a new one at each start, printed with the address."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        examples=[9091],
        description="Port of /metrics for Prometheus and /healthz; empty: neither.",
    )

    # -- the members' page ---------------------------------------------------------------------------------------------
    web_url: str = Field(
        default="",
        examples=["https://atelier.example.org"],
        description="Public address of the page where members paint what of a picture is drawn anew; a proxy with TLS "
        "leads from it to the port below. Empty: no page; the local Discord has one by itself.",
    )
    web_host: str = Field(default="127.0.0.1", description="Address that it binds to.")
    web_port: int = Field(default=8092, ge=0, le=65535, description="Its port; 0 picks a free one.")

    # -- logs ----------------------------------------------------------------------------------------------------------
    log_format: Literal["text", "json"] = Field(default="text", description="text, or json: one object a line.")

    @field_validator("tiers", "desk_port", "metrics_port", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("web_url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        address = urlsplit(value := value.strip().rstrip("/"))
        is_here = address.hostname in ("127.0.0.1", "localhost", "::1")
        if value and (address.scheme not in ("https", *["http"] * is_here) or not address.hostname or address.query):
            raise ValueError("it must begin with https://, such as https://atelier.example.org")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)

    @field_validator("relaxed", "home_guilds", mode="before")
    @classmethod
    def _between_commas(cls, value: object) -> object:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @field_validator("discord_token")
    @classmethod
    def _empty_token_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value().strip() else None


class SettingsUnusable(ValueError):
    """Some settings have values that are not allowed; `wrong` has a sentence for each, by its field's name."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("\n".join(wrong.values()))
        self.wrong = wrong


def read_settings() -> Settings:
    """Read the environment and `.env`.

    Raises:
        SettingsUnusable: values are not allowed, or the file cannot be read.
    """
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # what it says of lines is said better by `unknown_names`
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsUnusable(wrong_values(error, Settings)) from None  # it would quote all values, tokens too
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not a text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror).lower()
        raise SettingsUnusable({"": f"The file {ENV_FILE} can't be read: {reason}. Save it anew as UTF-8."}) from error


def read_settings_anyway() -> tuple[Settings, Mapping[str, str]]:
    """Return the settings with defaults in place of wrong values, and what is wrong with those."""
    try:
        return read_settings(), {}
    except SettingsUnusable as error:
        if "" in error.wrong:
            return Settings(_env_file=None), error.wrong
        defaults = {name: Settings.model_fields[name].default for name in error.wrong}
        return Settings(**defaults), error.wrong
