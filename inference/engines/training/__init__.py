"""DreamBooth with LoRA: a subject learnt from a few photos, a few steps at a time.

Knows: how a subject is learnt (`dreambooth`), its trainable layers (`lora`), its photos (`photos`), the class pictures
that keep everything else unharmed (`prior`), and how the parts follow each other (`course`).
Does not know: who asked, what it costs, where files lie.
"""
