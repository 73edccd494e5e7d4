# What is saved of a multinomial model: a network, and what multinom() adds. A model frame, which is data, is left out.

model_content <- function(fit) {
  content <- network_content(fit)
  content$weights <- numbers_json(fit$weights)
  content["hessian"] <- list(NULL)
  content$design$columns <- setdiff(fit$vcoefnames, "(Intercept)")
  arguments <- as.list(fit$call)[-1L]
  content$call$given <- unname(Map(
    function(name, value) list(name = one_json(name), value = one_json(deparse1(value, backtick = TRUE))),
    names(arguments), arguments
  ))
  content$multinom <- list(
    classes = multinom_classes(fit), offsets = fit$coefnames[-seq_along(fit$vcoefnames)],
    deviance = number_json(fit$deviance), rank = number_json(fit$rank), edf = number_json(fit$edf),
    AIC = number_json(fit$AIC), information = numbers_json(t(information_of(fit))),
    hess = one_json(!is.null(fit$Hessian))
  )
  content
}

# Package nnet keeps it only where it was asked for; else its data are needed again.
information_of <- function(fit) {
  if (!is.null(fit$tidydl$information)) {
    return(fit$tidydl$information)
  }
  tryCatch(
    multinom_information(stats::model.matrix(fit), fit$fitted.values, as.vector(fit$weights)),
    error = function(cnd) {
      abort_tidydl(
        "argument", "`fit` is a model of package nnet, and its data are not found again.",
        "A model of tidydl's multinom(), which keeps what is needed.",
        call = quote(save_model())
      )
    }
  )
}

model_of <- function(part) {
  fit <- values_of(part)
  added <- part_in(part, "multinom")
  design <- part_in(part, "design")
  columns <- saved_texts(design, "columns")
  if (is_saved_null(design, "formula")) {
    not_saved_as(design, "formula", "a formula with a response")
  }
  fit <- add_design(fit, design, length(columns))
  fit <- add_components(fit, part, added, columns)
  fit$call <- read_call(saved_text(part_in(part, "call"), "text"))
  about <- fit$tidydl
  fit <- c(fit[intersect(model_components, names(fit))], list(tidydl = about))
  structure(fit, class = c("tidydl_multinom", "multinom", "nnet"))
}

add_components <- function(fit, part, added, columns) {
  binary <- fit$n[[3]] == 1
  intercept <- attr(fit$terms, "intercept") == 1
  classes <- saved_texts(added, "classes", distinct = TRUE)
  if (length(classes) != max(fit$n[[3]], 2)) {
    damaged(part, sprintf("'multinom$classes' has %d values for %.0f outputs", length(classes), fit$n[[3]]))
  }
  fit$vcoefnames <- c(if (intercept) "(Intercept)", columns)
  fit$coefnames <- c(fit$vcoefnames, saved_texts(added, "offsets"))
  coefficients <- (length(classes) - 1) * length(fit$vcoefnames)
  offsets <- length(fit$coefnames) - length(fit$vcoefnames)
  fits <- length(fit$coefnames) == fit$n[[1]] && sum(fit$tidydl$mask) == coefficients
  if (!fits || !offsets %in% c(0, fit$n[[3]])) {
    damaged(part, "'n' does not fit the model")
  }
  information <- saved_matrix(added, "information", coefficients, coefficients)
  dimnames(information) <- rep(list(coefficient_names(classes, fit$vcoefnames, binary)), 2L)
  fit$tidydl$information <- information
  if (saved_flag(added, "hess")) fit$Hessian <- information
  fit$weights <- saved_numbers(part, "weights", nrow(fit$residuals))
  if (!binary) {
    fit$lab <- classes
    if (!fit$censored) fit$weights <- matrix(fit$weights, dimnames = list(rownames(fit$fitted.values), NULL))
  }
  fit$deviance <- saved_number(added, "deviance")
  fit$rank <- as.integer(saved_whole(added, "rank", most_units))
  fit$edf <- saved_number(added, "edf")
  fit$AIC <- saved_number(added, "AIC")
  fit$na.action <- saved_left_out(part)
  fit
}

model_components <- c(
  "n", "nunits", "nconn", "conn", "nsunits", "decay", "entropy", "softmax", "censored", "value", "wts", "convergence",
  "fitted.values", "residuals", "lev", "call", "terms", "weights", "deviance", "rank", "lab", "coefnames",
  "vcoefnames", "na.action", "contrasts", "xlevels", "edf", "AIC", "Hessian"
)
