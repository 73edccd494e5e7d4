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
