# The cases of tests/shared, read for R. README.md there explains the notations.

shared_file <- function(...) testthat::test_path("..", "shared", ...)

# The cases of a file; of what the languages write differently, <<None|NULL>>, R's side.
shared_cases <- function(file) {
  text <- paste(readLines(shared_file(file), encoding = "UTF-8"), collapse = "\n")
  jsonlite::fromJSON(gsub("<<(.*?)\\|(.*?)>>", "\\2", text, perl = TRUE), simplifyVector = FALSE)
}

# The references by the names of their cases.
shared_references <- function(file) {
  references <- shared_cases(file.path("references", file))
  stats::setNames(references, vapply(references, `[[`, "", "name"))
}

# Does what a case says: starts the random numbers, makes the values, calls.
perform <- function(case, folder) {
  if (!is.null(case$seed)) {
    set.seed(case$seed)
  }
  call_named(case$call, case$arguments, folder)
}

call_named <- function(name, arguments, folder) {
  made <- lapply(arguments, value_of, folder = folder)
  if (name %in% c("nnet", "multinom") && is.null(made$trace)) {
    made$trace <- FALSE
  }
  if (name == "run") {
    return(do.call(made$pipeline, made[names(made) != "pipeline"], quote = TRUE))
  }
  if (name == "summary" || name == "print") {
    return(utils::capture.output(print(if (name == "summary") summary(made$x) else made$x)))
  }
  if (name == "predict") {
    names(made)[names(made) == "x"] <- "object"
  }
  do.call(name, made, quote = TRUE)
}

# Makes a value of its notation: what is no object with a known first name stands for itself.
value_of <- function(value, folder) {
  if (!is.list(value)) {
    return(value)
  }
  if (is.null(names(value))) {
    return(vector_of(value))
  }
  notations[[names(value)[[1]]]](value, folder)
}

vector_of <- function(values) {
  values[vapply(values, is.null, NA)] <- NA
  if (length(values)) unlist(values) else character()
}

kinds <- list(double = double(), integer = integer(), logical = logical(), string = character())

the_tiny <- new.env()

# The folder of a tiny model with seeded weights: a real architecture and tokenizer, all written once a session.
tiny_model <- function(name) {
  if (is.null(the_tiny$folder)) {
    folder <- tempfile("tiny")
    tests <- testthat::test_path("..", "python")
    testthat::skip_if_not(dir.exists(tests), "The tests in Python are not at hand")
    failed <- withr::with_dir(tests, system2( # without R's folders of libraries, which may hold another Python
      Sys.getenv("RETICULATE_PYTHON", "python3"), c("-m", "tiny", shQuote(folder)),
      stderr = FALSE, env = "LD_LIBRARY_PATH="
    ))
    stopifnot(failed == 0)
    the_tiny$folder <- normalizePath(folder)
  }
  file.path(the_tiny$folder, name)
}

cut_copy <- function(value, folder) {
  model <- file.path(folder, "model")
  dir.create(model)
  file.copy(list.files(example_model(value$model_copy), full.names = TRUE), model)
  path <- file.path(model, value$file)
  writeBin(readBin(path, "raw", value$cut_after), path)
  model
}

damaged_image <- function(value, folder) {
  path <- file.path(folder, value$damaged_image)
  writeLines("this is no image", path)
  path
}

notations <- list(
  example = function(value, folder) example_data(value$example, split = value$split),
  example_model = function(value, folder) example_model(value$example_model),
  tiny_model = function(value, folder) tiny_model(value$tiny_model),
  data = function(value, folder) normalizePath(shared_file("data", value$data)),
  frame = function(value, folder) load_dataset(shared_file("data", value$frame)),
  columns = function(value, folder) tibble::as_tibble(lapply(value$columns, value_of, folder = folder)),
  factor = function(value, folder) factor(vector_of(value$factor), vector_of(value$levels)),
  missing = function(value, folder) kinds[[value$missing]][rep(NA_integer_, value$times)],
  formula = function(value, folder) stats::as.formula(value$formula, env = globalenv()),
  matrix = function(value, folder) do.call(rbind, lapply(value$matrix, vector_of)),
  named = function(value, folder) lapply(value$named, value_of, folder = folder),
  path = function(value, folder) file.path(folder, value$path),
  model_copy = cut_copy,
  damaged_image = damaged_image,
  column = function(value, folder) value_of(value$of, folder)[[value$column]],
  select = function(value, folder) value_of(value$of, folder)[vector_of(value$select)],
  call = function(value, folder) call_named(value$call, value$arguments, folder)
)

scratch_folder <- function() {
  folder <- tempfile("case")
  dir.create(folder)
  normalizePath(folder)
}

# A text with what a case's text leaves open, {anything}, cut out, so that both can be compared whole.
opened <- function(text, expected) {
  parts <- strsplit(paste0(expected, "\n"), "{anything}", fixed = TRUE)[[1]]
  if (is.null(text) || length(parts) < 2) {
    return(text)
  }
  whole <- paste0(text, "\n")
  fits <- startsWith(whole, parts[[1]]) && endsWith(whole, parts[[2]])
  if (fits) expected else text
}

expect_near <- function(values, expected, label) {
  expected <- as.double(vector_of(expected))
  expect_identical(is.na(as.vector(values)), is.na(expected), label = label)
  expect_true(all(abs(values - expected) <= 1e-8, na.rm = TRUE), label = label)
}

# Compares what torch computed: labels are the same, numbers lie within 2e-6 (where they are larger than 1, within 2e-6
# of the largest), on whatever processor. Networks and random numbers are compared to the last bit instead.
expect_scores <- function(found, expected, label = "the numbers", within = 2e-6) {
  if (is.data.frame(expected)) {
    expect_identical(names(found), names(expected))
    for (name in names(expected)) {
      compare <- if (is.numeric(expected[[name]]) && !is.object(expected[[name]])) expect_scores else expect_identical
      compare(found[[name]], expected[[name]], label = name)
    }
    return(invisible(found))
  }
  expect_identical(is.na(as.vector(found)), is.na(as.vector(expected)), label = label)
  expect_true(all(abs(found - expected) <= within * max(1, abs(expected), na.rm = TRUE), na.rm = TRUE), label = label)
}

# Runs a script in a new R with the libraries of this one.
run_fresh <- function(script, env) {
  libraries <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  said <- system2(
    file.path(R.home("bin"), "Rscript"), c("--no-save", "--no-restore", shQuote(script)),
    stdout = TRUE, stderr = TRUE, env = c(libraries, env)
  )
  status <- attr(said, "status")
  if (!is.null(status)) {
    testthat::fail(paste(said, collapse = "\n"))
  }
}
