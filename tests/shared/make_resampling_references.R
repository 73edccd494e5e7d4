# Writes the references of splits.json and tuning.json: Rscript tests/shared/make_resampling_references.R
# It uses R's own nnet and R's own random numbers, nothing of tidydl.
arguments <- commandArgs(FALSE)
shared <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)[[1]]))

split_reference <- function(case) {
  columns <- lapply(case$arguments$data$columns, function(column) {
    column[vapply(column, is.null, NA)] <- NA
    unlist(column)
  })
  prop <- if (is.null(case$arguments$prop)) 0.75 else case$arguments$prop
  person <- columns$person
  kind <- if (is.null(case$arguments$strata)) rep("all", length(person)) else columns[[case$arguments$strata]]
  kind[is.na(kind)] <- "missing"
  set.seed(case$arguments$seed)
  train <- integer()
  for (value in unique(kind)) {
    rows <- which(kind == value)
    size <- min(max(floor(length(rows) * prop + 0.5), 1), length(rows) - 1)
    train <- c(train, rows[sample.int(length(rows), size)])
  }
  list(name = case$name, train = I(sort(person[train])), test = I(sort(person[-train])))
}

# A share of each class's rows, as split_reference() draws it.
draw_share <- function(codes, prop) {
  train <- integer()
  for (code in sort(unique(codes))) {
    rows <- which(codes == code)
    train <- c(train, rows[sample.int(length(rows), min(max(floor(length(rows) * prop + 0.5), 1), length(rows) - 1))])
  }
  sort(train)
}

# The rows that train in each resample.
draw_resamples <- function(options, codes) {
  n <- length(codes)
  times <- if (is.null(options$times)) 1 else options$times
  if (identical(options$resamples, "bootstrap")) {
    return(lapply(seq_len(times), function(i) sort(sample.int(n, n, TRUE))))
  }
  if (identical(options$resamples, "holdout")) {
    return(lapply(seq_len(times), function(i) draw_share(codes, if (is.null(options$prop)) 0.75 else options$prop)))
  }
  found <- list()
  for (i in seq_len(times)) {
    dealt <- integer()
    for (code in sort(unique(codes))) {
      rows <- which(codes == code)
      dealt <- c(dealt, rows[sample.int(length(rows))])
    }
    for (fold in seq_len(options$resamples)) {
      out <- dealt[(seq_len(n) - 1) %% options$resamples == fold - 1]
      found <- c(found, list(setdiff(seq_len(n), out)))
    }
  }
  found
}

metric_of <- function(name, p, y, classes) {
  if (!classes) {
    return(switch(name, rmse = sqrt(mean((y - p)^2)), rsq = 1 - sum((y - p)^2) / sum((y - mean(y))^2)))
  }
  if (ncol(p) == 1) {
    p <- cbind(1 - p, p)
    y <- cbind(1 - y, y)
  }
  truth <- max.col(y, "first")
  said <- max.col(p, "first")
  counts <- table(factor(truth, seq_len(ncol(p))), factor(said, seq_len(ncol(p))))
  recall <- diag(counts) / rowSums(counts)
  chance <- sum(rowSums(counts) * colSums(counts)) / sum(counts)^2
  switch(name,
    accuracy = mean(truth == said), balanced_accuracy = mean(recall[is.finite(recall)]),
    kappa = (mean(truth == said) - chance) / (1 - chance), log_loss = -mean(log(p[cbind(seq_along(truth), truth)]))
  )
}

tuning_reference <- function(case, data) {
  options <- lapply(case$arguments, function(value) if (is.list(value)) unlist(value) else value)
  frame <- stats::model.frame(stats::as.formula(case$arguments$formula$formula), data)
  x <- unname(stats::model.matrix(attr(frame, "terms"), frame)[, -1, drop = FALSE])
  observed <- stats::model.response(frame)
  classes <- is.factor(observed)
  codes <- if (classes) as.integer(observed) else rep(1L, nrow(x))
  y <- if (!classes) {
    as.matrix(observed)
  } else if (nlevels(observed) == 2) {
    as.matrix(codes - 1)
  } else {
    nnet::class.ind(observed)
  }
  passed <- options[intersect(names(options), c("maxit", "linout", "skip"))]
  passed <- c(passed, list(entropy = classes && ncol(y) == 1, softmax = ncol(y) > 1, trace = FALSE))
  rang <- if (is.null(options$rang)) 0.7 else options$rang
  repeats <- if (is.null(options$repeats)) 1 else options$repeats
  metric <- if (!is.null(options$metric)) options$metric else if (classes) "accuracy" else "rmse"
  grid <- expand.grid(decay = options$decay, size = options$size)
  counts <- grid$size * (1 + ncol(x)) + ncol(y) * (1 + grid$size + if (isTRUE(options$skip)) ncol(x) else 0)
  fit <- function(rows, at, start) {
    do.call(nnet::nnet, c(
      list(x[rows, , drop = FALSE], y[rows, , drop = FALSE], Wts = start, size = grid$size[[at]]),
      decay = grid$decay[[at]], passed
    ))
  }
  set.seed(case$seed)
  resamples <- draw_resamples(options, codes)
  starts <- lapply(counts, function(n) {
    replicate(length(resamples) * repeats, stats::runif(n, -rang, rang), simplify = FALSE)
  })
  value <- found <- numeric()
  mean <- std_error <- numeric()
  for (at in seq_along(counts)) {
    chosen <- numeric()
    for (i in seq_along(resamples)) {
      fits <- lapply(starts[[at]][(i - 1) * repeats + seq_len(repeats)], fit, rows = resamples[[i]], at = at)
      values <- vapply(fits, `[[`, 1, "value")
      judged <- vapply(fits, function(fit) {
        p <- predict(fit, x[-resamples[[i]], , drop = FALSE])
        metric_of(metric, p, y[-resamples[[i]], , drop = FALSE], classes)
      }, 1)
      value <- c(value, values)
      found <- c(found, judged)
      chosen <- c(chosen, judged[[which.min(values)]])
    }
    mean <- c(mean, base::mean(chosen))
    std_error <- c(std_error, stats::sd(chosen) / sqrt(length(chosen)))
  }
  best <- order(if (metric %in% c("rmse", "mae", "log_loss")) mean else -mean, grid$size, -grid$decay)[[1]]
  final <- replicate(repeats, stats::runif(counts[[best]], -rang, rang), simplify = FALSE)
  final <- lapply(final, fit, rows = seq_len(nrow(x)), at = best)
  final <- final[[which.min(vapply(final, `[[`, 1, "value"))]]
  list(
    name = case$name, metric = metric, value = I(value), judged = I(found), mean = I(mean), std_error = I(std_error),
    size = grid$size[[best]], decay = grid$decay[[best]], wts = I(final$wts)
  )
}

write_reference <- function(values, file) {
  text <- jsonlite::toJSON(values, digits = NA, na = "null", auto_unbox = TRUE)
  # a line a case, so that changes can be read
  writeLines(gsub("},{\"name\"", "},\n{\"name\"", text, fixed = TRUE), file.path(shared, "references", file))
}

read_cases <- function(file) jsonlite::fromJSON(file.path(shared, file), simplifyVector = FALSE)

students <- utils::read.csv(file.path(shared, "data", "students.csv"), stringsAsFactors = TRUE)
write_reference(lapply(read_cases("splits.json"), split_reference), "splits.json")
write_reference(lapply(read_cases("tuning.json"), tuning_reference, data = students), "tuning.json")
