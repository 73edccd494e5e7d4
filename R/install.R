#' Install the Python packages that tidydl requires
#'
#' tidydl's Python code is included in the R package; this function installs the libraries that it needs (torch,
#' transformers, datasets, pandas, numba and a few more) in the versions it is tested with. It needs to be run only
#' once, except with `"py_require"`, which tidydl declares again in every session automatically.
#'
#' The method chosen by `method = "auto"`:
#' * `"own"` where `RETICULATE_PYTHON`, `reticulate::use_virtualenv()` or `reticulate::use_condaenv()` selects a Python,
#'   or one is running: only missing or outdated packages are installed into it, after a message (and a prompt in
#'   interactive use);
#' * `"py_require"` where reticulate has `py_require()` (1.41 and later): reticulate creates and manages the
#'   environment;
#' * `"virtualenv"` otherwise: a virtual environment `envname`, which tidydl finds automatically from then on. With
#'   reticulate older than 1.38 it contains numpy 1.26, whose arrays such a version can still convert.
#'
#' @param method How the packages are installed: one of the above.
#' @param envname The name or the path of the virtual environment.
#' @param python The Python used to create the virtual environment; by default the first one found that is recent
#'   enough.
#' @param extras Optional dependencies to install: any of `"minilm"` (a sentence encoder that works offline),
#'   `"sklearn"`, `"audio"`, `"video"`, `"ocr"`, `"train"`.
#' @param ask Whether to ask before installing into a Python of your own.
#' @return Invisibly, the path of the Python that was installed into (`NA` if reticulate selects it later).
#' @section Errors: `tidydl_error_argument` for an unknown method, `tidydl_error_not_found` for an unknown extra, and
#'   `tidydl_error_dependency` if there is no suitable Python or pip fails.
#' @seealso [sitrep()], which reports what is installed and what is missing.
#' @export
#' @examples
#' \dontrun{
#' install_tidydl()
#' sitrep()
#' }
install_tidydl <- function(method = c("auto", "virtualenv", "py_require", "own"), envname = "r-tidydl",
                           python = NULL, extras = "minilm", ask = interactive()) {
  method <- check_choice("method", method, c("auto", "virtualenv", "py_require", "own"))
  wanted <- requirements(extras)
  if (method == "auto") {
    method <- automatic_method()
  }
  if (method == "py_require" && !reticulate_has("py_require")) {
    abort_tidydl(
      "dependency", "`method` is \"py_require\", which this reticulate does not have.",
      "reticulate 1.41 or later has it.", "Use `method = \"virtualenv\"`."
    )
  }
  switch(method,
    own = install_into_own(wanted, ask),
    py_require = install_by_requirement(wanted),
    virtualenv = install_into_virtualenv(envname, python, wanted)
  )
}

automatic_method <- function() {
  if (python_running() || !is.null(named_python())) {
    return("own")
  }
  if (reticulate_has("py_require")) "py_require" else "virtualenv"
}

# The entries below "# core" and below each extra in constraints.txt: one row per package, with the tested and
# the oldest version.
requirements <- function(extras = character(), call = rlang::caller_env()) {
  available <- c("minilm", "sklearn", "audio", "video", "ocr", "train")
  for (extra in setdiff(extras, available)) {
    unknown_name("extras", extra, available, "`extras = character()` installs the core only.", call = call)
  }
  lines <- readLines(constraints_file(), encoding = "UTF-8")
  heading <- grepl("^# [a-z]+$", lines)
  section <- c(NA, sub("^# ", "", lines[heading]))[cumsum(heading) + 1]
  lines <- lines[section %in% c("core", extras) & grepl("^[A-Za-z]", lines)]
  name <- sub("[ =].*", "", lines)
  data.frame(
    name = name,
    tested = sub(" .*", "", lines),
    oldest = ifelse(grepl("# >=", lines), paste0(name, sub(".*# ", "", lines)), name)
  )
}

constraints_file <- function() system.file("constraints.txt", package = "tidydl", mustWork = TRUE)

# The constraints for a virtual environment: the tested versions, with older numpy and pandas for an older
# reticulate.
constraints_for <- function(reticulate_version) {
  lines <- readLines(constraints_file(), encoding = "UTF-8")
  if (reticulate_version >= "1.38") {
    return(lines)
  }
  old <- readLines(system.file("constraints-old-reticulate.txt", package = "tidydl", mustWork = TRUE))
  old <- old[grepl("==", old)]
  replaced <- sub("==.*", "", lines) %in% sub("==.*", "", old)
  c(lines[!replaced], old)
}

