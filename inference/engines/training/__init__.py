"""DreamBooth with LoRA: a subject learnt from a few photos, a few steps at a time.

The engine is `inference.engines.training.engine`. Knows: how the parts of a training follow each other (`run`), how a
subject is learnt (`dreambooth`), its trainable layers (`lora`), how gradients change them (`optimizers`), its photos
(`photos`), the class pictures that keep everything else unharmed (`prior`), and whole UNets for operators (`whole`).
Does not know: who asked, what it costs, where files lie.
"""
