# Networks as JSON that both languages read.

garden <- function() {
  set.seed(4)
  n <- 80
  frame <- data.frame(
    hours = stats::rnorm(n), sleep = stats::rnorm(n, 7), mood = factor(sample(c("low", "fair", "high"), n, TRUE)),
    flag = stats::runif(n) > 0.5, w = stats::runif(n, 0.5, 2), note = sample(c("p", "q"), n, TRUE)
  )
  frame$rank <- factor(sample(letters[1:4], n, TRUE), ordered = TRUE)
  frame[["my col"]] <- stats::rnorm(n)
  frame$passed <- factor(ifelse(frame$hours > 0, "yes", "no"))
  frame$grade <- stats::plogis(frame$sleep - 7)
  frame$hours[c(3, 9)] <- NA
  frame
}

# Calls nnet() as it stands, by R and without a word.
fit_quietly <- function(...) {
  call <- sys.call()
  call[[1]] <- quote(nnet)
  call$trace <- FALSE
  call$engine <- "r"
  suppressWarnings(eval(call, parent.frame()))
}

garden_fits <- function(data) {
  list(
    classes = fit_quietly(passed ~ hours + sleep, data, size = 2, maxit = 20),
    all = fit_quietly(mood ~ ., data, size = 2, decay = 0.01, maxit = 9),
    bases = fit_quietly(
      grade ~ hours * mood + log(sleep) + poly(sleep, 2) + scale(hours) + splines::ns(sleep, df = 3) + rank:flag, data,
      size = 1, linout = TRUE, maxit = 9, na.action = stats::na.exclude
    ),
    polynomials = fit_quietly(
      grade ~ poly(sleep, `my col`, degree = 2) + splines::bs(sleep, 4), data,
      size = 1, maxit = 9
    ),
    sums = fit_quietly(
      grade ~ 0 + mood + `my col` + note, data,
      size = 1, weights = w, maxit = 9, contrasts = list(mood = "contr.sum")
    ),
    matrix = fit_quietly(
      grade ~ mood + (rank + flag)^2 - flag, data,
      size = 1, contrasts = list(mood = stats::contr.helmert(3)), maxit = 9
    ),
    several = fit_quietly(cbind(sleep, grade) ~ I(hours * (1 / 3)) - note, data, size = 0, skip = TRUE, maxit = 9),
    hessian = fit_quietly(grade ~ sleep, data, size = 1, Hess = TRUE, maxit = 9)
  )
}

without_environment <- function(fit) {
  if (!is.null(fit$terms)) {
    attr(fit$terms, ".Environment") <- NULL
    attr(fit$call$formula, ".Environment") <- NULL
  }
  fit
}

saved_and_loaded <- function(fit) {
  file <- withr::local_tempfile(fileext = ".json")
  save_model(fit, file)
  load_model(file)
}

test_that("a network comes back identical, and predicts with the same bits by our method and package nnet's", {
  data <- garden()
  fits <- garden_fits(data)
  for (name in names(fits)) {
    fit <- fits[[name]]
    again <- saved_and_loaded(fit)
    expect_identical(without_environment(again), without_environment(fit), label = name)
    expect_identical(environment(again$terms), globalenv())
    expect_identical(predict(again, data), predict(fit, data), label = name)
    nnets_own <- utils::getS3method("predict", "nnet", envir = asNamespace("nnet"))
    expect_identical(nnets_own(again, data), nnets_own(fit, data), label = name)
    expect_identical(utils::capture.output(summary(again)), utils::capture.output(summary(fit)), label = name)
    expect_identical(augment(again, data), augment(fit, data), label = name)
    if (!is.null(fit$lev)) expect_identical(confusion(again), confusion(fit), label = name)
  }
})

