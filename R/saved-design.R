# The design of a saved network: its formula as text, and for each variable what new data need to become numbers.
# Nothing that a file holds is run when it is read, and a formula may call only what is listed here.

formula_functions <- c(
  "I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sign", "round", "floor", "ceiling", "trunc",
  "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "plogis", "qlogis", "pnorm", "qnorm",
  "factor", "ordered", "as.factor", "as.ordered", "as.numeric", "as.integer", "as.character", "as.logical", "cut",
  "relevel", "interaction", "ifelse", "is.na", "pmin", "pmax", "offset", "poly", "scale", "ns", "bs", "cbind", "c",
  "+", "-", "*", "/", "^", "(", ":", "%%", "%/%", "%in%", "<", ">", "<=", ">=", "==", "!=", "!", "&", "|"
)
contrast_functions <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")
variable_classes <- "^(numeric|factor|ordered|character|logical|other|nmatrix\\.[0-9]+)$"

# Refuses an expression that calls what is not listed.
vet_expression <- function(expression, whole = expression, call = quote(load_model())) {
  if (!is.call(expression)) {
    right <- is.symbol(expression) && nzchar(as.character(expression)) || is.atomic(expression)
    if (!right) refuse_call("function", whole, call)
    return(invisible())
  }
  name <- called_name(expression[[1L]])
  if (!name %in% formula_functions) {
    refuse_call(name, whole, call)
  }
  for (argument in as.list(expression)[-1L]) {
    vet_expression(argument, whole, call)
  }
}

# A name, as such or as of a package that such functions are in.
called_name <- function(called) {
  if (is.call(called) && identical(called[[1L]], quote(`::`)) && deparse1(called[[2L]]) %in% formula_packages) {
    called <- called[[3L]]
  }
  if (is.symbol(called)) as.character(called) else deparse1(called)
}

formula_packages <- c("base", "stats", "splines")

refuse_call <- function(name, whole, call) {
  close <- nearest_name(name, formula_functions)
  abort_tidydl(
    "formula",
    sprintf("`formula` calls '%s()' in '%s', which formulas may not do.", name, deparse1(whole, backtick = TRUE)),
    sprintf("The functions %s.", paste(grep("^[A-Za-z]", formula_functions, value = TRUE), collapse = ", ")),
    if (is.null(close)) "Make the column in the data frame first." else sprintf("Did you mean '%s'?", close),
    call = call
  )
}

# The variables of terms as expressions, under the names by which a file knows them.
term_variables <- function(terms) {
  variables <- as.list(attr(terms, "variables"))[-1L]
  stats::setNames(variables, vapply(variables, deparse1, "", backtick = TRUE, width.cutoff = 500L))
}

# The names by which a model frame knows them.
frame_names <- function(variables) {
  vapply(variables, function(each) {
    paste(deparse(each, width.cutoff = 500L, backtick = !is.symbol(each)), collapse = " ")
  }, "", USE.NAMES = FALSE)
}

design_content <- function(fit) {
  if (is.null(fit$terms)) {
    return(list(
      columns = as.character(fit$tidydl$inputs), formula = NULL, reads = list(), variables = list(), memory = list()
    ))
  }
  variables <- term_variables(fit$terms)
  for (each in variables) vet_expression(each, call = quote(save_model()))
  about <- list(names(variables), frame_names(variables))
  list(
    columns = as.character(fit$coefnames),
    formula = one_json(exact_text(stats::formula(fit$terms))),
    reads = all.vars(fit$terms),
    variables = c(
      unname(do.call(Map, c(variable_content, about, MoreArgs = list(list(fit = fit))))), weights_content(fit)
    ),
    memory = memory_content(variables, as.list(attr(fit$terms, "predvars"))[-1L])
  )
}

# Text from which R reads the same expression.
exact_text <- function(expression) {
  attributes(expression) <- NULL
  text <- deparse1(expression, backtick = TRUE, width.cutoff = 500L)
  same <- identical(str2lang(text), expression)
  if (same) text else deparse1(expression, backtick = TRUE, control = c("keepNA", "keepInteger", "digits17"))
}

variable_content <- function(name, in_frame, fit) {
  classes <- attr(fit$terms, "dataClasses")
  known <- in_frame %in% names(classes) # not of a variable that Python left out
  content <- list(name = one_json(name), class = if (known) one_json(classes[[in_frame]]))
  if (!is.null(fit$xlevels[[in_frame]])) {
    content$levels <- fit$xlevels[[in_frame]]
  }
  if (!is.null(fit$contrasts[[in_frame]])) {
    content$contrasts <- contrasts_content(fit$contrasts[[in_frame]], length(fit$xlevels[[in_frame]]))
  }
  content
}

weights_content <- function(fit) {
  known <- attr(fit$terms, "dataClasses")
  if ("(weights)" %in% names(known)) list(list(name = one_json("(weights)"), class = one_json(known[["(weights)"]])))
}

