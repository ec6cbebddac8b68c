"""What a worker's environment has: what computing reads, and nothing else of ours.

A list of what may pass, not of what may not: secrets have names that nobody here knows (of object stores, databases,
the operator's other programs), while what the libraries read is known. A name that is missing here costs an operator a
line in the logs of a library; a secret that is missing there would be one in a process that reads strangers' models.
"""

from collections.abc import Mapping

NAMES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),  # models are fetched by the worker
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    }
)
PREFIXES = (
    *("LC_", "XDG_", "LD_", "DYLD_", "MALLOC_", "PYTHON"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "VECLIB_", "ONEDNN_", "DNNL_", "CT2_"),
    *("CUDA", "NVIDIA_", "CUBLAS", "CUDNN", "NCCL_", "HIP_", "HSA_", "ROCM_", "ROCR_", "MIOPEN_"),
    *("TORCH", "PYTORCH_", "TRITON_", "DIFFUSERS_", "TRANSFORMERS_", "TOKENIZERS_", "SAFETENSORS_"),
    "HF_",  # with the token that gated models need
    "ATELIER_",  # for engines of the operator's own
)


def worker_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return what of our environment a worker may see."""
    return {name: value for name, value in ours.items() if name.upper() in NAMES or name.startswith(PREFIXES)}


def offline_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return what a process may see that reads a stranger's file and fetches nothing: no token, no proxy, no hub."""
    theirs = worker_environment(ours)
    kept = {name: value for name, value in theirs.items() if not name.startswith("HF_") and "PROXY" not in name.upper()}
    return kept | {"HF_HUB_OFFLINE": "1"}
