# At load no Python is started and reticulate's namespace is not loaded. S3 methods for vctrs, ggplot2 and their like
# are registered by NAMESPACE, late, when those packages are loaded. What a Python needs before it imports torch is
# done when one starts, by us or by anybody else, or now where one runs already.

.onLoad <- function(libname, pkgname) {
  setHook("reticulate.onPyInit", prepare_python)
  setHook(packageEvent("reticulate", "attach"), say_masked)
  offer_learners()
  if (python_running()) {
    prepare_python()
  }
}

# ggplot2's own autoplot(), which ours calls, is not masked where it is attached already.
.onAttach <- function(libname, pkgname) {
  if ("package:ggplot2" %in% search()) {
    rm("autoplot", envir = as.environment("package:tidydl"))
  }
}

.onUnload <- function(libpath) {
  take_hook("reticulate.onPyInit", prepare_python)
  take_hook(packageEvent("reticulate", "attach"), say_masked)
  withdraw_learners()
}

take_hook <- function(name, hook) {
  setHook(name, Filter(function(each) !identical(each, hook), getHook(name)), "replace")
}

# reticulate, attached later, puts its own import() in front of ours.
say_masked <- function(...) {
  if ("package:tidydl" %in% search()) {
    packageStartupMessage(
      "reticulate masks import(), py and other functions of tidydl: call library(tidydl) after it, or write ",
      "tidydl::import()."
    )
  }
}

# The public functions, and the methods of ours that users call, guard what they are given (R/boundaries.R). A generic
# whose methods are guarded is not, nor is what package nnet has under its own name.
guarded_functions <- c(
  "as_dataset", "cache", "confusion", "embed", "example_data", "example_model", "examples", "features", "forget",
  "garson", "hessian", "importance", "lekprofile", "load_dataset", "load_model", "multinom", "olden", "pipeline",
  "plot_images", "plotnet", "save_model", "similarity", "sitrep", "split_data", "stream_dataset", "tasks", "tune_nnet",
  "widen", "write_dataset",
  "array_reshape", "conda_create", "conda_list", "dict", "import", "import_builtins", "install_miniconda", "iterate",
  "np_array", "py_available", "py_config", "py_install", "py_module_available", "py_require", "py_run_string",
  "py_to_r", "r_to_py", "source_python", "tuple", "use_condaenv", "use_python", "use_virtualenv", "virtualenv_create",
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
