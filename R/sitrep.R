#' Report the state of the installation
#'
#' Reports the versions of all relevant packages, which Python is used and why, the device, the caches, whether the
#' Hugging Face Hub responds, offline settings, and for each fault one line that fixes it. Starts Python; if that fails,
#' it reports this as a fault.
#'
#' @param hub Whether to check that the Hub responds (for at most two seconds; never in offline mode).
#' @param device Whether to load torch in Python to find out which device it uses.
#' @return Invisibly, a tibble with the columns `item`, `value`, `status` (a factor: `ok`, `note`, `fault`) and `mend`
#'   (the fix, `NA` if none is needed). It is printed as one line per row.
#' @section Errors: None: anything missing or broken is reported as a row.
#' @seealso [install_tidydl()]
#' @export
#' @examplesIf tidydl:::python_ready()
#' found <- sitrep(hub = FALSE)
#' subset(found, status == "fault")
sitrep <- function(hub = TRUE, device = TRUE) {
  # Two copies of libtorch in one process end R, so Python's is not loaded where R's is.
  beside <- isNamespaceLoaded("torch")
  python <- python_sitrep(hub, device && !beside)
  findings <- vctrs::vec_rbind(
    r_sitrep(), python_chosen(), if (beside) torch_beside(), torch_algebra(borrowed_algebra()), python
  )
  print_sitrep(findings)
  invisible(findings)
}

sitrep_row <- function(item, value, status = "ok", mend = NA_character_) {
  tibble::tibble(
    item = item, value = value, status = factor(status, levels = c("ok", "note", "fault")), mend = mend
  )
}

r_sitrep <- function() {
  vctrs::vec_rbind(
    sitrep_row("R", paste0(getRversion(), ", ", R.home())),
    sitrep_row("tidydl for R", paste0(utils::packageVersion("tidydl"), ", ", find.package("tidydl"))),
    sitrep_row("reticulate", as.character(utils::packageVersion("reticulate")))
  )
}

torch_beside <- function() {
  sitrep_row(
    "torch for R", "R's package torch is loaded, which crashes the session together with Python's torch", "fault",
    "Restart R and use only one of the two in a session; nnet() works beside either."
  )
}

torch_algebra <- function(file) {
  if (!is.null(file)) {
    sitrep_row("torch's linear algebra", borrowed_problem(file), "fault", borrowed_mend())
  }
}

# One crossing for all that Python reports; if it fails, the reason.
python_sitrep <- function(hub, device) {
  tryCatch(
    {
      findings <- tibble::as_tibble(call_python("sitrep", list(hub = hub, device = device)))
      sitrep_row(findings$item, findings$value, as.character(findings$status), findings$mend)
    },
    error = function(cnd) {
      problem <- if (is.null(cnd$problem)) conditionMessage(cnd) else cnd$problem
      sitrep_row("Python", first_line(problem), "fault", no_python_mend())
    }
  )
}

first_line <- function(text) strsplit(cli::ansi_strip(text), "\n", fixed = TRUE)[[1]][[1]]

no_python_mend <- function() {
  if (python_running()) {
    return("install_tidydl() brings what is missing into this Python; then restart R.")
  }
  if (nzchar(Sys.getenv("RETICULATE_PYTHON"))) {
    return("See whether RETICULATE_PYTHON names the Python you mean; install_tidydl() installs into it.")
  }
  "install_tidydl(), then restart R."
}

# Which Python and why.
python_chosen <- function() {
  named <- named_python()
  if (!python_running()) {
    value <- if (is.null(named)) "none is running" else sprintf("%s is named, but not running", named$python)
    return(sitrep_row("Python chosen", value, "note"))
  }
  program <- running_program()
  sitrep_row("Python chosen", sprintf("%s, because %s", program, reason_for(program, named)))
}

reason_for <- function(program, named) {
  if (grepl("r-tidydl", program, fixed = TRUE)) {
    return("install_tidydl() made it")
  }
  if (!is.null(named)) {
    return(named$why)
  }
  if (reticulate_has("py_require") && grepl("[/\\]uv[/\\]", program)) {
    return("reticulate made it from what py_require() declares")
  }
  "reticulate found it first"
}

print_sitrep <- function(findings) {
  marks <- c(
    ok = cli::col_green(cli::symbol$tick), note = cli::col_cyan(cli::symbol$info),
    fault = cli::col_red(cli::symbol$cross)
  )
  width <- max(nchar(findings$item))
  for (i in seq_len(nrow(findings))) {
    cat(marks[[as.character(findings$status[[i]])]], " ", formatC(findings$item[[i]], width = -width), "  ",
      findings$value[[i]], "\n",
      sep = ""
    )
    if (!is.na(findings$mend[[i]])) {
      cat(strrep(" ", width + 4), cli::symbol$arrow_right, " ", findings$mend[[i]], "\n", sep = "")
    }
  }
  count <- sum(findings$status == "fault")
  verdict <- switch(as.character(count),
    "0" = "No problems.",
    "1" = "1 problem to fix.",
    paste(count, "problems to fix.")
  )
  cat(verdict, "\n", sep = "")
}