# By name; those whose numbers another language might round otherwise have the numbers too.
contrasts_content <- function(contrasts, levels) {
  if (is.character(contrasts)) {
    if (!contrasts %in% contrast_functions) {
      abort_tidydl(
        "argument", sprintf("`fit` has the contrasts '%s', which cannot be saved.", contrasts),
        one_of(contrast_functions), "Give `contrasts` as a matrix.",
        call = quote(save_model())
      )
    }
    if (contrasts != "contr.poly") {
      return(one_json(contrasts))
    }
    return(c(list(name = one_json(contrasts)), contrast_matrix_content(stats::contr.poly(levels))))
  }
  c(list(name = NULL), contrast_matrix_content(contrasts))
}

contrast_matrix_content <- function(x) {
  list(
    rows = as.character(rownames(x)), columns = as.character(colnames(x)), dim = dim(x), values = numbers_json(t(x))
  )
}

# What poly(), scale() and the splines have noted of the training data, as arguments of their calls.
memory_content <- function(variables, predicted) {
  noted <- vapply(seq_along(predicted), function(i) !identical(predicted[[i]], variables[[i]]), logical(1))
  unname(Map(function(name, variable, predicted) {
    arguments <- as.list(predicted)
    arguments <- arguments[nzchar(names(arguments))]
    given <- as.list(variable)
    same <- vapply(names(arguments), function(each) identical(arguments[[each]], given[[each]]), logical(1))
    list(call = one_json(name), arguments = arguments_content(arguments[!same]))
  }, names(variables)[noted], variables[noted], predicted[noted]))
}

arguments_content <- function(arguments) {
  named <- names(arguments)
  named <- if (is.null(named)) rep("", length(arguments)) else named
  unname(Map(function(name, value) c(list(name = one_json(name)), argument_content(value)), named, arguments))
}

argument_content <- function(value) {
  if (is.language(value)) {
    return(list(code = one_json(exact_text(value))))
  }
  if (is.list(value)) {
    return(list(list = arguments_content(value)))
  }
  kind <- switch(typeof(value), double = "numbers", integer = "wholes", logical = "flags", character = "texts")
  content <- list(if (is.numeric(value)) numbers_json(value) else unname(value))
  names(content) <- if (is.null(kind)) "numbers" else kind
  if (!is.null(names(value))) {
    content$names <- names(value)
  }
  content
}

argument_of <- function(part) {
  if ("code" %in% names(part$values)) {
    expression <- parsed(part, "code")
    vet_expression(expression)
    return(expression)
  }
  if ("list" %in% names(part$values)) {
    return(arguments_of(parts_in(part, "list")))
  }
  kind <- intersect(c("numbers", "wholes", "flags", "texts"), names(part$values))
  if (length(kind) != 1L) {
    damaged(part, sprintf("'%s' has no value", part$place))
  }
  value <- switch(kind,
    numbers = saved_numbers(part, kind),
    wholes = as.integer(saved_wholes(part, kind)),
    flags = saved_flags(part, kind, length(saved_list(part, kind))),
    texts = saved_texts(part, kind)
  )
  if (is_saved_null(part, "names")) value else stats::setNames(value, saved_texts(part, "names", length(value)))
}

arguments_of <- function(parts) {
  values <- lapply(parts, argument_of)
  named <- vapply(parts, saved_text, "", "name")
  if (any(nzchar(named))) stats::setNames(values, named) else unname(values)
}

parsed <- function(part, name) {
  text <- saved_text(part, name)
  tryCatch(str2lang(text), error = function(cnd) not_saved_as(part, name, "an expression of R's"))
}

# Gives a fit its terms and what belongs to them.
add_design <- function(fit, part, inputs) {
  columns <- saved_texts(part, "columns")
  if (is_saved_null(part, "formula")) {
    if (!length(columns) %in% c(0L, inputs)) {
      damaged(part, sprintf("'%s$columns' has %d values for %.0f", part$place, length(columns), inputs))
    }
    if (length(columns)) fit$tidydl$inputs <- columns
    return(fit)
  }
  terms <- terms_of(part)
  variables <- term_variables(terms)
  about <- variables_of(part, variables)
  in_frame <- frame_names(variables)
  fit$terms <- with_classes(terms, variables, about, in_frame, part)
  fit$coefnames <- saved_texts(part, "columns", inputs)
  contrasts <- known_of(about, in_frame, "contrasts", contrasts_of)
  fit$contrasts <- if (length(contrasts)) contrasts
  fit$xlevels <- known_of(about, in_frame, "levels", function(each) saved_texts(each, "levels", distinct = TRUE))
  if (number_of_columns(fit, in_frame) != inputs) {
    damaged(part, "'design$formula' makes another number of inputs")
  }
  fit
}

terms_of <- function(part) {
  formula <- parsed(part, "formula")
  if (!is.call(formula) || !identical(formula[[1L]], quote(`~`)) || length(formula) != 3L) {
    not_saved_as(part, "formula", "a formula with a response")
  }
  formula <- stats::as.formula(formula, env = globalenv())
  terms <- tryCatch(stats::terms(formula), error = function(cnd) not_saved_as(part, "formula", "a formula of R's"))
  for (each in term_variables(terms)) vet_expression(each)
  terms
}

