#' Save a fitted network to a file that both languages read
#'
#' The file is JSON. It preserves numbers exactly, and everything that `predict()`, `print()`, `summary()`, `tidy()`,
#' `glance()`, `augment()`, [confusion()] and [plotnet()] need. It contains no data except fitted values, residuals and
#' row names. Writing and reading the files requires Python; without Python, save a fitted network with `saveRDS()` and
#' `readRDS()`. Once loaded, `predict()`, `print()`, `summary()`, `tidy()` and `glance()` of a network do not need
#' Python. An existing file is replaced atomically.
#'
#' If the formula refers to variables of your session, such as `k` in `y ~ I(x * k)`, `predict()` uses their current
#' values, as R's own models do, and warns if they have changed. They are not saved in the file, which gives a warning;
#' after loading, supply them as columns of `newdata`.
#'
#' Numbers are written with 17 digits; missing values as `null`, and non-finite values as `"NaN"`, `"Inf"` or `"-Inf"`.
#' Row names are preserved.
#'
#' @section Untrusted files: No code in a file is run when it is read, and R parses no text of a file. It evaluates a
#'   formula whenever it predicts, and the call when `update()`, `step()`, `drop1()` or `add1()` refit. Both are
#'   therefore rewritten by Python from parts that pass an allow-list: functions that compute numbers or factors
#'   (`log()`, `I()`, `poly()`, `splines::ns()`, `factor()` and similar ones; the error message lists them), contrasts
#'   and `na.action` by name, and strings that call no other function when parsed as formulas. Anything else in the
#'   call is replaced by a name that shows it, which `update()` does not find. The formula's environment is the global
#'   environment. `size` is that of the network, regardless of the call; a message reports if they differ.
#'
#'   There are size limits: a formula has at most 10,000 terms and 5,000 summands and is nested at most 100 deep,
#'   `poly()` and splines have at most degree 100, a factor has at most 10,000 levels (95 where `contr.poly()` codes
#'   it), and `rep()`, `seq()` and `:` make at most a million values. In the call `maxit` is at most a million,
#'   `MaxNWts` 100,000, `rang` 10,000, `repeats` and `threads` 1,000.
#'
#' @param fit A network fitted with [nnet()] or [multinom()], of this package or of package nnet, or loaded from a file.
#' @param file The path of the file, such as `"fit.json"`.
#'
#' @return `save_model()` returns `file`, invisibly; `load_model()` the fitted network.
#' @section Errors: `tidydl_error_argument` if `fit` is not a fitted network; `tidydl_error_storage` if the file cannot
#'   be written; `tidydl_error_not_found` if it does not exist; `tidydl_error_damaged` if it is not JSON, does not
#'   contain a network, or is incomplete or inconsistent; `tidydl_error_dependency` if it was written by a newer tidydl
#'   in a format that this version does not support; `tidydl_error_formula` if its formula calls functions that are not
#'   allowed, or exceeds the limits above.
#' @export
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, trace = FALSE)
#' file <- tempfile(fileext = ".json")
#' save_model(fit, file)
#' again <- load_model(file)
#' identical(predict(again, iris), predict(fit, iris))
save_model <- function(fit, file) {
  path <- check_file(file)
  kind <- saved_kind(fit)
  if (!length(kind)) {
    abort_tidydl(
      "argument", sprintf("`fit` is %s.", described(fit)), "A network fitted with nnet() or multinom(), or loaded.",
      tuning_hint(fit)
    )
  }
  call_python("save_model", list(
    file = path, kind = kind, network = kind_content(fit, kind), written_by = written_by()
  ))
  warn_of_constants(fit)
  invisible(file)
}

#' @rdname save_model
#' @export
load_model <- function(file) {
  path <- check_file(file)
  saved <- call_python("load_model", list(file = path))
  fit <- tryCatch(fitted_of(saved$kind, saved$network), error = function(cnd) {
    message <- sub("\n.*", "", conditionMessage(cnd))
    abort_tidydl(
      "damaged", sprintf("`file` '%s' is damaged: R cannot rebuild the network (%s).", path, message),
      "The file as save_model() wrote it.", "Save the network again.",
      call = quote(load_model())
    )
  })
  tell_other_size(if (saved$kind == "averaged") saved$network$fits[[1L]] else saved$network)
  fit
}

check_file <- function(file, call = rlang::caller_env()) {
  allowed <- "The path of a file, such as 'fit.json'."
  if (!is.character(file) || length(file) != 1L || is.na(file) || !nzchar(file)) {
    abort_tidydl("argument", sprintf("`file` is %s.", described(file)), allowed, call = call)
  }
  path <- path.expand(file)
  if (dir.exists(path)) {
    abort_tidydl("argument", sprintf("`file` '%s' is a folder.", path), allowed, call = call)
  }
  path
}

written_by <- function() {
  version <- function(package) as.character(utils::packageVersion(package))
  list(tidydl = version("tidydl"), language = "R", version = as.character(getRversion()), nnet = version("nnet"))
}
