# The call of a saved network.

# The call is shown, and run again by update() alone. What is neither a name nor a value nor listed becomes a name,
# which shows what it was and cannot be run.
add_call <- function(fit, part) {
  if (!is_saved_null(part, "arguments")) {
    given <- part_in(part, "arguments")$values
    fit$tidydl$arguments <- lapply(given, function(each) if (!is.list(each)) one_json(each))
  }
  fit$call <- if (is_saved_null(part, "text")) made_call(fit) else read_call(saved_text(part, "text"))
  fit
}

made_call <- function(fit) {
  data <- list(x = quote(x), y = quote(y))
  if (!is.null(fit$terms)) {
    formula <- stats::formula(fit$terms)
    attributes(formula) <- NULL
    data <- list(formula = formula, data = quote(data))
  }
  as.call(c(quote(nnet), data, size = fit$n[[2]], if (is_skip(fit)) list(skip = TRUE)))
}

read_call <- function(text) {
  call <- tryCatch(str2lang(text), error = function(cnd) NULL)
  if (!is.call(call) || !deparse1(call[[1L]]) %in% fitting_functions) {
    return(quote(nnet()))
  }
  arguments <- as.list(call)[-1L]
  given <- names(arguments)
  as.call(c(call[[1L]], Map(tamed, arguments, if (is.null(given)) "" else given)))
}

fitting_functions <- c(
  "nnet", "multinom", "nnet.formula", "nnet.default", "nnet::nnet", "nnet::multinom", "tidydl::nnet", "tidydl::multinom"
)
call_functions <- c("~", "list", "$", "[", "[[", "as.matrix", "class.ind", "rep", "seq", "seq_len")
contrast_words <- c("list", "c", "::", "stats")
na_functions <- c("na.omit", "na.exclude", "na.fail", "na.pass")
na_words <- c(na_functions, "omit", "exclude", "fail")

tamed <- function(expression, name) {
  right <- switch(name,
    na.action = if (is.character(expression)) all(expression %in% na_words) else is_na_function(expression),
    contrasts = all(c(all.names(expression), texts_in(expression)) %in% c(contrast_functions, contrast_words)),
    is_tame(expression)
  )
  if (right) {
    return(expression)
  }
  shown <- deparse1(expression)
  as.name(if (is.symbol(expression)) sprintf("(%s)", shown) else shown)
}

is_na_function <- function(expression) called_name(expression) %in% na_functions

texts_in <- function(expression) {
  if (is.call(expression)) {
    return(unlist(lapply(as.list(expression)[-1L], texts_in)))
  }
  if (is.character(expression)) expression
}

is_tame <- function(expression) {
  if (!is.call(expression)) {
    return(is.symbol(expression) || is.atomic(expression))
  }
  arguments <- unname(as.list(expression)[-1L])
  left_out <- vapply(seq_along(arguments), function(i) identical(arguments[i], list(rlang::missing_arg())), logical(1))
  called_name(expression[[1L]]) %in% c(formula_functions, call_functions) &&
    all(vapply(arguments[!left_out], is_tame, logical(1)))
}
