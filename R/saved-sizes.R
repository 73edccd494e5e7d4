# How much an expression of a file can make, told from its text alone.

# Refuses calls whose numbers ask for more than is allowed; numbers that are computed could be any.
vet_sizes <- function(name, arguments, call) {
  refuse <- function(most, unit) {
    refuse_size("asks for too much in '%s'", short_code(as.call(c(as.name(name), arguments))), most, unit, call)
  }
  switch(name,
    poly = {
      degrees <- sizes_in(arguments[-1L], "coefs")
      read <- arguments[!vapply(arguments, is_size, logical(1)) & !names_of(arguments) %in% poly_options]
      variables <- sum(vapply(read, columns_bound, double(1)))
      if (any(degrees > most_degree)) refuse(most_degree, "as the degree")
      if (variables > 1 && (max(1, degrees) + 1)^variables > most_products) refuse(most_products, "products")
    },
    ns = ,
    bs = if (any(sizes_in(arguments[-1L], c("knots", "Boundary.knots")) > most_degree)) {
      refuse(most_degree, "degrees of freedom")
    },
    cut = if (any(sizes_in(lists_apart(arguments[-1L])) > most_breaks)) refuse(most_breaks, "breaks"),
    interaction = if (sum(all_calls(arguments) == "interaction") > 0 || length(arguments) > most_factors) {
      refuse(most_factors, "factors in one interaction()")
    },
    NULL
  )
}

poly_options <- c("degree", "coefs", "raw", "simple")

# How many columns an argument has that is none of the user's matrices: those that cbind() puts together.
columns_bound <- function(expression) {
  if (!is.call(expression)) {
    return(1)
  }
  inside <- vapply(as.list(expression)[-1L], columns_bound, double(1))
  if (called_name(expression[[1L]]) == "cbind") sum(inside) else max(1, inside)
}

names_of <- function(arguments) if (is.null(names(arguments))) rep("", length(arguments)) else names(arguments)

all_calls <- function(arguments) unlist(lapply(arguments, all.names, functions = TRUE, max.names = 1000L))

is_size <- function(argument) is.numeric(argument) || is.call(argument) && !has_variable(argument)

# The numbers among arguments: infinite where they are computed of numbers, or given under the name of a size.
sizes_in <- function(arguments, exempt = character()) {
  named <- names_of(arguments)
  sizes <- Map(function(argument, name) {
    if (name %in% exempt) {
      return(NULL)
    }
    if (is.numeric(argument)) {
      return(abs(argument))
    }
    if (is.call(argument) && (nzchar(name) || !has_variable(argument))) Inf
  }, arguments, named)
  sizes <- unlist(sizes)
  ifelse(is.na(sizes), Inf, sizes)
}

# Breaks and labels that are listed one by one are no numbers of breaks.
lists_apart <- function(arguments) {
  listed <- vapply(arguments, function(argument) {
    is.call(argument) && identical(argument[[1L]], quote(c)) && length(argument) > 2L &&
      all(vapply(as.list(argument)[-1L], is_one_value, logical(1)))
  }, logical(1))
  signed <- vapply(arguments, function(argument) is.call(argument) && is_one_value(argument), logical(1))
  arguments[!listed & !(signed & vapply(arguments, is_negative, logical(1)))]
}

is_negative <- function(argument) is.call(argument) && identical(argument[[1L]], quote(`-`)) && length(argument) == 2L

# A literal, or arithmetic of literals.
is_one_value <- function(part) {
  if (!is.call(part)) {
    return(is.atomic(part) && length(part) == 1L)
  }
  called_name(part[[1L]]) %in% c("+", "-", "*", "/", "^", "(") &&
    all(vapply(as.list(part)[-1L], is_one_value, logical(1)))
}

# Whether something of the user's data is read; R's own constants are none.
has_variable <- function(expression) {
  any(!all.vars(expression) %in% constants_of_r)
}

# How many values an expression makes at most for each value of the data.
length_bound <- function(expression) {
  total <- 1
  while (is.call(expression) && is_operator(name <- called_name(expression[[1L]])) && length(expression) == 3L) {
    total <- max(total, if (name == ":") range_bound(expression) else 1, length_bound(expression[[3L]]))
    expression <- expression[[2L]]
  }
  if (!is.call(expression)) {
    return(total)
  }
  arguments <- as.list(expression)[-1L]
  arguments <- arguments[!gaps(arguments)]
  max(total, call_bound(called_name(expression[[1L]]), arguments))
}

call_bound <- function(name, arguments) {
  inside <- vapply(arguments, length_bound, double(1))
  switch(name,
    rep = prod(inside[1L], times_in(arguments[-1L])),
    seq = ,
    seq_len = seq_bound(arguments),
    c = ,
    cbind = ,
    list = sum(1, inside),
    max(1, inside)
  )
}

range_bound <- function(expression) {
  ends <- as.list(expression)[-1L]
  constant <- vapply(ends, function(end) !is.symbol(end) && !has_variable(end), logical(1))
  if (!any(constant)) 1 else max(vapply(ends[constant], literal_size, double(1)))
}

# The size of a number as it stands; one that is computed could be any.
literal_size <- function(part) {
  if (is_negative(part) && is.numeric(part[[2L]])) {
    part <- part[[2L]]
  }
  if (is.numeric(part) && !is.na(part)) abs(part) else Inf
}

times_in <- function(arguments) {
  vapply(arguments, function(argument) {
    if (is.symbol(argument) || is.numeric(argument)) {
      return(if (is.symbol(argument)) 1 else max(1, literal_size(argument)))
    }
    listed <- is.call(argument) && identical(argument[[1L]], quote(c))
    if (listed) sum(vapply(as.list(argument)[-1L], literal_size, double(1))) else Inf
  }, double(1))
}

seq_bound <- function(arguments) {
  arguments <- arguments[!vapply(arguments, is.symbol, logical(1))]
  sizes <- vapply(arguments, literal_size, double(1))
  known <- sizes[sizes > 0]
  if (length(known)) max(1, known) / min(1, known) else 1
}

# How many terms the operators of a formula make at most, counted without making them. A long sum is walked.
terms_bound <- function(expression) {
  total <- 0
  while (is.call(expression) && called_name(expression[[1L]]) %in% c("+", "-") && length(expression) == 3L) {
    total <- total + terms_bound(expression[[3L]])
    expression <- expression[[2L]]
  }
  total + terms_of_one(expression)
}

terms_of_one <- function(expression) {
  name <- if (is.call(expression)) called_name(expression[[1L]]) else ""
  if (!name %in% term_operators) {
    return(if (identical(expression, quote(.))) dot_columns else 1)
  }
  left <- terms_bound(expression[[2L]])
  if (length(expression) < 3L) {
    return(left)
  }
  if (name == "^") {
    return(power_bound(left, expression[[3L]]))
  }
  right <- terms_bound(expression[[3L]])
  switch(name,
    "/" = left + right,
    "*" = left + right + left * right,
    left * right
  )
}

term_operators <- c("+", "-", "/", "*", ":", "%in%", "^", "(")
dot_columns <- 50 # of data that are not known here

power_bound <- function(terms, power) {
  if (!is.numeric(power) || is.na(power) || power > most_terms) {
    return(Inf)
  }
  if (terms > most_terms) terms else sum(choose(terms, seq_len(min(power, terms))))
}