test_that("networks of numbers, averaged networks and fits of package nnet come back", {
  fit <- fit_quietly(as.matrix(iris[1:3]), iris$Petal.Width, size = 1, maxit = 3)
  expect_identical(saved_and_loaded(fit), fit)
  fit <- fit_quietly(
    iris[1:3], class.ind(iris$Species),
    size = 1, softmax = TRUE, decay = 1:10 / 100, mask = rep(c(TRUE, FALSE), 5), maxit = 3
  )
  expect_identical(saved_and_loaded(fit), fit)
  fit <- fit_quietly(iris[1:2], iris$Species, size = 1, censored = TRUE, maxit = 3)
  expect_identical(saved_and_loaded(fit), fit)
  average <- fit_quietly(Species ~ ., iris, size = 1, maxit = 3, repeats = 2)
  again <- saved_and_loaded(average)
  expect_identical(predict(again, iris), predict(average, iris))
  expect_identical(again$residuals, average$residuals)
  expect_identical(glance(again), glance(average))
  theirs <- their_nnet(Species ~ ., iris, size = 1, maxit = 3, trace = FALSE)
  again <- saved_and_loaded(theirs)
  expect_s3_class(again, "tidydl_nnet")
  expect_identical(predict(again, iris), predict(theirs, iris))
  expect_identical(again$tidydl$iterations, NA_integer_)
})

test_that("multinomial models come back identical", {
  models <- suppressWarnings(list(
    multinom(Species ~ Petal.Width * Sepal.Length, iris, Hess = TRUE, trace = FALSE, engine = "r"),
    multinom(
      cbind(am, gear) ~ wt + offset(cbind(hp / 1000, hp / 100)), mtcars,
      na.action = stats::na.exclude, trace = FALSE, engine = "r"
    ),
    multinom(
      am ~ factor(cyl) + poly(wt, 2), mtcars,
      summ = 2, weights = rep(1:2, 16), trace = FALSE, engine = "r"
    ),
    multinom(class.ind(factor(gear)) ~ wt - 1, mtcars, censored = TRUE, trace = FALSE, engine = "r")
  ))
  for (fit in models[1:3]) {
    again <- saved_and_loaded(fit)
    expect_identical(without_environment(again), without_environment(fit))
    expect_identical(utils::capture.output(summary(again)), utils::capture.output(summary(fit)))
    expect_identical(tidy(again, conf.int = TRUE), tidy(fit, conf.int = TRUE))
  }
  expect_error(saved_and_loaded(models[[4]]), "class.ind()", fixed = TRUE, class = "tidydl_error_formula")
})

test_that("weights of every kind keep their bits", {
  fit <- fit_quietly(grade ~ sleep, garden(), size = 1, maxit = 2)
  fit$wts <- c(5e-324, -0.0, 1 / 3, .Machine$double.xmax)
  again <- saved_and_loaded(fit)
  expect_identical(writeBin(again$wts, raw()), writeBin(fit$wts, raw()))
  fit$wts <- c(NA, NaN, Inf, -Inf)
  expect_identical(saved_and_loaded(fit)$wts, fit$wts)
})

test_that("files of the first version are read in both languages", {
  new <- data.frame(x = c(0.1, 0.4, NA), g = c("a", "b", "c"))
  network <- load_model(shared_file("data", "saved_network.json"))
  expect_equal(as.vector(predict(network, new)), c(0.47454041126784902, 0.48480863652418943, NA), tolerance = 1e-12)
  model <- load_model(shared_file("data", "saved_model.json"))
  expect_equal(
    as.vector(t(predict(model, new[1:2, ], type = "probs"))),
    c(0.589905, 0.238347, 0.171748, 0.535343, 0.428853, 0.035804), tolerance = 1e-5
  )
  expect_identical(rownames(model$fitted.values)[[11]], "11")
  expect_output(print(model), "multinom(formula = y ~ x + g, data = data", fixed = TRUE)
})

write_case <- function(case, file) {
  text <- case$text
  if (is.null(text)) {
    saved <- jsonlite::parse_json(paste(readLines(shared_file("data", case$file)), collapse = ""))
    saved[[unlist(case$path)]] <- case$value
    text <- jsonlite::toJSON(saved, auto_unbox = TRUE, null = "null", digits = NA)
  }
  writeBin(charToRaw(text), file)
}

test_that("a file that does not hold what it should gets the same error in both languages", {
  for (case in shared_cases("saved.json")) {
    folder <- scratch_folder()
    write_case(case, file.path(folder, "fit.json"))
    error <- tryCatch(load_model(file.path(folder, "fit.json")), error = identity)
    expect_s3_class(error, paste0("tidydl_error_", case$error$kind))
    found <- Filter(Negate(is.null), error[c("kind", "problem", "allowed", "hint")])
    found <- lapply(found, function(text) gsub(folder, "{folder}", text, fixed = TRUE))
    expect_identical(Map(opened, found, case$error[names(found)]), case$error, label = case$name)
  }
})

