"""Large pictures decoded tile by tile, with memory that does not grow with the picture.

Tiles overlap, and are blended there. A tile knows nothing of the others, so that colours can differ a little from what
the whole picture would have; only what would not fit otherwise is decoded so.
"""

from typing import Any

from inference.engines.image.families.autoencoder import is_tiny

TILE_PX = 512  # of a tile's sides, where the autoencoder's own are larger; smaller pictures are decoded whole


def decode_in_tiles(vae: Any) -> None:
    """Have an autoencoder of diffusers decode what is larger than a tile in tiles."""
    if is_tiny(vae):
        return  # it is small enough
    vae.enable_tiling()
    if hasattr(vae, "tile_latent_min_size"):  # those for films have sizes that are small already
        factor = 2 ** (len(vae.config.block_out_channels) - 1)
        vae.tile_sample_min_size = min(vae.tile_sample_min_size, TILE_PX)
        vae.tile_latent_min_size = vae.tile_sample_min_size // factor


def can_be_tiled(vae: Any) -> bool:
    """Return whether an autoencoder decodes whole pictures, and could do so in tiles."""
    return vae is not None and not is_tiny(vae) and getattr(vae, "use_tiling", None) is False
