# Names in a formula that are neither columns nor vectors of as many values: the values of the session under them, as
# R's own models read them whenever they predict. A fit stores their names and hashes.

constants_of_r <- c("T", "F", "pi", "letters", "LETTERS", "month.name", "month.abb")

session_constants <- function(terms, data) {
  names <- if (is.data.frame(data)) setdiff(all.vars(terms), c(names(data), constants_of_r))
  names <- Filter(function(name) length(get0(name, envir = environment(terms))) != nrow(data), names)
  vapply(names, function(name) rlang::hash(get0(name, envir = environment(terms))), "")
}

# The names that new data must hold.
required_names <- function(object, newdata) {
  terms <- stats::delete.response(object$terms)
  constants <- names(object$tidydl$constants)
  constants <- constants[vapply(constants, is_variable, logical(1), environment(terms))]
  setdiff(names_predicted(terms), c(names(newdata), constants_of_r, constants))
}

# A call that keeps its knots or its degree reads only those.
names_predicted <- function(terms) {
  predicted <- attr(terms, "predvars")
  all.vars(if (is.null(predicted)) terms else predicted)
}

warn_changed_constants <- function(object, newdata) {
  constants <- object$tidydl$constants
  used <- setdiff(intersect(names(constants), names_predicted(stats::delete.response(object$terms))), names(newdata))
  now <- vapply(used, function(name) rlang::hash(get0(name, envir = environment(object$terms))), "")
  changed <- used[now != constants[used]]
  if (length(changed)) {
    warn_tidydl(sprintf(
      "'%s' of your session, which the formula reads, has changed since the fit; its value now is used.", changed[[1]]
    ))
  }
}

warn_of_constants <- function(fit) {
  fit <- first_network(fit)
  names <- intersect(names(fit$tidydl$constants), names_predicted(stats::delete.response(fit$terms)))
  if (length(names)) {
    quoted <- paste0("'", names, "'", collapse = ", ")
    warn_tidydl(sprintf(
      "The formula reads %s of your session, which the file does not keep: `newdata` must then hold it as a column.",
      quoted
    ))
  }
}
