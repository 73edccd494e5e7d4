# What courses say about which Python is used and what it has: use_condaenv(), py_install() and their like. tidydl has a
# Python of its own, so most of it has nothing to do, and says in one line what is there.

#' Say which Python courses want, and what it should have
#'
#' Code of courses chooses a Python and installs libraries into it before it begins. These functions take reticulate's
#' arguments, so that such lines run, and change nothing that need not be changed: tidydl has a Python of its own (see
#' [install_tidydl()]).
#'
#' @details
#' * `use_python()`, `use_virtualenv()` and `use_condaenv()` choose the named Python if it exists and has the libraries
#'   that tidydl needs. Otherwise one line says why not, and which Python is used.
#' * `py_require()`, `py_install()`, `install_miniconda()`, `conda_create()` and `virtualenv_create()` install nothing:
#'   one line says which version is there, or what to run for what is missing. Only where reticulate makes the
#'   environment (`py_require()`, since 1.41) what is missing is declared to it.
#' * `py_config()` starts Python and describes it. `py_available()` tells whether Python is running, or can be started.
#'   `py_module_available()` tells whether Python has a module.
#' * `conda_list()` lists the conda environments of this machine, which may be none.
#'
#' @param python The path of a Python, or the name of a program.
#' @param virtualenv,condaenv The name or path of an environment.
#' @param conda The conda program; `"auto"` looks for it.
#' @param required,python_version,exclude_newer,action,envname,path,update,force,... As in reticulate; what is not
#'   needed is not looked at.
#' @param packages Names of Python packages, with versions (`"torch==2.4"`) if need be.
#' @param initialize Whether to start Python.
#' @param module The name of a Python module.
#'
#' @return `py_config()` a description of Python; `py_available()` and `py_module_available()` `TRUE` or `FALSE`;
#'   `conda_list()` a data frame with `name` and `python`; the others, invisibly, the path of the Python that is used
#'   (`NA` if it is not made yet).
#' @section Errors: `tidydl_error_argument`; `tidydl_error_dependency` where Python has to be started and cannot be.
#' @seealso [import()], [sitrep()]
#' @examplesIf tidydl:::python_ready()
#' py_module_available("transformers")
#' py_install("transformers")
#' @export
use_python <- function(python, required = NULL) {
  python <- check_text("python", python, "The path of a Python.")
  program <- unname(Sys.which(path.expand(python)))
  choose_if_fit(if (nzchar(program)) program, sprintf("Python %s", python))
}

#' @rdname use_python
#' @export
use_virtualenv <- function(virtualenv = NULL, required = NULL) {
  virtualenv <- check_text("virtualenv", if (is.null(virtualenv)) "r-reticulate" else virtualenv)
  program <- tryCatch(
    if (virtualenv_is_there(virtualenv)) virtualenv_program(virtualenv),
    error = function(cnd) NULL
  )
  choose_if_fit(program, sprintf("virtual environment '%s'", virtualenv))
}

#' @rdname use_python
#' @export
use_condaenv <- function(condaenv = NULL, conda = "auto", required = NULL) {
  condaenv <- check_text("condaenv", if (is.null(condaenv)) "r-reticulate" else condaenv)
  choose_if_fit(conda_program(condaenv, conda), sprintf("conda environment '%s'", condaenv))
}

choose_if_fit <- function(program, asked) {
  used <- python_meant()
  if (is.null(program)) {
    say_one_line("There is no %s here: %s.", asked, python_told(used))
  } else if (python_running() && !is_same_file(program, used)) {
    say_one_line("Python %s is running already: the %s is for a new session of R.", used, asked)
  } else if (!python_running()) {
    choose_before_start(program, asked, used)
  }
  invisible(python_meant())
}

choose_before_start <- function(program, asked, used) {
  by_variable <- named_python()$why
  if (!is.null(by_variable) && grepl("^RETICULATE_PYTHON", by_variable)) {
    return(if (!is_same_file(program, used)) say_one_line("Python %s is used, because %s.", used, by_variable))
  }
  lacking <- lacking_libraries(program)
  if (!length(lacking)) {
    return(choose_program(program))
  }
  named <- c(utils::head(lacking, 4L), if (length(lacking) > 4L) sprintf("%d more", length(lacking) - 4L))
  say_one_line("The %s lacks %s: %s.", asked, paste(named, collapse = ", "), python_told(used))
}

is_same_file <- function(a, b) {
  !is.na(b) && identical(normalizePath(dirname(a), mustWork = FALSE), normalizePath(dirname(b), mustWork = FALSE))
}

