#' Save a fitted network to a file that both languages read
#'
#' The file is JSON. It keeps every bit of the numbers, and all that `predict()`, `print()`, `summary()`, `tidy()`,
#' `glance()`, `augment()`, [confusion()] and [plotnet()] need. It holds no data but fitted values, residuals and row
#' names. Python writes and reads the files; without Python, `saveRDS()` and `readRDS()` keep a fitted network. Once
#' loaded, `predict()`, `print()`, `summary()`, `tidy()` and `glance()` of a network need no Python. A file that is
#' there is replaced, whole or not at all.
#'
#' Where the formula reads values of your session, such as `k` in `y ~ I(x * k)`, `predict()` uses what they are at the
#' time, as R's own models do, and warns where they have changed. They are not in the file, of which a warning tells;
#' `newdata` then holds them as columns.
#'
#' Numbers are written with 17 digits; a missing one is `null`, and what is not finite is `"NaN"`, `"Inf"` or `"-Inf"`.
#' Row names are kept as they are.
#'
#' @section Files of others: Nothing of a file is run when it is read. R runs a formula whenever it predicts, and the
#'   call when `update()`, `step()`, `drop1()` or `add1()` fit again. So both are made anew of parts that have passed
#'   one allow-list: functions that compute numbers or factors (`log()`, `I()`, `poly()`, `splines::ns()`, `factor()`
#'   and their kin; the message of the error lists them), contrasts and `na.action` by name, and texts that call no
#'   other function when they are read as formulas. What else stood in the call becomes a name that shows it, which
#'   `update()` does not find. The formula's environment is the global one. `size` is that of the network, whatever the
#'   call says; a message tells where that is something else.
#'
#'   There are limits of size: a formula has at most 10,000 terms and 5,000 summands and is nested at most 100 deep,
#'   `poly()` and splines have at most degree 100, a factor has at most 10,000 levels (95 where `contr.poly()` codes
#'   it), and `rep()`, `seq()` and `:` make at most a million values. In the call `maxit` is at most a million,
#'   `MaxNWts` 100,000, `rang` 10,000, `repeats` and `threads` 1,000.
#'
#' @param fit A network fitted with [nnet()] or [multinom()], of this package or of package nnet, or loaded.
#' @param file The path of the file, such as `"fit.json"`.
#'
#' @return `save_model()` gives `file`, invisibly; `load_model()` the network as it was fitted.
#' @section Errors: `tidydl_error_argument` where `fit` is no fitted network; `tidydl_error_storage` where the file
#'   cannot be written; `tidydl_error_not_found` where there is none; `tidydl_error_damaged` where it is not JSON, holds
#'   something else, or does not hold what it should; `tidydl_error_dependency` where a newer tidydl wrote it in a way
#'   that this one does not know; `tidydl_error_formula` where its formula calls what formulas may not, or grows beyond
#'   the limits above.
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
  if (is.null(kind)) {
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
  tryCatch(fitted_of(saved$kind, saved$network, path), error = function(cnd) {
    if (inherits(cnd, "tidydl_error")) rlang::cnd_signal(cnd)
    damaged(path, sprintf("R makes no network of it (%s)", sub("\n.*", "", conditionMessage(cnd))))
  })
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
