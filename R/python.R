# Finding, starting and calling Python: the only interface between the languages.

# What is kept of a started Python: the functions of tidydl.bridge.
the <- new.env(parent = emptyenv())

# Calls an entry of python/tidydl/bridge/entries.py with a named list of R values. `progress`: TRUE or FALSE
# forces the bar, NULL shows it in interactive use. Trace is written by cat(); Python's errors, warnings and
# interrupts are raised as R's own; `known_as` maps names in their messages to those of R.
call_python <- function(name, args = list(), progress = NULL, call = rlang::caller_env(), known_as = NULL) {
  start_python(call)
  if (!is.null(progress)) {
    check_flag("progress", progress, call = call)
  }
  record <- cross(the$start, name, encode_arguments(args, call), call = call)
  show <- new_page(progress)
  job <- NULL
  on.exit({
    show$close()
    if (!is.null(job)) cancel_job(job)
  })
  repeat {
    job <- record$job
    show$events(record$events)
    if (record$state != "running") {
      break
    }
    record <- cross(the$resume, job, call = call)
  }
  if (record$state == "error") {
    abort_from_python(record$error, call, known_as)
  }
  record$value <- apart(record$value)
  decode(record$value)
}

# A value that cannot cross is an error of the function that the user called.
encode_arguments <- function(args, call) {
  if (!length(args)) {
    args <- stats::setNames(list(), character())
  }
  tryCatch(encode(args, "The list of arguments"), tidydl_error = function(cnd) {
    cnd$call <- rlang::error_call(call)
    rlang::cnd_signal(cnd)
  })
}

# One call of Python. Ctrl-C is Python's while it works there; R's own check is held back meanwhile, because
# reticulate (1.28 at least) can crash when it is interrupted while it converts values. An interrupt that
# reticulate turned into an error still counts as one.
cross <- function(f, ..., call) {
  list(...) # an error in evaluating the arguments is not Python's
  record <- tryCatch(suspendInterrupts(f(...)), error = function(cnd) {
    # the message of Python's error comes from Python, which may be interrupted too
    problem <- tryCatch(conditionMessage(cnd), error = function(cnd) "KeyboardInterrupt")
    if (!grepl("KeyboardInterrupt|Unknown exception occurred", problem)) {
      abort_tidydl("bridge", paste("The call to Python failed:", problem), call = call)
    }
    list(state = "interrupted")
  })
  if (record$state == "interrupted") {
    raise_interrupt()
  }
  record
}

# The same Ctrl-C may have been noted by R, by Python and by reticulate between them: it is cleared in all of
# them first, so that it does not also stop what comes next.
raise_interrupt <- function() {
  for (attempt in 1:2) {
    tryCatch(Sys.sleep(0.001), interrupt = function(cnd) NULL)
    tryCatch(suspendInterrupts(the$settle()), interrupt = function(cnd) NULL, error = function(cnd) NULL)
  }
  tryCatch(Sys.sleep(0.001), interrupt = function(cnd) NULL)
  rlang::interrupt()
}

# Twice, because an interrupt that Python noted late may hit the first.
cancel_job <- function(job) {
  for (attempt in 1:2) {
    done <- tryCatch(suspendInterrupts(the$cancel(job))$state == "done", error = function(cnd) FALSE)
    if (done) {
      break
    }
  }
}

abort_from_python <- function(error, call, known_as = NULL) {
  part <- function(name) {
    text <- if (is.null(error[[name]])) NA else decode_text(error[[name]])
    for (phrase in names(known_as)) {
      text <- gsub(phrase, known_as[[phrase]], text, fixed = TRUE)
    }
    if (!is.na(text)) text
  }
  kind <- part("kind")
  hint <- if (identical(kind, "internal")) report_fault else part("hint")
  abort_tidydl(
    kind, part("problem"), part("allowed"), hint,
    python_traceback = part("traceback"), call = call
  )
}

warn_tidydl <- function(text) rlang::warn(printable(text), class = "tidydl_warning")

# Writes the events of a running call: trace on R's own output, progress on stderr for a person.
new_page <- function(progress) {
  looked_at <- if (is.null(progress)) somebody_looks() else isTRUE(progress)
  frame <- environment()
  bar <- NULL
  on_progress <- function(event) {
    if (is.null(bar)) {
      bar <<- cli::cli_progress_bar(
        total = event$total, clear = TRUE, .auto_close = FALSE, .envir = frame,
        format = "{cli::pb_bar} {cli::pb_current}/{cli::pb_total} | {cli::pb_rate} | {cli::pb_eta_str}"
      )
    }
    cli::cli_progress_update(set = event$done, id = bar, .envir = frame)
  }
  on_event <- function(event) {
    switch(event$event,
      trace = cat(decode_text(event$text), "\n", sep = ""),
      note = if (looked_at) rlang::inform(printable(decode_text(event$text)), class = "tidydl_message"),
      warning = warn_tidydl(decode_text(event$text)),
      progress = if (looked_at) on_progress(event)
    )
  }
  list(
    events = function(events) for (event in events) on_event(event),
    close = function() if (!is.null(bar)) cli::cli_progress_done(id = bar, .envir = frame)
  )
}

