# What calls of a formula have noted of the training data, out of a file: numbers that become arguments of poly(),
# scale() and the splines whenever R predicts. Each is vetted for the call that it belongs to, as
# python/tidydl/networks/saved/design.py does; that of others, such as as.numeric(), is Python's alone.

# The arguments that calls have noted, by how R writes the calls.
memory_of <- function(design, file) {
  noted <- design$memory
  calls <- vapply(noted, function(each) {
    expression <- vetted_text(each$call)
    if (is.null(expression)) damaged(file, sprintf("'%s$memory' is not an expression of R's", design$place))
    deparse1(expression, backtick = TRUE, width.cutoff = 500L)
  }, "")
  found <- Map(function(each, i) {
    place <- sprintf("%s$memory[%d]$arguments", design$place, i)
    list(given = arguments_of(each$arguments, file), place = place, file = file)
  }, noted, seq_along(noted))
  list(calls = stats::setNames(found, calls), place = sprintf("%s$memory", design$place), file = file)
}

arguments_of <- function(arguments, file) {
  values <- lapply(arguments, argument_of, file)
  named <- vapply(arguments, function(each) each$name, "")
  if (any(nzchar(named))) stats::setNames(values, named) else unname(values)
}

# Code is nothing that a call keeps; it is read to be refused as what it calls.
argument_of <- function(argument, file) {
  if (!is.null(argument$code)) {
    expression <- vetted_text(argument$code)
    if (is.null(expression)) damaged(file, "'design$memory' is not an expression of R's")
    return(expression)
  }
  if (!is.null(argument$list)) {
    return(arguments_of(argument$list, file))
  }
  values <- if (argument$whole) as.integer(argument$values) else argument$values
  if (is.null(argument$names)) values else stats::setNames(values, argument$names)
}

# A variable of the formula with what its calls have noted, `width` columns wide. R itself notes what the outermost
# call keeps, which therefore must be there; Python what those inside keep too.
remembering_whole <- function(variable, width, memory) {
  name <- if (is.call(variable)) called_name(variable[[1L]]) else ""
  text <- deparse1(variable, backtick = TRUE, width.cutoff = 500L)
  keeps <- !is.null(width) && name %in% names(memory_rules) && keeps_numbers(variable)
  if (keeps && is.null(memory$calls[[text]])) {
    damaged(memory$file, sprintf("'%s' lacks '%s'", memory$place, short_code(variable)))
  }
  remembering(variable, memory, width)
}

keeps_numbers <- function(call) {
  given <- as.list(call)[-1L]
  without <- given[names_of(given) %in% c("raw", "simple", "center", "scale")]
  !length(without) || called_name(call[[1L]]) == "scale" && !all(c("center", "scale") %in% names(without))
}

# Gives calls what they have noted.
remembering <- function(expression, memory, width = NULL) {
  if (!is.call(expression)) {
    return(expression)
  }
  noted <- memory$calls[[deparse1(expression, backtick = TRUE, width.cutoff = 500L)]]
  name <- called_name(expression[[1L]])
  vetted <- if (!is.null(noted) && name %in% names(memory_rules)) vetted_memory(noted, expression, name, width)
  for (i in seq_along(expression)[-1L]) {
    if (is.call(expression[[i]])) expression[[i]] <- remembering(expression[[i]], memory)
  }
  if (name %in% c("ns", "bs") && length(vetted)) {
    expression <- expression[1:2] # the knots say all
  }
  expression[names(vetted)] <- vetted
  expression
}

# The arguments that such a call keeps, each of the kind and the size that it has there.
vetted_memory <- function(noted, call, name, width) {
  given <- noted$given[names(noted$given) %in% names(memory_rules[[name]])]
  required <- if (name == "scale" && length(call) > 2L) character() else required_memory[[name]]
  right <- !anyDuplicated(names(given)) && all(required %in% names(given)) &&
    all(vapply(names(given), function(each) memory_rules[[name]][[each]](given[[each]]), logical(1)))
  if (!right || !has_width(given, call, name, width)) {
    damaged(noted$file, sprintf("'%s' does not fit '%s'", noted$place, short_code(call)))
  }
  given
}

are_finite <- function(x) is.numeric(x) && all(is.finite(x))

is_degree <- function(x) are_finite(x) && length(x) == 1L && x %in% seq_len(most_degree)

is_polynomial <- function(x) {
  is.list(x) && setequal(names(x), c("alpha", "norm2")) && are_finite(x$alpha) && are_finite(x$norm2[-1L]) &&
    length(x$alpha) %in% seq_len(most_degree) && length(x$norm2) == length(x$alpha) + 2L
}

# Of one variable, or of each of several.
are_polynomials <- function(x) is_polynomial(x) || is.list(x) && length(x) && all(vapply(x, is_polynomial, logical(1)))

is_range <- function(x) are_finite(x) && length(x) == 2L && x[[1L]] < x[[2L]]

are_per_column <- function(x) are_finite(x) && length(x)

is_flag <- function(x) is.logical(x) && length(x) == 1L && !is.na(x)

memory_rules <- list(
  poly = list(coefs = are_polynomials), scale = list(center = are_per_column, scale = are_per_column),
  ns = list(knots = are_finite, Boundary.knots = is_range, intercept = is_flag),
  bs = list(degree = is_degree, knots = are_finite, Boundary.knots = is_range, intercept = is_flag)
)
required_memory <- list(
  poly = "coefs", scale = c("center", "scale"), ns = c("knots", "Boundary.knots"),
  bs = c("degree", "knots", "Boundary.knots")
)

# Whether the numbers make as many columns as the variable has, where that is known, and a polynomial the degree that
# its call asks for.
has_width <- function(given, call, name, width) {
  if (name == "poly") {
    bases <- if (is_polynomial(given$coefs)) list(given$coefs) else given$coefs
    degrees <- vapply(bases, function(each) length(each$alpha), 1L)
    asked <- degree_asked(as.list(call)[-1L])
    made <- choose(length(bases) + degrees[[1L]], degrees[[1L]]) - 1
    return(all(degrees == degrees[[1L]]) && asked %in% c(NA, degrees[[1L]]) && made <= most_products &&
      (is.null(width) || made == width))
  }
  made <- if (name == "scale") {
    unique(lengths(given))
  } else {
    sum(if (name == "ns") 1 else given$degree, length(given$knots), isTRUE(given$intercept))
  }
  is.null(width) || all(made == width)
}

# The degree that stands in a call of poly(), NA where something else may be it.
degree_asked <- function(arguments) {
  named <- names_of(arguments)
  found <- arguments[named == "degree" | !nzchar(named) & vapply(arguments, is.numeric, logical(1))]
  if (length(found)) {
    return(if (is.numeric(found[[1L]])) found[[1L]] else NA)
  }
  if (sum(!named %in% poly_options) > 1L) NA else 1
}
