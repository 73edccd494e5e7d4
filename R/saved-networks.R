# What is saved of each kind of fitted network, and how it is read again (python/tidydl/networks/saved/networks.py).

saved_kind <- function(fit) {
  if (inherits(fit, "tidydl_averaged")) {
    return("averaged")
  }
  if (inherits(fit, "nnet")) {
    return(if (inherits(fit, "multinom")) "multinom" else "nnet")
  }
}

kind_content <- function(fit, kind) {
  switch(kind,
    nnet = network_content(fit),
    multinom = model_content(fit),
    averaged = average_content(fit)
  )
}

kind_of <- function(part, kind) {
  switch(kind,
    nnet = network_of(part),
    multinom = model_of(part),
    averaged = average_of(part)
  )
}

saved_kinds <- c("averaged", "multinom", "nnet")
saved_losses <- c("least squares", "linear", "entropy", "softmax", "censored")
most_units <- 1e9

network_content <- function(fit) {
  about <- fit$tidydl
  c(
    list(
      n = numbers_json(fit$n), skip = one_json(is_skip(fit)), loss = one_json(loss_of(fit)),
      wts = numbers_json(fit$wts), decay = numbers_json(fit$decay), mask = network_mask(fit),
      value = number_json(fit$value), convergence = number_json(fit$convergence)
    ),
    rows_content(fit),
    list(
      levels = fit$lev, response = one_json(nnet_response(fit)),
      outputs = colnames(fit$fitted.values), output_names = names_for_python(fit), design = design_content(fit),
      call = list(
        text = one_json(if (is.call(fit$call)) deparse1(fit$call, backtick = TRUE)), arguments = about$arguments
      )
    ),
    run_content(about),
    list(hessian = if (!is.null(fit$Hessian)) numbers_json(t(fit$Hessian)))
  )
}

# Python names a single output as well: by the second class, or by the response.
names_for_python <- function(fit) {
  if (inherits(fit, "multinom")) {
    return(utils::tail(multinom_classes(fit), fit$n[[3]]))
  }
  if (fit$n[[3]] == 1 && is.null(class_levels(fit))) nnet_response(fit) else output_names(fit)
}

# What there is a row of, row by row.
rows_content <- function(fit) {
  names <- rownames(fit$fitted.values)
  list(
    rows = number_json(nrow(fit$fitted.values)), fitted = numbers_json(t(fit$fitted.values)),
    residuals = numbers_json(t(fit$residuals)),
    weights = if (!is.null(fit$tidydl$weights)) numbers_json(fit$tidydl$weights),
    row_names = if (!is.null(names)) list(kind = one_json("text"), labels = names),
    left_out = left_out_content(fit$na.action)
  )
}

# How the fit went; of a fit of package nnet little is known.
run_content <- function(about) {
  given <- function(name, otherwise) if (is.null(about[[name]])) otherwise else about[[name]]
  list(
    iterations = number_json(given("iterations", NA)), evaluations = number_json(given("evaluations", NA)),
    curve = list(iteration = numbers_json(about$curve$iteration), value = numbers_json(about$curve$value)),
    seconds = number_json(given("seconds", NA)), engine = one_json(given("engine", "r")),
    device = one_json(given("device", "cpu"))
  )
}

loss_of <- function(fit) {
  if (fit$censored) {
    return("censored")
  }
  if (fit$softmax) {
    return("softmax")
  }
  if (fit$entropy) "entropy" else if (fit$nsunits < fit$nunits) "linear" else "least squares"
}

left_out_content <- function(left_out) {
  if (length(left_out)) {
    list(
      rows = numbers_json(left_out), labels = as.character(names(left_out)),
      exclude = one_json(inherits(left_out, "exclude"))
    )
  }
}

network_of <- function(part) {
  fit <- values_of(part)
  fit <- add_design(fit, part_in(part, "design"), fit$n[[1]])
  if (!is_saved_null(part, "weights")) {
    fit$tidydl$weights <- saved_numbers(part, "weights", nrow(fit$residuals))
  }
  if (!is_saved_null(part, "hessian")) {
    fit$Hessian <- saved_matrix(part, "hessian", length(fit$wts), length(fit$wts))
  }
  fit$na.action <- saved_left_out(part)
  in_order(add_call(fit, part_in(part, "call")))
}

