# Nothing is done at load: no Python is started and reticulate's namespace is not loaded. S3 methods for vctrs,
# ggplot2 and their like are registered by NAMESPACE, late, when those packages are loaded.
