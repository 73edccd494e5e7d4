# What is saved of a multinomial model: a network, and what multinom() adds. A model frame, which is data, is left out.

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