# What the file says of each variable, found by how R writes it.
variables_of <- function(part, variables) {
  about <- parts_in(part, "variables")
  named <- vapply(about, saved_text, "", "name")
  written <- vapply(named, function(text) {
    tryCatch(deparse1(str2lang(text), backtick = TRUE, width.cutoff = 500L), error = function(cnd) text)
  }, "", USE.NAMES = FALSE)
  lacking <- setdiff(names(variables), written)
  if (length(lacking)) {
    damaged(part, sprintf("'%s$variables' lacks '%s'", part$place, lacking[[1]]))
  }
  for (each in about) {
    known <- is_saved_null(each, "class") || grepl(variable_classes, saved_text(each, "class"))
    if (!known) not_saved_as(each, "class", "known")
  }
  stats::setNames(about, written)[c(names(variables), intersect("(weights)", named))]
}

with_classes <- function(terms, variables, about, in_frame, part) {
  memory <- memory_of(part)
  attr(terms, "predvars") <- as.call(c(quote(list), unname(lapply(variables, remembering, memory))))
  names(about) <- c(in_frame, if (length(about) > length(in_frame)) "(weights)")
  about <- about[!vapply(about, is_saved_null, logical(1), "class")] # of a variable taken out by a minus
  attr(terms, "dataClasses") <- vapply(about, saved_text, "", "class")
  terms
}

# The arguments that calls have noted, by how R writes the calls.
memory_of <- function(part) {
  noted <- parts_in(part, "memory")
  calls <- vapply(noted, function(each) deparse1(parsed(each, "call"), backtick = TRUE, width.cutoff = 500L), "")
  stats::setNames(lapply(noted, function(each) arguments_of(parts_in(each, "arguments"))), calls)
}

# Gives calls what they have noted. That of others, such as as.numeric(), is Python's alone.
remembering <- function(expression, memory) {
  if (!is.call(expression)) {
    return(expression)
  }
  noted <- memory[[deparse1(expression, backtick = TRUE, width.cutoff = 500L)]]
  name <- called_name(expression[[1L]])
  for (i in seq_along(expression)[-1L]) {
    if (is.call(expression[[i]])) expression[[i]] <- remembering(expression[[i]], memory)
  }
  if (is.null(noted) || !name %in% c("poly", "scale", "ns", "bs")) {
    return(expression)
  }
  if (name %in% c("ns", "bs")) {
    expression <- expression[1:2] # the knots say all
  }
  expression[names(noted)] <- noted
  expression
}

known_of <- function(about, in_frame, name, read) {
  known <- !vapply(about[seq_along(in_frame)], is_saved_null, logical(1), name)
  stats::setNames(lapply(about[seq_along(in_frame)][known], read), in_frame[known])
}

contrasts_of <- function(part) {
  if (is.character(part$values$contrasts)) {
    return(saved_choice(part, "contrasts", contrast_functions))
  }
  given <- part_in(part, "contrasts")
  dim <- saved_wholes(given, "dim", 2L)
  values <- saved_matrix(given, "values", dim[[1]], dim[[2]])
  name <- function(which, length) if (length(saved_list(given, which))) saved_texts(given, which, length)
  names <- list(name("rows", dim[[1]]), name("columns", dim[[2]]))
  if (!is_saved_null(part, "levels") && dim[[1]] != length(saved_list(part, "levels"))) {
    damaged(part, sprintf("'%s$contrasts' does not fit the levels", part$place))
  }
  if (!is_saved_null(given, "name") && saved_choice(given, "name", contrast_functions) == "contr.poly") {
    if (identical(unname(stats::contr.poly(dim[[1]])), values)) {
      return("contr.poly")
    }
  }
  if (!all(vapply(names, is.null, logical(1)))) dimnames(values) <- names
  values
}

# How many columns the model matrix has besides the intercept, by the rules of model.matrix(), without making it.
number_of_columns <- function(fit, in_frame) {
  coding <- attr(fit$terms, "factors")
  if (!length(coding)) {
    return(0)
  }
  classes <- attr(fit$terms, "dataClasses")[in_frame]
  classes[is.na(classes)] <- "numeric"
  names(classes) <- in_frame
  levels <- vapply(in_frame, function(name) if (classes[[name]] == "logical") 2L else length(fit$xlevels[[name]]), 1L)
  labelled <- levels > 0
  contrasts <- vapply(seq_along(in_frame), function(i) {
    given <- fit$contrasts[[in_frame[[i]]]]
    if (is.matrix(given)) ncol(given) else levels[[i]] - 1
  }, double(1))
  numbers <- ifelse(grepl("^nmatrix", classes), as.double(sub("\\D+", "", classes)), 1)
  if (!attr(fit$terms, "intercept")) {
    first <- which(coding > 0 & labelled, arr.ind = TRUE)
    if (length(first)) coding[first[1L, , drop = FALSE]] <- 2L
  }
  widths <- function(codes) prod(ifelse(labelled, ifelse(codes == 2, levels, contrasts), numbers)[codes > 0])
  sum(apply(coding, 2L, widths))
}