test_that("nothing of a file is run, when it is read or later", {
  trap <- withr::local_tempfile()
  evil <- sprintf("file.create(%s)", deparse(trap))
  folder <- scratch_folder()
  file <- file.path(folder, "fit.json")
  change <- function(path, value) write_case(list(file = "saved_network.json", path = path, value = value), file)
  for (formula in c("y ~ %s", "%s ~ x", "y ~ I(%s)", "y ~ x:poly(x, %s)", "y ~ (function() %s)()", "y ~ base::%s")) {
    change(list("network", "design", "formula"), sprintf(formula, evil))
    expect_error(load_model(file), class = "tidydl_error_formula")
  }
  change(list("network", "design", "formula"), evil)
  expect_error(load_model(file), class = "tidydl_error_formula")
  memory <- list(list(call = "poly(x, 2)", arguments = list(list(name = "coefs", code = evil))))
  change(list("network", "design", "memory"), memory)
  expect_error(load_model(file), class = "tidydl_error_formula")
  change(list("network", "call", "text"), sprintf("nnet(y ~ x, data = %s, na.action = system)", evil))
  fit <- load_model(file)
  expect_error(update(fit), "not found")
  expect_match(deparse1(fit$call), "file.create", fixed = TRUE)
  change(list("network", "call", "text"), evil)
  expect_identical(load_model(file)$call, quote(nnet()))
  expect_false(file.exists(trap))
})

test_that("a formula that could not be loaded is not saved", {
  own <- function(x) x
  fit <- nnet(Species ~ own(Sepal.Length), iris, size = 1, maxit = 1, trace = FALSE, engine = "r")
  folder <- scratch_folder()
  expect_error(save_model(fit, file.path(folder, "fit.json")), "own()", fixed = TRUE, class = "tidydl_error_formula")
  expect_length(list.files(folder), 0)
})

test_that("places that cannot be written or read are named", {
  fit <- fit_quietly(grade ~ sleep, garden(), size = 1, maxit = 2)
  folder <- scratch_folder()
  nowhere <- file.path(folder, "nowhere", "fit.json")
  error <- expect_error(save_model(fit, nowhere), "which does not exist", class = "tidydl_error_storage")
  expect_identical(error$hint, sprintf("Create it first: dir.create('%s', recursive = TRUE).", dirname(nowhere)))
  expect_error(save_model(fit, folder), "is a folder", class = "tidydl_error_argument")
  expect_error(save_model(fit, 3), "`file` is 3", class = "tidydl_error_argument")
  expect_error(save_model(1:2, file.path(folder, "fit.json")), "`fit` is 2 values", class = "tidydl_error_argument")
  expect_error(load_model(file.path(folder, "fit.json")), "does not exist", class = "tidydl_error_not_found")
  expect_length(list.files(folder), 0)
  expect_identical(save_model(fit, file.path(folder, "fit.json")), file.path(folder, "fit.json"))
  save_model(fit, file.path(folder, "fit.json"))
  expect_identical(list.files(folder), "fit.json")
})

test_that("a loaded network answers without Python, and saveRDS() keeps it", {
  script <- withr::local_tempfile(fileext = ".R")
  kept <- withr::local_tempfile(fileext = ".rds")
  answer <- withr::local_tempfile(fileext = ".rds")
  saveRDS(load_model(shared_file("data", "saved_network.json")), kept)
  asked <- bquote({
    library(tidydl)
    fit <- readRDS(.(kept))
    predict(fit, data.frame(x = 0.1, g = "a"))
    utils::capture.output(print(fit), summary(fit), tidy(fit), glance(fit), augment(fit), confusion(fit))
    loaded <- isNamespaceLoaded("reticulate")
    refused <- tryCatch(save_model(fit, tempfile()), tidydl_error_dependency = function(cnd) TRUE)
    saveRDS(list(loaded, refused), .(answer))
  })
  writeLines(deparse(asked), script)
  run_fresh(script, "RETICULATE_PYTHON=/nowhere/python")
  expect_identical(readRDS(answer), list(FALSE, TRUE))
})

