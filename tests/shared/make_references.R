# Writes the reference values of the shared cases that are R's: Rscript tests/shared/make_references.R
# It uses R's own nnet and R's own random numbers, nothing of tidydl.
arguments <- commandArgs(FALSE)
shared <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)[[1]]))
in_shared <- function(...) file.path(shared, ...)

# Sixty students, simulated: hours of work and of sleep, mood, and what became of it.
simulate_students <- function() {
  set.seed(20)
  n <- 60
  hours <- round(runif(n, 0, 10), 1)
  sleep <- round(rnorm(n, 7), 1)
  mood <- sample(c("low", "middling", "high"), n, replace = TRUE)
  latent <- 0.5 * hours + 0.4 * sleep + (mood == "high") + rnorm(n) - 5
  grade <- round(4 + latent / 2, 2)
  passed <- ifelse(latent > 0, "yes", "no")
  subject <- c("arts", "law", "science")[1 + (latent + rnorm(n) > 0.5) + (hours > 6)]
  hours[c(5, 41)] <- NA
  mood[[9]] <- NA
  data.frame(hours, sleep, mood, passed, subject, grade)
}

fit_reference <- function(case, data) {
  options <- case$arguments[setdiff(names(case$arguments), c("formula", "data", "x", "y"))]
  options <- lapply(options, function(value) if (is.list(value)) unlist(value) else value)
  set.seed(case$seed)
  fit <- if (is.null(case$arguments$formula)) {
    inputs <- data[unlist(case$columns)]
    do.call(nnet::nnet, c(list(inputs, data[[case$response]], trace = FALSE), options))
  } else {
    formula <- stats::as.formula(case$arguments$formula$formula)
    do.call(nnet::nnet, c(list(formula, data, trace = FALSE), options))
  }
  new <- if (is.null(case$arguments$formula)) inputs else data
  list(
    name = case$name, wts = I(fit$wts), value = fit$value, convergence = fit$convergence,
    raw = unname(utils::head(as.matrix(predict(fit, new)), 12)),
    class = if (!is.null(fit$lev)) utils::head(predict(fit, new, type = "class"), 12),
    summary = capture.output(summary(fit)), print = capture.output(print(fit)),
    accuracy = if (!is.null(fit$lev)) accuracy(fit)
  )
}

# The share of the training rows whose largest probability is that of their class.
accuracy <- function(fit) {
  target <- fit$fitted.values + fit$residuals
  shares <- if (ncol(target) == 1) list(cbind(1 - target, target), cbind(1 - fit$fitted.values, fit$fitted.values))
  else list(target, fit$fitted.values)
  mean(max.col(shares[[1]], "first") == max.col(shares[[2]], "first"))
}

# What case notations make, as far as the cases of multinom.json use them.
plain_value <- function(value, data) {
  if (!is.list(value) || is.null(names(value))) {
    return(if (is.list(value)) unlist(value) else value)
  }
  switch(names(value)[[1]],
    formula = stats::as.formula(value$formula), frame = data,
    factor = factor(unlist(lapply(value$factor, function(x) if (is.null(x)) NA else x)), unlist(value$levels)),
    columns = as.data.frame(lapply(value$columns, plain_value))
  )
}

multinom_reference <- function(case, data) {
  arguments <- lapply(case$arguments, plain_value, data = data)
  # R's own standard errors take the classes of censored responses for known, so theirs are no reference
  fit <- do.call(nnet::multinom, c(arguments, trace = FALSE, Hess = TRUE))
  said <- capture.output(print(fit))
  list(
    name = case$name, wts = I(fit$wts), value = fit$value, convergence = fit$convergence, edf = fit$edf,
    AIC = fit$AIC, print = said[seq(match("Coefficients:", said), length(said))],
    probs = unname(utils::head(as.matrix(predict(fit, arguments$data, "probs")), 12)),
    vcov = if (!isTRUE(arguments$censored)) unname(vcov(fit))
  )
}

draw_reference <- function(case) {
  set.seed(case$seed)
  arguments <- lapply(case$arguments, function(value) if (is.list(value)) unlist(value) else value)
  value <- do.call(case$call, arguments)
  list(name = case$name, values = I(if (case$call == "sample") value - 1 else value))
}

write_reference <- function(values, file) {
  text <- jsonlite::toJSON(values, digits = NA, na = "null", null = "null", auto_unbox = TRUE)
  # a line a case, so that changes can be read
  writeLines(gsub("},{\"name\"", "},\n{\"name\"", text, fixed = TRUE), in_shared("references", file))
}

read_cases <- function(file) jsonlite::fromJSON(in_shared(file), simplifyVector = FALSE)

students <- simulate_students()
write.csv(students, in_shared("data", "students.csv"), row.names = FALSE, quote = FALSE)
students <- read.csv(in_shared("data", "students.csv"), stringsAsFactors = TRUE)
dir.create(in_shared("references"), showWarnings = FALSE)
write_reference(lapply(read_cases("networks.json"), fit_reference, data = students), "networks.json")
write_reference(lapply(read_cases("multinom.json"), multinom_reference, data = students), "multinom.json")
write_reference(lapply(read_cases("random.json"), draw_reference), "random.json")