somebody_looks <- function() {
  rendering <- isTRUE(getOption("knitr.in.progress"))
  !rendering && (interactive() || isatty(stderr()))
}

start_python <- function(call = rlang::caller_env()) {
  if (!is.null(the$start)) {
    return(invisible())
  }
  choose_python()
  initialize_python(call)
  keep_libraries_from_children()
  suspendInterrupts(load_bridge(call))
}

# Programs that R or Python start from now on inherit the user's own LD_LIBRARY_PATH, without what R put before it.
# Python uses a copy of the environment from when it started.
keep_libraries_from_children <- function() {
  own <- own_library_path()
  if (identical(own, Sys.getenv("LD_LIBRARY_PATH", NA))) {
    return(invisible())
  }
  set_library_path(own)
  environment_of_python <- reticulate::import("os", convert = FALSE)$environ
  if (is.na(own)) {
    environment_of_python$pop("LD_LIBRARY_PATH", NULL)
  } else {
    environment_of_python$update(list(LD_LIBRARY_PATH = own))
  }
  invisible()
}

# A Python that is running or that the user has chosen is used as it is.
choose_python <- function() {
  if (python_running() || !is.null(named_python())) {
    return(invisible())
  }
  if (reticulate_has("py_require")) {
    require_python_packages()
  } else if (virtualenv_is_there("r-tidydl")) {
    reticulate::use_virtualenv("r-tidydl", required = TRUE)
  }
  invisible()
}

# Before 1.34 reticulate inspects a Python by a script that needs a module that 3.12 no longer has.
too_new_for_reticulate <- function(version = utils::packageVersion("reticulate")) {
  if (version >= "1.34") {
    return("")
  }
  sprintf(" (reticulate %s cannot start Python 3.12 or newer)", version)
}

# reticulate puts the working directory first when it starts Python, and then imports modules of its own by name.
in_empty_folder <- function(start) {
  chosen <- python_to_start()
  from <- getwd()
  folder <- tempfile("tidydl-start-")
  dir.create(folder)
  on.exit({
    if (!is.null(from)) setwd(from) # nolint: undesirable_function_linter.
    unlink(folder, recursive = TRUE)
  })
  setwd(folder) # nolint: undesirable_function_linter.
  if (is.null(chosen)) start else with_variable("RETICULATE_PYTHON", chosen, start)
}

# The program to start, found while the working directory is the user's: what is named relative to it, and what
# reticulate before 1.41 finds in the project there. NULL where reticulate finds it anywhere.
python_to_start <- function() {
  named <- named_python()$python
  if (is.null(named) && !reticulate_has("py_require")) {
    named <- tryCatch(reticulate::py_discover_config()$python, error = function(cnd) NULL)
  }
  if (!is.null(named) && file.exists(named)) file.path(normalizePath(dirname(named), "/"), basename(named))
}

initialize_python <- function(call) {
  if (!python_running()) {
    problem <- tryCatch(
      {
        # reticulate before 1.41 would ask whether to download a Miniconda
        with_variable("RETICULATE_MINICONDA_ENABLED", "FALSE", {
          in_empty_folder(with_utf8_letters(reticulate::import("sys"))) # py_available() would not report why
        })
        NULL
      },
      error = function(cnd) {
        message <- trimws(conditionMessage(cnd))
        hint <- if (grepl("does not exist", message, fixed = TRUE)) "" else too_new_for_reticulate()
        paste0("Python could not be started: ", message, hint)
      }
    )
    if (!is.null(problem)) {
      refuse_without_library(call)
      abort_dependency(problem, call = call)
    }
  }
  # its callback crashes R on Ctrl-C before reticulate 1.41
  options(reticulate.autoflush = FALSE)
  version <- reticulate::py_version()
  if (version < "3.11") {
    abort_dependency(sprintf("Python %s is too old: %s.", version, running_program()), call = call)
  }
}

# In an ASCII-only locale a Python started by R could not read other letters in file names either, unlike one
# that is started directly.
with_utf8_letters <- function(work) {
  here <- Sys.getlocale("LC_CTYPE")
  if (!is_plain_locale(here)) {
    return(work)
  }
  restore <- set_variable("LC_ALL", "C.UTF-8") # Python looks there, and sets the locale of the process
  on.exit({
    restore()
    Sys.setlocale("LC_CTYPE", here)
  })
  work
}

