# The cases that both languages run; tests/python/test_shared.py is the other half.

fits_here <- function(case) is.null(case$requires) || !nzchar(Sys.which("nvidia-smi"))

error_parts <- function(case, folder) {
  error <- tryCatch(
    {
      suppressWarnings(perform(case, folder), classes = "tidydl_warning")
      NULL
    },
    error = identity
  )
  if (!inherits(error, "tidydl_error")) {
    return(if (is.null(error)) "no error" else conditionMessage(error))
  }
  expect_s3_class(error, paste0("tidydl_error_", error$kind), exact = FALSE)
  parts <- error[c("kind", "problem", "allowed", "hint")]
  parts <- parts[!vapply(parts, is.null, NA)]
  if (!is.null(parts$allowed)) {
    parts$allowed <- gsub("na.action", "na_action", parts$allowed, fixed = TRUE) # as Python spells it
  }
  lapply(parts, function(text) gsub(folder, "{folder}", text, fixed = TRUE))
}

test_that("bad input gets the same error in both languages", {
  skip_without_python()
  for (case in Filter(fits_here, shared_cases("errors.json"))) {
    folder <- scratch_folder()
    found <- error_parts(case, folder)
    if (is.list(found)) {
      found <- Map(opened, found, case$error[names(found)])
    }
    expect_identical(found, case$error, label = case$name)
  }
})

test_that("networks have the weights, values and predictions of R's own", {
  skip_without_python()
  references <- shared_references("networks.json")
  for (case in shared_cases("networks.json")) {
    reference <- references[[case$name]]
    case$call <- "nnet"
    fit <- perform(case, NULL)
    data <- if (is.null(fit$terms)) value_of(case$arguments$x, NULL) else value_of(list(frame = "students.csv"), NULL)
    expect_near(fit$wts, reference$wts, case$name)
    expect_near(fit$value, list(reference$value), case$name)
    expect_identical(fit$convergence, reference$convergence, label = case$name)
    expect_near(t(utils::head(predict(fit, data), 12)), unlist(reference$raw, recursive = FALSE), case$name)
    if (!is.null(fit$lev)) {
      class <- utils::head(predict(fit, data, type = "class"), 12)
      expect_identical(class, vector_of(reference$class), label = case$name)
      expect_near(glance(confusion(fit))$accuracy, list(reference$accuracy), case$name)
    }
    expect_identical(utils::capture.output(print(fit)), vector_of(reference$print), label = case$name)
    expect_identical(utils::capture.output(summary(fit)), vector_of(reference$summary), label = case$name)
  }
})

test_that("random numbers are those of the references", {
  references <- shared_references("random.json")
  for (case in shared_cases("random.json")) {
    found <- perform(case, NULL)
    expect_near(found - (case$call == "sample"), references[[case$name]]$values, case$name)
  }
})

test_that("pipelines give what plain transformers give", {
  skip_without_python()
  references <- c(shared_references("pipelines.json"), shared_references("media.json"))
  for (case in c(shared_cases("pipelines.json"), shared_cases("media.json"))) {
    reference <- references[[case$name]]
    found <- perform(case, NULL)
    expect_true(all(names(reference$columns) %in% names(found)), label = case$name)
    for (name in names(reference$columns)) {
      column <- found[[name]]
      expected <- vector_of(reference$columns[[name]])
      if (is.factor(column)) {
        expect_identical(levels(column), vector_of(reference$levels), label = case$name)
      }
      if (is.factor(column) || is.character(column)) {
        expect_identical(as.character(column), as.character(expected), label = case$name)
      } else {
        expected <- as.double(expected) + (name %in% c(".row", reference$index))
        expect_scores(column, expected, case$name, within = if (is.null(case$within)) 2e-6 else case$within)
      }
    }
  }
})

kind_of <- function(column) {
  if (is.factor(column)) {
    return("label")
  }
  if (inherits(column, "tidydl_image")) {
    return("image")
  }
  switch(class(column)[[1]],
    numeric = "double", integer = "integer", logical = "logical", character = "string", Date = "date",
    class(column)[[1]]
  )
}

shape_of <- function(column) {
  c(list(kind = kind_of(column)), if (is.factor(column)) list(levels = as.list(levels(column))))
}

plain <- function(column) {
  column <- if (is.factor(column) || inherits(column, "tidydl_image")) format_plain(column) else column
  lapply(column, function(value) if (is.na(value)) NULL else value)
}

format_plain <- function(column) if (is.factor(column)) as.character(column) else format(column)

test_that("frames have the columns, kinds, rows and values that the cases say", {
  skip_without_python()
  for (case in shared_cases("frames.json")) {
    found <- suppressWarnings(perform(case, NULL)) # R's own log(-1) warns
    expect_s3_class(found, "data.frame")
    expect_identical(nrow(found), case$rows, label = case$name)
    expect_identical(lapply(as.list(found), shape_of), case$columns, label = case$name)
    for (name in names(case$values)) {
      values <- plain(utils::head(found[[name]], length(case$values[[name]])))
      if (name %in% case$index) {
        values <- lapply(values, function(value) value - 1L)
      }
      expect_equal(values, case$values[[name]], tolerance = 1e-8, label = paste(case$name, name))
    }
  }
})
