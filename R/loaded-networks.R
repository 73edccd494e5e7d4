# Fitted networks out of what Python has read from a file and checked (python/tidydl/networks/saved/crossing.py).

fitted_of <- function(kind, network, file) {
  switch(kind,
    nnet = network_of(network, file),
    multinom = model_of(network, file),
    averaged = average_of(network, file)
  )
}

network_of <- function(saved, file) {
  fit <- values_of(saved)
  fit <- add_design(fit, saved$design, fit$n[[1]], file)
  fit$tidydl$weights <- saved$weights
  fit$Hessian <- saved$hessian
  fit$na.action <- left_out_of(saved$left_out)
  in_order(add_call(fit, saved$call, file))
}

# What all networks have, but the design.
values_of <- function(saved) {
  n <- saved$n
  plan <- list(
    n = n, skip = saved$skip, loss = saved$loss, decay = saved$decay, mask = saved$mask,
    response = list(levels = saved$levels, y = matrix(0, saved$rows, n[[3]], dimnames = list(NULL, saved$outputs))),
    x = matrix(0, saved$rows, 0, dimnames = list(saved$row_names, NULL)), Hess = FALSE
  )
  solution <- saved[c(
    "wts", "value", "convergence", "fitted", "iterations", "evaluations", "curve", "seconds", "engine", "device"
  )]
  fit <- nnet_record(plan, solution)
  fit$lev <- saved$levels
  fit$residuals[] <- saved$residuals
  fit
}

left_out_of <- function(left_out) {
  if (is.null(left_out)) {
    return(NULL)
  }
  rows <- stats::setNames(as.integer(left_out$rows), left_out$labels)
  structure(rows, class = if (left_out$exclude) "exclude" else "omit")
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

average_of <- function(saved, file) {
  first <- network_of(saved$fits[[1]], file)
  fits <- c(list(first), suppressMessages(lapply(saved$fits[-1L], network_of, file), "tidydl_message"))
  average <- finish_fits(average_fits(fits, fits[[1]]$fitted.values), identity)
  average$fitted.values[] <- saved$fitted
  average$residuals[] <- saved$residuals
  average
}

model_of <- function(saved, file) {
  fit <- values_of(saved)
  fit <- add_design(fit, saved$design, length(saved$design$columns), file)
  added <- saved$multinom
  if ((attr(fit$terms, "intercept") == 1) != added$intercept) {
    damaged(file, "'n' does not fit the model")
  }
  fit <- add_components(fit, saved, added)
  fit$call <- if (is.null(saved$call$text)) quote(multinom()) else read_call(saved$call$text, multinom = TRUE)
  about <- fit$tidydl
  fit <- c(fit[intersect(model_components, names(fit))], list(tidydl = about))
  structure(fit, class = c("tidydl_multinom", "multinom", "nnet"))
}

add_components <- function(fit, saved, added) {
  binary <- fit$n[[3]] == 1
  fit$vcoefnames <- c(if (added$intercept) "(Intercept)", saved$design$columns)
  fit$coefnames <- c(fit$vcoefnames, added$offsets)
  information <- added$information
  dimnames(information) <- rep(list(coefficient_names(added$classes, fit$vcoefnames, binary)), 2L)
  fit$tidydl$information <- information
  if (added$hess) fit$Hessian <- information
  fit$weights <- saved$weights
  if (!binary) {
    fit$lab <- added$classes
    if (!fit$censored) fit$weights <- matrix(fit$weights, dimnames = list(rownames(fit$fitted.values), NULL))
  }
  fit$deviance <- added$deviance
  fit$rank <- as.integer(added$rank)
  fit$edf <- added$edf
  fit$AIC <- added$AIC
  fit$na.action <- left_out_of(saved$left_out)
  fit
}

model_components <- c(
  "n", "nunits", "nconn", "conn", "nsunits", "decay", "entropy", "softmax", "censored", "value", "wts", "convergence",
  "fitted.values", "residuals", "lev", "call", "terms", "weights", "deviance", "rank", "lab", "coefnames",
  "vcoefnames", "na.action", "contrasts", "xlevels", "edf", "AIC", "Hessian"
)
