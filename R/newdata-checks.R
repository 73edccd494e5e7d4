# Checks of new data by predict() and other verbs, with the messages of python/tidydl/design/.

# Gives new data that package nnet takes.
check_newdata <- function(object, newdata, call = quote(predict())) {
  if (!is.data.frame(newdata)) {
    abort_tidydl(
      "argument", sprintf("`newdata` is %s.", described(newdata)), "A data frame with the columns of the formula.",
      call = call
    )
  }
  terms <- stats::delete.response(object$terms)
  for (name in required_names(object, newdata)) {
    abort_column_gone("newdata", name, names(newdata), call)
  }
  for (name in intersect(all.vars(terms), names(newdata)[duplicated(names(newdata))])) {
    abort_tidydl(
      "column", sprintf("`newdata` has several columns named '%s'.", name),
      "One column of each name that the formula uses.", "Rename them.",
      call = call
    )
  }
  numeric <- names(which(attr(object$terms, "dataClasses") == "numeric"))
  for (name in intersect(intersect(numeric, all.vars(terms)), names(newdata))) {
    column <- newdata[[name]]
    if (!is.numeric(column) && !is.logical(column) || is.logical(column) && !all(is.na(column))) {
      abort_tidydl(
        "column", sprintf("`newdata` has in '%s' no numbers, and the network was fitted with numbers.", name),
        "Numbers in this column.", "Turn the column into numbers first.",
        call = call
      )
    }
    if (is.logical(column)) {
      newdata[[name]] <- as.double(column) # missing throughout
    }
  }
  warn_changed_constants(object, newdata)
  check_labels(object, with_labels(object, newdata), terms, call)
}

# Columns of labels as the fit had them: logicals that came as text, and columns that are missing throughout.
with_labels <- function(object, newdata) {
  logical <- names(which(attr(object$terms, "dataClasses") == "logical"))
  for (name in intersect(logical, names(newdata))) {
    column <- newdata[[name]]
    if (is_labels(column) && all(as.character(column) %in% c("TRUE", "FALSE", NA))) {
      newdata[[name]] <- as.logical(as.character(column))
    }
  }
  for (name in intersect(names(object$xlevels), names(newdata))) {
    column <- newdata[[name]]
    if (is.logical(column) && all(is.na(column))) {
      newdata[[name]] <- factor(column, object$xlevels[[name]], ordered = is_ordered_at_fit(object, name))
    }
  }
  newdata
}

is_labels <- function(column) is.character(column) || is.factor(column) || is.logical(column)

is_ordered_at_fit <- function(object, name) identical(attr(object$terms, "dataClasses")[[name]], "ordered")

check_labels <- function(object, newdata, terms, call) {
  logical <- names(which(attr(object$terms, "dataClasses") == "logical"))
  for (name in intersect(logical, names(newdata))) {
    if (!is.logical(newdata[[name]])) {
      new <- setdiff(unique(shown_labels(newdata[[name]])), c("FALSE", "TRUE", NA))
      abort_new_levels("newdata", name, new, c("FALSE", "TRUE"), call)
    }
  }
  variables <- as.list(attr(terms, "variables"))[-1L]
  names(variables) <- frame_names(variables)
  for (name in intersect(names(object$xlevels), names(variables))) {
    labels <- with_fitted_kinds(eval(variables[[name]], newdata, environment(terms)), call)
    new <- setdiff(unique(shown_labels(labels)), c(object$xlevels[[name]], NA))
    if (length(new)) {
      abort_new_levels("newdata", name, new, object$xlevels[[name]], call)
    }
  }
  newdata
}

shown_labels <- function(column) as.character(unlist(column))

# Errors of R about columns that the formula cannot be computed with become our own.
with_fitted_kinds <- function(expr, call) {
  tryCatch(expr, error = function(cnd) {
    if (inherits(cnd, "tidydl_error")) rlang::cnd_signal(cnd)
    abort_tidydl(
      "column", sprintf("`newdata` does not go with the formula: %s.", sub("\\.?\\s*$", "", conditionMessage(cnd))),
      "Columns of the kinds that the network was fitted with.",
      call = call
    )
  })
}

abort_column_gone <- function(argument, name, names, call) {
  problem <- sprintf("`%s` lacks the column '%s', which the network was fitted with.", argument, name)
  abort_no_column(problem, name, names, argument, call)
}

abort_new_levels <- function(argument, name, new, levels, call) {
  abort_tidydl(
    "data",
    sprintf("`%s` has in '%s' levels that the network has not seen: %s.", argument, name, paste(new, collapse = ", ")),
    sprintf("The levels %s.", paste(levels, collapse = ", ")),
    "Leave these rows out, or fit again with data that has them.",
    call = call
  )
}

# Refuses what the formula makes of new data where it is infinite, and counts the complete rows.
refuse_infinite_rows <- function(object, newdata, call = quote(predict())) {
  terms <- stats::delete.response(object$terms)
  with_fitted_kinds(call = call, {
    frame <- stats::model.frame(terms, newdata, na.action = stats::na.omit, xlev = object$xlevels)
    stats::.checkMFClasses(attr(terms, "dataClasses"), frame)
    x <- stats::model.matrix(terms, frame, contrasts.arg = object$contrasts)
  })
  refuse_infinite(x, "newdata", call)
  nrow(frame)
}

# The inputs among the columns of new data, by name if both have names.
check_new_matrix <- function(object, newdata, call = quote(predict())) {
  names <- object$tidydl$inputs
  is_frame <- is.data.frame(newdata)
  if (length(names) && !anyDuplicated(names) && (is_frame || all(names %in% colnames(newdata)))) {
    for (name in setdiff(names, colnames(newdata))) {
      abort_column_gone("newdata", name, colnames(newdata), call)
    }
    newdata <- if (is_frame) as.data.frame(newdata)[names] else newdata[, names, drop = FALSE]
  }
  x <- numeric_matrix(newdata, "newdata")
  if (ncol(x) != object$n[[1]]) {
    abort_tidydl(
      "argument", sprintf("`newdata` has %d columns, and the network has %.0f inputs.", ncol(x), object$n[[1]]),
      sprintf("%.0f columns.", object$n[[1]]),
      call = call
    )
  }
  refuse_infinite(x, "newdata", call, network_labels(object)$inputs)
  newdata
}

# What predict() may be asked for; R lets a type be cut short.
check_type <- function(object, type, call = quote(predict())) {
  choices <- c("raw", "class")
  matched <- if (is.character(type) && length(type) == 1L && !is.na(type)) choices[pmatch(type, choices)] else NA
  type <- check_choice("type", if (is.na(matched)) type else matched, choices, call = call)
  if (type == "class") {
    need_classes(object, call)
  }
  type
}

# Refuses to name classes where numbers were fitted.
need_classes <- function(object, call = rlang::caller_env()) {
  if (length(object$lev) != max(2, object$n[[3]])) {
    abort_tidydl(
      "argument", "`type` 'class' needs a network that was fitted to classes.",
      "The type 'raw' here, or a categorical response in the fit.",
      call = call
    )
  }
}