# Doubles with 17 digits, which tell each from every other.
every_bit <- function(x) {
  text <- sprintf("%.17g", as.double(x))
  text[is.na(x)] <- "null"
  structure(sprintf("[%s]", paste(text, collapse = ",")), class = "json")
}

# A data frame for Python, every bit kept.
for_python <- function(data) {
  lapply(data, function(column) {
    if (is.factor(column)) {
      return(list(
        values = as.character(column), levels = levels(column), ordered = jsonlite::unbox(is.ordered(column))
      ))
    }
    list(values = if (is.numeric(column)) every_bit(column) else column)
  })
}

# Has Python do what read_networks.py says.
ask_python <- function(folder, data, read = character(), fit = stats::setNames(list(), character())) {
  asked <- list(data = for_python(data), read = as.list(read), fit = fit)
  text <- jsonlite::toJSON(asked, na = "null", auto_unbox = TRUE, json_verbatim = TRUE, digits = NA)
  writeLines(text, file.path(folder, "asked.json"))
  said <- suppressWarnings(system2(
    Sys.getenv("RETICULATE_PYTHON"), shQuote(c(normalizePath(testthat::test_path("read_networks.py")), folder)),
    stdout = TRUE, stderr = TRUE, env = paste0("PYTHONPATH=", system.file("python", package = "tidydl"))
  ))
  if (!is.null(attr(said, "status"))) testthat::fail(paste(said, collapse = "\n"))
}

python_predictions <- function(folder, name, rows) {
  values <- readBin(file.path(folder, paste0(name, ".bin")), "double", 1e6)
  values[is.nan(values)] <- NA
  matrix(values, rows, byrow = TRUE)
}

raw_predictions <- function(fit, data) {
  values <- predict(fit, data, type = if (inherits(fit, "multinom")) "probs" else "raw")
  unname(if (is.matrix(values)) values else matrix(values))
}

# R sums up what has an offset by matrix products of its own.
expect_same_predictions <- function(found, expected, name) {
  if (!grepl("offset", name)) {
    return(expect_identical(found, expected, label = name))
  }
  expect_equal(found, expected, tolerance = 1e-12, label = name)
}

said_of <- function(fit) c(utils::capture.output(print(fit)), utils::capture.output(print(summary(fit))))

expect_read_by_python <- function(fits, data, folder) {
  names <- paste0("r-", names(fits))
  for (i in seq_along(fits)) save_model(fits[[i]], file.path(folder, paste0(names[[i]], ".json")))
  ask_python(folder, data, read = names)
  for (i in seq_along(fits)) {
    found <- python_predictions(folder, names[[i]], nrow(data))
    expect_same_predictions(found, raw_predictions(fits[[i]], data), names[[i]])
    expect_identical(readLines(file.path(folder, paste0(names[[i]], ".txt"))), said_of(fits[[i]]), label = names[[i]])
    again <- load_model(file.path(folder, paste0(names[[i]], ".again.json")))
    expect_identical(raw_predictions(again, data), raw_predictions(fits[[i]], data), label = names[[i]])
    expect_identical(again$wts, fits[[i]]$wts)
  }
}

test_that("Python reads what R saved, and gives it back, with the same bits", {
  skip_if_not(nzchar(Sys.getenv("RETICULATE_PYTHON")), "RETICULATE_PYTHON names no Python")
  data <- garden()
  fits <- garden_fits(data)
  fits$bases <- fit_quietly(
    grade ~ hours * mood + log(sleep) + poly(sleep, 2) + scale(hours) + rank:flag, data,
    size = 1, linout = TRUE, maxit = 9
  )
  fits$polynomials <- fit_quietly(
    grade ~ poly(sleep, `my col`, degree = 2L) + rank + I(sleep * 100000L) + factor(sleep > 7L), data,
    size = 1, maxit = 9
  )
  fits$whole <- fit_quietly(grade ~ I(sleep^2L) + I(hours * 0.30000000000000004), data, size = 1, maxit = 9)
  fits$bits <- fit_quietly(grade ~ sleep + hours, data, size = 1, linout = TRUE, maxit = 9)
  fits$bits$wts <- c(5e-324, -0.0, 1 / 3, 1e300, -2.5)
  fits$model <- multinom(mood ~ sleep * flag, data, trace = FALSE, engine = "r", Hess = TRUE)
  fits$two <- multinom(passed ~ sleep + rank, data, trace = FALSE, engine = "r", maxit = 9)
  fits$offset <- multinom(passed ~ sleep + offset(w), data, trace = FALSE, engine = "r")
  fits$offsets <- multinom(
    mood ~ sleep + offset(cbind(w, sleep / 9, `my col`)), data,
    trace = FALSE, engine = "r"
  )
  expect_read_by_python(fits, data, scratch_folder())
})

