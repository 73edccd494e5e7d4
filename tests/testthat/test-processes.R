# Processes that R or its Python starts: programs that inherit R's surroundings, and copies made by fork.

in_another_r <- function(lines, env = character()) {
  script <- withr::local_tempfile(fileext = ".R", lines = c("suppressMessages(library(tidydl))", lines))
  told <- suppressWarnings(
    system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = TRUE, env = env)
  )
  expect_null(attr(told, "status"), info = paste(told, collapse = "\n"))
  told
}

child <- c(
  "told <- reticulate::py_run_string('",
  "import multiprocessing, os, subprocess, sys",
  "code = \"import ssl, hashlib, sqlite3; print(1)\"",
  "made = subprocess.run([sys.executable, \"-c\", code], capture_output=True, text=True)",
  "said = made.stdout.strip() or made.stderr[-300:]",
  "path = os.environ.get(\"LD_LIBRARY_PATH\", \"none\")",
  "')",
  "cat('python:', told$said, told$path, '\\n')",
  "cat('R:', Sys.getenv('LD_LIBRARY_PATH', 'none'), '\\n')",
  "asked <- 'cat(La_version(), Sys.getenv(\"LD_LIBRARY_PATH\"))'",
  "again <- system2(file.path(R.home('bin'), 'Rscript'), c('-e', shQuote(asked)), stdout = TRUE)",
  "cat('Rscript:', again, '\\n')"
)

test_that("a Python that R's Python starts finds its own libraries, whoever started the first", {
  skip_without_python()
  skip_on_os("windows")
  ours <- "tidydl:::start_python()"
  theirs <- "reticulate::py_run_string('pass')" # and no call of ours
  for (first in c(ours, theirs)) {
    told <- in_another_r(c(first, child), env = "LD_LIBRARY_PATH=/my/own")
    expect_identical(grep("^python:", told, value = TRUE), "python: 1 /my/own ")
    expect_identical(grep("^R:", told, value = TRUE), "R: /my/own ")
    # R's launcher gives each new R what it needs
    expect_match(grep("^Rscript:", told, value = TRUE), "^Rscript: [0-9.]+ .*/my/own $")
  }
  expect_identical(grep("^R:", in_another_r(c(ours, child)), value = TRUE), "R: none ")
})

test_that("copies of R made by fork fit other networks than each other; L'Ecuyer's streams give them again", {
  skip_without_python()
  skip_on_os("windows")
  told <- in_another_r(c(
    "data <- data.frame(x = 1:20 / 20, y = (1:20 / 20)^2)",
    "fit <- function(i) nnet(y ~ x, data, size = 2, maxit = 3, trace = FALSE)$wts",
    "fit(0)",
    "set.seed(1)",
    "fits <- parallel::mclapply(1:4, fit, mc.cores = 2)",
    "cat('different:', length(unique(lapply(fits, as.numeric))), '\\n')",
    "RNGkind(\"L'Ecuyer-CMRG\"); set.seed(1); parallel::mc.reset.stream()",
    "one <- parallel::mclapply(1:4, fit, mc.cores = 2)",
    "set.seed(1); parallel::mc.reset.stream()",
    "two <- parallel::mclapply(1:4, fit, mc.cores = 2)",
    "cat('again:', identical(one, two), length(unique(lapply(one, as.numeric))), '\\n')",
    "RNGkind('Mersenne-Twister')",
    "seeded <- function(i) { set.seed(7); fit(i) }",
    "set.seed(7)",
    "cat('seeded:', all(vapply(parallel::mclapply(1:2, seeded, mc.cores = 2), identical, NA, fit(0))), '\\n')"
  ))
  expect_identical(grep("^different", told, value = TRUE), "different: 4 ")
  expect_identical(grep("^again", told, value = TRUE), "again: TRUE 4 ")
  expect_identical(grep("^seeded", told, value = TRUE), "seeded: TRUE ")
})
