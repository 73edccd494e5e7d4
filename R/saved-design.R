# The design of a network for its file: its formula as text, and for each variable what new data need to become numbers.

# The variables of terms as expressions, under their names in the file.
term_variables <- function(terms) {
  variables <- as.list(attr(terms, "variables"))[-1L]
  stats::setNames(variables, vapply(variables, as_r_writes, ""))
}

as_r_writes <- function(expression) deparse1(expression, backtick = TRUE, width.cutoff = 500L)

# Their names in a model frame.
frame_names <- function(variables) {
  vapply(variables, function(each) {
    paste(deparse(each, width.cutoff = 500L, backtick = !is.symbol(each)), collapse = " ")
  }, "", USE.NAMES = FALSE)
}

design_content <- function(fit) {
  if (is.null(fit$terms)) {
    return(list(
      columns = many(as.character(fit$tidydl$inputs)), formula = NULL, reads = list(), variables = list(),
      memory = list()
    ))
  }
  variables <- term_variables(fit$terms)
  classes <- attr(fit$terms, "dataClasses")
  about <- Map(variable_content, names(variables), frame_names(variables), MoreArgs = list(fit = fit))
  weights <- if ("(weights)" %in% names(classes)) list(list(name = "(weights)", class = classes[["(weights)"]]))
  list(
    columns = many(as.character(fit$coefnames)),
    formula = exact_text(stats::formula(fit$terms)),
    reads = many(all.vars(fit$terms)),
    variables = c(unname(about), weights),
    memory = memory_content(variables, as.list(attr(fit$terms, "predvars"))[-1L])
  )
}

# Text from which R reads the same expression.
exact_text <- function(expression) {
  attributes(expression) <- NULL
  text <- deparse1(expression, backtick = TRUE, width.cutoff = 500L)
  same <- tryCatch(identical(str2lang(text), expression), error = function(e) FALSE) # some letters R will not parse
  if (same) text else deparse1(expression, backtick = TRUE, control = c("keepNA", "keepInteger", "digits17"))
}

variable_content <- function(name, in_frame, fit) {
  classes <- attr(fit$terms, "dataClasses")
  has_class <- in_frame %in% names(classes) # not of a variable that Python left out
  content <- list(name = name, class = if (has_class) classes[[in_frame]])
  if (!is.null(fit$xlevels[[in_frame]])) {
    content$levels <- many(fit$xlevels[[in_frame]])
  }
  if (!is.null(fit$contrasts[[in_frame]])) {
    content$contrasts <- contrasts_content(fit$contrasts[[in_frame]], length(fit$xlevels[[in_frame]]))
  }
  content
}

# By name, with their numbers if another language might round them differently.
contrasts_content <- function(contrasts, levels) {
  if (is.character(contrasts)) {
    allowed <- paste0("contr.", c("treatment", "sum", "helmert", "poly", "SAS"))
    if (!contrasts %in% allowed) {
      abort_tidydl(
        "argument", sprintf("`fit` has the contrasts '%s', which cannot be saved.", contrasts), one_of(allowed),
        "Give `contrasts` as a matrix.",
        call = quote(save_model())
      )
    }
    if (contrasts != "contr.poly") {
      return(unname(contrasts))
    }
    return(c(list(name = unname(contrasts)), contrast_matrix_content(stats::contr.poly(levels))))
  }
  c(list(name = NULL), contrast_matrix_content(contrasts))
}

contrast_matrix_content <- function(x) {
  list(
    rows = many(as.character(rownames(x))), columns = many(as.character(colnames(x))), dim = many(dim(x)),
    values = many(as.double(t(x)))
  )
}

# What poly(), scale() and the splines keep of the training data, as arguments of their calls.
memory_content <- function(variables, predicted) {
  noted <- vapply(seq_along(predicted), function(i) !identical(predicted[[i]], variables[[i]]), logical(1))
  unname(Map(function(name, variable, predicted) {
    arguments <- as.list(predicted)
    arguments <- arguments[nzchar(names(arguments))]
    same <- vapply(names(arguments), function(each) identical(arguments[[each]], variable[[each]]), logical(1))
    list(call = name, arguments = Filter(Negate(is.language), arguments[!same]))
  }, names(variables)[noted], variables[noted], predicted[noted]))
}
