#' Save a fitted network to a file that both languages read
#'
#' The file is JSON. It keeps every bit of the numbers, and all that `predict()`, `print()`, `summary()`, `tidy()`,
#' `glance()`, `augment()`, [confusion()] and [plotnet()] need. It holds no data but fitted values, residuals and row
#' names. Neither function starts Python. A file that is there is replaced, whole or not at all.
#'
#' Numbers are written with 17 digits; a missing one is `null`, and what is not finite is `"NaN"`, `"Inf"` or `"-Inf"`.
#' Row names are kept as they are.
#'
#' Nothing of a file is run when it is read. R runs a formula whenever it predicts, so a formula of a file may call
#' only functions that compute numbers or factors (`log()`, `I()`, `poly()`, `splines::ns()`, `factor()` and their kin;
#' the message of the error lists them), and contrasts are those of package stats or matrices. The call that is shown
#' keeps names, values and such functions; whatever else stood there becomes a name that shows it, which `update()` does
#' not find. The formula's environment is the global one.
#'
#' @param fit A network fitted with [nnet()] or [multinom()], of this package or of package nnet, or loaded.
#' @param file The path of the file, such as `"fit.json"`.
#'
#' @return `save_model()` gives `file`, invisibly; `load_model()` the network as it was fitted.
#' @section Errors: `tidydl_error_argument` where `fit` is no fitted network; `tidydl_error_storage` where the file
#'   cannot be written; `tidydl_error_not_found` where there is none; `tidydl_error_damaged` where it is no JSON, holds
#'   something else, or does not hold what it should; `tidydl_error_dependency` where a newer tidydl wrote it in a way
#'   that this one does not know; `tidydl_error_formula` where its formula calls what formulas may not.
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
  saved <- list(
    format = one_json(saved_format), version = one_json(saved_version), kind = one_json(kind),
    written_by = lapply(written_by(), one_json), network = kind_content(fit, kind)
  )
  write_whole(path, paste0(json_text(saved), "\n"))
  invisible(file)
}

#' @rdname save_model
#' @export
load_model <- function(file) {
  path <- check_file(file)
  saved <- read_json(path)
  if (!is.list(saved) || !identical(saved$format, saved_format)) {
    abort_tidydl("damaged", sprintf("`file` '%s' holds no network.", path), written_file)
  }
  whole <- saved_part(saved, path)
  version <- saved_whole(whole, "version")
  if (version > saved_version) {
    abort_tidydl(
      "dependency",
      sprintf("`file` '%s' is of version %.0f, and this tidydl reads version %d.", path, version, saved_version),
      hint = "Update tidydl."
    )
  }
  kind <- saved_text(whole, "kind")
  if (!kind %in% saved_kinds) {
    abort_tidydl("damaged", sprintf("`file` '%s' holds a network of the kind '%s'.", path, kind), one_of(saved_kinds))
  }
  kind_of(part_in(whole, "network"), kind)
}

saved_format <- "tidydl network"
saved_version <- 1L
written_file <- "The path of a file that save_model() wrote."

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

# A file is written beside the one that is meant and put in its place, so that none is ever half written.
write_whole <- function(path, text, call = rlang::caller_env()) {
  beside <- sprintf("%s.%d.part", path, Sys.getpid())
  written <- tryCatch(
    {
      writeBin(charToRaw(enc2utf8(text)), beside)
      file.rename(beside, path)
    },
    error = function(cnd) FALSE,
    warning = function(cnd) FALSE,
    finally = unlink(beside)
  )
  if (!written) {
    abort_tidydl(
      "storage", sprintf("`file` '%s' cannot be written.", path), "A path in a folder that you may write to.",
      call = call
    )
  }
}

read_json <- function(path, call = rlang::caller_env()) {
  if (!file.exists(path)) {
    abort_tidydl("not_found", sprintf("`file` '%s' does not exist.", path), written_file, call = call)
  }
  bytes <- tryCatch(
    readBin(path, "raw", file.size(path)),
    error = function(cnd) NULL, warning = function(cnd) NULL
  )
  if (is.null(bytes)) {
    abort_tidydl("storage", sprintf("`file` '%s' cannot be read.", path), "A file that you may read.", call = call)
  }
  tryCatch(
    {
      text <- rawToChar(bytes)
      Encoding(text) <- "UTF-8"
      stopifnot(validUTF8(text))
      jsonlite::parse_json(text, simplifyVector = FALSE)
    },
    error = function(cnd) {
      abort_tidydl("damaged", sprintf("`file` '%s' is no JSON.", path), written_file, call = call)
    }
  )
}
