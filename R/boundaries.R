# The arguments of a public function may be anything, and any object may raise an error when it is inspected, as
# in python/tidydl/boundaries.py. R/zzz.R guards the public functions; arguments are checked all the same.

report_arguments <- paste(
  "If the input is correct, this is a bug in tidydl: please report it with the traceback."
)
report_fault <- paste(
  "This is a bug in tidydl: please report it, with the call and what",
  "`rlang::last_error()$python_traceback` shows."
)

# Guards the whole body of a function. The body is still evaluated in the function's own frame, where it
# finds its call, its caller and which of its arguments are missing.
guarded <- function(f, name) {
  body(f) <- call("guard_arguments", name, body(f))
  attr(f, "srcref") <- NULL
  f
}

guard_arguments <- function(name, work, frame = rlang::caller_env()) {
  withCallingHandlers(work, error = function(cnd) {
    if (inherits(cnd, c("tidydl_error", "tidydl_callback_error"))) {
      return(NULL) # passes
    }
    gone <- missing_argument(cnd, frame)
    if (!is.null(gone)) {
      abort_tidydl("argument", sprintf("`%s` is missing.", gone), sprintf("A value for `%s`.", gone), call = frame)
    }
    problem <- sprintf("An argument of `%s()` cannot be used: %s.", name, first_line_of(cnd))
    hint <- if (is_unknown_name(cnd)) "Check its spelling; text stands in quotes." else report_arguments
    abort_tidydl("data", problem, hint = hint, parent = cnd, call = frame)
  })
}

# Whether an error is R's own about an object that was not found, in any language of R.
is_unknown_name <- function(cnd) {
  around <- strsplit(gettext("object '%s' not found", domain = "R"), "%s", fixed = TRUE)[[1]]
  message <- first_line_of(cnd)
  startsWith(message, around[[1]]) && endsWith(message, around[[length(around)]])
}

# The missing argument without a default that an error reports, in any language of R.
missing_argument <- function(cnd, frame) {
  message <- first_line_of(cnd)
  arguments <- formals(sys.function(frame_number(frame)))
  required <- setdiff(names(arguments)[vapply(arguments, identical, NA, rlang::missing_arg())], "...")
  left_out <- Filter(function(name) eval(call("missing", as.name(name)), frame), required)
  template <- gettext("argument \"%s\" is missing, with no default", domain = "R")
  if (any(message == sprintf(template, left_out))) {
    return(left_out[message == sprintf(template, left_out)][[1]])
  }
  around <- strsplit(template, "%s", fixed = TRUE)[[1]]
  is_missing <- startsWith(message, around[[1]]) && endsWith(message, around[[length(around)]])
  if (is_missing && length(left_out)) left_out[[1]]
}

frame_number <- function(frame) {
  which(vapply(sys.frames(), identical, NA, frame))[[1]]
}

# The first line of an error's message, which may itself fail or be invalid text, without a full stop.
first_line_of <- function(cnd) {
  message <- tryCatch(as.character(conditionMessage(cnd))[[1]], error = function(problem) class(cnd)[[1]])
  message <- strsplit(cli::ansi_strip(valid_text(message)), "\n", fixed = TRUE)[[1]]
  if (length(message)) sub("\\.$", "", message[[1]]) else class(cnd)[[1]]
}
