# Whether Python can be started with the libraries that tidydl needs, and with the packages named in `...`: the examples
# of the help pages run only then. Nothing is installed or downloaded to find out. Where the variable TIDYDL_EXAMPLES is
# "required", as in `make check`, what is missing is an error, so that no example is left out unseen.
python_ready <- function(...) {
  lacking <- python_lacks(c(...))
  if (length(lacking) && identical(Sys.getenv("TIDYDL_EXAMPLES"), "required")) {
    abort_dependency(paste("Examples cannot be run:", lacking[[1]]), call = quote(python_ready()))
  }
  !length(lacking)
}

# The obstacles, a line each.
python_lacks <- function(packages) {
  here <- python_running() || !is.null(named_python()) ||
    (!reticulate_has("py_require") && virtualenv_is_there("r-tidydl"))
  if (!here) {
    return("no Python is named, and none is running.")
  }
  findings <- tryCatch(call_python("sitrep", list(hub = FALSE, device = FALSE)), error = identity)
  if (inherits(findings, "error")) {
    return(conditionMessage(findings))
  }
  faults <- findings[findings$status == "fault", ]
  missing <- setdiff(packages, findings$item)
  c(sprintf("%s: %s.", faults$item, faults$value), sprintf("Python lacks the package %s.", missing))
}