install_into_virtualenv <- function(envname, python, wanted) {
  old <- utils::packageVersion("reticulate") < "1.38"
  if (!virtualenv_is_there(envname)) {
    python <- suitable_python(python, newest = if (old) "3.12" else NULL)
    install_says("Creating the virtual environment {.val {envname}} with {.file {python}}.")
    make_virtualenv(envname, python)
  }
  program <- virtualenv_program(envname)
  constraints <- tempfile(fileext = ".txt")
  on.exit(unlink(constraints))
  writeLines(constraints_for(utils::packageVersion("reticulate")), constraints)
  install_says("Installing {nrow(wanted)} packages and what they need into {.file {program}} (minutes).")
  run_pip(program, c("install", "--constraint", constraints, wanted$name))
  say_what_next(program)
}

install_by_requirement <- function(wanted) {
  require_python_packages(wanted)
  install_says("Declared {nrow(wanted)} packages with {.fn py_require}; reticulate brings them now.")
  program <- start_python_program()
  say_what_next(program)
}

install_into_own <- function(wanted, ask) {
  own <- named_python()
  if (python_running()) {
    own <- list(python = running_program(), why = "it is running")
  }
  if (is.null(own)) {
    abort_tidydl(
      "argument", "`method` is \"own\", but no Python has been named.",
      "RETICULATE_PYTHON, reticulate::use_virtualenv() or reticulate::use_condaenv() names one.",
      "Name one, or leave `method` out."
    )
  }
  install_says(c(
    "Your own Python is used: {.file {own$python}} ({own$why}).",
    "pip installs what is missing or too old of {.val {wanted$name}}; what is there and new enough stays."
  ))
  if (isTRUE(ask) && !isTRUE(utils::askYesNo("Install into it?", default = FALSE))) {
    install_says("Nothing was installed.")
    return(invisible(own$python))
  }
  run_pip(own$python, c("install", wanted$oldest))
  say_what_next(own$python)
}

# The Python a virtual environment is made with: the named one, or the first found that is new enough.
suitable_python <- function(python = NULL, newest = NULL) {
  names <- if (is.null(python)) c(paste0("python3.", 11:13), "python3", "python") else python
  paths <- unname(Sys.which(path.expand(names)))
  paths <- paths[nzchar(paths)]
  fits <- vapply(paths, function(path) {
    version <- python_program_version(path)
    !is.na(version) && version >= "3.11" && (is.null(newest) || version < paste0(newest, ".99"))
  }, logical(1))
  if (!any(fits)) {
    range <- paste0("Python 3.11", if (is.null(newest)) " or newer" else paste0(" to ", newest))
    problem <- "No suitable Python was found."
    if (!is.null(python)) {
      problem <- sprintf("`python` %s is not suitable.", quote_text(python))
    }
    abort_tidydl(
      "dependency", problem, paste0(range, " is needed."),
      "`reticulate::install_python(\"3.12:latest\")` installs one; name it with `python = `."
    )
  }
  paths[fits][[1]]
}

python_program_version <- function(program) {
  answer <- tryCatch(
    suppressWarnings(system2(program, "--version", stdout = TRUE, stderr = TRUE)),
    error = function(cnd) ""
  )
  answer <- grep("^Python [0-9.]+", answer, value = TRUE)
  if (length(answer)) numeric_version(sub("^Python ([0-9]+[.0-9]*[0-9]).*", "\\1", answer[[1]])) else NA
}

# No module of the working directory is imported in the place of pip or of what it needs.
run_pip <- function(program, arguments) {
  command <- shQuote(c("-m", "pip", "--disable-pip-version-check", arguments))
  status <- with_variable("PYTHONSAFEPATH", "1", with_own_libraries(system2(program, command)))
  if (status != 0) {
    abort_tidydl(
      "dependency", sprintf("pip failed in %s (status %d).", program, status), "Its messages are above.",
      "Without a network nothing can be installed; behind a proxy set HTTPS_PROXY."
    )
  }
  invisible(status)
}

say_what_next <- function(program) {
  elsewhere <- python_running() && !identical(normalizePath(running_program()), normalizePath(program))
  install_says(c(
    if (!is.na(program)) "Python is ready: {.file {program}}.",
    if (elsewhere) "Another Python is running in this session: restart R, then" else "Next:",
    "  library(tidydl)",
    "  sitrep()"
  ))
  invisible(program)
}

# Messages, so that they can be silenced; their lines are cli's.
install_says <- function(lines, call_frame = parent.frame()) {
  for (line in lines) {
    cli::cli_text(line, .envir = call_frame)
  }
}
