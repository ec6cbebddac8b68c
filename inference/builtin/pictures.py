"""Contact sheets: for looking at while a training runs, and for the model card."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image, ImageDraw


def save_sheet(pictures: torch.Tensor, path: Path, columns: int, titles: list[str] | None = None) -> None:
    """Save pictures as one PNG, row by row.

    Args:
        pictures: floats in -1..1, N x 3 x H x W.
        path: the PNG.
        columns: how many pictures are in a row.
        titles: what is written below each picture.
    """
    height, width = pictures.shape[2] + (14 if titles else 0), pictures.shape[3]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + 2), rows * (height + 2)), "white")
    pen = ImageDraw.Draw(sheet)
    levels = ((pictures.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    for index, picture in enumerate(levels):
        left, top = index % columns * (width + 2), index // columns * (height + 2)
        sheet.paste(Image.fromarray(picture), (left, top))
        if titles:
            pen.text((left + 2, top + pictures.shape[2]), titles[index], fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
