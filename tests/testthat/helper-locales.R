# Runs code in a session of its own, in a locale that glibc's localedef makes where the machine lacks it.
in_locale <- function(code, language, encoding, python = Sys.getenv("RETICULATE_PYTHON"), frame = parent.frame()) {
  name <- "C"
  folder <- withr::local_tempdir(.local_envir = frame)
  if (!is.null(language)) {
    testthat::skip_if_not(nzchar(Sys.which("localedef")), "localedef, which makes locales, is not installed")
    name <- paste0(language, ".", encoding)
    made <- system2("localedef", c("-i", language, "-f", encoding, shQuote(file.path(folder, name))), stderr = FALSE)
    testthat::skip_if_not(made == 0, paste("localedef knows no", name, "here"))
  }
  script <- file.path(folder, "script.R")
  writeLines(enc2utf8(c("suppressPackageStartupMessages(library(tidydl))", code)), script, useBytes = TRUE)
  withr::local_envvar(
    LOCPATH = folder, LANG = name, LC_ALL = NA, LC_CTYPE = NA, LANGUAGE = NA, R_TESTS = "", PYTHONPATH = NA,
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep), RETICULATE_PYTHON = python
  )
  rscript <- file.path(R.home("bin"), "Rscript")
  system2(rscript, c("--no-save", "--no-restore", "--encoding=UTF-8", shQuote(script)), stdout = TRUE)
}