# The Python that runs or will be started, NA where there is none yet.
python_meant <- function() {
  if (python_running()) {
    return(running_program())
  }
  named <- named_python()$python
  if (!is.null(named)) {
    return(named)
  }
  is_made <- !reticulate_has("py_require") && virtualenv_is_there("r-tidydl")
  if (is_made) virtualenv_program("r-tidydl") else NA_character_
}

python_told <- function(used) {
  if (!is.na(used)) {
    return(sprintf("tidydl uses %s", used))
  }
  if (reticulate_has("py_require")) {
    return("tidydl uses the Python that reticulate makes for it when it starts")
  }
  "run install_tidydl() once, which makes one"
}

# Which of the libraries that tidydl needs a Python does not have.
lacking_libraries <- function(program) {
  versions <- versions_in(program, requirements()$name)
  names(versions)[is.na(versions)]
}

# The versions of packages in a Python that need not run, NA for those it does not have.
versions_in <- function(program, packages) {
  code <- paste(
    "import sys", "from importlib.metadata import version, PackageNotFoundError", "for name in sys.argv[1:]:",
    "    try: print(version(name))", "    except PackageNotFoundError: print('-')", sep = "\n"
  )
  found <- tryCatch(
    with_own_libraries(suppressWarnings(
      system2(program, c("-c", shQuote(code), shQuote(packages)), stdout = TRUE, stderr = FALSE)
    )),
    error = function(cnd) character()
  )
  found <- if (length(found) == length(packages)) found else rep("-", length(packages))
  stats::setNames(ifelse(found == "-", NA_character_, found), packages)
}

say_one_line <- function(line, ...) rlang::inform(sprintf(line, ...), class = "tidydl_message")

#' @rdname use_python
#' @export
py_require <- function(packages = NULL, python_version = NULL, exclude_newer = NULL, action = "add") {
  if (!python_running() && is.null(named_python()) && reticulate_has("py_require")) {
    require_python_packages()
    require_more(setdiff(packages, requirements()$name))
    return(invisible(NA_character_))
  }
  say_what_is_there(packages)
}

#' @rdname use_python
#' @export
py_install <- function(packages, envname = NULL, ...) {
  check_packages(packages)
  say_what_is_there(packages)
}

#' @rdname use_python
#' @export
install_miniconda <- function(path = NULL, update = TRUE, force = FALSE) say_what_is_there()

#' @rdname use_python
#' @export
conda_create <- function(envname = NULL, packages = NULL, ...) say_what_is_there(packages)

#' @rdname use_python
#' @export
virtualenv_create <- function(envname = NULL, python = NULL, ..., packages = NULL) say_what_is_there(packages)

check_packages <- function(packages, call = rlang::caller_env()) {
  if (!is.character(packages) || anyNA(packages) || !all(nzchar(packages))) {
    refuse("packages", packages, "Names of Python packages.", NULL, call)
  }
}

# One line: what there is of the packages, what is missing and how it is had.
say_what_is_there <- function(packages = NULL) {
  used <- python_meant()
  if (is.na(used)) {
    say_one_line("Nothing was installed: %s.", python_told(used))
    return(invisible(used))
  }
  names <- sub("[^A-Za-z0-9._-].*", "", packages)
  versions <- versions_in(used, if (length(names)) names else c("torch", "transformers", "datasets"))
  missing <- names(versions)[is.na(versions)]
  there <- versions[!is.na(versions)]
  say_one_line(
    "%s%s", if (length(there)) sprintf("Nothing to install: %s of %s. ", versions_told(there), used) else "",
    if (length(missing)) missing_told(missing, used) else ""
  )
  invisible(used)
}

versions_told <- function(versions) paste(names(versions), versions, collapse = ", ")

missing_told <- function(missing, used) {
  sprintf(
    "Missing: %s; `%s -m pip install %s` in a terminal brings it, then restart R.",
    paste(missing, collapse = ", "), used, paste(missing, collapse = " ")
  )
}

#' @rdname use_python
#' @export
py_config <- function() {
  start_python()
  python_description()
}

#' @rdname use_python
#' @export
py_available <- function(initialize = FALSE) {
  if (check_flag("initialize", initialize)) {
    return(tryCatch(is.null(start_python()), tidydl_error = function(cnd) FALSE))
  }
  python_running()
}

#' @rdname use_python
#' @export
py_module_available <- function(module) {
  act("available", to_python(check_text("module", module, "The name of a Python module.")))
}

#' @rdname use_python
#' @export
conda_list <- function(conda = "auto") {
  tryCatch(conda_environments(conda), error = function(cnd) {
    say_one_line("There is no conda here: %s.", python_told(python_meant()))
    data.frame(name = character(), python = character())
  })
}
