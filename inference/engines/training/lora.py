"""The trainable layers of one subject, laid over a base model that others go on using."""

import copy

import torch
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
from torch import Tensor, nn

from inference.engines.image.models.model import layers_of

UNET_TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2")
TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def copy_sharing_weights(module: nn.Module) -> nn.Module:
    """Copy a module's tree but none of its weights: both trees hold the same tensors.

    The copy can be given LoRA layers while the original goes on generating, at no cost in memory.
    """
    shared: dict[int, object] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)


class SubjectLora:
    """LoRA layers on a UNet and, if asked, on its text encoders. The base's own weights are never changed."""

    def __init__(
        self,
        unet: nn.Module,
        text_encoders: tuple[nn.Module, ...],
        *,
        rank: int,
        seed: int,
        train_text: bool,
        all_layers: bool = False,
    ) -> None:
        """Copy the networks' trees, not their weights, and add the layers.

        Args:
            unet: the base model's.
            text_encoders: the base model's.
            rank: of every layer; alpha equals the rank, so that the scale is 1 and no reader has to be told.
            seed: of the first factors (the second ones start at zero).
            train_text: whether the text encoders learn too.
            all_layers: whether every linear layer and convolution of the UNet learns, not only attention and
                feed-forward.
        """
        targets = tuple(layers_of(unet)) if all_layers else UNET_TARGETS
        self.unet = copy_sharing_weights(unet)
        self.text_encoders = tuple(copy_sharing_weights(encoder) for encoder in text_encoders)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._inject(self.unet, targets, rank)
            for encoder in self.text_encoders if train_text else ():
                self._inject(encoder, TEXT_TARGETS, rank)
        self.learns_text = train_text

    @staticmethod
    def _inject(module: nn.Module, targets: tuple[str, ...], rank: int) -> None:
        module.requires_grad_(False)
        inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(targets)), module)
        for name, parameter in module.named_parameters():
            if "lora_" in name:
                # The small layers learn in full precision, whatever the base is; convolutions in the base's own layout.
                layout = torch.channels_last if parameter.dim() == 4 else torch.contiguous_format
                parameter.data = parameter.data.float().to(memory_format=layout)
                parameter.requires_grad_(True)

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return the trainable tensors (float32) by a name that is the same in every run."""
        modules = {"unet": self.unet, **{f"text_{i}": encoder for i, encoder in enumerate(self.text_encoders)}}
        return {
            f"{prefix}.{name}": parameter
            for prefix, module in modules.items()
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }

    def export(self) -> dict[str, Tensor]:
        """Return the adapter in the layout that diffusers reads (`load_lora_weights`), float16 on the CPU."""
        layers = {f"unet.{key}": value for key, value in get_peft_model_state_dict(self.unet).items()}
        for index, encoder in enumerate(self.text_encoders if self.learns_text else ()):
            prefix = "text_encoder" if index == 0 else f"text_encoder_{index + 1}"
            for key, value in convert_state_dict_to_diffusers(get_peft_model_state_dict(encoder)).items():
                # Files name the inner model; newer transformers have done away with it, older readers expect it.
                inner = key if key.startswith("text_model.") else f"text_model.{key}"
                layers[f"{prefix}.{inner}"] = value
        return {key: value.detach().half().cpu().contiguous() for key, value in layers.items()}
