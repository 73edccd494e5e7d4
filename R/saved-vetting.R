# What a file may ask R to do: the one allow-list, of functions and of sizes, for formulas, for the call and for texts
# in it. R runs formulas whenever it predicts and the call when a model is fitted again, so nothing of a file becomes
# part of a network before it has passed here. Nothing is evaluated to find out.

formula_functions <- c(
  "I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sign", "round", "floor", "ceiling", "trunc",
  "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "plogis", "qlogis", "pnorm", "qnorm",
  "factor", "ordered", "as.factor", "as.ordered", "as.numeric", "as.integer", "as.character", "as.logical", "cut",
  "relevel", "interaction", "ifelse", "is.na", "pmin", "pmax", "offset", "poly", "scale", "ns", "bs", "cbind", "c",
  "+", "-", "*", "/", "^", "(", ":", "%%", "%/%", "%in%", "<", ">", "<=", ">=", "==", "!=", "!", "&", "|"
)
call_functions <- c("list", "$", "[", "[[", "as.matrix", "class.ind", "rep", "seq", "seq_len")
contrast_functions <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")
formula_packages <- c("base", "stats", "splines")

most_letters <- 1e6 # of a text that is read as code
most_terms <- 1e4 # of a formula, after its operators are expanded
most_chain <- 5000 # of a sum; R's own functions nest by each
most_steps <- 500 # of operators in a row, other than plus and minus
most_depth <- 100 # of calls inside calls
most_degree <- 100 # of poly() and of splines, and of their degrees of freedom
most_products <- 1e4 # of the powers of several variables inside one poly()
most_breaks <- 1000 # of cut()
most_factors <- 4 # of interaction()
most_values <- 1e6 # that rep(), seq() and : make

# Reads text as one expression that has passed; NULL where it is no expression at all.
vetted_text <- function(text, functions = formula_functions, call = quote(load_model())) {
  if (nchar(text, "bytes") > most_letters) {
    refuse_size("has %.0f letters", nchar(text, "bytes"), most_letters, "letters", call)
  }
  expression <- tryCatch(str2lang(text), error = function(cnd) NULL)
  if (is.null(expression)) {
    return(NULL)
  }
  vet_expression(expression, functions = functions, call = call)
  expression
}

# Refuses an expression that calls what is not listed, or makes more than is allowed.
vet_expression <- function(expression, functions = formula_functions, call = quote(load_model())) {
  vet_parts(expression, expression, functions, call, 0)
  if (length_bound(expression) > most_values) {
    refuse_size("makes too many values in '%s'", short_code(expression), most_values, "values", call)
  }
  invisible(expression)
}

# A long sum is deep on its left, which is walked without nesting.
vet_parts <- function(expression, whole, functions, call, depth) {
  steps <- 0
  while (is.call(expression)) {
    name <- called_name(expression[[1L]])
    arguments <- as.list(expression)[-1L]
    empty <- gaps(arguments)
    if (!isTRUE(name %in% functions) || any(empty) && name != "[") refuse_call(name, whole, call)
    arguments <- arguments[!empty]
    vet_sizes(name, arguments, call)
    for (argument in arguments[-1L]) vet_parts(argument, whole, functions, call, depth + 1)
    if (!length(arguments)) {
      return(invisible())
    }
    if (is_operator(name) && length(arguments) > 1L) {
      steps <- steps + if (name %in% c("+", "-")) 1 else most_chain / most_steps
    } else {
      depth <- depth + 1
    }
    if (depth > most_depth) refuse_size("is nested too deeply", NULL, most_depth, "levels", call)
    if (steps > most_chain) refuse_size("has too many parts in a row", NULL, most_chain, "parts", call)
    expression <- arguments[[1L]]
  }
  vet_leaf(expression, whole, call)
}

gaps <- function(arguments) {
  vapply(seq_along(arguments), function(i) identical(unname(arguments[i]), list(rlang::missing_arg())), logical(1))
}

is_operator <- function(name) !grepl("^[A-Za-z(!]", name)

# A name or a value. A name must be one that R reads again as it writes it, because R writes terms to read them.
vet_leaf <- function(leaf, whole, call) {
  right <- if (is.symbol(leaf)) is_plain_name(leaf) else is.null(leaf) || is.atomic(leaf) && is.null(attributes(leaf))
  if (!right) refuse_call(if (is.symbol(leaf)) as.character(leaf) else class(leaf)[[1]], whole, call)
}

is_plain_name <- function(symbol) {
  name <- as.character(symbol)
  again <- tryCatch(str2lang(deparse1(symbol, backtick = TRUE)), error = function(cnd) NULL)
  nzchar(name) && !grepl("^\\.\\.(\\.|[0-9]+)$|[`\\\\[:cntrl:]]", name) && identical(again, symbol)
}

# A name, as such or as of a package that such functions are in.
called_name <- function(called) {
  if (is.call(called) && identical(called[[1L]], quote(`::`)) && length(called) == 3L && is.symbol(called[[2L]]) &&
    as.character(called[[2L]]) %in% formula_packages) {
    called <- called[[3L]]
  }
  if (is.symbol(called)) as.character(called) else short_code(called)
}

short_code <- function(expression, most = 200L) {
  text <- tryCatch(
    paste(deparse(expression, backtick = TRUE, nlines = 3L), collapse = " "),
    error = function(cnd) "\u2026" # nested more deeply than R can write
  )
  if (nchar(text) > most) paste0(substr(text, 1L, most), "\u2026") else text
}

refuse_call <- function(name, whole, call) {
  close <- nearest_name(name, formula_functions)
  abort_tidydl(
    "formula",
    sprintf("`formula` calls '%s()' in '%s', which formulas may not do.", name, short_code(whole)),
    sprintf("The functions %s.", paste(grep("^[A-Za-z]", formula_functions, value = TRUE), collapse = ", ")),
    if (is.null(close)) "Make the column in the data frame first." else sprintf("Did you mean '%s'?", close),
    call = call
  )
}

refuse_size <- function(problem, value, most, unit, call, hint = NULL) {
  problem <- if (is.null(value)) problem else sprintf(problem, value)
  allowed <- sprintf("At most %s %s.", in_thousands(most), unit)
  abort_tidydl("formula", sprintf("`formula` %s.", problem), allowed, hint, call = call)
}

in_thousands <- function(x) format(x, big.mark = ",", scientific = FALSE)
