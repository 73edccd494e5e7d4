# Fitted networks from what Python has read from a file and checked (python/tidydl/networks/saved/crossing.py).

fitted_of <- function(kind, network) {
  switch(kind, nnet = network_of, multinom = model_of, averaged = average_of)(network)
}

network_of <- function(saved) {
  fit <- add_design(values_of(saved), saved$design)
  fit$tidydl$weights <- saved$weights
  if (length(saved$call$arguments)) fit$tidydl$arguments <- saved$call$arguments
  fit$Hessian <- saved$hessian
  fit$na.action <- left_out_of(saved$left_out)
  fit$call <- parsed(saved$call$text)
  in_order(fit)
}

tell_other_size <- function(saved) {
  other_size <- saved$call$other_size
  if (!is.null(other_size)) {
    text <- "The call gives `size` as '%s'; update() takes that of the network, %.0f."
    rlang::inform(printable(sprintf(text, other_size, saved$n[[2]])), class = "tidydl_message")
  }
}

# What all networks have, except the design.
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

# The components in the order of nnet().
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

average_of <- function(saved) {
  fits <- lapply(saved$fits, network_of)
  average <- average_fits(fits, fits[[1]]$fitted.values)
  average$fitted.values[] <- saved$fitted
  average$residuals[] <- saved$residuals
  average
}

model_of <- function(saved) {
  fit <- add_components(add_design(values_of(saved), saved$design), saved, saved$multinom)
  fit$call <- parsed(saved$call$text)
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

# Adds the terms and related components to a fit.
add_design <- function(fit, design) {
  if (is.null(design$formula)) {
    if (length(design$columns)) fit$tidydl$inputs <- design$columns
    return(fit)
  }
  terms <- stats::terms(structure(parsed(design$formula), class = "formula", .Environment = globalenv()))
  variables <- term_variables(terms)
  in_frame <- frame_names(variables)
  about <- variables_of(design$variables, names(variables))
  fit$terms <- with_classes(terms, variables, lapply(about, `[[`, "class"), in_frame, design$memory)
  fit$coefnames <- design$columns
  about <- stats::setNames(about[seq_along(in_frame)], in_frame)
  contrasts <- lapply(Filter(Negate(is.null), lapply(about, `[[`, "contrasts")), contrasts_of)
  fit$contrasts <- if (length(contrasts)) contrasts
  fit$xlevels <- Filter(Negate(is.null), lapply(about, `[[`, "levels"))
  fit
}

# Text that becomes code: Python has checked and rewritten it. A last check: it calls only what is listed.
parsed <- function(text) {
  expression <- str2lang(text)
  check_calls(expression)
  expression
}

check_calls <- function(expression) {
  while (is.call(expression)) { # a long sum is deep on its left
    called <- expression[[1L]]
    if (is_of_package(called) && as.character(called[[2L]]) %in% known_packages) called <- called[[3L]]
    is_allowed <- is.symbol(called) && as.character(called) %in% known_functions
    if (!is_allowed && !(is_of_package(expression) && as.character(expression[[2L]]) %in% known_packages)) {
      rlang::abort(sprintf("it calls '%s'", deparse1(called)))
    }
    arguments <- as.list(expression)[-1L]
    for (each in Filter(is.call, arguments[-1L])) check_calls(each)
    expression <- if (length(arguments)) arguments[[1L]]
  }
}

# As in python/tidydl/design/r_functions.py and python/tidydl/networks/saved/r_calls.py.
known_packages <- c("base", "stats", "splines", "nnet", "tidydl")
known_functions <- c(
  "I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sign", "round", "floor", "ceiling", "trunc",
  "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "plogis", "qlogis", "pnorm", "qnorm",
  "factor", "ordered", "as.factor", "as.ordered", "as.numeric", "as.integer", "as.character", "as.logical", "cut",
  "relevel", "interaction", "ifelse", "is.na", "pmin", "pmax", "offset", "poly", "scale", "ns", "bs", "cbind", "c",
  "+", "-", "*", "/", "^", "(", ":", "%%", "%/%", "%in%", "<", ">", "<=", ">=", "==", "!=", "!", "&", "|", "~",
  "list", "$", "[", "[[", "as.matrix", "class.ind", "rep", "seq", "seq_len", "nnet", "nnet.formula", "nnet.default",
  "multinom", "contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS"
)

# The entry of each variable in the file, found by how R writes it.
variables_of <- function(variables, names) {
  named <- vapply(variables, function(each) as_r_writes(str2lang(each$name)), "")
  stopifnot(names %in% named)
  stats::setNames(variables, named)[c(names, intersect("(weights)", named))]
}

with_classes <- function(terms, variables, classes, in_frame, memory) {
  names(memory) <- vapply(memory, function(each) as_r_writes(str2lang(each$call)), "")
  attr(terms, "predvars") <- as.call(c(quote(list), lapply(unname(variables), remembering, memory)))
  names(classes) <- c(in_frame, if (length(classes) > length(in_frame)) "(weights)")
  attr(terms, "dataClasses") <- unlist(classes) # a variable taken out by a minus may have none
  terms
}

# Adds to calls what they keep of the training data.
remembering <- function(expression, memory) {
  if (!is.call(expression) || !length(memory)) {
    return(expression)
  }
  noted <- memory[[as_r_writes(expression)]]$arguments
  for (i in seq_along(expression)[-1L]) {
    if (is.call(expression[[i]])) expression[[i]] <- remembering(expression[[i]], memory)
  }
  if (length(noted) && utils::tail(as.character(expression[[1L]]), 1L) %in% c("ns", "bs")) {
    expression <- expression[1:2] # the knots say all
  }
  expression[names(noted)] <- noted
  expression
}

# By name, or the matrix; contr.poly by its name if R would compute the same numbers.
contrasts_of <- function(contrasts) {
  if (is.character(contrasts)) {
    return(contrasts)
  }
  values <- contrasts$values
  if (identical(contrasts$name, "contr.poly") && identical(unname(stats::contr.poly(nrow(values))), values)) {
    return("contr.poly")
  }
  names <- list(contrasts$rows, contrasts$columns)
  if (!all(vapply(names, is.null, logical(1)))) dimnames(values) <- names
  values
}