test_that("R reads what Python saved with the same bits, by package nnet's own predict() too", {
  skip_if_not(nzchar(Sys.getenv("RETICULATE_PYTHON")), "RETICULATE_PYTHON names no Python")
  data <- garden()
  folder <- scratch_folder()
  fits <- list(
    classes = list(formula = "passed ~ hours + sleep + note", size = 2, maxit = 9),
    all = list(formula = "mood ~ . - w", size = 2, decay = 0.01, maxit = 9),
    bases = list(formula = "grade ~ poly(sleep, 2) * flag + scale(hours) + log(sleep)", size = 1, maxit = 9),
    polynomials = list(
      formula = "grade ~ poly(sleep, `my col`, degree = 2L) + rank + I(hours * 100000L) + factor(sleep > 7L)",
      size = 1, maxit = 9
    ),
    full = list(formula = "grade ~ 0 + mood * flag + note", size = 1, maxit = 9),
    several = list(
      formula = "cbind(sleep, grade) ~ I(hours * (1 / 3)) - note", size = 0, skip = TRUE, linout = TRUE, maxit = 9
    ),
    model = list(formula = "mood ~ sleep * flag + rank", `function` = "multinom", maxit = 9),
    two = list(formula = "passed ~ sleep + factor(mood)", `function` = "multinom", Hess = TRUE),
    offset = list(formula = "passed ~ sleep + offset(w)", `function` = "multinom"),
    offsets = list(formula = "mood ~ sleep + offset(cbind(w, sleep, `my col`))", `function` = "multinom")
  )
  ask_python(folder, data, fit = fits)
  for (name in names(fits)) {
    fit <- load_model(file.path(folder, paste0(name, ".again.json")))
    expect_same_predictions(raw_predictions(fit, data), python_predictions(folder, name, nrow(data)), name)
    expect_identical(said_of(fit), readLines(file.path(folder, paste0(name, ".txt"))), label = name)
    if (!inherits(fit, "multinom")) {
      nnets_own <- utils::getS3method("predict", "nnet", envir = asNamespace("nnet"))
      expect_identical(nnets_own(fit, data), predict(fit, data), label = name)
    }
    expect_identical(saved_and_loaded(fit), fit, label = name)
  }
})

test_that("a name that R could not read again is refused by name when a network is saved", {
  for (name in c(if (l10n_info()[["UTF-8"]]) "\u202eabc", "a`b", "a\nb")) {
    data <- data.frame(y = c(1, 2, 4, 3), x = c(1, 2, 3, 4))
    names(data)[2] <- name
    fit <- suppressWarnings(nnet(y ~ ., data, size = 1, trace = FALSE)) # of four rows
    expect_error(save_model(fit, tempfile()), "which R cannot parse", class = "tidydl_error_formula")
  }
})

test_that("update() of a network that Python saved fits with what was given there", {
  skip_without_python()
  d <- data.frame(y = sin(1:60), x = (1:60) / 60, g = rep(c("u", "v", "w"), 20), w = rep(1:3, 20))
  file <- withr::local_tempfile(fileext = ".json")
  data_file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(d, data_file)
  code <- sprintf(
    "import tidydl as td
d = td.load_dataset(r'%s')
td.set_seed(1)
fit = td.nnet('y ~ x + g', d, size=2, decay=0.1, linout=True, weights='w', subset='x > 0.2', maxit=20, trace=False,
              contrasts={'g': 'contr.sum'}, na_action='exclude')
td.save_model(fit, r'%s')", data_file, file
  )
  reticulate::py_run_string(code)
  fit <- load_model(file)
  set.seed(1)
  expect_identical(stats::update(fit, data = d)$value, fit$value)
  expect_length(residuals(fit), length(residuals(stats::update(fit, data = d))))
})
