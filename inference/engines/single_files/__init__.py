"""Single-file checkpoints, converted once into folders in diffusers' layout, which is all that is opened at run time.

`python -m inference.engines.single_files` is the program: it gives up the network (`offline`), reads the file's header
(`header`), finds out what the file is (`kinds`), says where every key goes (`key_map`, by diffusers' own mapping), and
writes a folder (`conversion`) from a template that lies in `templates/`.

Knows: safetensors, the original key names, the families' folders. Does not know: catalogues, pools, jobs. No pickle is
ever opened.
"""
