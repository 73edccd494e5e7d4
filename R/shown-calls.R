# The calls of fits as they are shown and saved. do.call() puts functions and whole data frames into calls.

# A call with the name of the function in place of the function itself.
with_name <- function(call, name) {
  if (!is.symbol(call[[1L]]) && !is_of_package(call[[1L]])) {
    call[[1L]] <- as.name(name)
  }
  call
}

is_of_package <- function(called) is.call(called) && as.character(called[[1L]])[[1L]] %in% c("::", ":::")

# A call in which long values are replaced by a description.
shown_call <- function(call) {
  large <- vapply(as.list(call), is_large, logical(1))
  large[[1L]] <- FALSE
  call[large] <- lapply(as.list(call)[large], function(value) as.name(sprintf("<%s>", kind_of_value(value))))
  call
}

most_bytes_shown <- 1000 # about a hundred numbers

is_large <- function(value) {
  is.data.frame(value) || is.function(value) || is.environment(value) ||
    !is.language(value) && utils::object.size(value) > most_bytes_shown
}

kind_of_value <- function(value) {
  if (is.data.frame(value)) {
    return("data frame")
  }
  if (is.function(value)) {
    return("function")
  }
  if (is.matrix(value)) "matrix" else paste(length(value), "values")
}

#' @export
print.tidydl_multinom <- function(x, ...) {
  shown <- x
  if (is.call(x$call)) shown$call <- shown_call(x$call)
  method_of_nnet("print", "multinom")(shown, ...)
  invisible(x)
}

#' @export
summary.tidydl_multinom <- function(object, ...) {
  if (is.call(object$call)) object$call <- shown_call(object$call)
  method_of_nnet("summary", "multinom")(object, ...)
}

method_of_nnet <- function(generic, class) utils::getS3method(generic, class, envir = asNamespace("nnet"))
