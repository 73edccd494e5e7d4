# At load no Python is started and reticulate's namespace is not loaded. S3 methods for vctrs, ggplot2 and their like
# are registered by NAMESPACE, late, when those packages are loaded. What a Python needs before it imports torch is
# done when one starts, by us or by anybody else, or now where one runs already.

.onLoad <- function(libname, pkgname) {
  setHook("reticulate.onPyInit", prepare_python)
  if (python_running()) {
    prepare_python()
  }
}

.onUnload <- function(libpath) {
  others <- Filter(function(hook) !identical(hook, prepare_python), getHook("reticulate.onPyInit"))
  setHook("reticulate.onPyInit", others, "replace")
}

# The public functions, and the methods of ours that users call, guard what they are given (R/boundaries.R). A generic
# whose methods are guarded is not, nor is what package nnet has under its own name.
guarded_functions <- c(
  "as_dataset", "cache", "confusion", "embed", "example_data", "example_model", "examples", "features", "forget",
  "garson", "hessian", "importance", "lekprofile", "load_dataset", "load_model", "multinom", "olden", "pipeline",
  "plot_images", "plotnet", "save_model", "similarity", "sitrep", "split_data", "stream_dataset", "tasks", "tune_nnet",
  "widen", "write_dataset",
  "nnet.formula", "nnet.default", "nnet.character",
  paste0("predict.tidydl_", c("averaged", "multinom", "nnet", "tuning")),
  paste0("augment.tidydl_", c("averaged", "multinom", "nnet", "pipeline", "tuning")),
  paste0("tidy.tidydl_", c("averaged", "confusion", "multinom", "nnet", "tuning")),
  paste0("glance.tidydl_", c("averaged", "confusion", "multinom", "nnet", "tuning")),
  paste0("autoplot.tidydl_", c(
    "averaged", "confusion", "importance", "lekgroups", "lekprofile", "multinom", "nnet", "tuning"
  )),
  paste0("coef.tidydl_", c("averaged", "tuning")), paste0("summary.tidydl_", c("averaged", "tuning")),
  paste0("vcov.tidydl_", c("multinom", "nnet")), "confint.tidydl_multinom", "confint.tidydl_nnet", "logLik.tidydl_nnet",
  paste0(c("anova", "add1", "drop1"), ".tidydl_multinom")
)

for (each in guarded_functions) {
  assign(each, guarded(get(each), sub("\\.(tidydl_[a-z]+|formula|default|character)$", "", each)))
}
rm(each)
