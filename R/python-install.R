# The calls of reticulate that only installing needs; all others are in python.R and convert.R.

reticulate_has <- function(name) name %in% getNamespaceExports("reticulate")

python_running <- function() {
  isNamespaceLoaded("reticulate") && reticulate::py_available(initialize = FALSE)
}

running_program <- function() reticulate::py_config()$python

# The Python that the user has chosen, and how, or NULL. reticulate tells it only by looking for a Python,
# which may create a conda environment or download one; what use_virtualenv() and similar calls have noted is
# therefore read from its internal state.
named_python <- function() {
  for (variable in c("RETICULATE_PYTHON", "RETICULATE_PYTHON_ENV")) {
    value <- Sys.getenv(variable)
    if (nzchar(value) && value != "managed") {
      program <- if (dir.exists(value)) virtualenv_program(value) else path.expand(value)
      return(list(python = program, why = paste(variable, "names it")))
    }
  }
  noted <- asNamespace("reticulate")[[".globals"]][["required_python_version"]]
  if (is.character(noted) && length(noted) && nzchar(noted[[1]])) {
    return(list(python = noted[[1]], why = "use_python(), use_virtualenv() or use_condaenv() names it"))
  }
  NULL
}

virtualenv_is_there <- function(envname) reticulate::virtualenv_exists(envname)

virtualenv_program <- function(envname) reticulate::virtualenv_python(envname)

make_virtualenv <- function(envname, python) {
  tryCatch(
    with_variable("PYTHONSAFEPATH", "1", with_own_libraries(
      reticulate::virtualenv_create(envname, python = python, packages = FALSE)
    )),
    error = function(cnd) {
      abort_tidydl(
        "dependency", sprintf("The virtual environment could not be made: %s", conditionMessage(cnd)),
        "The Python it is made with needs its venv module.",
        "On Debian and Ubuntu: apt-get install python3-venv."
      )
    }
  )
}

# Declares what tidydl needs, for versions of reticulate that create environments (1.41 and later).
require_python_packages <- function(wanted = requirements("minilm")) {
  # an older reticulate does not export it
  getExportedValue("reticulate", "py_require")(wanted$tested, python_version = ">=3.11")
}

# Starts Python, which installs what was declared.
start_python_program <- function() {
  tryCatch(
    reticulate::py_config()$python,
    error = function(cnd) {
      abort_tidydl(
        "dependency", sprintf("Python could not be started: %s", conditionMessage(cnd)),
        "reticulate downloads what was declared, which needs a network.",
        "Without one, name a Python of your own: RETICULATE_PYTHON=/path/to/python."
      )
    }
  )
}

# What use_python() and its like choose.
choose_program <- function(program) reticulate::use_python(program, required = TRUE)

conda_program <- function(envname, conda) {
  tryCatch(suppressMessages(reticulate::conda_python(envname, conda = conda)), error = function(cnd) NULL)
}

conda_environments <- function(conda) reticulate::conda_list(conda = conda)

python_description <- function() reticulate::py_config()

require_more <- function(packages) {
  if (length(packages)) { # an older reticulate does not export it
    getExportedValue("reticulate", "py_require")(packages)
  }
}