# R starts Python as a library, which Debian packs apart and a Python built by hand may lack.
refuse_without_library <- function(call) {
  config <- tryCatch(reticulate::py_discover_config(), error = function(cnd) NULL)
  if (!is.null(config) && is.null(config$libpython)) {
    abort_dependency(
      sprintf("Python %s has no shared library, and R needs one to start it.", config$python),
      paste(
        "On Debian and Ubuntu: apt-get install libpython3.11 (or the version's own);",
        "elsewhere take a Python that was built with --enable-shared."
      ),
      call = call
    )
  }
}

abort_dependency <- function(problem, hint = "Run tidydl::install_tidydl(), then restart R.", call) {
  abort_tidydl("dependency", problem, "Python 3.11 or newer, with the libraries that tidydl uses.", hint, call = call)
}

# The Python half: the one inside this package, or an installed wheel where the package has none.
load_bridge <- function(call) {
  folder <- system.file("python", package = "tidydl")
  if (nzchar(folder) && dir.exists(file.path(folder, "tidydl"))) {
    put_first_on_path(normalizePath(folder))
  }
  show_working_folder <- hide_working_folder()
  on.exit(show_working_folder())
  package <- import_module("tidydl", call)
  expected <- as.character(utils::packageVersion("tidydl"))
  if (!identical(package$`__version__`, expected)) {
    abort_tidydl(
      "bridge", sprintf(
        "tidydl is %s in R and %s in Python (%s).", expected, package$`__version__`, package$`__file__`
      ),
      "The same version in both languages.",
      "Restart R; if that does not help, reinstall tidydl in both languages.",
      call = call
    )
  }
  bridge <- import_module("tidydl.bridge", call)
  the$resume <- bridge$resume
  the$cancel <- bridge$cancel
  the$settle <- bridge$settle
  the$borrowed_algebra <- bridge$borrowed_algebra
  the$start <- bridge$start
  say_borrowed_algebra()
}

# Runs the one file that a process of R needs as soon as it runs a Python, whatever started it: torch uses R's linear
# algebra otherwise. Its package is not imported, because this Python may be meant for other work, lack the libraries of
# tidydl or be too old. An error here occurs again, with its message, at our first call.
prepare_python <- function() {
  file <- system.file("python", "tidydl", "bridge", "libraries.py", package = "tidydl")
  tryCatch(
    {
      show_working_folder <- hide_working_folder() # which names modules of Python's own as well as others
      on.exit(show_working_folder(), add = TRUE)
      keep_libraries_from_children()
      loading <- reticulate::import("importlib.util")
      spec <- loading$spec_from_file_location("tidydl_libraries", file)
      module <- loading$module_from_spec(spec)
      spec$loader$exec_module(module)
      module$prepare_process()
    },
    error = function(cnd) NULL
  )
  invisible()
}

# The file from which a loaded torch takes linear algebra that is not its own, or NULL.
borrowed_algebra <- function() if (!is.null(the$borrowed_algebra)) the$borrowed_algebra()

say_borrowed_algebra <- function() {
  file <- borrowed_algebra()
  if (!is.null(file)) {
    rlang::inform(c(paste0(borrowed_problem(file), "."), i = borrowed_mend()), class = "tidydl_message")
  }
  invisible()
}

borrowed_problem <- function(file) {
  sprintf(
    "torch was loaded before tidydl and computes with R's linear algebra (%s), which can be 50 times slower",
    file
  )
}

borrowed_mend <- function() "Restart R and call library(tidydl) before anything imports torch."

put_first_on_path <- function(folder) python_path()$insert(0L, folder)

python_path <- function() reticulate::import("sys", convert = FALSE)$path

# reticulate puts the working directory first in Python's module path, and its files may
# be untrusted. While our modules and their libraries are imported it is removed; jobs.py does so in every call.
hide_working_folder <- function() {
  path <- python_path()
  if (reticulate::py_to_r(path$count("")) == 0) {
    return(function() NULL)
  }
  position <- path$index("")
  path$remove("")
  function() path$insert(position, "")
}

import_module <- function(name, call) {
  tryCatch(reticulate::import(name), error = function(cnd) {
    missing <- regmatches(conditionMessage(cnd), regexpr("No module named '[^']*'", conditionMessage(cnd)))
    problem <- if (length(missing)) {
      sprintf("Python %s lacks a library: %s.", running_program(), missing)
    } else {
      paste("Python could not load tidydl:", conditionMessage(cnd))
    }
    abort_dependency(problem, call = call)
  })
}

# A module whose values stay objects, and three looks at objects that cost no call of it.
raw_module <- function(name) reticulate::import(name, convert = FALSE)

has_part <- function(reference, name) reticulate::py_has_attr(reference, name)

part_of <- function(reference, name) reticulate::py_get_attr(reference, name)

content_of <- function(answer) reticulate::py_to_r(part_of(answer, "content"))

converted <- function(x) if (is_python_object(x)) reticulate::py_to_r(x) else x

is_ended <- function(reference) reticulate::py_is_null_xptr(reference)
