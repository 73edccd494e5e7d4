# The saved contents of each kind of fitted network, and how they are read (python/tidydl/networks/saved/networks.py).

saved_kind <- function(fit) {
  kinds <- c(averaged = "tidydl_averaged", multinom = "multinom", nnet = "nnet")
  utils::head(names(kinds)[vapply(kinds, inherits, logical(1), x = fit)], 1L)
}

kind_content <- function(fit, kind) {
  switch(kind, nnet = network_content, multinom = model_content, averaged = average_content)(fit)
}

network_content <- function(fit) {
  about <- fit$tidydl
  row_names <- rownames(fit$fitted.values)
  left_out <- fit$na.action
  list(
    n = many(as.integer(fit$n)), skip = is_skip(fit), loss = loss_of(fit), wts = many(as.double(fit$wts)),
    decay = many(as.double(fit$decay)), mask = many(network_mask(fit)), value = as.double(fit$value),
    convergence = as.integer(fit$convergence),
    # components with rows, row by row
    rows = nrow(fit$fitted.values), fitted = many(t(fit$fitted.values)), residuals = many(t(fit$residuals)),
    weights = if (!is.null(about$weights)) many(as.double(about$weights)),
    row_names = if (!is.null(row_names)) list(kind = "text", labels = many(row_names)),
    left_out = if (length(left_out)) {
      labels <- many(as.character(names(left_out)))
      list(rows = many(as.integer(left_out)), labels = labels, exclude = inherits(left_out, "exclude"))
    },
    levels = many(fit$lev), response = unname(nnet_response(fit)), outputs = many(colnames(fit$fitted.values)),
    output_names = many(names_for_python(fit)), design = design_content(fit),
    call = list(
      text = if (is.call(fit$call)) deparse1(saved_call(fit), backtick = TRUE), arguments = about$arguments
    ),
    # about the fit; for a fit of package nnet little is known
    iterations = about$iterations, evaluations = about$evaluations,
    curve = list(iteration = many(as.integer(about$curve$iteration)), value = many(as.double(about$curve$value))),
    seconds = as.double(if (is.null(about$seconds)) NA else about$seconds),
    engine = if (is.null(about$engine)) "r" else about$engine,
    device = if (is.null(about$device)) "cpu" else about$device,
    hessian = if (!is.null(fit$Hessian)) many(t(fit$Hessian))
  )
}

# The call without data; of a fit of package nnet it may hold the function itself.
saved_call <- function(fit) shown_call(with_name(fit$call, if (inherits(fit, "multinom")) "multinom" else "nnet"))

# Python names a single output as well: by the second class, or by the response.
names_for_python <- function(fit) {
  if (inherits(fit, "multinom")) {
    return(utils::tail(multinom_classes(fit), fit$n[[3]]))
  }
  if (fit$n[[3]] == 1 && is.null(class_levels(fit))) nnet_response(fit) else output_names(fit)
}

loss_of <- function(fit) {
  kinds <- c(censored = fit$censored, softmax = fit$softmax, entropy = fit$entropy, linear = fit$nsunits < fit$nunits)
  c(names(kinds)[kinds], "least squares")[[1L]]
}

# A network, and what multinom() adds. The model frame, which is data, is omitted.
model_content <- function(fit) {
  content <- network_content(fit)
  content$weights <- many(as.double(fit$weights))
  content["hessian"] <- list(NULL)
  content$design$columns <- many(setdiff(fit$vcoefnames, "(Intercept)"))
  arguments <- as.list(saved_call(fit))[-1L]
  content$call$given <- unname(Map(
    function(name, value) list(name = name, value = deparse1(value, backtick = TRUE)),
    names(arguments), arguments
  ))
  content$multinom <- list(
    classes = many(multinom_classes(fit)), offsets = many(fit$coefnames[-seq_along(fit$vcoefnames)]),
    deviance = as.double(fit$deviance), rank = as.integer(fit$rank), edf = as.double(fit$edf),
    AIC = as.double(fit$AIC), information = many(t(information_of(fit))), hess = !is.null(fit$Hessian)
  )
  content
}

# Package nnet keeps it only if requested; else its data are needed again.
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

average_content <- function(fit) {
  list(
    fits = lapply(fit$fits, network_content), fitted = many(t(fit$fitted.values)), residuals = many(t(fit$residuals))
  )
}

# A vector that stays one in Python, also of length 1; NULL as it is.
many <- function(x) {
  if (is.null(x)) {
    return(NULL)
  }
  if (is.matrix(x)) {
    storage.mode(x) <- "double"
  }
  array(as.vector(unname(x)), length(x))
}
