# The design of a network out of its file: terms of a formula that has passed the allow-list, and what belongs to them.

# Gives a fit its terms and what belongs to them.
add_design <- function(fit, design, inputs, file) {
  if (is.null(design$formula)) {
    if (length(design$columns)) fit$tidydl$inputs <- design$columns
    return(fit)
  }
  terms <- terms_of(design, file)
  variables <- term_variables(terms)
  about <- variables_of(design, variables, file)
  in_frame <- frame_names(variables)
  memory <- memory_of(design, file)
  fit$terms <- with_classes(terms, variables, about, in_frame, memory)
  fit$coefnames <- design$columns
  contrasts <- known_of(about, in_frame, "contrasts", contrasts_of)
  fit$contrasts <- if (length(contrasts)) contrasts
  fit$xlevels <- known_of(about, in_frame, "levels", function(each) each$levels)
  if (length(design$columns) != inputs || number_of_columns(fit, in_frame) != inputs) {
    damaged(file, "'design$formula' makes another number of inputs")
  }
  fit
}

damaged <- function(file, what) {
  abort_tidydl(
    "damaged", sprintf("`file` '%s' is damaged: %s.", file, what), "The file as save_model() wrote it.",
    "Save the network again.",
    call = quote(load_model())
  )
}

terms_of <- function(design, file) {
  refuse <- function(...) damaged(file, sprintf("'%s$formula' is not a formula %s", design$place, ...))
  formula <- vetted_formula(design$formula)
  if (is.null(formula)) refuse("with a response")
  terms <- tryCatch(stats::terms(formula), error = function(cnd) refuse("of R's"))
  if (is.null(attr(terms, "variables")) || "." %in% all.names(formula)) refuse("of R's")
  if (!all(all.vars(formula) %in% c(design$reads, constants_of_r))) {
    damaged(file, "'design$reads' lacks a column of the formula")
  }
  terms
}

# A formula whose sides have passed, in the global environment; NULL where the text is no formula with a response.
vetted_formula <- function(text) {
  if (nchar(text, "bytes") > most_letters) {
    refuse_size("has %.0f letters", nchar(text, "bytes"), most_letters, "letters", quote(load_model()))
  }
  formula <- tryCatch(str2lang(text), error = function(cnd) NULL)
  if (!is.call(formula) || !identical(formula[[1L]], quote(`~`)) || length(formula) != 3L) {
    return(NULL)
  }
  vet_formula(formula)
  structure(formula, class = "formula", .Environment = globalenv())
}

vet_formula <- function(formula, call = quote(load_model())) {
  for (side in as.list(formula)[-1L]) vet_expression(side, call = call)
  terms <- terms_bound(formula[[length(formula)]])
  if (terms > most_terms) {
    refuse_size(
      "has more than %s terms after its operators are expanded", in_thousands(most_terms), most_terms, "terms", call,
      "Take a lower power, or fewer variables inside the parentheses."
    )
  }
}

# What the file says of each variable, found by how R writes it.
variables_of <- function(design, variables, file) {
  about <- design$variables
  named <- vapply(about, function(each) each$name, "")
  known <- names(variables)
  written <- vapply(named, function(text) {
    if (text %in% known) text else written_again(text)
  }, "", USE.NAMES = FALSE)
  lacking <- setdiff(known, written)
  if (length(lacking)) {
    damaged(file, sprintf("'%s$variables' lacks '%s'", design$place, lacking[[1]]))
  }
  stats::setNames(about, written)[c(known, intersect("(weights)", named))]
}

written_again <- function(text) {
  if (nchar(text, "bytes") > most_letters) {
    return(text)
  }
  tryCatch(deparse1(str2lang(text), backtick = TRUE, width.cutoff = 500L), error = function(cnd) text)
}

with_classes <- function(terms, variables, about, in_frame, memory) {
  widths <- lapply(about[seq_along(in_frame)], function(each) if (!is.null(each$class)) width_of(each$class))
  predicted <- Map(remembering_whole, unname(variables), unname(widths), MoreArgs = list(memory = memory))
  attr(terms, "predvars") <- as.call(c(quote(list), predicted))
  names(about) <- c(in_frame, if (length(about) > length(in_frame)) "(weights)")
  about <- about[!vapply(about, function(each) is.null(each$class), logical(1))] # of a variable taken out by a minus
  attr(terms, "dataClasses") <- vapply(about, function(each) each$class, "")
  terms
}

known_of <- function(about, in_frame, name, read) {
  known <- !vapply(about[seq_along(in_frame)], function(each) is.null(each[[name]]), logical(1))
  stats::setNames(lapply(about[seq_along(in_frame)][known], read), in_frame[known])
}

# By name, or the matrix; contr.poly by its name where R would make the same numbers of it.
contrasts_of <- function(variable) {
  given <- variable$contrasts
  if (is.character(given)) {
    return(given)
  }
  values <- given$values
  if (identical(given$name, "contr.poly") && identical(unname(stats::contr.poly(nrow(values))), values)) {
    return("contr.poly")
  }
  names <- list(given$rows, given$columns)
  if (!all(vapply(names, is.null, logical(1)))) dimnames(values) <- names
  values
}

# How many columns a variable of numbers has, by its class.
width_of <- function(class) if (startsWith(class, "nmatrix.")) as.double(sub("\\D+", "", class)) else 1

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
  numbers <- vapply(classes, width_of, double(1))
  if (!attr(fit$terms, "intercept")) {
    first <- which(coding > 0 & labelled, arr.ind = TRUE)
    if (length(first)) coding[first[1L, , drop = FALSE]] <- 2L
  }
  widths <- function(codes) prod(ifelse(labelled, ifelse(codes == 2, levels, contrasts), numbers)[codes > 0])
  sum(apply(coding, 2L, widths))
}