# What all networks have, but the design.
values_of <- function(part) {
  loss <- saved_choice(part, "loss", saved_losses)
  n <- saved_wholes(part, "n", 3L)
  if (any(n < c(0, 0, if (loss %in% c("softmax", "censored")) 2 else 1) | n > most_units)) {
    damaged(part, "'n' does not fit the loss")
  }
  skip <- saved_flag(part, "skip")
  n_weights <- number_of_weights(n, skip)
  wts <- saved_numbers(part, "wts", n_weights) # before anything is made by its length
  plan <- list(
    n = n, skip = skip, loss = loss, decay = saved_decay(part, n_weights), mask = saved_flags(part, "mask", n_weights),
    response = list(levels = saved_levels(part, n, loss)), Hess = FALSE
  )
  fit <- nnet_record(with_rows(plan, part), saved_solution(part, wts, n))
  fit$lev <- plan$response$levels
  fit$residuals[] <- saved_matrix(part, "residuals", nrow(fit$residuals), n[[3]])
  one <- !is.null(fit$lev) && n[[3]] == 1
  if (one && !isTRUE(all(abs(fit$fitted.values + fit$residuals - 0.5) < 1))) {
    damaged(part, "'residuals' does not fit the levels")
  }
  fit
}

saved_decay <- function(part, n_weights) {
  decay <- saved_numbers(part, "decay")
  if (length(decay) == 1L) decay else saved_numbers(part, "decay", n_weights)
}

# Two of a logistic output, also where it was fitted to numbers, as in R.
saved_levels <- function(part, n, loss) {
  if (is_saved_null(part, "levels")) {
    return(NULL)
  }
  levels <- saved_texts(part, "levels", distinct = TRUE)
  if (length(levels) != (if (n[[3]] == 1 || loss == "entropy") 2 else n[[3]])) {
    damaged(part, sprintf("'levels' has %d values for %.0f outputs", length(levels), n[[3]]))
  }
  levels
}

# Row names, and columns of fitted values as R names them.
with_rows <- function(plan, part) {
  rows <- saved_whole(part, "rows", most_units)
  saved_numbers(part, "fitted", rows * plan$n[[3]]) # before a matrix of this size is made
  columns <- if (!is_saved_null(part, "outputs")) saved_texts(part, "outputs", plan$n[[3]])
  names <- if (!is_saved_null(part, "row_names")) saved_row_names(part_in(part, "row_names"), rows)
  plan$x <- matrix(0, rows, 0, dimnames = list(names, NULL))
  plan$response$y <- matrix(0, rows, plan$n[[3]], dimnames = list(NULL, columns))
  plan
}

saved_row_names <- function(part, rows) {
  if (saved_choice(part, "kind", c("whole", "text")) == "text") {
    return(saved_texts(part, "labels", rows))
  }
  sprintf("%.0f", saved_wholes(part, "labels", rows))
}

saved_solution <- function(part, wts, n) {
  curve <- part_in(part, "curve")
  iteration <- saved_wholes(curve, "iteration")
  list(
    wts = wts, value = saved_number(part, "value"), convergence = saved_whole(part, "convergence", 1),
    fitted = saved_matrix(part, "fitted", saved_whole(part, "rows", most_units), n[[3]]),
    iterations = saved_optional_whole(part, "iterations"), evaluations = saved_optional_whole(part, "evaluations"),
    curve = cbind(iteration, saved_numbers(curve, "value", length(iteration))), seconds = saved_number(part, "seconds"),
    engine = saved_text(part, "engine"), device = saved_text(part, "device")
  )
}

saved_left_out <- function(part) {
  if (is_saved_null(part, "left_out")) {
    return(NULL)
  }
  given <- part_in(part, "left_out")
  rows <- as.integer(saved_wholes(given, "rows"))
  names(rows) <- saved_texts(given, "labels", length(rows))
  structure(rows, class = if (saved_flag(given, "exclude")) "exclude" else "omit")
}

# The components in the order in which nnet() gives them.
in_order <- function(fit) {
  last <- c("lev", "Hessian", "tidydl", "call", "terms", "coefnames", "na.action", "contrasts", "xlevels")
  if (!is.null(fit$terms)) {
    after <- c("call", "na.action", "contrasts", "xlevels")
    last <- c(setdiff(last, after), after)
  }
  fit <- fit[c(setdiff(names(fit), last), intersect(last, names(fit)))]
  class(fit) <- c("tidydl_nnet", if (!is.null(fit$terms)) "nnet.formula", "nnet")
  fit
}

average_content <- function(fit) {
  list(
    fits = lapply(fit$fits, network_content), fitted = numbers_json(t(fit$fitted.values)),
    residuals = numbers_json(t(fit$residuals))
  )
}

average_of <- function(part) {
  fits <- lapply(parts_in(part, "fits"), network_of)
  alike <- vapply(fits, function(each) identical(each$n, fits[[1]]$n) && identical(each$lev, fits[[1]]$lev), logical(1))
  if (!length(fits) || !all(alike)) {
    damaged(part, "'fits' are not of one kind")
  }
  average <- finish_fits(average_fits(fits, fits[[1]]$fitted.values), identity)
  size <- dim(average$fitted.values)
  average$fitted.values[] <- saved_matrix(part, "fitted", size[[1]], size[[2]])
  average$residuals[] <- saved_matrix(part, "residuals", size[[1]], size[[2]])
  average
}
